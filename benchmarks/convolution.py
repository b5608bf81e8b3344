"""Convolutions by every strategy: what a module chooses beside what would have been the fastest.

    python -m benchmarks.convolution            # the whole grid: some minutes
    python -m benchmarks.convolution LeNet      # rows whose name begins so

A row is a part of a convolution at a batch: the result, the gradient of the weights together with the result, whose
columns it may use, and the gradient of the input. All strategies take turns in one process, and each has its shortest
time on the processor. A strategy is what symbp does, or what it would do without blocks of columns, or with a cost that
rules out other ways to the gradient of the input.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import CodeType
from typing import Any
from unittest.mock import patch

import numpy as np

from symbp import pipeline
from symbp.program import variables
from symbp.program.program import Statement
from symbp.spec import parse_spec
from symbp.targets.numpy.passages import passages

PARTS = {"z": "result", "d_W": "result and d weights", "d_x": "d input"}
ENOUGH, LEAST = 0.4, 5  # seconds and turns of each part


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


@dataclass(frozen=True)
class Case:
    """A convolution of images of `channels` and `size`."""

    channels: int
    size: int
    layer: Mapping[str, Any]


def _conv(filters: int, kernel: int, **more: Any) -> dict[str, Any]:
    return {"conv2d": {"filters": filters, "kernel_size": kernel, "bias": False, "name": "conv", **more}}


CASES = {
    "LeNet 1: 1 to 16, 5 x 5": Case(1, 28, _conv(16, 5, padding=2)),
    "LeNet 2: 16 to 32, 5 x 5": Case(16, 14, _conv(32, 5)),
    "ResNet: 16 to 16, 3 x 3": Case(16, 32, _conv(16, 3, padding=1)),
    "ResNet: 32 to 32, 3 x 3": Case(32, 16, _conv(32, 3, padding=1)),
    "ResNet: 64 to 64, 3 x 3": Case(64, 8, _conv(64, 3, padding=1)),
    "ResNet: 16 to 32, 3 x 3, stride 2": Case(16, 32, _conv(32, 3, padding=1, stride=2)),
    "64 to 16, 1 x 1": Case(64, 16, _conv(16, 1)),
    "16 to 64, 1 x 1, stride 2": Case(16, 32, _conv(64, 1, stride=2)),
    "depthwise: 32, 3 x 3": Case(32, 16, _conv(32, 3, padding=1, groups=32)),
    "large: 3 to 16, 11 x 11, stride 4": Case(3, 63, _conv(16, 11, stride=4)),
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


def _parts(case: Case, strategy: Strategy, batch: int) -> dict[str, tuple[CodeType, dict[str, Any]]]:
    """The code of every part, and what it is carried out with."""
    with ExitStack() as stack:
        for name, value in strategy.constants.items():
            stack.enter_context(patch.object(variables, name, value))
        made = pipeline.generate(parse_spec(_spec(case)), check=False, without=strategy.without)
    module = pipeline.load_module(made)
    program = made.optimized.program
    numbers = {
        statement.number: statement.equation.target.tensor
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
    found = {}
    for passage in passages(made.module):
        part = numbers.get(passage.number)
        if passage.block == "conv" and part in PARTS:
            found[part] = compile("\n".join(passage.code), part, "exec"), space
    return found


def measured(case: Case, batch: int) -> dict[str, dict[str, float]]:
    """The shortest time of every part by every strategy, in milliseconds."""
    ready = {name: _parts(case, strategy, batch) for name, strategy in STRATEGIES.items()}
    times: dict[str, dict[str, float]] = {part: dict.fromkeys(ready, np.inf) for part in PARTS}
    for part, best in times.items():
        start, turns = time.thread_time(), 0
        while turns < LEAST or time.thread_time() - start < ENOUGH:
            turns += 1
            for name, parts in ready.items():
                code, space = parts[part]
                before = time.thread_time()
                exec(code, space)
                best[name] = min(best[name], 1e3 * (time.thread_time() - before))
    times["d_W"] = {name: best + times["z"][name] for name, best in times["d_W"].items()}
    return times


def _rows(wanted: str) -> Iterator[tuple[str, dict[str, float]]]:
    for name, case in CASES.items():
        for batch in BATCHES if name.startswith(wanted) else ():
            for part, times in measured(case, batch).items():
                yield f"{name}, batch {batch}: {PARTS[part]}", times


def main(wanted: str = "") -> None:
    """Print the table as it grows."""
    print(f"| milliseconds | {' | '.join(STRATEGIES)} | fastest | chosen over it |")
    print(f"|---|{'---:|' * len(STRATEGIES)}---|---:|")
    worse = count = 0
    for name, times in _rows(wanted):
        fastest = min(times, key=times.__getitem__)
        ratio = times["chosen"] / times[fastest]
        worse, count = worse + (ratio > 1.25), count + 1
        print(f"| {name} | {' | '.join(f'{t:.3f}' for t in times.values())} | {fastest} | {ratio:.2f} |", flush=True)
    print(f"\n{count - worse} of {count} within 1.25 of the fastest")


if __name__ == "__main__":
    main(*sys.argv[1:])
