"""Which earlier layers, and which inputs of the network, a layer reads: names resolved as the document is read.

A name means what its layer computes; where an `activation` follows it in the same item, what that computes.
Without `input` or `inputs`, a layer reads the one before it, and the first reads the network's only input.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from symbp.spec.model import Place, Use
from symbp.spec.names import hint, quoted, shown
from symbp.spec.yaml import Path

KEYS = ("input", "inputs")
MAX_INPUTS = 64


class Wiring:
    """What can be read so far. `inputs` are the network's own; `later` the names of layers still to come.

    Names are those of one list of layers: the spec's, a block's or a repetition's. Labels are the network's.
    """

    def __init__(self, inputs: Iterable[str], later: Mapping[str, int], problem: Callable[[Path, str], None]) -> None:
        self.inputs = tuple(inputs)
        self.later = later
        self.tell = problem
        self.meant: dict[str, str] = {name: name for name in self.inputs}  # empty where something was told of it
        self.labels: dict[str, str] = {}  # of layers by name; `meant` may be the activation that follows
        self.previous = self.inputs[0] if len(self.inputs) == 1 else ""
        self.places: dict[str, Place] = {}  # of layers, in order
        self.read: set[str] = set()

    def problem(self, path: Path, message: str) -> None:
        self.tell(path, message)

    def within(self, meant: Mapping[str, str], later: Mapping[str, int], previous: str) -> Wiring:
        """The wiring of a list of layers within this one, which at first can read what `meant` names."""
        inner = copy.copy(self)
        inner.meant, inner.labels, inner.later, inner.previous = dict(meant), {}, later, previous
        return inner

    def add(self, name: str, label: str, place: Place) -> None:
        """A layer that the next may read."""
        self.places[label] = place
        self.stand_for(name, label)
        self.labels[name] = label
        self.previous = name

    def stand_for(self, name: str, label: str) -> None:
        """From now on the name means what this layer computes."""
        self.meant[name] = label

    def unclear(self, name: str) -> None:
        """A layer of which something was told; nothing more is said of those that read it."""
        self.meant.setdefault(name, "")
        self.previous = name

    def sources(self, use: Use, given: Mapping[str, Any], path: Path) -> dict[str, str]:
        """The tensors that the row's equations read, each with the layer or input that it is; what is wrong is told."""
        entry = use.entry
        stated = [key for key in KEYS if key in given]
        if len(stated) == 2:
            self.problem((*path, "inputs"), "`input` and `inputs` say the same; give one of them")
            return {}
        if not stated:
            return self.following(use, path)
        key = stated[0]
        value, where = given[key], (*path, key)
        if isinstance(value, dict):
            return self.by_name(use, value, where)
        names = value if isinstance(value, list) else [value]
        if not all(isinstance(name, str) for name in names) or not names:
            wanted = "the name of an earlier layer or of an input" + (", or a list of them" if key == "inputs" else "")
            self.problem(where, f"expected {wanted}; got {shown(value)}")
            return {}
        if not self.fits(use, len(names), where):
            return {}
        return self.resolved(dict(zip(entry.input_names(len(names)), names, strict=True)), where)

    def following(self, use: Use, path: Path) -> dict[str, str]:
        """The layer before, where one input is enough."""
        if use.entry.family or len(use.entry.required) > 1:
            told = "as many as you like" if use.entry.family else ", ".join(f"`{n}`" for n in use.entry.required)
            self.problem(path, f"`{use.name}` reads several inputs ({told}); name them, as in `inputs: [one, other]`")
            return {}
        if not self.previous:
            first = ", ".join(f"`{name}`" for name in self.inputs)
            self.problem(path, f"the network has the inputs {first}; say which this layer reads, as in `input: NAME`")
            return {}
        return self.resolved({use.entry.required[0]: self.previous}, path)

    def by_name(self, use: Use, value: Mapping[str, Any], path: Path) -> dict[str, str]:
        """`inputs: {x: sequence, h: state}`."""
        known = use.entry.input_names(0 if use.entry.family else MAX_INPUTS)
        for name, source in value.items():
            if name not in known:
                what = f"`{use.name}` has no input {quoted(name)}{hint(name, known)}" if known else "expected a list"
                self.problem((*path, name), what)
                return {}
            if not isinstance(source, str):
                self.problem(
                    (*path, name), f"expected the name of an earlier layer or of an input; got {shown(source)}"
                )
                return {}
        missing = [name for name in use.entry.required if name not in value]
        if missing:
            self.problem(path, f"`{use.name}` reads `{missing[0]}` too; say which layer that is")
            return {}
        return self.resolved({n: value[n] for n in known if n in value}, path)

    def fits(self, use: Use, count: int, path: Path) -> bool:
        entry = use.entry
        least = len(entry.required)
        most = MAX_INPUTS if entry.family else len(entry.input_names(MAX_INPUTS))
        if least <= count <= most:
            return True
        names = ", ".join(entry.inputs or entry.required)
        wanted = f"{least}" if least == most else f"{least} to {most}"
        self.problem(path, f"`{use.name}` reads {wanted} input{'s' * (most > 1)} ({names}); got {count}")
        return False

    def resolved(self, names: dict[str, str], path: Path) -> dict[str, str]:
        """The layers behind names, which count as read."""
        found = {}
        for tensor, name in names.items():
            if name in self.meant:
                if self.meant[name]:
                    found[tensor] = self.meant[name]
                    self.read.add(self.meant[name])
            elif name in self.later:
                self.problem(
                    path, f"{quoted(name)} comes later, on line {self.later[name]}; a layer reads what comes before it"
                )
            else:
                self.problem(path, f"no layer and no input is named {quoted(name)}{hint(name, list(self.meant))}")
        return found if len(found) == len(names) else {}

    def unread(self) -> list[tuple[str, Place]]:
        """Layers whose result nothing reads, not even a loss."""
        return [(label, place) for label, place in self.places.items() if label not in self.read]


def named_later(value: object, path: Path, line_of: Callable[[Path], int]) -> dict[str, int]:
    """The names that items of the list at `path` give their layers, with their lines."""
    found: dict[str, int] = {}
    for number, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict) and len(item) == 1:
            key, options = next(iter(item.items()))
            if isinstance(options, dict) and isinstance(options.get("name"), str):
                found.setdefault(options["name"], line_of((*path, number, key, "name")))
    return found
