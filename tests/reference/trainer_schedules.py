"""Golden learning rates of the real transformers Trainer, step by step, and how it counts steps and warm-up.

usage: trainer_schedules.py [OUT_DIR]      (the results stand beside this script)
Made with torch 2.15.0, transformers 5.24.0, accelerate 1.15.0, on a processor; 5.23.0 gives the same.

Writes trainer_schedules.json:
  peak       learning_rate of all cases, 1e-3
  steps      40, the length of all cases
  cases      for each {
      schedule      lr_scheduler_type
      options       lr_scheduler_kwargs, or null
      warmup        warmup_steps as given to the Trainer: below 1 a share of all steps, from 1 on a number of steps
      warmup_steps  the steps of warm-up that come of it
      rates         the learning rate that step 1, 2, ... 40 uses (read from the optimiser just before it steps; the Trainer logs the
                    same number for the step)}
  warmups    {steps, warmup, warmup_steps}: how the Trainer makes warm-up steps of a share: ceil(steps x warmup), in double precision
             and without a margin; from 1 on it cuts off: 5.9 is 5
  lengths    {examples, batch, accumulation, epochs, steps}: how many optimiser steps a run has; ceil(epochs x updates per epoch) in
             double precision and without a margin, with updates per epoch = ceil(ceil(examples / batch) / accumulation)

With s the steps done before (0 for the first step), w the steps of warm-up, T all steps, p = (s - w) / max(1, T - w):
  constant                peak, always: warm-up is ignored
  constant_with_warmup    peak x s / max(1, w) while s < w, then peak
  the others              peak x s / max(1, w) while s < w, then peak x
     linear                 max(0, 1 - p) (as (T - s) / max(1, T - w))
     cosine                 max(0, (1 + cos(2 pi num_cycles p)) / 2), num_cycles 0.5
     cosine_with_restarts   (1 + cos(pi ((num_cycles p) mod 1))) / 2, num_cycles 1: without options the same as cosine
     polynomial             ((1 - end/peak) (1 - p)^power + end/peak), lr_end 1e-7, power 1
     inverse_sqrt           sqrt(t / (s - w + t)), timescale t = w, or 10000 without warm-up
The first step of a run with warm-up has the rate 0, without warm-up the peak; step T has the rate of s = T - 1, which is not 0.
"""

import math
import tempfile

from trainer_shared import TrainerCallback, TrainingArguments, network, sentences, trained, trainer, write

PEAK, STEPS = 1e-3, 40
SCHEDULES = [("linear", None), ("cosine", None), ("constant", None), ("constant_with_warmup", None),
             ("cosine_with_restarts", None), ("cosine_with_restarts", {"num_cycles": 3}), ("polynomial", None),
             ("polynomial", {"power": 2.0, "lr_end": 1e-5}), ("inverse_sqrt", None)]
WARMUPS = [0, 5, 0.1]
# Besides: a warm-up of one step, of all steps and of more than all, of a number with a fraction.
EXTRA = [("linear", None, w) for w in (1, 40, 60, 5.9, 0.99)] + [("cosine", None, w) for w in (39, 40, 60)]
SHARES = [(40, 0.1), (41, 0.1), (30, 0.1), (100, 0.07), (1437, 0.1), (1437, 0.06), (10, 0.01), (50, 0.14), (3, 0.1), (200, 0.55),
          (1000, 0.001), (7, 0.999), (40, 1), (40, 1.0), (40, 1.5), (40, 5.9), (40, 400)]
LENGTHS = [(37, 8, 1, 3), (37, 8, 1, 1.5), (37, 8, 1, 0.1), (70, 1, 1, 1.1), (37, 8, 3, 3), (30, 4, 3, 4), (30, 4, 3, 0.5), (37, 4, 3, 2),
           (5, 8, 4, 3), (37, 64, 1, 2), (37, 1, 1, 0.3)]


def formula(schedule, options, s, w):
    """The doc above, once more."""
    options = options or {}
    if schedule == "constant":
        return PEAK
    if s < w:
        return PEAK * s / max(1, w)
    p = (s - w) / max(1, STEPS - w)
    end = options.get("lr_end", 1e-7) / PEAK
    timescale = w or 10_000
    return PEAK * {
        "constant_with_warmup": 1.0,
        "linear": max(0.0, 1 - p),
        "cosine": max(0.0, (1 + math.cos(math.pi * p)) / 2),
        "cosine_with_restarts": (1 + math.cos(math.pi * ((options.get("num_cycles", 1) * p) % 1))) / 2,
        "polynomial": (1 - end) * (1 - p) ** options.get("power", 1.0) + end if p <= 1 else end,
        "inverse_sqrt": math.sqrt(timescale / (s - w + timescale)),
    }[schedule]


class Asked(Exception):
    pass


class Length(TrainerCallback):
    """Says how long the run will be and ends it."""

    def on_train_begin(self, args, state, control, **_):
        raise Asked(state.max_steps)


def steps_of(rows, batch, accumulation, epochs):
    options = {"per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulation, "num_train_epochs": epochs}
    with tempfile.TemporaryDirectory() as folder:
        try:
            trainer(network(1), rows, folder, callbacks=[Length()], **options)[0].train()
        except Asked as answer:
            return answer.args[0]


def main():
    rows, cases = sentences(), []
    for schedule, options, warmup in [(*one, warmup) for one in SCHEDULES for warmup in WARMUPS] + EXTRA:
        settings = {"learning_rate": PEAK, "lr_scheduler_type": schedule, "lr_scheduler_kwargs": options, "warmup_steps": warmup}
        run, noted = trained(network(1), rows[:4], per_device_train_batch_size=2, max_steps=STEPS, **settings)
        warmup_steps = run.args.get_warmup_steps(STEPS)
        assert len(noted.rates) == STEPS and noted.rates == [log["learning_rate"] for log in noted.logs]
        theirs = [formula(schedule, options, step, warmup_steps) for step in range(STEPS)]
        assert max(abs(a - b) for a, b in zip(noted.rates, theirs)) < 1e-18, (schedule, options, warmup)
        cases.append({"schedule": schedule, "options": options, "warmup": warmup, "warmup_steps": warmup_steps, "rates": noted.rates})
    warmups = []
    for steps, warmup in SHARES:
        found = TrainingArguments("unused", warmup_steps=warmup, use_cpu=True).get_warmup_steps(steps)
        assert found == (int(warmup) if warmup >= 1 else math.ceil(steps * warmup))
        warmups.append({"steps": steps, "warmup": warmup, "warmup_steps": found})
    lengths = []
    for examples, batch, accumulation, epochs in LENGTHS:
        steps = steps_of((rows * 3)[:examples], batch, accumulation, epochs)
        assert steps == math.ceil(epochs * math.ceil(math.ceil(examples / batch) / accumulation))
        lengths.append({"examples": examples, "batch": batch, "accumulation": accumulation, "epochs": epochs, "steps": steps})
    write("trainer_schedules.json", {"peak": PEAK, "steps": STEPS, "cases": cases, "warmups": warmups, "lengths": lengths})
    print(len(cases), "schedules equal their formula;", warmups, lengths)


main()
