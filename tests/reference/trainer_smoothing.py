"""Golden numbers of label smoothing 0.1 in the transformers Trainer.

usage: trainer_smoothing.py [OUT_DIR]      (the results stand beside this script)
Made with torch 2.15.0, transformers 5.24.0, accelerate 1.15.0, on a processor, float32; 5.23.0 gives the same numbers.

Model (weights `start.*`), examples, order and settings of trainer_steps.py, but label_smoothing_factor 0.1 and 10 steps (max_steps 10).

The loss of a labelled piece with tag t among C tags, e the factor, p the softmax:  (1 - e) x -ln p[t]  +  e x mean over ALL C tags of
-ln p. (So the right tag gets 1 - e + e / C; the same as torch's CrossEntropyLoss(label_smoothing=e).) Pieces with -100 count neither in
the sum nor in the number that it is divided by. The model itself gets no labels then: the Trainer makes the loss of its logits.
What is logged while training IS the smoothed loss, and so is the Trainer's eval_loss: compare neither with a run without smoothing.
With gradient accumulation it is divided by the labelled pieces of the whole accumulated batch, so here the Trainer is right.

Writes trainer_smoothing.json:
  settings
  steps         for each step {loss: smoothed, plain_loss: not smoothed, of the same weights and batch (the Trainer does not show it),
                grad_norm: before clipping, of the smoothed loss, learning_rate}
  accumulated   {loss, grad_norm} of the first step with micro-batches of 4 and accumulation 2, i.e. the same 8 examples
  evaluation    after the 10 steps on all 37 examples, batch 8: {eval_loss: as the Trainer gives it, smoothed and weighted by examples,
                token_mean: smoothed, mean over all labelled pieces, plain_token_mean: the same, not smoothed}
  norms         the L2 norm of each tensor after the 10 steps
  spread        the largest differences of plain torch in double precision from `steps`: {loss, grad_norm_relative}
"""

import torch
from trainer_shared import BATCH, CLIP, DECAY, RATE, Loop, batch, epochs_of, far, network, sentences, token_losses, trained, weights, write

FACTOR, STEPS = 0.1, 10


def main():
    rows = sentences()
    net = network()
    run, noted = trained(net, rows, label_smoothing_factor=FACTOR, max_steps=STEPS)
    assert run.micro == [log["loss"] for log in noted.logs]
    steps = [{**log, "plain_loss": 0.0} for log in noted.logs]

    other = network(dtype=torch.float64)
    loop, batches = Loop(other, STEPS), epochs_of(rows, BATCH)
    theirs = []
    for step in steps:
        examples = next(batches)
        with torch.no_grad():
            loss, count = token_losses(other, examples)
            ids, mask, labels = batch(examples)
            chances = other(input_ids=ids, attention_mask=mask).logits.flatten(0, 1)
            by_torch = torch.nn.functional.cross_entropy(chances, labels.flatten(), label_smoothing=FACTOR)
        step["plain_loss"] = loss.item() / count
        theirs.append(loop.step([examples], FACTOR))
        assert abs(theirs[-1]["loss"] - by_torch.item()) < 1e-12
    spread = {"loss": far(theirs, steps, "loss"), "grad_norm_relative": far(theirs, steps, "grad_norm", True)}
    assert spread["loss"] < 1e-6 and spread["grad_norm_relative"] < 2e-6, spread

    accumulated = trained(network(), rows, label_smoothing_factor=FACTOR, max_steps=1, per_device_train_batch_size=BATCH // 2,
                          gradient_accumulation_steps=2)[1].logs[0]
    assert abs(accumulated["loss"] - steps[0]["loss"]) < 1e-6
    assert abs(accumulated["grad_norm"] / steps[0]["grad_norm"] - 1) < 1e-6

    evaluation = {"eval_loss": run.evaluate()["eval_loss"]}
    with torch.no_grad():
        for name, factor in [("token_mean", FACTOR), ("plain_token_mean", 0.0)]:
            parts = [(*token_losses(net, part, factor), len(part)) for part in [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]]
            evaluation[name] = sum(loss.item() for loss, _, _ in parts) / sum(count for _, count, _ in parts)
            if factor:
                by_examples = sum(loss.item() / count * size for loss, count, size in parts) / len(rows)
    assert abs(by_examples - evaluation["eval_loss"]) < 1e-6
    print(spread, evaluation, accumulated, steps[0], steps[-1])
    settings = {"learning_rate": RATE, "weight_decay": DECAY, "max_grad_norm": CLIP, "per_device_train_batch_size": BATCH,
                "label_smoothing_factor": FACTOR, "max_steps": STEPS, "lr_scheduler_type": "linear"}
    write("trainer_smoothing.json", {
        "settings": settings, "steps": steps, "accumulated": {key: accumulated[key] for key in ("loss", "grad_norm")},
        "evaluation": evaluation, "norms": {name: float(value.double().norm()) for name, value in weights(net).items()},
        "spread": spread})


main()
