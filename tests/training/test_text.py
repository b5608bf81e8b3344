"""Text as examples: windows that meet at the ends, lines with their padding, and what is measured of both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from training.texts import LINES, NAMES, VERSE, WINDOWS, write_texts

from symbp.forward.build import build_network
from symbp.pipeline import generate, load_module
from symbp.spec import parse_spec
from symbp.spec.model import SpecError
from symbp.training.alphabet import Alphabet, read_alphabet
from symbp.training.errors import DataError
from symbp.training.measure import Measure
from symbp.training.prepare import Examples
from symbp.training.text import text_examples


def read(folder: Path, text: str, name: str) -> Examples:
    spec = parse_spec(text)
    return text_examples(folder / name, spec, build_network(spec))


def spelt(numbers: np.ndarray, alphabet: Alphabet | None) -> str:
    assert alphabet is not None
    return "".join((alphabet.characters + "_")[k] for k in numbers.ravel())


def test_windows_hold_the_text_and_targets_the_next_character(tmp_path: Path) -> None:
    write_texts(tmp_path)
    examples, text = read(tmp_path, WINDOWS, "verse.txt"), VERSE * 30
    end = len(text) - round(0.1 * len(text))
    start = end - round(0.1 * end)
    parts = {"train": text[:start], "validation": text[start:end], "test": text[end:]}
    for name, part in parts.items():
        x, y = getattr(examples, name)
        step = 3 if name == "train" else 8
        starts = range(0, len(part) - 8, step)
        assert [spelt(row, examples.alphabet) for row in x] == [part[k : k + 8] for k in starts]
        assert [spelt(row, examples.alphabet) for row in y] == [part[k + 1 : k + 9] for k in starts]


def test_lines_begin_and_end_with_a_newline_and_are_padded(tmp_path: Path) -> None:
    write_texts(tmp_path)
    examples = read(tmp_path, LINES, "names.txt")
    assert examples.alphabet == Alphabet("\nanot", lines=True)
    lines = set()
    for x, y in (examples.train, examples.test):
        for of_x, of_y in zip(x, y, strict=True):
            line = spelt(of_y, examples.alphabet).partition("\n")[0]
            assert spelt(of_x, examples.alphabet) == f"\n{line}\n".ljust(6, "_")[:6]
            assert spelt(of_y, examples.alphabet) == f"{line}\n".ljust(6, "_")
            lines.add(line)
    assert lines == set(NAMES)
    assert len(examples.test[0]) == round(0.2 * 8 * len(NAMES))


@pytest.mark.parametrize("text", [WINDOWS, LINES])
def test_what_is_measured_is_a_mean_over_places(tmp_path: Path, text: str) -> None:
    """Against probabilities of all examples at once; the padding counts nowhere."""
    write_texts(tmp_path)
    spec = parse_spec(text)
    made = generate(spec, dtype="float64", check=False)
    module = load_module(made)
    assert spec.data is not None
    examples = text_examples(tmp_path / spec.data.path, spec, made.derivation.network)
    params = module.init(5, np.float64)
    params.flat *= 3
    x, y = examples.train
    p = module.predict(params, x)
    counted = np.ones(y.shape, bool) if text is WINDOWS else y != 5
    truth = -np.log(np.take_along_axis(p, y[..., None], -1)[..., 0])[counted].mean()
    measured = Measure(module, examples)(params, examples.train)
    np.testing.assert_allclose(measured.loss, truth, rtol=1e-12)
    np.testing.assert_allclose(measured.perplexity, np.exp(truth), rtol=1e-12)
    assert measured.accuracy == (p.argmax(-1) == y)[counted].mean()


def test_the_mean_over_weighted_labels_does_not_depend_on_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_texts(tmp_path)
    spec = parse_spec(LINES)
    made = generate(spec, dtype="float64", check=False)
    module = load_module(made)
    examples = text_examples(tmp_path / "names.txt", spec, made.derivation.network)
    params = module.init(5, np.float64)
    whole = Measure(module, examples)(params, examples.train)
    monkeypatch.setattr("symbp.training.measure.BATCH", 7)
    monkeypatch.setattr("symbp.training.measure.FEWEST", 1)
    parts = Measure(module, examples)(params, examples.train)
    np.testing.assert_allclose(parts.loss, whole.loss, rtol=1e-12)
    assert parts.accuracy == whole.accuracy


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (WINDOWS, "{shape: [8], kind: integer, classes: 12}", "[8, 3]", "input: {shape: [8], kind: integer, classes:"),
        (WINDOWS, "classes: 12", "classes: 11", "alphabet has 12 characters ('\\n acehmnorst'); the network does not"),
        (WINDOWS, "classes: 12", "classes: 11", "input: 11 classes, expected 12"),
        (WINDOWS, "dense: 12", "dense: 13", "output: 13 classes, expected 12; <spec>:6: layers[2].dense: make the"),
        (WINDOWS, "12", "11", "<spec>: input: 11 classes, expected 12; make it `classes: 12`\n  <spec>:4: layers[0]"
         ".embedding: 11 tokens, expected 12; make it `tokens: 12`\n  output: 11 classes, expected "
         "12; <spec>:6: layers[2].dense: make the last layer `dense: 12`"),
        (WINDOWS, "softmax_cross_entropy", "mse", "loss: `mse` does not compare with the next character at every"),
        (WINDOWS, "gru: 24", "gru: {units: 24, returns: last}", "of shape (8, 12); the output's is (12,)"),
        (WINDOWS, "length: 8", "length: 9", "data.length: 9, but the input has 8 places; leave it out"),
        (WINDOWS, "test: 0.1", "test: 0.005", "leave 7 for the test, fewer than one window of 8"),
        (WINDOWS, "validation: 0.1", "validation: 0.005", "leave 6 for the validation, fewer than one window of 8"),
        (LINES, "classes: 6", "classes: 5", "5 characters ('\\nanot'), and there is a padding; the network does not"),
        (LINES, "shape: [6]", "shape: [4]", "names.txt:1: a line of 4 characters, which take 5 places"),
        (LINES, "{softmax_cross_entropy: {weight: [1, 1, 1, 1, 1, 0]}}", "softmax_cross_entropy",
         "the padding must not count; `softmax_cross_entropy` needs\n  weight: [1, 1, 1, 1, 1, 0]"),
        (LINES, "1, 0]", "1, 1]", "the padding must not count"),
    ],
)  # fmt: skip
def test_a_network_that_does_not_fit_is_told_what_would(
    tmp_path: Path, text: str, old: str, new: str, message: str
) -> None:
    write_texts(tmp_path)
    changed = text.replace(old, new)
    assert changed != text
    if "[8, 3]" in changed:
        changed = changed.replace("  - embedding: {tokens: 12, units: 12}\n", "")
    with pytest.raises(DataError) as caught:
        read(tmp_path, changed, "verse.txt" if text is WINDOWS else "names.txt")
    assert message in str(caught.value)


@pytest.mark.parametrize(("content", "message"), [(b"", "the file is empty"), (b"\xff\xfe\xfa", "cannot be read")])
def test_files_that_are_no_text(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "verse.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read(tmp_path, WINDOWS, "verse.txt")


def test_newlines_of_any_system_are_one_character(tmp_path: Path) -> None:
    write_texts(tmp_path)
    plain = read(tmp_path, WINDOWS, "verse.txt")
    (tmp_path / "verse.txt").write_bytes(b"\xef\xbb\xbf" + (VERSE * 30).replace("\n", "\r\n").encode())
    np.testing.assert_array_equal(read(tmp_path, WINDOWS, "verse.txt").train[0], plain.train[0])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: text, path: verse.txt", "source: text", "`text` needs `path`"),
        ("length: 8, ", "normalize: unit, ", "`normalize` is not a key of `data`"),
        (
            "source: text, path: verse.txt",
            "source: npz, path: verse.npz",
            "`length` is not a key of `data`",
        ),
        ("stride: 3", "stride: x", "data.stride: expected a whole number"),
    ],
)
def test_keys_that_do_not_belong_are_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(WINDOWS.replace(old, new))
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["\n abc", "añ€😀\n\t", "z"])
def test_an_alphabet_is_kept_in_a_file(tmp_path: Path, text: str) -> None:
    alphabet = Alphabet.of(text * 2, lines=False)
    (tmp_path / "alphabet.json").write_bytes(alphabet.written())
    assert read_alphabet(tmp_path) == alphabet
    assert "".join(alphabet.characters[k] for k in alphabet.numbers(text)) == text
