"""A claim proven by algebra: both sides in the engine's notation, their difference brought to 0 by its own passes.

    claim - truth  ->  forward values put in place  ->  deltas contracted, sums spelt alike  ->  over one denominator

The forward pass is put in place in steps: not at all, down to the weighted inputs, down to what is given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp
from sympy.core.relational import Relational

from symbp.audit.between import Between, Part
from symbp.audit.indexed import tensor_of
from symbp.audit.normal import TooManyTermsError, by_cases, multiplied_out
from symbp.audit.setting import BATCH, Setting
from symbp.audit.symbolic import Indexed, Translation, UntranslatedError
from symbp.audit.syntax import Statement, places_of
from symbp.audit.truth import Subject, as_taken, cotangents_read, subject
from symbp.derive.algebra import everywhere, larger, tidy
from symbp.derive.derivation import DerivationError
from symbp.derive.simplify import Record, Simplifier, Sizes
from symbp.derive.stable import Shifts
from symbp.formula.defined import is_defined
from symbp.formula.equation import Equation
from symbp.formula.expression import UNITS, Element, MaxOver, SumOver, Winner, element, elements
from symbp.formula.indices import Names, bound_indices, rename_bound

LARGEST = 300  # nodes of a difference that is still looked at


def proven(statement: Statement, setting: Setting) -> bool:
    """Whether the difference of the claim and the derived truth is found to be 0; False says nothing."""
    try:
        difference, free, sizes = _difference(statement, setting)
    except (UntranslatedError, DerivationError):
        return False
    record = Record(element("claim", *free), sizes)
    simplifier = Simplifier(setting.derivation.formula, Shifts(Names([*setting.derivation.formula.tensors])), "d_")
    return any(_vanishes(e, record, simplifier) for e in _put_in_place(difference, setting, record.sizes))


@dataclass(frozen=True)
class _Right:
    """What is claimed at these places of the quantity."""

    claimed: sp.Expr
    places: tuple[sp.Expr, ...]
    translation: Translation


def _difference(statement: Statement, setting: Setting) -> tuple[sp.Expr, tuple[sp.Symbol, ...], Sizes]:
    """The claim less the truth, its free indices, and the sizes of all."""
    about = subject(statement, setting)
    right = (_with_indices if statement.form == "index" else _between)(statement, about, setting)
    truth, between = _definitions(about, setting, cotangents_read(statement, setting) - {about.by})
    names, sizes = right.translation.names, right.translation.sizes
    learnt: Sizes = dict(truth.sizes)
    names.taken |= {s.name for s in truth.sizes}
    body = rename_bound(truth.body, names, learnt)
    sizes.update({s: learnt[s] for s in bound_indices(body)})
    scaled = about.is_cotangent(setting) and setting.scaled(about.by)
    body = body.xreplace(dict(zip(truth.target.indices, right.places, strict=True)))
    expression = right.claimed - (BATCH if scaled else 1) * body
    for equation in between:
        expression = substituted(expression, equation, names, sizes)
    free = tuple(p for p in dict.fromkeys(right.places) if p.is_Symbol)
    return expression, free, sizes


def _with_indices(statement: Statement, about: Subject, setting: Setting) -> _Right:
    translation = Indexed(setting)
    places = _at_left(statement, translation, setting)
    return _Right(translation.value(statement.right), places, translation)


def _between(statement: Statement, about: Subject, setting: Setting) -> _Right:
    translation = Between(setting)
    part = translation.part(statement.right)
    if about.by and not about.is_cotangent(setting):
        return _jacobian(part, about, setting, translation)
    tensor = about.by or about.of
    axes = setting.tensor(tensor).axes
    places = tuple(translation.fresh(extent, letter) for extent, letter in zip(axes, "ij", strict=False))
    row, column = (*places, None, None)[:2]
    if len(places) == 1 and not setting.stands(tensor):
        row, column = None, places[0]
    claimed = part.at(row if part.rows is not None else None, column if part.columns is not None else None)
    return _Right(claimed, places, translation)


def _jacobian(part: Part, about: Subject, setting: Setting, translation: Between) -> _Right:
    """What is claimed of a derivative: an entry for each pair of indices, or for each index by elements."""
    axes = (*setting.tensor(about.of).axes, *setting.tensor(about.by).axes)
    if len(axes) > 2:
        raise UntranslatedError("a Jacobian of more than two axes")
    if len(axes) == 2 and (part.rows is None or part.columns is None):
        place = translation.fresh(axes[0], "i")
        claimed = part.at(place, None) if part.columns is None else part.at(None, place)
        return _Right(claimed, (place, place), translation)
    places = tuple(translation.fresh(extent, letter) for extent, letter in zip(axes, "ij", strict=False))
    row, column = (*places, None, None)[:2]
    return _Right(part.at(row, column), places, translation)


def _definitions(about: Subject, setting: Setting, keep: set[str]) -> tuple[Equation, list[Equation]]:
    """The subject's equation as calculus gave it, and those of the cotangents between, from the subject on."""
    if not about.by:
        return next(e for e in setting.formula.equations if e.target.tensor == about.of), []
    if not about.is_cotangent(setting):
        derived = setting.jacobian(about.of, about.by).derivatives
        if len(derived) != 1:
            raise UntranslatedError("a Jacobian of several equations")
        return as_taken(derived[-1].equation, derived[-1].steps), []
    found = [g for g in reversed(setting.derivation.backward) if g.tensor not in keep]
    own = next((g for g in found if g.tensor == about.by), None)
    if own is None:
        raise UntranslatedError("no gradient")
    return as_taken(own.equation, own.steps), [as_taken(g.equation, g.steps) for g in found if g is not own]


def _at_left(statement: Statement, translation: Indexed, setting: Setting) -> tuple[sp.Expr, ...]:
    left = statement.left
    if isinstance(left, ast.Subscript) and isinstance(left.value, ast.Name):
        return translation.places(left.slice, setting.vocabulary.find(left.value.id).tensor)
    call = left.value if isinstance(left, ast.Subscript) else left
    if isinstance(call, ast.Name):
        return ()
    assert isinstance(call, ast.Call)
    axes = (axis for argument in call.args for axis in setting.tensor(tensor_of(argument, setting)).axes)
    return translation.letters(places_of(left), tuple(axes))


def substituted(expression: sp.Expr, definition: Equation, names: Names, sizes: Sizes) -> sp.Expr:
    """The expression with every read of the definition's tensor replaced by its right side there."""
    reads = list(elements(expression, definition.target.tensor))
    if not reads:
        return expression
    names.taken |= {s.name for s in definition.sizes}
    for read in reads:
        learnt: Sizes = dict(definition.sizes)
        body = rename_bound(definition.body, names, learnt)
        sizes.update({s: learnt[s] for s in bound_indices(body)})
        expression = _put(
            expression, read, body.xreplace(dict(zip(definition.target.indices, read.indices, strict=True)))
        )
    return rename_bound(expression, names, sizes)


def _put(expression: sp.Expr, read: Element, value: sp.Expr) -> sp.Expr:
    """The expression with a value in place of an element; conditions, which hold no cases, are settled by them."""
    rule: dict[sp.Basic, sp.Basic] = {read: value}
    folded = sp.piecewise_fold(value) if value.has(sp.Piecewise) else value
    if isinstance(folded, sp.Piecewise):
        relations = (r for r in expression.atoms(Relational) if r.has(read))
        rule |= {relation: by_cases(relation, read, folded) for relation in relations}
    return expression.xreplace(rule)


def _put_in_place(expression: sp.Expr, setting: Setting, sizes: Sizes) -> Iterator[sp.Expr]:
    """The expression as it is, then without activations, then without anything computed."""
    yield expression
    names = Names({s.name for s in sizes} | {s.name for s in expression.free_symbols})
    equations = [e for e in reversed(setting.derivation.formula.equations) if not is_defined(e.body)]
    for keep_sums in (True, False):
        for equation in equations:
            if keep_sums and _is_weighted(equation):
                continue
            if not larger(expression, LARGEST):
                expression = substituted(expression, equation, names, sizes)
        yield expression


def _is_weighted(equation: Equation) -> bool:
    """Whether an equation is a weighted sum, which stays a name as long as it can."""
    sums = [s for s in sp.preorder_traversal(equation.body) if isinstance(s, SumOver)]
    return any(len({e.tensor for e in elements(s.body)}) > 1 for s in sums)


def _vanishes(expression: sp.Expr, record: Record, simplifier: Simplifier) -> bool:
    if larger(expression, LARGEST):
        return False
    plain = expression.replace(lambda n: isinstance(n, UNITS), lambda n: type(n).definition(n.args[0]))
    spelt = simplifier.canonical(simplifier.contracted(plain, record), record.target, record.sizes)
    try:
        apart = rename_bound(spelt, Names(s.name for s in record.sizes), record.sizes)
        spelt = simplifier.canonical(multiplied_out(apart, record.sizes), record.target, record.sizes)
    except TooManyTermsError:
        pass  # it is looked at as it is
    if spelt == 0:
        return True
    tidied = simplifier.canonical(tidy(spelt), record.target, record.sizes)
    return bool(tidied == 0 or everywhere(_masked(tidied), _over_one) == 0)


def _masked(expression: sp.Expr) -> sp.Expr:
    """Cases as plain symbols: algebra does not look into them."""
    cases = {p: sp.Dummy("case", real=True) for p in expression.atoms(sp.Piecewise)}
    return expression.xreplace(cases)


def _over_one(expression: sp.Expr) -> sp.Expr:
    """Over one denominator, with exponentials as powers of each other; 0 where that is all there is."""
    if larger(expression, LARGEST) or expression.has(MaxOver, Winner, Element):
        return expression
    exponentials = sorted(expression.atoms(sp.exp), key=str)
    swapped: dict[sp.Expr, sp.Expr] = {}
    bases: dict[sp.Expr, sp.Dummy] = {}
    for each in exponentials:
        number, rest = each.args[0].as_coeff_Mul()
        if not number.is_Integer:
            return expression
        swapped[each] = bases.setdefault(rest, sp.Dummy(positive=True)) ** number
    return sp.cancel(sp.together(expression.xreplace(swapped))).xreplace({v: sp.exp(k) for k, v in bases.items()})
