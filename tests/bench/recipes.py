"""Trains with each recipe, size and seed, and prints the tables of `src/training/RECIPES.md`.

usage: recipes.py TAGLI DATA RESULTS [--bases B,B] [--recipes R,R] [--sizes N,N] [--seeds N,N] [--official] [--set NAME=VALUE]...
TAGLI: the release binary. DATA: a folder with `train.txt`, `valid.txt`, `test.txt` (tag, tab, word). RESULTS: a file of JSON
lines; a run that is in it is not repeated, so that the script may be stopped and started again. A part of the training set is its
first N sentences after `random.Random(1).shuffle`. `--official`: the published test set, `test.txt` and `valid.txt` together, is
the test; a tenth of the training sentences, the last of the same shuffle, is the validation. The tables: entity F1, lenient, per
word, validation / test, with mean and standard deviation over the seeds.
"""
import argparse
import json
import pathlib
import random
import statistics
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
    parser.add_argument("--bases", default="mini,small")
    parser.add_argument("--recipes", default="auto,tuned")
    parser.add_argument("--sizes", default="100,320,1000,7660")
    parser.add_argument("--seeds", default="42,1,2")
    parser.add_argument("--official", action="store_true")
    parser.add_argument("--set", action="append", default=[])
    return parser.parse_args()


def main():
    args = parse()
    train = sentences(args.data / "train.txt")
    valid, test = sentences(args.data / "valid.txt"), sentences(args.data / "test.txt")
    random.Random(1).shuffle(train)
    if args.official:
        held = len(train) // 10
        train, valid, test = train[:-held], train[-held:], test + valid
    done = {}
    if args.results.exists():
        for line in args.results.read_text().splitlines():
            run = json.loads(line)
            done[tuple(run["key"])] = run
    keys = [
        [base, recipe, min(int(size), len(train)), int(seed), args.official, " ".join(args.set)]
        for size in args.sizes.split(",")
        for seed in args.seeds.split(",")
        for base in args.bases.split(",")
        for recipe in args.recipes.split(",")
    ]
    for key in keys:
        if tuple(key) not in done:
            done[tuple(key)] = run = one(args, key, train, valid, test)
            with args.results.open("a") as file:
                file.write(json.dumps(run) + "\n")
    rows = {}
    for key in keys:
        rows.setdefault((key[2], key[0], key[1]), []).append(done[tuple(key)])
    print("| sentences | base | recipe | seeds | valid | test | seconds |\n| ---: | --- | --- | ---: | ---: | ---: | ---: |")
    for (size, base, recipe), runs in rows.items():
        cells = [spread([run[split] for run in runs]) for split in ("valid", "test")]
        seconds = statistics.mean(run["seconds"] for run in runs)
        print(f"| {size:,} | {base} | {recipe} | {len(runs)} | {cells[0]} | {cells[1]} | {seconds:.0f} |")


def one(args, key, train, valid, test):
    base, recipe, size, seed, _, _ = key
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        for name, part in (("train", train[:size]), ("valid", valid), ("test", test)):
            write(place / f"{name}.txt", part)
        words = [args.tagli, "train", "--train", "train.txt", "--valid", "valid.txt", "--test", "test.txt", "--base", base]
        words += ["--recipe", recipe, "--seed", str(seed), "--out", "run", "--json"]
        words += [word for value in args.set for word in ("--set", value)]
        answer = subprocess.run(words, cwd=place, capture_output=True, text=True)
        if answer.returncode:
            raise SystemExit(f"{key}: {answer.stderr}")
        result = json.loads(answer.stdout.strip().splitlines()[-1])
    f1 = {split: result[split]["word"]["f1"] for split in ("valid", "test")}
    return {"key": key, **f1, "seconds": result["seconds"]}


def spread(values):
    mean = f"{statistics.mean(values):.4f}".lstrip("0")
    return mean if len(values) < 2 else f"{mean} ({statistics.stdev(values):.4f})".replace("(0.", "(.")


main()
