"""Golden orders of the real transformers Trainer: which examples make each batch, shuffled and grouped by length.

usage: trainer_shuffled.py [OUT_DIR]      (the results stand beside this script)
Made with torch 2.15.0, transformers 5.24.0, accelerate 1.15.0, on a processor; 5.23.0 gives the same.

Model (weights `start.*`), examples and settings of trainer_steps.py, but another order, three epochs (15 steps), and what a case
says. 37 examples, batch 8.

Writes trainer_shuffled.json:
  lengths   pieces of each of the 37 examples
  cases     for each {
      name
      seed, data_seed   as given to the Trainer; data_seed null is its default, and then seed counts
      strategy          train_sampling_strategy: "random" (the default) or "group_by_length"
      evaluates         whether it evaluates after each epoch
      batches           the places of the examples, batch by batch as the collator gets them, epoch by epoch: [3][5][8 or 5]
      losses            of the 15 steps
      spread            how far the losses of plain torch in double precision are from them}

"random": epoch e (from 0) is torch.randperm(37) of a generator seeded with (data_seed or seed) + e. The generator takes the low 32
bits, so that epoch 1 of seed 4294967295 is epoch 0 of seed 0. Precisely, "seed" is the one that torch was seeded with last when
train() begins: the Trainer does so when it is made.

"group_by_length": one stream of numbers, seeded with seed (data_seed is ignored) when the Trainer is made, never again. Each epoch
takes from it first one 64-bit number, two outputs of the Mersenne Twister (the data loader's seed for its workers), then
randperm(37), 36 outputs. The permutation is cut into stretches of k x batch x accumulation with k = max(1, min(37 // (4 x batch x
accumulation), 50)); each is sorted by length, longest first, equal ones staying in order; then the first example of the first
stretch that holds the longest one changes places with the very first example. Dropout and evaluations take numbers from the same
stream (an evaluation one 64-bit number): with dropout only epoch 0 can be foretold. Evaluation and predict() are grouped, too, each time
by a new generator seeded with data_seed or seed: predictions then do not come in the order of the data. This script checks all of
it.
"""

import numpy
import torch
from trainer_shared import BATCH, Loop, network, sentences, trained, write

EPOCHS, STEPS_AN_EPOCH = 3, 5
CASES = [
    ("default", 42, None, "random", False),
    ("default, evaluating", 42, None, "random", True),
    ("data_seed", 42, 7, "random", False),
    ("largest seed", 2**32 - 1, None, "random", False),
    ("grouped", 42, None, "group_by_length", False),
    ("grouped, other seed", 7, None, "group_by_length", False),
    ("grouped, data_seed", 42, 7, "group_by_length", False),
    ("grouped, evaluating", 42, None, "group_by_length", True),
]


def twister(seed):
    """The outputs of mt19937, by numpy."""
    bits = numpy.random.RandomState(seed % 2**32)._bit_generator
    while True:
        yield int(bits.random_raw())


def permutation(stream, count):
    order = list(range(count))
    for at in range(count - 1):
        other = at + next(stream) % (count - at)
        order[at], order[other] = order[other], order[at]
    return order


def grouped(order, lengths):
    stretch = max(1, min(len(order) // (4 * BATCH), 50)) * BATCH
    stretches = [sorted(order[at : at + stretch], key=lambda i: -lengths[i]) for at in range(0, len(order), stretch)]
    longest = max(range(len(stretches)), key=lambda i: lengths[stretches[i][0]])
    stretches[0][0], stretches[longest][0] = stretches[longest][0], stretches[0][0]
    return sum(stretches, [])


def expected(seed, data_seed, strategy, evaluates, lengths):
    stream, orders = twister(seed), []
    for epoch in range(EPOCHS):
        if strategy == "random":
            orders.append(permutation(twister((seed if data_seed is None else data_seed) + epoch), len(lengths)))
        else:
            next(stream), next(stream)
            orders.append(grouped(permutation(stream, len(lengths)), lengths))
            if evaluates:
                next(stream), next(stream)
    return orders


def spread(rows, batches, losses):
    loop = Loop(network(dtype=torch.float64), EPOCHS * STEPS_AN_EPOCH)
    theirs = [loop.step([[rows[at] for at in batch]])["loss"] for batch in sum(batches, [])]
    return max(abs(a - b) for a, b in zip(losses, theirs, strict=True))


def main():
    rows = sentences()
    lengths = [len(row["input_ids"]) for row in rows]
    cases = []
    for name, seed, data_seed, strategy, evaluates in CASES:
        options = {"seed": seed, "data_seed": data_seed, "train_sampling_strategy": strategy, "num_train_epochs": EPOCHS,
                   "eval_strategy": "epoch" if evaluates else "no"}
        run, _ = trained(network(), rows, **options)
        # The collator also serves the evaluations.
        seen = iter(run.data_collator.seen)
        in_order = list(range(len(rows)))
        if strategy != "random":
            in_order = grouped(permutation(twister(seed if data_seed is None else data_seed), len(rows)), lengths)
        batches = []
        for _ in range(EPOCHS):
            batches.append([next(seen) for _ in range(STEPS_AN_EPOCH)])
            if evaluates:
                assert sum((next(seen) for _ in range(STEPS_AN_EPOCH)), []) == in_order, name
        assert next(seen, None) is None and len(run.micro) == EPOCHS * STEPS_AN_EPOCH
        assert [sum(epoch, []) for epoch in batches] == expected(seed, data_seed, strategy, evaluates, lengths), name
        cases.append({"name": name, "seed": seed, "data_seed": data_seed, "strategy": strategy, "evaluates": evaluates,
                      "batches": batches, "losses": run.micro, "spread": spread(rows, batches, run.micro)})
    assert cases[0]["batches"] == cases[1]["batches"] and cases[4]["batches"] != cases[7]["batches"]
    assert cases[4]["batches"] == cases[6]["batches"]
    write("trainer_shuffled.json", {"lengths": lengths, "cases": cases})
    print(len(cases), "cases are as foretold;", [case["spread"] for case in cases])


main()
