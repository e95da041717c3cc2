"""Golden numbers of gradient accumulation: what is right, and what the transformers Trainer makes of it.

usage: trainer_accumulation.py [OUT_DIR]      (the results stand beside this script)
Made with torch 2.15.0, transformers 5.24.0, accelerate 1.15.0, on a processor, float32; 5.23.0 gives the same numbers.

Model (weights `start.*`) and settings of trainer_steps.py, its examples 4 to 33 in order, micro-batches of 4, accumulation 3,
10 optimiser steps (max_steps 10). An epoch has 8 micro-batches, the last of two examples, so three optimiser steps: 12, 12 and 6
examples. The last group of an epoch is short, it does not go on into the next epoch.

Right is: the sum of the losses of all labelled pieces of the accumulated batch, over their number; the same as one batch of 12. The
Trainer does not do so: DistilBERT's forward takes **kwargs, so the Trainer believes that the model divides by num_items_in_batch and
does not divide by the number of micro-batches; but the model ignores it and gives the mean over its micro-batch. So the gradient is
the SUM of the means of the micro-batches: two or three times too large, and a piece of a micro-batch with few labels counts more. The
logged loss is that sum, too (huggingface/transformers #47688). Each of these does it in another way:
  - a compute_loss_func that divides by num_items_in_batch is right, also in the logged loss;
  - label smoothing is right: the smoother divides by num_items_in_batch (trainer_smoothing.json);
  - model.accepts_loss_kwargs = False (as transformers 4 was, and bert or distilbert without **kwargs): the MEAN of the means of the
    micro-batches, divided by how many there really are, two in the short group: not weighted by labels.

Writes trainer_accumulation.json:
  settings
  groups         for each step {micro_batches: [[places in `examples` of trainer_steps.json]], labelled:
                 [labelled pieces of each micro-batch]}
  right          for each step {loss, grad_norm: before clipping, learning_rate}: plain torch, one batch of 12 (or 6)
  right_by_parts the same, by micro-batches
  right_norms    the L2 norm of each tensor after the 10 steps
  trainer        the Trainer as it is: for each step {loss: as logged, micro_losses: as training_step returns them, grad_norm}
  trainer_loss_func, trainer_without_kwargs   the same for the two other ways
  spread         the largest differences from `right`: {right_by_parts, loss_func, f64 (plain torch in double precision)}:
                 {loss, grad_norm_relative, weights: largest over all tensors that are not k_lin.bias}

Which examples are used matters: with examples 0 to 29 one value of the position table ([8][22]) has the gradient 4e-8 in the first
step, of which single precision finds 1.2e-8. After clipping that is as small as Adam's epsilon, so the step of this one value is
anything up to the full rate, by rounding alone: two correct computations differ by 8e-4 in it and by 3e-5 in later losses. Here nothing
is that near to 0.
"""

import torch
from trainer_shared import (CLIP, DECAY, IGNORE, RATE, Loop, epochs_of, far, far_weights, network, sentences, trained, weights,
                            write)

MICRO, ACCUMULATION, STEPS, EXAMPLES = 4, 3, 10, (4, 34)


def groups_of(rows):
    """The micro-batches of each step, as places."""
    parts = [list(range(at, min(at + MICRO, len(rows)))) for at in range(0, len(rows), MICRO)]
    groups = epochs_of(parts, ACCUMULATION)
    return [next(groups) for _ in range(STEPS)]


def by_trainer(rows, groups, compute_loss_func=None, accepts=None, rate=RATE):
    net = network()
    if accepts is not None:
        net.accepts_loss_kwargs = accepts
    run, noted = trained(net, rows, compute_loss_func=compute_loss_func, per_device_train_batch_size=MICRO,
                         gradient_accumulation_steps=ACCUMULATION, max_steps=STEPS, learning_rate=rate)
    # The loader is one batch ahead when training ends.
    used = sum(groups, [])
    assert run.data_collator.seen[: len(used)] == used and len(run.micro) == len(used)
    steps, micro = [], iter(run.micro)
    for log, group in zip(noted.logs, groups, strict=True):
        steps.append({"loss": log["loss"], "micro_losses": [next(micro) for _ in group], "grad_norm": log["grad_norm"]})
    return steps, weights(net)


def right_loss(outputs, labels, num_items_in_batch=None):
    logits = outputs["logits"].flatten(0, 1)
    return torch.nn.functional.cross_entropy(logits, labels.flatten(), reduction="sum", ignore_index=IGNORE) / num_items_in_batch


def main():
    rows = sentences()[slice(*EXAMPLES)]
    groups = groups_of(rows)
    batches = [[[rows[at] for at in part] for part in group] for group in groups]
    results = {}
    for name in ("right", "right_by_parts", "f64"):
        net = network(dtype=torch.float64 if name == "f64" else torch.float32)
        loop = Loop(net, STEPS)
        results[name] = [loop.step(parts if name == "right_by_parts" else [sum(parts, [])]) for parts in batches], weights(net)
    right, after = results.pop("right")
    trainer, _ = by_trainer(rows, groups)
    results["loss_func"] = by_trainer(rows, groups, compute_loss_func=right_loss)
    without, _ = by_trainer(rows, groups, accepts=False)

    # With rate 0 the weights stay the same, so that the means of micro-batches can be compared in each step.
    still, fixed = (by_trainer(rows, groups, accepts=accepts, rate=0.0)[0] for accepts in (None, False))
    for step, other in zip(still, fixed, strict=True):
        assert abs(step["loss"] - sum(step["micro_losses"])) < 1e-6
        assert abs(step["loss"] / len(step["micro_losses"]) - other["loss"]) < 1e-6

    spread = {name: {"loss": far(steps, right, "loss"), "grad_norm_relative": far(steps, right, "grad_norm", True),
                     "weights": max(v for name, v in far_weights(end, after).items() if not name.endswith("k_lin.bias"))}
              for name, (steps, end) in results.items()}
    for one in spread.values():
        assert one["loss"] < 1e-6 and one["grad_norm_relative"] < 1e-6 and one["weights"] < 1e-5, spread
    # The fault, in the first step, where all have the same weights: the sum of means.
    labelled = [[sum(label != IGNORE for row in part for label in row["labels"]) for part in group] for group in batches]
    assert abs(trainer[0]["loss"] - sum(trainer[0]["micro_losses"])) < 1e-6
    weighted = sum(loss * count for loss, count in zip(trainer[0]["micro_losses"], labelled[0])) / sum(labelled[0])
    assert abs(weighted - right[0]["loss"]) < 1e-6
    assert abs(trainer[0]["loss"] / 3 - without[0]["loss"]) < 1e-6
    for name, steps in [("right", right), ("trainer", trainer), ("without kwargs", without)]:
        print(f"{name:15}", [(round(step["loss"], 4), round(step["grad_norm"], 3)) for step in steps])
    print(spread)

    settings = {"learning_rate": RATE, "weight_decay": DECAY, "max_grad_norm": CLIP, "per_device_train_batch_size": MICRO,
                "gradient_accumulation_steps": ACCUMULATION, "max_steps": STEPS, "lr_scheduler_type": "linear",
                "first_example": EXAMPLES[0], "end_of_examples": EXAMPLES[1]}
    places = [[[EXAMPLES[0] + at for at in part] for part in group] for group in groups]
    write("trainer_accumulation.json", {
        "settings": settings,
        "groups": [{"micro_batches": group, "labelled": counts} for group, counts in zip(places, labelled)],
        "right": right, "right_by_parts": results["right_by_parts"][0],
        "right_norms": {name: float(value.double().norm()) for name, value in after.items()},
        "trainer": trainer, "trainer_loss_func": results["loss_func"][0], "trainer_without_kwargs": without, "spread": spread})


main()
