"""Golden random numbers of torch on the processor: permutations and normal values for large, wrapping and negative seeds.

usage: seeds.py [OUT_DIR]      (the results stand beside this script)
Made with torch 2.15.0, transformers 5.24.0, numpy 2.4.6.

torch takes a seed from -2^63 to 2^64 - 1; a negative one counts as 2^64 + seed. Of that the Mersenne Twister takes the low 32 bits: 2^32
is as 0, 2^40 + 5 as 5, -1 as 2^32 - 1. Other seeds are an error in torch. transformers' set_seed, and so the Trainer, seeds numpy
as well, which takes only 0 to 2^32 - 1: any other seed is a ValueError there. Its data_seed has torch's range, and the order of an
epoch is that of seed + epoch, which may pass 2^32 and then begins at 0 again.

Writes seeds.json:
  cases      for each {
      text           the seed, as text
      unsigned, low  what torch makes of it (0 to 2^64 - 1), and the low 32 bits of that
      trainer        whether the Trainer takes it as its seed
      permutations   {n: first 20 of torch.randperm(n) by a new generator with that seed; of n = 1000 then also the last 3}
      normals        {n: first 8 and last 3 of torch.empty(n).normal_(0, 0.02) after manual_seed; all where n is 4}}
  epochs     {seed, epoch, n, order: first 20 of accelerate's SeedableRandomSampler in that epoch, counted from 0; null where seed +
             epoch is beyond 2^64 - 1, which is an error}
  refused    seeds as text that torch refuses

normal_(mean, spread) for fewer than 16 f32 values draws pairs, in double precision: one 64-bit number is two outputs of the twister, the
first one being the high half; a uniform value is the low 53 bits of it times 2^-53. Of a pair (u, v) of uniform values the first normal
value is r cos(2 pi u), the second r sin(2 pi u), with r = sqrt(-2 ln(1 - v)); an odd one out is kept in the generator for the next draw.
From 16 values on see src/training/torch.rs. This script computes both again from numpy's twister.
"""

import math

import numpy
import torch
import transformers
from accelerate.data_loader import SeedableRandomSampler
from trainer_shared import write

SEEDS = [0, 1, 7, 42, 2**31, 2**32 - 2, 2**32 - 1, 2**32, 2**32 + 1, 2**40 + 5, 2**63 - 1, 2**63, 2**64 - 1, -1, -5, -(2**63)]
REFUSED = [2**64, -(2**63) - 1]
PERMUTED, NORMAL, SPREAD = (1, 2, 37, 1000), (4, 15, 16, 17, 35, 1000), 0.02
EPOCHS = [(42, 0, 37), (42, 2, 37), (2**32 - 1, 0, 37), (2**32 - 1, 1, 37), (2**32 - 1, 2, 37), (2**32, 0, 37), (2**40 + 5, 1, 37),
          (2**64 - 1, 0, 37), (2**64 - 1, 1, 37), (2**32 - 2, 3, 1000)]


class Twister:
    """mt19937 by numpy."""

    def __init__(self, seed):
        self.bits = numpy.random.RandomState(seed % 2**32)._bit_generator

    def next(self):
        return int(self.bits.random_raw())

    def wide(self):
        high = self.next()
        return high << 32 | self.next()


def permutation(seed, count):
    twister, order = Twister(seed), list(range(count))
    for at in range(count - 1):
        other = at + twister.next() % (count - at)
        order[at], order[other] = order[other], order[at]
    return order


def pairs(twister, count):
    values = []
    while len(values) < count:
        angle, radius = ((twister.wide() & (2**53 - 1)) * 2.0**-53 for _ in range(2))
        radius = math.sqrt(-2 * math.log1p(-radius))
        values += [radius * math.cos(2 * math.pi * angle), radius * math.sin(2 * math.pi * angle)]
    return values[:count]


def blocks(twister, count):
    uniform = lambda: (twister.next() & (2**24 - 1)) * 2.0**-24

    def sixteen(values):
        radius = [math.sqrt(-2 * math.log(1 - v)) for v in values[:8]]
        return ([r * math.cos(2 * math.pi * v) for r, v in zip(radius, values[8:])]
                + [r * math.sin(2 * math.pi * v) for r, v in zip(radius, values[8:])])

    drawn = [uniform() for _ in range(count)]
    values = sum((sixteen(drawn[at : at + 16]) for at in range(0, count - 15, 16)), [])
    if count % 16:
        values = values[: count - 16] + sixteen([uniform() for _ in range(16)])
    return values


def normal(seed, count):
    return [SPREAD * value for value in (pairs if count < 16 else blocks)(Twister(seed), count)]


def trainer_takes(seed):
    try:
        transformers.set_seed(seed)
    except ValueError:
        return False
    return True


def refuses(seed):
    try:
        torch.Generator().manual_seed(seed)
    except ValueError:
        return True
    return False


def main():
    cases, worst = [], 0.0
    ends = lambda values, first: values if len(values) <= first + 3 else values[:first] + values[-3:]
    for seed in SEEDS:
        permutations, normals = {}, {}
        for count in PERMUTED:
            order = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
            assert order == permutation(seed, count)
            permutations[str(count)] = order[:20] + (order[-3:] if count == 1000 else [])
        for count in NORMAL:
            torch.manual_seed(seed)
            values = torch.empty(count).normal_(0, SPREAD).tolist()
            worst = max(worst, *(abs(a - b) for a, b in zip(values, normal(seed, count), strict=True)))
            normals[str(count)] = ends(values, 8)
        cases.append({"text": str(seed), "unsigned": seed % 2**64, "low": seed % 2**32, "trainer": trainer_takes(seed),
                      "permutations": permutations, "normals": normals})
    assert worst < 1e-7, worst
    epochs = []
    for seed, epoch, count in EPOCHS:
        sampler = SeedableRandomSampler(range(count), generator=torch.Generator(), data_seed=seed)
        sampler.set_epoch(epoch)
        try:
            order = list(sampler)
        except ValueError:  # seed + epoch is beyond 2^64 - 1
            order = None
        assert order is None or order == permutation(seed + epoch, count)
        epochs.append({"seed": seed, "epoch": epoch, "n": count, "order": order and order[:20]})
    assert all(map(refuses, REFUSED))
    write("seeds.json", {"cases": cases, "epochs": epochs, "refused": [str(seed) for seed in REFUSED]})
    print("normal values differ from the formulas by", worst)


main()
