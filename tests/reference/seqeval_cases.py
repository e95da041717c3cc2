"""Writes seqeval_cases.json: small random tag sequences and what seqeval says of them.

    python seqeval_cases.py > seqeval_cases.json

Made with Python 3.11, seqeval 1.2.2, numpy 2.4.6, scikit-learn 1.9.1. `evaluate` is what evaluate's metric `seqeval`
returns, which only renames what `classification_report(output_dict=True)` gives (evaluate 0.4.6, metrics/seqeval).
A case without `strict` is one at which seqeval's strict IOB2 raises, because of a prefix that it does not know.
`macro` is missing where seqeval gives NaN, because no label has an entity.
"""

import json
import math
import random
import sys
import warnings

from seqeval.metrics import accuracy_score, classification_report
from seqeval.scheme import IOB2

warnings.filterwarnings("ignore")

KINDS = [
    # how many cases, prefixes, labels, share of O, tags that come as they are
    (25, "BI", ["Dish", "Price"], 0.4, []),
    (15, "BIB", ["Dish", "Price", "Tex-Mex"], 0.2, []),
    (15, "BIESLU", ["Dish", "Price"], 0.3, []),
    (15, "BIEO", ["Dish", "X-", "-Y"], 0.3, ["B", "I", "O", "B-", "I-", "Iowa"]),
    (15, "BIESLUO.", ["Dish", "_"], 0.2, ["Dish", "Fast-Food", "E", "S", "L", "U", ".", "B", "O-x", "é-x"]),
]


def tag(rng, prefixes, labels, outside, others):
    if rng.random() < outside:
        return "O"
    if others and rng.random() < 0.4:
        return rng.choice(others)
    return rng.choice(prefixes) + "-" + rng.choice(labels)


def sentences(rng, kind):
    _, prefixes, labels, outside, others = kind
    lengths = [rng.randint(1, 8) for _ in range(rng.randint(1, 3))]
    gold = [[tag(rng, prefixes, labels, outside, others) for _ in range(n)] for n in lengths]
    redo = rng.choice([0.1, 0.4, 1.0])
    again = lambda old: tag(rng, prefixes, labels, outside, others) if rng.random() < redo else old
    return gold, [[again(t) for t in sentence] for sentence in gold]


def expected(gold, predicted, **mode):
    report = classification_report(gold, predicted, output_dict=True, **mode)
    rates = lambda row: [float(row[name]) for name in ("precision", "recall", "f1-score")]
    macro, weighted, micro = (rates(report.pop(name + " avg")) for name in ("macro", "weighted", "micro"))
    evaluate = {
        label: dict(zip(("precision", "recall", "f1"), rates(row)), number=int(row["support"]))
        for label, row in report.items()
    }
    evaluate |= dict(zip(("overall_precision", "overall_recall", "overall_f1"), micro))
    evaluate["overall_accuracy"] = accuracy_score(gold, predicted)
    result = {"evaluate": evaluate, "weighted": weighted}
    if not any(math.isnan(rate) for rate in macro):
        result["macro"] = macro
    return result


def case(gold, predicted):
    lines = lambda side: [" ".join(sentence) for sentence in side]
    result = {"gold": lines(gold), "predicted": lines(predicted), "default": expected(gold, predicted)}
    try:
        result["strict"] = expected(gold, predicted, mode="strict", scheme=IOB2)
    except (ValueError, KeyError):
        pass
    return result


def cases(seed, factor=1):
    rng = random.Random(seed)
    yield case([["O", "O"]], [["O", "O"]])
    yield case([["B-Dish", "O"]], [["O", "O"]])
    yield case([["O", "O"]], [["I-Dish", "O"]])
    for kind in KINDS:
        for _ in range(kind[0] * factor):
            yield case(*sentences(rng, kind))


if __name__ == "__main__":
    # Another seed and a factor give more cases than are kept: `seqeval_cases.py 7 100`.
    numbers = [int(argument) for argument in sys.argv[1:]] or [1]
    print("[\n" + ",\n".join(json.dumps(c, separators=(",", ":"), ensure_ascii=False) for c in cases(*numbers)) + "\n]")
