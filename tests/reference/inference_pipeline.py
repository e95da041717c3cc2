"""Golden numbers for src/inference/pipeline.rs: what Hugging Face's TokenClassificationPipeline returns.

The real pipeline runs from end to end (tokenizer, windows, postprocessing); only the network is replaced by one whose
logits are drawn from a seeded generator and rounded to two decimals, so that the file can hold them.

Made with transformers 5.23.0, tokenizers 0.23.3, numpy 2.4.6, torch 2.15.0 (the versions are also written into the file):
    python tests/reference/inference_pipeline.py > tests/reference/inference_pipeline.json
"""

import json
import random
import string
import sys
import warnings

import numpy
import tokenizers
import torch
import transformers
from transformers import BertTokenizer, DistilBertConfig, DistilBertForTokenClassification, pipeline
from transformers.modeling_outputs import TokenClassifierOutput

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()

# Labels with and without prefix, one with a hyphen of its own, one whose type is another's prefix.
TAGS = ["O", "B-Dish", "I-Dish", "B-Price", "I-Price", "MISC", "X-Dish"]
STRATEGIES = ["none", "simple", "first", "average", "max"]
LONGEST = 16  # what 512 is for DistilBERT: small, so that windows and truncation happen in short texts

TEXTS = [
    "",
    " ",
    "pizza",
    "any decent ramen places open after midnight",
    "The beef pie was superb, the chips less so.",
    "Caf\u00e9 Br\u00fbl\u00f4t closes at 3!",
    "cafe\u0301 and cre\u0300me bru\u0302le\u0301e",
    "Ta\u0308\u0301pas",
    "\u4f60\u597d\u6771\u4eac ramen",
    "\u4f60\u597d, sushi\u3002",
    "tacos \U0001f32e and more \U0001f32e\U0001f32e",
    "\u2600\ufe0f patio \U0001f468\u200d\U0001f373 chef",
    "don't can't won't o'clock",
    "do not eat it , 's 've n't",
    "tex-mex and half-price (4.5/5)",
    "\u00a314 or $10, \u20ac12.50 a head",
    "Denny's & Sons' \"best\" grill",
    "what ... is ? this ! thing",
    "wait... what?!",
    "zzzzzzqqqq unknownable words",
    "[UNK] typed by hand",
    "[SEP] in [MASK] the [CLS] text",
    "\ufb01sh and o\ufb03ce",
    "STRASSE stra\u00dfe \u1e9e",
    "\u0130stanbul kebab",
    "na\u00efve r\u00e9sum\u00e9 fa\u00e7ade",
    "tab\tand\nnew line\r\nend",
    "zero\u200bwidth soft\u00adhyphen",
    "nbsp\u00a0here em\u2003space",
    "\ud55c\uad6d bibimbap kimchi",
    "\u0915\u0930\u0940 curry",
    "##ing typed marks ##",
    "a b c d e f g",
    "grilling chipsing pieing soing",
    "ramenramenramen chipspie",
    "the best lobster roll within 5 miles",
    "UNDER $10 OPEN NOW",
    "x\u0301y\u0301z\u0301 u\u0308ber",
    "'quoted' n't 's",
    "e\u0301\u0301e e\u0301e",
]
LONG_TEXTS = [
    "any decent ramen places open after midnight within 5 miles of the best lobster roll and the chips less so",
    "grilling chipsing pieing soing ramenramenramen chipspie cafe\u0301 and \U0001f32e tacos, don't wait... what?! the beef pie",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n",
    "\u4f60\u597d\u6771\u4eac\u4f60\u597d\u6771\u4eac\u4f60\u597d\u6771\u4eac\u4f60\u597d\u6771\u4eac\u4f60\u597d\u6771\u4eac",
    "exactly a b c d e f g h i j k",
]


def vocabulary():
    words = "the and any decent ramen places open after midnight beef pie was superb chips less so cafe pizza best lobster "
    words += "roll within miles under now fish tacos grill don can not ' , . ! ? - / ( ) $ \u00a3 \u20ac & \" ; : # [ ]"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words.split()]
    pieces += list(string.ascii_lowercase + string.digits) + ["\u4f60", "\u4eac", "\ufb01", "\u00df", "\u0915"]
    pieces += ["##" + c for c in string.ascii_lowercase + string.digits] + ["##ing", "##ramen", "##pie", "##s", "##\u00df"]
    return {piece: at for at, piece in enumerate(dict.fromkeys(pieces))}


class Synthetic:
    """Stands in for the network's forward pass: answers with logits from a generator and keeps them."""

    def __call__(self, input_ids=None, **_):
        rows = []
        for _ in input_ids[0]:
            row = [round(self.dice.gauss(0, 1.5), 2) for _ in TAGS]
            # Runs of one label, so that groups form, and exact ties, so that their order shows.
            if self.dice.random() < 0.5:
                row[self.dice.choice([2, 2, 1, 4, 5, 6])] += 4.0
            if self.dice.random() < 0.1:
                row[1] = row[2] = 6.0
            rows.append([round(x, 2) for x in row])
        self.said.append(rows)
        return TokenClassifierOutput(logits=torch.tensor([rows], dtype=torch.float32))


def main():
    tokenizer = BertTokenizer(vocab=vocabulary(), do_lower_case=True, model_max_length=LONGEST)
    config = DistilBertConfig(
        vocab_size=len(tokenizer), dim=4, hidden_dim=4, n_layers=1, n_heads=1, max_position_embeddings=LONGEST,
        id2label=dict(enumerate(TAGS)), label2id={tag: at for at, tag in enumerate(TAGS)},
    )
    network = DistilBertForTokenClassification(config).eval()
    network.forward = model = Synthetic()
    pipe = pipeline("token-classification", model=network, tokenizer=tokenizer, device="cpu")

    def case(text, seed, stride, ignore):
        limits = {} if stride is None else {"return_overflowing_tokens": True, "stride": stride}
        coded = tokenizer(
            text, truncation=True, return_offsets_mapping=True, return_special_tokens_mask=True, **limits
        )
        ids, offsets, special = coded["input_ids"], coded["offset_mapping"], coded["special_tokens_mask"]
        if stride is None:
            ids, offsets, special = [ids], [offsets], [special]
        answers = {}
        for strategy in STRATEGIES:
            if stride is not None and strategy == "none":
                continue
            model.dice, model.said = random.Random(seed), []
            options = {} if stride is None else {"stride": stride}
            found = pipe(text, aggregation_strategy=strategy, ignore_labels=ignore, **options)
            answers[strategy] = json.loads(json.dumps(found, default=float))
        windows = []
        for at, rows in enumerate(model.said):
            # The pipeline pads the last window; padding is special and never counts.
            windows.append({
                "tokens": tokenizer.convert_ids_to_tokens(ids[at]),
                "ranges": offsets[at],
                "special": special[at],
                "logits": rows[: len(ids[at])],
            })
        return {"text": text, "stride": stride, "ignore": ignore, "windows": windows, "answers": answers}

    cases = [case(text, 1000 + at, None, ["O"]) for at, text in enumerate(TEXTS + LONG_TEXTS[:1])]
    cases += [case(TEXTS[at], 2000 + at, None, ignore) for at, ignore in [(3, []), (4, ["O", "Dish"]), (4, ["B-Dish"])]]
    cases += [case(text, 3000 + at, stride, ["O"]) for at, text in enumerate(LONG_TEXTS) for stride in (0, 5)]
    cases += [case(LONG_TEXTS[1], 4000, 11, ["O"]), case(LONG_TEXTS[4], 4001, 13, [])]
    # One case with the keys as Python has them; the others without, to keep the file small.
    shown = cases[4]["answers"]
    for one in cases:
        one["answers"] = {
            strategy: [[round(v, 8) if k == "score" else v for k, v in entity.items()] for entity in found]
            for strategy, found in one["answers"].items()
        }
    versions = {
        "transformers": transformers.__version__, "tokenizers": tokenizers.__version__,
        "numpy": numpy.__version__, "torch": torch.__version__,
    }
    whole = {"versions": versions, "tags": TAGS, "longest": LONGEST, "keys_of_case_4": shown}
    out = json.dumps(whole, ensure_ascii=True)[:-1] + ', "cases": [\n'
    out += ",\n".join(json.dumps(one, ensure_ascii=True, separators=(",", ":")) for one in cases)
    sys.stdout.write(out + "\n]}\n")


if __name__ == "__main__":
    main()
