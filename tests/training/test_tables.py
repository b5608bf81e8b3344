"""CSV and NPZ files of the user's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from symbp.training.errors import DataError
from symbp.training.tables import load_csv, load_npz


def csv(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_last_column_is_the_target(tmp_path: Path) -> None:
    data = load_csv(csv(tmp_path, "a,b,kind\n1,2,1\n3,4.5,0\n\n"))
    np.testing.assert_array_equal(data.x, [[1, 2], [3, 4.5]])
    assert data.y.dtype == np.int64
    assert data.y.tolist() == [1, 0]


def test_a_named_target_of_text_becomes_classes(tmp_path: Path) -> None:
    data = load_csv(csv(tmp_path, "kind,a\nrose,1\nlily,2\nrose,3\n"), "kind")
    assert data.classes == ("lily", "rose")
    assert data.y.tolist() == [1, 0, 1]


def test_a_target_of_fractions_stays(tmp_path: Path) -> None:
    assert load_csv(csv(tmp_path, "a,y\n1,0.5\n2,2\n")).y.tolist() == [0.5, 2.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a line of names"),
        ("a,b\n", "expected a line of names"),
        ("1,2\n3,4\n", ":1: the first line holds numbers"),
        ("a,b\n1,2\n3\n", ":3: 1 values, the first line names 2"),
        ("a,b\nx,2\n", ":2: column a: expected a finite number, came 'x'"),
        ("a,b\n1,2\nnan,2\n", ":3: column a: expected a finite number, came 'nan'"),
        ("a,b\n1_0,2\n3,4\n", ":2: column a: expected a finite number, came '1_0'"),
        ("a,b\n1,2\n3,inf\n", ":3: column b: expected a finite number, came 'inf'"),
    ],
)
def test_a_wrong_table_names_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_csv(csv(tmp_path, text))


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no column `c`, only a, b"):
        load_csv(csv(tmp_path, "a,b\n1,2\n"), "c")


def test_a_target_that_two_columns_have(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=":1: several columns are named `b`"):
        load_csv(csv(tmp_path, "a,b,b\n1,2,3\n"), "b")


def test_npz_with_and_without_a_test_set(tmp_path: Path) -> None:
    path, x, y = tmp_path / "a.npz", np.ones((4, 2)), np.arange(4)
    np.savez(path, x=x, label=y)
    assert load_npz(path, "label").y.tolist() == [0, 1, 2, 3]
    np.savez(path, x_train=x, y_train=y, x_test=x[:1], y_test=y[:1])
    held = load_npz(path).test
    assert held is not None
    assert held[1].tolist() == [0]


def test_wrong_npz(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    for content, message in (
        ({"x": np.ones(3), "z": np.ones(3)}, "expected arrays x and y.*has x, z"),
        ({"x": np.array([np.nan]), "y": np.ones(1)}, "x holds numbers that are not finite"),
        ({"x": np.array(["a"]), "y": np.ones(1)}, "x holds <U1 of shape"),
    ):
        np.savez(path, **content)
        with pytest.raises(DataError, match=message):
            load_npz(path)
    np.savez(path, x=np.array([{"a": 1}], dtype=object), y=np.ones(1))
    with pytest.raises(DataError, match="cannot be read"):  # pickles are not read
        load_npz(path)
    path.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(DataError, match="cannot be read"):
        load_npz(path)
