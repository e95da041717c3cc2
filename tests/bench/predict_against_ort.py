"""Tags texts with `tagli predict` and with ONNX Runtime in turn, exactly and with 8 bits, and compares times.

usage: predict_against_ort.py TAGLI MODEL FILE [ROUNDS]
TAGLI: the release binary. MODEL: a folder of a model with a classifier. FILE: one text per line. Needs torch, transformers, onnx,
onnxruntime; two threads. Of tagli the whole process is timed, with opening the model and writing the answers. Of ONNX Runtime it
is cutting the texts into pieces and the network, in batches of 32 sorted by length, with everything loaded; its 8 bits are
`quantize_dynamic`. Trust the processor times where other programs use the cores as well.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModelForTokenClassification, AutoTokenizer

tagli, model, file = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
work = tempfile.TemporaryDirectory()
exact, rounded = (os.path.join(work.name, name) for name in ["exact.onnx", "rounded.onnx"])
tokenizer = AutoTokenizer.from_pretrained(model)
texts = [line.rstrip("\n") for line in open(file, encoding="utf-8")]


class Logits(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.network = AutoModelForTokenClassification.from_pretrained(model, attn_implementation="eager").eval()

    def forward(self, ids, mask):
        return self.network(input_ids=ids, attention_mask=mask).logits


def export():
    some = torch.ones(2, 7, dtype=torch.long)
    axes = {name: {0: "batch", 1: "piece"} for name in ["ids", "mask", "logits"]}
    torch.onnx.export(
        Logits(), (some, some), exact, input_names=["ids", "mask"], output_names=["logits"], dynamic_axes=axes,
        opset_version=17, dynamo=False,
    )
    quantize_dynamic(exact, rounded, weight_type=QuantType.QInt8)


def run_ort(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = 2, 1
    # A thread that waits must not count as one that works.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    start = time.process_time(), time.perf_counter()
    pieces = sorted(tokenizer(texts, truncation=True)["input_ids"], key=len)
    for first in range(0, len(pieces), 32):
        batch = pieces[first : first + 32]
        ids = numpy.zeros((len(batch), max(map(len, batch))), numpy.int64)
        mask = numpy.zeros_like(ids)
        for row, some in enumerate(batch):
            ids[row, : len(some)], mask[row, : len(some)] = some, 1
        session.run(None, {"ids": ids, "mask": mask})
    return time.process_time() - start[0], time.perf_counter() - start[1]


def run_tagli(precision):
    before, start = os.times(), time.perf_counter()
    command = [tagli, "predict", model, "--file", file, "--json", "--precision", precision]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "RAYON_NUM_THREADS": "2"})
    after, end = os.times(), time.perf_counter()
    return after.children_user + after.children_system - before.children_user - before.children_system, end - start


def main():
    export()
    for precision, path in [("fp32", exact), ("int8", rounded)]:
        times = [(run_tagli(precision), run_ort(path)) for _ in range(rounds)]
        for which, kind in enumerate(["processor", "wall"]):
            here, there = (statistics.median(time[which] for time in side) for side in zip(*times))
            print(f"{precision}, {kind}: tagli {here:.2f} s, ONNX Runtime {there:.2f} s, ratio {there / here:.2f}")


if __name__ == "__main__":
    main()
