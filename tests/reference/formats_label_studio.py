"""Checks what tagli writes for Label Studio against the converter of label-studio-sdk.

    python formats_label_studio.py target/debug/tagli

tagli writes the same random texts and spans in five formats: Label Studio's JSON, and the four that its converter writes.
The converter makes those four of tagli's JSON; both must be the same byte for byte. Then tagli reads each of the
converter's files with spans back, and must find what it began with.

Made with Python 3.11, label-studio-sdk 2.1.2 and nltk 3.10.4. Prints what was compared; the first difference is an error.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from label_studio_sdk.converter import Converter
from label_studio_sdk.converter.converter import Format

TAGLI = sys.argv[1]
WORDS = ["Luigi", "caf\u00e9", "\U0001f355", "in", "Bari", "O", "\u5bff\u53f8", "don't", "near", "5", "open", "\"good\""]
LABELS = ["Dish", "Restaurant_Name", "Hours"]
LINES = "".join(f"<Label value='{name}'/>" for name in LABELS)
CONFIG = f"<View><Labels name='label' toName='text'>{LINES}</Labels><Text name='text' value='$text'/></View>"
FORMATS = {
    "label-studio-conll": (Format.CONLL2003, "result.conll"),
    "label-studio-min": (Format.JSON_MIN, "result.json"),
    "label-studio-csv": (Format.CSV, "result.csv"),
    "label-studio-tsv": (Format.TSV, "result.csv"),
}


def make_documents(count):
    """Texts whose words have one blank between them, with spans of whole words that do not overlap, and at least one.

    Of an annotation without spans tagli writes an empty list, so that its text is done when it is read again.
    """
    chance = random.Random(7)
    documents = []
    for at in range(count):
        words = [chance.choice(WORDS[:7] + WORDS[8:11]) for _ in range(chance.randint(1, 12))]
        starts = [sum(len(word) + 1 for word in words[:place]) for place in range(len(words))]
        spans, place = [], 0
        while place < len(words):
            length = chance.randint(1, min(3, len(words) - place))
            if chance.random() < 0.4:
                end = starts[place + length - 1] + len(words[place + length - 1])
                spans.append({"start": starts[place], "end": end, "label": chance.choice(LABELS)})
            place += length
        spans = spans or [{"start": 0, "end": len(words[0]), "label": LABELS[0]}]
        documents.append({"id": str(at), "text": " ".join(words), "spans": spans, "status": "done"})
    return documents


def convert(source, target, *options):
    done = subprocess.run([TAGLI, "convert", str(source), str(target), *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def spans_in(path):
    documents = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [(document["text"], [(s["start"], s["end"], s["label"]) for s in document["spans"]]) for document in documents]


def main():
    folder = Path(tempfile.mkdtemp())
    documents = make_documents(200)
    source = folder / "source.jsonl"
    source.write_text("".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents), encoding="utf-8")
    config = folder / "config.xml"
    config.write_text(CONFIG)
    tasks = folder / "tasks.json"
    convert(source, tasks, "--to", "label-studio", "--config", config)
    converter = Converter(config=CONFIG, project_dir=None, download_resources=False)
    spans = sum(len(document["spans"]) for document in documents)
    for name, (theirs, file) in FORMATS.items():
        made = folder / name
        made.mkdir()
        converter.convert(str(tasks), str(made), theirs, is_dir=False)
        ours = folder / f"{name}.out"
        convert(tasks, ours, "--to", name, "--config", config, "--on-loss", "skip")
        assert ours.read_bytes() == (made / file).read_bytes(), f"{name}: {ours} and {made / file} differ"
        if name != "label-studio-conll":
            back = folder / f"{name}.jsonl"
            convert(made / file, back, "--from", name, "--config", config)
            assert spans_in(back) == spans_in(source), f"{name}: {back} and {source} differ"
        print(f"{name}: {len(documents)} texts, {spans} spans: the same bytes as label-studio-sdk's converter")


main()
