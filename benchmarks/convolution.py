"""Convolutions by every strategy: what a module chooses beside what would have been the fastest.

    python -m benchmarks.convolution                   # the whole grid, into docs/convolutions.md: some minutes
    python -m benchmarks.convolution lenet depthwise   # rows whose names begin so

A row is a part of a convolution at a batch: the result, the gradient of the weights together with the result, whose
columns it may use, and the gradient of the input. All strategies take turns in one process, and each has its shortest
time on the processor. A strategy is what symbp does, or what it would do without blocks of columns, or with a cost that
rules out other ways to the gradient of the input. What does not compute its part is not timed, but an error. Beside
them stands the result as it would be written by hand, offset by offset of the kernel.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from types import CodeType
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import ROOT
from benchmarks.machine import machine
from benchmarks.report import grid
from benchmarks.turns import Form
from symbp import pipeline
from symbp.files import replace_file
from symbp.program import variables
from symbp.program.plan import in_order
from symbp.program.program import Statement
from symbp.spec import parse_spec
from symbp.targets.numpy import names
from symbp.targets.numpy.passages import passages
from symbp.targets.numpy.scope import Scope

PARTS = {"z": "result", "d_W": "result and d weights", "d_x": "d input"}
DOCUMENT = ROOT / "docs" / "convolutions.md"
CLOSE = 1.25  # times the fastest
ENOUGH, LEAST = 0.4, 5  # seconds and turns of each part
NEAR = 1e-4  # relative, of sums over whole arrays in float32


@dataclass(frozen=True)
class Strategy:
    """Means that are left out, and constants of `symbp.program.variables` that rule a way out."""

    without: frozenset[str] = frozenset()
    constants: Mapping[str, float] = field(default_factory=dict)


BLOCKS = "blocks of columns"
STRATEGIES = {
    "chosen": Strategy(),
    "whole": Strategy(frozenset({BLOCKS})),
    "overlap": Strategy(constants={"OVERLAPPED": 0.0, "MULTIPLIED": 1e9}),
    "gather": Strategy(constants={"OVERLAPPED": 1e9}),
}


OFFSETS = "offsets"  # no strategy of symbp's
COLUMNS = ("milliseconds", *STRATEGIES, "fastest", "chosen over it", OFFSETS)
CLEARLY = 1.1  # times: where the result by hand is faster by so much, the page says so


@dataclass(frozen=True)
class Case:
    """A convolution of images of `channels` and `size`."""

    channels: int
    size: int
    layer: Mapping[str, Any]


def conv(filters: int, kernel: int, **more: Any) -> dict[str, Any]:
    """A convolution without a bias, as a spec has it."""
    return {"conv2d": {"filters": filters, "kernel_size": kernel, "bias": False, "name": "conv", **more}}


CASES = {
    "LeNet 1: 1 to 16, 5 x 5": Case(1, 28, conv(16, 5, padding=2)),
    "LeNet 2: 16 to 32, 5 x 5": Case(16, 14, conv(32, 5)),
    "ResNet: 16 to 16, 3 x 3": Case(16, 32, conv(16, 3, padding=1)),
    "ResNet: 32 to 32, 3 x 3": Case(32, 16, conv(32, 3, padding=1)),
    "ResNet: 64 to 64, 3 x 3": Case(64, 8, conv(64, 3, padding=1)),
    "ResNet: 16 to 32, 3 x 3, stride 2": Case(16, 32, conv(32, 3, padding=1, stride=2)),
    "U-Net: 8 to 8, 3 x 3": Case(8, 32, conv(8, 3, padding=1)),
    "64 to 16, 1 x 1": Case(64, 16, conv(16, 1)),
    "16 to 64, 1 x 1, stride 2": Case(16, 32, conv(64, 1, stride=2)),
    "depthwise: 32, 3 x 3": Case(32, 16, conv(32, 3, padding=1, groups=32)),
    "large: 3 to 16, 11 x 11, stride 4": Case(3, 63, conv(16, 11, stride=4)),
}
BATCHES = (1, 64)


def _spec(case: Case) -> str:
    first = {"prelu": {"name": "first"}}  # it has a parameter: a step needs the gradient of what it gives
    return (
        repr(
            {
                "name": "convolution",
                "input": [case.channels, case.size, case.size],
                "layers": [first, dict(case.layer), "relu"],
                "loss": "mse",
            }
        )
        .replace("'", '"')
        .replace("False", "false")
    )


@dataclass(frozen=True)
class Ready:
    """The code of parts in the order of the module, and what it is carried out with; arrays by tensor, in Python."""

    parts: Mapping[str, CodeType]
    space: dict[str, Any]
    arrays: Mapping[str, str]

    def carried_out(self, part: str) -> None:
        """Once."""
        exec(self.parts[part], self.space)

    def alike(self, other: Ready, part: str) -> bool:
        """Whether both have the same code for a part, with blocks of the same size."""
        sizes = {getattr(each.space["ws"], "block", np.empty(0)).size for each in (self, other)}
        return self.parts[part] == other.parts[part] and len(sizes) == 1

    def array(self, tensor: str) -> np.ndarray:
        """As it lies in the workspace, or among parameters and gradients."""
        held: np.ndarray = eval(self.arrays[tensor], self.space)
        return held


def ready(case: Case, strategy: Strategy, batch: int) -> Ready:
    """The module's code; RuntimeError where it does not compute its part."""
    with ExitStack() as stack:
        for name, value in strategy.constants.items():
            stack.enter_context(patch.object(variables, name, value))
        made = pipeline.generate(parse_spec(_spec(case)), check=False, without=strategy.without)
    module = pipeline.load_module(made)
    program = made.optimized.program
    statements = {
        statement.number: statement
        for routine in program.routines.values()
        for statement in routine.statements
        if isinstance(statement, Statement) and statement.block == "conv"
    }
    draw = np.random.default_rng(0)
    x = draw.normal(size=(batch, case.channels, case.size, case.size)).astype(np.float32)
    params, ws = module.init(), module.Workspace(batch)
    y = np.zeros_like(module.forward(params, x, ws))
    _, gradients = module.loss_and_gradients(params, x, y, ws)
    space = {"np": np, "ws": ws, "params": params, "gradients": gradients, "n": batch, "x": x}
    plan, named = (
        made.optimized.plan,
        names.references(program.arrays, names.separator(program.arrays), {}, "gradients"),
    )
    scope = Scope(program.arrays, named, {"N": "n"}, buffers=plan.buffer_of, places=plan.places)
    scope.bind(op for item in in_order(program) for op in item.operations)
    parts, arrays = {}, {"x": scope["first.a"], "d_z": scope["d_conv.z"], "W": scope["conv.W"]}
    for passage in passages(made.module):
        statement = statements.get(passage.number)
        part = statement.equation.target.tensor if statement and passage.block == "conv" else ""
        if statement and part in PARTS:
            parts[part] = compile("\n".join(passage.code), part, "exec")
            arrays[part] = scope[statement.operations[-1].out]
    found = Ready(parts, space, arrays)
    check(found)
    return found


def check(found: Ready) -> None:
    """RuntimeError where the code of a part does not compute it.

    A convolution z of x is linear in x and in W. Where the derivative by z is z itself, those by x and by W are
    therefore d_x and d_W with Σ d_x·x = Σ d_W·W = Σ z². What the code does not write stays NaN.
    """
    if found.parts.keys() != PARTS.keys():
        raise RuntimeError(f"the module has code for {', '.join(found.parts)}, expected for {', '.join(PARTS)}")
    x = np.random.default_rng(1).normal(size=found.array("x").shape)
    factors = {"d_x": x, "d_W": found.array("W").astype(np.float64)}
    sums = {}
    for part in found.parts:
        out = found.array(part)
        out[...] = np.nan
        if part == "z":  # which may lie where x did
            found.array("x")[...] = x
        found.carried_out(part)
        made = out.astype(np.float64)
        sums[part] = (made * factors.get(part, made)).sum()
        if part == "z":
            found.array("d_z")[...] = made
    if not (sums["z"] > 0 and all(abs(each - sums["z"]) <= NEAR * sums["z"] for each in sums.values())):
        said = ", ".join(f"{part} {each:g}" for part, each in sums.items())
        raise RuntimeError(f"the code of some part does not compute it: sums that have to be equal are {said}")


def by_offsets(found: Ready, case: Case) -> Form:
    """The result without columns: of every offset of the kernel what it shows is multiplied, and all are added up.

    For each that is a product with a copy, which the BLAS needs; for depthwise convolutions a multiplication.
    RuntimeError where that is not the module's result.
    """
    layer = case.layer["conv2d"]
    stride, padding = layer.get("stride", 1), layer.get("padding", 0)
    kernel = found.array("W")
    x = np.random.default_rng(2).standard_normal(found.array("x").shape, np.float32)
    filters, channels, height, width = kernel.shape
    found.array("x")[...] = x
    found.carried_out("z")
    expected = found.array("z").copy()
    if channels > 1 and layer.get("groups", 1) > 1:
        raise ValueError(f"{layer['groups']} groups of {channels} channels are not written by hand")
    depthwise = layer.get("groups", 1) > 1
    rows, columns = (stride * (size - 1) + 1 for size in expected.shape[1:3])
    weights = np.ascontiguousarray(kernel.transpose(2, 3, 0, 1))
    room = np.zeros((len(x), *(size + 2 * padding for size in x.shape[1:3]), x.shape[3]), x.dtype)
    inner = room[:, padding : padding + x.shape[1], padding : padding + x.shape[2]]
    z, product = np.empty_like(expected), np.empty_like(expected)
    copied = np.empty((len(x), *expected.shape[1:]), x.dtype)

    def form() -> None:
        if padding:
            np.copyto(inner, x)
        for u in range(height):
            for v in range(width):
                out = product if u or v else z
                shown = (room if padding else x)[:, u : u + rows : stride, v : v + columns : stride]
                if depthwise:
                    np.multiply(shown, weights[u, v, :, :, None, None], out=out)
                else:
                    if not shown.flags.c_contiguous:
                        np.copyto(copied, shown)
                        shown = copied
                    np.matmul(weights[u, v], shown.reshape(len(x), -1), out=out.reshape(filters, -1))
                if u or v:
                    np.add(z, product, out=z)

    form()
    if np.abs(z - expected).max() > NEAR * np.abs(expected).max():
        raise RuntimeError("what is written by hand does not compute the result")
    return form


@dataclass(frozen=True)
class Row:
    """A part of a case at a batch, and its time by every strategy in milliseconds; `offsets` of a result alone."""

    case: str
    batch: int
    part: str
    times: Mapping[str, float]
    offsets: float | None = None

    @property
    def name(self) -> str:
        """What it is of."""
        return f"{self.case}, batch {self.batch}: {self.part}"

    @property
    def fastest(self) -> str:
        """The strategy."""
        return min(self.times, key=self.times.__getitem__)

    @property
    def ratio(self) -> float:
        """The time of what is chosen over that of the fastest."""
        return self.times["chosen"] / self.times[self.fastest]

    def cells(self) -> tuple[str, ...]:
        """A row of the table."""
        figures = (f"{time:.3f}" for time in self.times.values())
        by_hand = "-" if self.offsets is None else f"{self.offsets:.3f}"
        return self.name, *figures, self.fastest, f"{self.ratio:.2f}", by_hand


def measured(case: Case, batch: int) -> dict[str, dict[str, float]]:
    """The shortest time of every part by every strategy, in milliseconds; of the result by hand too."""
    strategies = {name: ready(case, strategy, batch) for name, strategy in STRATEGIES.items()}
    by_hand = by_offsets(strategies["chosen"], case)
    times: dict[str, dict[str, float]] = {}
    for part in PARTS:
        forms: dict[str, Form] = {name: partial(each.carried_out, part) for name, each in strategies.items()}
        if part == "z":
            forms[OFFSETS] = by_hand
        best = times[part] = dict.fromkeys(forms, np.inf)
        start, turns = time.thread_time(), 0
        while turns < LEAST or time.thread_time() - start < ENOUGH:
            turns += 1
            for name, form in forms.items():
                before = time.thread_time()
                form()
                best[name] = min(best[name], 1e3 * (time.thread_time() - before))
        for name, each in strategies.items():  # what is one code has one time, wherever its arrays lie
            best[name] = min(best[other] for other, like in strategies.items() if like.alike(each, part))
    times["d_W"] = {name: best + times["z"][name] for name, best in times["d_W"].items()}
    return times


def chosen(words: Sequence[str]) -> list[str]:
    """The cases whose names begin with all words together, or else with any of them; ValueError for a word too many."""
    begins = {word: [n for n in CASES if n.lower().startswith(word.lower())] for word in [*words, " ".join(words)]}
    if whole := begins[" ".join(words)]:
        return whole
    for word in words:
        if not begins[word]:
            raise ValueError(f"no case begins with `{word}`; there are:\n{_listed()}")
    return [name for name in CASES if any(name in begins[word] for word in words)]


def _listed() -> str:
    return "\n".join(f"  {name}" for name in CASES)


def _rows(cases: Sequence[str]) -> Iterator[Row]:
    for name in cases:
        for batch in BATCHES:
            for part, times in measured(CASES[name], batch).items():
                by_hand = times.pop(OFFSETS, None)
                yield Row(name, batch, PARTS[part], times, by_hand)


def told(rows: Sequence[Row]) -> str:
    """How many are near the fastest, at the largest batch and altogether."""
    largest = [row for row in rows if row.batch == max(BATCHES)]
    near, near_largest = (sum(row.ratio <= CLOSE for row in some) for some in (rows, largest))
    return (
        f"{near_largest} of {len(largest)} rows at batch {max(BATCHES)} and {near} of all {len(rows)} are within "
        f"{CLOSE} of the fastest."
    )


def missed(rows: Sequence[Row]) -> list[str]:
    """A line for each row that is not near the fastest, the worst first."""
    far = sorted((row for row in rows if row.ratio > CLOSE), key=lambda row: -row.ratio)
    return [f"- {row.ratio:.2f} of the time of *{row.fastest}*: {row.name}" for row in far]


def told_by_hand(rows: Sequence[Row]) -> str:
    """How the results offset by offset compare with what is chosen."""
    ratios = {row.name: row.offsets / row.times["chosen"] for row in rows if row.offsets is not None}
    faster = {name: ratio for name, ratio in ratios.items() if ratio < 1 / CLEARLY}
    said = (
        f"Offset by offset, results take {min(ratios.values()):.2f} to {max(ratios.values()):.2f} times the time of "
        f"what is chosen, and are more than {CLEARLY - 1:.0%} faster in {len(faster)} of {len(ratios)}"
    )
    return said + (f": {'; '.join(f'{name} ({ratio:.2f})' for name, ratio in faster.items())}." if faster else ".")


def document(rows: Sequence[Row]) -> str:
    """docs/convolutions.md."""
    return (
        "# Convolutions by every strategy\n\n"
        "Written by `python -m benchmarks.convolution`: what a generated module does for a convolution, beside what it "
        "could have done ([docs/speed.md](speed.md#convolutions) says how it decides). Times are milliseconds of one "
        "thread on the processor, the shortest of many turns, in float32.\n\n"
        "- A row is a part of a convolution at a batch: its **result**; the **result and d weights**, which is the "
        "result with the gradient of the weights, since that may use the same columns; **d input**, the gradient of "
        "the input. `LeNet 2: 16 to 32, 5 x 5` has 16 channels before, 32 after, and a kernel of 5 by 5.\n"
        "- **chosen**: what the module does.\n"
        "- **whole**: the same without blocks of columns. All columns are in memory at once, which grows with the "
        "batch.\n"
        "- **overlap**: additions where windows overlap have no price, so that no columns are copied: products "
        "are added instead. For a **result** every number of the input is multiplied by the whole kernel, and "
        "each product added to the place of the result that it belongs to; the gradient of the input is "
        "found from the error in the same way.\n"
        "- **gather**: such additions have a price that nothing is worth: columns are copied, of the error too. "
        "Where the kernel moves by a stride, no columns of the error do, and the kernel itself is laid among zeros "
        "instead, anew for every pair of a place in the error and one in the input. That takes up to hundreds of "
        "milliseconds, is here since the price forces it, and is what the price otherwise rules out.\n"
        "- Where two are the same code they have the same time.\n"
        "- **fastest** names the first of the fastest of the four; **chosen over it** is the time of what was chosen "
        "divided by its time: 1.00 is the best choice.\n"
        "- **offsets**, no strategy of symbp's, is the result written by hand in NumPy without columns: for each "
        "offset of the kernel a copy of what it shows, a product and an addition, or, in depthwise convolutions, "
        "a multiplication and an addition.\n\n"
        f"{told(rows)} {told_by_hand(rows)}\n\n"
        + (f"Farther from the fastest are:\n\n{chr(10).join(far)}\n\n" if (far := missed(rows)) else "")
        + "Whole columns take memory that grows with the batch, and are not chosen for that.\n\n"
        + f"Machine: {machine(('numpy',))}\n\n"
        + grid(COLUMNS, [row.cells() for row in rows])
        + "\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the rows as they come; write where all were measured."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.convolution",
        description="Time the parts of convolutions by every strategy. Without names all are measured, which takes "
        "minutes, and docs/convolutions.md is written; with names nothing is.",
        epilog=f"cases:\n{_listed()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", help="beginnings of names of cases, in any case; all, where none is given")
    names = parser.parse_args(arguments).names
    try:
        cases = chosen(names)
    except ValueError as error:
        parser.error(str(error))
    print(f"| {' | '.join(COLUMNS)} |\n|---|{'---:|' * len(STRATEGIES)}---|---:|---:|")
    rows = []
    for row in _rows(cases):
        rows.append(row)
        print(f"| {' | '.join(row.cells())} |", flush=True)
    print(f"\n{told(rows)} {told_by_hand(rows)}")
    if not names:
        replace_file(DOCUMENT, document(rows).encode())
        print(f"written: {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
