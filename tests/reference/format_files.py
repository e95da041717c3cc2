"""Compares files of other programs with what `tagli` reads in them and writes for them.

    python format_files.py make          writes docbin.spacy, table.parquet, cas.json and format_files.json beside this script
    python format_files.py check TAGLI   converts both ways with the program TAGLI and opens the results with the other programs

Made with Python 3.11, spaCy 3.8.18, pyarrow 26.0.1, datasets 5.2.0 and dkpro-cassis 0.12.0. `format_files.json` has the documents:
a text, and its spans as [start, end, label] in code points. The tests read the files of the other programs and compare.
`check` needs nothing but the two folders that it makes for itself.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
TOKEN = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token"

# Words, and spans of words. The text has the words with a blank between them, so that all formats can hold it.
ROWS = [
    (["Cheap", "fish", "tacos", "near", "me", "!"], [(0, 1, "Price"), (1, 3, "Dish")]),
    (["\U0001f355", "caf\u00e9", "PERSON", "nsubj", "\u5bff\u53f8", "\U0001f468\u200d\U0001f373", "ok"], [(0, 1, "Dish"), (1, 2, "PERSON"), (4, 6, "Dish")]),
    (["No", "spans", "here"], []),
]


def documents():
    out = []
    for at, (words, spans) in enumerate(ROWS):
        starts, text = [], ""
        for word in words:
            text += " " if text else ""
            starts.append(len(text))
            text += word
        ends = [start + len(word) for start, word in zip(starts, words)]
        out.append({"id": f"r{at}", "text": text, "words": [list(pair) for pair in zip(starts, ends)],
                    "spans": [[starts[a], ends[b - 1], label] for a, b, label in spans]})
    return out


def make_docbin(path):
    import spacy
    from spacy.tokens import Doc, DocBin, Span

    nlp = spacy.blank("en")
    bin = DocBin(store_user_data=True)
    for at, (words, spans) in enumerate(ROWS):
        doc = Doc(nlp.vocab, words=words, spaces=[True] * (len(words) - 1) + [False])
        doc.set_ents([Span(doc, a, b, label=label) for a, b, label in spans], default="outside")
        doc.user_data["id"] = f"r{at}"
        bin.add(doc)
    bin.to_disk(path)


def read_docbin(path):
    import spacy
    from spacy.tokens import DocBin

    docs = list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))
    return [(doc.text, sorted([e.start_char, e.end_char, e.label_] for e in doc.ents)) for doc in docs]


def tags(words, spans):
    out = ["O"] * len(words)
    for a, b, label in spans:
        out[a:b] = [f"B-{label}"] + [f"I-{label}"] * (b - a - 1)
    return out


def make_table(path):
    from datasets import ClassLabel, Dataset, Features, Sequence, Value

    labels = sorted({label for _, spans in ROWS for *_, label in spans})
    names = ["O"] + [f"{prefix}-{label}" for label in labels for prefix in "BI"]
    features = Features({"id": Value("string"), "tokens": Sequence(Value("string")), "ner_tags": Sequence(ClassLabel(names=names))})
    rows = {"id": [f"r{at}" for at in range(len(ROWS))], "tokens": [words for words, _ in ROWS],
            "ner_tags": [[names.index(tag) for tag in tags(*row)] for row in ROWS]}
    Dataset.from_dict(rows, features=features).to_parquet(path)


def read_table(path):
    import pyarrow.parquet
    from datasets import Dataset

    table = pyarrow.parquet.read_table(path)
    assert b"huggingface" in table.schema.metadata
    data = Dataset.from_parquet(str(path), cache_dir=tempfile.mkdtemp())
    feature = data.features["ner_tags"].feature
    out = []
    for row in data:
        names = [feature.int2str(tag) for tag in row["ner_tags"]]
        out.append((" ".join(row["tokens"]), spans_of(row["tokens"], names)))
    return out


def spans_of(words, names):
    spans, at = [], 0
    for word, name in zip(words, names):
        if name.startswith("B-"):
            spans.append([at, at + len(word), name[2:]])
        elif name.startswith("I-"):
            spans[-1][1] = at + len(word)
        at += len(word) + 1
    return sorted(spans)


def make_cas(path):
    from cassis import Cas, TypeSystem

    types = TypeSystem()
    entity = types.create_type(ENTITY, "uima.tcas.Annotation")
    types.create_feature(entity, "value", "uima.cas.String")
    token = types.create_type(TOKEN, "uima.tcas.Annotation")
    document = documents()[1]
    cas = Cas(types)
    cas.sofa_string, cas.sofa_mime = document["text"], "text/plain"
    for start, end in document["words"]:
        cas.add(token(begin=start, end=end))
    for start, end, label in document["spans"]:
        cas.add(entity(begin=start, end=end, value=label))
    cas.to_json(path, pretty_print=True)


def read_cas(path):
    import cassis

    with open(path, "rb") as file:
        cas = cassis.load_cas_from_json(file)
    return (cas.sofa_string, sorted([e.begin, e.end, e.value] for e in cas.select(ENTITY)))


def check(tagli):
    expected = [(one["text"], sorted(one["spans"])) for one in documents()]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        lines = folder / "in.jsonl"
        with open(lines, "w") as file:
            for one in documents():
                spans = [dict(zip(("start", "end", "label"), span)) for span in one["spans"]]
                file.write(json.dumps({**one, "spans": spans}) + "\n")

        def convert(source, target, *options):
            subprocess.run([tagli, "convert", source, target, *options], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            return target

        def back(source):
            target = folder / f"{source.name}.jsonl"
            convert(source, target, "--to", "jsonl")
            out = []
            for line in open(target):
                one = json.loads(line)
                out.append((one["text"], sorted([s["start"], s["end"], s["label"]] for s in one["spans"])))
            return out

        results = {
            "spaCy reads ours": read_docbin(convert(lines, folder / "a.spacy")) == expected,
            "we read spaCy's": back(HERE / "docbin.spacy") == expected,
            "datasets reads ours": read_table(convert(lines, folder / "a.parquet")) == expected,
            "we read datasets'": back(HERE / "table.parquet") == expected,
            "we read cassis'": back(HERE / "cas.json") == expected[1:2],
        }
        one = folder / "one.jsonl"
        one.write_text(open(lines).read().splitlines()[1])
        results["cassis reads ours"] = read_cas(convert(one, folder / "a.json", "--to", "cas-json")) == expected[1]
        for codec in ["snappy", "zstd", "gzip", "none"]:
            for version in ["1.0", "2.0"]:
                import pyarrow.parquet

                table = pyarrow.parquet.read_table(HERE / "table.parquet")
                path = folder / f"{codec}{version}.parquet"
                pyarrow.parquet.write_table(table, path, compression=codec, data_page_version=version, row_group_size=2)
                results[f"we read pyarrow's, {codec}, pages {version}"] = back(path) == expected
        spans = [{"id": one["id"], "text": one["text"],
                  "spans": [dict(zip(("start", "end", "label"), span)) for span in one["spans"]]} for one in documents()]
        from datasets import Dataset

        Dataset.from_list(spans).to_parquet(folder / "spans.parquet")
        results["we read texts and spans of datasets"] = back(folder / "spans.parquet") == expected
    for name, holds in results.items():
        print("ok  " if holds else "FAIL", name)
    return all(results.values())


if __name__ == "__main__":
    if sys.argv[1:] == ["make"]:
        make_docbin(HERE / "docbin.spacy")
        make_table(HERE / "table.parquet")
        make_cas(HERE / "cas.json")
        (HERE / "format_files.json").write_text(json.dumps(documents(), indent=1) + "\n")
    elif len(sys.argv) == 3 and sys.argv[1] == "check":
        sys.exit(0 if check(sys.argv[2]) else 1)
    else:
        sys.exit(__doc__)
