"""Golden numbers of a run with frozen parameters: the embeddings and the lowest layer (requires_grad False).

usage: trainer_frozen.py [OUT_DIR]      (the results stand beside this script)
Made with torch 2.15.0, transformers 5.24.0, accelerate 1.15.0, on a processor, float32; 5.23.0 gives the same numbers.

Model (weights `start.*`), examples, order and settings of trainer_steps.py, but frozen parameters and 10 steps (max_steps 10).
Frozen parameters change in no way: neither by gradient nor by weight decay. The gradient norm, and so clipping, is that of the others.

Writes trainer_frozen.json:
  settings
  cases         for each {
      name       "embeddings and layer 0", "embeddings", "all but the classifier"
      frozen     names of the frozen tensors
      steps      for each step {loss, grad_norm: before clipping, learning_rate}
      norms      the L2 norm of each tensor after the 10 steps
      changes    the L2 norm of (after - before) of each tensor; 0 for the frozen ones
      spread     the largest differences of plain torch in double precision: {loss, grad_norm_relative, weights (without k_lin.bias)}}
"""

import torch
from trainer_shared import BATCH, CLIP, DECAY, RATE, Loop, epochs_of, far, far_weights, network, sentences, trained, weights, write

STEPS = 10
CASES = [
    ("embeddings and layer 0", ("distilbert.embeddings.", "distilbert.transformer.layer.0.")),
    ("embeddings", ("distilbert.embeddings.",)),
    ("all but the classifier", ("distilbert.",)),
]


def frozen_network(prefixes, dtype=torch.float32):
    net = network(dtype=dtype)
    for name, parameter in net.named_parameters():
        parameter.requires_grad = not name.startswith(prefixes)
    return net


def main():
    rows, cases = sentences(), []
    for title, prefixes in CASES:
        net = frozen_network(prefixes)
        before = weights(net)
        _, noted = trained(net, rows, max_steps=STEPS)
        after = weights(net)
        frozen = [name for name in after if name.startswith(prefixes)]
        changes = {name: float((after[name].double() - before[name].double()).norm()) for name in after}
        assert all((changes[name] == 0) == (name in frozen) for name in after)
        other = frozen_network(prefixes, torch.float64)
        loop, batches = Loop(other, STEPS), epochs_of(rows, BATCH)
        theirs = [loop.step([next(batches)]) for _ in range(STEPS)]
        apart = far_weights(after, weights(other))
        spread = {"loss": far(theirs, noted.logs, "loss"), "grad_norm_relative": far(theirs, noted.logs, "grad_norm", True),
                  "weights": max(value for name, value in apart.items() if not name.endswith("k_lin.bias"))}
        print(title, spread, [round(log["grad_norm"], 2) for log in noted.logs])
        assert spread["loss"] < 1e-6 and spread["grad_norm_relative"] < 2e-6 and spread["weights"] < 2e-5
        cases.append({"name": title, "frozen": frozen, "steps": noted.logs,
                      "norms": {name: float(value.double().norm()) for name, value in after.items()}, "changes": changes, "spread": spread})
    settings = {"learning_rate": RATE, "weight_decay": DECAY, "max_grad_norm": CLIP, "per_device_train_batch_size": BATCH,
                "max_steps": STEPS, "lr_scheduler_type": "linear"}
    write("trainer_frozen.json", {"settings": settings, "cases": cases})


main()
