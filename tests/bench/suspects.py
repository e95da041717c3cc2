"""Measures how many swapped labels `tagli suspects` finds, beside cleanlab on the same probabilities.

usage: suspects.py TAGLI DATA FOLDER [--sentences N] [--folds K] [--share S] [--seed N] [--base B]
TAGLI: the binary. DATA: a folder with `train.txt` (tag, tab, word). FOLDER: where the project is made; with a project in it, its
cross-validation is used again. The project has the first N sentences of `random.Random(SEED).shuffle`; S percent of the spans get
another label, each other one with equal chances. A queue is measured by its precision among the first 200 items and among the first
as many items as there are swapped labels; an order of all spans also by the area under precision and recall (average precision).
Needs `pip install cleanlab`.
"""
import argparse
import json
import pathlib
import random
import subprocess

import numpy
from cleanlab.token_classification.filter import find_label_issues
from cleanlab.token_classification.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score


def sentences(path):
    parts = [part for part in path.read_text().replace("\r\n", "\n").split("\n\n") if part.strip()]
    return [[line.split("\t") for line in part.strip("\n").split("\n")] for part in parts]


def spans(tags):
    found, start = [], None
    for at, tag in enumerate(tags + ["O"]):
        if start is not None and tag != "I-" + tags[start][2:]:
            found.append((start, at, tags[start][2:]))
            start = None
        if tag[0] == "B":
            start = at
    return found


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tagli", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--sentences", type=int, default=2000)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--share", type=float, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--base", default="mini")
    return parser.parse_args()


def run(args, *words):
    answer = subprocess.run([str(args.tagli.resolve()), *words], cwd=args.folder, capture_output=True, text=True)
    if answer.returncode:
        raise SystemExit(answer.stderr)
    return json.loads(answer.stdout.strip().splitlines()[-1])


def main():
    args = parse()
    chosen = sentences(args.data / "train.txt")
    random.Random(args.seed).shuffle(chosen)
    chosen = chosen[: args.sentences]
    tags = [[tag for tag, _ in sentence] for sentence in chosen]
    places = [(at, start, end) for at, one in enumerate(tags) for start, end, _ in spans(one)]
    labels = sorted({label for one in tags for _, _, label in spans(one)})
    draws = random.Random(args.seed + 1)
    swapped = set(draws.sample(places, round(len(places) * args.share / 100)))
    for at, start, end in sorted(swapped):
        label = draws.choice([label for label in labels if label != tags[at][start][2:]])
        for word in range(start, end):
            tags[at][word] = tags[at][word][:2] + label
    args.folder.mkdir(parents=True, exist_ok=True)
    if not (args.folder / "food").exists():
        parts = ["\n".join(f"{tag}\t{word}" for tag, (_, word) in zip(own, one)) for own, one in zip(tags, chosen)]
        (args.folder / "train.txt").write_text("\n\n".join(parts) + "\n")
        run(args, "new", "food", "--labels", ",".join(labels), "--json")
        run(args, "import", "food", "train.txt", "--split", "train", "--on-duplicate", "copy", "--json")
        result = run(args, "train", "food", "--folds", str(args.folds), "--base", args.base, "--json")
        print("out of fold", {key: round(result["word"][key], 4) for key in ("f1", "low", "high")})
    documents = [json.loads(line)["id"] for line in (args.folder / "food/documents.jsonl").read_text().splitlines()]
    assert len(documents) == len(chosen), (len(documents), len(chosen))
    place = {document: at for at, document in enumerate(documents)}
    print(f"{len(chosen)} sentences, {len(places)} spans, {len(swapped)} of them swapped")

    queue = run(args, "suspects", "food", "--most", "all", "--json")["suspects"]
    report("tagli suspects", [(place[item["document"]], *item["words"], item) for item in queue], swapped)
    model = [item for item in queue if item["reasons"][0] == "model"]
    report("  of the model alone", [(place[item["document"]], *item["words"], item) for item in model], swapped)
    scores = {}
    for item in queue:
        if item["given"]:
            start, end = given_words(item, chosen[place[item["document"]]])
            scores[(place[item["document"]], start, end)] = item["score"]
    area("tagli suspects", [scores.get(one, 1.0) for one in places], places, swapped)

    lines = (args.folder / "food/runs/folds.jsonl").read_text().splitlines()
    names = json.loads(lines[0])["tags"]
    answers = {place[answer["id"]]: answer for answer in map(json.loads, lines[1:])}
    order = sorted(answers)
    given = [[names.index(tag) for tag in tags[at]] for at in order]
    rows = [normal(numpy.array(answers[at]["rows"])) for at in order]
    for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
        _, tokens = get_label_quality_scores(given, rows, token_score_method=method)
        token = {(at, word): float(value) for at, one in zip(order, tokens) for word, value in enumerate(one)}
        worst = [min(token[(at, word)] for word in range(start, end)) for at, start, end in places]
        area(f"cleanlab {method}, least of a span", worst, places, swapped)
        ranked = sorted(zip(worst, places))
        report("  the same as a queue of spans", [one for _, one in ranked], swapped)
        if method == "self_confidence":
            report("  as a queue of sentences' words", merged(sorted((value, one) for one, value in token.items()), tags), swapped)
    issues = [(order[at], word) for at, word in find_label_issues(given, rows)]
    report("cleanlab find_label_issues", merged([(0, one) for one in issues], tags), swapped)


def normal(rows):
    rows = numpy.maximum(rows, 1e-12)
    return rows / rows.sum(axis=1, keepdims=True)


def given_words(item, sentence):
    """Words of the given span, from its code points in a text of words with a blank between them."""
    ends, at = [], 0
    for _, word in sentence:
        ends.append((at, at + len(word)))
        at += len(word) + 1
    touched = [n for n, (start, end) in enumerate(ends) if start < item["given"]["end"] and end > item["given"]["start"]]
    return touched[0], touched[-1] + 1


def merged(ranked, tags):
    """Words in order, those of one span once; a word outside is an item of its own."""
    seen, items = set(), []
    for _, (at, word) in ranked:
        span = next(((at, start, end) for start, end, _ in spans(tags[at]) if start <= word < end), (at, word, word + 1))
        if span not in seen:
            seen.add(span)
            items.append(span)
    return items


def report(name, items, swapped):
    """Precision: an item counts if its words overlap those of a swapped span that no earlier item had."""
    left, right, counts = set(swapped), 0, {}
    for number, (at, start, end, *_) in enumerate(items, 1):
        hit = next((one for one in left if one[0] == at and one[1] < end and start < one[2]), None)
        if hit:
            left.discard(hit)
            right += 1
        if number in (50, 100, 200, len(swapped)):
            counts[number] = right / number
    shown = ", ".join(f"first {number}: {value:.3f}" for number, value in sorted(counts.items()))
    print(f"{name}: {shown}; {right} of {len(swapped)} in all {len(items)}")


def area(name, scores, places, swapped):
    truth = [one in swapped for one in places]
    print(f"{name}: average precision over spans {average_precision_score(truth, [-score for score in scores]):.4f}")


main()
