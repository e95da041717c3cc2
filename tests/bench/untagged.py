"""Trains with and without help in pairs of the same seed, and compares F1 per word on validation and test.

usage: untagged.py TAGLI DATA [--sizes 100,320,1000] [--seeds 42,1,2] [--untagged 2000] [--base mini]
                   [--help-with untagged,teacher,both] [--teacher FOLDER] [--set NAME=VALUE]... [--keep FOLDER]

TAGLI: the release binary. DATA: a folder with train.txt, valid.txt and test.txt (tag, tab, word; sentences end in an empty line).
Tagged are the first N sentences of the shuffle of train.txt that src/training/RECIPES.md uses (random.Random(1).shuffle), untagged
the next ones, without their tags. Per size and seed it trains:

  plain      the tagged sentences alone
  untagged   with `--untagged`: a second stage that learns the predicted tags
  teacher    with `--teacher FOLDER`, on the tagged sentences alone
  both       with `--teacher FOLDER --untagged`

Without --teacher, `teacher` and `both` learn from a model of the base `small` that is trained on the same tagged sentences with the
same seed. All settings but --base, --seed and --set are those of the recipe `auto`. The last table has the mean of the differences
from `plain` over the seeds, with their standard deviation. Every training runs at nice 10.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

HELPS = ("untagged", "teacher", "both")


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("tagli")
    parser.add_argument("data")
    numbers = lambda text: [int(number) for number in text.split(",")]
    parser.add_argument("--sizes", type=numbers, default=[100, 320, 1000])
    parser.add_argument("--seeds", type=numbers, default=[42, 1, 2])
    parser.add_argument("--untagged", type=int, default=2000)
    parser.add_argument("--base", default="mini")
    parser.add_argument("--help-with", type=lambda text: text.split(","), default=["untagged"])
    parser.add_argument("--teacher")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--keep", help="folder for the runs; without it they are removed")
    chosen = parser.parse_args()
    unknown = set(chosen.help_with) - set(HELPS)
    if unknown:
        parser.error(f"--help-with {','.join(sorted(unknown))}: use some of {','.join(HELPS)}")
    return chosen


def sentences(path):
    """Sentences of a file as lists of lines."""
    with open(path, encoding="utf-8") as file:
        blocks = file.read().strip("\n").split("\n\n")
    return [block.split("\n") for block in blocks]


def train(chosen, out, tagged, extra, base, seed):
    command = [chosen.tagli, "train", "--json", "--train", tagged, "--base", base, "--seed", str(seed), "--out", out]
    command += [part for split in ("valid", "test") for part in (f"--{split}", os.path.join(chosen.data, f"{split}.txt"))]
    command += [part for pair in chosen.set for part in ("--set", pair)] + extra
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: os.nice(10))
    if done.returncode:
        sys.exit(f"failed ({done.returncode}): {' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def line(name, report):
    valid, test = (report[split]["word"]["f1"] for split in ("valid", "test"))
    text = f"{name:30} valid {valid:.4f}  test {test:.4f}  {report['seconds']:7.1f} s"
    if "untagged" in report:
        text += f"  {report['untagged']['kept']} of {report['untagged']['read']} kept, stage {report['stage']}"
    print(text, flush=True)
    return valid, test


def main():
    chosen = arguments()
    shuffled = sentences(os.path.join(chosen.data, "train.txt"))
    random.Random(1).shuffle(shuffled)
    with tempfile.TemporaryDirectory() as work:
        folder = chosen.keep or work
        os.makedirs(folder, exist_ok=True)
        differences = {}
        for size in chosen.sizes:
            tagged, untagged = (os.path.join(folder, f"{name}{size}.txt") for name in ("tagged", "untagged"))
            with open(tagged, "w", encoding="utf-8") as file:
                file.write("".join("\n".join(lines) + "\n\n" for lines in shuffled[:size]))
            with open(untagged, "w", encoding="utf-8") as file:
                for lines in shuffled[size : size + chosen.untagged]:
                    file.write(" ".join(text.split("\t")[-1] for text in lines) + "\n")
            for seed in chosen.seeds:
                run = lambda name, extra, base=chosen.base: line(
                    f"{size} sentences, seed {seed}, {name}",
                    train(chosen, os.path.join(folder, f"{size}-{seed}-{name}"), tagged, extra, base, seed))
                teacher = chosen.teacher
                if teacher is None and {"teacher", "both"} & set(chosen.help_with):
                    run("teacher's own", [], "small")
                    teacher = os.path.join(folder, f"{size}-{seed}-teacher's own")
                extra = {"untagged": ["--untagged", untagged], "teacher": ["--teacher", teacher],
                         "both": ["--untagged", untagged, "--teacher", teacher]}
                plain = run("plain", [])
                for name in chosen.help_with:
                    helped = run(name, extra[name])
                    pairs = differences.setdefault((size, name), [])
                    pairs.append([after - before for before, after in zip(plain, helped)])
        print("\n| sentences | with | valid | test |\n| ---: | --- | ---: | ---: |")
        for (size, name), pairs in differences.items():
            cells = []
            for values in zip(*pairs):
                spread = f" ({statistics.stdev(values):.4f})" if len(values) > 1 else ""
                cells.append(f"{statistics.mean(values):+.4f}{spread}")
            print(f"| {size:,} | {name} | {cells[0]} | {cells[1]} |")


main()
