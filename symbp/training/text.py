"""Text as examples: characters as whole numbers, and at every place the next character as the target.

A text is cut into windows; the end of it is the test, and the end of what is left the validation, so that no window
reaches across. With `lines` every line is an example of its own: a newline, then the line, whose targets are the line,
then a newline. The places behind it hold the padding, whose weight in the cost is 0.
Not here: words or parts of them, several texts.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from symbp.forward.network import Network
from symbp.spec.model import NetworkSpec
from symbp.training.alphabet import NEWLINE, Alphabet
from symbp.training.compared import Compared, class_weights
from symbp.training.dataset import Pair
from symbp.training.errors import DataError
from symbp.training.prepare import Examples, of_classes, split
from symbp.training.random import SPLIT_TEST, SPLIT_VALIDATION, generator


def text_examples(path: Path, spec: NetworkSpec, network: Network) -> Examples:
    """The examples of a text. DataError where it does not fit the network."""
    assert spec.data is not None
    text = _read(path)
    alphabet = Alphabet.of(text, bool(spec.data.options["lines"]))
    length = _length(path, spec, network, alphabet)
    parts = _lines(path, text, spec, alphabet, length) if alphabet.lines else _windows(path, text, spec, length)
    return Examples(*parts, Compared.of(parts[0], spec, network), alphabet)


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not text.strip():
        raise DataError(f"{path}: expected a text; the file is empty")
    return text


def _length(path: Path, spec: NetworkSpec, network: Network, alphabet: Alphabet) -> int:
    """How many characters the network reads. DataError with everything that does not fit."""
    assert spec.data is not None
    x, wanted, wrong = network.tensors[network.inputs[0]], alphabet.classes, []
    stated = spec.data.options["length"]
    length = int(x.shape[1]) if len(x.shape) == 2 and x.kind == "int" else 0
    if not length:
        shown = stated or 64
        form = f"input: {{shape: [{shown}], kind: integer, classes: {wanted}}}"
        raise DataError(f"{path}: characters are whole numbers, which a network reads as\n  {form}")
    if x.classes != wanted:
        wrong.append(f"{spec.place.file}: input: {x.classes} classes, expected {wanted}; make it `classes: {wanted}`")
    first = spec.layers[0].use
    if first.name == "embedding" and (tokens := first.options["tokens"]) != wanted:
        wrong.append(f"{first.place}: {tokens} tokens, expected {wanted}; make it `tokens: {wanted}`")
    if stated not in (0, length):
        wrong.append(f"data.length: {stated}, but the input has {length} places; leave it out")
    target = network.tensors[network.targets[0]] if network.targets else None
    outputs = network.tensors[network.heads[0].output].shape[1:]
    if target is None or target.kind != "int" or target.shape != x.shape:
        wrong.append(
            f"loss: `{spec.loss.name}` does not compare with the next character at every place; expected "
            f"softmax_cross_entropy of an output of shape ({length}, {wanted}); the output's is {outputs}"
        )
    elif outputs[-1] != wanted:
        wrong.append(f"output: {outputs[-1]} classes, expected {wanted}; {of_classes(spec, network, wanted)}")
    elif alphabet.lines:
        weights = class_weights(spec)
        if not weights or weights[-1] != 0:
            ones = ", ".join(["1"] * len(alphabet.characters))
            wrong.append(f"loss: the padding must not count; `{spec.loss.name}` needs\n  weight: [{ones}, 0]")
    if wrong:
        characters = f"{len(alphabet.characters)} characters ({alphabet.characters!r})"
        has = f"its alphabet has {characters}{', and there is a padding' if alphabet.lines else ''}"
        raise DataError("\n".join([f"{path}: {has}; the network does not fit:", *(f"  {line}" for line in wrong)]))
    return length


def _windows(path: Path, text: str, spec: NetworkSpec, length: int) -> tuple[Pair, Pair | None, Pair]:
    """Training, validation and test: parts of the text, one after the other, each in windows."""
    assert spec.data is not None
    numbers = Alphabet.of(text, lines=False).numbers(text)
    end = len(numbers) - round(spec.data.test * len(numbers))
    start = end - round(spec.training.validation * end)
    parts = {"training": (0, start), "validation": (start, end), "test": (end, len(numbers))}
    made = {}
    for name, (first, last) in parts.items():
        part = numbers[first:last]
        if len(part) <= length and (name != "validation" or spec.training.validation):
            raise DataError(
                f"{path}: {len(numbers)} characters leave {len(part)} for the {name}, "
                f"fewer than one window of {length} and the character behind it"
            )
        if len(part):
            stride = int(spec.data.options["stride"]) if name == "training" else 0
            windows = np.lib.stride_tricks.sliding_window_view(part, length + 1)[:: stride or length]
            made[name] = (np.ascontiguousarray(windows[:, :-1]), np.ascontiguousarray(windows[:, 1:]))
    return made["training"], made.get("validation"), made["test"]


def _lines(path: Path, text: str, spec: NetworkSpec, alphabet: Alphabet, length: int) -> tuple[Pair, Pair | None, Pair]:
    """Training, validation and test: the lines, held out at random."""
    assert spec.data is not None
    lines = [(k, line) for k, line in enumerate(text.split(NEWLINE), 1) if line]
    number, longest = max(lines, key=lambda pair: len(pair[1]))
    if len(longest) >= length:
        raise DataError(
            f"{path}:{number}: a line of {len(longest)} characters, which take {len(longest) + 1} places with the "
            f"newline before it; the network's input has {length}"
        )
    padded = np.full((len(lines), length + 1), alphabet.padding)
    for row, (_, line) in zip(padded, lines, strict=True):
        row[: len(line) + 2] = alphabet.numbers(f"{NEWLINE}{line}{NEWLINE}")
    train: Pair = (padded[:, :-1].copy(), padded[:, 1:].copy())
    seed, validation = spec.training.seed, None
    train, test = split(train, spec.data.test, generator(seed, SPLIT_TEST), str(path))
    if spec.training.validation:
        train, validation = split(train, spec.training.validation, generator(seed, SPLIT_VALIDATION), str(path))
    return train, validation, test
