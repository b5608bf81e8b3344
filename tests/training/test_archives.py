"""Damaged archives: whatever is in them, one clear error or the arrays."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from symbp.pipeline import generate, load_module
from symbp.spec import parse_spec
from symbp.training.checkpoint import Position, read_checkpoint, write_checkpoint
from symbp.training.errors import CheckpointError
from symbp.training.npz import read_npz

MUTATIONS = 240
HEADERS = {  # of an array within an archive: what it claims
    "more than any memory": "{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999,)}",
    "more than any integer": "{'descr': '<f8', 'fortran_order': False, 'shape': (10**30, 10**30)}",
    "a size that is huge": "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999999999999999,)}",
    "a negative size": "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}",
    "a call": "{'descr': '<f8', 'fortran_order': False, 'shape': __import__('os')}",
    "no dictionary": "[]",
    "nothing": "",
    "brackets": "(" * 5000,
    "no such type": "{'descr': '<q99', 'fortran_order': False, 'shape': (3,)}",
    "pickles": "{'descr': '|O', 'fortran_order': False, 'shape': (3,)}",
    "no text": "\0\0\0",
    "half a text": "{'descr': '<f8",
}


def archive(compressed: bool) -> bytes:
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, x=np.arange(12.0), y=np.array([1, 2]), s=np.array("text"))
    return stream.getvalue()


def damaged(whole: bytes, first: int, count: int) -> Iterator[bytes]:
    """Copies that are cut short, or of which some bytes are others."""
    for seed in range(first, first + count):
        random = np.random.default_rng(seed)
        if seed % 4 == 0:
            yield whole[: random.integers(len(whole))]
        else:
            held = bytearray(whole)
            for place in random.integers(len(held), size=int(random.integers(1, 5))):
                held[place] = random.integers(256)
            yield bytes(held)


def refusal(kind: type[Exception], read: Callable[[], object]) -> str:
    """What an error of this kind says, or nothing where there is none."""
    try:
        read()
    except kind as error:
        return str(error) or "an error without words"
    return ""


def with_header(text: str) -> bytes:
    """An archive whose first array has this header."""
    header = text.encode("latin1").ljust(118) + b"\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("x.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"\0" * 24)
    return stream.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_damaged_is_a_value_error_or_read(compressed: bool, tmp_path: Path) -> None:
    refused = []
    for number, content in enumerate(damaged(archive(compressed), 0, MUTATIONS)):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(content)
        refused.append(refusal(ValueError, partial(read_npz, path)))
    assert "an error without words" not in refused
    assert sum(map(bool, refused)) > MUTATIONS / 2


@pytest.mark.parametrize("header", HEADERS)
def test_headers_that_lie(header: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(with_header(HEADERS[header]))
    with pytest.raises(ValueError, match=r"\w"):
        read_npz(path)


def test_the_headers_are_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}"))
    assert read_npz(path)["x"].tolist() == [0, 0, 0]


def test_compression_of_another_kind_is_told(tmp_path: Path) -> None:
    content = bytearray(archive(True))
    content[content.index(b"PK\x01\x02") + 10] = 99  # the method, in the archive's directory
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="compression"):
        read_npz(path)


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = parse_spec("name: held\ninput: 3\nlayers: [dense: 2]\nloss: mse\noptimizer: momentum\n")
    return load_module(generate(spec, check=False))


def test_a_damaged_file_of_a_module_is_a_value_error_that_names_it(module: ModuleType, tmp_path: Path) -> None:
    whole = tmp_path / "whole.npz"
    module.save(whole, module.Trainer(module.init()))
    for number, content in enumerate([*damaged(whole.read_bytes(), 0, 120), *map(with_header, HEADERS.values())]):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(content)
        said = refusal(ValueError, partial(module.load, path))
        assert not said or said.startswith(f"{path}: not a whole file of this module: ")


def test_a_damaged_checkpoint_is_an_error_that_names_it(module: ModuleType, tmp_path: Path) -> None:
    whole, trainer = tmp_path / "whole.npz", module.Trainer(module.init())
    write_checkpoint(whole, module, trainer, Position(), {"seed": 0})
    assert read_checkpoint(whole, module, trainer, {"seed": 0}) == Position()
    for number, content in enumerate([*damaged(whole.read_bytes(), 0, 120), *map(with_header, HEADERS.values())]):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(content)
        said = refusal(CheckpointError, partial(read_checkpoint, path, module, trainer, {"seed": 0}))
        assert not said or said.startswith(f"{path}: ")
