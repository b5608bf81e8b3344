"""The baselines of text against counts by hand, and the specs of language beside them."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
from training.texts import NAMES, VERSE, WINDOWS, write_texts

from benchmarks.language import bigram, read, unigram


def by_hand(known: list[str], wanted: list[str], alphabet: str) -> tuple[float, float]:
    """Both cross entropies, of texts in whose every piece the first character is not predicted."""
    of = Counter(c for piece in known for c in piece[1:])
    pairs = Counter(pair for piece in known for pair in pairwise(piece))
    before = Counter(c for piece in known for c in piece[:-1])
    at = [pair for piece in wanted for pair in pairwise(piece)]
    one = [-math.log((of[c] + 1) / (of.total() + len(alphabet))) for _, c in at]
    two = [-math.log((pairs[b, c] + 1) / (before[b] + len(alphabet))) for b, c in at]
    return sum(one) / len(one), sum(two) / len(two)


def test_baselines_of_windows(tmp_path: Path) -> None:
    verse, _ = write_texts(tmp_path)
    verse.write_text(WINDOWS.replace(", stride: 3", "").replace(", validation: 0.1", ""))
    text = VERSE * 30
    end = len(text) - round(0.1 * len(text))
    known, wanted = ([part[k : k + 9] for k in range(0, len(part) - 8, 8)] for part in (text[:end], text[end:]))
    examples = read(verse)
    np.testing.assert_allclose((unigram(examples), bigram(examples)), by_hand(known, wanted, "".join({*text})))


def test_baselines_of_lines(tmp_path: Path) -> None:
    _, names = write_texts(tmp_path)
    examples = read(names)
    assert examples.alphabet is not None
    held = Counter("".join(examples.alphabet.characters[k] for k in row if k < 5) for row in examples.test[0])
    wanted = [*held.elements()]
    whole = Counter(f"\n{name}\n"[:6] for name in NAMES * 8)
    assert held <= whole
    known = [*(whole - held).elements()]
    assert all(piece.endswith("\n") for piece in (*known, *wanted)), "every line ends in sight"
    np.testing.assert_allclose((unigram(examples), bigram(examples)), by_hand(known, wanted, "\nanot"))
