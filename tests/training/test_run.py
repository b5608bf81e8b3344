"""Whole runs through the command line: what they leave, how they stop and go on, what they refuse."""

from __future__ import annotations

import csv
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from training.files import SPEC, write_examples

from symbp import pipeline
from symbp.cli import main
from symbp.spec import read_spec


def train(spec: Path, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["train", str(spec), *map(str, arguments)], catch_exceptions=False)


def same(one: Path, other: Path) -> None:
    """Checkpoints equal to the bit, but for the seconds that epochs took."""
    with np.load(one) as first, np.load(other) as second:
        assert set(first.files) == set(second.files)
        for name in set(first.files) - {"run_rows", "run_seconds"}:
            assert first[name].tobytes() == second[name].tobytes(), name
        rows = [[row | {"seconds": 0} for row in json.loads(str(f["run_rows"]))] for f in (first, second)]
        assert rows[0] == rows[1]


def test_a_run_leaves_what_it_should(tmp_path: Path) -> None:
    spec, folder = write_examples(tmp_path), tmp_path / "run"
    done = train(spec, "--run", folder)
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in folder.iterdir()) == ["checkpoint.npz", "loss.png", "metrics.csv", "tiny.npz"]
    with (folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3, 4, 5, 6]
    assert float(rows[-1]["train_loss"]) < 0.5 * float(rows[0]["train_loss"])
    assert float(rows[-1]["test_accuracy"]) > 0.6
    assert (folder / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert "test cost" in done.output
    module = pipeline.load_module(pipeline.generate(read_spec(spec)))
    trained = module.load(folder / "tiny.npz")
    assert isinstance(trained, module.Parameters)
    assert module.load(folder / "checkpoint.npz").params.flat.tobytes() == trained.flat.tobytes()


def test_json_lines(tmp_path: Path) -> None:
    train(write_examples(tmp_path), "--run", tmp_path / "run", "--metrics", "jsonl", "--epochs", 2, "--quiet")
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2]


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    assert train(write_examples(tmp_path), "--run", tmp_path / "run", "--epochs", 1, "--quiet").output == ""


def test_a_resumed_run_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    spec = write_examples(tmp_path)
    train(spec, "--run", tmp_path / "whole")
    train(spec, "--run", tmp_path / "parts", "--epochs", 2)
    assert train(spec, "--resume", tmp_path / "parts").exit_code == 0
    same(tmp_path / "whole" / "checkpoint.npz", tmp_path / "parts" / "checkpoint.npz")
    assert (tmp_path / "whole" / "tiny.npz").read_bytes() == (tmp_path / "parts" / "tiny.npz").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_run_goes_on_to_the_same_end(tmp_path: Path, number: signal.Signals) -> None:
    spec = write_examples(tmp_path)
    spec.write_text(SPEC.replace("epochs: 6", "epochs: 3000"))
    folder = tmp_path / "killed"
    command = [sys.executable, "-m", "symbp", "train", str(spec), "--run", str(folder), "--quiet"]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 60
    while not (folder / "checkpoint.npz").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(number)
    assert process.wait(60) == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    with np.load(folder / "checkpoint.npz") as file:
        steps, epoch = int(file["steps"]), int(file["run_epoch"])
    assert steps > 0
    until = epoch + 2
    assert train(spec, "--resume", folder / "checkpoint.npz", "--epochs", until).exit_code == 0
    assert train(spec, "--run", tmp_path / "whole", "--epochs", until).exit_code == 0
    same(tmp_path / "whole" / "checkpoint.npz", folder / "checkpoint.npz")
    assert {p.name for p in folder.iterdir()} == {"checkpoint.npz", "metrics.csv", "loss.png", "tiny.npz"}


def test_a_resumed_run_removes_what_a_killed_one_left_of_it(tmp_path: Path) -> None:
    spec, run = write_examples(tmp_path), tmp_path / "run"
    train(spec, "--run", run, "--epochs", 1)
    whole = {path.name for path in run.iterdir()}
    left = {".checkpoint.npz.ab12_xyz", ".metrics.csv.00000000", ".loss.png.abcdefgh"}
    others = {".checkpoint.npz.mine", ".checkpoint.npz.ab12_xyz.mine", "checkpoint.npz.ab12_xyz", ".notes"}
    for name in left | others:
        (run / name).write_bytes(b"part")
    assert train(spec, "--resume", run, "--run", tmp_path / "other", "--epochs", 2).exit_code == 0
    assert {path.name for path in run.iterdir()} == whole | left | others, "another run's folder is left as it is"
    assert train(spec, "--resume", run, "--epochs", 2).exit_code == 0
    assert {path.name for path in run.iterdir()} == whole | others


def test_a_run_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = write_examples(tmp_path)
    monkeypatch.chdir(tmp_path)
    for folder in ("tiny", "tiny-2", "tiny-3"):
        train(spec, "--epochs", 1, "--quiet", "--data", tmp_path)
        assert (tmp_path / "runs" / folder / "checkpoint.npz").exists()
    refused = train(spec, "--run", tmp_path / "runs" / "tiny")
    assert refused.exit_code == 2
    assert "holds a run; go on with it by --resume" in refused.output


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    spec = write_examples(tmp_path)
    train(spec, "--run", tmp_path / "run", "--epochs", 1)
    checkpoint = tmp_path / "run" / "checkpoint.npz"
    whole = checkpoint.read_bytes()

    def refused(message: str, *arguments: object) -> None:
        done = train(spec, "--resume", checkpoint, *arguments)
        assert done.exit_code == 2, done.output
        assert message in done.output
        assert str(checkpoint) in done.output

    refused("its dtype is float32, here it is float64", "--dtype", "float64")
    spec.write_text(SPEC.replace("units: 5", "units: 6"))
    refused("its spec sha256 is")
    spec.write_text(SPEC)
    x = np.random.default_rng(1).normal(size=(60, 3))
    np.savez(tmp_path / "examples.npz", x=x, y=np.arange(60) % 3)
    refused("its training examples is")
    write_examples(tmp_path)
    for content in (whole[:-100], b"text", b"", pickle.dumps([1])):
        checkpoint.write_bytes(content)
        refused("not a checkpoint of `symbp train`: it is no NumPy archive (`.npz`), or not a whole one")
    np.savez(checkpoint, a=np.array([None]))
    refused("not a checkpoint of `symbp train`: it holds Python objects, not numbers")
    np.savez(checkpoint, a=1)
    refused("not a checkpoint of `symbp train`")
    checkpoint.unlink()
    refused("cannot be read")


def test_a_cost_that_is_not_finite_stops_the_run(tmp_path: Path) -> None:
    spec = write_examples(tmp_path)
    spec.write_text(
        SPEC.replace("tanh", "identity").replace("adam: {learning_rate: 0.05}", "sgd: {learning_rate: 1.0e+15}")
    )
    with np.errstate(all="ignore"):
        done = train(spec, "--run", tmp_path / "run")
    assert done.exit_code == 2
    assert "the cost became" in done.output
    assert "try a smaller learning_rate" in done.output
    assert not (tmp_path / "run" / "tiny.npz").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    spec = write_examples(tmp_path)
    (tmp_path / "file").write_text("in the way")
    done = train(spec, "--run", tmp_path / "file" / "run")
    assert done.exit_code == 2
    assert "cannot write" in done.output


def test_data_that_is_not_there(tmp_path: Path) -> None:
    spec = write_examples(tmp_path)
    (tmp_path / "examples.npz").unlink()
    done = train(spec, "--run", tmp_path / "run")
    assert done.exit_code == 2
    assert "examples.npz: not in" in done.output
    done = train(spec, "--data", tmp_path / "nowhere")
    assert done.exit_code == 2
    assert "not a folder" in done.output
    assert not os.path.exists(tmp_path / "run")


@pytest.mark.parametrize(
    ("source", "layers", "loss"),
    [
        ("digits", "[{dense: 10}]", "softmax_cross_entropy"),
        ("iris", "[{dense: 3}]", "softmax_cross_entropy"),
        ("wine", "[{dense: 3}]", "mse"),
        ("breast_cancer", "[{dense: 1}]", "bce_with_logits"),
        ("diabetes", "[{dense: 1}]", "huber"),
    ],
)
def test_the_bundled_sets_train(tmp_path: Path, source: str, layers: str, loss: str) -> None:
    inputs = {"digits": 64, "iris": 4, "wine": 13, "breast_cancer": 30, "diabetes": 10}[source]
    spec = tmp_path / "bundled.yaml"
    spec.write_text(
        f"name: bundled\ninput: {inputs}\nlayers: {layers}\nloss: {loss}\n"
        "optimizer: {adam: {learning_rate: 0.01}}\n"
        f"training: {{epochs: 8, batch_size: 16}}\ndata: {{source: {source}, normalize: standard}}\n"
    )
    done = train(spec, "--run", tmp_path / "run", "--metrics", "jsonl")
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]
    if source == "diabetes":
        assert rows[-1]["test_accuracy"] is None
    else:
        assert rows[-1]["test_accuracy"] > 0.8
