"""From a file to a `NetworkSpec`: structure, names and options checked, every problem reported at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path as FilePath
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from symbp.catalog import lookup
from symbp.catalog.entry import EntryKind
from symbp.errors import UserError
from symbp.spec.define import definitions
from symbp.spec.model import DataSpec, LayerSpec, NetworkSpec, Place, Problem, SpecError, TrainingSpec, Use
from symbp.spec.names import hint, module_objection, objection, quoted, shown
from symbp.spec.schema import FILES, MAX_LAYERS, DataModel
from symbp.spec.structure import check_structure
from symbp.spec.uses import Uses
from symbp.spec.wiring import KEYS, Wiring, named_later
from symbp.spec.yaml import MAX_BYTES, Document, Path, read_yaml

LAYER_KEYS = ("name", "activation", "initializer", *KEYS)


def read_spec(path: FilePath | str) -> NetworkSpec:
    """The spec in a file. SpecError with every problem found; UserError where the file cannot be read."""
    try:
        with FilePath(path).open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path}: cannot read the spec: {error.strerror or error}") from None
    return parse_spec(text, str(path))


def parse_spec(text: bytes | str, file: str = "<spec>") -> NetworkSpec:
    """The spec in a text; `file` names it in messages."""
    raw = text.encode() if isinstance(text, str) else text
    document = read_yaml(raw, file)
    return _Reading(document, hashlib.sha256(raw).hexdigest()).spec()


class _Reading:
    """One reading of a document; problems are gathered and raised together at the end."""

    def __init__(self, document: Document, sha256: str) -> None:
        self.document = document
        self.sha256 = sha256
        self.problems: list[Problem] = []

    def problem(self, path: Path, message: str) -> None:
        self.problems.append(Problem(self.document.place(*path), message))

    def spec(self) -> NetworkSpec:
        data = self.document.data
        if not isinstance(data, dict):
            raise SpecError([Problem(self.document.place(), "a spec is a mapping with `name`, `input`, `layers`, ...")])
        model, differences = check_structure(data)
        for path, message in differences:
            self.problem(path, message)
        own = definitions(self.document)
        uses = Uses(self.document, own.entries, own.broken)
        if isinstance(data.get("name"), str):
            self.named(("name",), module_objection(data["name"]))
        layers = self.layers(uses, data.get("layers"))
        loss = uses.read("loss", data["loss"], ("loss",)) if "loss" in data else None
        optimizer = uses.read("optimizer", data.get("optimizer", "sgd"), ("optimizer",))
        schedule = uses.read("schedule", data["schedule"], ("schedule",)) if data.get("schedule") is not None else None
        clipping = self.several(uses, "clipping", data.get("clip"), ("clip",))
        penalties = self.several(uses, "penalty", data.get("penalty"), ("penalty",))
        self.data_path(data.get("data"))
        self.problems += [*own.problems, *uses.problems]
        if self.problems or self.document.problems:
            raise SpecError(self.found())
        assert model is not None
        assert loss is not None
        assert optimizer is not None
        shape = model.input if isinstance(model.input, list) else [model.input]
        return NetworkSpec(
            name=model.name,
            place=self.document.place(),
            sha256=self.sha256,
            input_shape=tuple(shape),
            layers=layers,
            loss=loss[0],
            optimizer=optimizer[0],
            schedule=schedule[0] if schedule else None,
            clipping=clipping,
            penalties=penalties,
            dtype=model.dtype,
            training=TrainingSpec(**model.training.model_dump()),
            data=_data(model.data),
            description=model.description,
            definitions=own.definitions,
        )

    def found(self) -> list[Problem]:
        """Every problem in the order of the file; where YAML refused a value, nothing more is said of it."""
        refused = {(r.place.line, path) for r in self.document.problems for path in (r.place.path, _list(r.place))}
        heard = [p for p in self.problems if (p.place.line, p.place.path) not in refused]
        return sorted([*self.document.problems, *heard], key=lambda p: p.place.line)

    def named(self, path: Path, reason: str) -> None:
        if reason:
            self.problem(path, reason)

    def layers(self, uses: Uses, value: Any) -> tuple[LayerSpec, ...]:
        if not isinstance(value, list):
            return ()
        built: list[LayerSpec] = []
        taken: dict[str, Place] = {}
        counts: dict[str, int] = {}

        later = named_later(value, lambda path: self.document.place(*path).line)
        wiring = Wiring(("x",), later, self.problem)

        def add(use: Use, name: str | None, path: Path, initializers: dict[str, Use], given: Mapping[str, Any]) -> str:
            counts[use.name] = counts.get(use.name, 0) + 1
            label = name or f"{use.name}_{counts[use.name]}"
            if label in taken:
                self.problem(path, f"two layers are named `{label}`; the first is on line {taken[label].line}")
                return label
            taken[label] = use.place
            built.append(LayerSpec(label, use, initializers, wiring.sources(use, given, path)))
            wiring.add(label, use.place)
            return label

        for number, item in enumerate(value[:MAX_LAYERS]):
            path: Path = ("layers", number)
            read = uses.read("layer", _listed(item, uses), path, LAYER_KEYS)
            if read is None:
                continue
            use, aside = read
            inside = (*path, next(iter(item))) if isinstance(item, dict) else path
            name = self.layer_name(aside["name"], (*inside, "name")) if "name" in aside else None
            initializers = self.initializers(uses, use, aside.get("initializer"), (*inside, "initializer"))
            label = add(use, name, inside, initializers, aside)
            if aside.get("activation") is not None:
                follows = uses.read("activation", aside["activation"], (*inside, "activation"))
                if follows is not None:
                    wiring.stand_for(label, add(follows[0], None, (*inside, "activation"), {}, {}))
        whole = len(uses.problems) == 0 and not wiring.wrong
        for label, place in wiring.unread([wiring.previous]) if whole else ():
            reason = "name it in the `inputs` of a later layer, or leave it out"
            self.problems.append(Problem(place, f"nothing reads what `{label}` computes; {reason}"))
        return tuple(built)

    def layer_name(self, name: Any, path: Path) -> str | None:
        if isinstance(name, str):
            self.named(path, objection(name))
            return name
        self.problem(path, f"expected a name; got {shown(name)}")
        return None

    def initializers(self, uses: Uses, use: Use, value: Any, path: Path) -> dict[str, Use]:
        """`he_normal` for the first weight, or `{W: he_normal, b: zeros}`."""
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
            read = uses.read("initializer", item, (*path, parameter) if by_name else path)
            if read is not None:
                found[parameter] = read[0]
        return found

    def data_path(self, data: Any) -> None:
        """A file of the user's own, below the folder of the data: a spec does not say what else is read."""
        source, path = (data.get("source"), data.get("path", "")) if isinstance(data, dict) else (data, "")
        if source not in FILES or not isinstance(path, str):
            return
        if not path:
            self.problem(("data",), f"`{source}` needs `path`: the file that holds the examples")
        parts = {*PurePosixPath(path).parts, *PureWindowsPath(path).parts}
        if path.startswith("~") or ".." in parts or PurePosixPath(path).is_absolute() or PureWindowsPath(path).anchor:
            below = "expected a path below the folder of the data, which `--data` or SYMBP_DATA names"
            self.problem(("data", "path"), f"{below}; got {shown(path)}")

    def several(self, uses: Uses, kind: EntryKind, value: Any, path: Path) -> tuple[Use, ...]:
        """One use, or several as a list or a mapping."""
        if value is None:
            return ()
        if isinstance(value, dict):
            items = [({k: v}, path) for k, v in value.items()]
        else:
            items = [(v, (*path, i)) for i, v in enumerate(value)] if isinstance(value, list) else [(value, path)]
        read = [uses.read(kind, item, where) for item, where in items]
        return tuple(r[0] for r in read if r is not None)


def _listed(item: Any, uses: Uses) -> Any:
    """`add: [a, b]` is `add: {inputs: [a, b]}` for a row that reads several inputs."""
    if isinstance(item, dict) and len(item) == 1:
        name, value = next(iter(item.items()))
        entry = uses.entry("layer", name)
        if entry is not None and entry.inputs and isinstance(value, list) and all(isinstance(v, str) for v in value):
            return {name: {"inputs": value}}
    return item


def _list(place: Place) -> str:
    """`loss.nll.weight` of `loss.nll.weight[2]`; other paths as they are."""
    return place.path.rpartition("[")[0] if place.path.endswith("]") else place.path


def _data(model: DataModel | str | None) -> DataSpec | None:
    if model is None:
        return None
    if isinstance(model, str):
        return DataSpec(model)
    return DataSpec(**model.model_dump())
