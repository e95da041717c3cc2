"""Golden words for src/formats/label_studio/treebank.rs: the words that Label Studio's converter cuts.

The converter of label-studio-sdk 2.1 uses NLTK's Treebank tokenizer, and adds the slash to the marks that are words. Texts
are hand-written ones for each rule, and random ones of the same marks, of a seeded generator. Texts for which NLTK
raises an error are left out.

Made with nltk 3.10.4:
    python tests/reference/treebank_tokens.py > tests/reference/treebank_tokens.json
"""

import json
import random
import re

from nltk.tokenize.treebank import TreebankWordTokenizer

TreebankWordTokenizer.PUNCTUATION = [
    (re.compile(r"[;@#$/%&]"), r" \g<0> ") if pattern.pattern == r"[;@#$%&]" else (pattern, by)
    for pattern, by in TreebankWordTokenizer.PUNCTUATION
]

TEXTS = [
    "",
    " ",
    "The soup (with bread, $3.50) wasn't bad... \"Really?\"",
    "\"Try the fish,\" she said. 'Never again!'",
    "It's Denny's; we'll go at 9:30, and they've 20% off.",
    "I cannot, I'm gonna, gimme, lemme, gotta, D'ye wanna go? More'n I wanna",
    "'Tis late. 'twas late, and 'tisn't",
    "A and/or B & C @ D #1",
    "He said ``so'' and ''no'' to (\"that\") and ('' this)",
    "mac--and--cheese -- good",
    "U.S. and p.m. end. ",
    "end.) \n",
    "end.\"'\n\n",
    "a:b c: d::e f, g,,h 1,000 9:30 x:",
    "caf\u00e9\u00a0noir\u2009and\u3000\u5317\u4eac\u3002 \U0001f355\U0001f355! \U0001f468\u200d\U0001f373's",
    "tabs\tand\nlines\r\nof text.\nMore text.",
    "dogs' toys and James' 'n' roll's ",
    "don't DON'T Don'T can't CAN'T I'LL we'RE",
    "[a](b){c}<d> [\"e\"]",
    "price:\u0663, a,\u0663 and ,\u00bd",
    "a\x1cb\x1dc\x1ed\x1fe\x85f",
    "...a....b.....",
    "'' \"",
    "?!?! ;;",
    "'s 'm 'd ''s",
]
MARKS = list("ab .,:;'\"`-()[]?!/$1\n") + ["n't ", "'s ", "can", "not", "...", "''", "``", "\u00e9", "\U0001f355", "gonna ", " 'tis "]


def main():
    random.seed(7)
    texts = TEXTS + ["".join(random.choice(MARKS) for _ in range(random.randint(1, 24))) for _ in range(400)]
    cases = []
    for text in texts:
        try:
            spans = list(TreebankWordTokenizer().span_tokenize(text))
        except ValueError:
            continue
        cases.append({"text": text, "spans": spans})
    print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")


main()
