"""Which evaluation is the best one and when a run stops early: load_best_model_at_end and EarlyStoppingCallback of transformers.

usage: evaluate_steps.py [OUT_DIR]      (the results stand beside this script)
Made with torch 2.15.0, transformers 5.24.0, accelerate 1.15.0; 5.23.0 gives the same.

The real Trainer runs 12 steps, evaluating and saving after each; the metric is taken from a list. Checked besides: the weights that the
Trainer has at the end are those of the best step.

An evaluation is the best so far if its value is STRICTLY greater (less, where less is better) than the best before: of equal values the
first one is kept. For patience an evaluation counts as better if it is strictly better than the best before by MORE than the threshold; an
equal value does not, so with threshold 0 both rules agree. After `patience` evaluations in a row that are not better the run stops, at
once: no further step, no further evaluation. With a threshold a small gain is kept as the best, and the next value is compared with it,
yet patience runs on: many small gains end a run. The first evaluation always counts as better. NaN is never better; if the first is NaN,
the best becomes -inf and anything is better than that. Without any better one no weights are loaded: those of the last step stay.
metric_for_best_model "word_f1" means greater_is_better true by default (false only for names that end in "loss").

Writes evaluate_steps.json:
  cases  for each {
      name
      values       of the 12 evaluations, were they all made; NaN is written "nan"
      greater, patience, threshold   patience null: no EarlyStoppingCallback
      evaluations  how many were made, which is also the step the run ended with
      stopped      whether it ended early by patience
      best         the evaluation that is the best one, counted from 1; null if none
      best_value   its value
      waited       evaluations in a row that were not better, after each evaluation that was made}
"""

import math
import tempfile

import torch
from trainer_shared import TrainerCallback, network, sentences, trainer, weights, write
from transformers import EarlyStoppingCallback

STEPS = 12
NAN = math.nan
CASES = [
    ("rises", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.71, 0.72, 0.73, 0.74], True, 2, 0.0),
    ("falls", [0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.04, 0.03, 0.02, 0.01, 0.0, 0.0], True, 2, 0.0),
    ("equal values", [0.2, 0.5, 0.5, 0.5, 0.6, 0.7, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9], True, 2, 0.0),
    ("equal, then better in time", [0.2, 0.5, 0.5, 0.6, 0.6, 0.7, 0.7, 0.8, 0.8, 0.9, 0.9, 0.95], True, 2, 0.0),
    ("worse, equal to the best, then better", [0.5, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9], True, 2, 0.0),
    ("worse, better, worse, worse", [0.3, 0.2, 0.4, 0.3, 0.5, 0.4, 0.45, 0.6, 0.7, 0.8, 0.9, 1.0], True, 2, 0.0),
    ("climbs again, but below the best", [0.6, 0.3, 0.4, 0.5, 0.7, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8], True, 3, 0.0),
    ("all zero", [0.0] * 12, True, 2, 0.0),
    ("zero for long", [0.0, 0.0, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 0.5], True, 2, 0.0),
    ("patience 1", [0.1, 0.2, 0.3, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9], True, 1, 0.0),
    ("patience 3, out at the last", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.8, 0.7], True, 3, 0.0),
    ("no patience", [0.1, 0.5, 0.5, 0.4, 0.3, 0.5, 0.2, 0.1, 0.5, 0.5, 0.4, 0.3], True, None, 0.0),
    ("no patience, best last", [0.1, 0.5, 0.5, 0.4, 0.3, 0.5, 0.2, 0.1, 0.5, 0.5, 0.4, 0.6], True, None, 0.0),
    ("threshold: gains that are too small", [0.5, 0.505, 0.51, 0.515, 0.52, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9], True, 3, 0.01),
    ("threshold: a gain of exactly the threshold", [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0], True, 2, 0.25),
    ("threshold: enough now and then", [0.5, 0.505, 0.6, 0.605, 0.7, 0.705, 0.71, 0.8, 0.9, 0.9, 0.9, 0.9], True, 2, 0.01),
    ("NaN first", [NAN, 0.1, 0.2, 0.2, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], True, 2, 0.0),
    ("NaN between", [0.1, NAN, 0.2, NAN, NAN, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], True, 2, 0.0),
    ("NaN always", [NAN] * 12, True, 3, 0.0),
    ("less is better", [2.0, 1.0, 1.0, 0.9, 0.9, 1.1, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], False, 2, 0.0),
    ("less is better, no patience", [2.0, 1.0, 1.0, 0.9, 0.9, 1.1, 0.9, 1.7, 1.6, 1.5, 1.4, 1.3], False, None, 0.0),
]


class Watch(TrainerCallback):
    """Notes the weights after each step, and how long early stopping has waited."""

    def __init__(self, stopper):
        self.stopper, self.waited, self.after = stopper, [], []

    def on_step_end(self, args, state, control, model=None, **_):
        self.after.append(weights(model)["classifier.weight"])

    def on_evaluate(self, args, state, control, **_):
        self.waited.append(self.stopper.early_stopping_patience_counter if self.stopper else None)


def by_hand(values, greater, patience, threshold):
    """The doc above, once more."""
    best, at, waited, all_waited = None, None, 0, []
    for step, value in enumerate(values, 1):
        gain = None if best is None else (value - best if greater else best - value)
        waited = 0 if gain is None or (gain > 0 and gain > threshold) else waited + 1
        if best is None:
            best = -math.inf if greater else math.inf
        if (value > best) if greater else (value < best):
            best, at = value, step
        all_waited.append(waited if patience else None)
        if patience and waited >= patience:
            break
    return len(all_waited), at, all_waited


def main():
    rows, cases = sentences()[:4], []
    for name, values, greater, patience, threshold in CASES:
        stopper = EarlyStoppingCallback(patience, threshold) if patience else None
        watch, given = Watch(stopper), iter(values)
        with tempfile.TemporaryDirectory() as folder:
            net = network(1)
            key = "word_f1" if greater else "some_loss"
            run, _ = trainer(net, rows, folder, callbacks=[one for one in (stopper, watch) if one], max_steps=STEPS, eval_strategy="steps",
                             eval_steps=1, save_strategy="steps", save_steps=1, save_only_model=True, load_best_model_at_end=True,
                             metric_for_best_model=key)
            run.compute_metrics = lambda _: {key: next(given)}
            run.train()
        assert run.args.greater_is_better == greater
        made, best = run.state.global_step, run.state.best_global_step
        assert made == len(watch.waited)
        assert torch.equal(weights(net)["classifier.weight"], watch.after[(best or made) - 1])
        stopped = bool(patience) and watch.waited[-1] >= patience
        assert stopped or made == STEPS
        assert (made, best, watch.waited) == by_hand(values, greater, patience, threshold), name
        cases.append({"name": name, "values": values, "greater": greater, "patience": patience, "threshold": threshold,
                      "evaluations": made, "stopped": stopped, "best": best, "best_value": values[best - 1] if best else None,
                      "waited": watch.waited})
        print(name, made, best, watch.waited)
    write("evaluate_steps.json", {"cases": cases})


main()
