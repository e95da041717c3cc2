"""Writes agreement.json: small random annotations and how far their annotators agree.

    python agreement.py > agreement.json

Made with Python 3.11, scikit-learn 1.9.1, seqeval 1.2.2, krippendorff 0.9.0, krippendorff-unitized-alpha 0.1.0 (install that
one with --no-deps; it asks for an old numpy and runs with 2.4.6). Kappa is scikit-learn's `cohen_kappa_score`. Alpha is
written here from the formulas of Krippendorff, Mathet, Bouvry and Widloecher 2016 (equations 1 to 5; Krippendorff 2019,
section 12.6.3), position by position and in fractions. It is checked, with an exception if it fails, against

- the book's example (Krippendorff 2019, figure 12.11: 0.510, as quallmer's tests quote it),
- krippendorff-unitized-alpha, wherever nothing overlaps and everybody read everything,
- krippendorff's nominal alpha with missing data, wherever every unit is one character long.

Exact F1 is checked against seqeval's strict micro average wherever spans are disjoint and keep to words. Positions are
code points; `null` stands for a document that an annotator has not read, and for a number that is undefined.
"""

import json
import math
import random
import sys
import warnings
from collections import Counter, defaultdict
from fractions import Fraction
from itertools import combinations, permutations

import krippendorff
import numpy
from krippendorff_unitized_alpha.krippendorffs_unitized_alpha import EMPTY_TAG, KrippendorffUnitizedAlpha, Segment
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2
from sklearn.metrics import cohen_kappa_score

warnings.filterwarnings("ignore")

WORDS = ["café", "🍕", "open", "till", "two", "crêpe", "a", "is", "Müller's", "cheap"]
KINDS = [
    # how many cases, annotators, documents, labels, how spans lie, share of documents not read
    (6, 2, 2, 2, "words", 0.0),
    (4, 3, 1, 3, "words", 0.0),
    (6, 2, 2, 3, "anyhow", 0.0),
    (5, 4, 3, 3, "anyhow", 0.3),
    (5, 3, 3, 2, "letters", 0.3),
]
BOOK = [
    [(0, 7, 1), (7, 13, 2), (30, 32, 5), (32, 37, 6), (37, 44, 6), (44, 60, 7)],
    [(0, 7, 1), (7, 13, 3), (13, 21, 5), (32, 44, 6)],
    [(0, 7, 1), (7, 13, 4), (13, 21, 5), (32, 37, 6), (37, 41, 6), (41, 44, 6)],
]


def borders(words):
    ends = numpy.cumsum([len(word) + 1 for word in words])
    return [(int(end) - len(word) - 1, int(end) - 1) for word, end in zip(words, ends)]


def random_spans(rng, words, labels, how):
    places, length, spans, at = borders(words), len(" ".join(words)), [], 0
    if how == "letters":
        chosen = sorted(rng.sample(range(length), rng.randint(1, min(6, length))))
        return [(at, at + 1, rng.randrange(labels)) for at in chosen]
    while at < len(words):
        size = rng.randint(1, 3)
        if rng.random() < 0.4 and at + size <= len(words):
            start, end = places[at][0], places[at + size - 1][1]
            if how == "anyhow":
                start, end = max(0, start - rng.randint(0, 4)), min(length, end + rng.randint(-1, 4))
            if start < end:
                spans.append((start, end, rng.randrange(labels)))
            at += size - 1
        at += 1
    if how == "anyhow" and spans and rng.random() < 0.3:
        spans.append((*rng.choice(spans)[:2], rng.randrange(labels)))
    rng.shuffle(spans)
    return spans


def redo(rng, spans, again):
    """What another annotator makes of it: mostly the same."""
    kept = [span for span in spans if rng.random() < 0.75]
    others = [span for span in again if not any(span[0] < end and start < span[1] for start, end, _ in kept)]
    return kept + others


def at_each(spans, length):
    """The set of labels at each position."""
    values = [frozenset()] * length
    for start, end, label in spans:
        for at in range(start, end):
            values[at] |= {label}
    return values


def alpha(documents):
    observed, units = defaultdict(Fraction), defaultdict(Fraction)
    for length, annotators in documents:
        read = [spans for spans in annotators if spans is not None]
        if len(read) < 2:
            continue
        values = [at_each(spans, length) for spans in read]
        for at in range(length):
            for one, other in permutations(values, 2):
                observed[one[at], other[at]] += Fraction(1, len(read) - 1)
        for spans, mine in zip(read, values):
            cuts = sorted({0, length} | {end for span in spans for end in span[:2]})
            for start, end in zip(cuts, cuts[1:]):
                units[mine[start]] += (end - start) ** 2 if mine[start] else end - start
    margins = defaultdict(Fraction)
    for (one, _), value in observed.items():
        margins[one] += value
    if len(margins) < 2:
        return None
    whole = sum(margins.values())
    expected = {c: whole * (margins[c] ** 2 - units[c]) / (whole**2 - sum(units.values())) for c in margins}
    agreed = sum(observed[c, c] for c in margins)
    return float(1 - (whole - agreed) / (whole - sum(expected.values())))


def check_alpha(documents, ours):
    """Against the other implementation, which knows one continuum: the documents one after the other."""
    read = all(spans is not None for _, annotators in documents for spans in annotators)
    disjoint = lambda spans, length: sum(end - start for start, end, _ in spans) == sum(map(bool, at_each(spans, length)))
    if ours is None or not read or not all(disjoint(spans, length) for length, said in documents for spans in said):
        return
    data, at = defaultdict(list), 0
    for length, annotators in documents:
        for name, spans in enumerate(annotators):
            tags = {start: str(label) for start, _, label in spans}
            cuts = sorted({0, length} | {end for span in spans for end in span[:2]})
            data[name] += [
                Segment(tags[start] if here else EMPTY_TAG, at + start, at + end)
                for start, end, here in zip(cuts, cuts[1:], (at_each(spans, length)[cut] for cut in cuts[:-1]))
            ]
        at += length
    assert math.isclose(KrippendorffUnitizedAlpha(data).result, ours, abs_tol=1e-9)


def check_letters(documents, ours):
    rows = [[] for _ in documents[0][1]]
    for length, annotators in documents:
        for row, spans in zip(rows, annotators):
            empty = [math.nan] * length
            row += empty if spans is None else [min(labels, default=-1) for labels in at_each(spans, length)]
    assert math.isclose(krippendorff.alpha(rows, level_of_measurement="nominal"), ours, abs_tol=1e-9)


def f1(both, only_a, only_b):
    whole = 2 * both + only_a + only_b
    return 2 * both / whole if whole else None


def overlaps(text, a, b):
    """One to one: the same label first, then the greatest overlap, the tightest pair, the earlier one, all in bytes. Slow
    and plain."""
    byte = [len(text[:at].encode()) for at in range(len(text) + 1)]
    a, b = ([(byte[start], byte[end], label) for start, end, label in sorted(spans)] for spans in (a, b))
    pairs = []
    while True:
        best = None
        for one in a:
            for other in b:
                common = min(one[1], other[1]) - max(one[0], other[0])
                around = max(one[1], other[1]) - min(one[0], other[0])
                rank = (one[2] != other[2], -common, around, sorted([one, other]))
                if common > 0 and (best is None or rank < best[0]):
                    best = (rank, one, other)
        if best is None:
            return pairs, a, b
        a.remove(best[1])
        b.remove(best[2])
        pairs.append(best[1:])


def kappa(a, b):
    if not any(a + b) or len(set(a + b)) < 2:
        return None
    name = lambda labels: "|".join(map(str, sorted(labels))) or "O"
    return float(cohen_kappa_score([name(labels) for labels in a], [name(labels) for labels in b]))


def pair(documents, how):
    a, b, words_a, words_b, tags_a, tags_b = [], [], [], [], [], []
    exact, confusion, overlap = Counter(), Counter(), Counter()
    for words, (one, other) in documents:
        pairs, only_a, only_b = overlaps(" ".join(words), one, other)
        confusion.update([(x[2], y[2]) for x, y in pairs])
        confusion.update([(x[2], None) for x in only_a] + [(None, y[2]) for y in only_b])
        overlap.update([x[2] for x, y in pairs if x[2] == y[2]])
        exact.update([span[2] for span in (Counter(one) & Counter(other)).elements()])
        a, b = a + [span[2] for span in one], b + [span[2] for span in other]
        for spans, sets, tags in [(one, words_a, tags_a), (other, words_b, tags_b)]:
            touching = [[s for s in spans if s[0] < end and start < s[1]] for start, end in borders(words)]
            sets += [frozenset(label for *_, label in here) for here in touching]
            first = lambda here, start: f"{'B' if here[0][0] == start else 'I'}-{here[0][2]}"
            tags.append([first(here, start) if here else "O" for here, (start, _) in zip(touching, borders(words))])
    counts = lambda both, a, b: [both, a - both, b - both]
    found = counts(sum(exact.values()), len(a), len(b))
    if how == "words" and f1(*found) is not None:
        assert math.isclose(f1_score(tags_a, tags_b, mode="strict", scheme=IOB2), f1(*found))
    tagged = [at for at, (x, y) in enumerate(zip(words_a, words_b)) if x or y]
    of = lambda counter, label: counts(counter[label], a.count(label), b.count(label))
    return {
        "exact": found,
        "overlap": counts(sum(overlap.values()), len(a), len(b)),
        "labels": [[label, of(exact, label), of(overlap, label)] for label in sorted(set(a + b))],
        "confusion": [[*cell, count] for cell, count in confusion.items()],
        "words": [len(words_a), len(tagged)],
        "kappa": [kappa(words_a, words_b), kappa([words_a[at] for at in tagged], [words_b[at] for at in tagged])],
        "alpha": alpha([(len(" ".join(words)), sides) for words, sides in documents]),
    }


def mean(values):
    values = [value for value in values if value is not None]
    return sum(values) / len(values) if values else None


def case(documents, how):
    pairs = {}
    for i, j in combinations(range(len(documents[0][1])), 2):
        common = [(words, [said[i], said[j]]) for words, said in documents if said[i] is not None and said[j] is not None]
        if common:
            pairs[i, j] = pair(common, how)
    lengths = [(len(" ".join(words)), said) for words, said in documents]
    whole = alpha(lengths)
    check_alpha(lengths, whole)
    for document in lengths:
        check_alpha([document], alpha([document]))
    if how == "letters" and whole is not None:
        check_letters(lengths, whole)
    f1s = [mean(f1(*found[name]) for found in pairs.values()) for name in ("exact", "overlap")]
    return {
        "documents": documents,
        "pairs": [[i, j, found] for (i, j), found in pairs.items()],
        "f1": f1s,
        "alpha": whole,
    }


def cases(seed, factor=1):
    rng = random.Random(seed)
    book = case([(["x" * 60], BOOK)], "anyhow")
    assert round(book["alpha"], 3) == 0.510
    yield book
    for spans in [[], []], [[], [(0, 4, 0)]], [[(0, 9, 1)], [(0, 9, 1)]], [[(0, 9, 1)], [(0, 9, 2)]], [[(0, 4, 1)], None]:
        yield case([(["café", "open"], spans)], "anyhow")
    for count, annotators, texts, labels, how, unread in KINDS:
        for _ in range(count * factor):
            documents = []
            for _ in range(texts):
                words = [rng.choice(WORDS) for _ in range(rng.randint(1, 9))]
                first = random_spans(rng, words, labels, how)
                said = [first] + [
                    redo(rng, first, random_spans(rng, words, labels, how)) for _ in range(annotators - 1)
                ]
                documents.append((words, [None if rng.random() < unread else spans for spans in said]))
            yield case(documents, how)


if __name__ == "__main__":
    # Another seed and a factor give more cases than are kept: `agreement.py 7 20`.
    numbers = [int(argument) for argument in sys.argv[1:]] or [1]
    print("[\n" + ",\n".join(json.dumps(c, separators=(",", ":"), ensure_ascii=False) for c in cases(*numbers)) + "\n]")
