"""Golden numbers of a run of 50 steps of the real transformers Trainer on a tiny DistilBERT.

usage: trainer_steps.py [OUT_DIR]      (the results stand beside this script)
Made with torch 2.15.0, transformers 5.24.0, accelerate 1.15.0, on a processor, float32; 5.23.0 gives the same numbers.

Settings: batch 8, learning rate 1.5e-3, linear schedule without warm-up, weight decay 0.01, clipping at 1.0, AdamW (0.9, 0.999,
1e-8), no dropout, examples in order. 37 examples: five steps an epoch, the last batch of an epoch has five; ten epochs.

Writes trainer_steps.safetensors: `start.NAME` the weights before, `end.NAME` after the 50 steps, f32, NAME as Hugging Face's.
The other trainer_*.json begin with the same weights and use the same examples.

Writes trainer_steps.json:
  config        config.json of the model (vocabulary 120, 64 positions, 3 layers, width 48, 4 heads, hidden 96, 7 tags)
  settings      the settings above, by the Trainer's names
  decayed       names of the parameters that weight decay applies to, sorted
  examples      {input_ids, labels} of each: piece ids with [CLS] 2 and [SEP] 3; label mode "first": the tag of a word on its
                first piece, -100 on its other pieces, on [CLS] and on [SEP]
  steps         for each step {batch: places in `examples`, loss: mean over the labelled pieces of the batch as training_step
                returns it, logged_loss: what the Trainer logs with logging_steps 1, grad_norm: global norm before clipping,
                learning_rate: the one this step used}
  train_loss    the Trainer's final `train_loss`
  evaluation    after the 50 steps on all examples, batch 8: {eval_loss: as the Trainer gives it (the mean over batches weighted
                by examples), token_mean: the mean loss of all labelled pieces}
  logits        after the 50 steps of the first three examples, alone, [piece][tag]
  spread        how far other correct computations are from `steps`, `end.*` and `logits`; a Rust test needs tolerances above:
                plain (plain torch, batches padded), alone (plain torch, each example by itself), f64 (plain torch in double
                precision): {loss, grad_norm_relative, logits, weights: largest over all tensors that are not k_lin.bias}
  spread_by_tensor  the largest of the three differences for each tensor of `end.*`. k_lin.bias has a true gradient of 0 (it adds
                one value to all scores of a query), so Adam moves it by rounding noise: do not compare it.
"""

import os

import torch
from safetensors.torch import save_file
from trainer_shared import (BATCH, CLIP, DECAY, RATE, Loop, config, epochs_of, far, far_weights, network, out_folder,
                            sentences, token_losses, trained, weights, write)

STEPS = 50


def logits_of(net, rows):
    with torch.no_grad():
        return [net.eval()(input_ids=torch.tensor([row["input_ids"]])).logits[0].tolist() for row in rows]


def second_opinion(rows, dtype, alone):
    net = network(dtype=dtype)
    loop = Loop(net, STEPS)
    batches = epochs_of(rows, BATCH)
    steps = []
    for _ in range(STEPS):
        examples = next(batches)
        steps.append(loop.step([[row] for row in examples] if alone else [examples]))
    return steps, weights(net), logits_of(net, rows[:3])


def main():
    rows = sentences()
    net = network()
    start = weights(net)
    run, noted = trained(net, rows, num_train_epochs=10)
    end = weights(net)
    steps = [{"batch": seen, "loss": loss, "logged_loss": log["loss"], "grad_norm": log["grad_norm"], "learning_rate": rate}
             for seen, loss, log, rate in zip(run.data_collator.seen, run.micro, noted.logs, noted.rates, strict=True)]
    assert len(steps) == STEPS
    assert all(s["loss"] == s["logged_loss"] and s["learning_rate"] == log["learning_rate"] for s, log in zip(steps, noted.logs))
    train_loss = run.state.log_history[-1]["train_loss"]

    logits = logits_of(net, rows[:3])
    evaluation = {"eval_loss": run.evaluate()["eval_loss"]}
    with torch.no_grad():
        parts = [token_losses(net, rows[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
    evaluation["token_mean"] = sum(loss.item() for loss, _ in parts) / sum(count for _, count in parts)
    sizes = [len(rows[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
    by_hand = sum(loss.item() / count * size for (loss, count), size in zip(parts, sizes)) / len(rows)
    assert abs(by_hand - evaluation["eval_loss"]) < 1e-6

    spread, by_tensor = {}, {name: 0.0 for name in end}
    for name, dtype, alone in [("plain", torch.float32, False), ("alone", torch.float32, True), ("f64", torch.float64, False)]:
        theirs, their_end, their_logits = second_opinion(rows, dtype, alone)
        apart = far_weights(end, their_end)
        spread[name] = {
            "loss": far(theirs, steps, "loss"),
            "grad_norm_relative": far(theirs, steps, "grad_norm", True),
            "logits": max(float((torch.tensor(a) - torch.tensor(b)).abs().max()) for a, b in zip(logits, their_logits)),
            "weights": max(value for tensor, value in apart.items() if not tensor.endswith("k_lin.bias")),
        }
        assert max(abs(a["learning_rate"] - b["learning_rate"]) for a, b in zip(steps, theirs)) < 1e-15
        by_tensor = {tensor: max(by_tensor[tensor], value) for tensor, value in apart.items()}
        print(name, spread[name])
    clipped = sum(step["grad_norm"] > CLIP for step in steps)
    print(f"loss {steps[0]['loss']:.3f} to {steps[-1]['loss']:.3f}; {clipped} of {STEPS} steps clipped", evaluation)
    assert 5 < clipped < STEPS - 5

    settings = {"learning_rate": RATE, "weight_decay": DECAY, "max_grad_norm": CLIP, "per_device_train_batch_size": BATCH,
                "lr_scheduler_type": "linear", "warmup_steps": 0, "num_train_epochs": 10, "seed": 42}
    write("trainer_steps.json", {
        "config": {**config().to_dict(), "architectures": ["DistilBertForTokenClassification"]},
        "settings": settings, "decayed": sorted(run.get_decay_parameter_names(net)), "examples": rows, "steps": steps,
        "train_loss": train_loss, "evaluation": evaluation, "logits": logits, "spread": spread, "spread_by_tensor": by_tensor})
    tensors = {f"start.{name}": value for name, value in start.items()} | {f"end.{name}": value for name, value in end.items()}
    save_file(tensors, os.path.join(out_folder(), "trainer_steps.safetensors"))


main()
