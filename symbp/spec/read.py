"""From a file to a `NetworkSpec`: structure, names and options checked, every problem reported at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path as FilePath
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from pydantic import BaseModel

from symbp.catalog.entry import EntryKind
from symbp.errors import UserError
from symbp.spec.define import definitions
from symbp.spec.inputs import read_inputs
from symbp.spec.layers import Layers
from symbp.spec.losses import Losses
from symbp.spec.model import DataSpec, NetworkSpec, Place, Problem, SpecError, TrainingSpec, Use
from symbp.spec.names import module_objection, shown
from symbp.spec.schema import FILES, data_model
from symbp.spec.structure import check_structure
from symbp.spec.uses import Uses
from symbp.spec.wiring import Wiring
from symbp.spec.yaml import MAX_BYTES, Document, Path, read_yaml


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
    return spec_of(read_yaml(raw, file), hashlib.sha256(raw).hexdigest())


def spec_of(document: Document, sha256: str = "") -> NetworkSpec:
    """The spec in a document, which may be a part of another one."""
    return _Reading(document, sha256).spec()


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
        inputs = read_inputs(data.get("input"), self.problem)
        reading = Layers(self.document, uses, [i.name for i in inputs], self.problem)
        layers = reading.read()
        stated = Losses(data, uses, reading.wiring, self.problem)
        outputs = stated.outputs()
        losses = stated.losses(outputs)
        optimizer = uses.read("optimizer", data.get("optimizer", "sgd"), ("optimizer",))
        schedule = uses.read("schedule", data["schedule"], ("schedule",)) if data.get("schedule") is not None else None
        clipping = self.several(uses, "clipping", data.get("clip"), ("clip",))
        penalties = self.several(uses, "penalty", data.get("penalty"), ("penalty",))
        self.data_path(data.get("data"))
        if model is not None and model.threads > 1 and model.blas == "scipy":
            message = "threads need `blas: numpy`: products of SciPy's BLAS let no other thread of Python run"
            self.problem(("threads",), message)
        self.derivatives({**{loss.target: loss.use.place for loss in losses}, **reading.taken})
        if not (self.problems or uses.problems or own.problems):
            self.unread(reading.wiring)
        self.problems += [*own.problems, *uses.problems]
        if self.problems or self.document.problems:
            raise SpecError(self.found())
        assert model is not None
        assert optimizer is not None
        return NetworkSpec(
            name=model.name,
            place=self.document.place(),
            sha256=self.sha256,
            inputs=inputs,
            layers=layers,
            loss=losses[0].use,
            optimizer=optimizer[0],
            schedule=schedule[0] if schedule else None,
            clipping=clipping,
            penalties=penalties,
            dtype=model.dtype,
            blas=model.blas,
            threads=model.threads,
            threads_place=self.document.place("threads"),
            training=TrainingSpec(**model.training.model_dump()),
            data=_data(model.data),
            description=model.description,
            definitions=own.definitions,
            losses=losses,
            outputs=outputs,
        )

    def derivatives(self, named: Mapping[str, Place]) -> None:
        """No input, target or layer is called what the derivative by another one is called: `d_a` beside `a`."""
        for name, place in named.items():
            if (other := name.removeprefix("d_")) != name and other in named:
                message = f"`{name}` is what the derivative by `{other}` is called; give one of the two another name"
                self.problems.append(Problem(place, message))

    def found(self) -> list[Problem]:
        """Every problem in the order of the file; where YAML refused a value, nothing more is said of it."""
        refused = {(r.place.line, path) for r in self.document.problems for path in (r.place.path, _list(r.place))}
        heard = [p for p in self.problems if (p.place.line, p.place.path) not in refused]
        return sorted(dict.fromkeys([*self.document.problems, *heard]), key=lambda p: p.place.line)

    def named(self, path: Path, reason: str) -> None:
        if reason:
            self.problem(path, reason)

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

    def unread(self, wiring: Wiring) -> None:
        """Tell of layers and inputs that nothing reads."""
        for label, place in wiring.unread():
            reason = "name it in the `inputs` of a later layer or in `output`, or leave it out"
            self.problems.append(Problem(place, f"nothing reads what `{label}` computes; {reason}"))
        for name in wiring.inputs:
            if name not in wiring.read:
                self.problem(("input", name), f"nothing reads the input `{name}`; name it in the `inputs` of a layer")

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


def _list(place: Place) -> str:
    """`loss.nll.weight` of `loss.nll.weight[2]`; other paths as they are."""
    return place.path.rpartition("[")[0] if place.path.endswith("]") else place.path


def _data(model: BaseModel | str | None) -> DataSpec | None:
    """The source with its options; those that only it has are `options`."""
    if model is None:
        return None
    given = (data_model(model).model_validate({"source": model}) if isinstance(model, str) else model).model_dump()
    known = {f.name for f in fields(DataSpec)}
    options = {key: value for key, value in given.items() if key not in known}
    return DataSpec(**{key: value for key, value in given.items() if key in known}, options=options)
