"""The section `layers`: every item a use of a row, with its name, what it reads, how it starts, what it shares.

A block is the layers that it stands for, and `repeat` its layers so many times; what comes out holds neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from symbp.catalog import lookup
from symbp.spec.blocks import catalog_layers, own_layers
from symbp.spec.model import LayerSpec, OptionValue, Place, Use
from symbp.spec.names import hint, objection, quoted, shown
from symbp.spec.schema import MAX_LAYERS
from symbp.spec.uses import Uses
from symbp.spec.wiring import KEYS, Wiring, named_later
from symbp.spec.yaml import Document, Path

LAYER_KEYS = ("name", "activation", "initializer", "share", *KEYS)


@dataclass(frozen=True)
class Scope:
    """A list of layers: the spec's own, a block's, or one of a repetition's.

    Labels begin with `prefix`, and stated ones end with `suffix`. `counts` are of the rows that stand in it. `owner` is
    the prefix of the block whose parameters this one has. Within a block of the catalog every path is that of its use.
    """

    wiring: Wiring
    counts: dict[str, int] = field(default_factory=dict)
    prefix: str = ""
    suffix: str = ""
    owner: str | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict)  # of the block, by name
    within: tuple[str, ...] = ()  # blocks that this is in
    path: Path | None = None

    def at(self, path: Path) -> Path:
        return self.path or path

    def filled(self, value: Any) -> Any:
        """The value with options in place of their names."""
        if isinstance(value, dict):
            return {key: self.filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        return self.options.get(value, value) if isinstance(value, str) else value


class Layers:
    """One reading of the section. `built` are its layers, `wiring` what they read; problems are told."""

    def __init__(
        self, document: Document, uses: Uses, inputs: Iterable[str], problem: Callable[[Path, str], None]
    ) -> None:
        self.document = document
        self.uses = uses
        self.tell = problem
        self.wrong = 0
        self.full = False
        self.built: list[LayerSpec] = []
        self.blocks: dict[str, Use] = {}  # by label
        self.taken: dict[str, Place] = {name: document.place("input", name) for name in inputs}
        items = document.data.get("layers")
        self.items: list[Any] = items[:MAX_LAYERS] if isinstance(items, list) else []
        self.wiring = Wiring(tuple(self.taken), self.later(self.items, ("layers",)), self.problem)

    def problem(self, path: Path, message: str) -> None:
        self.wrong += 1
        self.tell(path, message)

    def problems(self) -> int:
        return self.wrong + len(self.uses.problems)

    def later(self, items: object, path: Path) -> dict[str, int]:
        return named_later(items, path, lambda where: self.document.place(*where).line)

    def read(self) -> tuple[LayerSpec, ...]:
        """Every item that can be read."""
        self.walk(self.items, ("layers",), Scope(self.wiring))
        return tuple(self.built)

    def walk(self, items: Iterable[Any], path: Path, scope: Scope) -> None:
        """One list of layers."""
        for number, item in enumerate(items):
            if len(self.built) >= MAX_LAYERS and not self.full:
                self.full = True
                self.problem(scope.at((*path, number)), f"the network has more than {MAX_LAYERS} layers from here on")
            if self.full:
                return
            self.one(scope.filled(item), (*path, number), scope)

    def one(self, item: Any, path: Path, scope: Scope) -> None:
        """One item of a list: layers to repeat, a block, or a layer and the activation that follows it."""
        where = scope.at(path)
        if isinstance(item, dict) and list(item) == ["repeat"]:
            self.repeat(item["repeat"], (*path, "repeat"), scope)
            return
        read = self.uses.read("layer", _listed(item, self.uses), where, LAYER_KEYS)
        if read is None:
            self.unreadable(item, scope)
            return
        use, aside = read
        where = (*where, next(iter(item))) if isinstance(item, dict) and scope.path is None else where
        name = self.name(aside["name"], (*where, "name")) if "name" in aside else None
        number = self.numbered(use.name, scope)
        local = name or number
        label = f"{scope.prefix}{local}{scope.suffix if name else ''}"
        if use.entry.kind == "block":
            self.block(use, aside, local, label, where, scope)
        else:
            self.add(use, local, label, where, aside, scope)
        if aside.get("activation") is not None:
            path = (*where, "activation")
            follows = self.uses.read("activation", aside["activation"], path)
            if follows is not None:
                second = self.numbered(follows[0].name, scope)
                self.add(follows[0], second, f"{scope.prefix}{second}", path, {}, scope)
                scope.wiring.stand_for(local, scope.wiring.meant[second])

    def unreadable(self, item: Any, scope: Scope) -> None:
        """An item of which something was told: those that read it have no mistake of their own."""
        row, given = next(iter(item.items())) if isinstance(item, dict) and item else (item, None)
        stated = given.get("name") if isinstance(given, dict) else None
        entry = self.uses.entry("layer", row) if isinstance(row, str) else None
        local = stated if isinstance(stated, str) else self.numbered(entry.name if entry else str(row), scope)
        scope.wiring.unclear(local)

    def numbered(self, name: str, scope: Scope) -> str:
        """`dense_2`: the name of the second dense layer, where it has none of its own."""
        scope.counts[name] = scope.counts.get(name, 0) + 1
        return f"{name}_{scope.counts[name]}"

    def add(self, use: Use, local: str, label: str, path: Path, given: Mapping[str, Any], scope: Scope) -> None:
        """Append a layer."""
        if not self.fresh(label, use.place, path):
            return
        initializers = self.initializers(use, given.get("initializer"), (*path, "initializer"))
        sources = scope.wiring.sources(use, given, path)
        owner = ""
        if given.get("share") is not None:
            owner = self.owner(use, local, given, (*path, "share"), scope.wiring)
        elif scope.owner is not None and use.entry.variant(use.options).parameters:
            owner = next(b.share or b.name for b in self.built if b.name == scope.owner + label[len(scope.prefix) :])
        self.built.append(LayerSpec(label, use, initializers, sources, owner))
        scope.wiring.add(local, label, use.place)

    def fresh(self, label: str, place: Place, path: Path) -> bool:
        """Whether nothing has this label yet, which is taken from now on."""
        if label not in self.taken:
            self.taken[label] = place
            return True
        first, inputs = self.taken[label], self.wiring.inputs
        what = f"an input is named `{label}` too" if label in inputs else f"two layers are named `{label}`"
        if not objection(label):
            self.problem(path, f"{what}; the first is on line {first.line}")
        return False

    def repeat(self, value: Any, path: Path, scope: Scope) -> None:
        """`repeat: {times: 6, layers: [...]}`: the layers six times; names get the number of the time behind them."""
        where = scope.at(path)
        times, items = (value.get(key) if isinstance(value, dict) else None for key in ("times", "layers"))
        if items == []:
            self.problem((*where, "layers"), "the list is empty: there is nothing to repeat")
            return
        if not isinstance(items, list) or set(value) - {"times", "layers"}:
            self.problem(where, f"expected `times` and `layers`, a list, and no other key; got {shown(value)}")
            return
        if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MAX_LAYERS:
            self.problem((*where, "times"), f"expected a whole number from 1 to {MAX_LAYERS}; got {shown(times)}")
            return
        inner_path = (*path, "layers")
        outer, wrong = scope.wiring, self.problems()
        for number in range(1, times + 1):
            inner = outer.within(outer.meant, {**outer.later, **self.later(items, inner_path)}, outer.previous)
            inner.labels = dict(outer.labels)
            self.walk(items, inner_path, replace(scope, wiring=inner, suffix=f"{scope.suffix}_{number}"))
            for name, label in inner.labels.items():
                if outer.labels.get(name) != label:
                    known = label.removeprefix(scope.prefix)
                    outer.labels[known], outer.meant[known] = label, inner.meant[name]
                    if name == inner.previous:
                        outer.previous = known
            if self.problems() > wrong:
                return

    def block(self, use: Use, aside: Mapping[str, Any], local: str, label: str, path: Path, scope: Scope) -> None:
        """The layers of a block, each labelled by the block first."""
        if use.name in scope.within:
            self.problem(path, f"the block `{use.name}` stands within itself")
            return
        if aside.get("initializer") is not None:
            self.problem((*path, "initializer"), "a block has no parameters; its layers say how theirs start")
        sources = scope.wiring.sources(use, aside, path)
        if not sources or not self.fresh(label, use.place, path):
            scope.wiring.unclear(local)
            return
        owner = None
        if aside.get("share") is not None:
            owner = self.shared_block(use, aside["share"], (*path, "share"), scope)
        self.blocks[label], wrong = use, self.problems()
        own = ("block", use.name) in self.uses.own
        inner_path: Path = ("define", "blocks", use.name, "layers") if own else path
        items = own_layers(self.document, use.name) if own else catalog_layers(use, sources)
        previous = next(iter(sources)) if len(sources) == 1 else ""
        wiring = scope.wiring.within(sources, self.later(items, inner_path), previous)
        wiring.read = set()
        within = (*scope.within, use.name)
        inner = Scope(wiring, {}, f"{label}_", "", owner, use.options, within, None if own else scope.at(path))
        self.walk(items, inner_path, inner)
        if wiring.previous in wiring.labels:
            scope.wiring.labels[local] = label
            scope.wiring.stand_for(local, wiring.meant[wiring.previous])
            scope.wiring.previous = local
        else:
            scope.wiring.unclear(local)
        scope.wiring.read |= wiring.read
        if self.problems() > wrong:
            return
        for name, of in wiring.labels.items():
            if wiring.meant[name] not in (*wiring.read, wiring.meant.get(wiring.previous)):
                self.problem(inner.at(inner_path), f"nothing reads what `{of}` computes; name it in `inputs`")
        for name, of in sources.items():
            if of not in wiring.read:
                self.problem(inner.at(inner_path), f"the block `{use.name}` does not read its input `{name}`")

    def shared_block(self, use: Use, name: Any, path: Path, scope: Scope) -> str | None:
        """What the labels begin with of the block whose parameters this one has."""
        label = scope.wiring.labels.get(name, "") if isinstance(name, str) else ""
        other = self.blocks.get(label)
        if other is None or other.entry != use.entry or other.options != use.options:
            same = f"an earlier `{use.name}` with the same options"
            self.problem(path, f"`share` takes the name of {same}, whose parameters are used again")
            return None
        return f"{label}_"

    def owner(self, use: Use, local: str, given: Mapping[str, Any], path: Path, wiring: Wiring) -> str:
        """The layer whose parameters this one has."""
        name = given["share"]
        if not isinstance(name, str):
            self.problem(path, f"expected the name of an earlier layer; got {shown(name)}")
            return ""
        other = next((layer for layer in self.built if layer.name == wiring.labels.get(name)), None)
        if other is None:
            known, later = list(wiring.labels), wiring.later.get(name)
            why = f"; `{name}` is on line {later}" if later and name != local else hint(name, known) if known else ""
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
