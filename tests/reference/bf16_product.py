#!/usr/bin/env python3
"""Numbers rounded to bfloat16 by torch, and a product of such numbers, as src/model/kernels/bf16_tile.rs defines it.

    python bf16_product.py      # needs torch and numpy; writes bf16_product.txt

Each line has a name and 32-bit floating point numbers as hexadecimal bits: values and what torch rounds them to; rows of
inputs [ROWS, INPUTS], weights [INPUTS, OUTPUTS] and outputs [ROWS, OUTPUTS]. Sums are 32-bit floating point, two inputs at
a time, the second one first.
"""

from pathlib import Path

import numpy as np
import torch

ROWS, INPUTS, OUTPUTS = 3, 11, 66
F = np.float32


def rounded(values):
    return torch.from_numpy(values).to(torch.bfloat16).to(torch.float32).numpy()


def product(rows, weights):
    rows, weights = rounded(rows), rounded(weights)
    sums = np.zeros((rows.shape[0], weights.shape[1]), dtype=F)
    for first in range(0, rows.shape[1], 2):
        for at in reversed(range(first, min(first + 2, rows.shape[1]))):
            # The product of two bfloat16 numbers is exact.
            sums = sums + rows[:, at : at + 1] * weights[at]
    return sums


def main():
    numbers = np.random.default_rng(42)
    random = numbers.integers(0, 2**32, size=1100, dtype=np.uint64).astype(np.uint32)
    # Halfway between two bfloat16 numbers, and next to that.
    halves = np.array([0x3F808000, 0x3F818000, 0x3F807FFF, 0x3F808001, 0xBF818000, 0x7F7FFFFF, 0, 0x80000000], np.uint32)
    values = np.concatenate([halves, random]).view(F)
    values = values[np.isfinite(values)]
    rows = (numbers.normal(size=(ROWS, INPUTS)) * np.exp(numbers.normal(size=INPUTS))).astype(F)
    weights = (numbers.normal(size=(INPUTS, OUTPUTS)) * np.exp(numbers.normal(size=OUTPUTS))).astype(F)
    outputs = product(rows, weights)
    assert outputs.dtype == F
    both = torch.from_numpy(rows).bfloat16() @ torch.from_numpy(weights).bfloat16()
    assert np.abs(both.float().numpy() - outputs).max() <= 2**-7 * np.abs(outputs).max()
    lines = []
    for name, array in [
        ("values", values),
        ("rounded", rounded(values)),
        ("rows", rows),
        ("weights", weights),
        ("outputs", outputs),
    ]:
        lines.append(" ".join([name, *(f"{bits:08x}" for bits in array.reshape(-1).view(np.uint32))]))
    Path(__file__).with_suffix(".txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
