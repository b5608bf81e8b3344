"""The closed set of expression nodes that a formula is made of.

Scalars and arithmetic are SymPy's own (`Add`, `Mul`, `Pow`, `Rational`, `exp`, `log`, `tanh`, `erf`, `Abs`,
`sign`, `Piecewise`, relations, `KroneckerDelta`, `floor`).  What SymPy lacks, or evaluates too eagerly, stands here:

    Element(x, i, j)           x[i,j]            reading outside the tensor gives 0; rank 0 is Element(x)
    Padded(x[i,j], value)      x[i,j], but the given number where that is outside the tensor
    SumOver(body, i, j)        sum[i,j](body)
    MaxOver(body, i, j)        max[i,j](body)
    Winner(body, i, i, j)      the value of `i` where max[i,j](body) is first attained (row-major order)
    Flat(i, j, k)              the row-major position of (i, j, k); used as an index, on either side of `=`
    InRange(e, size)           1 where 0 <= e < size, else 0
    Partial(y[i], x[j])        the derivative of one element by another, not yet taken
    First(e)                   e, computed before what is done with it: (z - m) + log(s), not z - (m - log(s))

the functions that are evaluated as one stable unit: `expm1`, `log1p`, `logistic`, `softplus`; and

    stop(e)                           e, as a constant: its derivative is 0. It is the whole right side of an equation.

An index is a plain integer Symbol; its size is kept by the `Equation` that uses it.  Every bound index of an
equation has a name of its own (the parser and every rule see to it), so substitution needs no capture check.

Not here: arrays, shapes in numbers, NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy as sp


def index(name: str) -> sp.Symbol:
    """An index, such as the `i` of `x[n,i]`."""
    return sp.Symbol(name, integer=True, nonnegative=True)


def size(name: str) -> sp.Symbol:
    """A symbolic size of an axis, such as `N` or `N_i`."""
    return sp.Symbol(name, integer=True, positive=True)


def scalar(name: str, *, positive: bool = False, nonnegative: bool = False, integer: bool = False) -> sp.Symbol:
    """A hyperparameter, such as the slope of a leaky ReLU or the stride of a window, with what is known of it."""
    known = {"positive": positive, "nonnegative": nonnegative, "integer": integer}
    return sp.Symbol(name, real=True, **{fact: True for fact, holds in known.items() if holds})


class _Real(sp.Expr):
    """A real, commutative node."""

    is_commutative = True
    is_extended_real = True
    is_real = True
    is_complex = True
    is_finite = True


class Element(_Real):
    """One element `x[i,j]` of a tensor; `Element(x)` for rank 0. The first argument is the tensor's name."""

    def __new__(cls, name: sp.Symbol, *indices: Any) -> Element:
        return sp.Expr.__new__(cls, name, *(sp.Integer(i) if isinstance(i, int) else i for i in indices))

    @property
    def tensor(self) -> str:
        return str(self.args[0].name)

    @property
    def indices(self) -> tuple[sp.Expr, ...]:
        return tuple(self.args[1:])

    def _eval_is_integer(self) -> bool | None:
        return self.args[0].is_integer

    def _sympystr(self, printer: Any) -> str:
        if not self.indices:
            return self.tensor
        return f"{self.tensor}[{','.join(printer.doprint(i) for i in self.indices)}]"


def element(name: str, *indices: Any, integer: bool = False) -> Element:
    """`x[i,j]`; with `integer`, an element of a tensor of labels or tokens."""
    symbol = sp.Symbol(name, integer=True) if integer else sp.Symbol(name, real=True)
    return Element(symbol, *indices)


class Padded(_Real):
    """`x[i,j]`, or `value`, a number or an infinity, where that is outside the tensor."""

    def __new__(cls, read: Element, value: sp.Expr) -> Padded:
        return sp.Expr.__new__(cls, read, value)

    @property
    def read(self) -> Element:
        return self.args[0]

    @property
    def value(self) -> sp.Expr:
        return self.args[1]

    def _sympystr(self, printer: Any) -> str:
        return f"padded({printer.doprint(self.read)}, {printer.doprint(self.value)})"


class _Binder(_Real):
    """A node that binds its trailing indices in its first argument."""

    keyword = ""

    @property
    def body(self) -> sp.Expr:
        return self.args[0]

    @property
    def bound(self) -> tuple[sp.Symbol, ...]:
        return tuple(self.args[1:])

    @property
    def free_symbols(self) -> set[sp.Basic]:
        return self.body.free_symbols - set(self.bound)

    def _sympystr(self, printer: Any) -> str:
        return f"{self.keyword}[{','.join(map(str, self.bound))}]({printer.doprint(self.body)})"


class SumOver(_Binder):
    """`sum[i,j](body)`."""

    keyword = "sum"

    def __new__(cls, body: sp.Expr, *bound: sp.Symbol) -> sp.Expr:
        if not bound:
            return body
        return sp.Expr.__new__(cls, sp.Integer(body) if isinstance(body, int) else body, *bound)

    def _eval_is_positive(self) -> bool | None:
        return True if self.body.is_positive else None

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.body.is_nonnegative else None


class MaxOver(_Binder):
    """`max[i,j](body)`."""

    keyword = "max"

    def __new__(cls, body: sp.Expr, *bound: sp.Symbol) -> MaxOver:
        return sp.Expr.__new__(cls, body, *bound)


class Winner(_Binder):
    """The value of `which` where `max[bound](body)` is first attained, in row-major order."""

    keyword = "argmax"
    is_integer = True

    def __new__(cls, body: sp.Expr, which: sp.Symbol, *bound: sp.Symbol) -> Winner:
        return sp.Expr.__new__(cls, body, which, *bound)

    @property
    def which(self) -> sp.Symbol:
        return self.args[1]

    @property
    def bound(self) -> tuple[sp.Symbol, ...]:
        return tuple(self.args[2:])


class Flat(_Real):
    """The row-major position of the given indices within the axes they run over."""

    is_integer = True
    is_nonnegative = True

    def __new__(cls, *indices: sp.Expr) -> sp.Expr:
        return indices[0] if len(indices) == 1 else sp.Expr.__new__(cls, *indices)

    def _sympystr(self, printer: Any) -> str:
        return f"flat({','.join(printer.doprint(i) for i in self.args)})"


class InRange(_Real):
    """1 where `0 <= value < size`, else 0."""

    is_nonnegative = True

    def __new__(cls, value: sp.Expr, size: sp.Expr) -> sp.Expr:
        return sp.Expr.__new__(cls, value, size)

    def _sympystr(self, printer: Any) -> str:
        return f"inrange({printer.doprint(self.args[0])}, {printer.doprint(self.args[1])})"


class Partial(_Real):
    """The derivative of one element by another, not yet taken: `∂ of / ∂ by`."""

    def __new__(cls, of: Element, by: Element) -> Partial:
        return sp.Expr.__new__(cls, of, by)

    @property
    def of(self) -> Element:
        return self.args[0]

    @property
    def by(self) -> Element:
        return self.args[1]

    def _sympystr(self, printer: Any) -> str:
        return f"d({printer.doprint(self.of)})/d({printer.doprint(self.by)})"


class First(_Real):
    """The value of a sum or product that is not joined with what it is a part of: rounding depends on the order."""

    def __new__(cls, value: sp.Expr) -> sp.Expr:
        return sp.Expr.__new__(cls, value) if value.is_Add or value.is_Mul else value

    def _sympystr(self, printer: Any) -> str:
        return f"({printer.doprint(self.args[0])})"


class _Unit(sp.Function):
    """A function of one real variable that targets evaluate as one stable unit; `definition` says what it means."""

    nargs = 1
    is_real = True

    @classmethod
    def definition(cls, x: sp.Expr) -> sp.Expr:
        raise NotImplementedError

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        x = sp.Dummy("x", real=True)
        return self.definition(x).diff(x).subs(x, self.args[0])


class expm1(_Unit):  # noqa: N801 - a function of mathematics, named as NumPy names it
    """exp(x) - 1, accurate near 0."""

    @classmethod
    def definition(cls, x: sp.Expr) -> sp.Expr:
        return sp.exp(x) - 1


class log1p(_Unit):  # noqa: N801
    """log(1 + x), accurate near 0."""

    @classmethod
    def definition(cls, x: sp.Expr) -> sp.Expr:
        return sp.log(1 + x)


class logistic(_Unit):  # noqa: N801
    """1 / (1 + exp(-x)), without overflow."""

    @classmethod
    def definition(cls, x: sp.Expr) -> sp.Expr:
        return 1 / (1 + sp.exp(-x))

    def _eval_is_positive(self) -> bool:
        return True


class softplus(_Unit):  # noqa: N801
    """log(1 + exp(x)), without overflow."""

    @classmethod
    def definition(cls, x: sp.Expr) -> sp.Expr:
        return sp.log(1 + sp.exp(x))

    def _eval_is_positive(self) -> bool:
        return True


class stop(_Unit):  # noqa: N801
    """x, as a constant: nothing is differentiated through it."""

    @classmethod
    def definition(cls, x: sp.Expr) -> sp.Expr:
        return x

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.Integer(0)


UNITS: tuple[type[_Unit], ...] = (expm1, log1p, logistic, softplus)


def positive_part(x: sp.Expr) -> sp.Expr:
    """max(x, 0), as the language states it."""
    return sp.Piecewise((x, x > 0), (sp.Integer(0), True))


def elements(expression: sp.Basic, tensor: str | None = None) -> Iterator[Element]:
    """Every distinct element read in the expression, in a fixed order; of one tensor where it is named."""
    seen: set[sp.Basic] = set()
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        if not node.args or node in seen:
            continue
        seen.add(node)
        if isinstance(node, Element) and (tensor is None or node.tensor == tensor):
            yield node
        waiting.extend(reversed(node.args))
