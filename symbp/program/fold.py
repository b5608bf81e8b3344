"""The optimizer's sum of old values and gradient, computed where the gradient is: `v = mu*v + g`, `w = w - eta*g`.

Where the update reads the gradient once, in `T = keep*T + scale*g` with numbers `keep` and `scale`, the backward pass
adds scale times each derivative to keep times what `T` holds, and no gradient is stored. A product, or a sum, does so
itself where a library can (`gemm`); rows of a table are added at their places; anything else is computed, then added.

Where `T` is the parameters themselves, none may be read after it is changed. Whether it pays is decided by bytes.

Not here: updates that read the gradient twice, or other than linearly, as clipping does.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symbp.formula.expression import Element
from symbp.program.cost import Cost, Sizes, cost, entries, of_addition
from symbp.program.late import read_late
from symbp.program.library import Library
from symbp.program.operands import needed, renamed, written
from symbp.program.operations import Contract, Convolve, Fold, Map, Op, Scalar, Scatter
from symbp.program.program import GRADIENT, PARAMETERS, UPDATE, Array, Folding, Item, Loop, Program, Routine, Statement
from symbp.program.runs import addition, runs

KEEP, SCALE = Scalar(sp.Symbol("keep")), Scalar(sp.Symbol("scale"))


def folded(program: Program, library: Library, batch: int) -> Program:
    """The program without a stored gradient, where that moves fewer bytes for batches of this size."""
    found = _linear(program)
    if found is None:
        return program
    place, folding = found
    changed = _accumulating(program, folding, library)
    if changed is None or (folding.into == PARAMETERS and read_late(changed)):
        return program
    update = program.routines["update"]
    rest = Routine("update", (*update.statements[:place], *update.statements[place + 1 :]))
    changed = replace(changed, routines={**changed.routines, "update": rest})
    same = {id(item) for item in program.items(("backward",))} & {id(item) for item in changed.items(("backward",))}
    less = _moved(changed, library, batch, same) < _moved(program, library, batch, same)
    return changed if less else program


def _linear(program: Program) -> tuple[int, Folding] | None:
    """The place of the only statement of the update that reads the gradient, and what it does with it."""
    items = program.routines["update"].statements if "update" in program.routines else ()
    reading = [k for k, item in enumerate(items) if GRADIENT in (*needed(item), *written(item))]
    if len(reading) != 1 or not isinstance(statement := items[reading[0]], Statement):
        return None
    target, body = statement.equation.target, sp.expand(statement.equation.body)
    into = program.arrays[f"{UPDATE}{target.tensor}"]
    earlier = (name for item in items[: reading[0]] for name in (*needed(item), *written(item)))
    if into.name == GRADIENT or into.storage == "workspace" or not into.shape or into.name in earlier:
        return None
    gradients = [e for e in body.atoms(Element) if f"{UPDATE}{e.tensor}" == GRADIENT]
    if len(gradients) != 1:
        return None
    keep, scale = body.coeff(target), body.coeff(gradients[0])
    if sp.expand(body - keep * target - scale * gradients[0]) != 0 or any(f.atoms(Element) for f in (keep, scale)):
        return None
    factors = (None if factor == 1 else Scalar(factor) for factor in (keep, scale))
    return reading[0], Folding(statement, into.name, *factors)


def _accumulating(program: Program, folding: Folding, library: Library) -> Program | None:
    """The program whose backward pass adds to what gradients hold; None where a loop writes to one."""
    adding = _Adding(dict(program.arrays), KEEP if folding.keep else None, SCALE if folding.scale else None, library)
    items = program.routines["backward"].statements
    later = program.routines["input"].statements if "input" in program.routines else ()
    makers: dict[str, list[Op]] = {}
    for op in (op for item in items for op in item.operations):
        makers.setdefault(op.out, []).append(op)
    last = {name: place for place, item in enumerate(items) for name in written(item)}
    read = {name for item in (*items, *later) for name in needed(item)}
    added: dict[str, list[Op]] = {}
    whole: dict[str, str] = {}
    after: dict[int, list[Op]] = {}
    for name in (a.name for a in program.arrays.values() if a.storage == "gradient" and a.name != GRADIENT):
        if name not in last or not isinstance(items[last[name]], Statement):
            return None
        found = adding.itself(makers[name][0]) if len(makers[name]) == 1 and name not in read else None
        if found is not None:
            added[name] = found
        else:
            whole[name] = adding.scratch(f"{name}.whole", name)
            after.setdefault(last[name], []).extend(adding.whole(name, whole[name]))

    def changed(place: int, item: Item) -> Item:
        if not isinstance(item, Statement):
            return _renamed(item, whole)
        own = [new for op in item.operations for new in added.get(op.out, [op])]
        operations = (*_all_renamed(own, whole), *after.get(place, ()))
        return item if operations == item.operations else replace(item, operations=operations)

    backward = Routine("backward", tuple(changed(place, item) for place, item in enumerate(items)))
    routines = {**program.routines, "backward": backward}
    if later:
        routines["input"] = Routine("input", tuple(_renamed(item, whole) for item in later))
    return replace(program, arrays=adding.arrays, routines=routines, folding=folding)


@dataclass
class _Adding:
    """How derivatives are added; `arrays` grows by what that needs."""

    arrays: dict[str, Array]
    keep: Scalar | None
    scale: Scalar | None
    library: Library

    def scratch(self, name: str, like: str) -> str:
        """An array of the workspace, like another one."""
        self.arrays[name] = replace(self.arrays[like], name=name, storage="workspace")
        return name

    def itself(self, op: Op) -> list[Op] | None:
        """An operation that adds what it computes; None where it cannot, in one call of a library or at its places."""
        match op:
            case Contract() | Convolve(added_up=True) if self.library.adds_products and op.out_axes and not op.stack:
                return None if {*op.left_axes} & {*op.right_axes} & {*op.out_axes} else [self._on_base(op)]
            case Fold(function="sum", keepdims=False) if self.library.adds_products:
                return [self._on_base(op)]
            case Scatter(source=str(source), base=None):
                scaled = (
                    [Map(self.scratch(f"{op.out}.scaled", source), "multiply", (source, self.scale))]
                    if self.scale
                    else []
                )
                return [
                    *self._kept(op.out),
                    *scaled,
                    replace(op, source=scaled[0].out if scaled else source, base=op.out),
                ]
            case _:
                return None

    def whole(self, name: str, part: str) -> list[Op]:
        """A derivative added."""
        if not self.scale:
            return [*self._kept(name), Map(name, "add", (name, part))]
        scaled = self.scratch(f"{name}.scaled", part)
        return [*self._kept(name), Map(scaled, "multiply", (part, self.scale)), Map(name, "add", (name, scaled))]

    def _on_base(self, op: Contract | Convolve | Fold) -> Op:
        return replace(op, base=op.out, keep=self.keep, scale=self.scale)

    def _kept(self, name: str) -> list[Op]:
        return [Map(name, "multiply", (name, self.keep))] if self.keep else []


def _renamed(item: Item, names: dict[str, str]) -> Item:
    if isinstance(item, Loop):
        slices = tuple(replace(s, array=names.get(s.array, s.array)) for s in item.slices)
        edges = tuple(replace(e, source=names.get(e.source, e.source)) for e in item.edges)
        item = replace(item, slices=slices, edges=edges)
    return item.with_statements(lambda s: replace(s, operations=_all_renamed(s.operations, names)))


def _all_renamed(operations: Sequence[Op], names: dict[str, str]) -> tuple[Op, ...]:
    return tuple(renamed(op, names) for op in operations)


def _moved(program: Program, library: Library, batch: int, same: Container[int]) -> int:
    """Bytes that the backward pass and the update read and write, but for what is the same in both programs."""
    parameters = (a.shape for a in program.arrays.values() if a.storage == "parameter" and a.name != PARAMETERS)
    sizes = Sizes(program.arrays, batch)
    vectors = replace(sizes, batch=sum(entries(shape, 1) for shape in parameters))
    costs = [cost(item, sizes) for item in program.items(("backward",)) if id(item) not in same]
    for run in runs(program):
        found = addition(run, program.arrays) if library.adds_vectors else None
        costs.append(of_addition(found, vectors) if found else sum((cost(s, vectors) for s in run.statements), Cost()))
    return sum(each.read + each.written for each in costs)
