"""A routine of the program as the body of a function: blocks with their shapes, statements with their formulas.

Not here: the arrays' allocation; the order in which an update walks over its vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

import sympy as sp

from symbp.explain.naming import Naming
from symbp.explain.notation import write
from symbp.formula.expression import Element
from symbp.forward.network import BATCH
from symbp.program.operands import needed, reads, written
from symbp.program.operations import Gather, Op, Scalar
from symbp.program.program import Array, Chain, Item, Loop, Statement
from symbp.targets.numpy import source
from symbp.targets.numpy.names import own
from symbp.targets.numpy.operations import lines
from symbp.targets.numpy.scope import Scope
from symbp.targets.text.mathematics import write as text


def operations(items: Iterable[Item]) -> list[Op]:
    """The operations of statements and loops, in order."""
    return [op for item in items for op in item.operations]


def body(items: Sequence[Item], scope: Scope) -> tuple[list[str], frozenset[str]]:
    """The statements and loops in order, a blank line and a heading before each block; the names they mention."""
    code: list[str] = []
    read: set[str] = set()
    for block, group in groupby(items, key=lambda item: item.block):
        members = tuple(group)
        code += ["", *source.comment(heading(block, members, scope), scope.depth, hanging="    ")]
        for item in members:
            own = _written(item, scope)
            code += own
            read |= source.names(own)
    counting = scope.line("n = ws.n") if "n" in read else []
    return [*counting, *code] if counting else code[1:], frozenset({*read, *(["ws"] if counting else [])})


def _written(item: Item, scope: Scope) -> list[str]:
    """One statement, loop or chain."""
    if isinstance(item, Chain):
        return by_rows(item, scope)
    return stepped(item, scope) if isinstance(item, Loop) else computed(item, scope)


def computed(statement: Statement, scope: Scope) -> list[str]:
    """One statement: its formula, then its operations."""
    equation = statement.equation
    code = [*_stated(equation.target, equation.body, statement.number, scope.depth)]
    code += [line for way in _ways(statement, scope) for line in source.remark(way, scope.depth)]
    return code + [line for op in statement.operations for line in lines(op, scope)]


def _ways(statement: Statement, scope: Scope) -> Iterator[str]:
    """How a statement computes its formula by other means than the formula says: of a table, or of sums by label."""
    made = {op.out for op in statement.operations}
    if any(isinstance(op, Gather) and op.source in made and op.indices[0] for op in statement.operations):
        yield "computed for each row of the table, then taken for each label"
    elif made & scope.taken:
        yield "computed for each row of the table; each step takes the rows of its labels"
    for name in dict.fromkeys(name for op in statement.operations for name in reads(op) if name in scope.sums):
        op = scope.sums[name]
        sums, rows, labels = (_short(str(each), statement.block) for each in (name, op.source, op.indices[0]))
        yield f"by label: row k of {sums} is the sum of {rows} where {labels} is k"


@lru_cache(maxsize=4096)
def _stated(target: Element, body: sp.Expr, number: int, depth: int) -> tuple[str, ...]:
    """A statement's formula as a comment: the same wherever a block is repeated."""
    return tuple(source.comment((f"({number}) " if number else "") + formula(target, body), depth, hanging="    "))


def stepped(loop: Loop, scope: Scope) -> list[str]:
    """A loop: what stands at the ends of arrays, then the slices of a step under names of their own, its statements."""
    index, extent = own(loop.index), scope.operand(loop.extent)
    later = f"{index} < {scope.operand(Scalar(loop.extent.value - 1))}" if loop.backwards else f"{index} > 0"
    inner, steps = replace(scope.deeper(), later=later), f"range({extent})"
    head = f"for {index} in {f'reversed({steps})' if loop.backwards else steps}:"
    views = [scope.at_step(each, index) for each in loop.slices]
    code = source.assignment([scope[each.out] for each in loop.slices], views, inner.depth)
    edges = list[str]()
    for after, group in groupby(loop.edges, key=lambda edge: edge.after):
        place = f"after {index} = {loop.extent.value - 1}" if after else f"before {index} = 0"
        edges += source.comment(place, scope.depth)
        edges += [line for edge in group for line in scope.call("np.copyto", scope.edge(edge), scope[edge.source])]
    return [*edges, *scope.line(head), *code, *(line for s in loop.statements for line in computed(s, inner))]


def by_rows(chain: Chain, scope: Scope) -> list[str]:
    """A chain: a loop over blocks, the parts of arrays under names of their own, its statements."""
    inner, held = scope.within(chain)
    extent, what = scope.operand(chain.extent), "example" if chain.index == BATCH else "row"
    several = f"{chain.rows} {what}s at a time, which stay in the cache"
    why = several if chain.rows > 1 else f"one {what} at a time, which stays in the cache"
    head = scope.noted(scope.line(f"for start in range(0, {extent}, {chain.rows}):"), why)
    code = [line for name, part in held.items() for line in _taken(f"{name} = {part}", inner.depth)]
    code += [line for statement in chain.statements for line in computed(statement, inner)]
    if "count" in source.names(code):
        code = [*inner.line(f"count = min({chain.rows}, {extent} - start)"), *code]
    return [*head, *code]


def _taken(line: str, depth: int) -> list[str]:
    """A variable assigned a part of an array, or an array."""
    return source.bracketed(line, depth) if line.endswith("]") else source.assigned(line, depth)


def heading(block: str, items: Sequence[Item], scope: Scope) -> str:
    """`dense_1: x (n, 784), W (784, 512), b (512) -> z (n, 512)`."""
    made = {name for item in items for name in written(item)}
    counting = {*scope.ranges, *scope.views_of_ranges}
    inputs = dict.fromkeys(name for item in items for name in needed(item) if name not in made | counting)
    outputs = dict.fromkeys(name for item in items for name in _results(item, scope))
    before, after = (", ".join(_described(scope.arrays[name], block) for name in names) for names in (inputs, outputs))
    return " ".join(filter(None, (f"{block}:", before, "->", after)))


def _results(item: Item, scope: Scope) -> tuple[str, ...]:
    """What a statement computes; what a loop leaves behind."""
    if isinstance(item, Statement):
        return tuple(op.out for op in item.operations[-1:])
    if isinstance(item, Chain):
        ends = (statement.operations[-1].out for statement in item.statements)
        return tuple(name for name in ends if not scope.arrays[name].rows)
    scratch = {op.out for op in item.operations}
    return tuple(name for name in written(item) if name not in scratch)


def _short(name: str, block: str) -> str:
    """A name within its block: `d_z` of `d_dense_1.z`."""
    return name.removeprefix(f"{block}.").replace(f"d_{block}.", "d_")


def _described(array: Array, block: str) -> str:
    name = _short(array.name, block)
    return f"{name} ({', '.join(map(str, array.shape))})" if array.shape else name


def formula(target: Element, body: sp.Expr) -> str:
    """An equation in mathematical notation."""
    return " = ".join(text(write(side, Naming())) for side in (target, body))
