"""The spec's own definitions, used or not: whether their formulas can be read at the rank they are written for."""

from __future__ import annotations

import ast

from symbp.catalog.entry import Entry
from symbp.formula.grammar import FormulaError, read_lines
from symbp.formula.syntax import items_of
from symbp.forward.rows import formula_of
from symbp.spec.model import NetworkSpec, Problem

USUAL_RANK = 2  # of a formula that leaves it open


def definition_problems(spec: NetworkSpec) -> dict[Entry, list[Problem]]:
    """What is wrong in the formulas of definitions, whatever network they stand in."""
    problems: dict[Entry, list[Problem]] = {}
    for definition in spec.definitions:
        entry = definition.entry
        defaults = {o.name: 1 if o.default is None else o.default for o in entry.options}
        try:
            inputs = entry.input_names(len(entry.inputs) + 1 if entry.family else len(entry.required))
            ranks = {name: written_rank(entry, name) or USUAL_RANK for name in inputs}
            formula = formula_of(entry, defaults, ranks).formula
        except FormulaError as error:
            problems[entry] = [Problem(definition.place, str(error))]
            continue
        given = [(name, "what it is given") for name in inputs]
        target = [("y", "the target")] if entry.kind == "loss" and not entry.inputs else []
        for tensor, what in (*given, *target):
            if tensor not in formula.tensors:
                problem = Problem(definition.place, f"no equation reads `{tensor}`, {what}")
                problems.setdefault(entry, []).append(problem)
    return problems


def written_rank(entry: Entry, tensor: str = "") -> int | None:
    """The number of indices that a formula writes after an input, its first; None where it writes none, or `...`."""
    name = tensor or entry.input_names(1)[0]
    numbered = bool(entry.family) and name.startswith(f"{entry.family}_")
    name = entry.family if numbered else name
    for line in read_lines(entry.equations):
        for node in ast.walk(line.right):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == name:
                items = items_of(node.slice)
                if not any(isinstance(n, ast.Constant) and n.value is ... for i in items for n in ast.walk(i)):
                    return len(items) - numbered
    return None
