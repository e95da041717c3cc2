"""Writes bootstrap.json: counts of made-up sentences, and the bootstrap intervals of their F1.

    python bootstrap.py > bootstrap.json

Made with Python 3.11 and numpy; the resamples are drawn by SplitMix64 here, too, so that the numbers can be compared
to the last digits. F1, macro and weighted averages as seqeval defines them on each resample, over the labels that occur
in it; a resample without any entity of a label has no F1 of that label. Intervals by `numpy.nanpercentile`.
"""

import json
import random

import numpy as np

RESAMPLES, SEED = 300, 42
MASK = (1 << 64) - 1
LABELS = ["Amenity", "Dish", "Hours", "Price"]


def mix(value):
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def draws(seed):
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        yield mix(seed)


def f1(right, predicted, gold):
    precision = right / predicted if predicted else 0.0
    recall = right / gold if gold else 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def sentence(rng):
    cells = []
    for way, skill in enumerate([0.75, 0.72]):
        for label, rate in zip(LABELS, [0.6, 0.9, 0.02, 0.3]):
            gold = sum(rng.random() < rate for _ in range(2))
            right = sum(rng.random() < skill for _ in range(gold))
            predicted = right + sum(rng.random() < 0.1 for _ in range(2))
            if gold or predicted:
                cells.append([way, label, [right, predicted, gold]])
    return cells


def scores(table):
    """Overall, macro and weighted F1 and F1 of each label, from a row (right, predicted, gold) for each label."""
    present = table[(table[:, 1] + table[:, 2]) > 0]
    if not len(present):
        return [np.nan] * (3 + len(table))
    by_label = [f1(*row) for row in present]
    gold = present[:, 2]
    weighted = float(np.average(by_label, weights=gold)) if gold.sum() else 0.0
    each = [f1(*row) if row[1] + row[2] else np.nan for row in table]
    return [f1(*present.sum(axis=0)), float(np.mean(by_label)), weighted, *each]


def ends(values):
    return [float(end) for end in np.nanpercentile(values, [2.5, 97.5])]


def main():
    rng = random.Random(7)
    sentences = [sentence(rng) for _ in range(100)]
    sentences += sentences[:20]
    counts = np.zeros((2, len(sentences), len(LABELS), 3), dtype=np.int64)
    for at, cells in enumerate(sentences):
        for way, label, numbers in cells:
            counts[way, at, LABELS.index(label)] = numbers
    random_numbers = draws(SEED)
    values = [[], []]
    for _ in range(RESAMPLES):
        chosen = [(next(random_numbers) * len(sentences)) >> 64 for _ in sentences]
        for way in range(2):
            values[way].append(scores(counts[way, chosen].sum(axis=0)))
    values = np.array(values)
    ways = [
        {
            "overall": ends(values[way, :, 0]),
            "macro": ends(values[way, :, 1]),
            "weighted": ends(values[way, :, 2]),
            "labels": {label: ends(values[way, :, 3 + at]) for at, label in enumerate(LABELS)},
        }
        for way in range(2)
    ]
    difference = values[0, :, 0] - values[1, :, 0]
    result = {
        "resamples": RESAMPLES,
        "seed": SEED,
        "sentences": sentences,
        "ways": ways,
        "difference": [*ends(difference), float(np.mean(difference <= 0))],
    }
    print(json.dumps(result, separators=(",", ":")))


if __name__ == "__main__":
    main()
