"""Networks of several inputs and targets trained from a file that holds their arrays by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import AUTOENCODER, SPEC

from symbp.pipeline import generate, load_module
from symbp.spec import parse_spec
from symbp.training.errors import DataError
from symbp.training.named import named_examples, read_named
from symbp.training.run import TrainingResult, run_training

DATA = "\ndata: {source: npz, path: examples.npz}\ntraining: {batch_size: 16, epochs: 12, validation: 0.25}\n"


def arrays(n: int = 120) -> dict[str, np.ndarray]:
    """Examples whose label is seen in the image, and whose position follows from the user."""
    draw = np.random.default_rng(3)
    image, user = draw.normal(size=(n, 2, 3)), draw.integers(0, 5, (n, 2))
    position = 0.2 + 0.1 * user
    return {"image": image, "user": user, "label": image.reshape(n, 6)[:, :3].argmax(1), "position": position}


def train(folder: Path, text: str, held: dict[str, Any], **options: Any) -> TrainingResult:
    """A run on a file with these arrays."""
    np.savez(folder / "examples.npz", **held)
    spec = parse_spec(text + DATA, str(folder / "net.yaml"))
    made = generate(spec, check=False)
    module = load_module(made)
    network = made.derivation.network
    return run_training(spec, network, module, run_folder=folder / "run", data_folder=folder, quiet=True, **options)


def test_training_by_name_lowers_the_cost(tmp_path: Path) -> None:
    result = train(tmp_path, SPEC, arrays())
    first, last = result.rows[0], result.rows[-1]
    assert last.train_loss < 0.6 * first.train_loss
    assert last.validation_loss is not None
    assert first.validation_loss is not None
    assert last.validation_loss < 0.7 * first.validation_loss
    assert last.test_accuracy is None


def test_the_test_set_of_the_file_is_used(tmp_path: Path) -> None:
    known = arrays()
    named = {f"{name}_train": array[:100] for name, array in known.items()}
    named |= {f"{name}_test": array[100:] for name, array in known.items()}
    np.savez(tmp_path / "examples.npz", **named)
    spec = parse_spec(SPEC + DATA)
    network = generate(spec, check=False).derivation.network
    examples = named_examples(read_named(tmp_path / "examples.npz", network), spec, network)
    np.testing.assert_array_equal(examples.test[0]["user"], known["user"][100:])
    np.testing.assert_array_equal(examples.test[1]["position"], known["position"][100:])
    assert len(examples.train[0]["image"]) == 75
    pairs = set(zip(examples.train[1]["label"].tolist(), examples.train[0]["image"][:, 0, 0].tolist(), strict=True))
    assert pairs <= set(zip(known["label"].tolist(), known["image"][:, 0, 0].tolist(), strict=True))


def test_a_cost_without_targets_trains_on_inputs_alone(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(80, 2)) @ draw.normal(size=(2, 4))
    result = train(
        tmp_path, AUTOENCODER.replace("output:", "optimizer: {adam: {learning_rate: 0.05}}\noutput:"), {"x": x}
    )
    assert result.rows[-1].train_loss < 0.5 * result.rows[0].train_loss


def test_a_cost_without_targets_takes_any_source(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    text = AUTOENCODER.replace("input: 4", "input: 64").replace("units: 4", "units: 64")
    spec = parse_spec(text + "\ndata: {source: digits, normalize: unit}\ntraining: {epochs: 1}\n")
    made = generate(spec, check=False)
    result = run_training(spec, made.derivation.network, load_module(made), run_folder=tmp_path, quiet=True)
    assert np.isfinite(result.rows[-1].train_loss)


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole = train(tmp_path, SPEC, arrays())
    (tmp_path / "again").mkdir()
    half = train(tmp_path / "again", SPEC, arrays(), epochs=6)
    rest = train(tmp_path / "again", SPEC, arrays(), resume=half.folder / "checkpoint.npz")
    assert [row.train_loss for row in rest.rows] == [row.train_loss for row in whole.rows]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda a: {k: v for k, v in a.items() if k != "user"},
            "expected arrays image, user, label, position, or each",
        ),
        (lambda a: {**a, "user": a["user"][:5]}, "expected as many examples in every array"),
        (lambda a: {**a, "user": a["user"] + 1}, "user runs from 1 to 5, expected whole numbers from 0 to 4"),
        (lambda a: {**a, "user": a["user"] + 0.5}, "user runs from 0.5 to 4.5, expected whole numbers"),
        (lambda a: {**a, "image": a["image"][:, :1]}, r"an example of image has shape \(1, 3\), 3 numbers"),
        (lambda a: {**a, "label": np.array(["a"] * 120)}, "label holds <U1 of shape"),
        (lambda a: {**a, "position": a["position"] * np.nan}, "position holds numbers that are not finite"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, change: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        train(tmp_path, SPEC, change(arrays()))


def test_a_source_of_one_input_is_refused(tmp_path: Path) -> None:
    spec = parse_spec(SPEC + "\ndata: digits\n")
    made = generate(spec, check=False)
    with pytest.raises(DataError, match="`digits` has one input and one target; image, user, label, position come by"):
        run_training(spec, made.derivation.network, load_module(made), run_folder=tmp_path, quiet=True)
