"""Measures learning curves: F1 against the number of training sentences, with several draws of each size.

usage: curve.py TAGLI DATA RESULTS [--base B] [--recipe R] [--sizes N,N] [--draws N] [--name NAME]
TAGLI: the binary. DATA: a folder with `train.txt`, `valid.txt`, `test.txt` (tag, tab, word). RESULTS: a file of JSON lines
`{"set","size","draw","valid","test","seconds"}` (entity F1, lenient, per word); a training that is in it is not repeated. Draw D
is the first N sentences of `random.Random(D).shuffle`, trained with the seed D. `forecast.py` compares families of curves on the
results.
"""
import argparse
import json
import pathlib
import random
import subprocess
import tempfile


def sentences(path):
    return [part for part in path.read_text().replace("\r\n", "\n").split("\n\n") if part.strip()]


def write(path, parts):
    path.write_text("\n\n".join(part.strip("\n") for part in parts) + "\n")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tagli")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--base", default="mini")
    parser.add_argument("--recipe", default="auto")
    parser.add_argument("--sizes", default="100,200,400,800,1600")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--name")
    return parser.parse_args()


def main():
    args = parse()
    name = args.name or args.data.name
    splits = {split: sentences(args.data / f"{split}.txt") for split in ("train", "valid", "test")}
    done = set()
    if args.results.exists():
        lines = [json.loads(line) for line in args.results.read_text().splitlines()]
        done = {(run["set"], run["size"], run["draw"]) for run in lines}
    for draw in range(1, args.draws + 1):
        train = list(splits["train"])
        random.Random(draw).shuffle(train)
        for size in map(int, args.sizes.split(",")):
            if size > len(train) or (name, size, draw) in done:
                continue
            run = one(args, train[:size], splits, draw)
            with args.results.open("a") as file:
                file.write(json.dumps({"set": name, "size": size, "draw": draw, **run}) + "\n")


def one(args, train, splits, seed):
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        for split, part in (("train", train), ("valid", splits["valid"]), ("test", splits["test"])):
            write(place / f"{split}.txt", part)
        words = [str(pathlib.Path(args.tagli).resolve()), "train", "--train", "train.txt", "--valid", "valid.txt", "--test", "test.txt", "--json"]
        words += ["--base", args.base, "--recipe", args.recipe, "--seed", str(seed)]
        answer = subprocess.run(words, cwd=place, capture_output=True, text=True)
        if answer.returncode:
            raise SystemExit(answer.stderr)
        result = json.loads(answer.stdout.strip().splitlines()[-1])
    f1 = {split: result[split]["word"]["f1"] for split in ("valid", "test")}
    return {**f1, "seconds": result["seconds"]}


main()
