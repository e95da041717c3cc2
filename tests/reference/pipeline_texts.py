"""Golden answers of Hugging Face's TokenClassificationPipeline for many texts, from text to answer.

usage: pipeline_texts.py [OUT_DIR]      (the results stand beside this script)
Made with the versions that the file names, on a processor, float32.

Unlike inference_pipeline.py, which feeds made-up logits into the rules, nothing is replaced here: a tiny DistilBERT with random
weights reads each text, so that tokenizer, windows, network, softmax and rules are compared together. The same network is
read with 512 pieces at a time and with 16, so that windows and truncation happen in short texts, too.

Writes pipeline_texts.safetensors (the weights, as save_pretrained writes them) and pipeline_texts.json:
  versions   of the libraries
  config     config.json
  tokenizer  tokenizer.json
  cases      [{text, longest, stride, ignore, answers: {strategy: [[label, score, word, start, end]]}}]; an answer of the strategy
             "none" has its index at the end. A strategy that gives the same list as an earlier one has its name instead.
"""

import json
import os
import random
import sys
import tempfile
import unicodedata
import warnings

import numpy
import tokenizers
import torch
import transformers
from inference_pipeline import LONG_TEXTS, STRATEGIES, TAGS, TEXTS, vocabulary
from transformers import BertTokenizer, DistilBertConfig, DistilBertForTokenClassification, pipeline

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()

POSITIONS, SHORT, DRAWN, LONG = 512, 16, 250, 8
WORDS = """any decent ramen places open after midnight beef pie was superb chips less so cafe pizza best lobster roll within miles under now
fish tacos grill grilling pieing soing sons Denny's don't can't o'clock tex-mex half-price 4.5/5 $10 £14 €12.50 15% 9:30-10:00 a.m. U.S. #1
Café Brûlôt crème brûlée jalapeño Tapas naïve résumé façade São Öl Ünder straße STRASSE İstanbul ﬁsh oﬃce Ångström
東京 你好 寿司 한국 करी ramen東京 🌮 🌮🌮 👨‍🍳 ☀️ 🇮🇹 👍🏽 zzzqq xylophone-9 ramenramenramen ... ?! , . ; ( ) " ' [UNK] [SEP] [MASK] ##ing ## a b c""".split()
SPACES = [" "] * 12 + ["  ", "\t", "\n", "\u00a0", "\u2003", "", "\u200b", "\u00ad"]


def out_folder():
    return sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(sys.argv[0]))


def network():
    torch.manual_seed(7)
    config = DistilBertConfig(
        vocab_size=len(vocabulary()), dim=8, hidden_dim=16, n_layers=2, n_heads=2, max_position_embeddings=POSITIONS, initializer_range=0.9,
        id2label=dict(enumerate(TAGS)), label2id={tag: at for at, tag in enumerate(TAGS)},
    )
    net = DistilBertForTokenClassification(config).eval()
    with torch.no_grad():
        # Most pieces of real texts are outside every span.
        net.classifier.bias[0] += 1.5
    return net


def drawn(dice, least, most):
    """A text of these numbers of words."""
    text = ""
    for _ in range(dice.randint(least, most)):
        word = dice.choice(WORDS)
        word = dice.choice([word, word, word, word.upper(), word.title(), unicodedata.normalize("NFD", word)])
        text += word + dice.choice(SPACES)
    return text if dice.random() < 0.3 else text.strip()


def cases():
    dice = random.Random(11)
    ignored = [["O"]] * 6 + [[], ["O", "Dish"], ["B-Dish"], ["O", "MISC", "I-Price"]]
    for text in TEXTS + LONG_TEXTS:
        yield text, POSITIONS, None, ["O"]
    for at in range(DRAWN):
        text = drawn(dice, 0, 10)
        stride = dice.choice([None, None, 0, 3, 5, 11, 13])
        yield text, dice.choice([POSITIONS, SHORT]) if stride is None else SHORT, stride, dice.choice(ignored)
    for at in range(LONG):
        yield drawn(dice, 300, 420), POSITIONS, [None, 0, 128, 509][at % 4], ["O"]


def main():
    folder, out = tempfile.mkdtemp(), out_folder()
    net = network()
    net.save_pretrained(folder)
    tokenizer = BertTokenizer(vocab=vocabulary(), do_lower_case=True)
    tokenizer.save_pretrained(folder)
    pipes = {}
    for longest in (POSITIONS, SHORT):
        tokenizer = BertTokenizer(vocab=vocabulary(), do_lower_case=True, model_max_length=longest)
        pipes[longest] = pipeline("token-classification", model=net, tokenizer=tokenizer, device="cpu")
    made = []
    for text, longest, stride, ignore in cases():
        answers, seen = {}, {}
        for strategy in STRATEGIES:
            if stride is not None and strategy == "none":
                continue
            options = {} if stride is None else {"stride": stride}
            found = pipes[longest](text, aggregation_strategy=strategy, ignore_labels=ignore, **options)
            rows = [
                [one.get("entity", one.get("entity_group")), round(float(one["score"]), 5), one["word"], one["start"], one["end"]]
                + ([one["index"]] if "index" in one else [])
                for one in found
            ]
            key = json.dumps(rows)
            answers[strategy] = seen.setdefault(key, strategy) if key in seen else rows
            seen.setdefault(key, strategy)
        made.append({"text": text, "longest": longest, "stride": stride, "ignore": ignore, "answers": answers})
    versions = {
        "transformers": transformers.__version__, "tokenizers": tokenizers.__version__,
        "numpy": numpy.__version__, "torch": torch.__version__,
    }
    read = lambda name: json.load(open(os.path.join(folder, name), encoding="utf-8"))
    head = {"versions": versions, "config": read("config.json"), "tokenizer": read("tokenizer.json")}
    text = json.dumps(head, ensure_ascii=True)[:-1] + ', "cases": [\n'
    text += ",\n".join(json.dumps(one, ensure_ascii=True, separators=(",", ":")) for one in made) + "\n]}\n"
    with open(os.path.join(out, "pipeline_texts.json"), "w", encoding="utf-8") as file:
        file.write(text)
    with open(os.path.join(folder, "model.safetensors"), "rb") as source:
        with open(os.path.join(out, "pipeline_texts.safetensors"), "wb") as target:
            target.write(source.read())
    spans = sum(len(rows) for one in made for rows in one["answers"].values() if isinstance(rows, list))
    print(f"{len(made)} texts, {spans} answers, {len(text)} bytes")


if __name__ == "__main__":
    main()
