"""The spec's own activations, layers, losses and blocks: they become catalog entries of this spec alone.

define:
  activations:
    wiggle: {formula: "a = z + beta*sin(z)**2", options: {beta: 0.5}}
  layers:
    scale: {formula: "y[n,j] = s[j] * x[n,j]", parameters: {s: {axes: [j], initializer: ones}}}

Whether a formula can be read at the ranks it meets is for the forward stage to find.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symbp.catalog import lookup
from symbp.catalog.entry import Entry, EntryKind
from symbp.formula.grammar import RESERVED
from symbp.spec.blocks import read_block
from symbp.spec.definition import read_definition
from symbp.spec.model import Definition, Problem
from symbp.spec.names import hint, objection, quoted, shown
from symbp.spec.yaml import Document, Path

KINDS: dict[str, EntryKind] = {"activations": "activation", "layers": "layer", "losses": "loss", "blocks": "block"}


@dataclass(frozen=True)
class Definitions:
    """What the document defines, what it tried to define, and what is wrong."""

    entries: Mapping[tuple[EntryKind, str], Entry]
    broken: frozenset[tuple[EntryKind, str]]
    definitions: tuple[Definition, ...]
    problems: tuple[Problem, ...]


def definitions(document: Document) -> Definitions:
    """Read the section `define`; its own structure, a mapping, is the model's to check."""
    entries: dict[tuple[EntryKind, str], Entry] = {}
    broken: set[tuple[EntryKind, str]] = set()
    problems: list[Problem] = []
    section = document.data.get("define")

    def problem(path: Path, message: str) -> None:
        problems.append(Problem(document.place(*path), message))

    for group, rows in section.items() if isinstance(section, dict) else ():
        if group not in KINDS:
            problem(("define", group), f"{quoted(group)} cannot be defined{hint(group, list(KINDS))}")
            continue
        if not isinstance(rows, dict):
            problem(("define", group), f"expected a mapping of names to formulas; got {shown(rows)}")
            continue
        kind = KINDS[group]
        for name, row in rows.items():
            path: Path = ("define", group, name)
            reason = _name(kind, name)
            if reason:
                problem(path, reason)
            read = read_block if kind == "block" else read_definition
            entry = read(kind, name, row, path, problem)
            if entry is None or reason:
                broken.add((kind, name))
            else:
                entries[kind, name] = entry
    found = [
        Definition(entry, document.place("define", group, name, "formula"))
        for (kind, name), entry in entries.items()
        for group in KINDS
        if KINDS[group] == kind != "block"
    ]
    return Definitions(entries, frozenset(broken), tuple(found), tuple(problems))


def _name(kind: EntryKind, name: str) -> str:
    """Why a definition cannot have this name."""
    if name in RESERVED:
        return f"`{name}` is a function of the formula language; use another name"
    if lookup(kind, name) is not None:
        return f"`{name}` is in the catalog already; use another name"
    return objection(name)
