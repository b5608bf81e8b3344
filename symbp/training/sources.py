"""Where examples come from, by the name in the spec: MNIST, bundled sets, files of the user's own, or made."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from symbp.errors import to_install
from symbp.forward.network import Network
from symbp.spec.model import DataSpec
from symbp.training.dataset import Dataset, NamedArrays
from symbp.training.errors import DataError
from symbp.training.mnist import download_mnist, find_mnist, load_mnist
from symbp.training.named import read_named
from symbp.training.synthetic.ratings import ratings
from symbp.training.synthetic.shapes import shapes
from symbp.training.synthetic.tones import tones
from symbp.training.synthetic.volatility import volatility
from symbp.training.tables import load_csv, load_npz

BUNDLED: Mapping[str, float | None] = {  # the greatest value of a pixel, where examples are images
    "digits": 16.0,
    "breast_cancer": None,
    "iris": None,
    "wine": None,
    "diabetes": None,
}
FILES: Mapping[str, Callable[[Path, str], Dataset]] = {"npz": load_npz, "csv": load_csv}
MADE: Mapping[str, Callable[[Mapping[str, float | int]], Dataset]] = {
    "shapes": shapes,
    "tones": tones,
    "volatility": volatility,
}
VARIABLE = "SYMBP_DATA"


def load_source(
    data: DataSpec, *, folder: Path | None, spec_folder: Path, download: bool = False, quiet: bool = False
) -> Dataset:
    """The examples of a spec's source, from `folder`; without one, SYMBP_DATA, `data`, or the spec's own."""
    folders = _folders(folder, spec_folder)
    if data.source == "mnist":
        if download and find_mnist(folders) is None:
            download_mnist(folder or next(iter(_variable()), Path("data")), quiet=quiet)
        return load_mnist(folders)
    if data.source in BUNDLED:
        return _bundled(data.source)
    if data.source in MADE:
        return MADE[data.source](data.options)
    return FILES[data.source](find_file(data, folder=folder, spec_folder=spec_folder), data.target)


def load_named(data: DataSpec, network: Network, *, folder: Path | None, spec_folder: Path) -> NamedArrays:
    """The arrays of a spec's source by their names; files are looked for as by `load_source`."""
    if data.source == "ratings":
        return ratings(data.options)
    return read_named(find_file(data, folder=folder, spec_folder=spec_folder), network)


def find_file(data: DataSpec, *, folder: Path | None, spec_folder: Path) -> Path:
    """The file that a spec names, in the first of the folders that has it."""
    folders = _folders(folder, spec_folder)
    path = next((place for f in folders if (place := f / data.path).is_file()), None)
    if path is None:
        looked = ", ".join(map(str, folders))
        raise DataError(f"{data.path}: not in {looked}; name its folder with --data or {VARIABLE}")
    return path


def _folders(folder: Path | None, spec_folder: Path) -> list[Path]:
    if folder is not None and not folder.is_dir():
        raise DataError(f"{folder}: not a folder; --data names the folder that holds the data")
    return [folder] if folder else [*_variable(), Path("data"), spec_folder]


def _variable() -> list[Path]:
    value = os.environ.get(VARIABLE)
    return [Path(value)] if value else []


def _bundled(name: str) -> Dataset:
    if find_spec("sklearn") is None:
        raise DataError(f"`{name}` is one of scikit-learn's sets, which is not installed; {to_install('train')}")
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    classes = tuple(map(str, getattr(found, "target_names", ())))
    return Dataset(name, found.data, found.target, largest=BUNDLED[name], classes=classes)
