"""Every step of a derivation on numbers: `before` equals `after`, each evaluated literally on small random values.

Numbers have fifty digits, so that no cancellation hides a wrong step and none makes a right one look wrong. A
derivative that is not yet taken is a difference quotient with a step of 1e-15, good to some thirty digits: of one
equation where it is partial (what else the equation reads stays as it is), of the whole formula where it is the cost's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import mpmath
import numpy as np
import sympy as sp

from symbp.derive.derivation import Derivation, FormulaDerivation, Gradient, Step, Tangent, TangentDerivation
from symbp.formula.backends import Array, mpmath_backend
from symbp.formula.equation import Equation, Formula
from symbp.formula.evaluate import evaluate_formula
from symbp.formula.expression import Element, Flat, Padded, Partial, elements, stop
from symbp.formula.indices import Names, rename_bound
from symbp.formula.values import Axes, Setting, evaluate_expression, index_sizes
from symbp.verify.samples import Sample, draw_sample, shape_of

DIGITS = 50
EXACT = mpmath.mpf(10) ** -40  # of a rewriting: ten digits are left to rounding
QUOTIENT = mpmath.mpf(10) ** -20  # of a difference quotient, whose error is of the order of STEP squared
STEP = sp.Rational(1, 10**15)


@dataclass(frozen=True)
class StepReading:
    """How far the two sides of a step are apart, relative to the larger of 1 and the largest entry.

    `tensor` is what was derived; a reading of the rule "result" compares an equation that is evaluated with what it
    stands for.
    """

    tensor: str
    rule: str
    detail: str
    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the sides are equal; NaN is not."""
        return bool(self.error <= self.tolerance)


def check_formula(
    derivation: FormulaDerivation | TangentDerivation,
    *,
    scalars: Mapping[str, float] | None = None,
    sizes: Mapping[str, int] | None = None,
    seed: int = 0,
) -> tuple[StepReading, ...]:
    """Every step of one formula's derivation, and every equation that is evaluated, on one random sample.

    `scalars` and `sizes` fix hyperparameters and sizes by name.
    """
    with mpmath.workdps(DIGITS), np.errstate(all="ignore"):
        sample = draw_sample(derivation.formula, mpmath_backend(DIGITS), seed, scalars=scalars, sizes=sizes)
        return tuple(_Check(derivation, sample, seed).readings())


def check_derivation(derivation: Derivation, *, seed: int = 0) -> dict[str, tuple[StepReading, ...]]:
    """The readings of every formula of a network, and of its seams, with the network's own hyperparameters."""
    found = {}
    for name, formula in derivation.formulas.items():
        blocks = (*derivation.network.blocks, *derivation.network.link)
        scalars = next(b.scalars for b in blocks if b.formula.name == name)
        found[name] = check_formula(formula, scalars=scalars, seed=seed)
    for seam in derivation.seams:
        found[f"seam of {seam.joint}"] = check_steps(seam.steps, derivation.formulas[seam.joint].formula, seed=seed)
    return found


def check_steps(steps: Iterable[Step], formula: Formula, *, seed: int = 0) -> tuple[StepReading, ...]:
    """Steps that rewrite equations of a formula, such as those of a seam."""
    with mpmath.workdps(DIGITS), np.errstate(all="ignore"):
        sample = draw_sample(formula, mpmath_backend(DIGITS), seed)
        return tuple(_compare(s, s.target, sample) for s in steps)


def worst(readings: Iterable[StepReading]) -> StepReading:
    """The reading that exceeds its tolerance most, or comes closest to it."""
    return max(readings, key=lambda r: (not r.passed, r.error / max(r.tolerance, EXACT)))


Partials = Callable[[Partial, Setting], tuple[Array, Axes]]


class _Check:
    """One derivation on one sample: what the formula computes, and the derivatives of its tensors."""

    def __init__(self, derivation: FormulaDerivation | TangentDerivation, sample: Sample, seed: int) -> None:
        self.derivation = derivation
        self.formula = derivation.formula
        self.made = {e.target.tensor: e for e in self.formula.equations}
        self.moving = {t: e for t, e in self.made.items() if not isinstance(e.body, stop)}
        self.sample, self.backend = sample, sample.backend
        self.draw = np.random.default_rng(seed + 1)
        self.found: tuple[Gradient, ...] | tuple[Tangent, ...]
        if isinstance(derivation, FormulaDerivation):
            self.found = derivation.backward
            self.costs = {"C", "R", derivation.cost}
            given = {f"d_{t.name}": self.normal(t.name) for t in self.formula.with_role("output")}
            self.whole: Partials = self.of_cost
        else:
            self.found = derivation.tangents
            given = {derivation.prefix + name: self.normal(name) for name in derivation.moving}
            self.whole = self.along_path
        self.stated = self.sample.tensors
        evaluated = self.run((*derivation.forward, *(f.equation for f in self.found)), {**self.stated, **given})
        self.sample = replace(self.sample, tensors=evaluated)

    def normal(self, tensor: str) -> Array:
        shape = shape_of(self.formula.tensors[tensor], self.sample.sizes)
        return self.backend.array(self.draw.standard_normal(shape))

    def run(self, equations: Iterable[Equation], tensors: Mapping[str, Array]) -> dict[str, Array]:
        return evaluate_formula(equations, tensors, self.sample.sizes, self.sample.scalars, self.backend)

    def readings(self) -> Iterable[StepReading]:
        for name in self.made:
            yield _reading(name, "result", "", self.stated[name], self.sample.tensors[name], EXACT)
        for step in self.derivation.forward_steps:
            yield _compare(step, step.target, self.sample)
        for each in self.found:
            target = each.steps[0].target if each.steps else each.equation.target
            reached: sp.Expr | None = None
            for step in each.steps:
                if reached is not None and reached != step.before:
                    yield StepReading(each.tensor, step.rule, "does not go on where the last step ended", np.inf, 0)
                whole = self.whole if step.rule == "chain rule" else self.partial
                yield _compare(step, target, self.sample, whole, self.partial)
                reached, target = step.after, step.target
            if reached is not None and reached != each.equation.body:
                yield StepReading(each.tensor, "result", "is not where the last step ended", np.inf, 0)

    # derivatives not yet taken: of what is derived (`whole`), through all equations; else of one equation

    def partial(self, node: Partial, setting: Setting) -> tuple[Array, Axes]:
        """The equation's right side with one element of what it reads moved up and down."""
        equation = self.made[node.of.tensor]
        sizes = dict(equation.sizes)
        body = rename_bound(equation.body, Names(s.name for s in setting.index_sizes), sizes)
        body = body.xreplace(dict(zip(_free(equation.target), _free(node.of), strict=True)))
        inner = replace(setting, index_sizes={**index_sizes(sizes, setting.sizes), **setting.index_sizes})
        axes = (*_free(node.of), *_free(node.by))
        up, down = (evaluate_expression(_moved(body, node.by, h), axes, inner) for h in (STEP, -STEP))
        moved = np.asarray(np.asarray(up != down), bool)  # what is -inf on both sides does not move
        change = np.subtract(up, down, out=np.full(np.shape(moved), mpmath.mpf(0)), where=moved)
        return change / (2 * self.step), axes

    def of_cost(self, node: Partial, setting: Setting) -> tuple[Array, Axes]:
        """The cost with one element moved up and down: every equation that depends on it for each of its positions."""
        name = node.by.tensor
        places = tuple(sp.Dummy(i.name, integer=True, nonnegative=True) for i in node.by.indices)
        extents = dict(zip(places, self.formula.tensors[name].axes, strict=True))
        depends = {name} if name in self.made else set()
        while True:
            more = {
                t for t, e in self.moving.items() if any(r.tensor in depends | {name} for r in elements(e.body))
            } - depends
            if not more:
                break
            depends |= more
        sides = []
        for h in (STEP, -STEP):

            def moved(read: Element, h: sp.Expr = h) -> sp.Expr:
                spread = Element(read.args[0], *read.indices, *places) if read.tensor in depends else read
                if read.tensor != name:
                    return spread
                return spread + h * sp.Mul(*map(sp.KroneckerDelta, read.indices, places))

            equations = [
                Equation(
                    Element(e.target.args[0], *e.target.indices, *places),
                    _at_reads(e.body, moved),
                    {**e.sizes, **extents},
                )
                for t, e in self.moving.items()
                if t in depends
            ]
            given = {t: v for t, v in self.sample.tensors.items() if t not in depends}
            sides.append(self.cost(self.run(equations, given), depends))
        return (sides[0] - sides[1]) / (2 * self.step), tuple(node.by.indices)

    def cost(self, known: Mapping[str, Array], depends: set[str]) -> Array:
        """The cost for each position: the outputs weighted with their cotangents; a loss is the cost itself."""
        total = self.backend.array(0)
        for output in self.formula.with_role("output"):
            if output.name not in depends:
                continue
            value = known[output.name]
            weight = self.sample.tensors.get(f"d_{output.name}")
            if output.name not in self.costs and weight is not None:
                value = np.tensordot(weight, value, axes=weight.ndim)
            total = total + value
        return np.asarray(total, object)

    def along_path(self, node: Partial, setting: Setting) -> tuple[Array, Axes]:
        """A tensor with everything that moves a little further along the path, and a little less far."""
        assert isinstance(self.derivation, TangentDerivation)
        prefix = self.derivation.prefix
        sides = []
        for h in (self.step, -self.step):
            moved = {n: self.stated[n] + h * self.sample.tensors[prefix + n] for n in self.derivation.moving}
            sides.append(self.run(self.moving.values(), {**self.stated, **moved})[node.of.tensor])
        slope = np.asarray((sides[0] - sides[1]) / (2 * self.step), object)
        counts = [setting.index_sizes[i] for i in _free(node.of)]
        return slope.reshape(counts), _free(node.of)

    @property
    def step(self) -> mpmath.mpf:
        return mpmath.mpf(STEP.p) / STEP.q


def _moved(body: sp.Expr, by: Element, h: sp.Expr) -> sp.Expr:
    """The expression with `by` moved by h, wherever it is read."""

    def moved(read: Element) -> sp.Expr:
        return (
            read + h * sp.Mul(*map(sp.KroneckerDelta, read.indices, by.indices)) if read.tensor == by.tensor else read
        )

    return _at_reads(body, moved)


def _at_reads(body: sp.Expr, change: Callable[[Element], sp.Expr]) -> sp.Expr:
    """The expression with every read changed; what is added to one that is padded is added outside."""
    changed = body.replace(lambda n: isinstance(n, Element), change)
    return changed.replace(
        lambda n: isinstance(n, Padded),
        lambda n: sp.Add(*(Padded(t, n.value) if isinstance(t, Element) else t for t in sp.Add.make_args(n.read))),
    )


def _free(element: Element) -> tuple[sp.Symbol, ...]:
    return tuple(s for i in element.indices for s in (i.args if isinstance(i, Flat) else (i,)))


def _compare(step: Step, left: Element, sample: Sample, *partials: Partials) -> StepReading:
    """Both sides of a step as arrays; `left` is the left side before it, `partials` evaluates each side's."""
    setting = Setting(
        sample.tensors,
        sample.sizes,
        index_sizes(step.sizes, sample.sizes),
        sample.scalars,
        sample.backend,
    )
    hooks = partials or (None, None)

    def side(expression: sp.Expr, target: Element, hook: Partials | None) -> Array:
        return evaluate_expression(expression, _free(target), replace(setting, partials=hook))

    before, after = side(step.before, left, hooks[0]), side(step.after, step.target, hooks[1])
    untaken = step.before.has(Partial) or step.after.has(Partial)
    return _reading(step.target.tensor, step.rule, step.detail, before, after, QUOTIENT if untaken else EXACT)


def _reading(tensor: str, rule: str, detail: str, one: Array, other: Array, tolerance: mpmath.mpf) -> StepReading:
    one, other = np.asarray(one, object).ravel(), np.asarray(other, object).ravel()
    if one.shape != other.shape:
        return StepReading(tensor, rule, f"{detail} ({one.size} and {other.size} entries)", np.inf, float(tolerance))
    scale = max([mpmath.mpf(1), *(abs(v) for v in one if mpmath.isfinite(v))])
    apart = [mpmath.mpf(0) if a == b else abs(a - b) / scale for a, b in zip(one, other, strict=True)]
    error = float("nan") if any(a != a for a in apart) else float(max(apart, default=mpmath.mpf(0)))
    return StepReading(tensor, rule, detail, error, float(tolerance))
