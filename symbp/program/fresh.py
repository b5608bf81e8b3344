"""Arrays that a pass adds: their names end in a way that no name of a network does, and none is given twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from symbp.program.operations import Map, Op, View
from symbp.program.program import Array


@dataclass
class Fresh:
    """The arrays of a program with those that a pass adds to one sequence of routines."""

    arrays: dict[str, Array]
    given: set[str] = field(default_factory=set)

    def array(self, of: str, what: str, like: Array) -> str:
        """`lstm_1.V.transposed`, in the workspace; where the other mode has the same array under this name, that."""
        wanted, count = replace(like, name=f"{of}.{what}", storage="workspace", margin=(0, 0)), 1
        while wanted.name in self.given or self.arrays.get(wanted.name, wanted) != wanted:
            count += 1
            wanted = replace(wanted, name=f"{of}.{what}_{count}")
        self.given.add(wanted.name)
        self.arrays[wanted.name] = wanted
        return wanted.name

    def permuted(self, name: str, what: str, order: tuple[int, ...]) -> tuple[str, tuple[View, Map]]:
        """A copy of an array with its axes in this order, and the operations that make it."""
        held = self.arrays[name]
        like = replace(held, shape=tuple(held.shape[axis] for axis in order))
        copy, view = self.array(name, what, like), self.array(name, f"{what}_view", like)
        return copy, (View(view, name, order), Map(copy, "copy", (view,)))


def permutation(view: Op | None, arrays: Mapping[str, Array]) -> tuple[str, tuple[int, ...]] | None:
    """Of a view that has all axes of its operand in another order: the operand, and the order."""
    if not isinstance(view, View) or None in view.axes:
        return None
    held, order = arrays[view.operand].shape, tuple(axis for axis in view.axes if axis is not None)
    return (view.operand, order) if tuple(held[axis] for axis in order) == arrays[view.out].shape else None
