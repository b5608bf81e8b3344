"""The order of evaluation: equations in groups, and in a group those that read each other across steps of one index.

    z[n,t,j] = u[n,t,j] + sum[k](h[n,t-1,k]*V[k,j])
    h[n,t,j] = tanh(z[n,t,j])

Neither can be computed whole before the other. They are a group that steps along t: `axes` says which axis of each of
its tensors that is, `direction` is 1 where earlier positions come first and -1 where later ones do. Within a step, the
equations stand in order. An equation that nothing sends back to is a group of its own, without steps.

Found from what reads what, and by how much an index is shifted; not from names. Not supported: recurrences along two
indices at once, and reads at positions other than a fixed number of steps away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp

from symbp.formula.equation import Equation
from symbp.formula.expression import Element, elements


class OrderError(ValueError):
    """Equations that read each other in no order of evaluation; the message names them."""


@dataclass(frozen=True)
class Group:
    """Equations evaluated together, in order within a step; `direction` is 0 where nothing recurs."""

    equations: tuple[Equation, ...]
    axes: Mapping[str, int] = field(default_factory=dict)
    direction: int = 0

    @property
    def tensors(self) -> tuple[str, ...]:
        return tuple(e.target.tensor for e in self.equations)

    def index(self, equation: Equation) -> sp.Symbol:
        """The index of one of the equations that the steps run over."""
        return equation.target.indices[self.axes[equation.target.tensor]]

    def shift(self, equation: Equation, read: Element) -> int:
        """How many positions away the equation reads one of the group's tensors."""
        return int(read.indices[self.axes[read.tensor]] - self.index(equation))


def in_groups(equations: Sequence[Equation]) -> tuple[Group, ...]:
    """Groups in order of evaluation, otherwise in the order given. Raises OrderError where there is none."""
    makers = {e.target.tensor: k for k, e in enumerate(equations)}
    needs = [{makers[r.tensor] for r in elements(e.body) if r.tensor in makers} for e in equations]
    reach = _reach(needs)
    together = [tuple(m for m in range(len(equations)) if m == k or (m in reach[k] and k in reach[m])) for k in reach]
    waiting = list(dict.fromkeys(together))
    done: set[int] = set()
    groups: list[Group] = []
    while waiting:
        members = next(g for g in waiting if set().union(*(needs[m] for m in g)) <= done | set(g))
        waiting.remove(members)
        done |= set(members)
        group = tuple(equations[m] for m in members)
        recurs = any(m in needs[m] for m in members) or len(members) > 1
        groups.append(_stepping(group) if recurs else Group(group))
    return tuple(groups)


def in_order(equations: Sequence[Equation]) -> tuple[Equation, ...]:
    """The equations in order of evaluation, those of a recurrence in order within a step."""
    return tuple(e for group in in_groups(equations) for e in group.equations)


def _reach(needs: Sequence[set[int]]) -> dict[int, set[int]]:
    """Everything that each equation needs, through others too."""
    reach = {k: set(direct) for k, direct in enumerate(needs)}
    for middle in reach:
        for found in reach.values():
            if middle in found:
                found |= reach[middle]
    return reach


def _stepping(equations: tuple[Equation, ...]) -> Group:
    """The group with its axes and direction: the first axis along which its equations have an order."""
    first = equations[0].target
    for axis in range(len(first.indices)):
        axes = _axes(equations, {first.tensor: axis})
        if axes is None:
            continue
        group = Group(equations, axes)
        shifts = {group.shift(e, r) for e in equations for r in _own(group, e)}
        ordered = _within(group)
        if ordered is not None and not (min(shifts) < 0 < max(shifts)):
            return Group(ordered, axes, 1 if min(shifts) < 0 else -1)
    shown = "; ".join(map(str, equations))
    raise OrderError(f"equations read each other, or themselves, in no order of evaluation along one index: {shown}")


def _own(group: Group, equation: Equation) -> list[Element]:
    return [r for r in elements(equation.body) if r.tensor in group.axes]


def _axes(equations: Sequence[Equation], axes: dict[str, int]) -> dict[str, int] | None:
    """The stepped axis of every tensor, from that of one: where reads differ from the left side by a number."""
    made = {e.target.tensor: e for e in equations}
    settled: set[str] = set()
    while set(axes) - settled:
        tensor = next(t for t in axes if t not in settled)
        settled.add(tensor)
        index = made[tensor].target.indices[axes[tensor]]
        for read in elements(made[tensor].body):
            if read.tensor not in made:
                continue
            places = [axis for axis, place in enumerate(read.indices) if (place - index).is_Integer]
            if not places or axes.setdefault(read.tensor, places[0]) not in places:
                return None
    return axes


def _within(group: Group) -> tuple[Equation, ...] | None:
    """The equations in order within one step; None where they read each other in a circle there."""
    waiting = list(group.equations)
    done: list[Equation] = []
    while waiting:
        left = {e.target.tensor for e in waiting}
        ready = next(
            (e for e in waiting if not any(r.tensor in left and not group.shift(e, r) for r in _own(group, e))), None
        )
        if ready is None:
            return None
        done.append(ready)
        waiting.remove(ready)
    return tuple(done)
