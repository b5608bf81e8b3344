"""The derivative of an index expression by one element: calculus by SymPy on scalars, deltas for elements.

    x[i,j] by x[p,q]         ->  delta(i,p) * delta(j,q)
    sum[k](f) by x[p]        ->  sum[k](f by x[p])
    padded(x[i]) by x[p]     ->  delta(i,p)                                    what pads is a constant
    f(u, v) by x[p]          ->  df/du * (u by x[p]) + df/dv * (v by x[p])     u, v: elements and sums

A sum that stays in df/du beside its own derivative gets fresh bound indices in the derivative.

Maxima over an axis must have been made equations of their own (`symbp.derive.winners`). Where a function has a kink,
the derivative is that of the branch that holds there; `sign` and `floor` have derivative 0.
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from symbp.formula.expression import Element, InRange, MaxOver, Padded, SumOver, Winner, elements
from symbp.formula.indices import Names, rename_bound

_ATOMS = (Element, Padded, SumOver, MaxOver, Winner, InRange, sp.KroneckerDelta)


def reads(expression: sp.Expr, tensor: str) -> bool:
    """Whether the expression reads the tensor anywhere."""
    return next(elements(expression, tensor), None) is not None


def outermost(expression: sp.Expr) -> list[sp.Expr]:
    """The elements, sums and other atoms of an expression that are in no other, in a fixed order."""
    found: dict[sp.Expr, None] = {}

    def visit(node: sp.Basic) -> None:
        if isinstance(node, _ATOMS):
            found.setdefault(node)
        else:
            for argument in node.args:
                visit(argument)

    visit(expression)
    return list(found)


@lru_cache(maxsize=2**14)
def stand_in(atom: sp.Expr) -> sp.Dummy:
    """A scalar with what is known of the atom's sign, so that SymPy may use it; the same one for the same atom.

    SymPy remembers what it has found of an expression; with new symbols it would find it anew.
    """
    if atom.is_positive:
        return sp.Dummy(positive=True)
    return sp.Dummy(nonnegative=True) if atom.is_nonnegative else sp.Dummy(real=True)


def differentiate(expression: sp.Expr, by: Element, names: Names, sizes: dict[sp.Symbol, sp.Expr]) -> sp.Expr:
    """∂expression/∂by. The indices of `by` are free and stand nowhere in `expression`."""
    if not reads(expression, by.tensor):
        return sp.Integer(0)
    if isinstance(expression, Element):
        return sp.Mul(*(sp.KroneckerDelta(i, j) for i, j in zip(expression.indices, by.indices, strict=True)))
    if isinstance(expression, Padded):
        return differentiate(expression.read, by, names, sizes)
    if isinstance(expression, SumOver):
        inner = differentiate(expression.body, by, names, sizes)
        return SumOver(inner, *expression.bound) if inner != 0 else inner
    if isinstance(expression, MaxOver | Winner):
        raise TypeError(f"a maximum must be an equation of its own before it is differentiated: {expression}")
    atoms = {atom: stand_in(atom) for atom in outermost(expression)}
    back = {dummy: atom for atom, dummy in atoms.items()}
    scalar = expression.xreplace(atoms)
    terms = []
    for atom, dummy in atoms.items():
        if reads(atom, by.tensor):
            slope = _slope(scalar, dummy).xreplace(back)
            inner = rename_bound(atom, names, sizes) if slope.has(atom) else atom
            terms.append(slope * differentiate(inner, by, names, sizes))
    return sp.Add(*terms)


def slope_by(expression: sp.Expr, atom: sp.Expr) -> sp.Expr:
    """The scalar derivative of an expression by an element or sum that stands in it."""
    dummy = stand_in(atom)
    return _slope(expression.xreplace({atom: dummy}), dummy).xreplace({dummy: atom})


class _Real(sp.Function):  # type: ignore[misc]
    """A function while it is differentiated, whose argument is real though SymPy cannot prove it (a logarithm)."""

    nargs = 1
    is_real = True
    function: type[sp.Function]

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """SymPy's own derivative at a real symbol, almost everywhere: jumps contribute nothing."""
        at = sp.Dummy(real=True)
        slope = (
            self.function(at)
            .diff(at)
            .replace(lambda e: isinstance(e, sp.DiracDelta | sp.Derivative), lambda _: sp.Integer(0))
        )
        return slope.xreplace({at: self.args[0]})


class _Sign(_Real):
    function = sp.sign


class _Floor(_Real):
    function = sp.floor


class _Absolute(_Real):
    function = sp.Abs


_REAL: dict[type[sp.Function], type[_Real]] = {each.function: each for each in (_Sign, _Floor, _Absolute)}


def _slope(scalar: sp.Expr, dummy: sp.Dummy) -> sp.Expr:
    """The scalar derivative, almost everywhere."""
    if not scalar.has(*_REAL):
        return scalar.diff(dummy)
    for function, instead in _REAL.items():
        scalar = scalar.replace(function, instead)
    return scalar.diff(dummy).replace(lambda e: isinstance(e, _Real), lambda e: e.function(*e.args))
