"""A plain NumPy interpreter of programs: the reference that passes and emitted code are verified against.

Every operation allocates its result; nothing is shared or updated in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symbp.formula.backends import numpy_backend
from symbp.forward.network import BATCH
from symbp.program.operands import written
from symbp.program.operations import (
    Columns,
    Contract,
    Convolve,
    Fill,
    Fold,
    Gather,
    Map,
    Offset,
    Op,
    Operand,
    OverlapAdd,
    Pick,
    Place,
    Pool,
    Product,
    Range,
    Scalar,
    Scatter,
    Select,
    Shift,
    Stack,
    View,
    Windows,
    Winners,
)
from symbp.program.program import ONCE, Array, Chain, Loop, Program, Statement


def run(
    program: Program,
    routines: Sequence[str],
    given: Mapping[str, np.ndarray],
    n: int,
    scalars: Mapping[str, float] | None = None,
) -> dict[str, np.ndarray]:
    """Every array after the routines, from the given ones; `n` is the number of examples, `scalars` name numbers.

    What no data changes is computed first, whichever routines follow.
    """
    largest = np.finfo(np.float64).max
    bounds = {"log_max": np.log(largest), "sqrt_max": np.sqrt(largest) / 2}
    state = _State(program, dict(given), n, {"N": n, **bounds, **(scalars or {})})
    for item in program.items(list(dict.fromkeys((ONCE, *routines)))):
        if isinstance(item, Chain):
            state.by_rows(item)
        elif isinstance(item, Loop):
            state.step_through(item)
        else:
            state.execute(item)
    return state.arrays


class _State:
    def __init__(self, program: Program, arrays: dict[str, np.ndarray], n: int, scalars: Mapping[str, float]) -> None:
        self.program = program
        self.arrays = arrays
        self.n = n
        self.scalars = scalars
        self.edges: dict[tuple[str, int], np.ndarray] = {}
        self.rows: dict[str, int] = {}  # of the parts of a chain's block
        self.at_first = False
        self.functions = {name: numpy_backend().functions[name] for name in ("erf", "stop")} | {"copy": lambda v: v}

    def shape(self, name: str) -> tuple[int, ...]:
        shape = tuple(self.n if d == "n" else int(d) for d in self._array(name).shape)
        return (self.rows[name], *shape[1:]) if name in self.rows else shape

    def margin(self, name: str, place: int) -> np.ndarray:
        """An array at a position outside its first axis: an edge next to it, or zeros."""
        extent, *rest = self.shape(name)
        away = place if place < 0 else place - extent + 1
        return self.edges.get((name, away), self.zeros(tuple(rest), self._array(name).kind))

    def blank(self, name: str, value: float) -> np.ndarray:
        """An array of one number; of integers and truth values, 0."""
        kind = self._array(name).kind
        return np.full(self.shape(name), value) if kind == "float" else self.zeros(self.shape(name), kind)

    def zeros(self, shape: tuple[int, ...], kind: str) -> np.ndarray:
        return np.zeros(shape, {"float": float, "bool": bool}.get(kind, int))

    def _array(self, name: str) -> Array:
        return self.program.arrays[name]

    def operand(self, operand: Operand) -> Any:
        if isinstance(operand, Scalar):
            value = operand.value
            numbers = {s: self.scalars[s.name] for s in value.free_symbols}
            return float(value.subs(numbers))
        return self.arrays[operand]

    def execute(self, statement: Statement) -> None:
        for op in statement.operations:
            self.arrays[op.out] = self.compute(op)

    def step_through(self, loop: Loop) -> None:
        """Every step of a loop; a slice outside its array is its margin."""
        extent = int(self.operand(loop.extent))
        made = set(written(loop)) - {op.out for op in loop.operations}
        self.arrays |= {name: self.blank(name, np.nan) for name in made}
        self.edges |= {(e.array, 1 if e.after else -1): self.arrays[e.source].copy() for e in loop.edges}
        for t in reversed(range(extent)) if loop.backwards else range(extent):
            self.at_first = t == (extent - 1 if loop.backwards else 0)
            for each in loop.slices:
                place, whole = t + each.shift, self.arrays[each.array]
                inside = 0 <= place < extent
                self.arrays[each.out] = whole.take(place, each.axis) if inside else self.margin(each.array, place)
            for statement in loop.statements:
                self.execute(statement)
            for each in loop.slices:
                if each.array in made and not each.shift:
                    np.moveaxis(self.arrays[each.array], each.axis, 0)[t] = self.arrays[each.out]

    def by_rows(self, chain: Chain) -> None:
        """Every block of a chain; of what is held for a block, nothing is left."""
        extent, made = int(self.operand(chain.extent)), {op.out for op in chain.operations}
        whole = {name: self.arrays[name] for name in chain.parts if name in self.arrays}
        whole |= {name: self.blank(name, np.nan) for name in made - whole.keys()}
        for start in range(0, extent, chain.rows):
            block = slice(start, min(extent, start + chain.rows))
            self.rows = dict.fromkeys(chain.parts, block.stop - start)
            self.arrays |= {name: whole[name][block] for name in chain.parts}
            for statement in chain.statements:
                self.execute(statement)
            for name in made & chain.parts:
                whole[name][block] = self.arrays[name]
        self.rows = {}
        self.arrays |= {name: whole[name] for name in chain.parts}
        for name in (name for name in made if self._array(name).rows):
            del self.arrays[name]

    def compute(self, op: Op) -> np.ndarray:
        shape = self.shape(op.out)
        match op:
            case Map():
                values = [self.operand(o) for o in op.operands]
                function = self.functions.get(op.function) or getattr(np, op.function)
                if op.where is not None:
                    mask = np.broadcast_to(self.arrays[op.where], shape)
                    out = np.zeros(shape)
                    out[mask] = function(*(np.broadcast_to(v, shape)[mask] for v in values))
                    return out
                return np.array(np.broadcast_to(function(*values), shape))
            case Select():
                return np.array(
                    np.broadcast_to(
                        np.where(self.arrays[op.condition], self.operand(op.yes), self.operand(op.no)), shape
                    )
                )
            case Contract(later=True) if self.at_first:
                return np.zeros(shape)
            case Contract():
                axes = f"{op.left_axes},{op.right_axes}->{op.out_axes}"
                return self._on_base(np.asarray(np.einsum(axes, self.arrays[op.left], self.arrays[op.right])), op)
            case Convolve():
                return self._convolved(op, shape)
            case Fold():
                held = self.arrays[op.operand]
                axis = op.axes[0] if op.function == "argmax" else op.axes
                folded = np.asarray(getattr(held, op.function)(axis=axis, keepdims=op.keepdims))
                return self._on_base(np.asarray(folded * self.operand(op.factor)) if op.factor else folded, op)
            case View():
                order = [a for a in op.axes if a is not None]
                return np.reshape(self.arrays[op.operand].transpose(order), shape)
            case Gather():
                return np.asarray(self.arrays[op.source][self._places(op.indices)])
            case Scatter():
                out = np.zeros(shape) if op.base is None else self.arrays[op.base].copy()
                np.add.at(out, self._places(op.indices), self.operand(op.source))
                return out
            case Shift():
                out = np.full(shape, self.operand(op.border) if op.border else np.nan)
                held = self.arrays[op.operand]
                low = [max(0, -start) for start in op.starts]
                high = [min(o, h - start) for o, h, start in zip(shape, held.shape, op.starts, strict=True)]
                to = tuple(slice(a, max(a, z)) for a, z in zip(low, high, strict=True))
                out[to] = held[tuple(slice(t.start + s, t.stop + s) for t, s in zip(to, op.starts, strict=True))]
                return out
            case Columns():
                return self._windows(op.windows, self.arrays[op.operand], shape)
            case Pool():
                seen = self._windows(op.windows, self.arrays[op.operand], shape)
                return np.asarray(getattr(seen, op.function)(axis=tuple(range(len(shape), seen.ndim))))
            case Winners():
                seen = self._windows(op.windows, self.arrays[op.operand], shape)
                best = self.arrays[op.best].reshape(*shape, *[1] * len(op.windows.over))
                return np.asarray((seen == best).reshape(*shape, -1).argmax(axis=-1))
            case OverlapAdd():
                out, source = np.zeros(shape), self.arrays[op.source]
                over = [extent for _, extent in op.windows.over]
                whole = np.broadcast_to(source.reshape(*source.shape, *[1] * len(over)), (*source.shape, *over))
                if op.chosen is not None:
                    positions = np.arange(int(np.prod(over))).reshape(over)
                    whole = whole * (self.arrays[op.chosen].reshape(*source.shape, *[1] * len(over)) == positions)
                np.add.at(out, self._positions(op.windows, source.shape), whole)
                return out
            case Pick():
                return np.asarray(self.arrays[op.operand].take(int(self.operand(op.position)), axis=op.axis))
            case Stack():
                out = np.zeros(shape) if op.base is None else self.arrays[op.base].copy()
                for part, position in zip(op.parts, op.positions, strict=True):
                    np.moveaxis(out, op.axis, 0)[int(self.operand(position))] += self.arrays[part]
                return out
            case Offset():
                held = self.arrays[op.operand]
                places = [t + op.start for t in range(len(held))]
                return np.stack([held[p] if 0 <= p < len(held) else self.margin(op.operand, p) for p in places])
            case Range():
                return np.arange(int(np.prod(shape))).reshape(shape)
            case Fill():
                return np.full(shape, self.operand(op.value))

    def _convolved(self, op: Convolve, shape: tuple[int, ...]) -> np.ndarray:
        """The product of whole columns, or added to whole windows."""
        sizes = {a: self.n if d == BATCH else int(d) for a, d in op.extents}
        sizes |= {a: d for axes, name in op.held for a, d in zip(axes, self.shape(name), strict=True)}

        def positions(axes: str, places: tuple[Place, ...]) -> tuple[np.ndarray, ...]:
            return self._positions(Windows(axes, places), tuple(sizes[a] for a in axes)) if places else ()

        left = self.arrays[op.left][positions(op.left_axes, op.left_places)]
        right = self.arrays[op.right][positions(op.right_axes, op.right_places)]
        product = np.asarray(np.einsum(f"{op.left_axes},{op.right_axes}->{op.out_axes}", left, right))
        if not op.out_places:
            return self._on_base(product, op)
        out = np.zeros(shape)
        np.add.at(out, positions(op.out_axes, op.out_places), product)
        return out

    def _on_base(self, value: np.ndarray, op: Product | Fold) -> np.ndarray:
        """A sum, or what is made of it and the operation's base."""
        if op.base is None:
            return value
        keep, scale = (1.0 if factor is None else self.operand(factor) for factor in (op.keep, op.scale))
        return np.asarray(keep * self.arrays[op.base] + scale * value)

    def _windows(self, windows: Windows, held: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """What the windows show: the axes, then those of the letters that are reduced."""
        return np.asarray(held[self._positions(windows, shape)])

    def _positions(self, windows: Windows, shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
        """The position along each axis of the array with windows, over all letters."""
        extents = [*shape, *(extent for _, extent in windows.over)]
        letters = [*windows.axes, *(letter for letter, _ in windows.over)]
        along = dict(zip(letters, np.indices(extents, sparse=True), strict=True))
        places = []
        for place in windows.places:
            position = np.asarray(place.start + sum(step * along[letter] for letter, step in place.steps))
            assert position.min() >= 0, (windows, place)
            places.append(np.broadcast_to(position, extents))
        return tuple(places)

    def _places(self, indices: tuple[str | None, ...]) -> tuple[Any, ...]:
        return tuple(slice(None) if i is None else self.arrays[i] for i in indices)
