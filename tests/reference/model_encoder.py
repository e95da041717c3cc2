"""Checks the encoder of the embedded bases against numpy and transformers, and writes the numbers for the tests.

    python tests/reference/model_encoder.py SOURCE

SOURCE: the all-MiniLM-L6-v2 folder that `just encoder` read. Rounds its weights again, with numpy alone, and compares
with assets/encoder/ bit by bit. Writes model_encoder.json, which src/model/embedded.rs compares with: sums of every
dequantised tensor, and hidden states that transformers' DistilBertModel computes from these tensors, with three layers
(`mini`) and with six (`small`). Prints how far they are from those of SOURCE. Made with Python 3.11, numpy 2.4.6,
safetensors 0.8.0, torch 2.15.0, transformers 5.24.0.
"""

import json
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from transformers import AutoModel, AutoTokenizer, DistilBertConfig, DistilBertModel, PreTrainedTokenizerFast

HERE = Path(__file__).resolve().parent
ASSET = HERE.parent.parent / "assets" / "encoder"
WORDS = "distilbert.embeddings.word_embeddings.weight"
GROUP = 32
# Of each hidden state the first numbers are kept.
KEPT = 8
SENTENCES = [
    "where is a four star restaurant in milwaukee with tapas",
    "Denny's on Main Street is open until 2 am, isn't it?",
    "the pozole and the gnocchi alla romana made up for the caf\u00e9's tiramisu",
]


def dequantise(stored):
    """Every tensor of the encoder as f32."""
    whole = {}
    for name, value in stored.items():
        if name.endswith(".scale"):
            continue
        if value.dtype == np.int8:
            value = value.astype(np.float32) * stored[name + ".scale"][:, None]
        if value.dtype == np.uint8:
            numbers = np.concatenate([value & 15, value >> 4], axis=1).astype(np.float32) - np.float32(8)
            value = numbers * stored[name + ".scale"].astype(np.float32)[:, None]
            value = value.reshape(-1, 384)
        whole[name] = value
    return whole


def bert_name(name):
    """The source's name of a DistilBERT parameter."""
    name = name.removeprefix("distilbert.")
    parts = {
        "attention.q_lin": "attention.self.query",
        "attention.k_lin": "attention.self.key",
        "attention.v_lin": "attention.self.value",
        "attention.out_lin": "attention.output.dense",
        "sa_layer_norm": "attention.output.LayerNorm",
        "ffn.lin1": "intermediate.dense",
        "ffn.lin2": "output.dense",
        "output_layer_norm": "output.LayerNorm",
    }
    for ours, theirs in parts.items():
        if f".{ours}." in name:
            return name.replace("transformer.layer", "encoder.layer").replace(f".{ours}.", f".{theirs}.")
    return name


def four_bits(table):
    """Groups of 32 with the factor of the least squared error among 33, all in f32; the error in f64, in order."""
    groups = table.reshape(-1, GROUP)
    extreme = groups[np.arange(len(groups)), np.abs(groups).argmax(axis=1)]
    best = np.full(len(groups), np.inf)
    factors = np.zeros(len(groups), np.float16)
    numbers = np.zeros(groups.shape, np.float32)
    for eighths in range(48, 81):
        tried = (extreme / np.float32(-eighths / 8)).astype(np.float16)
        factor = tried.astype(np.float32)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            rounded = np.where(factor == 0, np.float32(0), np.clip(np.rint(groups / factor), -8, 7))
        off = groups.astype(np.float64) - rounded.astype(np.float64) * factor.astype(np.float64)
        error = np.zeros(len(groups))
        for column in range(GROUP):
            error += off[:, column] * off[:, column]
        better = error < best
        best[better], factors[better], numbers[better] = error[better], tried[better], rounded[better]
    stored = (numbers + 8).astype(np.uint8)
    return stored[:, : GROUP // 2] | stored[:, GROUP // 2 :] << 4, factors


def check_rounding(source, stored):
    weights = load_file(source / "model.safetensors")
    names = [name for name in stored if not name.endswith(".scale")]
    for name in names:
        value = weights[bert_name(name)]
        if name.endswith("position_embeddings.weight"):
            value = value + weights["embeddings.token_type_embeddings.weight"][0]
        if value.ndim == 1:
            assert np.array_equal(value, stored[name]), name
            continue
        if name == WORDS:
            numbers, scale = four_bits(value)
        else:
            scale = np.abs(value).max(axis=1) / np.float32(127)
            numbers = np.rint(value / scale[:, None]).astype(np.int8)
        assert np.array_equal(scale, stored[name + ".scale"]), name
        assert np.array_equal(numbers, stored[name]), name
    print(len(names), "tensors equal numpy's rounding bit for bit")
    read = lambda folder: json.loads((folder / "tokenizer.json").read_text())
    ours, theirs = read(ASSET), read(source)
    assert ours.pop("truncation") is None and ours.pop("padding") is None
    theirs.pop("truncation"), theirs.pop("padding")
    assert ours == theirs
    files = b"".join((ASSET / name).read_bytes() for name in ["config.json", "model.safetensors", "tokenizer.json"])
    assert (ASSET / "checksum").read_text() == f"{zlib.crc32(files):08x}\n"


def hidden_states(source, whole):
    """Last hidden states of both bases for the sentences, compared with those of the source after as many layers."""
    bert = AutoModel.from_pretrained(source).eval()
    theirs = AutoTokenizer.from_pretrained(source)
    ours = PreTrainedTokenizerFast(tokenizer_file=str(ASSET / "tokenizer.json"))
    found = {}
    for base, layers in [("mini", 3), ("small", 6)]:
        config = DistilBertConfig(**{**json.loads((ASSET / "config.json").read_text()), "n_layers": layers})
        model = DistilBertModel(config).eval()
        tensors = {name.removeprefix("distilbert."): torch.from_numpy(value) for name, value in whole.items()}
        missing, unexpected = model.load_state_dict(tensors, strict=False)
        assert not [name for name in missing if "position_ids" not in name], missing
        assert all(int(name.split(".")[2]) >= layers for name in unexpected), unexpected
        found[base] = []
        for sentence in SENTENCES:
            ids = ours(sentence)["input_ids"]
            assert ids == theirs(sentence)["input_ids"]
            inputs = torch.tensor([ids])
            with torch.no_grad():
                y = model(input_ids=inputs).last_hidden_state[0]
                x = bert(input_ids=inputs, output_hidden_states=True).hidden_states[layers][0]
            cosine = torch.nn.functional.cosine_similarity(x, y).min().item()
            print(f"{base}: {sentence!r}: cosine at least {cosine:.5f}, relative error {((x - y).norm() / x.norm()).item():.4f}")
            states = [[round(value, 6) for value in row[:KEPT]] for row in y.tolist()]
            found[base].append({"sentence": sentence, "ids": ids, "hidden": states})
    return found


def sums(array):
    wide = array.astype(np.float64).ravel()
    return [float(wide.sum()), float((wide * wide).sum()), float(wide[0]), float(wide[-1])]


def main():
    source = Path(sys.argv[1])
    stored = load_file(ASSET / "model.safetensors")
    check_rounding(source, stored)
    whole = dequantise(stored)
    tensors = ",\n".join(f"  {json.dumps(name)}: {json.dumps(sums(whole[name]))}" for name in sorted(whole))
    states = hidden_states(source, whole)
    lines = [f'  {json.dumps(base)}: [\n   ' + ",\n   ".join(map(json.dumps, cases)) + "\n  ]" for base, cases in states.items()]
    hidden = ",\n".join(lines)
    (HERE / "model_encoder.json").write_text(f'{{\n "tensors": {{\n{tensors}\n }},\n "hidden": {{\n{hidden}\n }}\n}}\n')


main()
