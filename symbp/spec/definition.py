"""One definition of a spec's own, checked as text: what it declares is read, and what it reads can be declared."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Callable, Iterable
from typing import Any

from symbp.catalog import lookup, names
from symbp.catalog.entry import Entry, EntryKind, Option, ParameterRow, RandomRow, StateRow
from symbp.formula.families import member, write_out_size
from symbp.formula.grammar import NAME, RESERVED, FormulaError, read_lines
from symbp.spec.modes import MODE_KEYS, Modes, random_row, state_row
from symbp.spec.names import SHAPE, hint, quoted, shortened, shown
from symbp.spec.yaml import Path

KEYS = (
    *("formula", "options", "parameters", "sizes", "integers", "summary", "source", "output", "link", "inputs"),
    *MODE_KEYS,
)
INPUT = re.compile(rf"{NAME.pattern}(\[[a-z]\])?")
PARAMETER_KEYS = ("axes", "initializer", "value")
ARGUMENTS: dict[str, tuple[str, ...]] = {"layer": ("x",), "activation": ("z",), "loss": ("a", "y")}
RESULTS = {"layer": "y", "activation": "a", "loss": "C"}
MAX_TEXT = 2_000
MAX_SIZE = 200  # characters of a size
LARGEST = 1e15


def read_definition(
    kind: EntryKind, name: str, row: Any, path: Path, problem: Callable[[Path, str], None]
) -> Entry | None:
    """The entry that a row under `define` states; None where `problem` was told of anything."""
    row = {"formula": row} if isinstance(row, str) else row
    if not isinstance(row, dict) or "formula" not in row:
        problem(path, f"expected a formula, or a mapping with `formula`; got {shown(row)}")
        return None
    if not isinstance(row["formula"], str):
        problem((*path, "formula"), f"expected equations as a text; got {shown(row['formula'])}")
        return None
    reading = _Definition(kind, row, path, problem)
    entry = reading.entry(name)
    return None if reading.wrong else entry


class _Definition:
    """One reading of one definition."""

    def __init__(self, kind: EntryKind, row: dict[str, Any], path: Path, problem: Callable[[Path, str], None]) -> None:
        self.kind = kind
        self.row = row
        self.path = path
        self.tell = problem
        self.wrong = False
        self.used: frozenset[str] | None = None  # names in the formula; None where it cannot be read
        self.inputs: tuple[str, ...] = ()
        self.arguments = ARGUMENTS[kind]  # the tensors that the formula is given

    def problem(self, path: Path, message: str) -> None:
        self.wrong = True
        self.tell((*self.path, *path), message)

    def entry(self, name: str) -> Entry:
        for key in self.row:
            if key not in KEYS:
                self.problem((key,), f"{quoted(key)} is not a key of a definition{hint(key, KEYS)}")
        self.formula()
        modes = Modes(self.kind, self.row, self.problem)
        self.used = self.used and self.used | _names(modes.lines)
        self.inputs = self.stated_inputs()
        if self.inputs:
            names_ = tuple(name.partition("[")[0] for name in self.inputs)
            self.arguments = (*names_, "y") if self.kind == "loss" else names_
        sizes = self.sizes()
        options = self.options(sizes)
        parameters = self.parameters()
        random, states = self.random(), self.states()
        result = self.text("output") or RESULTS[self.kind]
        self.clashes(result, options=options, parameters=parameters, random=random, state=states)
        return Entry(
            name=name,
            kind=self.kind,
            equations=self.row["formula"],
            summary=self.text("summary") or "defined by the spec",
            source=self.text("source"),
            options=options,
            parameters=parameters,
            sizes=tuple(sizes.items()),
            integers=self.integers(),
            output="" if result == RESULTS[self.kind] else result,
            link=self.link(),
            inputs=self.inputs,
            random=random,
            inference=modes.inference,
            states=states,
            update=modes.update,
        )

    def formula(self) -> None:
        try:
            lines = read_lines(self.row["formula"])
        except FormulaError as error:
            self.problem(("formula",), str(error))
            return
        self.used = _names(lines)

    def stated_inputs(self) -> tuple[str, ...]:
        """`[q, k]`, or `["x[m]"]` for as many as a layer is given."""
        value = self.row.get("inputs") or []
        good = isinstance(value, list) and all(isinstance(v, str) and INPUT.fullmatch(v) for v in value)
        if not good or any("[" in v for v in value[:-1]) or (self.kind != "layer" and any("[" in v for v in value)):
            wanted = "a list of names, the last perhaps `x[m]` for as many as a layer is given"
            self.problem(("inputs",), f"expected {wanted}; got {shown(value)}")
        elif self.kind == "activation" and value:
            self.problem(("inputs",), "an activation reads `z` alone; a layer may read several tensors")
        elif len(set(value)) < len(value) or any(v.partition("[")[0] in RESERVED for v in value):
            self.problem(("inputs",), f"names of inputs differ, and are no functions of formulas; got {shown(value)}")
        else:
            return tuple(value)
        return ()

    def sizes(self) -> dict[str, str]:
        found = {}
        for letter, value in self.mapping("sizes").items():
            path, text = ("sizes", letter), str(value)
            if not isinstance(value, str | int) or isinstance(value, bool) or len(text) > MAX_SIZE:
                self.problem(path, f"expected a size, such as `units` or `2 * extent(x, 1)`; got {shown(value)}")
            elif not (self.reads(letter) or letter in self.axes()):
                self.problem(path, f"no equation has an index `{letter}`, and no parameter an axis")
            elif _size_options(text, self.arguments) is None:
                wanted = f"whole numbers, options, extent({self.arguments[0]}, axis)"
                self.problem(path, f"{shortened(text)!r} is not a size; a size is made of {wanted}")
            else:
                found[letter] = text
        return found

    def axes(self) -> set[str]:
        """The letters of axes of parameters: one that is read at labels stands in no equation."""
        rows = (v.get("axes") if isinstance(v, dict) else v for v in self.mapping("parameters").values())
        return {letter for axes in rows if isinstance(axes, list) for letter in axes if isinstance(letter, str)}

    def options(self, sizes: dict[str, str]) -> tuple[Option, ...]:
        """Those the row states, then those that its sizes need and it does not state."""
        counted = dict.fromkeys(name for text in sizes.values() for name in _size_options(text, self.arguments) or ())
        found = []
        for name, value in self.mapping("options").items():
            path = ("options", name)
            whole = name in counted
            good = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
            if not good or abs(value) > LARGEST or (whole and value < 1):
                wanted = "a whole number from 1 up" if whole else f"a number of magnitude {LARGEST:g} at most"
                self.problem(path, f"the default of an option is {wanted}; got {shown(value)}")
            elif not whole and not self.reads(name):
                self.problem(path, f"no equation reads the option `{name}`")
            else:
                found.append(Option(name, value, "integer", low=1) if whole else Option(name, float(value)))
        stated = self.row.get("options") or {}
        needed = [name for name in counted if name not in stated]
        return (*found, *(Option(name, None, "integer", low=1, summary="a size") for name in needed))

    def parameters(self) -> tuple[ParameterRow, ...]:
        found = (self.parameter(name, value) for name, value in self.mapping("parameters").items())
        return tuple(p for p in found if p is not None)

    def parameter(self, name: str, value: Any) -> ParameterRow | None:
        path = ("parameters", name)
        value = {"axes": value} if isinstance(value, list) else value
        axes = value.get("axes") if isinstance(value, dict) else None
        if not isinstance(axes, list) or not all(isinstance(a, str) and NAME.fullmatch(a) for a in axes):
            self.problem(path, f"expected `axes`, index letters of the formula, as in `[i, j]`; got {shown(value)}")
            return None
        for key in value:
            if key not in PARAMETER_KEYS:
                self.problem((*path, key), f"{quoted(key)} is not a key of a parameter{hint(key, PARAMETER_KEYS)}")
        if not self.reads(name):
            self.problem(path, f"no equation reads the parameter `{name}`")
        initializer, fill = value.get("initializer", "torch_default"), value.get("value")
        entry = lookup("initializer", initializer) if isinstance(initializer, str) else None
        if entry is None:
            near = hint(str(initializer), names("initializer"))
            self.problem((*path, "initializer"), f"expected the name of an initializer; got {shown(initializer)}{near}")
            return None
        needs = any(o.default is None for o in entry.options)
        number = isinstance(fill, int | float) and not isinstance(fill, bool) and abs(fill) <= LARGEST
        if needs and not number:
            self.problem((*path, "value"), f"`{entry.name}` needs `value`, a number; got {shown(fill)}")
            return None
        if fill is not None and not needs:
            self.problem((*path, "value"), f"`{entry.name}` has no `value`; `constant` has")
            return None
        return ParameterRow(name, tuple(axes), entry.name, None if fill is None else float(fill))

    def random(self) -> tuple[RandomRow, ...]:
        """What is drawn in every step of training."""
        found = []
        for name, value in self.mapping("random").items():
            if not self.reads(name):
                self.problem(("random", name), f"no equation reads the random tensor `{name}`")
            found.append(random_row(name, value, self.problem))
        return tuple(r for r in found if r is not None)

    def states(self) -> tuple[StateRow, ...]:
        """What is kept from one step of training to the next."""
        found = (state_row(name, value, self.problem) for name, value in self.mapping("state").items())
        return tuple(s for s in found if s is not None)

    def clashes(self, result: str, **rows: Iterable[Option | ParameterRow | RandomRow | StateRow]) -> None:
        """That names have a meaning already, or two."""
        seen = dict[str, str]()
        taken = {*self.arguments, result}
        what = {"options": "an option", "parameters": "a parameter", "random": "a random tensor", "state": "a state"}
        for key, named in rows.items():
            for name in (row.name for row in named):
                if name in RESERVED or name in taken or name.startswith("d_"):
                    self.problem((key, name), f"`{name}` has a meaning of its own in formulas; use another name")
                elif name in seen:
                    self.problem((key, name), f"`{name}` is {seen[name]} and {what[key]}; use another name for one")
                seen[name] = what[key]

    def integers(self) -> tuple[str, ...]:
        value = self.row.get("integers") or []
        if isinstance(value, list) and all(v in self.arguments for v in value):
            return tuple(value)
        inputs = " and ".join(f"`{a}`" for a in self.arguments)
        self.problem(
            ("integers",), f"expected a list of inputs that hold whole numbers, out of {inputs}; got {shown(value)}"
        )
        return ()

    def link(self) -> str:
        link = self.text("link")
        if link and self.kind != "loss":
            self.problem(("link",), "only a loss has a link")
        elif link and lookup("activation", link) is None:
            self.problem(("link",), f"{quoted(link)} is not an activation{hint(link, names('activation'))}")
        return link

    def text(self, key: str) -> str:
        value = self.row.get(key, "")
        if isinstance(value, str) and len(value) <= MAX_TEXT:
            if key != "output" or not value or NAME.fullmatch(value):
                return value
            self.problem((key,), f"{shortened(value)!r} is not a name; {SHAPE}")
            return ""
        self.problem((key,), f"expected a text of at most {MAX_TEXT} characters; got {shown(value)}")
        return ""

    def mapping(self, key: str) -> dict[str, Any]:
        value = self.row.get(key) or {}
        if not isinstance(value, dict):
            self.problem((key,), f"expected a mapping of names to values; got {shown(value)}")
            return {}
        found = {}
        for name, each in value.items():
            if not NAME.fullmatch(name):
                self.problem((key, name), f"{shortened(name)!r} is not a name; {SHAPE}")
            elif keyword.iskeyword(name):
                self.problem((key, name), f"`{name}` has a meaning of its own in Python; use another name")
            else:
                found[name] = each
        return found

    def reads(self, name: str) -> bool:
        return self.used is None or name in self.used


def _names(lines: Iterable[Any]) -> frozenset[str]:
    sides = (side for line in lines for side in (line.left, line.right))
    return frozenset(n.id for side in sides for n in ast.walk(side) if isinstance(n, ast.Name))


def _size_options(text: str, tensors: tuple[str, ...]) -> tuple[str, ...] | None:
    """The options that a size reads; None where it is no size."""
    try:
        if "[" in text:  # a sum over a family of inputs
            text = write_out_size(text, tensors[-1], 1)
            tensors = (*tensors, member(tensors[-1], 1))
        lines = read_lines(f"size = {text}")
    except FormulaError:
        return None
    found = _read_by(lines[0].right, tensors) if len(lines) == 1 else None
    return None if found is None else tuple(dict.fromkeys(found))


def _read_by(node: ast.expr, tensors: tuple[str, ...]) -> list[str] | None:
    """The options in a size: whole numbers, names, their sums, products and quotients, and extent(tensor, axis)."""
    if isinstance(node, ast.Constant):
        return [] if isinstance(node.value, int) else None
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _read_by(node.operand, tensors)
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Pow):
        left, right = _read_by(node.left, tensors), _read_by(node.right, tensors)
        return None if left is None or right is None else left + right
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "extent":
        named = len(node.args) == 2 and isinstance(node.args[0], ast.Name) and node.args[0].id in tensors
        return _read_by(node.args[1], tensors) if named else None
    return None
