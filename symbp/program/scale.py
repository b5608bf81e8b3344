"""A number that multiplies what sums and products make of arrays goes to where it multiplies the fewest numbers.

    m = c sum x         a factor of the sum: a mean is one product
    s = c sum q k       sum (c q) k, where q has fewer numbers than s; whatever else is multiplied by c, and has the
                        factor q, reads the same c q
    d = c (a - 1[y])    c a - c 1[y]: the copy of `a` in which a number is changed is multiplied, not copied
    r = -(c x)          (-c) x: numbers that follow each other are one

It goes through what one statement makes and reads once, from a result to what that is linear in: one factor of a
product, all terms of a sum. Which arrays are multiplied is decided by counting for batches of the usual size; those of
other sizes cost no more for it.

Only numbers of magnitude at most 1, and not 0, go through products, sums and labels, so that nothing overflows that did
not. Numbers near the smallest that floats hold lose digits, and terms that cancel are rounded once more.

Not here: what a loop carries from step to step, functions of a masked part, tensors that have equations of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Any

import sympy as sp

from symbp.program.cost import Sizes
from symbp.program.fresh import Fresh
from symbp.program.operands import needed, reads
from symbp.program.operations import Contract, Convolve, Fold, Map, Op, Operand, OverlapAdd, Scalar, Scatter, View
from symbp.program.program import Item, Loop, Program, Statement
from symbp.program.sequences import SEQUENCES, over

Place = tuple[str, int | None]  # an operand: the field of the operation, and its number among several
Multiple = tuple[str, sp.Expr]  # an array, and the number that it is multiplied by
Home = frozenset[str]  # arrays that are multiplied in place of a result; none where the number joins another one
JOINS: Home = frozenset()
ONE = Scalar(sp.Integer(1))
ENDS = (1, 1 << 20)  # batches: what costs less for both does for all between
BASE: Place = ("base", None)


def scaled(program: Program, keep: Container[str], batch: int) -> Program:
    """The program with its numbers where they cost least, for batches of this size."""
    for sequence in SEQUENCES:
        on_request = len(program.routines["input"].statements) if {"input"} <= {*sequence} & {*program.routines} else 0
        scaling = _Scaling(Fresh(dict(program.arrays)), keep, batch, on_request)
        changed = over(program, sequence, scaling.changed)
        program = replace(changed, arrays=scaling.fresh.arrays)
    return program


@dataclass(frozen=True)
class _Result:
    """`out = number * made`, where a statement makes that of `homes`, any of which may be multiplied instead.

    `inner` are the operations of the statement that a number may pass.
    """

    out: str
    number: sp.Expr
    made: Op
    inner: Mapping[str, Op]
    homes: tuple[Home, ...]


@dataclass
class _Scaling:
    """A sequence of routines on its way: arrays `chosen` to be multiplied, multiples that are `known`, and `new` ones.

    So many of its last items are carried out `on_request`: what they save is no reason to choose.
    """

    fresh: Fresh
    keep: Container[str]
    batch: int
    on_request: int
    readers: Counter[str] = field(default_factory=Counter)
    chosen: set[Multiple] = field(default_factory=set)
    known: dict[Multiple, str] = field(default_factory=dict)
    new: list[Map] = field(default_factory=list)
    counts: dict[tuple[str, int], int] = field(default_factory=dict)  # of numbers in arrays

    def changed(self, items: list[Item]) -> list[Item]:
        """The sequence with numbers that follow each other joined, then each where it costs least."""
        self.readers = Counter(name for item in items for op in item.operations for name in reads(op))
        self.readers.update(name for item in items if isinstance(item, Loop) for name in needed(item))
        items = [item.with_statements(self.joined) for item in items]
        always = (item for item in items[: len(items) - self.on_request] if isinstance(item, Statement))
        held = ((op, self.inner(item.operations)) for item in always for op in item.operations)
        self.choose([result for op, inner in held if (result := self.result(op, inner))])
        return [item.with_statements(self.summed if isinstance(item, Loop) else self.moved) for item in items]

    def inner(self, operations: Iterable[Op]) -> dict[str, Op]:
        """The operations whose results are read once, and by nobody else."""
        return {op.out: op for op in operations if self.readers[op.out] == 1 and op.out not in self.keep}

    def joined(self, statement: Statement) -> Statement:
        """Of numbers that multiply one after the other, their product alone."""
        operations: list[Op] = []
        for op in statement.operations:
            number, operand = _scaling(op)
            before = self.inner(operations).get(operand) if number is not None else None
            first, source = _scaling(before)
            if number is not None and first is not None:
                operations = [each for each in operations if each is not before]
                op = Map(op.out, "multiply", (source, Scalar(number * first)))
            operations.append(op)
        return replace(statement, operations=tuple(operations))

    def result(self, op: Op, inner: Mapping[str, Op], stepwise: bool = False) -> _Result | None:
        """The operation as a number times what it may pass; in a loop that is a sum."""
        number, name = _scaling(op)
        made = inner.get(name)
        if number is None or made is None or isinstance(made, View):
            return None
        if not _is_sum(made) and (stepwise or not _is_small(number)):
            return None
        homes = (JOINS,) if _is_sum(made) else tuple(dict.fromkeys(self.homes(made, inner)))
        return _Result(op.out, number, made, inner, homes) if homes else None

    def homes(self, op: Op, inner: Mapping[str, Op]) -> Iterator[Home]:
        """The sets of arrays any of which, multiplied by a number, multiply a result by it."""
        if _is_sum(op):
            yield JOINS
        for places in _linear(op):
            for found in product(*(self.through(op, place, inner) for place in places)):
                yield JOINS.union(*found)

    def through(self, op: Op, place: Place, inner: Mapping[str, Op]) -> list[Home]:
        """The same of one operand. What a scatter would copy is multiplied in place of that."""
        operand = _at(op, place)
        if isinstance(operand, Scalar) or (place == BASE and operand not in inner):
            return [JOINS]
        array = self.fresh.arrays[operand]
        itself = array.kind == "float" and array.storage not in ("slice", "gradient")
        return [*(self.homes(inner[operand], inner) if operand in inner else ()), *([frozenset({operand})] * itself)]

    def choose(self, results: Sequence[_Result]) -> None:
        """Those arrays whose multiples save the most, one after the other, as long as one saves something."""
        offered: dict[Multiple, list[_Result]] = {}
        for result in results:
            for name in sorted(JOINS.union(*result.homes)):
                offered.setdefault((name, result.number), []).append(result)
        gains = {each: self.gain(each, of, self.batch) for each, of in offered.items()}
        while gains:
            best = max(gains, key=lambda each: gains[each])
            if gains.pop(best) <= 0:
                return
            if all(self.gain(best, offered[best], batch) >= 0 for batch in ENDS):
                self.chosen.add(best)
                near = {name for result in offered[best] for home in result.homes for name in home}
                gains |= {e: self.gain(e, offered[e], self.batch) for e in gains if e[0] in near}

    def gain(self, multiple: Multiple, results: Iterable[_Result], batch: int) -> int:
        """How many numbers fewer are multiplied for the results if this array is."""
        more = {*self.chosen, multiple}
        saved = (self.price(each, self.chosen, batch) - self.price(each, more, batch) for each in results)
        return sum(saved) - self.count(multiple[0], batch)

    def price(self, result: _Result, chosen: Container[Multiple], batch: int) -> int:
        """How many numbers are multiplied for a result at the least, besides those that are chosen."""
        better = (self.of(home, result, chosen, batch) for home in self.better(result, chosen))
        return min([self.count(result.out, batch), *better])

    def better(self, result: _Result, chosen: Container[Multiple]) -> list[Home]:
        """Where the number multiplies fewer than in the result, whatever the batch."""
        counts = [self.count(result.out, batch) for batch in ENDS]
        return [
            home
            for home in result.homes
            if all(self.of(home, result, chosen, batch) < count for batch, count in zip(ENDS, counts, strict=True))
        ]

    def of(self, home: Home, result: _Result, chosen: Container[Multiple], batch: int) -> int:
        """The same, in this way."""
        return sum(self.count(name, batch) for name in home if (name, result.number) not in chosen)

    def count(self, name: str, batch: int) -> int:
        """The numbers of an array."""
        if (name, batch) not in self.counts:
            self.counts[name, batch] = Sizes(self.fresh.arrays, batch).count(name)
        return self.counts[name, batch]

    def summed(self, statement: Statement) -> Statement:
        """A statement of a loop, in which numbers join sums alone."""
        return self.moved(statement, stepwise=True)

    def moved(self, statement: Statement, stepwise: bool = False) -> Statement:
        """The statement with its numbers where they were decided to be."""
        operations = list(statement.operations)
        for out in [op.out for op in operations if _scaling(op)[0] is not None]:
            op = next((op for op in operations if op.out == out), None)
            result = self.result(op, self.inner(operations), stepwise) if op else None
            home = self.best(result) if result else None
            if result and home is not None:
                changes = _Moving(self, result, home).changed()
                operations = [new for old in operations if (new := changes.get(old.out, old))]
                while self.new:
                    multiple = self.new.pop()
                    makers = (k for k, op in enumerate(operations, 1) if op.out in multiple.operands)
                    operations.insert(next(makers, 0), multiple)
        return replace(statement, operations=tuple(operations))

    def best(self, result: _Result) -> Home | None:
        """Where the number costs least; None where that is the result itself."""
        better = self.better(result, self.chosen)
        return min(better, key=lambda home: self.of(home, result, self.chosen, self.batch), default=None)

    def multiple(self, name: str, number: sp.Expr, own: bool) -> str:
        """The array times the number: one that is there, but where a result is to have its `own`."""
        if (name, number) in self.known and not own:
            return self.known[name, number]
        negated = number == -1
        out = self.fresh.array(name, "negated" if negated else "scaled", self.fresh.arrays[name])
        self.new.append(Map(out, "negative", (name,)) if negated else Map(out, "multiply", (name, Scalar(number))))
        if not own:
            self.known[name, number] = out
        return out


@dataclass(frozen=True)
class _Moving:
    """A number on its way from a result to its home; `changes` are what becomes of the operations that it passes."""

    scaling: _Scaling
    result: _Result
    home: Home
    changes: dict[str, Op | None] = field(default_factory=dict)

    def changed(self) -> Mapping[str, Op | None]:
        """Of operations, by what they make, the one that comes in place of each; None where that is none."""
        made = self.result.made
        self.changes.update({self.result.out: replace(self.multiplied(made), out=self.result.out), made.out: None})
        return self.changes

    def multiplied(self, op: Op) -> Op:
        """The operation that makes its result times the number."""
        if isinstance(op, Fold):
            return replace(op, factor=self.joined(op.factor or ONE))
        for place in next(places for places in _linear(op) if all(self.reaches(op, place) for place in places)):
            op = _with(op, place, self.operand(_at(op, place), place))
        return op

    def reaches(self, op: Op, place: Place) -> bool:
        """Whether it comes home through this operand."""
        return any(home <= self.home for home in self.scaling.through(op, place, self.result.inner))

    def operand(self, operand: Operand, place: Place) -> Operand:
        """The operand times the number."""
        if isinstance(operand, Scalar):
            return self.joined(operand)
        if operand in self.home or operand not in self.result.inner:
            return self.scaling.multiple(operand, self.result.number, own=place == BASE)
        self.changes[operand] = self.multiplied(self.result.inner[operand])
        return operand

    def joined(self, number: Scalar) -> Scalar:
        """The product of two numbers."""
        return Scalar(self.result.number * number.value)


def _scaling(op: Op | None) -> tuple[sp.Expr | None, str]:
    """The number and the array of which this is the product, if it is one."""
    match op:
        case Map(function="negative", operands=(str(operand),), where=None):
            return sp.Integer(-1), operand
        case Map(function="multiply", operands=(str(operand), Scalar(value)), where=None):
            return value, operand
        case Map(function="multiply", operands=(Scalar(value), str(operand)), where=None):
            return value, operand
    return None, ""


def _linear(op: Op) -> tuple[tuple[Place, ...], ...]:
    """The operands that a number may multiply in place of the result: any of these groups, and all of a group."""
    match op:
        case Map(function="multiply", where=None):
            return ((("operands", 0),), (("operands", 1),))
        case Map(function="add" | "subtract", where=None):
            return ((("operands", 0), ("operands", 1)),)
        case Map(function="divide" | "negative", where=None):
            return ((("operands", 0),),)
        case Contract(base=None) | Convolve(base=None):
            return ((("left", None),), (("right", None),))
        case View():
            return ((("operand", None),),)
        case OverlapAdd() | Scatter(base=None):
            return ((("source", None),),)
        case Scatter():
            return ((BASE, ("source", None)),)
    return ()


def _at(op: Op, place: Place) -> Operand:
    part, number = place
    value: Any = getattr(op, part)
    operand: Operand = value if number is None else value[number]
    return operand


def _with(op: Op, place: Place, operand: Operand) -> Op:
    part, number = place
    value: Any = operand
    if number is not None:
        value = tuple(operand if k == number else old for k, old in enumerate(getattr(op, part)))
    return replace(op, **{part: value})


def _is_sum(op: Op) -> bool:
    return isinstance(op, Fold) and op.function == "sum" and op.base is None


@cache
def _is_small(number: sp.Expr) -> bool:
    """Whether a number, which may depend on the batch, is at most 1 in magnitude, and not 0."""
    if {symbol.name for symbol in number.free_symbols} - {"N"}:
        return False
    values = [number.xreplace(dict.fromkeys(number.free_symbols, sp.Integer(batch))) for batch in ENDS]
    return all(value.is_finite and 0 < abs(value) <= 1 for value in values)
