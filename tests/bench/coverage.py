"""Measures how often the intervals of `tagli score` contain the true F1.

    coverage.py TAGLI MODEL FILE [SAMPLES [SENTENCES]]

MODEL: a trained model. FILE: many tagged sentences that it has not seen, tag first, tab, word, blank lines between sentences, tags
in IOB2. The model is evaluated on all of them once (`tagli eval --json`, whose mistakes give its tags back). Then SAMPLES (500)
samples of SENTENCES (300) are drawn from them with replacement, each is scored with `tagli score --json`, and the share of
samples whose nominal 95 % interval contains the F1 of all sentences is printed: overall, macro and weighted average, and each label.
The samples have a fixed seed. 500 samples measure a share of .95 to about +-.02.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path


def sentences(path):
    parts = Path(path).read_text(encoding="utf-8").split("\n\n")
    return [[line.split("\t")[::-1] for line in part.split("\n") if line] for part in parts if part.strip()]


def spans(tags):
    """Spans of IOB2 tags as (start, end, label)."""
    found = []
    for at, tag in enumerate(tags):
        if tag.startswith("B-"):
            found.append((at, at + 1, tag[2:]))
        elif tag.startswith("I-"):
            start, _, label = found.pop()
            found.append((start, at + 1, label))
    return found


def tags(spans, length):
    result = ["O"] * length
    for start, end, label in spans:
        result[start:end] = ["B-" + label] + ["I-" + label] * (end - start - 1)
    return result


def both_sides(tagli, model, file):
    """Gold and predicted sentences, as text."""
    command = [tagli, "eval", model, "--data", file, "--json"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    of = {}
    for mistake in found["mistakes"]:
        of.setdefault(mistake["sentence"], []).append(mistake)
    gold, predicted = [], []
    for at, words in enumerate(sentences(file)):
        truth = set(spans([tag for _, tag in words]))
        answer = set(truth)
        for mistake in of.get(at, []):
            for side, change in (("gold", answer.discard), ("predicted", answer.add)):
                if mistake[side]:
                    change(tuple(mistake[side][key] for key in ("start", "end", "label")))
        for side, found_spans in ((gold, truth), (predicted, answer)):
            side.append("\n".join(f"{word} {tag}" for (word, _), tag in zip(words, tags(found_spans, len(words)))))
    return gold, predicted, found["word"]["lenient"]["overall_f1"]


def scored(tagli, folder, gold, predicted):
    for name, part in (("gold", gold), ("pred", predicted)):
        (folder / name).write_text("\n\n".join(part) + "\n\n", encoding="utf-8")
    command = [tagli, "score", folder / "gold", folder / "pred", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def values(scores):
    """F1 and interval of everything, by name."""
    found, intervals = scores["default"], scores["intervals"]["default"]
    result = {"overall": (found["overall_f1"], intervals["overall"])}
    for name in ("macro", "weighted"):
        result[name] = (scores["averages"]["default"][name]["f1"], intervals[name])
    for label, interval in intervals["labels"].items():
        result[label] = (found[label]["f1"], interval)
    return result


def main():
    tagli, model, file = sys.argv[1:4]
    samples, size = [int(number) for number in sys.argv[4:]] + [500, 300][len(sys.argv) - 4 :]
    gold, predicted, f1 = both_sides(tagli, model, file)
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        truth = values(scored(tagli, folder, gold, predicted))
        assert abs(truth["overall"][0] - f1) < 1e-9, (truth["overall"], f1)
        inside, widths = {name: [] for name in truth}, {name: [] for name in truth}
        for _ in range(samples):
            chosen = [rng.randrange(len(gold)) for _ in range(size)]
            found = values(scored(tagli, folder, [gold[at] for at in chosen], [predicted[at] for at in chosen]))
            for name, (_, interval) in found.items():
                if name in inside and interval:
                    low, high = interval
                    inside[name].append(low <= truth[name][0] <= high)
                    widths[name].append(high - low)
    print(f"{len(gold)} sentences, {samples} samples of {size}")
    for name, hits in inside.items():
        share, width = sum(hits) / len(hits), sum(widths[name]) / len(hits)
        print(f"{name:16} F1 {truth[name][0]:.4f}  mean width {width:.3f}  contains it in {100 * share:.1f} % of {len(hits)}")


if __name__ == "__main__":
    main()
