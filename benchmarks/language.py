"""What a model of text is compared with, counts of characters and of pairs of them: `python -m benchmarks.language`.

Each is a cross entropy in nats for each character of the test set, as the cost of a network is, from counts in the
training set alone to which one is added everywhere (Laplace's rule). Padding counts neither here nor there.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from benchmarks import ROOT
from benchmarks.report import grid
from symbp.forward.build import build_network
from symbp.spec import read_spec
from symbp.training.prepare import Examples
from symbp.training.sources import find_file
from symbp.training.text import text_examples

SPECS = ("names_lstm", "shakespeare_transformer")
COLUMNS = ("spec", "characters of the test", "unigram", "bigram", "perplexities")


def unigram(examples: Examples) -> float:
    """The cross entropy of each character by how frequent it is."""
    (_, known), (_, wanted) = _pairs(examples, examples.train), _pairs(examples, examples.test)
    counts = np.bincount(known, minlength=_characters(examples)) + 1.0
    return float(-np.log(counts / counts.sum())[wanted].mean())


def bigram(examples: Examples) -> float:
    """The cross entropy of each character by how frequent it is behind the one before."""
    size = _characters(examples)
    (before, known), (at, wanted) = _pairs(examples, examples.train), _pairs(examples, examples.test)
    counts = np.bincount(before * size + known, minlength=size * size).reshape(size, size) + 1.0
    return float(-np.log(counts / counts.sum(1, keepdims=True))[at, wanted].mean())


def _characters(examples: Examples) -> int:
    assert examples.alphabet is not None
    return len(examples.alphabet.characters)


def _pairs(examples: Examples, pair: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Every character that a network predicts, and the one before it."""
    x, y = pair
    counted = y < _characters(examples)
    return x[counted], y[counted]


def read(path: Path) -> Examples:
    """The examples of a spec of text."""
    spec = read_spec(path)
    assert spec.data is not None
    found = find_file(spec.data, folder=None, spec_folder=path.parent)
    return text_examples(found, spec, build_network(spec))


def main() -> None:
    """Print the baselines of the specs."""
    rows = []
    for name in SPECS:
        examples = read(ROOT / "specs" / f"{name}.yaml")
        costs = unigram(examples), bigram(examples)
        told = ", ".join(f"{math.exp(cost):.2f}" for cost in costs)
        count = len(_pairs(examples, examples.test)[0])
        rows.append((f"`{name}`", str(count), *(f"{cost:.4f}" for cost in costs), told))
    print(grid(COLUMNS, rows))


if __name__ == "__main__":
    main()
