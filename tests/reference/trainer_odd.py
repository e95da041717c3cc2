"""Odd batches in the transformers Trainer: a piece with the id of [PAD] inside a sentence, batches without a label, tiny batches.

usage: trainer_odd.py [OUT_DIR]      (the results stand beside this script)
Made with torch 2.15.0, transformers 5.24.0, accelerate 1.15.0, on a processor, float32; 5.23.0 gives the same numbers.

Model (weights `start.*`) and settings of trainer_steps.py; each case is a run of its own over `examples`, in order.

Row 0 of the table of words ([PAD], padding_idx) gets no gradient, even where piece 0 stands inside a sentence and is attended to (a text
may say "[PAD]"): weight decay alone changes it. A batch without any labelled piece has the loss NaN (0 / 0), but the gradient 0, and the
Trainer makes a step with that: the moments fade and still move the weights, weight decay acts, Adam's count and the schedule go on. It
logs such a loss as the mean of the losses since the last line (logging_nan_inf_filter; with logging_steps 1: as 0).

Writes trainer_odd.json:
  cases  for each {
      name
      examples   {input_ids, labels}; batch: examples a step
      steps      for each step {loss: as training_step returns it ("nan", as text, where it is not a number), logged_loss, grad_norm: before
                 clipping, learning_rate}
      changes    the L2 norm of (after - before) of each tensor
      row_0      {start, end}: the L2 norm of row 0 of the word table
      spread     the largest differences of plain torch in double precision: {loss, grad_norm (absolute), weights: largest over all tensors
                 that are not k_lin.bias}}
"""

import math

import torch
from trainer_shared import (CLS, IGNORE, SEP, Loop, epochs_of, far, far_weights, network, sentences, trained, weights,
                            write)

WORDS = "distilbert.embeddings.word_embeddings.weight"


def main():
    rows = sentences()
    padded = [{"input_ids": [CLS, 9, 0, 0, 17, SEP], "labels": [IGNORE, 1, 2, IGNORE, 0, IGNORE]}, rows[3]]
    silent = [{**row, "labels": [IGNORE] * len(row["labels"])} for row in rows[4:6]]
    only = [{"input_ids": [CLS, SEP], "labels": [IGNORE, IGNORE]}, {"input_ids": [CLS, 30, SEP], "labels": [IGNORE, 4, IGNORE]}]
    cases = []
    for name, examples, size in [
        ("[PAD] inside", padded * 2, 2),
        ("a sentence without labels in a batch with", [rows[6], silent[0]] * 2, 2),
        ("a batch without labels", rows[6:8] + silent + rows[8:10], 2),
        ("a sentence of [CLS] and [SEP] alone, then of one piece", only[1:] + only, 2),
    ]:
        net = network()
        start = weights(net)
        run, noted = trained(net, examples, per_device_train_batch_size=size, num_train_epochs=1)
        end = weights(net)
        steps = [{"loss": loss, "logged_loss": log["loss"], "grad_norm": log["grad_norm"], "learning_rate": rate}
                 for loss, log, rate in zip(run.micro, noted.logs, noted.rates, strict=True)]
        changes = {tensor: float((end[tensor].double() - start[tensor].double()).norm()) for tensor in end}
        row_0 = {key: float(tensors[WORDS][0].double().norm()) for key, tensors in [("start", start), ("end", end)]}
        if name == "[PAD] inside":
            left = math.prod(1 - step["learning_rate"] * 0.01 for step in steps)
            assert abs(row_0["end"] - row_0["start"] * left) < 1e-6
        other = network(dtype=torch.float64)
        loop, batches = Loop(other, len(steps)), epochs_of(examples, size)
        theirs = [loop.step([next(batches)]) for _ in steps]
        assert [math.isnan(step["loss"]) for step in steps] == [math.isnan(step["loss"]) for step in theirs]
        known = [at for at, step in enumerate(steps) if not math.isnan(step["loss"])]
        spread = {"loss": far([theirs[at] for at in known], [steps[at] for at in known], "loss"),
                  "grad_norm": far(theirs, steps, "grad_norm"),
                  "weights": max(v for n, v in far_weights(end, weights(other)).items() if not n.endswith("k_lin.bias"))}
        print(name, spread, [step["loss"] for step in steps])
        cases.append({"name": name, "batch": size, "examples": examples, "steps": steps, "row_0": row_0, "changes": changes,
                      "spread": spread})
    write("trainer_odd.json", {"cases": cases})


main()
