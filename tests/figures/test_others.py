"""The figures of training and of time, cut short: a network of few units, few examples, two rounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.twin import TOLERANCE, disagreement
from symbp import pipeline
from symbp.spec import read_spec

SPEC = """
name: tiny
input: 64
layers: [{dense: {units: 8, activation: relu}}, dense: 10]
loss: softmax_cross_entropy
optimizer: {momentum: {learning_rate: 0.05, momentum: 0.5}}
training: {batch_size: 100, epochs: 4}
data: {source: digits, normalize: standard}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(SPEC)
    return path


def test_an_epoch_in_lockstep(spec: Path) -> None:
    pytest.importorskip("torch")
    from benchmarks import lockstep

    agreement = lockstep.epoch(pipeline.generate(read_spec(spec), dtype="float64"))
    assert agreement.holds
    assert agreement.steps == 15


def test_single_precision_is_not_in_lockstep(spec: Path) -> None:
    pytest.importorskip("torch")
    from benchmarks import lockstep

    made = pipeline.generate(read_spec(spec), dtype="float64")
    module = pipeline.load_module(made)
    trainer = module.Trainer(module.init(0, "float64"))
    twin = lockstep.beside({n: v.astype("float32") for n, v in trainer.params.items()}, made.spec)
    assert disagreement(trainer.params["dense_1.W"], twin.parameters["dense_1.W"]) > TOLERANCE


def test_accuracy_beside_pytorch(spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from benchmarks import accuracy

    monkeypatch.setattr(accuracy, "SPEC", spec)
    report = accuracy.run(runs=tmp_path / "runs")
    (figure,) = report.figures
    assert figure.holds is False  # some 90 % of digits, 97.5 % of MNIST are wanted
    (table,) = report.tables
    ours, theirs = table.rows[-1][3], table.rows[-1][4]
    assert abs(float(ours[:-1]) - float(theirs[:-1])) < 0.5
    assert len(table.rows) == 4
    assert (tmp_path / "runs" / "tiny" / "loss.png").exists()


def test_missing_data_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from benchmarks import accuracy, lockstep

    monkeypatch.setenv("SYMBP_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for report in (lockstep.run(), accuracy.run(runs=tmp_path)):
        assert [figure.holds for figure in report.figures] == [None]
        assert "mnist" in report.figures[0].measured.lower()


def test_times_are_medians_of_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import generation

    taken: list[str] = []

    def timed(command: list[str]) -> tuple[float, float]:
        name = Path(next(c for c in command if c.endswith(".yaml"))).stem
        taken.append(name)
        slow = 10.0 if taken.count(name) == 3 else 0.0  # one of the rounds is disturbed
        return {"dense_3": 1.0, "dense_60": 2.5, "transformer_24": 0.7}.get(name, 0.5) + slow, 0.1

    monkeypatch.setattr(generation, "timed", timed)
    report = generation.run(rounds=3)
    turn = ["mnist_mlp", "dense_3", "dense_60", "transformer_2", "transformer_24", "mnist_mlp"]
    assert taken[:6] == turn == taken[6:12]
    assert [figure.measured for figure in report.figures] == ["0.50 s", "2.50 times", "1.40 times"]
    assert [figure.holds for figure in report.figures] == [True, False, True]
    assert report.tables[0].rows[1][1:] == ("1.00", "1.00", "11.00", "0.10")


def test_a_process_takes_time() -> None:
    from benchmarks import generation

    wall, processor = generation.timed(["-m", "symbp", "--version"])
    assert wall > 0
    assert processor > 0


def test_a_process_that_fails_has_no_time() -> None:
    from benchmarks import generation

    with pytest.raises(RuntimeError, match="status 2"):
        generation.timed(["-m", "symbp", "generate", "nowhere.yaml"])
