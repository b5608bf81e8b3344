"""Across the seam: a last activation and the loss behind it, derived as one where the algebra is simpler so.

The activation's output is replaced by its formula in the loss's equations, and logarithms are taken apart:

    softmax, cross-entropy             -log(exp(z[y])/S)                  ->  log(S) - z[y]               gradient p - y
    sigmoid, binary cross-entropy      -y log(s) - (1-y) log(1-s)         ->  (1-y) z + log(1 + exp(-z))  gradient a - y
    exp, Poisson                       ...

Nothing here knows those pairs: any two formulas are tried, and joined when the joint gradient costs fewer operations
than the two apart, and either logarithms came apart (the logarithm of a value that may underflow is gone) or forward
and backward together cost fewer operations too. The activation stays an equation of the joint formula, so that its
value can be saved and predicted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import sympy as sp

from symbp.derive.algebra import RATIONAL, everywhere, larger, operations
from symbp.derive.derivation import FormulaDerivation, Step
from symbp.derive.derive import derive_formula
from symbp.formula.equation import Equation, Formula
from symbp.formula.expression import Element, elements
from symbp.formula.indices import Names, bound_indices, rename_bound

QUOTIENT, RECIPROCAL = "log(a/b) = log(a) - log(b)", "log(1/a) = -log(a)"
PRODUCT, POWER, EXPONENTIAL = "log(a*b) = log(a) + log(b)", "log(a**b) = b*log(a)", "log(exp(a)) = a"
IDENTITIES = (QUOTIENT, RECIPROCAL, PRODUCT, POWER, EXPONENTIAL)  # in the order in which they are told


@dataclass(frozen=True)
class Joint:
    """Two formulas as one. `steps` show each equation of the second that changed: inlined, then logarithms apart.

    `tensors` and `sizes` say what the second formula's names became; the first's stay.
    """

    formula: Formula
    steps: tuple[Step, ...]
    tensors: Mapping[str, str]
    sizes: Mapping[sp.Symbol, sp.Expr]


def join(first: Formula, second: Formula, through: str) -> Joint | None:
    """The formula of `second` after `first`, whose output it reads as `through`; None where they cannot be joined."""
    if len(first.equations) != 1 or set(first.scalars) & set(second.scalars) or first.with_role("parameter"):
        return None  # of what has parameters, the output is the network's own
    (made,) = first.equations
    if not all(i.is_Symbol for i in made.target.indices) or made.body.has(sp.Piecewise):
        return None
    second, renamed, moved = _in_terms_of(first, second, through)
    output = made.target.tensor
    equations, steps = [], []
    for equation in second.equations:
        if not any(elements(equation.body, output)):
            equations.append(equation)
            continue
        inlined, sizes = _inline(made, equation)
        used = set[str]()
        simple = everywhere(inlined, partial(logarithms_apart, used=used))
        target = equation.target
        steps.append(Step("inline", target, equation.body, inlined, sizes, str(made)))
        if simple != inlined:
            steps.append(Step("rewrite", target, inlined, simple, sizes, "; ".join(i for i in IDENTITIES if i in used)))
        equations.append(replace(equation, body=simple, sizes=sizes))
    tensors = {**first.tensors, **second.tensors}
    tensors[output] = replace(first.tensors[output], role="intermediate")
    joint = Formula(
        f"{first.name} into {second.name}",
        (made, *equations),
        tensors,
        {**first.scalars, **second.scalars},
        {**second.letters, **first.letters},
        second.source,
    )
    return Joint(joint, tuple(steps), renamed, moved)


def derive_joint(first: Formula, second: Formula, through: str) -> tuple[FormulaDerivation, Joint] | None:
    """The joint derivation, and how its formula was found, where it is simpler than the two apart; else None."""
    joined = join(first, second, through)
    if joined is None:
        return None
    together = derive_formula(joined.formula)
    apart = (derive_formula(first), derive_formula(second))
    cheaper_backward = _backward(together) < _backward(*apart)
    rewritten = any(step.rule == "rewrite" for step in joined.steps)
    if cheaper_backward and (rewritten or _cost(together) < _cost(*apart)):
        return together, joined
    return None


def _backward(*derivations: FormulaDerivation) -> int:
    return sum(operations(g.equation.body) for d in derivations for g in d.backward)


def _cost(*derivations: FormulaDerivation) -> int:
    """Operations forward and backward; what stands twice is counted once, since it is computed once."""
    bodies = [e.body for d in derivations for e in (*d.forward, *(g.equation for g in d.backward))]
    distinct = {node for body in bodies for node in sp.preorder_traversal(body)}
    return sum(operations(node) - sum(operations(a) for a in node.args) for node in distinct)


def logarithms_apart(expression: sp.Expr, used: set[str]) -> sp.Expr:
    """Logarithms of positive products taken apart, products over sums multiplied out; `used` takes the identities."""
    if not expression.has(sp.log) or larger(expression, RATIONAL):
        return expression

    def take_apart(logarithm: sp.Expr) -> sp.Expr:
        whole = sp.factor(sp.together(logarithm.args[0]))
        apart = sp.expand_log(sp.log(whole))
        if apart != logarithm:
            used.update(_identities(whole))
        return apart

    apart = expression.replace(lambda n: isinstance(n, sp.log), take_apart)
    return expression if apart == expression else sp.expand(apart)


def _identities(whole: sp.Expr) -> Iterator[str]:
    """What takes the logarithm of this product apart, of `IDENTITIES`."""
    factors = sp.Mul.make_args(whole)
    below = [f for f in factors if isinstance(f, sp.Pow) and f.exp.could_extract_minus_sign()]
    if below:
        yield RECIPROCAL if len(below) == len(factors) else QUOTIENT
    if len(below) > 1 or len(factors) - len(below) > 1:
        yield PRODUCT
    if any(isinstance(f, sp.Pow) and f.exp not in (1, -1) for f in factors):
        yield POWER
    if any(isinstance(f, sp.exp) for f in factors):
        yield EXPONENTIAL


def _inline(made: Equation, equation: Equation) -> tuple[sp.Expr, dict[sp.Symbol, sp.Expr]]:
    """The equation's body with every read of the made tensor replaced by its formula, and the sizes of its indices."""
    sizes = {**equation.sizes}
    names = Names(s.name for s in {*equation.sizes, *made.target.free_symbols})
    replaced: dict[sp.Expr, sp.Expr] = {}
    for read in elements(equation.body, made.target.tensor):
        fresh_sizes = dict(made.sizes)
        body = rename_bound(made.body, names, fresh_sizes)
        sizes.update({s: fresh_sizes[s] for s in bound_indices(body)})
        replaced[read] = body.xreplace(dict(zip(made.target.indices, read.indices, strict=True)))
    return equation.body.xreplace(replaced), sizes


def _in_terms_of(
    first: Formula, second: Formula, through: str
) -> tuple[Formula, dict[str, str], dict[sp.Symbol, sp.Expr]]:
    """The second formula with the first's name for the tensor between them and its sizes, nothing else shared."""
    output = first.output
    names = Names(first.tensors)
    renamed = {n: output.name if n == through else names.distinct(n) for n in second.tensors}
    sizes = dict(zip(second.tensors[through].axes, output.axes, strict=True))
    taken = {str(s) for t in first.tensors.values() for a in t.axes for s in a.free_symbols}
    for tensor in second.tensors.values():
        for axis in tensor.axes:
            for symbol in sorted(axis.free_symbols, key=str):
                if symbol not in sizes:
                    name = str(symbol)
                    while name in taken:
                        name += "_"
                    sizes[symbol] = sp.Symbol(name, integer=True, positive=True)

    def move(expression: sp.Expr) -> sp.Expr:
        return expression.xreplace(sizes).replace(
            lambda e: isinstance(e, Element) and e.tensor in renamed,
            lambda e: Element(sp.Symbol(renamed[e.tensor], **e.args[0].assumptions0), *e.indices),
        )

    equations = tuple(
        Equation(move(e.target), move(e.body), {i: v.xreplace(sizes) for i, v in e.sizes.items()}, e.text)
        for e in second.equations
    )
    tensors = {
        renamed[n]: replace(t, name=renamed[n], axes=tuple(a.xreplace(sizes) for a in t.axes))
        for n, t in second.tensors.items()
        if n != through
    }
    letters = {name: value.xreplace(sizes) for name, value in second.letters.items()}
    return replace(second, equations=equations, tensors=tensors, letters=letters), renamed, sizes
