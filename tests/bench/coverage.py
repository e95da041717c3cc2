"""Measures how often the intervals of `tagli score` contain the true F1.

    coverage.py TAGLI GOLD PRED [SAMPLES [SENTENCES]]

GOLD and PRED: two files of the same tagged sentences, a word and its tag per line, as `tagli convert` and `tagli predict
--to conll2002` write them. Draws SAMPLES (500) samples of SENTENCES (300) with replacement from them, scores each with `tagli score
--json`, and prints the share of samples whose nominal 95 % interval contains the F1 of all sentences: overall, macro and
weighted, and per label. The samples are drawn with a fixed seed. 500 samples measure a share of .95 to about +-.02.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path


def sentences(path):
    parts = Path(path).read_text(encoding="utf-8").split("\n\n")
    return [part.strip("\n") for part in parts if part.strip()]


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
    tagli, gold, predicted = sys.argv[1:4]
    samples, size = [int(number) for number in sys.argv[4:]] + [500, 300][len(sys.argv) - 4 :]
    gold, predicted = sentences(gold), sentences(predicted)
    assert len(gold) == len(predicted), (len(gold), len(predicted))
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        truth = values(scored(tagli, folder, gold, predicted))
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
