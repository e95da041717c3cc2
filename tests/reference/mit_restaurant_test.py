"""Prints fingerprints of published test sets, by which `tagli eval` recognises them.

    python mit_restaurant_test.py FILE...

Each FILE has one word with its tag per line, tag first, and blank lines between sentences, as MIT Restaurant is
published (https://groups.csail.mit.edu/sls/downloads/restaurant/). The fingerprint is the number of sentences and the
sum of their hashes modulo 2^64, so the order of sentences does not matter; words are hashed in lower case. The last line
is the fingerprint of all files together. `runs/published.rs` has those of the official test set (1,521 sentences) and of
the two parts in which the Carpentries lesson uses it: validation (815) and test (706).
"""

import sys

MASK = (1 << 64) - 1


def mix(value):
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def hash_of(words):
    value = 0xCBF29CE484222325
    for word in words:
        for byte in word.lower().encode() + b"\0":
            value = ((value ^ byte) * 0x100000001B3) & MASK
    return mix(value)


def sentences(path):
    words = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            columns = line.split()
            if columns:
                words.append(columns[1])
            elif words:
                yield words
                words = []
    if words:
        yield words


def main():
    all_count, all_sum = 0, 0
    for path in sys.argv[1:]:
        hashes = [hash_of(words) for words in sentences(path)]
        print(f"{len(hashes)}-{sum(hashes) & MASK:016x} {path}")
        all_count, all_sum = all_count + len(hashes), (all_sum + sum(hashes)) & MASK
    print(f"{all_count}-{all_sum:016x} all")
    print(f"1-{hash_of(['fish', 'tacos']):016x} fish tacos")


if __name__ == "__main__":
    main()
