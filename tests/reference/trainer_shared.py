"""What the scripts `trainer_*.py` share: a tiny DistilBERT, tagged sentences, the real Trainer with hooks, a plain torch loop.

Everything is made from seeds here; nothing is read and nothing is downloaded. Needs torch, transformers and accelerate.
"""

import json
import math
import os
import sys
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import accelerate
import torch
import transformers
from transformers import (BertTokenizer, DataCollatorForTokenClassification, DistilBertConfig, DistilBertForTokenClassification,
                          Trainer, TrainerCallback, TrainingArguments)
from transformers.trainer_pt_utils import get_parameter_names

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()

TAGS = ["O", "B-Dish", "I-Dish", "B-Price", "I-Price", "B-Hours", "I-Hours"]
IGNORE = -100
VOCABULARY = 120
PAD, CLS, SEP, FIRST = 0, 2, 3, 5  # FIRST: the first piece that is no special one
RATE, DECAY, CLIP, BATCH = 1.5e-3, 0.01, 1.0, 8


def out_folder():
    """Where results go: the first argument, or the folder of the script."""
    return sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(sys.argv[0]))


def versions():
    return {"torch": torch.__version__, "transformers": transformers.__version__, "accelerate": accelerate.__version__}


def plain(value):
    """JSON has neither NaN nor infinity: they become the strings "nan", "inf" and "-inf"."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def write(name, golden):
    """Writes a JSON object with the versions; a line for each entry of the upper two levels, so that changes can be seen."""
    lines = []
    for key, value in plain({"made_with": versions(), **golden}).items():
        small = lambda one: json.dumps(one, ensure_ascii=True, separators=(",", ":"))
        if isinstance(value, list) and value and isinstance(value[0], (dict, list)):
            value = "[\n" + ",\n".join(small(one) for one in value) + "]"
        elif isinstance(value, dict) and key != "made_with":
            value = "{\n" + ",\n".join(f"{small(k)}:{small(v)}" for k, v in value.items()) + "}"
        else:
            value = small(value)
        lines.append(f"{small(key)}: {value}")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    json.loads(text)
    with open(os.path.join(out_folder(), name), "w") as file:
        file.write(text)


def config(layers=3):
    return DistilBertConfig(vocab_size=VOCABULARY, max_position_embeddings=64, dim=48, n_layers=layers, n_heads=4, hidden_dim=96,
                            dropout=0.0, attention_dropout=0.0, initializer_range=0.15, id2label=dict(enumerate(TAGS)),
                            label2id={tag: at for at, tag in enumerate(TAGS)})


def network(layers=3, dtype=torch.float32):
    """The start of all runs, the same each time. No parameter is 0 or 1: that would hide mistakes."""
    torch.manual_seed(11)
    net = DistilBertForTokenClassification(config(layers))
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            if name.endswith("word_embeddings.weight"):
                parameter[PAD] = 0.15 * torch.randn(parameter.shape[1])
    return net.to(dtype)


def weights(net):
    return {name: parameter.detach().to(torch.float32).clone().contiguous() for name, parameter in net.named_parameters()}


def sentences(count=37):
    """`count` examples {"input_ids", "labels"}: 3 to 20 pieces with [CLS] and [SEP], labels on the first pieces of words only.

    A word is one to three pieces; its first piece settles its tag (with one exception in twelve, so that the loss does not go
    to 0), and B-X becomes I-X behind a word of the same kind.
    """
    dice = torch.Generator().manual_seed(5)
    draw = lambda low, high: int(torch.randint(low, high, (1,), generator=dice))
    kinds = [max(0, draw(-3, 4)) for _ in range(VOCABULARY)]  # 0: O, 1..3: Dish, Price, Hours
    lengths = [3, 20, 4] + [draw(3, 21) for _ in range(count - 3)]
    rows = []
    for length in lengths:
        ids, labels, before = [CLS], [IGNORE], 0
        while len(ids) < length - 1:
            pieces = [draw(FIRST, VOCABULARY - 20)] + [draw(VOCABULARY - 20, VOCABULARY) for _ in range([0, 0, 1, 2][draw(0, 4)])]
            pieces = pieces[: length - 1 - len(ids)]
            kind = kinds[pieces[0]] if draw(0, 12) else draw(0, 4)
            tag = 0 if kind == 0 else 2 * kind - (0 if before == kind else 1)
            before = kind
            ids += pieces
            labels += [tag] + [IGNORE] * (len(pieces) - 1)
        rows.append({"input_ids": ids + [SEP], "labels": labels + [IGNORE]})
    return rows


def numbered(rows):
    """Examples that know their place, for a collator that notes which ones it gets."""
    return [{"at": at, "attention_mask": [1] * len(row["input_ids"]), **row} for at, row in enumerate(rows)]


class Collator:
    """transformers' own collator; keeps the places of the examples of each batch in `seen`."""

    def __init__(self):
        names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [f"w{at}" for at in range(FIRST, VOCABULARY)]
        self.inner = DataCollatorForTokenClassification(BertTokenizer(vocab={name: at for at, name in enumerate(names)}))
        self.seen = []

    def __call__(self, features):
        self.seen.append([feature["at"] for feature in features])
        keep = ("input_ids", "attention_mask", "labels")
        return self.inner([{key: feature[key] for key in keep} for feature in features])


class Recorder(TrainerCallback):
    """Notes what the Trainer logs, unrounded (transformers 5 does not round any more), and the rate that steps use."""

    def __init__(self):
        self.logs, self.rates, self.evaluations = [], [], []

    def on_log(self, args, state, control, logs=None, **_):
        if "grad_norm" in logs or ("loss" in logs and "learning_rate" in logs):
            self.logs.append({key: float(logs[key]) for key in ("loss", "grad_norm", "learning_rate") if key in logs})

    def on_pre_optimizer_step(self, args, state, control, optimizer=None, **_):
        self.rates.append(float(optimizer.param_groups[0]["lr"]))

    def on_evaluate(self, args, state, control, metrics=None, **_):
        self.evaluations.append(metrics)


class Noted(Trainer):
    """The real Trainer; `micro` holds what training_step returns, for each batch."""

    def training_step(self, model, inputs, num_items_in_batch=None):
        loss = super().training_step(model, inputs, num_items_in_batch)
        self.micro.append(loss.item())
        return loss


def trainer(net, rows, folder, compute_loss_func=None, callbacks=(), **options):
    """A Trainer over `rows`, and its recorder. Options as of TrainingArguments; the rest is the Trainer's default."""
    settings = dict(learning_rate=RATE, weight_decay=DECAY, max_grad_norm=CLIP, per_device_train_batch_size=BATCH,
                    per_device_eval_batch_size=BATCH, lr_scheduler_type="linear", seed=42, train_sampling_strategy="sequential",
                    logging_steps=1, save_strategy="no", eval_strategy="no", report_to="none", use_cpu=True, disable_tqdm=True,
                    remove_unused_columns=False, dataloader_pin_memory=False)
    recorder = Recorder()
    run = Noted(net, TrainingArguments(folder, **{**settings, **options}), train_dataset=numbered(rows),
                eval_dataset=numbered(rows), data_collator=Collator(), callbacks=[recorder, *callbacks],
                compute_loss_func=compute_loss_func)
    run.remove_callback(transformers.PrinterCallback)
    run.micro = []
    return run, recorder


def trained(net, rows, **options):
    """Trains; gives the trainer and its recorder."""
    with tempfile.TemporaryDirectory() as folder:
        run, recorder = trainer(net, rows, folder, **options)
        run.train()
    return run, recorder


def batch(rows):
    """Padded ids, mask and labels: done here once more, without transformers."""
    longest = max(len(row["input_ids"]) for row in rows)
    pad = lambda values, by: torch.tensor([v + [by] * (longest - len(v)) for v in values])
    return (pad([row["input_ids"] for row in rows], PAD), pad([[1] * len(row["input_ids"]) for row in rows], 0),
            pad([row["labels"] for row in rows], IGNORE))


def token_losses(net, rows, smoothing=0.0):
    """The sum of the losses of all labelled pieces, and how many there are. Written out, not by torch's loss."""
    ids, mask, labels = batch(rows)
    chances = net(input_ids=ids, attention_mask=mask).logits.log_softmax(-1)
    labelled = labels != IGNORE
    right = -chances.gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    losses = (1 - smoothing) * right - smoothing * chances.mean(-1)
    return losses[labelled].sum(), int(labelled.sum())


class Loop:
    """AdamW, clipping and the linear schedule in plain torch: an independent second opinion."""

    def __init__(self, net, steps, rate=RATE, warmup=0):
        self.net, self.steps, self.rate, self.warmup, self.done = net, steps, rate, warmup, 0
        layer_norms = [torch.nn.LayerNorm]
        patterns = [r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)"]
        decayed = get_parameter_names(net, layer_norms, patterns)
        named = [(name, parameter) for name, parameter in net.named_parameters() if parameter.requires_grad]
        self.trained = [parameter for _, parameter in named]
        self.optimiser = torch.optim.AdamW(
            [{"params": [p for n, p in named if n in decayed], "weight_decay": DECAY},
             {"params": [p for n, p in named if n not in decayed], "weight_decay": 0.0}], lr=rate, betas=(0.9, 0.999), eps=1e-8)

    def step(self, parts, smoothing=0.0):
        """One step on the batch that is cut into these parts; the loss is the mean over all labelled pieces of all parts."""
        labelled = sum(label != IGNORE for rows in parts for row in rows for label in row["labels"])
        total = 0.0 if labelled else math.nan
        if not labelled:  # torch: loss NaN, gradient 0
            for parameter in self.trained:
                parameter.grad = torch.zeros_like(parameter)
        for rows in parts if labelled else []:
            loss, _ = token_losses(self.net, rows, smoothing)
            loss = loss / labelled
            loss.backward()
            total += loss.item()
        norm = math.sqrt(sum(float(p.grad.double().square().sum()) for p in self.trained if p.grad is not None))
        for parameter in self.trained:
            if parameter.grad is not None:
                parameter.grad.mul_(min(1.0, CLIP / (norm + 1e-6)))
        rate = self.rate * (self.steps - self.done) / self.steps if self.done >= self.warmup else None
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.done += 1
        return {"loss": total, "grad_norm": norm, "learning_rate": rate}


def epochs_of(rows, size):
    """Batches in order, again and again."""
    while True:
        for at in range(0, len(rows), size):
            yield rows[at : at + size]


def far(ours, theirs, key, relative=False):
    """The largest difference of two lists of steps."""
    return max(abs(a[key] - b[key]) / (abs(b[key]) if relative else 1.0) for a, b in zip(ours, theirs, strict=True))


def far_weights(ours, theirs):
    return {name: float((ours[name] - theirs[name]).abs().max()) for name in ours}
