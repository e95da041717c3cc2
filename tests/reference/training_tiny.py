"""Golden numbers of a tiny DistilBERT for token classification: logits, loss, gradient norm, weights after five steps.

usage: training_tiny.py OUT_DIR      (the results stand beside this script)
Made with torch 2.15.0, transformers 5.23.0, accelerate 1.15.0, safetensors, on a processor, float32.
Writes training_tiny.safetensors (weights before), training_tiny_after.safetensors (weights after five AdamW steps) and
training_tiny.json (inputs, logits, losses, norms, learning rates, and the order accelerate's sampler gives); of a tiny BERT
training_tiny_bert.safetensors (weights) and training_tiny_bert.json (config.json, inputs, logits).
"""
import json
import os
import sys

import accelerate
import torch
import transformers
from accelerate.data_loader import SeedableRandomSampler
from safetensors.torch import save_file
from transformers import BertConfig, BertForTokenClassification, DistilBertConfig, DistilBertForTokenClassification, get_linear_schedule_with_warmup
from transformers.trainer_pt_utils import get_parameter_names

out = sys.argv[1]
torch.manual_seed(7)
TAGS = ["O", "B-Dish", "I-Dish", "B-Price", "I-Price"]
config = DistilBertConfig(vocab_size=60, max_position_embeddings=24, dim=16, n_layers=2, n_heads=2, hidden_dim=32, dropout=0.0,
                          attention_dropout=0.0, initializer_range=0.3, id2label=dict(enumerate(TAGS)),
                          label2id={t: i for i, t in enumerate(TAGS)})
net = DistilBertForTokenClassification(config)
with torch.no_grad():  # Biases of 0 and norms of 1 would hide mistakes.
    for name, p in net.named_parameters():
        if p.ndim == 1:
            p.add_(0.1 * torch.randn_like(p))


def weights():
    return {n: p.detach().clone().contiguous() for n, p in net.named_parameters()}


def batch(rows):
    longest = max(len(r) for r in rows)
    ids = torch.tensor([r + [0] * (longest - len(r)) for r in rows])
    mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in rows])
    return ids, mask


save_file(weights(), os.path.join(out, "training_tiny.safetensors"))
gen = torch.Generator().manual_seed(3)
rand = lambda n, low, high: torch.randint(low, high, (n,), generator=gen).tolist()
inputs = [[2] + rand(n, 5, 55) + [3] for n in (1, 4, 9, 22, 4)]
ids, mask = batch(inputs)
net.eval()
with torch.no_grad():
    logits = net(input_ids=ids, attention_mask=mask).logits
golden = {"inputs": inputs, "logits": [l[: len(r)].tolist() for l, r in zip(logits, inputs)]}

# Five steps as transformers.Trainer does them: two decay groups, clipping, linear schedule with warm-up.
steps = []
lengths = [(3, 7, 5), (2, 2, 2), (9, 1, 4), (6,), (5, 8)]
for sizes in lengths:
    rows = [[2] + rand(n, 5, 55) + [3] for n in sizes]
    labels = [[-100] + [l if keep else -100 for l, keep in zip(rand(n, 0, 5), rand(n, 0, 4))] + [-100] for n in sizes]
    labels[0][1] = 1
    steps.append({"inputs": rows, "labels": labels})
net.train()
decay = get_parameter_names(net, [torch.nn.LayerNorm], [r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)"])
groups = [
    {"params": [p for n, p in net.named_parameters() if n in decay], "weight_decay": 0.01},
    {"params": [p for n, p in net.named_parameters() if n not in decay], "weight_decay": 0.0},
]
golden["decayed"] = sorted(decay)
optimiser = torch.optim.AdamW(groups, lr=2e-3, betas=(0.9, 0.999), eps=1e-8)
schedule = get_linear_schedule_with_warmup(optimiser, 2, len(steps))
for step in steps:
    ids, mask = batch(step["inputs"])
    labels = torch.tensor([l + [-100] * (ids.shape[1] - len(l)) for l in step["labels"]])
    loss = net(input_ids=ids, attention_mask=mask, labels=labels).loss
    loss.backward()
    step["loss"] = loss.item()
    step["grad_norm"] = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0).item()
    step["lr"] = optimiser.param_groups[0]["lr"]
    optimiser.step()
    schedule.step()
    optimiser.zero_grad()
golden["steps"] = steps
save_file(weights(), os.path.join(out, "training_tiny_after.safetensors"))

orders = []
for n, epoch in ((1, 0), (10, 0), (10, 1), (10, 2), (1000, 0)):
    sampler = SeedableRandomSampler(range(n), generator=torch.Generator(), data_seed=42)
    sampler.set_epoch(epoch)
    order = list(iter(sampler))
    orders.append({"n": n, "seed": 42, "epoch": epoch, "order": order[:20]})
golden["orders"] = orders
golden["made_with"] = {"torch": torch.__version__, "transformers": transformers.__version__, "accelerate": accelerate.__version__}
with open(os.path.join(out, "training_tiny.json"), "w") as file:
    json.dump(golden, file)
    file.write("\n")

torch.manual_seed(8)
bert_config = BertConfig(vocab_size=60, max_position_embeddings=24, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                         intermediate_size=32, initializer_range=0.3, id2label=dict(enumerate(TAGS)),
                         label2id={t: i for i, t in enumerate(TAGS)}, architectures=["BertForTokenClassification"])
net = BertForTokenClassification(bert_config).eval()
with torch.no_grad():
    for name, p in net.named_parameters():
        if p.ndim == 1:
            p.add_(0.1 * torch.randn_like(p))
save_file(weights(), os.path.join(out, "training_tiny_bert.safetensors"))
ids, mask = batch(inputs)
with torch.no_grad():
    logits = net(input_ids=ids, attention_mask=mask).logits
golden = {"config": json.loads(bert_config.to_json_string(use_diff=False)), "inputs": inputs,
          "logits": [l[: len(r)].tolist() for l, r in zip(logits, inputs)]}
with open(os.path.join(out, "training_tiny_bert.json"), "w") as file:
    json.dump(golden, file)
    file.write("\n")
