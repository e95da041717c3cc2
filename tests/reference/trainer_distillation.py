"""Golden numbers of a training that learns from tags and from the probabilities of a teacher.

usage: trainer_distillation.py [OUT_DIR]      (the results stand beside this script)
Made with the versions that the result names, on a processor. transformers' Trainer has no such loss, so this is a plain torch loop
(`Loop` of trainer_shared.py), in float32, with torch's own cross-entropy and kl_div; the spread compares it with double precision.

Model (weights `start.*`), examples, order and optimiser of trainer_steps.py, 10 steps.

The loss of a piece with a tag t and a teacher's probabilities q, share s, temperature T, logits z (Hinton et al. 2015, section 2):
    (1 - s) x -ln softmax(z)[t]  +  s x T^2 x KL(q || softmax(z / T))
A piece without q has only the first term, with weight 1; one without a tag only the second, with weight 1. A batch has the mean over
all pieces with a tag or q. The q are the softmax of random numbers, of two thirds of the tagged pieces and of one untagged piece of
most examples; some have a 0.

Writes trainer_distillation.json:
  share, temperature
  soft     for each example a list of [position in input_ids, [q of each tag]]
  steps    for each step {loss, grad_norm: before clipping, learning_rate}
  norms    the L2 norm of each tensor after the 10 steps
  spread   the largest differences of double precision from `steps`: {loss, grad_norm_relative}
"""

import math

import torch
from trainer_shared import BATCH, CLIP, IGNORE, TAGS, Loop, batch, epochs_of, far, network, sentences, weights, write

SHARE, TEMPERATURE, STEPS = 0.4, 2.0, 10


def teachers(rows):
    """Random probabilities for some pieces of each example."""
    dice = torch.Generator().manual_seed(23)
    soft = []
    for row in rows:
        places = [at for at, label in enumerate(row["labels"]) if label != IGNORE]
        others = [at for at, label in enumerate(row["labels"]) if label == IGNORE and 0 < at < len(row["labels"]) - 1]
        chosen = sorted([at for at in places if int(torch.randint(0, 3, (1,), generator=dice))] + others[:1])
        answers = []
        for at in chosen:
            q = (2.0 * torch.randn(len(TAGS), generator=dice)).softmax(-1)
            if at % 3 == 0:
                q[at % len(TAGS)] = 0.0
                q /= q.sum()
            answers.append([at, q.tolist()])
        soft.append(answers)
    return soft


def loss_of(net, rows, soft):
    """The sum of the losses of all pieces with a target, and how many there are."""
    ids, mask, labels = batch(rows)
    logits = net(input_ids=ids, attention_mask=mask).logits
    total, count = logits.new_zeros(()), 0
    for at, answers in enumerate(soft):
        answers = dict(answers)
        for place, label in enumerate(labels[at].tolist()):
            q = answers.get(place)
            if label == IGNORE and q is None:
                continue
            count += 1
            share = 0.0 if q is None else 1.0 if label == IGNORE else SHARE
            z = logits[at, place]
            if share < 1:
                total = total + (1 - share) * torch.nn.functional.cross_entropy(z, labels[at, place])
            if q is not None:
                q = torch.tensor(q, dtype=torch.float32).to(z.dtype)
                divergence = torch.nn.functional.kl_div((z / TEMPERATURE).log_softmax(-1), q, reduction="sum")
                total = total + share * TEMPERATURE**2 * divergence
    return total, count


def run(net, rows, soft):
    loop = Loop(net, STEPS)
    pairs, steps = [{"row": row, "soft": one} for row, one in zip(rows, soft)], []
    for examples, _ in zip(epochs_of(pairs, BATCH), range(STEPS)):
        total, count = loss_of(net, [one["row"] for one in examples], [one["soft"] for one in examples])
        loss = total / count
        loss.backward()
        norm = math.sqrt(sum(float(p.grad.double().square().sum()) for p in loop.trained))
        for parameter in loop.trained:
            parameter.grad.mul_(min(1.0, CLIP / (norm + 1e-6)))
        rate = loop.rate * (STEPS - loop.done) / STEPS
        for group in loop.optimiser.param_groups:
            group["lr"] = rate
        loop.optimiser.step()
        loop.optimiser.zero_grad()
        loop.done += 1
        steps.append({"loss": loss.item(), "grad_norm": norm, "learning_rate": rate})
    return steps


def main():
    rows = sentences()
    soft = teachers(rows)
    assert any(not value for answers in soft for _, q in answers for value in q)
    net = network()
    steps = run(net, rows, soft)
    theirs = run(network(dtype=torch.float64), rows, soft)
    spread = {"loss": far(theirs, steps, "loss"), "grad_norm_relative": far(theirs, steps, "grad_norm", True)}
    assert spread["loss"] < 2e-6 and spread["grad_norm_relative"] < 2e-5, spread
    print(spread, steps[0], steps[-1])
    write("trainer_distillation.json", {
        "share": SHARE, "temperature": TEMPERATURE, "soft": soft, "steps": steps,
        "norms": {name: float(value.double().norm()) for name, value in weights(net).items()}, "spread": spread})


main()
