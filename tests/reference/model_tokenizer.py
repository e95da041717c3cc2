"""Word pieces of hard inputs by transformers, with the tokenizer of the embedded bases.

Writes model_tokenizer.json, which src/model/tokenizer.rs compares with. Made with Python 3.11, transformers 5.24.0,
tokenizers 0.23.3; run from anywhere: python tests/reference/model_tokenizer.py
"""

import json
from pathlib import Path

from transformers import PreTrainedTokenizerFast

HERE = Path(__file__).resolve().parent
TOKENIZER = HERE.parent.parent / "assets" / "encoder" / "tokenizer.json"

CASES = [
    [],
    [""],
    ["", "a", ""],
    ["where", "is", "a", "four", "star", "restaurant", "with", "tapas"],
    ["Denny's", "tex-mex", "$10", "2", "am,"],
    ["Denny", "'s"],
    ["don\u2019t", "\u201cquoted\u201d"],
    ["a.m.", "U.S.A."],
    ["caf\u00e9", "cre\u0300me", "bru\u0302l\u00e9e"],
    ["\u00c5ngstr\u00f6m", "na\u00efve", "STRASSE", "stra\u00dfe"],
    ["\u0130stanbul", "I\u0307", "\u0131"],
    ["\u1e9e", "\ufb01n", "\uff21\uff22"],
    ["\u5bff\u53f8", "sushi"],
    ["\u3059\u3057\u30b9\u30b7", "\uae40\uce58", "\u1112\u1161\u11ab"],
    ["\u043f\u0438\u0446\u0446\u0430", "\u03c0\u03af\u03c4\u03b1", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2"],
    ["\u0645\u0637\u0639\u0645", "\u05de\u05e1\u05e2\u05d3\u05d4", "\u0e2d\u0e32\u0e2b\u0e32\u0e23"],
    ["\u0939\u093f\u0928\u094d\u0926\u0940", "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd"],
    ["\U0001f355", "pizza\U0001f355pizza"],
    ["\U0001f469\u200d\U0001f373", "\U0001f1ee\U0001f1f9", "\u2764\ufe0f"],
    ["\u200b", "x"],
    ["a\u200bb", "\u2060", "\ufeff", "\u00ad", "soft\u00adhyphen"],
    ["\u0301", "e\u0301", "\u0301e"],
    ["\x00", "a\x00b", "\x1b[31mred\x1b[0m", "\x7f"],
    ["\ufffd", "a\ufffdb"],
    ["\t", "\n", " ", "a b", " a ", "a\tb", "a\u00a0b", "a\u3000b"],
    ["\u2028", "\u0085", "a\u0085b"],
    ["a" * 100],
    ["a" * 101],
    ["a" * 400, "after"],
    ["antidisestablishmentarianism", "supercalifragilisticexpialidocious"],
    ["tapas", "zzyzx", "qwertyuiop"],
    ["[CLS]", "[SEP]", "[UNK]", "[MASK]", "[PAD]", "[unused5]"],
    ["x[SEP]y", "[sep]", "[ CLS ]"],
    ["##ing", "#", "##", "###", "ing"],
    ["...", "?!", "--", "\u2014", "\u2026", "(a)", "[b]", "{c}", "<d>"],
    ["1,234.56", "3/4", "50%", "7:30pm", "555-1234"],
    ["http://example.com/a?b=c&d=e", "me@example.com", "#food", "@chef"],
    ["\u00bd", "\u00b2", "\u2460", "\u2167", "\u20ac5", "\u00a35"],
    ["\u00df", "\u00f8", "\u0142", "\u0111", "\u00e6"],
    ["\u4e00a\u4e8c", "a\u4e00", "\U00020000", "\uf900"],
    ["\U0001d400\U0001d401", "\U0001f1e6"],
    ["\ue000", "\U000f0000", "\U0010ffff"],
    ["Wh\u0065re's", "the", "B.Y.O.B.", "place,near", "me?"],
    ["$", "^", "`", "|", "~", "+", "=", "\u00d7", "\u00f7"],
]


def main():
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(TOKENIZER))
    cases = []
    for words in CASES:
        text = " ".join(words)
        raw = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        split = tokenizer(words, is_split_into_words=True, add_special_tokens=False) if words else None
        cases.append(
            {
                "words": words,
                "ids": split["input_ids"] if split else [],
                "word_ids": split.word_ids() if split else [],
                "tokens": split.tokens() if split else [],
                "text_ids": raw["input_ids"],
                "text_offsets": raw["offset_mapping"],
            }
        )
    lines = ",\n".join(json.dumps(case) for case in cases)
    (HERE / "model_tokenizer.json").write_text(f"[\n{lines}\n]\n")
    print(len(cases), "cases")


main()
