"""Where the time of a training step goes: `python -m benchmarks.shares KIND [BATCH]`, such as `cnn`.

A clock is put around each statement of a workload's module; what they take is added up by kind of operation and by
layer. The medians are of steps that follow each other, in one process. The clock itself takes a tenth of a microsecond
for each statement, which counts where steps are short.
"""

from __future__ import annotations

import argparse
import ast
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

import numpy as np

from benchmarks.report import grid
from benchmarks.speed.generated import generated
from benchmarks.speed.workloads import WORKLOADS, Workload
from symbp.targets.load import load_source
from symbp.targets.numpy.source import HEADING

ROUTINES = ("_forward", "_loss", "_running", "_backward", "_update")
OPTIMIZER = "_update"
KINDS: Mapping[str, frozenset[str]] = {  # by the function that a statement calls
    "products of matrices": frozenset({"dot", "matmul", "einsum", "gemm", "gemv"}),
    "copies": frozenset({"copyto", "fill"}),
    "rows and numbers at labels": frozenset({"take", "put", "at", "sort", "searchsorted"}),
    "functions": frozenset({"exp", "expm1", "log", "log1p", "sqrt", "tanh", "sin", "cos", "_erf"}),
    "sums and maxima along axes": frozenset({"sum", "max", "min", "argmax", "reduce"}),
}
OTHERS = "arithmetic and comparisons"
WARM, LEAST, SECONDS = 3, 5, 3.0
Place = tuple[str, str]  # kind and layer


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shares", description="Where the time of a step goes.")
    parser.add_argument("kind", choices=[*dict.fromkeys(workload.kind for workload in WORKLOADS)])
    parser.add_argument("batch", type=int, nargs="?", help="the largest that is measured, where none is named")
    chosen = parser.parse_args(arguments)
    of_kind = {workload.batch: workload for workload in WORKLOADS if workload.kind == chosen.kind}
    if chosen.batch not in (None, *of_kind):
        parser.error(f"no batch of {chosen.batch}: expected {', '.join(map(str, of_kind))}")
    workload = of_kind[chosen.batch or max(of_kind)]
    print(f"{workload.name}\n")
    found = shares(workload, SECONDS)
    for position, title in enumerate(("kind of operation", "layer")):
        print(f"{grid((title, 'ms', 'share, %'), list(_rows(found, position)))}\n")
    return 0


def shares(workload: Workload, seconds: float) -> dict[Place, float]:
    """Seconds of a step by kind of operation and layer, medians over as many steps as there is time for."""
    made = generated(workload)
    text, places = clocked(made.module)
    module: Any = load_source(text, workload.spec["name"])
    spent: dict[Place, float] = defaultdict(float)

    def add(number: int, since: float) -> None:
        spent[places[number]] += time.perf_counter() - since

    module.clock, module.add = time.perf_counter, add
    trainer, (x, y) = module.Trainer(module.init(0, np.float32)), workload.examples()
    steps: list[dict[Place, float]] = []
    end = time.perf_counter() + seconds
    while len(steps) < WARM + LEAST or time.perf_counter() < end:
        spent.clear()
        trainer.step(x, y)
        steps.append(dict(spent))
    return {place: median(step[place] for step in steps[WARM:]) for place in steps[-1]}


def clocked(module: str) -> tuple[str, list[Place]]:
    """The module with each statement of a step between a look at the clock and a sum; the place of each."""
    tree, lines, places = ast.parse(module), module.splitlines(), list[Place]()
    for routine in ast.walk(tree):
        if isinstance(routine, ast.FunctionDef) and routine.name in ROUTINES:
            _clock(routine, routine.name, lines, places)
    return ast.unparse(ast.fix_missing_locations(tree)), places


def _clock(block: ast.FunctionDef | ast.For, routine: str, lines: list[str], places: list[Place]) -> None:
    body: list[ast.stmt] = []
    for statement in block.body:
        if isinstance(statement, ast.For):
            _clock(statement, routine, lines, places)
        timed = not isinstance(statement, ast.For | ast.Return) and not _is_docstring(statement)
        if timed:
            places.append((_kind(statement, routine), _layer(statement, routine, lines)))
        before, after = ("since = clock()", f"add({len(places) - 1}, since)") if timed else ("", "")
        body += [*ast.parse(before).body, statement, *ast.parse(after).body]
    block.body = body


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _kind(statement: ast.stmt, routine: str) -> str:
    """By what the statement calls; the assignment of a part of an array is a copy."""
    if routine == OPTIMIZER:
        return "the optimizer"
    called = {_name(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call)}
    found = next((kind for kind, names in KINDS.items() if called & names), "")
    is_part = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)
    return found or ("copies" if is_part else OTHERS)


def _name(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _layer(statement: ast.stmt, routine: str, lines: list[str]) -> str:
    """The block whose heading stands above; of what stands before all headings, the routine."""
    if routine == OPTIMIZER:
        return "the optimizer"
    for line in reversed(lines[: statement.lineno - 1]):
        heading = HEADING.match(line.strip().removeprefix("# ")) if line.startswith("    # ") else None
        if heading or line.startswith("def "):
            return heading[1] if heading else routine
    raise ValueError(f"a statement outside of routines: line {statement.lineno}")


def _rows(found: Mapping[Place, float], position: int) -> Iterator[tuple[str, str, str]]:
    """The sums by kind or by layer, the largest first."""
    sums: dict[str, float] = defaultdict(float)
    for place, took in found.items():
        sums[place[position]] += took
    whole = sum(sums.values())
    for name, took in sorted(sums.items(), key=lambda row: -row[1]):
        yield name, f"{1e3 * took:.3f}", f"{100 * took / whole:.1f}"


if __name__ == "__main__":
    sys.exit(main())
