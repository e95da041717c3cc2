#!/usr/bin/env python3
"""Product of rows with weights, both rounded to 8 bits, as src/model/kernels/int8.rs defines it, in numpy.

    python int8_product.py      # writes int8_product.txt

Each line has a name and 32-bit floating point numbers as hexadecimal bits: rows of inputs [ROWS, INPUTS], weights
[INPUTS, OUTPUTS], bias [OUTPUTS] and outputs [ROWS, OUTPUTS].
"""

from pathlib import Path

import numpy as np

ROWS, INPUTS, OUTPUTS = 3, 11, 66
F = np.float32


def rounded_weights(weights):
    steps = np.abs(weights).max(axis=0) / F(127)
    return np.rint(weights / np.where(steps > 0, steps, F(1))).astype(np.int32), steps


def rounded_rows(rows):
    lowest, highest = rows.min(axis=1), rows.max(axis=1)
    span = highest - lowest
    factors = np.where(span > 0, F(255) / np.where(span > 0, span, F(1)), F(0))
    # Halves go to the even neighbour.
    return np.rint((rows - lowest[:, None]) * factors[:, None]).astype(np.int32), lowest, span / F(255)


def product(rows, weights, bias):
    quantised, lowest, row_steps = rounded_rows(rows)
    integers, steps = rounded_weights(weights)
    sums = (quantised @ integers).astype(F)
    totals = integers.sum(axis=0).astype(F) * steps
    return row_steps[:, None] * sums * steps + (lowest[:, None] * totals + bias)


def main():
    numbers = np.random.default_rng(42)
    rows = numbers.normal(size=(ROWS, INPUTS)).astype(F)
    rows[1] = np.abs(rows[1]) * F(100)
    rows[2] = F(0.25)
    weights = (numbers.normal(size=(INPUTS, OUTPUTS)) * np.exp(numbers.normal(size=OUTPUTS))).astype(F)
    weights[:, 5] = 0
    bias = numbers.normal(size=OUTPUTS).astype(F)
    outputs = product(rows, weights, bias)
    assert outputs.dtype == F and np.abs(outputs - (rows @ weights + bias)).max() < 10
    lines = []
    for name, values in [("rows", rows), ("weights", weights), ("bias", bias), ("outputs", outputs)]:
        lines.append(" ".join([name, *(f"{bits:08x}" for bits in values.reshape(-1).view(np.uint32))]))
    Path(__file__).with_suffix(".txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
