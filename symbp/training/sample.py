"""Text from a trained network, a character at a time: each drawn from what the network expects behind those before.

The network reads a window of fixed length. Until it is full, characters stand at its beginning, and what it expects is
read at the last of them: behind it may stand anything, since a network that was trained on text sees no later place.
After that the window moves along. With lines a newline ends an example, and the next begins with an empty window.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from symbp.errors import UserError
from symbp.forward.comparison import comparison
from symbp.forward.network import Network
from symbp.spec.model import NetworkSpec
from symbp.training.alphabet import NEWLINE, Alphabet, read_alphabet
from symbp.training.errors import CheckpointError
from symbp.training.folders import CHECKPOINT
from symbp.training.random import SAMPLE, generator


def sample(
    spec: NetworkSpec,
    network: Network,
    module: ModuleType,
    run: Path,
    *,
    prompt: str = "",
    length: int = 500,
    temperature: float = 1.0,
    seed: int = 0,
) -> Iterator[str]:
    """`length` characters that go on from the prompt, as the network of the run expects them; 0 is the likeliest.

    Raises UserError for a network of something else than text, or a prompt that it cannot read, CheckpointError for a
    run of something else: at once, not with the first character.
    """
    if spec.data is None or spec.data.source != "text":
        raise UserError(f"{spec.place.file}: not a model of text; its `data` would have `source: text`")
    compared = comparison(network)
    if compared is None or not compared.probabilities:
        told = f"what is predicted under `{spec.loss.name}` are no probabilities, from which characters are drawn"
        raise UserError(f"{spec.place.file}: {told}; under `softmax_cross_entropy` they are")
    alphabet = read_alphabet(run)
    if unknown := alphabet.unknown(prompt):
        raise UserError(f"the prompt has {unknown!r}; the text of {run} has only {alphabet.characters!r}")
    places = int(network.tensors[network.inputs[0]].shape[1])
    reader = Reader(module, _parameters(module, run), alphabet, places)
    return continued(reader, prompt, length, temperature, generator(seed, SAMPLE))


class Reader:
    """A trained network, and the logarithms of what it expects behind a text."""

    def __init__(self, module: ModuleType, params: Any, alphabet: Alphabet, places: int) -> None:
        self.module = module
        self.params = params
        self.alphabet = alphabet
        self.workspace = module.Workspace(1, params.flat.dtype)
        self.x = np.zeros((1, places), np.int64)

    def __call__(self, text: str) -> np.ndarray:
        """For every character of the alphabet; the padding is none."""
        last = self.alphabet.numbers(text[-self.x.shape[1] :])
        self.x[0, : len(last)] = last
        p = self.module.predict(self.params, self.x, self.workspace)[0, len(last) - 1]
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(p[: len(self.alphabet.characters)], dtype=np.float64))


def choose(logarithms: np.ndarray, temperature: float, random: np.random.Generator) -> int:
    """A number, with probabilities proportional to p^(1 / temperature); the likeliest where the temperature is 0."""
    away = logarithms - logarithms.max()
    with np.errstate(over="ignore"):
        weights = np.exp(away / temperature) if temperature else (away == 0).astype(np.float64)
    return int(random.choice(len(weights), p=weights / weights.sum()))


def continued(
    reader: Reader, prompt: str, length: int, temperature: float, random: np.random.Generator
) -> Iterator[str]:
    """The characters behind a prompt."""
    characters, lines = reader.alphabet.characters, reader.alphabet.lines
    text = NEWLINE + prompt if lines or (not prompt and NEWLINE in characters) else prompt or characters[0]
    if lines:
        text = text[text.rindex(NEWLINE) :]
    for _ in range(length):
        drawn = characters[choose(reader(text), temperature, random)]
        yield drawn
        text = drawn if lines and drawn == NEWLINE else text[1 - reader.x.shape[1] :] + drawn


def _parameters(module: ModuleType, run: Path) -> Any:
    """What the run has learnt up to its last checkpoint."""
    path = run / CHECKPOINT
    try:
        return module.load(path).params
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise CheckpointError(str(error)) from None
