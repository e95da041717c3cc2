"""Golden logits of a tiny DistilBERT and a tiny BERT with 512 positions, for inputs from one piece to all 512.

usage: logits_long.py [OUT_DIR]      (the results stand beside this script)
Made with torch 2.15.0, transformers 5.24.0, accelerate 1.15.0, on a processor, float32; 5.23.0 gives the same numbers.

Writes logits_long_distilbert.safetensors and logits_long_bert.safetensors: each is a model.safetensors as save_pretrained writes it
(metadata format "pt"), the BERT one with its token-type table (two rows, row 0 is the one that counts) and with a pooler, as the files
of pretrained BERTs have it. transformers opens each, beside its `config`, with AutoModelForTokenClassification and gives the same
logits up to rounding; this script checks it.

Writes logits_long.json:
  inputs    piece ids of each input: 1, 2, 3, 17, 64, 65, 511 and 512 pieces
  rows      for each input the places whose logits are kept: all of inputs up to 65 pieces, every 37th (0, 37, ...) of longer ones
  models    for each {
      name       "distilbert" or "bert"
      config     config.json
      alone      [input][kept place][tag]: logits of each input by itself, rounded to seven digits
      together   the same, of all inputs as one batch, padded to 512 on the right with mask 0
      spread     the largest differences: {together_from_alone, f64_from_alone (double precision), eager_from_alone (attention
                 written out instead of torch's fused one)}, at all places}
"""

import json
import os
import shutil
import tempfile

import torch
from safetensors.torch import load_file, save_file
from trainer_shared import TAGS, out_folder, write
from transformers import AutoModelForTokenClassification, BertConfig, BertForTokenClassification, DistilBertConfig
from transformers import DistilBertForTokenClassification

LENGTHS = [1, 2, 3, 17, 64, 65, 511, 512]
VOCABULARY, CLS, SEP, FIRST, EVERY = 100, 2, 3, 5, 37
NAMES = {"id2label": dict(enumerate(TAGS)), "label2id": {tag: at for at, tag in enumerate(TAGS)}, "initializer_range": 0.15,
         "max_position_embeddings": 512, "vocab_size": VOCABULARY}
MODELS = [
    ("distilbert", DistilBertForTokenClassification, DistilBertConfig(dim=48, n_layers=2, n_heads=4, hidden_dim=96, **NAMES)),
    ("bert", BertForTokenClassification, BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
                                                    **NAMES)),
]


def inputs():
    dice = torch.Generator().manual_seed(21)
    rows = []
    for length in LENGTHS:
        inner = torch.randint(FIRST, VOCABULARY, (length,), generator=dice).tolist()
        rows.append(([CLS] + inner[: length - 2] + [SEP])[:length])
    return rows


def save(net, folder, pooler):
    """A folder as of a pretrained model."""
    net.save_pretrained(folder)
    path = os.path.join(folder, "model.safetensors")
    if pooler:
        width = net.config.hidden_size
        more = {"bert.pooler.dense.weight": torch.randn(width, width), "bert.pooler.dense.bias": torch.randn(width)}
        save_file({**load_file(path), **more}, path, metadata={"format": "pt"})
    return path


def logits(net, rows, together):
    with torch.no_grad():
        if not together:
            return [net(input_ids=torch.tensor([row])).logits[0] for row in rows]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        found = net(input_ids=ids, attention_mask=mask).logits
        return [one[: len(row)] for one, row in zip(found, rows)]


def apart(ours, theirs):
    return max(float((a.double() - b.double()).abs().max()) for a, b in zip(ours, theirs))


def main():
    rows = inputs()
    assert [len(row) for row in rows] == LENGTHS
    kept = [list(range(length)) if length <= 65 else list(range(0, length, EVERY)) for length in LENGTHS]
    keep = lambda found: [[[float(f"{v:.7g}") for v in one[at].tolist()] for at in places] for one, places in zip(found, kept)]
    models = []
    for name, kind, config in MODELS:
        torch.manual_seed(12)
        net = kind(config).eval()
        with torch.no_grad():
            for tensor, parameter in net.named_parameters():
                if parameter.ndim == 1:
                    parameter.add_(0.1 * torch.randn_like(parameter))
                if tensor.endswith("word_embeddings.weight"):
                    parameter[0] = 0.15 * torch.randn(parameter.shape[1])
        with tempfile.TemporaryDirectory() as folder:
            path = save(net, folder, name == "bert")
            with open(os.path.join(folder, "config.json")) as file:
                written = json.load(file)
            again = AutoModelForTokenClassification.from_pretrained(folder).eval()
            eager = AutoModelForTokenClassification.from_pretrained(folder, attn_implementation="eager").eval()
            shutil.copyfile(path, os.path.join(out_folder(), f"logits_long_{name}.safetensors"))
        alone, together = logits(net, rows, False), logits(net, rows, True)
        assert apart(logits(again, rows, False), alone) < 5e-6
        spread = {"together_from_alone": apart(together, alone), "eager_from_alone": apart(logits(eager, rows, False), alone),
                  "f64_from_alone": apart(logits(net.double(), rows, False), alone)}
        assert all(value < 2e-5 for value in spread.values())
        print(name, spread, "largest logit", max(float(one.abs().max()) for one in alone))
        models.append({"name": name, "config": written, "alone": keep(alone), "together": keep(together), "spread": spread})
    write("logits_long.json", {"inputs": rows, "rows": kept, "models": models})


main()
