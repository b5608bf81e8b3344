"""What a row of the catalog holds.

Equations are text in the formula language, one to a line. Which names mean what:

    layers       read `x` (and parameters), compute `y`; `z` is the usual name of a weighted input
    activations  read `z` (and parameters), compute `a`
    losses       read `a` (prediction) and `y` (target), compute `C`; `reduce[n](...)` is `mean` or `sum` as chosen
    optimizers   read `w`, `g`, `eta`, `t` (1 at the first step), assign `w` and their own state (0 at the start)
    schedules    compute `eta` from `t` (0 at the first step), `eta_0`, and their own options
    initializers compute a parameter from `fan_in`, `fan_out` and a draw

`...` in an index list stands for the leading axes, whatever their number; a tensor without an index list stands for
the element at the indices of the equation's own left side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EntryKind = Literal["layer", "activation", "loss", "optimizer", "schedule", "clipping", "penalty", "initializer"]


@dataclass(frozen=True)
class Option:
    """A hyperparameter: a number with its default and the interval it must lie in (`open` ends excluded)."""

    name: str
    default: float | int | bool | str | None  # None: required
    type: Literal["real", "integer", "boolean", "choice"] = "real"
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    choices: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True)
class ParameterRow:
    """A trainable tensor of a layer: its axes as index letters of the equations, and how it starts."""

    name: str
    axes: tuple[str, ...]
    initializer: str
    value: float | None = None  # for the initializer `constant`
    decays: bool = True


@dataclass(frozen=True)
class Variant:
    """Equations to use in place of the entry's own when all of these options are given (and not at their default)."""

    options: frozenset[str]
    equations: str
    parameters: tuple[ParameterRow, ...] = ()
    constants: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Entry:
    """One row of the catalog.

    `aliases` are names of the same thing elsewhere, such as `nn.ReLU` and `keras.ReLU`, without the prefix; an alias
    may fix options. `sizes` maps an index letter to the option that gives its size. `link` names the activation that
    turns the network's output into a prediction, for losses that include it; `targets` says what `y` may be.
    `integers` names tensors that hold integers (labels, tokens). `source` cites the formula.
    """

    name: str
    kind: EntryKind
    equations: str
    summary: str
    source: str = ""
    options: tuple[Option, ...] = ()
    parameters: tuple[ParameterRow, ...] = ()
    constants: tuple[tuple[str, tuple[str, ...]], ...] = ()  # tensors given as lists in the spec: name, axes
    sizes: tuple[tuple[str, str], ...] = ()
    integers: tuple[str, ...] = ()
    link: str = ""
    variants: tuple[Variant, ...] = ()
    aliases: tuple[str, ...] = ()
    kinks: str = ""  # what the derivative is at a kink, in words
