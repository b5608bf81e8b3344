"""The functions that claims may call: elementwise ones, the catalog's activations, and derivatives of those.

`f`, `g`, `h`, `phi`, `sigma` and `act` are whatever activation reads the argument; so `f'(z2)` is layer 2's. The
derivative is derived from the activation's formula.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import sympy as sp

from symbp.audit.setting import Setting
from symbp.audit.truth import as_taken
from symbp.audit.vocabulary import MeaninglessError, UnknownNameError
from symbp.derive.derive import derive_formula
from symbp.errors import UserError
from symbp.formula.build import UNARY
from symbp.formula.equation import Equation, Formula, Tensor
from symbp.formula.evaluate import evaluate_formula
from symbp.formula.expression import Element, SumOver, element, elements, index, size
from symbp.forward.inline import inlined
from symbp.forward.rows import callable_rows

ANY = ("f", "g", "h", "phi", "sigma", "act")
_I, _N = index("i"), size("N_i")
ELEMENTWISE: dict[str, Callable[[sp.Expr], sp.Expr]] = {n: f for n, f in UNARY.items() if n not in ("stop",)}


@dataclass(frozen=True)
class Activation:
    """A function of one number: `body` computes it from the element `z[i]`."""

    name: str
    body: sp.Expr

    @cached_property
    def formula(self) -> Formula:
        tensors = {"z": Tensor("z", (_N,), "input"), "a": Tensor("a", (_N,), "output")}
        equation = Equation(element("a", _I), self.body, {_I: _N})
        return Formula(self.name, (equation,), tensors, {}, {"i": _N})

    @cached_property
    def slope(self) -> sp.Expr:
        """The derivative as an expression in `z[i]`, derived."""
        (gradient,) = derive_formula(self.formula, wanted=["z"], cost="").backward
        taken = as_taken(gradient.equation, gradient.steps)
        body = taken.body.replace(lambda e: isinstance(e, Element) and e.tensor == "d_a", lambda e: sp.Integer(1))
        return body.xreplace(dict(zip(taken.target.indices, (_I,), strict=True)))

    @property
    def is_indicator(self) -> bool:
        """Whether the derivative is 1 or 0."""
        return isinstance(self.slope, sp.Piecewise) and {v for v, _ in self.slope.args} == {0, 1}

    def symbolic(self, argument: sp.Expr, *, derivative: bool) -> sp.Expr:
        """The value, or the derivative, at an expression."""
        return (self.slope if derivative else self.body).xreplace({element("z", _I): argument})

    def values(self, argument: np.ndarray, *, derivative: bool) -> np.ndarray:
        flat = np.asarray(argument, float).reshape(-1)
        body = self.slope if derivative else self.body
        equation = Equation(element("a", _I), body, {_I: _N})
        with np.errstate(all="ignore"):
            known = evaluate_formula([equation], {"z": flat}, {_N: len(flat)})
        return np.asarray(known["a"]).reshape(np.shape(argument))


@cache
def named(name: str) -> Activation | None:
    """An activation of the catalog, or a function of the formula language."""
    if name in ELEMENTWISE:
        return Activation(name, ELEMENTWISE[name](element("z", _I)))
    body = inlined(name)
    return None if body is None else Activation(name, body(element("z", _I)))


def activations(setting: Setting) -> dict[str, Activation]:
    """The activations of a setting, each by the tensor that it reads.

    `a = z * sigmoid` is one of z, where `sigmoid` is computed from z too.
    """
    known: dict[str, Activation] = setting.memory.setdefault("activations", {})
    if not known:
        made: dict[str, tuple[str, sp.Expr]] = {}  # what is computed by elements, from which tensor and how
        for equation in setting.formula.equations:
            indices, body = equation.target.indices, equation.body
            read = {e.tensor for e in elements(body)}
            if body.has(SumOver) or any(e.indices != indices for e in elements(body)):
                continue
            for name in [n for n in read if n in made and made[n][0] in read]:
                source, how = made[name]
                body = body.xreplace(
                    {element(name, *indices): how.xreplace({element("z", _I): element(source, *indices)})}
                )
            if len({e.tensor for e in elements(body)}) == 1:
                (argument,) = set(elements(body))
                made[equation.target.tensor] = argument.tensor, body.xreplace({argument: element("z", _I)})
                known[argument.tensor] = Activation(equation.target.tensor, made[equation.target.tensor][1])
    return known


def function(name: str, argument: str, setting: Setting) -> Activation:
    """The function of this name where its argument is this tensor, or `` for any expression."""
    found = None if name in ANY else named(name)
    if found is not None:
        return found
    if name not in ANY:
        known = [*ANY, *ELEMENTWISE, *callable_rows(), "sum", "mean", "where", "max", "min", "diag", "outer", "trace"]
        near = difflib.get_close_matches(name, known, 1)
        raise UnknownNameError(f"`{name[:60]}` is no function here" + (f"; did you mean `{near[0]}`?" if near else ""))
    own = activations(setting)
    if argument in own:
        return own[argument]
    made = next((a for a in own.values() if a.name == argument), None)
    if made is not None:
        return made  # f'(a2) for f'(z2)
    bodies = {a.body for a in own.values()}
    if len(bodies) == 1:
        return next(iter(own.values()))
    if not bodies:
        raise UserError(f"`{name}` is the activation, and no tensor here is a function of one number of another")
    raise MeaninglessError(
        f"`{name}({argument or '...'})`: which activation is meant? They differ, and it is not that of "
        f"{', '.join(f'`{t}`' for t in own)}; call it by its name, such as `sigmoid`"
    )
