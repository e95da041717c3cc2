"""Scores a model on a tagged file with tagli and with the Hugging Face Trainer in turn, and compares the time.

usage: eval_against_hf.py TAGLI MODEL FILE [PAIRS]
TAGLI: the release binary. MODEL: a folder of a model with a classifier that both open. FILE: tag, tab, word; blank lines between
sentences. Needs torch, transformers, datasets, seqeval; two threads. What is timed of tagli is the whole command, from the start
of the process over opening the model to the scores, and the same on the first sentence alone: the difference is the evaluation.
Of the Trainer it is `predict` and the scores, with everything loaded, in batches of 16 (the better of two runs each time: the first
one warms up).
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from datasets import Dataset
from seqeval.metrics import f1_score
from transformers import AutoModelForTokenClassification, AutoTokenizer, DataCollatorForTokenClassification, Trainer, TrainingArguments

tagli, model, file = sys.argv[1:4]
pairs = int(sys.argv[4]) if len(sys.argv) > 4 else 5
torch.set_num_threads(2)
work = tempfile.TemporaryDirectory()
sentences = [[line.split("\t") for line in part.split("\n") if line] for part in open(file, encoding="utf-8").read().split("\n\n") if part.strip()]
tokenizer = AutoTokenizer.from_pretrained(model)
network = AutoModelForTokenClassification.from_pretrained(model)
names = network.config.id2label


def encode(rows):
    encoded = tokenizer(rows["words"], truncation=True, is_split_into_words=True)
    encoded["labels"] = []
    for at, tags in enumerate(rows["tags"]):
        seen, labels = None, []
        for word in encoded.word_ids(at):
            labels.append(-100 if word is None or word == seen else network.config.label2id[tags[word]])
            seen = word
        encoded["labels"].append(labels)
    return encoded


rows = Dataset.from_dict({"words": [[w for _, w in s] for s in sentences], "tags": [[t for t, _ in s] for s in sentences]})
rows = rows.map(encode, batched=True, remove_columns=["words", "tags"])
arguments = TrainingArguments(work.name, per_device_eval_batch_size=16, report_to="none", use_cpu=True, disable_tqdm=True)
trainer = Trainer(network, arguments, data_collator=DataCollatorForTokenClassification(tokenizer))


def theirs():
    began = time.time()
    answer = trainer.predict(rows)
    best = answer.predictions.argmax(-1)
    gold = [[names[l] for l in row if l >= 0] for row in answer.label_ids]
    found = [[names[p] for p, l in zip(predicted, row) if l >= 0] for predicted, row in zip(best, answer.label_ids)]
    return time.time() - began, f1_score(gold, found)


one = os.path.join(work.name, "one.txt")
with open(one, "w", encoding="utf-8") as out:
    with_span = next(s for s in sentences if any(t != "O" for t, _ in s))
    out.write("".join(f"{t}\t{w}\n" for t, w in with_span))


def ours(file):
    began = time.time()
    out = subprocess.run([tagli, "eval", model, "--data", file, "--device", "cpu", "--json"], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True, env={**os.environ, "RAYON_NUM_THREADS": "2"}).stdout
    return time.time() - began, json.loads(out)["word"]["lenient"]["overall_f1"]


times = {"tagli": [], "tagli, one sentence": [], "transformers": []}
for _ in range(pairs):
    (ours_time, ours_f1), (theirs_time, theirs_f1) = ours(file), min(theirs(), theirs())
    times["tagli"].append(ours_time)
    times["tagli, one sentence"].append(ours(one)[0])
    times["transformers"].append(theirs_time)
middle = {name: statistics.median(all) for name, all in times.items()}
alone = middle["tagli"] - middle["tagli, one sentence"]
print(json.dumps({"sentences": len(sentences), "ratio": round(middle["transformers"] / alone, 3),
                  "ratio_with_start": round(middle["transformers"] / middle["tagli"], 3),
                  "seconds": {name: [round(t, 3) for t in all] for name, all in times.items()},
                  "word_f1": {"tagli": ours_f1, "transformers": theirs_f1}}, indent=1))
