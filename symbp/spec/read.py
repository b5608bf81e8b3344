"""From a file to a `NetworkSpec`: structure, names and options checked, every problem reported at once."""

from __future__ import annotations

import builtins
import difflib
import hashlib
import keyword
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ValidationError

from symbp.catalog.entry import EntryKind
from symbp.errors import UserError
from symbp.formula.grammar import NAME
from symbp.spec.define import definitions
from symbp.spec.model import DataSpec, LayerSpec, NetworkSpec, Place, Problem, SpecError, TrainingSpec, Use
from symbp.spec.schema import DataModel, SpecModel
from symbp.spec.uses import Uses
from symbp.spec.yaml import Document, Path, read_yaml

RESERVED = frozenset({"x", "y", "C", "n", "loss", "params", "ws", "np"})


def read_spec(path: FilePath | str) -> NetworkSpec:
    """The spec in a file. SpecError with every problem found; UserError where the file cannot be read."""
    try:
        text = FilePath(path).read_bytes()
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
        model = self.structure(data)
        own, problems = definitions(self.document)
        self.problems += problems
        uses = Uses(self.document, own)
        name = self.name(str(data.get("name", "")), ("name",)) if "name" in data else ""
        layers = self.layers(uses, data.get("layers"))
        loss = uses.read("loss", data["loss"], ("loss",)) if "loss" in data else None
        optimizer = uses.read("optimizer", data.get("optimizer", "sgd"), ("optimizer",))
        schedule = uses.read("schedule", data["schedule"], ("schedule",)) if data.get("schedule") is not None else None
        clipping = self.several(uses, "clipping", data.get("clip"), ("clip",))
        penalties = self.several(uses, "penalty", data.get("penalty"), ("penalty",))
        self.problems += uses.problems
        if self.problems or model is None or loss is None or optimizer is None:
            raise SpecError(sorted(self.problems, key=lambda p: p.place.line))
        shape = model.input if isinstance(model.input, list) else [model.input]
        return NetworkSpec(
            name=name,
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
        )

    def structure(self, data: dict[str, Any]) -> SpecModel | None:
        """The document against the model of its structure; unknown keys get the nearest valid name."""
        try:
            return SpecModel.model_validate(data)
        except ValidationError as error:
            for item in error.errors():
                path = tuple(p for p in item["loc"] if p not in _BRANCHES)
                if item["type"] == "extra_forbidden":
                    key = str(path[-1])
                    valid = _fields(path[:-1])
                    near = difflib.get_close_matches(key, valid, 1, 0.5)
                    hint = f"; did you mean `{near[0]}`?" if near else f" (known: {', '.join(valid)})"
                    self.problem(path, f"`{key}` is not a key of a spec{hint}")
                elif item["type"] == "missing":
                    self.problem(path, f"`{path[-1]}` is missing")
                else:
                    got = "" if isinstance(item["input"], dict) else f"; got {item['input']!r}"[:80]
                    self.problem(path, f"{item['msg'][0].lower()}{item['msg'][1:]}{got}")
            return None

    def name(self, name: str, path: Path) -> str:
        """A name that may become an identifier of the generated module."""
        if not NAME.fullmatch(name):
            self.problem(path, f"{name[:70]!r} is not a name; names match {NAME.pattern}")
        elif keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name) or name in RESERVED:
            self.problem(path, f"`{name}` has a meaning of its own in Python or in the module; use another name")
        return name

    def layers(self, uses: Uses, value: Any) -> tuple[LayerSpec, ...]:
        if not isinstance(value, list):
            return ()
        built: list[LayerSpec] = []
        taken: dict[str, Place] = {}
        counts: dict[str, int] = {}

        def add(use: Use, name: str | None, path: Path, initializers: dict[str, Use]) -> None:
            counts[use.name] = counts.get(use.name, 0) + 1
            label = name or f"{use.name}_{counts[use.name]}"
            if label in taken:
                self.problem(path, f"two layers are named `{label}`; the first is on line {taken[label].line}")
            taken[label] = use.place
            built.append(LayerSpec(label, use, initializers))

        for number, item in enumerate(value):
            path: Path = ("layers", number)
            read = uses.read("layer", item, path, ("name", "activation", "initializer"))
            if read is None:
                continue
            use, aside = read
            inside = (*path, next(iter(item))) if isinstance(item, dict) else path
            name = self.name(str(aside["name"]), (*inside, "name")) if "name" in aside else None
            add(use, name, inside, self.initializers(uses, use, aside.get("initializer"), (*inside, "initializer")))
            if aside.get("activation") is not None:
                follows = uses.read("activation", aside["activation"], (*inside, "activation"))
                if follows is not None:
                    add(follows[0], None, (*inside, "activation"), {})
        return tuple(built)

    def initializers(self, uses: Uses, use: Use, value: Any, path: Path) -> dict[str, Use]:
        """`he_normal` for the first weight, or `{W: he_normal, b: zeros}`."""
        rows = use.entry.variant(use.options).parameters
        if value is None:
            return {}
        if not rows:
            self.problem(path, f"`{use.name}` has no parameters to initialize")
            return {}
        known = {row.name for row in rows}
        by_name = isinstance(value, dict) and set(value) <= known
        wanted = value if by_name else {rows[0].name: value}
        found = {}
        for parameter, item in wanted.items():
            read = uses.read("initializer", item, (*path, parameter) if by_name else path)
            if read is not None:
                found[parameter] = read[0]
        return found

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


_BRANCHES = frozenset({"int", "list[int]", "list[constrained-int]", "constrained-int", "str", "DataModel"})


def _fields(path: tuple[Any, ...]) -> list[str]:
    from symbp.spec.schema import TrainingModel

    models: dict[tuple[Any, ...], type[BaseModel]] = {("training",): TrainingModel, ("data",): DataModel}
    model = models.get(path, SpecModel)
    return list(model.model_fields)


def _data(model: DataModel | str | None) -> DataSpec | None:
    if model is None:
        return None
    if isinstance(model, str):
        return DataSpec(model)
    return DataSpec(**model.model_dump())
