"""What blocks do for chains of elementwise operations: `python -m benchmarks.chains [NAME ...]`.

For chains over arrays of several sizes the code of a module's layer takes turns with that of a module without `chains`,
in one thread: from which sizes on blocks pay, and for how many operations. The thresholds are those of
`symbp.program.chains`, which are put out of force here.

    result, derivatives    the layer forward and backward
    whole, ms              the time of whole arrays; blocks of 32 k and more numbers as parts of it
    taken                  whether symbp takes blocks, which are of `BLOCK` numbers then
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from types import CodeType
from typing import Any
from unittest.mock import patch

import numpy as np

from symbp import pipeline
from symbp.program import chains
from symbp.program.program import Chain
from symbp.spec import parse_spec
from symbp.spec.model import NetworkSpec

CASES: Mapping[str, tuple[str, tuple[int, ...]]] = {  # the layer, the shape of an example
    "relu": ("relu", (1024,)),
    "tanh": ("tanh", (1024,)),
    "softplus": ("softplus", (1024,)),
    "silu": ("silu", (1024,)),
    "gelu": ("gelu", (1024,)),
    "gelu_tanh": ("gelu_tanh", (1024,)),
    "softmax": ("softmax", (1024,)),
    "layer_norm": ("layer_norm", (128, 256)),
}
ARRAY_MIB = (2, 4, 8, 16, 32)  # of one array with the shape of the result
BLOCKS = (1 << 15, 1 << 16, 1 << 17, 1 << 18)
PARTS = {"result": "forward", "derivatives": "backward"}  # and their routines
TURNS = 9


@dataclass(frozen=True)
class Ready:
    """The code of a layer, forward and backward, and what it is carried out with; a step of the whole module."""

    parts: Mapping[str, CodeType]
    space: dict[str, Any]
    step: Callable[[], object]

    def seconds(self, part: str) -> float:
        """Of carrying it out once, after a step: the numbers that it finds are none that grow from turn to turn."""
        self.step()
        start = time.thread_time()
        exec(self.parts[part], self.space)
        return time.thread_time() - start


def spec(name: str, batch: int) -> NetworkSpec:
    """A network in which the case's layer stands between two with parameters, so that a step needs its derivatives."""
    layer, shape = CASES[name]
    layers = f"[prelu: {{name: first}}, {layer}: {{name: chain}}, prelu: {{name: last}}]"
    size = f"input: {list(shape)}, training: {{batch_size: {batch}}}"
    return parse_spec(f"{{name: chains, layers: {layers}, loss: mse, {size}}}")


def taken(name: str, batch: int) -> dict[str, bool]:
    """Whether the layer's operations run in blocks, by the part."""
    routines = pipeline.program(spec(name, batch)).optimized.program.routines
    return {
        part: any(isinstance(item, Chain) and item.block == "chain" for item in routines[routine].statements)
        for part, routine in PARTS.items()
    }


def ready(name: str, batch: int, block: int) -> Ready:
    """The code of a case's layer in blocks of so many numbers; whole where that is 0."""
    with ExitStack() as stack:
        for constant, value in {"LARGE": 0, "LONG": 1, "BLOCK": block}.items():
            stack.enter_context(patch.object(chains, constant, value))
        made = pipeline.generate(spec(name, batch), check=False, without=[] if block else ["chains"])
    module, draw = pipeline.load_module(made), np.random.default_rng(0)
    x = draw.standard_normal((batch, *CASES[name][1]), np.float32)
    params, ws = module.init(), module.Workspace(batch)
    y = np.zeros_like(module.forward(params, x, ws))

    def step() -> Any:
        return module.loss_and_gradients(params, x, y, ws)[1]

    space = {**vars(module), "ws": ws, "params": params, "gradients": step(), "n": batch, "x": x}
    return Ready({part: compile(text, part, "exec") for part, text in sections(made.module)}, space, step)


def sections(module: str) -> Iterator[tuple[str, str]]:
    """The code of the layer in the forward and in the backward pass, which empty lines set apart."""
    for part, name in PARTS.items():
        routine = module[module.index(f"def _{name}(") :].split("\n\n\n")[0]
        (section,) = (each for each in routine.split("\n\n") if each.lstrip().startswith("# chain: "))
        yield part, "\n".join(line.removeprefix("    ") for line in section.split("\n"))


def measured(ways: Mapping[int, Ready], part: str) -> dict[int, float]:
    """Milliseconds by the numbers in a block, 0 for whole arrays: medians."""
    times: dict[int, list[float]] = {block: [] for block in ways}
    for _ in range(TURNS):
        for block, each in ways.items():
            times[block].append(each.seconds(part))
    return {block: 1e3 * median(each) for block, each in times.items()}


def rows(name: str) -> Iterator[tuple[str, ...]]:
    """For each size, forward and backward: whole arrays, and the time of blocks over theirs."""
    for size in ARRAY_MIB:
        batch = size * 2**20 // (4 * int(np.prod(CASES[name][1])))
        ways = {block: ready(name, batch, block) for block in (0, *BLOCKS)}
        blocks = taken(name, batch)
        for part in PARTS:
            times = measured(ways, part)
            ratios = [f"{times[block] / times[0]:.2f}" for block in BLOCKS]
            yield name, part, str(size), f"{times[0]:.2f}", *ratios, "yes" if blocks[part] else "no"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table as it grows."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chains",
        description="Time layers whose operations run for some rows at a time. Nothing is written; all takes minutes.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(CASES)}; all, where none is given")
    names = parser.parse_args(arguments).names or list(CASES)
    if unknown := [name for name in names if name not in CASES]:
        parser.error(f"no case is named `{unknown[0]}`; there are {', '.join(CASES)}")
    blocks = " | ".join(f"{block >> 10} k" for block in BLOCKS)
    print(
        f"taken from {chains.LONG} operations that need {chains.LARGE >> 20} MiB at one time; {chains.BLOCK >> 10} k\n"
    )
    print(f"| layer | pass | MiB of an array | whole, ms | {blocks} | taken |")
    print(f"|---|---|{'---:|' * (2 + len(BLOCKS))}---|")
    for name in names:
        for row in rows(name):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
