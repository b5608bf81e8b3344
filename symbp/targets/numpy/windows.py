"""Operations on windows as loops over few strided slices: `columns[:, u, v] = x[:, u : u + 24, v : v + 24]`.

Which letters are loops and which run in slices is decided by `symbp.program.slices`; the loops are named u, v, w, ...
Nothing is allocated: a slice is a view, and scratch belongs to the workspace.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from symbp.forward.network import BATCH, Dim
from symbp.program.operations import Columns, OverlapAdd, Place, Pool, Windows, Winners
from symbp.program.slices import extents_of, loops, sliced
from symbp.targets.numpy import source
from symbp.targets.numpy.names import LOOPS
from symbp.targets.numpy.operations import cleared, lines
from symbp.targets.numpy.scope import Scope

START, COUNT = "start", "count"  # of the values of a letter that a block has
LEAST = {"sum": "0", "max": "-np.inf"}
ASSIGNMENTS: Mapping[str, Callable[[str, str], tuple[str, list[str]]]] = {
    "=": lambda target, part: ("np.copyto", [target, part]),
    "+=": lambda target, part: ("np.add", [target, part, f"out={target}"]),
}


@lines.register
def _(op: Columns, scope: Scope) -> list[str]:
    seen = Slices(op.windows, scope.arrays[op.out].shape, scope.arrays[op.operand].shape)
    target, part = scope.part(op.out, seen.plain), scope.part(op.operand, seen.windowed)
    return seen.looped([("=", target if target.endswith("]") else f"{target}[...]", part)], scope)


@lines.register
def _(op: Pool, scope: Scope) -> list[str]:
    seen = Slices(op.windows, scope.arrays[op.out].shape, scope.arrays[op.operand].shape)
    out, part = scope.part(op.out, seen.plain), scope.part(op.operand, seen.windowed)
    fill = scope.line(f"{scope[op.out]}.fill({LEAST[op.function]})")
    if op.function == "sum":
        return fill + seen.looped([("+=", out, part)], scope)
    return fill + seen.looped([("np.maximum", out, part, f"out={out}")], scope)


@lines.register
def _(op: Winners, scope: Scope) -> list[str]:
    """How many positions come before the first that has the best: that position, counted row by row."""
    shape = scope.arrays[op.out].shape
    seen = Slices(op.windows, shape, scope.arrays[op.operand].shape)
    out, part = scope.part(op.out, seen.plain), scope.part(op.operand, seen.windowed)
    worse, here = scope.extras.mask(shape, "worse"), scope.extras.mask(shape)
    return [
        *source.remark("the position of the first winner, row by row: as many come before it", scope.depth),
        *cleared(scope[op.out], scope),
        *scope.line(f"{worse}.fill(True)"),
        *seen.looped(
            [
                ("np.not_equal", part, scope.part(op.best, seen.plain), f"out={here}"),
                f"{worse} &= {here}",
                ("+=", out, worse),
            ],
            scope,
        ),
    ]


@lines.register
def _(op: OverlapAdd, scope: Scope) -> list[str]:
    shape = scope.arrays[op.source].shape
    seen = Slices(op.windows, shape, scope.arrays[op.out].shape)
    part, target = scope.part(op.source, seen.plain), scope.part(op.out, seen.windowed)
    if op.chosen is None:
        return [*cleared(scope[op.out], scope), *seen.looped([("+=", target, part)], scope)]
    here = scope.extras.mask(shape)
    equal = ("np.equal", scope[op.chosen], seen.position, f"out={here}")
    clear = [] if seen.covers else cleared(scope[op.out], scope)
    if seen.apart:
        return clear + seen.looped([equal, ("np.multiply", here, part, f"out={target}")], scope)
    won = scope.extras.scratch(shape)
    return clear + seen.looped([equal, ("np.multiply", here, part, f"out={won}"), ("+=", target, won)], scope)


class Slices:
    """The slices of both arrays in one pass through the loops; of `block`, those of a block of its values.

    `plain` indexes the axes of the array that has letters, `windowed` those of the one with windows; `turned` permutes
    a slice of the one into one of the other. `position` counts the letters `over` row-major. `apart` says whether no
    number is in two windows, `covers` whether every number is in some.
    """

    def __init__(self, windows: Windows, shape: tuple[Dim, ...], held: tuple[Dim, ...], block: str = "") -> None:
        self.windows = windows
        self.block = block
        self.extents = extents_of(windows, shape)
        self.letters = loops(windows, self.extents)
        self.names = dict(zip(self.letters, LOOPS, strict=False))
        over = frozenset(letter for letter, _ in windows.over)
        self.runs = [sliced(place.steps, over, self.extents) for place in windows.places]
        backwards = {a for place in windows.places for a, step in place.steps if step < 0}
        own = [self.names.get(a) or ("::-1" if a in backwards else ":") for a in windows.axes]
        self.plain = own
        self.windowed = [self._slice(*each) for each in zip(windows.places, self.runs, held, strict=True)]
        self.turned = self._turned()
        self.position = self._position(windows.over)
        self.apart = self._apart()
        self.covers = self.apart and self._covers(held)

    def of_plain(self, name: str) -> str:
        """The slice of the plain array."""
        count = max((k + 1 for k, at in enumerate(self.plain) if at != ":"), default=0)
        return name + (f"[{', '.join(self.plain[:count])}]" if count else "")

    def looped(self, body: Sequence[str | tuple[str, ...]], scope: Scope) -> list[str]:
        """Lines, and calls and assignments as their head and what it is applied to, within the loops."""
        code: list[str] = []
        depth = scope.depth
        for letter in self.letters:
            code.append(f"{source.INDENT * depth}for {self.names[letter]} in range({self.extents[letter]}):")
            depth += 1
        for line in body:
            code += [source.INDENT * depth + line] if isinstance(line, str) else _called(line[0], line[1:], depth)
        return code

    def _slice(self, place: Place, run: str | None, dim: Dim) -> str:
        """The index along one axis: a slice for the letter that runs, at where the loops have come."""
        steps = dict(place.steps)
        start = place.start
        if run is None:
            return _sum({self.names[a]: s for a, s in steps.items()}, start)
        step, extent = steps.pop(run), self.extents[run]
        if run == self.block:
            terms = {START: step, **{self.names[a]: s for a, s in steps.items()}}
            stride = f" : {step}" if step > 1 else ""
            return f"{_sum(terms, start)} : {_sum({**terms, COUNT: step}, start + 1 - step)}{stride}"
        if extent == BATCH or dim == BATCH:
            return ":"
        length = int(extent)
        if step < 0:
            start += step * (length - 1)
            step = -step
        stop = start + step * (length - 1) + 1
        if not steps:
            if (start, stop, step) == (0, int(dim), 1):
                return ":"
            return f"{start or ''}:{stop}" + (f":{step}" if step > 1 and length > 1 else "")
        terms = {self.names[a]: s for a, s in steps.items()}
        stride = f" : {step}" if step > 1 and length > 1 else ""
        return f"{_sum(terms, start)} : {_sum(terms, stop)}{stride}"

    def _turned(self) -> str:
        """What follows a slice of the plain array for its axes to be in the order of the other's."""
        own = [a for a in self.windows.axes if a not in self.names]
        return source.transposed(tuple(own.index(run) for run in self.runs if run is not None))

    def _position(self, over: Sequence[tuple[str, int]]) -> str:
        terms: dict[str, int] = {}
        after = 1
        for letter, extent in reversed(over):
            terms[self.names[letter]] = after
            after *= extent
        return _sum(dict(reversed(terms.items())), 0)

    def _apart(self) -> bool:
        for place, run in zip(self.windows.places, self.runs, strict=True):
            if run is None or self.extents[run] == 1:
                continue
            reach = sum(abs(s) * (int(self.extents[a]) - 1) for a, s in place.steps if a != run)
            if reach >= abs(dict(place.steps)[run]):
                return False
        return True

    def _covers(self, held: tuple[Dim, ...]) -> bool:
        for place, dim in zip(self.windows.places, held, strict=True):
            count = math.prod(int(self.extents[a]) for a, _ in place.steps if self.extents[a] != BATCH)
            if dim != BATCH and count != dim:
                return False
        return True


def _called(head: str, arguments: Sequence[str], depth: int) -> list[str]:
    """A call, or an assignment: where that is long and does not end with brackets, a call too."""
    if head not in ASSIGNMENTS:
        return source.call(head, arguments, depth)
    target, part = arguments
    line = f"{target} {head} {part}"
    if len(source.INDENT * depth + line) <= source.WIDTH or (head == "=" and line.endswith(")")):
        return source.bracketed(line, depth)
    if head == "+=" and target.endswith("]"):
        return [*source.bracketed(f"window = {target}", depth), *source.bracketed(f"window += {part}", depth)]
    return source.call(*ASSIGNMENTS[head](target, part), depth)


def _sum(terms: Mapping[str, int], start: int) -> str:
    """`2 * u + 3`, `3 - u`."""
    ups = [name if step == 1 else f"{step} * {name}" for name, step in terms.items() if step > 0]
    downs = [name if step == -1 else f"{-step} * {name}" for name, step in terms.items() if step < 0]
    if start > 0 or not ups:
        ups.append(str(start))
    elif start < 0:
        downs.append(str(-start))
    return " - ".join([" + ".join(ups), *downs])
