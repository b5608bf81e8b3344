"""From text to a `Formula`: names resolved, `...` expanded, calls of other rows made equations, sizes found.

grammar: text -> syntax trees  ->  build: trees -> expressions, equation by equation  ->  sizing: axes -> sizes

`read_formula` knows nothing of catalogs: what a name may be (tensor, hyperparameter, another row's text) is handed in.
"""

from __future__ import annotations

from symbp.formula.build import read_line
from symbp.formula.equation import Equation, Formula, Tensor
from symbp.formula.expression import elements
from symbp.formula.grammar import RESERVED, FormulaError, read_lines
from symbp.formula.letters import one_size_each
from symbp.formula.reading import Reading
from symbp.formula.recurrence import OrderError, in_groups
from symbp.formula.scope import Declared, Scope
from symbp.formula.sizing import SizeNames


def read_formula(name: str, text: str, scope: Scope, source: str = "") -> Formula:
    """Read the equations of `text`; FormulaError where they cannot be used."""
    lines = read_lines(text)
    reading = Reading(scope, lines)
    for line in lines:
        read_line(reading, line)
    missing = [output for output in scope.outputs if output not in reading.assigned]
    if missing:
        found = ", ".join(f"`{n}`" for n in reading.assigned)
        raise FormulaError(f"no equation computes `{missing[0]}`; the equations compute {found}", text.strip())
    return _formula(reading, name, source)


def _formula(reading: Reading, name: str, source: str) -> Formula:
    reading.join()
    names = SizeNames(reading)
    for mention in reading.mentioned:
        reading.known.setdefault(mention, Declared(0, "intermediate"))
    extents = {p: names.of_extent(*where) for p, where in reading.extents.items()}
    extents |= {p: names.of_axis(*where) for p, where in reading.of_axes.items()}
    equations = tuple(
        Equation(target, body.xreplace(extents), names.of_equation(number, target, body), text)
        for number, (target, body, text) in enumerate(reading.equations)
    )
    order = dict.fromkeys((*(n for n in reading.scope.tensors if n in reading.mentioned), *reading.mentioned))
    tensors = {
        n: Tensor(n, tuple(names.of_axis(n, axis) for axis in range(d.rank)), d.role, d.kind, d.distribution)
        for n, d in ((n, reading.known[n]) for n in order)
    }
    equations = equations if reading.scope.states else _ordered(equations)  # updates run in the order given
    equations, letters = one_size_each(equations, names.letters, {*tensors, *reading.scope.scalars, *RESERVED})
    used = {s for e in equations for s in e.body.free_symbols}
    scalars = {n: s for n, s in reading.scope.scalars.items() if s in used}
    return Formula(name, equations, tensors, scalars, letters, source)


def _ordered(equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """The equations in order of evaluation; only those that read each other across steps may be given in another."""
    try:
        groups = in_groups(equations)
    except OrderError as error:
        raise FormulaError(str(error)) from None
    position = {e.target.tensor: k for k, e in enumerate(equations)}
    for group in groups:
        for equation in group.equations:
            for read in elements(equation.body):
                if position.get(read.tensor, -1) > position[equation.target.tensor] and read.tensor not in group.axes:
                    message = f"`{read.tensor}` is read before the equation that computes it; write that one first"
                    raise FormulaError(message, equation.text)
    return tuple(e for group in groups for e in group.equations)
