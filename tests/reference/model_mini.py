"""Checks the embedded base against numpy and PyTorch.

    python tests/reference/model_mini.py SOURCE [WRITTEN]

SOURCE: the all-MiniLM-L6-v2 folder that `just encoder` read. WRITTEN: the base as tagli writes it into a folder
(`f32`). Writes model_mini.json, the sums of every dequantised tensor, which src/model/embedded.rs compares with, and
prints how far the hidden states are from those of the uncut layers. Made with Python 3.11, numpy 2.4.6, safetensors 0.8.0,
torch 2.15.0, transformers 5.23.0.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

HERE = Path(__file__).resolve().parent
ASSET = HERE.parent.parent / "assets" / "encoder"
SENTENCES = [
    "where is a four star restaurant in milwaukee with tapas",
    "any places around here that has a nice view",
    "Denny's on Main Street is open until 2 am, isn't it?",
    "the pasta was overcooked but the tiramisu made up for it",
    "we ordered two margaritas and the grilled octopus",
]


def dequantised():
    stored = load_file(ASSET / "model.safetensors")
    whole = {}
    for name, value in stored.items():
        if name.endswith(".scale"):
            continue
        if value.dtype == np.int8:
            value = value.astype(np.float32) * stored[name + ".scale"][:, None]
        whole[name] = value
    return stored, whole


def sums(array):
    wide = array.astype(np.float64).ravel()
    return [float(wide.sum()), float((wide * wide).sum()), float(wide[0]), float(wide[-1])]


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


def check_quantisation(source, stored, whole):
    """Quantises the source again, with numpy alone, and compares byte by byte."""
    weights = load_file(source / "model.safetensors")
    old = json.loads((source / "tokenizer.json").read_text())["model"]["vocab"]
    new = json.loads((ASSET / "tokenizer.json").read_text())["model"]["vocab"]
    rows = [old[piece] for piece in new]
    assert list(new.values()) == list(range(15_500)) and rows == sorted(rows)
    single = [p for p in old if len(p) == 1 or (len(p) == 3 and p.startswith("##"))]
    assert all(p in new for p in single)
    for name in whole:
        value = weights[bert_name(name)]
        if name.endswith("word_embeddings.weight"):
            value = value[rows]
        if name.endswith("position_embeddings.weight"):
            value = value + weights["embeddings.token_type_embeddings.weight"][0]
        if value.ndim == 1:
            assert np.array_equal(value, stored[name]), name
            continue
        scale = np.abs(value).max(axis=1) / np.float32(127)
        assert np.array_equal(scale, stored[name + ".scale"]), name
        assert np.array_equal(np.rint(value / scale[:, None]).astype(np.int8), stored[name]), name
    print(len(whole), "tensors equal numpy's quantisation bit for bit")


def check_hidden(source, written):
    """Hidden states after three layers: the base as written, against the source's."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    bert = AutoModel.from_pretrained(source).eval()
    mini = AutoModel.from_pretrained(written).eval()
    tokenizers = AutoTokenizer.from_pretrained(source), AutoTokenizer.from_pretrained(written)
    for sentence in SENTENCES:
        a, b = (t(sentence, return_tensors="pt") for t in tokenizers)
        if a.tokens() != b.tokens():
            print("other pieces:", b.tokens())
            continue
        with torch.no_grad():
            x = bert(**a, output_hidden_states=True).hidden_states[3][0]
            y = mini(input_ids=b["input_ids"], attention_mask=b["attention_mask"]).last_hidden_state[0]
        cosine = torch.nn.functional.cosine_similarity(x, y).min().item()
        print(f"{sentence!r}: cosine at least {cosine:.5f}, relative error {((x - y).norm() / x.norm()).item():.4f}")


def main():
    source = Path(sys.argv[1])
    stored, whole = dequantised()
    check_quantisation(source, stored, whole)
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(sums(whole[name]))}" for name in sorted(whole))
    (HERE / "model_mini.json").write_text(f"{{\n{lines}\n}}\n")
    if len(sys.argv) > 2:
        for name, value in load_file(Path(sys.argv[2]) / "model.safetensors").items():
            assert np.array_equal(value, whole[name]), name
        print("the written folder holds numpy's numbers bit for bit")
        check_hidden(source, sys.argv[2])


main()
