"""Checks `spacy-json` against spaCy: it trains from what tagli writes, and tagli reads what spaCy writes.

    python formats_spacy.py target/debug/tagli

Made with Python 3.11 and spaCy 3.8.18. Prints the number of texts and spans compared; the first difference is an error.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import spacy
from spacy.tokens import Span
from spacy.training import Example, offsets_to_biluo_tags
from spacy.training.gold_io import docs_to_json

TAGLI = sys.argv[1]
WORDS = ["Luigi's", "caf\u00e9", "\U0001f355\U0001f355", "in", "Bari", "(open)", "late,", "e\u0301t\u00e9", "$10", "a.m."]
LABELS = ["PER", "Restaurant_Name", "Price"]


def make_docs(nlp, count):
    """Texts with spans on tokens of spaCy, some of them with runs of blanks."""
    chance = random.Random(7)
    docs = []
    for _ in range(count):
        words = [chance.choice(WORDS) for _ in range(chance.randint(1, 12))]
        doc = nlp.make_doc(chance.choice([" ", " ", "  ", "\n"]).join(words))
        entities, at = [], 0
        while at < len(doc):
            end = at + chance.randint(1, 2)
            if chance.random() < 0.4 and end <= len(doc) and not any(token.is_space for token in doc[at:end]):
                entities.append(Span(doc, at, end, label=chance.choice(LABELS)))
                at = end
            at += 1
        doc.ents = entities
        for token in doc:
            token.is_sent_start = token.i == 0
        docs.append(doc)
    return docs


def spans_of(doc):
    return sorted((entity.start_char, entity.end_char, entity.label_) for entity in doc.ents)


def convert(source, target, *options):
    subprocess.run([TAGLI, "convert", str(source), str(target), *options], check=True, capture_output=True)


def read_back(path):
    """Texts and spans of a file as tagli reads it."""
    out = path.with_name(path.name + ".back.jsonl")
    convert(path, out, "--to", "jsonl")
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    return [(row["text"], sorted((s["start"], s["end"], s["label"]) for s in row["spans"])) for row in rows]


def main():
    nlp = spacy.blank("en")
    docs = make_docs(nlp, 200)
    expected = [(doc.text, spans_of(doc)) for doc in docs]
    folder = Path(tempfile.mkdtemp())

    # Theirs, in every form.
    forms = {
        "examples.json": json.dumps([[doc.text, {"entities": spans_of(doc)}] for doc in docs]),
        "examples.jsonl": "\n".join(json.dumps([doc.text, {"entities": spans_of(doc)}]) for doc in docs),
        "docs.jsonl": "\n".join(json.dumps(doc.to_json()) for doc in docs),
        "docs.json": json.dumps([doc.to_json() for doc in docs], indent=1),
        "training2.json": json.dumps([docs_to_json([doc], doc_id=at) for at, doc in enumerate(docs)], indent=2),
    }
    for name, text in forms.items():
        path = folder / name
        path.write_text(text, "utf-8")
        read = read_back(path)
        assert len(read) == len(expected), (name, len(read))
        for found, wanted in zip(read, expected):
            assert found == wanted, (name, found, wanted)
        print(f"{name}: {len(read)} texts, {sum(len(spans) for _, spans in read)} spans read as spaCy has them")

    # Ours.
    rows = [{"id": str(at), "text": text, "spans": [{"start": s, "end": e, "label": label} for s, e, label in spans]}
            for at, (text, spans) in enumerate(expected)]
    source = folder / "ours.jsonl"
    source.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    target = folder / "ours.json"
    convert(source, target, "--to", "spacy-json")
    examples, misaligned = [], 0
    for (text, notes), (wanted_text, wanted) in zip(json.loads(target.read_text("utf-8")), expected):
        doc = nlp.make_doc(text)
        misaligned += "-" in offsets_to_biluo_tags(doc, notes["entities"])
        example = Example.from_dict(doc, notes)
        assert (text, spans_of(example.reference)) == (wanted_text, wanted), (text, notes)
        examples.append(example)
    ner = nlp.add_pipe("ner")
    for label in LABELS:
        ner.add_label(label)
    nlp.initialize(lambda: examples)
    losses = nlp.update(examples)
    print(f"ours: {len(examples)} examples, {misaligned} misaligned, a step of training has loss {losses['ner']:.1f}")


if __name__ == "__main__":
    main()
