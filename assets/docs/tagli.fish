# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_tagli_global_optspecs
    string join \n as= ascii plain theme= json log= h/help V/version
end

function __fish_tagli_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_tagli_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_tagli_using_subcommand
    set -l cmd (__fish_tagli_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c tagli -n "__fish_tagli_needs_command" -l as -d 'Your name as annotator; each annotator has a journal' -r
complete -c tagli -n "__fish_tagli_needs_command" -l theme -d 'Colours: ansi, mono, truecolor-dark, truecolor-light' -r
complete -c tagli -n "__fish_tagli_needs_command" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_needs_command" -l ascii -d 'Draw with ASCII characters only'
complete -c tagli -n "__fish_tagli_needs_command" -l plain -d 'For screen readers: no lines and curves, words for everything, the terminal cursor at the program\'s cursor'
complete -c tagli -n "__fish_tagli_needs_command" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_needs_command" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_needs_command" -s V -l version -d 'Print version'
complete -c tagli -n "__fish_tagli_needs_command" -a "new" -d 'Create a project'
complete -c tagli -n "__fish_tagli_needs_command" -a "import" -d 'Import files into a project; reports what was detected and what could not be kept'
complete -c tagli -n "__fish_tagli_needs_command" -a "export" -d 'Write a project\'s annotations to a file, and prove it by reading it again'
complete -c tagli -n "__fish_tagli_needs_command" -a "convert" -d 'Convert a file into another format through the same readers and writers'
complete -c tagli -n "__fish_tagli_needs_command" -a "inspect" -d 'Show splits, counts, labels, lengths, one record'
complete -c tagli -n "__fish_tagli_needs_command" -a "train" -d 'Fine-tune a model'
complete -c tagli -n "__fish_tagli_needs_command" -a "eval" -d 'Evaluate a model on a tagged file'
complete -c tagli -n "__fish_tagli_needs_command" -a "score" -d 'Score one tag file against another, as seqeval does'
complete -c tagli -n "__fish_tagli_needs_command" -a "agree" -d 'Show how far the annotators of a project agree, and where they do not'
complete -c tagli -n "__fish_tagli_needs_command" -a "suspects" -d 'List labels that are probably wrong, and decide on them'
complete -c tagli -n "__fish_tagli_needs_command" -a "predict" -d 'Tag texts with a model'
complete -c tagli -n "__fish_tagli_needs_command" -a "models" -d 'List, download and upload models'
complete -c tagli -n "__fish_tagli_needs_command" -a "documents" -d 'Correct, remove and restore documents of a project, and split them'
complete -c tagli -n "__fish_tagli_needs_command" -a "runs" -d 'List, follow, control, export and remove the runs of a project'
complete -c tagli -n "__fish_tagli_needs_command" -a "config" -d 'Show the settings with their meanings, defaults and sources'
complete -c tagli -n "__fish_tagli_needs_command" -a "doctor" -d 'Check terminal, devices, paths, cache and the integrity of a project'
complete -c tagli -n "__fish_tagli_needs_command" -a "help" -d 'Show a page (tag, bio, metrics, recipe, formats, ssh, hub, read, learning), or the arguments of a command'
complete -c tagli -n "__fish_tagli_needs_command" -a "completions" -d 'Write the completions of a shell to standard output'
complete -c tagli -n "__fish_tagli_needs_command" -a "man" -d 'Write the manual page to standard output'
complete -c tagli -n "__fish_tagli_using_subcommand new" -l labels -d 'A Label Studio labelling config (.xml), or names separated by commas; default: the eight restaurant labels' -r
complete -c tagli -n "__fish_tagli_using_subcommand new" -l grid -d 'Rule by which texts are cut into words; default: as in the settings' -r -f -a "natural\t''
space\t''
treebank\t''
bert\t''"
complete -c tagli -n "__fish_tagli_using_subcommand new" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand new" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand new" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand import" -l format -d 'Format of the files; detected by content when not given' -r -f -a "text\t'one review per line'
jsonl\t'one JSON object per line: id, text, spans in code points'
conll2003\t'word, part of speech, chunk, tag; separated by spaces; -DOCSTART- lines'
conll2002\t'word, space, tag'
tag-first\t'tag, tab, word: the layout of MIT Restaurant and of the lesson'
conllu\t'CoNLL-U: ten columns, entities as tags in MISC (name=B-Dish)'
conll2012\t'CoNLL-2012, OntoNotes: entities as brackets (read only)'
label-studio\t'Label Studio\'s JSON: a list of tasks with annotations'
label-studio-min\t'Label Studio\'s JSON_MIN: one object per annotation'
label-studio-csv\t'Label Studio\'s CSV: one line per annotation, spans as JSON'
label-studio-tsv\t'Label Studio\'s TSV: as its CSV, with tabs'
label-studio-conll\t'the CONLL2003 of Label Studio\'s converter, with its words'
doccano\t'doccano\'s JSON lines: text, label as [start, end, name]'
prodigy\t'Prodigy\'s JSON lines: text, spans, tokens, answer'
hf-jsonl\t'Hugging Face\'s JSON lines: tokens and ner_tags'
parquet\t'Hugging Face\'s tables in Parquet: tokens and ner_tags with the names of their classes'
spacy\t'spaCy\'s binary DocBin, for spacy train'
spacy-json\t'spaCy\'s JSON: [text, {entities: [[start, end, label]]}]'
csv\t'a table with one row for each span: doc_id, start, end, label, text'
argilla\t'Argilla\'s records as JSON, version 1 and 2; only read'
brat\t'brat\'s standoff: pairs of .txt and .ann, in a folder or a zip file'
webanno-tsv\t'WebAnno TSV 3, as WebAnno and INCEpTION export it'
cas-json\t'UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file'
yedda\t'texts with spans in brackets: [@tacos#Dish*]'
slate\t'SLATE: a text and NAME.annotations beside it (read only)'"
complete -c tagli -n "__fish_tagli_using_subcommand import" -l word-column -d 'Column of the word in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand import" -l tag-column -d 'Column of the tag in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand import" -l tag-scheme -d 'Scheme of the tags that are read; `labels`: they have no letters' -r -f -a "bio\t''
iob1\t''
bioes\t''
bilou\t''
bmes\t''
labels\t''"
complete -c tagli -n "__fish_tagli_using_subcommand import" -l tag-names -d 'Names of tags that are numbers, in the order of the numbers: O,B-Dish,I-Dish, or a file with one per line' -r
complete -c tagli -n "__fish_tagli_using_subcommand import" -l config -d 'A Label Studio labelling config, which the project keeps: its names of fields and controls are used from now on' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand import" -l split -d 'Split of the documents' -r -f -a "train\t''
valid\t''
test\t''"
complete -c tagli -n "__fish_tagli_using_subcommand import" -l as -d 'Annotator credited with the files\' annotations' -r
complete -c tagli -n "__fish_tagli_using_subcommand import" -l on-duplicate -d 'Documents whose id the project has for another text; asked on a terminal when not given' -r -f -a "skip\t'Leave it out'
update\t'Give the document of the project its text, and its spans in place of the annotator\'s'
copy\t'Add it under another id, with `-2` at its end'"
complete -c tagli -n "__fish_tagli_using_subcommand import" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand import" -l header -d 'The first line of a file of tagged words names the columns'
complete -c tagli -n "__fish_tagli_using_subcommand import" -l no-header -d 'The first line of a file of tagged words is a word'
complete -c tagli -n "__fish_tagli_using_subcommand import" -l dry-run -d 'Report what would be imported, change nothing'
complete -c tagli -n "__fish_tagli_using_subcommand import" -l undo -d 'Undo the last import: its documents that were not changed since are gone again'
complete -c tagli -n "__fish_tagli_using_subcommand import" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand export" -l format -d 'The format to write' -r -f -a "text\t'one review per line'
jsonl\t'one JSON object per line: id, text, spans in code points'
conll2003\t'word, part of speech, chunk, tag; separated by spaces; -DOCSTART- lines'
conll2002\t'word, space, tag'
tag-first\t'tag, tab, word: the layout of MIT Restaurant and of the lesson'
conllu\t'CoNLL-U: ten columns, entities as tags in MISC (name=B-Dish)'
conll2012\t'CoNLL-2012, OntoNotes: entities as brackets (read only)'
label-studio\t'Label Studio\'s JSON: a list of tasks with annotations'
label-studio-min\t'Label Studio\'s JSON_MIN: one object per annotation'
label-studio-csv\t'Label Studio\'s CSV: one line per annotation, spans as JSON'
label-studio-tsv\t'Label Studio\'s TSV: as its CSV, with tabs'
label-studio-conll\t'the CONLL2003 of Label Studio\'s converter, with its words'
doccano\t'doccano\'s JSON lines: text, label as [start, end, name]'
prodigy\t'Prodigy\'s JSON lines: text, spans, tokens, answer'
hf-jsonl\t'Hugging Face\'s JSON lines: tokens and ner_tags'
parquet\t'Hugging Face\'s tables in Parquet: tokens and ner_tags with the names of their classes'
spacy\t'spaCy\'s binary DocBin, for spacy train'
spacy-json\t'spaCy\'s JSON: [text, {entities: [[start, end, label]]}]'
csv\t'a table with one row for each span: doc_id, start, end, label, text'
argilla\t'Argilla\'s records as JSON, version 1 and 2; only read'
brat\t'brat\'s standoff: pairs of .txt and .ann, in a folder or a zip file'
webanno-tsv\t'WebAnno TSV 3, as WebAnno and INCEpTION export it'
cas-json\t'UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file'
yedda\t'texts with spans in brackets: [@tacos#Dish*]'
slate\t'SLATE: a text and NAME.annotations beside it (read only)'"
complete -c tagli -n "__fish_tagli_using_subcommand export" -l out -d 'The file to write, `-` for standard output; brat and cas-json write a new folder if it ends with a slash; default: a file in exports/, in place of an unchanged export' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand export" -l split -d 'Export only this split' -r -f -a "train\t''
valid\t''
test\t''"
complete -c tagli -n "__fish_tagli_using_subcommand export" -l annotator -d 'Annotator of the annotations' -r
complete -c tagli -n "__fish_tagli_using_subcommand export" -l scheme -d 'Tag scheme' -r -f -a "bio\t''
iob1\t''
bioes\t''
bilou\t''"
complete -c tagli -n "__fish_tagli_using_subcommand export" -l on-loss -d 'Treatment of spans that the format cannot hold' -r -f -a "fail\t'Write nothing and list every loss'
skip\t'Leave it out and report it'
snap\t'Change it so that it fits, and report it. A half word becomes the whole word, a word with a blank becomes two words. Spans that cannot be made to fit are left out'"
complete -c tagli -n "__fish_tagli_using_subcommand export" -l query -d 'Export what this search finds, done or not; searches are those of the Documents screen, such as \'label:Dish status:done\'' -r
complete -c tagli -n "__fish_tagli_using_subcommand export" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand export" -l force -d 'Replace the file if it exists'
complete -c tagli -n "__fish_tagli_using_subcommand export" -l all -d 'Export documents that are not done, too; a note says how many'
complete -c tagli -n "__fish_tagli_using_subcommand export" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l from -l format -d 'Format of IN; detected by content when not given' -r -f -a "text\t'one review per line'
jsonl\t'one JSON object per line: id, text, spans in code points'
conll2003\t'word, part of speech, chunk, tag; separated by spaces; -DOCSTART- lines'
conll2002\t'word, space, tag'
tag-first\t'tag, tab, word: the layout of MIT Restaurant and of the lesson'
conllu\t'CoNLL-U: ten columns, entities as tags in MISC (name=B-Dish)'
conll2012\t'CoNLL-2012, OntoNotes: entities as brackets (read only)'
label-studio\t'Label Studio\'s JSON: a list of tasks with annotations'
label-studio-min\t'Label Studio\'s JSON_MIN: one object per annotation'
label-studio-csv\t'Label Studio\'s CSV: one line per annotation, spans as JSON'
label-studio-tsv\t'Label Studio\'s TSV: as its CSV, with tabs'
label-studio-conll\t'the CONLL2003 of Label Studio\'s converter, with its words'
doccano\t'doccano\'s JSON lines: text, label as [start, end, name]'
prodigy\t'Prodigy\'s JSON lines: text, spans, tokens, answer'
hf-jsonl\t'Hugging Face\'s JSON lines: tokens and ner_tags'
parquet\t'Hugging Face\'s tables in Parquet: tokens and ner_tags with the names of their classes'
spacy\t'spaCy\'s binary DocBin, for spacy train'
spacy-json\t'spaCy\'s JSON: [text, {entities: [[start, end, label]]}]'
csv\t'a table with one row for each span: doc_id, start, end, label, text'
argilla\t'Argilla\'s records as JSON, version 1 and 2; only read'
brat\t'brat\'s standoff: pairs of .txt and .ann, in a folder or a zip file'
webanno-tsv\t'WebAnno TSV 3, as WebAnno and INCEpTION export it'
cas-json\t'UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file'
yedda\t'texts with spans in brackets: [@tacos#Dish*]'
slate\t'SLATE: a text and NAME.annotations beside it (read only)'"
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l word-column -d 'Column of the word in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l tag-column -d 'Column of the tag in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l tag-scheme -d 'Scheme of the tags that are read; `labels`: they have no letters' -r -f -a "bio\t''
iob1\t''
bioes\t''
bilou\t''
bmes\t''
labels\t''"
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l tag-names -d 'Names of tags that are numbers, in the order of the numbers: O,B-Dish,I-Dish, or a file with one per line' -r
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l to -d 'Format of OUT; by its extension when not given' -r -f -a "text\t'one review per line'
jsonl\t'one JSON object per line: id, text, spans in code points'
conll2003\t'word, part of speech, chunk, tag; separated by spaces; -DOCSTART- lines'
conll2002\t'word, space, tag'
tag-first\t'tag, tab, word: the layout of MIT Restaurant and of the lesson'
conllu\t'CoNLL-U: ten columns, entities as tags in MISC (name=B-Dish)'
conll2012\t'CoNLL-2012, OntoNotes: entities as brackets (read only)'
label-studio\t'Label Studio\'s JSON: a list of tasks with annotations'
label-studio-min\t'Label Studio\'s JSON_MIN: one object per annotation'
label-studio-csv\t'Label Studio\'s CSV: one line per annotation, spans as JSON'
label-studio-tsv\t'Label Studio\'s TSV: as its CSV, with tabs'
label-studio-conll\t'the CONLL2003 of Label Studio\'s converter, with its words'
doccano\t'doccano\'s JSON lines: text, label as [start, end, name]'
prodigy\t'Prodigy\'s JSON lines: text, spans, tokens, answer'
hf-jsonl\t'Hugging Face\'s JSON lines: tokens and ner_tags'
parquet\t'Hugging Face\'s tables in Parquet: tokens and ner_tags with the names of their classes'
spacy\t'spaCy\'s binary DocBin, for spacy train'
spacy-json\t'spaCy\'s JSON: [text, {entities: [[start, end, label]]}]'
csv\t'a table with one row for each span: doc_id, start, end, label, text'
argilla\t'Argilla\'s records as JSON, version 1 and 2; only read'
brat\t'brat\'s standoff: pairs of .txt and .ann, in a folder or a zip file'
webanno-tsv\t'WebAnno TSV 3, as WebAnno and INCEpTION export it'
cas-json\t'UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file'
yedda\t'texts with spans in brackets: [@tacos#Dish*]'
slate\t'SLATE: a text and NAME.annotations beside it (read only)'"
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l config -d 'A Label Studio labelling config that names the labels' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l scheme -d 'Tag scheme' -r -f -a "bio\t''
iob1\t''
bioes\t''
bilou\t''"
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l on-loss -d 'Treatment of spans that the format cannot hold' -r -f -a "fail\t'Write nothing and list every loss'
skip\t'Leave it out and report it'
snap\t'Change it so that it fits, and report it. A half word becomes the whole word, a word with a blank becomes two words. Spans that cannot be made to fit are left out'"
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l force -d 'Replace OUT if it exists'
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l header -d 'The first line of a file of tagged words names the columns'
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l no-header -d 'The first line of a file of tagged words is a word'
complete -c tagli -n "__fish_tagli_using_subcommand convert" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand convert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l format -d 'Format of the file; detected by content when not given' -r -f -a "text\t'one review per line'
jsonl\t'one JSON object per line: id, text, spans in code points'
conll2003\t'word, part of speech, chunk, tag; separated by spaces; -DOCSTART- lines'
conll2002\t'word, space, tag'
tag-first\t'tag, tab, word: the layout of MIT Restaurant and of the lesson'
conllu\t'CoNLL-U: ten columns, entities as tags in MISC (name=B-Dish)'
conll2012\t'CoNLL-2012, OntoNotes: entities as brackets (read only)'
label-studio\t'Label Studio\'s JSON: a list of tasks with annotations'
label-studio-min\t'Label Studio\'s JSON_MIN: one object per annotation'
label-studio-csv\t'Label Studio\'s CSV: one line per annotation, spans as JSON'
label-studio-tsv\t'Label Studio\'s TSV: as its CSV, with tabs'
label-studio-conll\t'the CONLL2003 of Label Studio\'s converter, with its words'
doccano\t'doccano\'s JSON lines: text, label as [start, end, name]'
prodigy\t'Prodigy\'s JSON lines: text, spans, tokens, answer'
hf-jsonl\t'Hugging Face\'s JSON lines: tokens and ner_tags'
parquet\t'Hugging Face\'s tables in Parquet: tokens and ner_tags with the names of their classes'
spacy\t'spaCy\'s binary DocBin, for spacy train'
spacy-json\t'spaCy\'s JSON: [text, {entities: [[start, end, label]]}]'
csv\t'a table with one row for each span: doc_id, start, end, label, text'
argilla\t'Argilla\'s records as JSON, version 1 and 2; only read'
brat\t'brat\'s standoff: pairs of .txt and .ann, in a folder or a zip file'
webanno-tsv\t'WebAnno TSV 3, as WebAnno and INCEpTION export it'
cas-json\t'UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file'
yedda\t'texts with spans in brackets: [@tacos#Dish*]'
slate\t'SLATE: a text and NAME.annotations beside it (read only)'"
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l word-column -d 'Column of the word in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l tag-column -d 'Column of the tag in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l tag-scheme -d 'Scheme of the tags that are read; `labels`: they have no letters' -r -f -a "bio\t''
iob1\t''
bioes\t''
bilou\t''
bmes\t''
labels\t''"
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l tag-names -d 'Names of tags that are numbers, in the order of the numbers: O,B-Dish,I-Dish, or a file with one per line' -r
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l annotator -d 'Annotator of the annotations, for a project' -r
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l record -d 'Show this record, counted from 1' -r
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l base -d 'The model whose tokenizer cuts the pieces' -r
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l header -d 'The first line of a file of tagged words names the columns'
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l no-header -d 'The first line of a file of tagged words is a word'
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l pieces -d 'Show the word pieces of the record, and which of them carry a tag'
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l bio -d 'Explain the BIO tags of the record'
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand train" -l train -d 'A tagged file to learn from' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand train" -l valid -d 'A tagged file to validate on' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand train" -l test -d 'A tagged file to test on at the end' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand train" -l format -d 'Format of these files; detected by content when not given' -r -f -a "text\t'one review per line'
jsonl\t'one JSON object per line: id, text, spans in code points'
conll2003\t'word, part of speech, chunk, tag; separated by spaces; -DOCSTART- lines'
conll2002\t'word, space, tag'
tag-first\t'tag, tab, word: the layout of MIT Restaurant and of the lesson'
conllu\t'CoNLL-U: ten columns, entities as tags in MISC (name=B-Dish)'
conll2012\t'CoNLL-2012, OntoNotes: entities as brackets (read only)'
label-studio\t'Label Studio\'s JSON: a list of tasks with annotations'
label-studio-min\t'Label Studio\'s JSON_MIN: one object per annotation'
label-studio-csv\t'Label Studio\'s CSV: one line per annotation, spans as JSON'
label-studio-tsv\t'Label Studio\'s TSV: as its CSV, with tabs'
label-studio-conll\t'the CONLL2003 of Label Studio\'s converter, with its words'
doccano\t'doccano\'s JSON lines: text, label as [start, end, name]'
prodigy\t'Prodigy\'s JSON lines: text, spans, tokens, answer'
hf-jsonl\t'Hugging Face\'s JSON lines: tokens and ner_tags'
parquet\t'Hugging Face\'s tables in Parquet: tokens and ner_tags with the names of their classes'
spacy\t'spaCy\'s binary DocBin, for spacy train'
spacy-json\t'spaCy\'s JSON: [text, {entities: [[start, end, label]]}]'
csv\t'a table with one row for each span: doc_id, start, end, label, text'
argilla\t'Argilla\'s records as JSON, version 1 and 2; only read'
brat\t'brat\'s standoff: pairs of .txt and .ann, in a folder or a zip file'
webanno-tsv\t'WebAnno TSV 3, as WebAnno and INCEpTION export it'
cas-json\t'UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file'
yedda\t'texts with spans in brackets: [@tacos#Dish*]'
slate\t'SLATE: a text and NAME.annotations beside it (read only)'"
complete -c tagli -n "__fish_tagli_using_subcommand train" -l as -d 'The annotator whose documents are learned from' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l base -d '`mini` or `small`, a folder in Hugging Face layout, or the id of a model on the hub, which is downloaded if it is not in the cache' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l lr -d 'Peak learning rate' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l epochs -d 'Passes over the training split' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l batch -d 'Sentences per step' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l weight-decay -d 'Decoupled weight decay' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l warmup -d 'Warm-up: below 1 a share of all steps, from 1 a number of steps' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l seed -d 'Seed of the classifier, the order and dropout' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l order -d 'Order of the sentences' -r -f -a "shuffled\t'Another permutation in each epoch, from seed and epoch. As in accelerate\'s seeded sampler'
sequential\t'The order of the data'
by-length\t'Sentences of similar length together, arranged differently in each epoch. The reference\'s `group_by_length`'"
complete -c tagli -n "__fish_tagli_using_subcommand train" -l label-mode -d 'Word pieces that carry a word\'s tag' -r -f -a "first\t'The first word piece; the others are ignored (-100)'
all-b\t'Every word piece, with the same tag, so that `B-` stays `B-`. The lesson\'s `label_all_tokens`'
all-i\t'Every word piece, but later ones of a `B-X` word get `I-X`. This is run_ner.py\'s `label_all_tokens`'"
complete -c tagli -n "__fish_tagli_using_subcommand train" -l device -d 'Device: auto, cpu (kernels), flex (burn on the processor), ndarray, cuda:N or wgpu:N; default: as in the settings' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l precision -d 'Precision of the products with weights; evaluations always use fp32' -r -f -a "fp32\t'32-bit floating point'
bf16\t'Factors rounded to bfloat16, sums in 32 bits. Faster, on processors with AVX-512 BF16 only'"
complete -c tagli -n "__fish_tagli_using_subcommand train" -l recipe -d 'Source of the settings that are not given' -r -f -a "auto\t'Settings that fit the number of sentences and the base model'
lesson\t'Settings of the lesson. Learning rate 2e-5, 3 epochs, batch 16, weight decay 0.01, no warm-up, every word piece labelled'
tuned\t'`Auto` with further changes that raised F1. Longer, with masked word pieces, tags decoded as a sequence'"
complete -c tagli -n "__fish_tagli_using_subcommand train" -l untagged -d 'Learn from untagged texts, too: the project\'s documents that are not begun, or, with --train, these files in any format. A second stage learns the tags that the model of the first is sure of; with --teacher, their probabilities are learned instead. Write it after DIR' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand train" -l teacher -d 'Learn the probabilities of trained models, of several their mean: runs of the project, folders of runs, or folders of models, with the same labels. Write it after DIR' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l set -d 'Set any setting by its name, or by its name in the Hugging Face Trainer; `list` shows all settings with their meanings, values and sources, and trains nothing' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l settings -d 'A JSON file of such settings; a project\'s own training.json is always used' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand train" -l folds -d 'Cross-validation: K trainings, each scored on another part of train and valid that it did not learn. No model is kept; `tagli suspects` shows the labels that they doubt' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l draws -d 'Trainings on each size of the learning curve' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l word-column -d 'Column of the word in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l tag-column -d 'Column of the tag in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l tag-scheme -d 'Scheme of the tags that are read; `labels`: they have no letters' -r -f -a "bio\t''
iob1\t''
bioes\t''
bilou\t''
bmes\t''
labels\t''"
complete -c tagli -n "__fish_tagli_using_subcommand train" -l tag-names -d 'Names of tags that are numbers, in the order of the numbers: O,B-Dish,I-Dish, or a file with one per line' -r
complete -c tagli -n "__fish_tagli_using_subcommand train" -l out -d 'The folder of the run; default: a new run of the project' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand train" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand train" -l curve -d 'Learning curve: train on growing parts of the training split, and forecast what more documents would bring. No model is kept'
complete -c tagli -n "__fish_tagli_using_subcommand train" -l header -d 'The first line of a file of tagged words names the columns'
complete -c tagli -n "__fish_tagli_using_subcommand train" -l no-header -d 'The first line of a file of tagged words is a word'
complete -c tagli -n "__fish_tagli_using_subcommand train" -l force -d 'Let the new run replace an earlier one in --out, once the new one is complete'
complete -c tagli -n "__fish_tagli_using_subcommand train" -l resume -d 'Continue an interrupted run from its checkpoint: the one of --out, or the newest of DIR'
complete -c tagli -n "__fish_tagli_using_subcommand train" -l fetch -d 'Download a base that the project or the run names, not --base, without a question'
complete -c tagli -n "__fish_tagli_using_subcommand train" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand train" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l data -d 'A tagged file' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l format -d 'Format of the file; detected by content when not given' -r -f -a "text\t'one review per line'
jsonl\t'one JSON object per line: id, text, spans in code points'
conll2003\t'word, part of speech, chunk, tag; separated by spaces; -DOCSTART- lines'
conll2002\t'word, space, tag'
tag-first\t'tag, tab, word: the layout of MIT Restaurant and of the lesson'
conllu\t'CoNLL-U: ten columns, entities as tags in MISC (name=B-Dish)'
conll2012\t'CoNLL-2012, OntoNotes: entities as brackets (read only)'
label-studio\t'Label Studio\'s JSON: a list of tasks with annotations'
label-studio-min\t'Label Studio\'s JSON_MIN: one object per annotation'
label-studio-csv\t'Label Studio\'s CSV: one line per annotation, spans as JSON'
label-studio-tsv\t'Label Studio\'s TSV: as its CSV, with tabs'
label-studio-conll\t'the CONLL2003 of Label Studio\'s converter, with its words'
doccano\t'doccano\'s JSON lines: text, label as [start, end, name]'
prodigy\t'Prodigy\'s JSON lines: text, spans, tokens, answer'
hf-jsonl\t'Hugging Face\'s JSON lines: tokens and ner_tags'
parquet\t'Hugging Face\'s tables in Parquet: tokens and ner_tags with the names of their classes'
spacy\t'spaCy\'s binary DocBin, for spacy train'
spacy-json\t'spaCy\'s JSON: [text, {entities: [[start, end, label]]}]'
csv\t'a table with one row for each span: doc_id, start, end, label, text'
argilla\t'Argilla\'s records as JSON, version 1 and 2; only read'
brat\t'brat\'s standoff: pairs of .txt and .ann, in a folder or a zip file'
webanno-tsv\t'WebAnno TSV 3, as WebAnno and INCEpTION export it'
cas-json\t'UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file'
yedda\t'texts with spans in brackets: [@tacos#Dish*]'
slate\t'SLATE: a text and NAME.annotations beside it (read only)'"
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l word-column -d 'Column of the word in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l tag-column -d 'Column of the tag in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l tag-scheme -d 'Scheme of the tags that are read; `labels`: they have no letters' -r -f -a "bio\t''
iob1\t''
bioes\t''
bilou\t''
bmes\t''
labels\t''"
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l tag-names -d 'Names of tags that are numbers, in the order of the numbers: O,B-Dish,I-Dish, or a file with one per line' -r
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l split -d 'Split of the project; without it and --data: valid' -r -f -a "train\t''
valid\t''
test\t''"
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l annotator -d 'Annotator of the split; default: the one whose documents the run learned' -r
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l against -d 'Compare with this model or run on the same sentences' -r
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l counts -d 'Ways of counting to show: word (lenient) when not given' -r -f -a "word\t''
word-strict\t''
piece\t''
piece-strict\t''
all\t''"
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l mistakes -d 'Number of mistakes to list, or `all`; of two models, of sentences that only one has right. Default: 20, with --json all' -r
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l precision -d 'Precision: fp32 is exact; int8 is quick and changes scores a little' -r -f -a "fp32\t''
int8\t''"
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l device -d 'Device: auto, cpu (kernels), flex (burn on the processor), ndarray, cuda:N or wgpu:N; default: as in the settings' -r
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l header -d 'The first line of a file of tagged words names the columns'
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l no-header -d 'The first line of a file of tagged words is a word'
complete -c tagli -n "__fish_tagli_using_subcommand eval" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand eval" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand score" -l format -d 'Format of both files; detected by content when not given' -r -f -a "text\t'one review per line'
jsonl\t'one JSON object per line: id, text, spans in code points'
conll2003\t'word, part of speech, chunk, tag; separated by spaces; -DOCSTART- lines'
conll2002\t'word, space, tag'
tag-first\t'tag, tab, word: the layout of MIT Restaurant and of the lesson'
conllu\t'CoNLL-U: ten columns, entities as tags in MISC (name=B-Dish)'
conll2012\t'CoNLL-2012, OntoNotes: entities as brackets (read only)'
label-studio\t'Label Studio\'s JSON: a list of tasks with annotations'
label-studio-min\t'Label Studio\'s JSON_MIN: one object per annotation'
label-studio-csv\t'Label Studio\'s CSV: one line per annotation, spans as JSON'
label-studio-tsv\t'Label Studio\'s TSV: as its CSV, with tabs'
label-studio-conll\t'the CONLL2003 of Label Studio\'s converter, with its words'
doccano\t'doccano\'s JSON lines: text, label as [start, end, name]'
prodigy\t'Prodigy\'s JSON lines: text, spans, tokens, answer'
hf-jsonl\t'Hugging Face\'s JSON lines: tokens and ner_tags'
parquet\t'Hugging Face\'s tables in Parquet: tokens and ner_tags with the names of their classes'
spacy\t'spaCy\'s binary DocBin, for spacy train'
spacy-json\t'spaCy\'s JSON: [text, {entities: [[start, end, label]]}]'
csv\t'a table with one row for each span: doc_id, start, end, label, text'
argilla\t'Argilla\'s records as JSON, version 1 and 2; only read'
brat\t'brat\'s standoff: pairs of .txt and .ann, in a folder or a zip file'
webanno-tsv\t'WebAnno TSV 3, as WebAnno and INCEpTION export it'
cas-json\t'UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file'
yedda\t'texts with spans in brackets: [@tacos#Dish*]'
slate\t'SLATE: a text and NAME.annotations beside it (read only)'"
complete -c tagli -n "__fish_tagli_using_subcommand score" -l word-column -d 'Column of the word in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand score" -l tag-column -d 'Column of the tag in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand score" -l tag-scheme -d 'Scheme of the tags that are read; `labels`: they have no letters' -r -f -a "bio\t''
iob1\t''
bioes\t''
bilou\t''
bmes\t''
labels\t''"
complete -c tagli -n "__fish_tagli_using_subcommand score" -l tag-names -d 'Names of tags that are numbers, in the order of the numbers: O,B-Dish,I-Dish, or a file with one per line' -r
complete -c tagli -n "__fish_tagli_using_subcommand score" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand score" -l header -d 'The first line of a file of tagged words names the columns'
complete -c tagli -n "__fish_tagli_using_subcommand score" -l no-header -d 'The first line of a file of tagged words is a word'
complete -c tagli -n "__fish_tagli_using_subcommand score" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand score" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand agree" -l annotators -d 'Annotators, separated by commas; default: all except gold' -r
complete -c tagli -n "__fish_tagli_using_subcommand agree" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand agree" -l differences -d 'List every place where two of them differ'
complete -c tagli -n "__fish_tagli_using_subcommand agree" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand agree" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand suspects" -l most -d 'Largest number of suspects to list' -r
complete -c tagli -n "__fish_tagli_using_subcommand suspects" -l kind -d 'List only suspects of this kind' -r -f -a "label\t'right words, wrong label'
too-long\t'right label, too long'
too-short\t'right label, too short'
shifted\t'right label, shifted'
both\t'overlap, both wrong'
missed\t'missed by the model'
spurious\t'found by the model only'"
complete -c tagli -n "__fish_tagli_using_subcommand suspects" -l keep -d 'The label is right: do not ask again' -r
complete -c tagli -n "__fish_tagli_using_subcommand suspects" -l take -d 'The suggestion is right: record it in the journal' -r
complete -c tagli -n "__fish_tagli_using_subcommand suspects" -l reopen -d 'Ask again about a label that was kept' -r
complete -c tagli -n "__fish_tagli_using_subcommand suspects" -l annotator -d 'Annotator whose labels are looked at' -r
complete -c tagli -n "__fish_tagli_using_subcommand suspects" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand suspects" -l kept -d 'List those that were kept, too'
complete -c tagli -n "__fish_tagli_using_subcommand suspects" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand suspects" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l file -d 'A file with one text per line, `-` for standard input' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l to -d 'Write the texts with what the model finds in this format, with scores if it can hold them' -r -f -a "text\t'one review per line'
jsonl\t'one JSON object per line: id, text, spans in code points'
conll2003\t'word, part of speech, chunk, tag; separated by spaces; -DOCSTART- lines'
conll2002\t'word, space, tag'
tag-first\t'tag, tab, word: the layout of MIT Restaurant and of the lesson'
conllu\t'CoNLL-U: ten columns, entities as tags in MISC (name=B-Dish)'
conll2012\t'CoNLL-2012, OntoNotes: entities as brackets (read only)'
label-studio\t'Label Studio\'s JSON: a list of tasks with annotations'
label-studio-min\t'Label Studio\'s JSON_MIN: one object per annotation'
label-studio-csv\t'Label Studio\'s CSV: one line per annotation, spans as JSON'
label-studio-tsv\t'Label Studio\'s TSV: as its CSV, with tabs'
label-studio-conll\t'the CONLL2003 of Label Studio\'s converter, with its words'
doccano\t'doccano\'s JSON lines: text, label as [start, end, name]'
prodigy\t'Prodigy\'s JSON lines: text, spans, tokens, answer'
hf-jsonl\t'Hugging Face\'s JSON lines: tokens and ner_tags'
parquet\t'Hugging Face\'s tables in Parquet: tokens and ner_tags with the names of their classes'
spacy\t'spaCy\'s binary DocBin, for spacy train'
spacy-json\t'spaCy\'s JSON: [text, {entities: [[start, end, label]]}]'
csv\t'a table with one row for each span: doc_id, start, end, label, text'
argilla\t'Argilla\'s records as JSON, version 1 and 2; only read'
brat\t'brat\'s standoff: pairs of .txt and .ann, in a folder or a zip file'
webanno-tsv\t'WebAnno TSV 3, as WebAnno and INCEpTION export it'
cas-json\t'UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file'
yedda\t'texts with spans in brackets: [@tacos#Dish*]'
slate\t'SLATE: a text and NAME.annotations beside it (read only)'"
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l out -d 'The file to write with --to, `-` for standard output' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l scheme -d 'Tag scheme of --to' -r -f -a "bio\t''
iob1\t''
bioes\t''
bilou\t''"
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l on-loss -d 'Treatment of spans that the format of --to cannot hold' -r -f -a "fail\t'Write nothing and list every loss'
skip\t'Leave it out and report it'
snap\t'Change it so that it fits, and report it. A half word becomes the whole word, a word with a blank becomes two words. Spans that cannot be made to fit are left out'"
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l aggregation -d 'Strategy by which word pieces become entities; default: first, or with --json none, as in the Hugging Face pipeline; with --to by word, with calibrated scores' -r -f -a "none\t''
simple\t''
first\t''
average\t''
max\t''"
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l stride -d 'Word pieces by which the windows of a long text overlap; without it, text beyond the model\'s limit is cut, with a note' -r
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l ignore-labels -d 'Labels to omit' -r
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l precision -d 'Precision: fp32 is exact; int8 is quick and changes scores a little' -r -f -a "fp32\t''
int8\t''"
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l device -d 'Device: auto, cpu (kernels), flex (burn on the processor), ndarray, cuda:N or wgpu:N; default: as in the settings' -r
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l force -d 'Replace the file of --out if it exists'
complete -c tagli -n "__fish_tagli_using_subcommand predict" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand predict" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand models; and not __fish_seen_subcommand_from list pull push" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand models; and not __fish_seen_subcommand_from list pull push" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand models; and not __fish_seen_subcommand_from list pull push" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand models; and not __fish_seen_subcommand_from list pull push" -f -a "list" -d 'List the base models on this machine'
complete -c tagli -n "__fish_tagli_using_subcommand models; and not __fish_seen_subcommand_from list pull push" -f -a "pull" -d 'Download a model from the hub to the Hugging Face cache'
complete -c tagli -n "__fish_tagli_using_subcommand models; and not __fish_seen_subcommand_from list pull push" -f -a "push" -d 'Upload a model folder to the hub, with a model card'
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from list" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from list" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from pull" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from pull" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from pull" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from push" -l message -d 'Message of the commit' -r
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from push" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from push" -l private -d 'Create it as a private model if it does not exist'
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from push" -l dry-run -d 'Show the model card and the files, upload nothing'
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from push" -l name-annotators -d 'Name the annotator of the training data in the model card'
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from push" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand models; and __fish_seen_subcommand_from push" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and not __fish_seen_subcommand_from correct remove restore split" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand documents; and not __fish_seen_subcommand_from correct remove restore split" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and not __fish_seen_subcommand_from correct remove restore split" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and not __fish_seen_subcommand_from correct remove restore split" -f -a "correct" -d 'Change the text of a document; spans go with their words'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and not __fish_seen_subcommand_from correct remove restore split" -f -a "remove" -d 'Hide a document, or erase it'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and not __fish_seen_subcommand_from correct remove restore split" -f -a "restore" -d 'Show a removed document again, with its annotations'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and not __fish_seen_subcommand_from correct remove restore split" -f -a "split" -d 'Put documents into training, validation and test; those that are nearly the same stay together'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from correct" -l text -d 'The new text' -r
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from correct" -l file -d 'A file with the new text, `-` for standard input' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from correct" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from correct" -l undo -d 'Take back the last correction; repeated, the one before'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from correct" -l erase -d 'Erase the earlier texts; lists the files that hold copies'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from correct" -l yes -d 'Answer the question of --erase with yes'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from correct" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from correct" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from remove" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from remove" -l erase -d 'Erase it instead of hiding it; lists the files that hold copies'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from remove" -l yes -d 'Answer the question of --erase with yes'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from remove" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from restore" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from restore" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from split" -l shares -d 'Shares of training, validation and test' -r
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from split" -l seed -d 'Seed of the order; the same seed gives the same splits' -r
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from split" -l query -d 'Move only what this search finds, to the split of --to; tagli help tag lists what a search can ask for' -r
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from split" -l to -d 'Split for what --query finds: train, valid, test, none' -r
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from split" -l annotator -d 'Annotator whose labels are shared out evenly' -r
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from split" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from split" -l again -d 'Share out documents that have a split, too'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from split" -l dry-run -d 'Show the outcome and change nothing'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from split" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand documents; and __fish_seen_subcommand_from split" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and not __fish_seen_subcommand_from list watch tell compare export remove" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand runs; and not __fish_seen_subcommand_from list watch tell compare export remove" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and not __fish_seen_subcommand_from list watch tell compare export remove" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and not __fish_seen_subcommand_from list watch tell compare export remove" -f -a "list" -d 'List the runs of a project or a folder, with their size on disk'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and not __fish_seen_subcommand_from list watch tell compare export remove" -f -a "watch" -d 'Follow a run until it ends'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and not __fish_seen_subcommand_from list watch tell compare export remove" -f -a "tell" -d 'Send a command to a live run, wherever it was started'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and not __fish_seen_subcommand_from list watch tell compare export remove" -f -a "compare" -d 'Compare two runs on the same sentences, with intervals'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and not __fish_seen_subcommand_from list watch tell compare export remove" -f -a "export" -d 'Write the curves of runs as a table, a picture or TensorBoard\'s files'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and not __fish_seen_subcommand_from list watch tell compare export remove" -f -a "remove" -d 'Delete a run'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from list" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from list" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from watch" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from watch" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from tell" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from tell" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from tell" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l data -d 'A tagged file' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l format -d 'Format of the file; detected by content when not given' -r -f -a "text\t'one review per line'
jsonl\t'one JSON object per line: id, text, spans in code points'
conll2003\t'word, part of speech, chunk, tag; separated by spaces; -DOCSTART- lines'
conll2002\t'word, space, tag'
tag-first\t'tag, tab, word: the layout of MIT Restaurant and of the lesson'
conllu\t'CoNLL-U: ten columns, entities as tags in MISC (name=B-Dish)'
conll2012\t'CoNLL-2012, OntoNotes: entities as brackets (read only)'
label-studio\t'Label Studio\'s JSON: a list of tasks with annotations'
label-studio-min\t'Label Studio\'s JSON_MIN: one object per annotation'
label-studio-csv\t'Label Studio\'s CSV: one line per annotation, spans as JSON'
label-studio-tsv\t'Label Studio\'s TSV: as its CSV, with tabs'
label-studio-conll\t'the CONLL2003 of Label Studio\'s converter, with its words'
doccano\t'doccano\'s JSON lines: text, label as [start, end, name]'
prodigy\t'Prodigy\'s JSON lines: text, spans, tokens, answer'
hf-jsonl\t'Hugging Face\'s JSON lines: tokens and ner_tags'
parquet\t'Hugging Face\'s tables in Parquet: tokens and ner_tags with the names of their classes'
spacy\t'spaCy\'s binary DocBin, for spacy train'
spacy-json\t'spaCy\'s JSON: [text, {entities: [[start, end, label]]}]'
csv\t'a table with one row for each span: doc_id, start, end, label, text'
argilla\t'Argilla\'s records as JSON, version 1 and 2; only read'
brat\t'brat\'s standoff: pairs of .txt and .ann, in a folder or a zip file'
webanno-tsv\t'WebAnno TSV 3, as WebAnno and INCEpTION export it'
cas-json\t'UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file'
yedda\t'texts with spans in brackets: [@tacos#Dish*]'
slate\t'SLATE: a text and NAME.annotations beside it (read only)'"
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l word-column -d 'Column of the word in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l tag-column -d 'Column of the tag in files of tagged words, counted from 1; detected when not given' -r
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l tag-scheme -d 'Scheme of the tags that are read; `labels`: they have no letters' -r -f -a "bio\t''
iob1\t''
bioes\t''
bilou\t''
bmes\t''
labels\t''"
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l tag-names -d 'Names of tags that are numbers, in the order of the numbers: O,B-Dish,I-Dish, or a file with one per line' -r
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l split -d 'Split of the project; without it and --data: valid' -r -f -a "train\t''
valid\t''
test\t''"
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l annotator -d 'Annotator of the split; default: the one whose documents the run learned' -r
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l counts -d 'Ways of counting to show: word (lenient) when not given' -r -f -a "word\t''
word-strict\t''
piece\t''
piece-strict\t''
all\t''"
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l mistakes -d 'Number of mistakes to list, or `all`; of two models, of sentences that only one has right. Default: 20, with --json all' -r
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l precision -d 'Precision: fp32 is exact; int8 is quick and changes scores a little' -r -f -a "fp32\t''
int8\t''"
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l device -d 'Device: auto, cpu (kernels), flex (burn on the processor), ndarray, cuda:N or wgpu:N; default: as in the settings' -r
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l header -d 'The first line of a file of tagged words names the columns'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l no-header -d 'The first line of a file of tagged words is a word'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from export" -l to -l format -d 'Format; default: by the extension of --out, else csv' -r -f -a "csv\t'A table of all points'
svg\t'A picture of lines, for web pages and papers'
png\t'A picture of pixels'
tensorboard\t'Event files that TensorBoard opens: --out names the folder for --logdir'"
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from export" -l out -d 'The file to write, for tensorboard the folder; default: standard output' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from export" -l x -d 'Horizontal axis of a picture' -r -f -a "epoch\t''
step\t''
time\t''"
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from export" -l title -d 'Title of a picture' -r
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from export" -l name -d 'Name of a run in the picture or the table, in the order of the runs; default: the name of its folder' -r
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from export" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from export" -l force -d 'Replace the file of --out if it exists'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from export" -l log-y -d 'Draw the losses of a picture on a logarithmic scale'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from export" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from remove" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from remove" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand runs; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand config" -l project -d 'Project whose settings count, too; the current folder when not given' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand config" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand config" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand config" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand doctor" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand doctor" -l repair -d 'Repair what a crash, a merge by git or another program left in the project, after a question, and keep copies of the files'
complete -c tagli -n "__fish_tagli_using_subcommand doctor" -l yes -d 'Answer the question of --repair with yes'
complete -c tagli -n "__fish_tagli_using_subcommand doctor" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand help" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand help" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand help" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand completions" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand completions" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand completions" -s h -l help -d 'Print help'
complete -c tagli -n "__fish_tagli_using_subcommand man" -l log -d 'Write a log of this run to FILE' -r -F
complete -c tagli -n "__fish_tagli_using_subcommand man" -l json -d 'Write one JSON document or JSON lines to standard output, and nothing else'
complete -c tagli -n "__fish_tagli_using_subcommand man" -s h -l help -d 'Print help'
