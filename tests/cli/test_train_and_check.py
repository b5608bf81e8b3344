"""`symbp train` with bad data, sizes and folders, and `symbp check`: refusals name the file and write nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli.command import refused, run
from training.files import SPEC, examples, write_examples, write_idx

from symbp.training.mnist import FILES
from symbp.verify import check

MNIST = SPEC.replace("input: 3", "input: 784").replace("- dense: 3", "- dense: 10")
MNIST = MNIST.replace("{source: npz, path: examples.npz, normalize: standard}", "mnist")
CSV = SPEC.replace("{source: npz, path: examples.npz, normalize: standard}", "{source: csv, path: data.csv}")


@pytest.fixture(autouse=True)
def data(folder: Path) -> None:
    write_examples(folder)


def left(folder: Path) -> list[str]:
    return sorted({p.name for p in folder.iterdir()} - {"examples.npz", "small.yaml", "tiny.yaml"})


def test_no_data_no_training(folder: Path) -> None:
    message = refused("train", "small.yaml")
    assert message == "symbp: small.yaml: has no `data`, so there is nothing to train on; see `symbp new`\n"
    assert left(folder) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.full(60, 3)}, "labels run from 3 to 3; the network's output dense_2.z has 3 classes, 0 to 2"),
        ({"y": np.arange(60) % 3 - 1}, "labels run from -1 to 1; …has 3 classes, 0 to 2"),
        (
            {"y": np.linspace(0, 1, 60)},
            "the loss `softmax_cross_entropy` compares with labels, …float64 of shape (60,)",
        ),
        ({"y": np.zeros(59, int)}, "60 inputs and 59 targets; …"),
        ({"x": np.zeros((60, 4))}, "an example has shape (4,), 4 numbers; the spec's input is (3,), 3 numbers"),
        ({"x": np.full((60, 3), np.nan)}, "x holds numbers that are not finite"),
        ({"x": np.zeros((60, 3), complex)}, "x holds complex128 of shape (60, 3), expected numbers, an example a row"),
        ({"x": np.zeros((0, 3)), "y": np.zeros(0, int)}, "0 inputs and 0 targets; …"),
        ({"x": np.float64(3)}, "x holds float64 of shape (), expected numbers, an example a row"),
    ],
)
def test_arrays_that_do_not_fit(change: dict[str, np.ndarray], message: str, folder: Path) -> None:
    x, y = examples()
    np.savez("examples.npz", **({"x": x, "y": y} | change))
    start, _, end = message.partition("…")
    told = refused("train", "tiny.yaml", "--run", "run")
    assert told.startswith(f"symbp: examples.npz: {start}")
    assert end in told
    assert left(folder) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip", None])
def test_a_damaged_file(content: bytes | None, folder: Path) -> None:
    whole = Path("examples.npz").read_bytes()
    Path("examples.npz").write_bytes(whole[:-300] if content is None else content)
    assert refused("train", "tiny.yaml", "--run", "run").startswith("symbp: examples.npz: cannot be read as .npz: ")
    assert left(folder) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "data.csv: expected a line of names and lines of numbers"),
        ("a,b,c,d\n" + "1,2,3,0\n" * 9 + "1,2,x,0\n", "data.csv:11: column c: expected a finite number, came 'x'"),
        ("a,b,c,d\n" + "1,2,3,0\n" * 9 + "1,2,3\n", "data.csv:11: 3 values, the first line names 4"),
        ("a,b,c,d\n\n" + "1,2,3,0\n" * 9 + "1,2,3,inf\n", "data.csv:12: column d: expected a finite number"),
        ("a,b,c,d\n" + "1,2,3,9\n" * 20, "data.csv: labels run from 9 to 9"),
        ("a,b,c,d\n" + "1,2,3,1e30\n" * 20, "data.csv: the loss `softmax_cross_entropy` compares with labels"),
        ("a,b,c,d\n1,2,3,\x1b[31m\n", "data.csv: "),
        ('a,b,c,d\n"' + "1" * 200_000 + '",2,3,0\n', "data.csv: cannot be read: field larger than field limit"),
    ],
)
def test_tables_that_do_not_fit(text: str, message: str, folder: Path) -> None:
    Path("tiny.yaml").write_text(CSV)
    Path("data.csv").write_text(text)
    told = refused("train", "tiny.yaml", "--run", "run")
    assert told.startswith(f"symbp: {message}")
    assert all(c.isprintable() or c == "\n" for c in told)
    assert left(folder) == ["data.csv"]


def test_swapped_and_truncated_files_of_mnist(folder: Path) -> None:
    Path("tiny.yaml").write_text(MNIST)
    Path("mnist").mkdir()
    images, labels = np.zeros((5, 28, 28), np.uint8), np.zeros(5, np.uint8)
    for file in FILES:
        write_idx(Path("mnist", file.name), images if file.dimensions == 1 else labels)
    told = refused("train", "tiny.yaml", "--data", ".", "--run", "run")
    assert told == (
        f"symbp: mnist/{FILES[0].name}: expected images (3 dimensions), the file has 1; are files swapped?\n"
    )
    write_idx(Path("mnist", FILES[0].name), images)
    whole = Path("mnist", FILES[0].name).read_bytes()
    assert f"symbp: mnist/{FILES[0].name}: Its md5 is".lower() in refused("train", "tiny.yaml", "--data", ".").lower()
    Path("mnist", FILES[0].name).write_bytes(whole[:-1])
    assert f"mnist/{FILES[0].name}: cut off: (5, 28, 28)" in refused("train", "tiny.yaml", "--data", ".")
    assert left(folder) == ["mnist"]


def test_data_outside_its_folder_is_not_read(folder: Path) -> None:
    Path("tiny.yaml").write_text(SPEC.replace("examples.npz", "../examples.npz"))
    Path("below").mkdir()
    assert "expected a path below the folder of the data" in refused("train", "tiny.yaml", "--data", "below")
    assert left(folder) == ["below"]


def test_a_batch_larger_than_memory_is_the_whole_set() -> None:
    Path("tiny.yaml").write_text(SPEC.replace("batch_size: 8", "batch_size: 2147483647"))
    assert run("train", "tiny.yaml", "--run", "run", "--epochs", 1).exit_code == 0


@pytest.mark.parametrize("name", ["[/red]", "[bold]", "{0}", "%s", "a b"])
def test_folders_with_odd_names(name: str) -> None:
    done = run("train", "tiny.yaml", "--run", name, "--epochs", 1)
    assert done.exit_code == 0
    assert f"; {name}/" in done.stdout
    assert Path(name, "tiny.npz").exists()


@pytest.mark.parametrize("option", ["--run", "--resume", "--data"])
def test_folders_that_cannot_be(option: str, folder: Path) -> None:
    for path in ("x" * 300, "small.yaml/below"):
        assert path[:50] in refused("train", "tiny.yaml", option, path)
    assert left(folder) == []


def test_numbers_out_of_range() -> None:
    for arguments in (["--epochs", 0], ["--metrics", "xml"], ["--dtype", "float16"]):
        assert str(arguments[1]) in refused("train", "tiny.yaml", *arguments)
    for arguments in (["--seed", -1], ["--batch", 0], ["--batch", 257]):
        assert str(arguments[1]) in refused("check", "tiny.yaml", *arguments)


def test_check_tells_right_from_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("check", "small.yaml")
    assert done.exit_code == 0, done.output
    assert "dense_1.W" in done.stdout
    real = check.compare

    def wrong(*arguments: object, **options: object) -> check.CheckReport:
        report = real(*arguments, **options)  # type: ignore[arg-type]
        return replace(report, readings=(replace(report.readings[0], error=float("nan")), *report.readings[1:]))

    monkeypatch.setattr(check, "compare", wrong)
    assert run("check", "small.yaml").exit_code == 1
