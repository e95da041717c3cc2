"""Compares families of learning curves by how well they forecast, on curves that `curve.py` measured.

usage: forecast.py RESULTS...
RESULTS: files of JSON lines `{"set","size","draw","valid"}`. Each family is fitted to all sizes of a set up to N (at least three),
and forecasts the mean F1 at 2 N, if that was measured. Printed: the mean error and the root of the mean square, over all sets and N.
For the family of `src/runs/learning_curve.rs`, `limit - drop * n^-EXPONENT`, several exponents are compared, also with each set left
out, and the errors of each forecast are shown.
"""
import json
import math
import pathlib
import statistics
import sys

import numpy


def curves():
    found = {}
    for name in sys.argv[1:]:
        for line in pathlib.Path(name).read_text().splitlines():
            run = json.loads(line)
            found.setdefault(run["set"], {}).setdefault(run["size"], []).append(run["valid"])
    return {name: {size: statistics.mean(f1) for size, f1 in sorted(sizes.items())} for name, sizes in found.items()}


def linear(transform, back, shape):
    """Least squares of transform(F1) over shape(n)."""

    def forecast(sizes, f1, at):
        slope, level = numpy.polyfit([shape(n) for n in sizes], [transform(value) for value in f1], 1)
        return back(level + slope * shape(at))

    return forecast


def free_power(sizes, f1, at):
    """limit - drop * n^-b with all three free, b from 0.05 to 1.5, limit at most 1."""
    best = None
    for b in numpy.arange(0.05, 1.5, 0.05):
        x = numpy.array([n**-b for n in sizes])
        slope, limit = numpy.polyfit(x, f1, 1)
        limit = min(limit, 1.0)
        slope = ((numpy.array(f1) - limit) * x).sum() / (x * x).sum()
        error = ((limit + slope * x - f1) ** 2).sum()
        if best is None or error < best[0]:
            best = (error, limit + slope * at**-b)
    return best[1]


def keep(value):
    return value


def logit(value):
    return math.log(value / (1 - value))


FAMILIES = {
    "F1 = a + b log n": linear(keep, keep, math.log),
    "1 - F1 = a n^-b (pure power law)": linear(lambda f1: math.log(1 - f1), lambda y: 1 - math.exp(y), math.log),
    "logit F1 = a + b log n": linear(logit, lambda y: 1 / (1 + math.exp(-y)), math.log),
    "limit - drop n^-b, three free": free_power,
    "the last F1": lambda sizes, f1, at: f1[-1],
}
for exponent in (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7):
    FAMILIES[f"limit - drop n^-{exponent}"] = linear(keep, keep, lambda n, exponent=exponent: n**-exponent)


def tries(curves, forecast):
    for name, sizes in curves.items():
        for last in list(sizes)[2:]:
            if last * 2 in sizes:
                known = [size for size in sizes if size <= last]
                yield name, last, forecast(known, [sizes[size] for size in known], last * 2) - sizes[last * 2]


def root(errors):
    return math.sqrt(statistics.mean(error**2 for error in errors))


def main():
    measured = curves()
    for name, sizes in measured.items():
        print(name, ", ".join(f"{size}: {f1:.3f}" for size, f1 in sizes.items()))
    for family, forecast in FAMILIES.items():
        errors = [error for *_, error in tries(measured, forecast)]
        shown = f"mean error {statistics.mean(errors):+.4f}, root mean square {root(errors):.4f}, most {max(map(abs, errors)):.4f}"
        print(f"{family:36} {len(errors)} forecasts: {shown}")
    powers = [family for family in FAMILIES if family.startswith("limit - drop n^-0")]
    for left_out in measured:
        rest = {name: sizes for name, sizes in measured.items() if name != left_out}
        best = min(powers, key=lambda family: root([error for *_, error in tries(rest, FAMILIES[family])]))
        own = [error for *_, error in tries({left_out: measured[left_out]}, FAMILIES[best])]
        print(f"without {left_out}: {best}; on {left_out}: {', '.join(f'{error:+.4f}' for error in own)}")


main()
