"""The section `layers`: every item a use of a row, with its name, what it reads, how it starts, what it shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from symbp.catalog import lookup
from symbp.spec.model import LayerSpec, Place, Use
from symbp.spec.names import hint, objection, quoted, shown
from symbp.spec.schema import MAX_LAYERS
from symbp.spec.uses import Uses
from symbp.spec.wiring import KEYS, Wiring, named_later
from symbp.spec.yaml import Document, Path

LAYER_KEYS = ("name", "activation", "initializer", "share", *KEYS)


class Layers:
    """One reading of the section. `built` are its layers, `wiring` what they read; problems are told."""

    def __init__(
        self, document: Document, uses: Uses, inputs: Iterable[str], problem: Callable[[Path, str], None]
    ) -> None:
        self.document = document
        self.uses = uses
        self.problem = problem
        self.built: list[LayerSpec] = []
        self.taken: dict[str, Place] = {name: document.place("input", name) for name in inputs}
        self.counts: dict[str, int] = {}
        self.items = document.data.get("layers")
        later = named_later(self.items, lambda path: document.place(*path).line)
        self.wiring = Wiring(tuple(self.taken), later, problem)

    def read(self) -> tuple[LayerSpec, ...]:
        """Every item that can be read."""
        for number, item in enumerate(self.items[:MAX_LAYERS] if isinstance(self.items, list) else ()):
            path: Path = ("layers", number)
            read = self.uses.read("layer", _listed(item, self.uses), path, LAYER_KEYS)
            if read is not None:
                self.item(*read, (*path, next(iter(item))) if isinstance(item, dict) else path)
        return tuple(self.built)

    def item(self, use: Use, aside: Mapping[str, Any], path: Path) -> None:
        """One item: a layer, and the activation that follows it."""
        name = self.name(aside["name"], (*path, "name")) if "name" in aside else None
        label = self.add(use, name, path, aside)
        if aside.get("activation") is not None:
            follows = self.uses.read("activation", aside["activation"], (*path, "activation"))
            if follows is not None:
                self.wiring.stand_for(label, self.add(follows[0], None, (*path, "activation"), {}))

    def add(self, use: Use, name: str | None, path: Path, given: Mapping[str, Any]) -> str:
        """Append a layer; returns its name."""
        self.counts[use.name] = self.counts.get(use.name, 0) + 1
        label = name or f"{use.name}_{self.counts[use.name]}"
        if label in self.taken:
            first, inputs = self.taken[label], self.wiring.inputs
            what = f"an input is named `{label}` too" if label in inputs else f"two layers are named `{label}`"
            if not objection(label):
                self.problem(path, f"{what}; the first is on line {first.line}")
            return label
        self.taken[label] = use.place
        initializers = self.initializers(use, given.get("initializer"), (*path, "initializer"))
        sources = self.wiring.sources(use, given, path)
        owner = self.owner(use, label, given, (*path, "share")) if given.get("share") is not None else ""
        self.built.append(LayerSpec(label, use, initializers, sources, owner))
        self.wiring.add(label, use.place)
        return label

    def owner(self, use: Use, label: str, given: Mapping[str, Any], path: Path) -> str:
        """The layer whose parameters this one has."""
        name = given["share"]
        if not isinstance(name, str):
            self.problem(path, f"expected the name of an earlier layer; got {shown(name)}")
            return ""
        other = next((layer for layer in self.built if layer.name == name), None)
        if other is None:
            known = [layer.name for layer in self.built]
            later = self.wiring.later.get(name)
            why = f"; `{name}` is on line {later}" if later and name != label else hint(name, known) if known else ""
            self.problem(path, f"`share` takes the name of an earlier layer, whose parameters are used again{why}")
        elif other.use.entry != use.entry:
            self.problem(path, f"`{name}` is {other.use.name}, and this layer {use.name}: they share no parameters")
        elif not use.entry.variant(use.options).parameters:
            self.problem(path, f"`{use.name}` has no parameters to share")
        elif given.get("initializer") is not None:
            self.problem(path, f"the parameters are those of `{name}`, which says how they start")
        else:
            return other.share or other.name
        return ""

    def name(self, name: Any, path: Path) -> str | None:
        """The name that an item states."""
        if isinstance(name, str):
            reason = objection(name)
            if reason:
                self.problem(path, reason)
            return name
        self.problem(path, f"expected a name; got {shown(name)}")
        return None

    def initializers(self, use: Use, value: Any, path: Path) -> dict[str, Use]:
        """Those that an item states: `he_normal` for the first weight, or `{W: he_normal, b: zeros}`."""
        rows = use.entry.variant(use.options).parameters
        if value is None:
            return {}
        if not rows:
            self.problem(path, f"`{use.name}` has no parameters to initialize")
            return {}
        known = [row.name for row in rows]
        by_name = isinstance(value, dict) and not any(lookup("initializer", str(key)) for key in value)
        wanted = value if by_name else {rows[0].name: value}
        found = {}
        for parameter in [p for p in wanted if p not in known]:
            self.problem(
                (*path, parameter), f"`{use.name}` has no parameter {quoted(parameter)}{hint(parameter, known)}"
            )
        for parameter, item in ((p, v) for p, v in wanted.items() if p in known):
            read = self.uses.read("initializer", item, (*path, parameter) if by_name else path)
            if read is not None:
                found[parameter] = read[0]
        return found


def _listed(item: Any, uses: Uses) -> Any:
    """`add: [a, b]` is `add: {inputs: [a, b]}` for a row that reads several inputs."""
    if isinstance(item, dict) and len(item) == 1:
        name, value = next(iter(item.items()))
        entry = uses.entry("layer", name)
        if entry is not None and entry.inputs and isinstance(value, list) and all(isinstance(v, str) for v in value):
            return {name: {"inputs": value}}
    return item
