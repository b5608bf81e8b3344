"""The spec's own activations, layers and losses: formulas that become catalog entries of this spec alone.

define:
  activations:
    wiggle: {formula: "a = z + beta*sin(z)**2", options: {beta: 0.5}}
  layers:
    scale: {formula: "y[n,j] = s[j] * x[n,j]", parameters: {s: {axes: [j], initializer: ones}}}
"""

from __future__ import annotations

from typing import Any

from symbp.catalog import lookup
from symbp.catalog.entry import Entry, EntryKind, Option, ParameterRow
from symbp.formula.grammar import NAME, RESERVED, FormulaError, read_lines
from symbp.spec.model import Problem
from symbp.spec.yaml import Document, Path

KINDS: dict[str, EntryKind] = {"activations": "activation", "layers": "layer", "losses": "loss"}
KEYS = ("formula", "options", "parameters", "sizes", "integers", "summary", "source", "output", "link")
Own = dict[tuple[EntryKind, str], Entry]


def definitions(document: Document) -> tuple[Own, list[Problem]]:
    """The entries that the document defines, and what is wrong with them."""
    found: Own = {}
    problems: list[Problem] = []
    section = document.data.get("define") or {}

    def problem(path: Path, message: str) -> None:
        problems.append(Problem(document.place(*path), message))

    for group, rows in section.items() if isinstance(section, dict) else ():
        if group not in KINDS or not isinstance(rows, dict):
            problem(("define", group), f"expected one of {', '.join(KINDS)}, each a mapping of names to definitions")
            continue
        for name, row in rows.items():
            path: Path = ("define", group, name)
            if not NAME.fullmatch(name) or name in RESERVED:
                problem(path, f"{name[:70]!r} cannot name a definition")
            elif lookup(KINDS[group], name) is not None:
                problem(path, f"`{name}` is in the catalog already; use another name")
            else:
                entry = _entry(KINDS[group], name, row, path, problem)
                if entry is not None:
                    found[KINDS[group], name] = entry
    return found, problems


def _entry(kind: EntryKind, name: str, row: Any, path: Path, problem: Any) -> Entry | None:
    row = {"formula": row} if isinstance(row, str) else row
    if not isinstance(row, dict) or not isinstance(row.get("formula"), str):
        problem(path, "a definition is a formula, or a mapping with `formula`")
        return None
    unknown = [k for k in row if k not in KEYS]
    for key in unknown:
        problem((*path, key), f"`{key}` is not a key of a definition (known: {', '.join(KEYS)})")
    try:
        read_lines(row["formula"])
    except FormulaError as error:
        problem((*path, "formula"), str(error))
        return None
    if unknown:
        return None
    options = _mapping(row, "options", path, problem)
    sizes = _mapping(row, "sizes", path, problem)
    parameters = [
        _parameter(n, p, (*path, "parameters", n), problem)
        for n, p in _mapping(row, "parameters", path, problem).items()
    ]
    integers = row.get("integers") or []
    if not isinstance(integers, list) or not all(isinstance(i, str) for i in integers):
        problem((*path, "integers"), "expected a list of names")
        return None
    if any(p is None for p in parameters):
        return None
    rows = [_option(n, v, (*path, "options", n), problem) for n, v in options.items()]
    if any(o is None for o in rows):
        return None
    wanted = [str(s) for s in sizes.values() if NAME.fullmatch(str(s)) and str(s) not in options]
    return Entry(
        name=name,
        kind=kind,
        equations=row["formula"],
        summary=str(row.get("summary", "defined by the spec")),
        source=str(row.get("source", "")),
        options=(
            *(o for o in rows if o is not None),
            *(Option(w, None, "integer", low=1) for w in dict.fromkeys(wanted)),
        ),
        parameters=tuple(p for p in parameters if p is not None),
        sizes=tuple((str(k), str(v)) for k, v in sizes.items()),
        integers=tuple(integers),
        output=str(row.get("output", "")),
        link=str(row.get("link", "")),
    )


def _mapping(row: dict[str, Any], key: str, path: Path, problem: Any) -> dict[str, Any]:
    value = row.get(key) or {}
    if isinstance(value, dict) and all(NAME.fullmatch(k) for k in value):
        return value
    problem((*path, key), f"`{key}` maps names to values")
    return {}


def _option(name: str, value: Any, path: Path, problem: Any) -> Option | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        problem(path, f"the default of an option is a number, got {value!r}")
        return None
    return Option(name, float(value))


def _parameter(name: str, value: Any, path: Path, problem: Any) -> ParameterRow | None:
    value = {"axes": value} if isinstance(value, list) else value
    if not isinstance(value, dict) or not isinstance(value.get("axes"), list):
        problem(path, "a parameter has `axes`, index letters of the formula, and may have `initializer`")
        return None
    initializer = str(value.get("initializer", "torch_default"))
    if lookup("initializer", initializer) is None:
        problem(path, f"`{initializer}` is not an initializer")
        return None
    fill = value.get("value")
    return ParameterRow(name, tuple(map(str, value["axes"])), initializer, None if fill is None else float(fill))
