"""What a row of the catalog holds.

Equations are text in the formula language, one to a line. Which names mean what:

    layers       read `x` (and parameters), compute `y`, or what the row names as its `output` (`z` for dense)
    blocks       stand for layers: their equations are YAML (symbp/catalog/blocks.py)
    activations  read `z` (and parameters), compute `a`
    losses       read `a` (prediction) and `y` (target), compute `C`; `reduce[...]` is `mean` or `sum` as chosen
    optimizers   read `w`, `g`, `eta`, `t` (1 at the first step), assign `w` and their own states
    schedules    compute `eta` from `t` (0 at the first step), `eta_0`, and their own options
    clipping     reads and assigns `g`; in `g[p]`, `p` runs over every entry of the whole gradient
    penalties    compute `R`, which is added to the cost, from `w`, one weight tensor
    initializers compute the scales of their `distribution` from `fan_in`, `fan_out` and their own options

A layer or an activation may differ in training and in inference. Its equations are those of training; they may read
tensors that are `random`, drawn anew in every step. `inference` has the equations of inference in their place, which
compute the same result from the same inputs and parameters, and read nothing random. What is kept from one step of
training to the next is in `states`; the equations of `update`, carried out after a step, read whatever the equations of
training computed, and assign every state. A state that is read before it is assigned has its old value.

An option has the name that the equations use, but for `learning_rate`, which is `eta_0`. `...` in an index list stands
for the leading axes, whatever their number; a tensor without an index list stands for the element at the indices of the
equation's own left side. Where `...` stands twice in an index list, the first is the axes before the one that the
option `axis` names and the second those behind it. `permute(..., dims)` on a left side is those axes in the order that
the option `dims` gives.

A layer of several inputs names them in `inputs`, in the order in which a spec gives them. `h?` may be left out; where
it is given, it counts as an option that is given, and a `Variant` reads it. `x[m]`, the last, is a family: as many
inputs as are given, x_1, x_2, ...; symbp/formula/families.py says how equations read it.

The equations of an optimizer run in order: a name that is read before the same step assigns it has its old value, so
`v = mu*v + g; w = w - eta*v` reads the old `v` first and the new `v` then. A coupled weight decay assigns `g`, a value
of this step only.

Not here: derivatives, stable forms, arrays, SymPy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

EntryKind = Literal[
    "layer", "block", "activation", "loss", "optimizer", "schedule", "clipping", "penalty", "initializer"
]
Distribution = Literal["", "constant", "normal", "uniform", "orthogonal"]
Noise = Literal["uniform", "normal"]
Value = float | int | bool | str | tuple[float, ...]
Limit = tuple[str, str] | tuple[str, str, str]
Changed = frozenset[str]  # options that are not at their default, optional inputs that are given


def lines(equations: str) -> tuple[str, ...]:
    """The equations of a text, one to a string, without comments."""
    parts = (part.partition("#")[0].strip() for line in equations.splitlines() for part in line.split(";"))
    return tuple(filter(None, parts))


@dataclass(frozen=True)
class Option:
    """A hyperparameter: a number with its default and the interval it must lie in (`open` ends excluded).

    `aliases` are its names in PyTorch and Keras. `needs` is the option without which, at its default, this one has no
    effect; `null` is the truth value that a spec sets where it gives null for this one. The type `shape` is a tuple of
    integers from `low` upwards; `any`, of blocks, is a number, a word or a truth value.

    A shape with `names` has a number for each of them, under which equations and sizes read it: `S_h` and `S_w` of a
    stride. One number alone stands for all, and the default may be the name of another shape. Where it is what pads an
    input, `names` are added before each axis and `behind` behind it, the same unless one of `words` is given: a size
    for each axis of the two together, of which `names` get the smaller half.
    """

    name: str
    default: float | int | bool | str | tuple[int, ...] | None  # None: required
    type: Literal["real", "integer", "boolean", "choice", "shape", "any"] = "real"
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    choices: tuple[str, ...] = ()
    summary: str = ""
    aliases: tuple[str, ...] = ()
    needs: str = ""
    names: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()
    null: str = ""

    @property
    def interval(self) -> str:
        """Where a number must lie, in words that stand behind the noun; empty where anywhere."""
        parts = []
        if self.low is not None:
            parts.append(f"{'greater than' if self.low_open else 'at least'} {self.low:g}")
        if self.high is not None:
            parts.append(f"{'less than' if self.high_open else 'at most'} {self.high:g}")
        joined = " and ".join(parts)
        return f"of {joined}" if joined.startswith("at") else joined

    def spelt(self, value: object) -> str:
        """A value as a spec would have it; numbers that are the same for all axes as one."""
        if self.names and isinstance(value, tuple):
            return str(value[0] if len(set(value)) == 1 else list(value))
        return str(value)


@dataclass(frozen=True)
class ParameterRow:
    """A trainable tensor of a layer: its axes as index letters of the equations, and how it starts.

    `fan_in` is a size that `initializer` reads in place of what the equations show; another in a spec does not.
    `fans` are two sizes, for every initializer, where a library counts the inputs of an output, and the outputs of an
    input, otherwise than the equations show.
    """

    name: str
    axes: tuple[str, ...]
    initializer: str
    value: float | None = None  # for the initializer `constant`
    decays: bool = True
    fan_in: str = ""
    fans: tuple[str, ...] = ()


@dataclass(frozen=True)
class RandomRow:
    """A random tensor of a layer: every entry on its own, from [0, 1) or of mean 0 and deviation 1.

    `...` among its axes are as many as make its rank that of the layer's first input.
    """

    name: str
    distribution: Noise
    axes: tuple[str, ...] = ("...",)


@dataclass(frozen=True)
class StateRow:
    """What an optimizer remembers of a tensor `w` between steps, or a layer of its examples.

    `axes` is `("...",)` for a tensor of the shape of `w`, `()` for one number; of a layer's, index letters. `initial`
    is its value before the first step: a number, or of an optimizer's the name of an option.
    """

    name: str
    axes: tuple[str, ...] = ("...",)
    initial: float | str = 0.0


@dataclass(frozen=True)
class Variant:
    """Equations to use in place of the entry's own when all of these options are given (and not at their default).

    A constant or an input counts as given when the spec states it. `parameters`, `constants`, `states`, `random`,
    `inference` and `update` replace the entry's.
    """

    options: Changed
    equations: str
    parameters: tuple[ParameterRow, ...] = ()
    constants: tuple[tuple[str, tuple[str, ...]], ...] = ()
    states: tuple[StateRow, ...] = ()
    random: tuple[RandomRow, ...] = ()
    inference: str = ""
    update: str = ""


@dataclass(frozen=True)
class Preset:
    """An alias whose library has other defaults than the row: it fixes options and initializers, as if given."""

    alias: str
    options: tuple[tuple[str, Value], ...] = ()
    initializers: tuple[tuple[str, str], ...] = ()  # parameter, initializer


@dataclass(frozen=True)
class Entry:
    """One row of the catalog.

    `aliases` are names of the same thing elsewhere, with the library before the dot: `nn.ReLU`, `keras.ReLU`; the
    part behind the dot is a name too, PyTorch's meaning first. Defaults are PyTorch's; a library whose defaults differ
    has a `Preset` in place of an alias.
    `sizes` maps an index letter to its size: an option, or an integer expression of options and `extent(tensor, axis)`,
    which must come out whole (axes count from 0, negative ones from the end; `//` rounds down, `max` and `min` take
    two); `...` maps to an option of type `shape`.
    `limits` are pairs of sizes, of which the first must not exceed the second, with words for where it does.
    `link` names the activation between the network's output and the loss: `a` is what the link computes, `predict`
    gives `a`, and the two are differentiated through the seam.
    `integers` names tensors that hold integers (labels, tokens); `integers_unless` is the option that makes them real
    when it is given.
    `write` is for a row whose options would make too many variants to list: it writes the one for those of `switches`
    that are changed.
    `distribution` is what an initializer draws from, with `mean` and `std`, `low` and `high`, `gain`, or `value`, each
    an equation's left side or an option. `source` cites the formula.
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
    inputs: tuple[str, ...] = ()  # of a layer: none is the one argument
    limits: tuple[Limit, ...] = ()
    variants: tuple[Variant, ...] = ()
    switches: tuple[str, ...] = ()
    write: Callable[[Changed], Variant] | None = None
    aliases: tuple[str, ...] = ()
    kinks: str = ""  # what the derivative is at a kink, in words
    presets: tuple[Preset, ...] = ()
    states: tuple[StateRow, ...] = ()
    random: tuple[RandomRow, ...] = ()
    inference: str = ""
    update: str = ""
    integers_unless: str = ""
    distribution: Distribution = ""
    output: str = ""

    @property
    def argument(self) -> str:
        """The tensor that the equations read: `x`, `z` or `a`; empty for kinds that have no single one."""
        return {"layer": "x", "block": "x", "activation": "z", "loss": "a"}.get(self.kind, "")

    @property
    def family(self) -> str:
        """The input that stands for as many as are given; empty for most rows."""
        last = self.inputs[-1] if self.inputs else ""
        return last.partition("[")[0] if last.endswith("]") else ""

    @property
    def required(self) -> tuple[str, ...]:
        """The inputs that every use gives, a family among them."""
        return tuple(
            name.partition("[")[0] for name in self.inputs or (self.argument or "w",) if not name.endswith("?")
        )

    @property
    def targeted(self) -> bool:
        """Whether a loss compares with a target."""
        return self.kind == "loss" and re.search(r"\by\b", self.equations) is not None

    def input_names(self, count: int) -> tuple[str, ...]:
        """The names of this many inputs, in order; fewer where the row has no more."""
        single = [name.rstrip("?") for name in self.inputs or (self.argument or "w",) if not name.endswith("]")]
        members = [f"{self.family}_{k + 1}" for k in range(count - len(single))] if self.family else []
        return tuple((*single, *members)[:count])

    @property
    def result(self) -> str:
        """The tensor that the equations compute; empty for kinds that have no single one."""
        results = {"layer": "y", "activation": "a", "loss": "C", "schedule": "eta", "penalty": "R"}
        return self.output or results.get(self.kind, "")

    def option(self, name: str) -> Option | None:
        """The option of this name or alias."""
        return next((o for o in self.options if name == o.name or name in o.aliases), None)

    def every_alias(self) -> tuple[str, ...]:
        """Every alias, those that fix options too."""
        return (*self.aliases, *(p.alias for p in self.presets))

    def accepts(self) -> Iterator[str]:
        """The names that a spec may give: options, then constants of the row and of its variants."""
        yield from (o.name for o in self.options)
        rows = (self.constants, *(v.constants for v in self.variants))
        yield from dict.fromkeys(name for row in rows for name, _ in row)

    def variant(self, options: Mapping[str, Value]) -> Variant:
        """The equations that these options call for: the first variant all of whose options are changed, else the row.

        `options` holds options, and constants where they are given; what it lacks is at its default. An option is
        changed when its value is not the default; a constant when it is there.
        """
        defaults = {o.name: o.default for o in self.options}
        changed = {name for name, value in options.items() if name not in defaults or value != defaults[name]}
        if self.write is not None and not changed.isdisjoint(self.switches):
            return self.write(frozenset(changed.intersection(self.switches)))
        row = Variant(
            *(frozenset[str](), self.equations, self.parameters, self.constants, self.states),
            *(self.random, self.inference, self.update),
        )
        return next((v for v in self.variants if v.options <= changed), row)

    def integer_tensors(self, options: Mapping[str, Value]) -> tuple[str, ...]:
        """The tensors that hold integers under these options."""
        return () if self.integers_unless in self.variant(options).options else self.integers
