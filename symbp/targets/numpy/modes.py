"""What a module has more where training and inference differ: keywords, draws of random numbers, their generator.

`forward`, `predict` and `loss` compute in inference, `loss_and_gradients` and a trainer's step in training. `loss` can
compute in training too, for those who check a gradient. Random numbers are an argument, `random`: a seed, a generator,
or arrays by name; a trainer has a generator of its own. They are drawn in the order of memory, which is faster than
that of a formula's indices; by name, the examples are first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from symbp.forward.network import BATCH, Network
from symbp.program.program import Array
from symbp.targets.environment import render
from symbp.targets.numpy import names, parameters, source

DRAWS = {"uniform": "random", "normal": "standard_normal"}
ABOUT = (
    "`random` is what random numbers are drawn from, a seed or a generator, or the numbers themselves, a mapping of",
    "arrays by name as `draw` gives.",
)


@dataclass(frozen=True)
class Modes:
    """How a network's modes show in its module: its arrays, and what stands for the dots of their names."""

    network: Network
    arrays: Mapping[str, Array]
    separator: str

    @property
    def differ(self) -> bool:
        """Whether inference has routines of its own."""
        return self.network.has_modes

    @property
    def random(self) -> bool:
        """Whether anything is drawn."""
        return bool(self.network.random)

    @property
    def running(self) -> bool:
        """Whether anything is kept from one step to the next."""
        return bool(self.network.states)

    @property
    def draws(self) -> list[str]:
        """What must be called before a pass in training."""
        return ["_draw(ws, random)"] if self.random else []

    @property
    def fixed(self) -> list[str]:
        """The keywords with which a cost is that of `loss_and_gradients`, always with the same random numbers."""
        return [*(["training=True"] if self.differ else []), *(["random=0"] if self.random else [])]

    def docstring(self, summary: str, *more: str) -> list[str]:
        """A docstring with a summary, and lines below it."""
        lines = [*more, *(ABOUT if self.random else ())]
        if not lines:
            return [f'    """{summary}"""']
        return [f'    """{summary}', "", *(f"    {line}".rstrip() for line in lines), '    """']

    def state(self) -> Iterator[str]:
        """The class of what is kept, and its start."""
        states = self.network.states
        if states:
            yield render(
                "numpy/running.py.jinja",
                views=list(parameters.views(states, self.separator)),
                separator=source.literal(self.separator),
                initial=[
                    f"state.{names.identifier(s.name, self.separator)}[...] = {s.initial}" for s in states if s.initial
                ],
            )

    def functions(self) -> Iterator[str]:
        """The functions that draw."""
        if self.random:
            yield render("numpy/draws.py.jinja", arrays=list(self._arrays()), draws=list(self._draws()))

    def generator(self) -> Iterator[str]:
        """The functions that save and restore a generator."""
        if self.random:
            yield render("numpy/generator.py.jinja")

    def table(self) -> list[str]:
        """The entries of RANDOM: `"dropout_1.u": "uniform"`."""
        tensors = self.network.tensors
        return [f"{source.literal(n)}: {source.literal(tensors[n].distribution)}" for n in self.network.random]

    def _arrays(self) -> Iterator[str]:
        for name in self.network.random:
            array = f"ws.{names.identifier(name, self.separator)}"
            last = self.arrays[name].shape[1:][-1:] == (BATCH,)
            yield f"{source.literal(name)}: " + (f"np.moveaxis({array}, -1, 0)" if last else array)

    def _draws(self) -> Iterator[str]:
        for name in self.network.random:
            draw = DRAWS[self.network.tensors[name].distribution]
            yield f"random.{draw}(out=ws.{names.identifier(name, self.separator)}, dtype=dtype)"
