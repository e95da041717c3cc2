"""Checks `hf-jsonl` against Hugging Face's `datasets`: it loads what tagli writes, and tagli reads what it writes.

    python formats_datasets.py target/debug/tagli

Made with Python 3.11 and datasets 5.2.0. Prints what was compared; the first difference is an error.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from datasets import ClassLabel, Dataset, Features, List, Value, load_dataset

TAGLI = sys.argv[1]
WORDS = ["Luigi's", "caf\u00e9", "\U0001f355", "in", "Bari", "O", "B-PER", "", "#", "New York"]
NAMES = ["O", "B-PER", "I-PER", "B-Restaurant_Name", "I-Restaurant_Name"]


def make_rows(count):
    """Rows with tags in IOB2, none of which begins with I-."""
    chance = random.Random(7)
    rows = []
    for at in range(count):
        tokens, tags = [], []
        for _ in range(chance.randint(1, 12)):
            before = tags[-1] if tags else "O"
            choices = [name for name in NAMES if not name.startswith("I-") or before[2:] == name[2:]]
            tokens.append(chance.choice([word for word in WORDS if word]))
            tags.append(chance.choice(choices))
        rows.append({"id": str(at), "tokens": tokens, "ner_tags": tags})
    return rows


def convert(source, target, *options):
    subprocess.run([TAGLI, "convert", str(source), str(target), *options], check=True, capture_output=True)


def load(path):
    return load_dataset("json", data_files=str(path), split="train", cache_dir=str(path.parent / "cache"))


def main():
    rows = make_rows(200)
    folder = Path(tempfile.mkdtemp())

    # Ours: strings, which need no list of names.
    source = folder / "rows.jsonl"
    source.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    ours = folder / "ours.jsonl"
    convert(source, ours, "--to", "hf-jsonl")
    loaded = load(ours)
    wanted = Features({"id": Value("string"), "tokens": List(Value("string")), "ner_tags": List(Value("string"))})
    assert loaded.features == wanted, loaded.features
    assert loaded.to_list() == rows
    print(f"ours: {len(loaded)} rows loaded with the features {loaded.features}")
    classes = loaded.cast_column("ner_tags", List(ClassLabel(names=NAMES)))
    assert classes.features["ner_tags"].feature.names == NAMES

    # Theirs: numbers of a ClassLabel, whose names are in the file of features beside.
    features = Features({"id": Value("string"), "tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=NAMES))})
    data = Dataset.from_list(rows, features=features)
    for kind in ["dataset_info.json", "labels.txt"]:
        beside = folder / kind.split(".")[0]
        data.save_to_disk(str(beside))
        if kind == "labels.txt":
            (beside / "dataset_info.json").unlink()
            (beside / "labels.txt").write_text("\n".join(NAMES), "utf-8")
        numbers = beside / "numbers.jsonl"
        data.to_json(str(numbers))
        assert isinstance(json.loads(numbers.read_text().splitlines()[0])["ner_tags"][0], int)
        convert(numbers, folder / f"{kind}.jsonl", "--to", "hf-jsonl")
        assert load(folder / f"{kind}.jsonl").to_list() == rows
        print(f"theirs: {len(data)} rows of numbers read with the names in {kind}")
    bare = folder / "bare"
    bare.mkdir()
    data.to_json(str(bare / "numbers.jsonl"))
    refused = subprocess.run([TAGLI, "convert", str(bare / "numbers.jsonl"), str(bare / "out.jsonl"), "--to", "hf-jsonl"],
                             capture_output=True, text=True)
    assert refused.returncode != 0 and "labels.txt" in refused.stderr, refused.stderr
    error = next(line for line in refused.stderr.splitlines() if line.startswith("error"))
    print(f"theirs: without names refused: {error.split(': ', 2)[-1]}")


if __name__ == "__main__":
    main()
