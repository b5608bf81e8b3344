"""Text made by a trained network: what is drawn, behind what, and that it stops when it is told to."""

from __future__ import annotations

import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cli.command import refused, run, start
from training.texts import VERSE, write_texts

from symbp.training.alphabet import Alphabet
from symbp.training.random import SAMPLE, generator
from symbp.training.sample import Reader, choose, continued


class Echo:
    """A network that expects the next letter of the alphabet behind every letter; `seen` are its inputs."""

    def __init__(self, classes: int) -> None:
        self.seen: list[list[int]] = []
        self.classes = classes

    def Workspace(self, n: int, dtype: Any) -> None:  # noqa: N802
        assert n == 1

    def predict(self, params: Any, x: np.ndarray, workspace: None) -> np.ndarray:
        self.seen.append(x[0].tolist())
        return np.eye(self.classes)[(x + 1) % self.classes]


def made(alphabet: Alphabet, prompt: str, length: int, places: int = 4) -> tuple[str, list[list[int]]]:
    echo, params = Echo(alphabet.classes), SimpleNamespace(flat=np.zeros(1))
    reader = Reader(echo, params, alphabet, places)  # type: ignore[arg-type]
    return "".join(continued(reader, prompt, length, 1.0, generator(0, SAMPLE))), echo.seen


def test_the_window_fills_and_then_moves() -> None:
    text, seen = made(Alphabet("abcdefgh"), "bc", 5)
    assert text == "defgh"
    assert [row[:k] for row, k in zip(seen, (2, 3, 4, 4, 4), strict=True)] == [
        [1, 2],
        [1, 2, 3],
        [1, 2, 3, 4],
        [2, 3, 4, 5],
        [3, 4, 5, 6],
    ]


def test_only_the_end_of_a_long_prompt_is_read() -> None:
    text, seen = made(Alphabet("abcdefgh"), "abababcde", 1)
    assert text == "f"
    assert seen == [[1, 2, 3, 4]]


def test_a_newline_begins_an_example() -> None:
    text, seen = made(Alphabet("\nab", lines=True), "", 2)
    assert text == "ab"
    assert seen[0][0] == 0
    text, seen = made(Alphabet("\nab", lines=True), "a\n", 1)
    assert text == "a"
    assert seen[0][0] == 0


def test_temperature_sharpens() -> None:
    p, random = np.array([0.5, 0.2, 0.3, 0.0]), np.random.default_rng(0)
    with np.errstate(divide="ignore"):
        logarithms = np.log(p)
    assert {choose(logarithms, t, random) for t in (0, 1e-300, 1e-6, 0.01) for _ in range(50)} == {0}
    n = 4000
    for temperature in (1.0, 0.5, 2.0):
        drawn = np.bincount([choose(logarithms, temperature, random) for _ in range(n)], minlength=4) / n
        expected = p ** (1 / temperature) / (p ** (1 / temperature)).sum()
        deviation = np.sqrt(expected * (1 - expected) / n)
        assert (np.abs(drawn - expected) <= 4 * deviation).all()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs: `verse`, which has learnt its text by heart, and `names`, which has learnt little."""
    folder = tmp_path_factory.mktemp("trained")
    verse, names = write_texts(folder)
    for spec, epochs in ((verse, 25), (names, 2)):
        done = run("train", spec, "--run", folder / spec.stem, "--epochs", epochs, "--data", folder)
        assert done.exit_code == 0, done.output
        assert "perplexity" in done.output.splitlines()[-5]
    return folder


def sampled(folder: Path, name: str, *arguments: object) -> str:
    done = run("sample", folder / f"{name}.yaml", "--run", folder / name, *arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_text_learnt_by_heart_is_told_again(trained: Path) -> None:
    """Wherever it begins; the window of 8 has moved along many times then."""
    for start_ in ("the cat sat on", "oats\nthe c"):
        at = VERSE.index(start_) if start_ in VERSE else (VERSE * 2).index(start_)
        told = sampled(trained, "verse", "--prompt", start_, "--length", 60, "--temperature", 0)
        assert told == (VERSE * 4)[at : at + len(start_) + 60] + "\n"


def test_the_seed_decides(trained: Path) -> None:
    one, same, other = (sampled(trained, "names", "--length", 80, "--seed", seed) for seed in (1, 1, 2))
    assert one == same != other
    assert len(one) == 81
    assert set(one) <= set("\nanot")


def test_low_temperature_is_the_likeliest(trained: Path) -> None:
    told = [sampled(trained, "names", "--length", 40, "--temperature", t) for t in (0, 1e-9)]
    assert told[0] == told[1]


def test_what_cannot_be_sampled_is_refused(trained: Path, tmp_path: Path) -> None:
    verse = trained / "verse.yaml"
    assert "the prompt has 'XY'; the text of" in refused(
        "sample", verse, "--run", trained / "verse", "--prompt", "Xth Y"
    )
    assert "alphabet.json: cannot be read" in refused("sample", verse, "--run", tmp_path)
    assert "expected spec_sha256" in refused("sample", trained / "names.yaml", "--run", trained / "verse")
    (tmp_path / "digits.yaml").write_text("name: digits\ninput: 4\nlayers: [dense: 2]\nloss: mse\ndata: digits\n")
    assert "digits.yaml: not a model of text" in refused("sample", tmp_path / "digits.yaml", "--run", trained / "verse")
    (tmp_path / "nll.yaml").write_text(verse.read_text().replace("softmax_cross_entropy", "nll"))
    assert "under `nll` are no probabilities" in refused("sample", tmp_path / "nll.yaml", "--run", trained / "verse")
    (tmp_path / "alphabet.json").write_text('{"characters": "ba", "lines": false}')
    assert "not an alphabet that" in refused("sample", verse, "--run", tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_a_trace(trained: Path, number: signal.Signals) -> None:
    process = start("sample", "names.yaml", "--run", "names", "--length", 10**9, folder=trained)
    assert process.stdout is not None
    assert process.stdout.read(50)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert error == ("symbp: interrupted\n" if number == signal.SIGINT else "")
