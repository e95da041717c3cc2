_tagli() {
    local i cur prev opts cmd
    COMPREPLY=()
    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
        cur="$2"
    else
        cur="${COMP_WORDS[COMP_CWORD]}"
    fi
    prev="$3"
    cmd=""
    opts=""

    for i in "${COMP_WORDS[@]:0:COMP_CWORD}"
    do
        case "${cmd},${i}" in
            ",$1")
                cmd="tagli"
                ;;
            tagli,agree)
                cmd="tagli__subcmd__agree"
                ;;
            tagli,completions)
                cmd="tagli__subcmd__completions"
                ;;
            tagli,config)
                cmd="tagli__subcmd__config"
                ;;
            tagli,convert)
                cmd="tagli__subcmd__convert"
                ;;
            tagli,doctor)
                cmd="tagli__subcmd__doctor"
                ;;
            tagli,documents)
                cmd="tagli__subcmd__documents"
                ;;
            tagli,eval)
                cmd="tagli__subcmd__eval"
                ;;
            tagli,export)
                cmd="tagli__subcmd__export"
                ;;
            tagli,help)
                cmd="tagli__subcmd__help"
                ;;
            tagli,import)
                cmd="tagli__subcmd__import"
                ;;
            tagli,inspect)
                cmd="tagli__subcmd__inspect"
                ;;
            tagli,man)
                cmd="tagli__subcmd__man"
                ;;
            tagli,models)
                cmd="tagli__subcmd__models"
                ;;
            tagli,new)
                cmd="tagli__subcmd__new"
                ;;
            tagli,predict)
                cmd="tagli__subcmd__predict"
                ;;
            tagli,runs)
                cmd="tagli__subcmd__runs"
                ;;
            tagli,score)
                cmd="tagli__subcmd__score"
                ;;
            tagli,suspects)
                cmd="tagli__subcmd__suspects"
                ;;
            tagli,train)
                cmd="tagli__subcmd__train"
                ;;
            tagli__subcmd__documents,correct)
                cmd="tagli__subcmd__documents__subcmd__correct"
                ;;
            tagli__subcmd__documents,remove)
                cmd="tagli__subcmd__documents__subcmd__remove"
                ;;
            tagli__subcmd__documents,restore)
                cmd="tagli__subcmd__documents__subcmd__restore"
                ;;
            tagli__subcmd__documents,split)
                cmd="tagli__subcmd__documents__subcmd__split"
                ;;
            tagli__subcmd__models,list)
                cmd="tagli__subcmd__models__subcmd__list"
                ;;
            tagli__subcmd__models,pull)
                cmd="tagli__subcmd__models__subcmd__pull"
                ;;
            tagli__subcmd__models,push)
                cmd="tagli__subcmd__models__subcmd__push"
                ;;
            tagli__subcmd__runs,compare)
                cmd="tagli__subcmd__runs__subcmd__compare"
                ;;
            tagli__subcmd__runs,export)
                cmd="tagli__subcmd__runs__subcmd__export"
                ;;
            tagli__subcmd__runs,list)
                cmd="tagli__subcmd__runs__subcmd__list"
                ;;
            tagli__subcmd__runs,remove)
                cmd="tagli__subcmd__runs__subcmd__remove"
                ;;
            tagli__subcmd__runs,tell)
                cmd="tagli__subcmd__runs__subcmd__tell"
                ;;
            tagli__subcmd__runs,watch)
                cmd="tagli__subcmd__runs__subcmd__watch"
                ;;
            *)
                ;;
        esac
    done

    case "${cmd}" in
        tagli)
            opts="-h -V --as --ascii --plain --theme --json --log --help --version new import export convert inspect train eval score agree suspects predict models documents runs config doctor help completions man"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 1 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --as)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --theme)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__agree)
            opts="-h --annotators --differences --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --annotators)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__completions)
            opts="-h --json --log --help bash elvish fish powershell zsh"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__config)
            opts="-h --project --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --project)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__convert)
            opts="-h --force --format --from --word-column --tag-column --tag-scheme --header --no-header --tag-names --to --config --scheme --on-loss --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --from)
                    COMPREPLY=($(compgen -W "text jsonl conll2003 conll2002 tag-first conllu conll2012 label-studio label-studio-min label-studio-csv label-studio-tsv label-studio-conll doccano prodigy hf-jsonl parquet spacy spacy-json csv argilla brat webanno-tsv cas-json yedda slate" -- "${cur}"))
                    return 0
                    ;;
                --format)
                    COMPREPLY=($(compgen -W "text jsonl conll2003 conll2002 tag-first conllu conll2012 label-studio label-studio-min label-studio-csv label-studio-tsv label-studio-conll doccano prodigy hf-jsonl parquet spacy spacy-json csv argilla brat webanno-tsv cas-json yedda slate" -- "${cur}"))
                    return 0
                    ;;
                --word-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-scheme)
                    COMPREPLY=($(compgen -W "bio iob1 bioes bilou bmes labels" -- "${cur}"))
                    return 0
                    ;;
                --tag-names)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --to)
                    COMPREPLY=($(compgen -W "text jsonl conll2003 conll2002 tag-first conllu conll2012 label-studio label-studio-min label-studio-csv label-studio-tsv label-studio-conll doccano prodigy hf-jsonl parquet spacy spacy-json csv argilla brat webanno-tsv cas-json yedda slate" -- "${cur}"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --scheme)
                    COMPREPLY=($(compgen -W "bio iob1 bioes bilou" -- "${cur}"))
                    return 0
                    ;;
                --on-loss)
                    COMPREPLY=($(compgen -W "fail skip snap" -- "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__doctor)
            opts="-h --repair --yes --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__documents)
            opts="-h --json --log --help correct remove restore split"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__documents__subcmd__correct)
            opts="-h --text --file --undo --erase --yes --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --text)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__documents__subcmd__remove)
            opts="-h --erase --yes --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__documents__subcmd__restore)
            opts="-h --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__documents__subcmd__split)
            opts="-h --shares --seed --again --query --to --annotator --dry-run --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --shares)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --seed)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --query)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --to)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --annotator)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__eval)
            opts="-h --data --format --word-column --tag-column --tag-scheme --header --no-header --tag-names --split --annotator --against --counts --mistakes --precision --device --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --data)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --format)
                    COMPREPLY=($(compgen -W "text jsonl conll2003 conll2002 tag-first conllu conll2012 label-studio label-studio-min label-studio-csv label-studio-tsv label-studio-conll doccano prodigy hf-jsonl parquet spacy spacy-json csv argilla brat webanno-tsv cas-json yedda slate" -- "${cur}"))
                    return 0
                    ;;
                --word-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-scheme)
                    COMPREPLY=($(compgen -W "bio iob1 bioes bilou bmes labels" -- "${cur}"))
                    return 0
                    ;;
                --tag-names)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --split)
                    COMPREPLY=($(compgen -W "train valid test" -- "${cur}"))
                    return 0
                    ;;
                --annotator)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --against)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --counts)
                    COMPREPLY=($(compgen -W "word word-strict piece piece-strict all" -- "${cur}"))
                    return 0
                    ;;
                --mistakes)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --precision)
                    COMPREPLY=($(compgen -W "fp32 int8" -- "${cur}"))
                    return 0
                    ;;
                --device)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__export)
            opts="-h --format --out --force --split --annotator --scheme --on-loss --all --query --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --format)
                    COMPREPLY=($(compgen -W "text jsonl conll2003 conll2002 tag-first conllu conll2012 label-studio label-studio-min label-studio-csv label-studio-tsv label-studio-conll doccano prodigy hf-jsonl parquet spacy spacy-json csv argilla brat webanno-tsv cas-json yedda slate" -- "${cur}"))
                    return 0
                    ;;
                --out)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --split)
                    COMPREPLY=($(compgen -W "train valid test" -- "${cur}"))
                    return 0
                    ;;
                --annotator)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --scheme)
                    COMPREPLY=($(compgen -W "bio iob1 bioes bilou" -- "${cur}"))
                    return 0
                    ;;
                --on-loss)
                    COMPREPLY=($(compgen -W "fail skip snap" -- "${cur}"))
                    return 0
                    ;;
                --query)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__help)
            opts="-h --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__import)
            opts="-h --format --word-column --tag-column --tag-scheme --header --no-header --tag-names --config --split --as --on-duplicate --dry-run --undo --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --format)
                    COMPREPLY=($(compgen -W "text jsonl conll2003 conll2002 tag-first conllu conll2012 label-studio label-studio-min label-studio-csv label-studio-tsv label-studio-conll doccano prodigy hf-jsonl parquet spacy spacy-json csv argilla brat webanno-tsv cas-json yedda slate" -- "${cur}"))
                    return 0
                    ;;
                --word-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-scheme)
                    COMPREPLY=($(compgen -W "bio iob1 bioes bilou bmes labels" -- "${cur}"))
                    return 0
                    ;;
                --tag-names)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --config)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --split)
                    COMPREPLY=($(compgen -W "train valid test" -- "${cur}"))
                    return 0
                    ;;
                --as)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --on-duplicate)
                    COMPREPLY=($(compgen -W "skip update copy" -- "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__inspect)
            opts="-h --format --word-column --tag-column --tag-scheme --header --no-header --tag-names --annotator --record --pieces --bio --base --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --format)
                    COMPREPLY=($(compgen -W "text jsonl conll2003 conll2002 tag-first conllu conll2012 label-studio label-studio-min label-studio-csv label-studio-tsv label-studio-conll doccano prodigy hf-jsonl parquet spacy spacy-json csv argilla brat webanno-tsv cas-json yedda slate" -- "${cur}"))
                    return 0
                    ;;
                --word-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-scheme)
                    COMPREPLY=($(compgen -W "bio iob1 bioes bilou bmes labels" -- "${cur}"))
                    return 0
                    ;;
                --tag-names)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --annotator)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --record)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --base)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__man)
            opts="-h --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__models)
            opts="-h --json --log --help list pull push"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__models__subcmd__list)
            opts="-h --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__models__subcmd__pull)
            opts="-h --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__models__subcmd__push)
            opts="-h --private --message --dry-run --name-annotators --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --message)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__new)
            opts="-h --labels --grid --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --labels)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --grid)
                    COMPREPLY=($(compgen -W "natural space treebank bert" -- "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__predict)
            opts="-h --file --to --out --force --scheme --on-loss --aggregation --stride --ignore-labels --precision --device --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --file)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --to)
                    COMPREPLY=($(compgen -W "text jsonl conll2003 conll2002 tag-first conllu conll2012 label-studio label-studio-min label-studio-csv label-studio-tsv label-studio-conll doccano prodigy hf-jsonl parquet spacy spacy-json csv argilla brat webanno-tsv cas-json yedda slate" -- "${cur}"))
                    return 0
                    ;;
                --out)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --scheme)
                    COMPREPLY=($(compgen -W "bio iob1 bioes bilou" -- "${cur}"))
                    return 0
                    ;;
                --on-loss)
                    COMPREPLY=($(compgen -W "fail skip snap" -- "${cur}"))
                    return 0
                    ;;
                --aggregation)
                    COMPREPLY=($(compgen -W "none simple first average max" -- "${cur}"))
                    return 0
                    ;;
                --stride)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --ignore-labels)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --precision)
                    COMPREPLY=($(compgen -W "fp32 int8" -- "${cur}"))
                    return 0
                    ;;
                --device)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__runs)
            opts="-h --json --log --help list watch tell compare export remove"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__runs__subcmd__compare)
            opts="-h --data --format --word-column --tag-column --tag-scheme --header --no-header --tag-names --split --annotator --counts --mistakes --precision --device --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --data)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --format)
                    COMPREPLY=($(compgen -W "text jsonl conll2003 conll2002 tag-first conllu conll2012 label-studio label-studio-min label-studio-csv label-studio-tsv label-studio-conll doccano prodigy hf-jsonl parquet spacy spacy-json csv argilla brat webanno-tsv cas-json yedda slate" -- "${cur}"))
                    return 0
                    ;;
                --word-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-scheme)
                    COMPREPLY=($(compgen -W "bio iob1 bioes bilou bmes labels" -- "${cur}"))
                    return 0
                    ;;
                --tag-names)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --split)
                    COMPREPLY=($(compgen -W "train valid test" -- "${cur}"))
                    return 0
                    ;;
                --annotator)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --counts)
                    COMPREPLY=($(compgen -W "word word-strict piece piece-strict all" -- "${cur}"))
                    return 0
                    ;;
                --mistakes)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --precision)
                    COMPREPLY=($(compgen -W "fp32 int8" -- "${cur}"))
                    return 0
                    ;;
                --device)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__runs__subcmd__export)
            opts="-h --format --to --out --force --x --log-y --title --name --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --to)
                    COMPREPLY=($(compgen -W "csv svg png tensorboard" -- "${cur}"))
                    return 0
                    ;;
                --format)
                    COMPREPLY=($(compgen -W "csv svg png tensorboard" -- "${cur}"))
                    return 0
                    ;;
                --out)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --x)
                    COMPREPLY=($(compgen -W "epoch step time" -- "${cur}"))
                    return 0
                    ;;
                --title)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --name)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__runs__subcmd__list)
            opts="-h --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__runs__subcmd__remove)
            opts="-h --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__runs__subcmd__tell)
            opts="-h --json --log --help pause resume checkpoint stop-after-epoch stop-now interrupt"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__runs__subcmd__watch)
            opts="-h --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 3 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__score)
            opts="-h --format --word-column --tag-column --tag-scheme --header --no-header --tag-names --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --format)
                    COMPREPLY=($(compgen -W "text jsonl conll2003 conll2002 tag-first conllu conll2012 label-studio label-studio-min label-studio-csv label-studio-tsv label-studio-conll doccano prodigy hf-jsonl parquet spacy spacy-json csv argilla brat webanno-tsv cas-json yedda slate" -- "${cur}"))
                    return 0
                    ;;
                --word-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-scheme)
                    COMPREPLY=($(compgen -W "bio iob1 bioes bilou bmes labels" -- "${cur}"))
                    return 0
                    ;;
                --tag-names)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__suspects)
            opts="-h --most --kind --kept --keep --take --reopen --annotator --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --most)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --kind)
                    COMPREPLY=($(compgen -W "label too-long too-short shifted both missed spurious" -- "${cur}"))
                    return 0
                    ;;
                --keep)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --take)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --reopen)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --annotator)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        tagli__subcmd__train)
            opts="-h --train --valid --test --format --as --base --lr --epochs --batch --weight-decay --warmup --seed --order --label-mode --device --precision --recipe --untagged --teacher --set --settings --folds --curve --draws --word-column --tag-column --tag-scheme --header --no-header --tag-names --out --force --resume --fetch --json --log --help"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --train)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --valid)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --test)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --format)
                    COMPREPLY=($(compgen -W "text jsonl conll2003 conll2002 tag-first conllu conll2012 label-studio label-studio-min label-studio-csv label-studio-tsv label-studio-conll doccano prodigy hf-jsonl parquet spacy spacy-json csv argilla brat webanno-tsv cas-json yedda slate" -- "${cur}"))
                    return 0
                    ;;
                --as)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --base)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --lr)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --epochs)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --batch)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --weight-decay)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --warmup)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --seed)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --order)
                    COMPREPLY=($(compgen -W "shuffled sequential by-length" -- "${cur}"))
                    return 0
                    ;;
                --label-mode)
                    COMPREPLY=($(compgen -W "first all-b all-i" -- "${cur}"))
                    return 0
                    ;;
                --device)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --precision)
                    COMPREPLY=($(compgen -W "fp32 bf16" -- "${cur}"))
                    return 0
                    ;;
                --recipe)
                    COMPREPLY=($(compgen -W "auto lesson tuned" -- "${cur}"))
                    return 0
                    ;;
                --untagged)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --teacher)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --set)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --settings)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --folds)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --draws)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --word-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-column)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --tag-scheme)
                    COMPREPLY=($(compgen -W "bio iob1 bioes bilou bmes labels" -- "${cur}"))
                    return 0
                    ;;
                --tag-names)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --out)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --log)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
    esac
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _tagli -o nosort -o bashdefault -o default tagli
else
    complete -F _tagli -o bashdefault -o default tagli
fi
