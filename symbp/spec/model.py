"""The spec as data: what the spec stage hands on. Every name, size and option in it is valid; nothing is a formula yet.

Not here: YAML, shapes of layers (the forward stage infers them), arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from symbp.catalog.entry import Entry
from symbp.errors import UserError

Blas = Literal["numpy", "scipy"]  # the library that multiplies matrices
OptionValue = float | int | bool | str | tuple[float, ...]


@dataclass(frozen=True)
class Place:
    """Where something stands in a spec: `path` is like `layers[2].dense.units`."""

    file: str
    line: int
    path: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path}" if self.path else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a spec, and how to mend it."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


LINES = 20  # of a message: a screenful


class SpecError(UserError):
    """A spec that cannot be used; `problems` lists everything found, in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        told: list[str] = []
        while len(told) < len(problems) and sum(text.count("\n") + 1 for text in told) < LINES - 2:
            told.append(str(problems[len(told)]))
        more = len(problems) - len(told)
        rest = [f"... and {more} more problem{'s' * (more > 1)}"] if more else []
        super().__init__("\n".join([*told, *rest]))


@dataclass(frozen=True)
class Use:
    """One use of a catalog entry: its canonical name, and its options complete with defaults.

    `given` names the options that the spec states; `entry` is the row of the catalog, or the spec's own definition.
    """

    entry: Entry
    options: Mapping[str, OptionValue]
    given: frozenset[str]
    place: Place

    @property
    def name(self) -> str:
        return self.entry.name


@dataclass(frozen=True)
class Definition:
    """An activation, a layer or a loss of the spec's own, used or not, and where its formula stands."""

    entry: Entry
    place: Place


@dataclass(frozen=True)
class InputSpec:
    """An input of the network: the shape of one example, and of whole numbers how many values there are (0: unsaid)."""

    name: str
    shape: tuple[int, ...]
    kind: Literal["float", "int"] = "float"
    classes: int = 0


@dataclass(frozen=True)
class LossSpec:
    """A loss, `weight` times which is a part of the cost.

    `inputs` says which layer each tensor is that the row's equations read, `on` how the spec called the first of them.
    `target` names what it is compared with: an array of the user's, or where `source` is not empty that layer or
    input of the network; it is empty for a loss that has none.
    """

    use: Use
    inputs: Mapping[str, str] = field(default_factory=dict)
    target: str = "y"
    source: str = ""
    weight: float = 1.0
    on: str = ""


@dataclass(frozen=True)
class LayerSpec:
    """A layer or activation of the network. `initializers` are those the spec names, by parameter.

    `inputs` says which layer or input of the network each tensor is that the row's equations read; where it is empty,
    the layer reads the one before it. `share` names the layer whose parameters this one has.
    """

    name: str
    use: Use
    initializers: Mapping[str, Use] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    share: str = ""


@dataclass(frozen=True)
class TrainingSpec:
    """How `symbp train` goes about it."""

    batch_size: int = 64
    epochs: int = 10
    seed: int = 0
    shuffle: bool = True
    validation: float = 0.0  # fraction of the training set held out
    checkpoint_every: int = 0  # steps; 0: once an epoch


@dataclass(frozen=True)
class DataSpec:
    """Where examples come from: a bundled set, a file, or a source that makes them; and how they are scaled."""

    source: str
    path: str = ""
    normalize: Literal["none", "unit", "standard"] = "none"
    mean: float | None = None  # with `standard`: given numbers instead of those of the training set
    std: float | None = None
    test: float = 0.2  # fraction held out for the test, where the source has no test set of its own
    target: str = ""  # the target's column or array, for csv and npz
    options: Mapping[str, float | int] = field(default_factory=dict)  # what only this source has


@dataclass(frozen=True)
class NetworkSpec:
    """A network, its cost, how it is optimized and trained.

    `losses` are the parts of the cost; where it is empty, `loss` of the last layer is the whole of it, and else `loss`
    is the first. `outputs` are what the network computes, by the names of the spec, each with its layer; where it is
    empty, what losses read.
    """

    name: str
    place: Place
    sha256: str  # of the spec's bytes
    inputs: tuple[InputSpec, ...]
    layers: tuple[LayerSpec, ...]
    loss: Use
    optimizer: Use
    schedule: Use | None = None
    clipping: tuple[Use, ...] = ()
    penalties: tuple[Use, ...] = ()
    dtype: Literal["float32", "float64"] = "float32"
    blas: Blas = "numpy"
    threads: int = 1
    threads_place: Place | None = None
    training: TrainingSpec = TrainingSpec()
    data: DataSpec | None = None
    description: str = ""
    definitions: tuple[Definition, ...] = ()
    losses: tuple[LossSpec, ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
