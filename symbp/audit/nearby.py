"""Settings beside the one that claims are about: other conventions, other deltas, other activations, other losses.

Each is a formula like the first, derived anew. Activations and losses are rows of the catalog.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp

from symbp.audit.build import network_setting
from symbp.audit.functions import activations, named
from symbp.audit.layout import LAYOUTS
from symbp.audit.points import random_points
from symbp.audit.setting import BATCH, Point, Setting
from symbp.audit.truth import Subject
from symbp.catalog import lookup
from symbp.errors import UserError
from symbp.formula.equation import Equation
from symbp.formula.expression import Element, element, elements
from symbp.formula.parse import read_formula
from symbp.formula.scope import Declared, Scope
from symbp.forward.network import Network

ACTIVATIONS = ("sigmoid", "tanh", "relu", "identity", "softplus")
POINTS = 8  # so that what is right where z > 0 alone is not right by chance
LOSSES = (
    ("the squared error ½(a - y)²", "mse", True),
    ("the squared error (a - y)²", "mse", False),
    ("the binary cross-entropy", "binary_cross_entropy", False),
    ("the cross-entropy", "cross_entropy", False),
    ("the absolute error", "mae", False),
)


@dataclass(frozen=True)
class Nearby:
    """A setting, points of it, and for what a claim is right that is right in it."""

    words: str
    setting: Setting
    points: Sequence[Point]


def conventions(setting: Setting, network: Network | None, points: Sequence[Point]) -> Iterator[Nearby]:
    """The network in other conventions, and deltas of examples for those of the mean.

    Another convention is the same derivation with some axes exchanged, so its points are these points.
    """
    if setting.batched:
        other = replace(setting, per_example=not setting.per_example, memory={})
        of_mean = "deltas of the mean over the batch"
        words = of_mean if setting.per_example else "deltas of each example's cost, not of the mean"
        yield Nearby(words, other, [_rescaled(p, setting) for p in points])
    if network is None or setting.layout is None:
        return
    one = setting.layout.batch == "one"
    for layout in {layout.axes: layout for layout in LAYOUTS.values() if (layout.batch == "one") == one}.values():
        if layout.axes != setting.layout.axes:
            laid = network_setting(network, layout, "example" if setting.per_example else "mean")
            yield Nearby(f"{layout} ({layout.name})", laid, [_laid_out(p, setting, laid) for p in points])


def _rescaled(point: Point, setting: Setting) -> Point:
    """The point with cotangents of what has a row for each example of the other scale."""
    count = float(point.sizes[BATCH])
    factor = 1 / count if setting.per_example else count
    scaled = {f"d_{t.name}" for t in setting.formula.tensors.values() if BATCH in t.axes}
    return Point({n: v * factor if n in scaled else v for n, v in point.values.items()}, point.sizes)


def _laid_out(point: Point, setting: Setting, other: Setting) -> Point:
    """The point with the axes of every tensor and cotangent as in the other setting."""
    values = dict(point.values)
    for name, tensor in other.formula.tensors.items():
        if tensor.axes != setting.tensor(name).axes:
            for key in (name, f"d_{name}"):
                values[key] = np.transpose(values[key])
    return Point(values, point.sizes)


def _drawn(words: str, setting: Setting) -> Iterator[Nearby]:
    """The setting with points of its own, where there are any."""
    try:
        yield Nearby(words, setting, random_points(setting, POINTS)[0])
    except UserError:
        return


def other_activations(setting: Setting, about: Subject, wanted: tuple[str, ...]) -> Iterator[Nearby]:
    """The layer that a claim is about with other activations; the claim reads the cotangents `wanted`."""
    own = activations(setting)
    if about.by not in own and about.of not in {a.name for a in own.values()}:
        return
    argument = about.by if about.by in own else next(z for z, a in own.items() if a.name == about.of)
    for name in ACTIVATIONS:
        found = named(name)
        if found is None or found.body == own[argument].body:
            continue
        equations = tuple(
            replace(e, body=_applied(found.body, argument, e)) if e.target.tensor == own[argument].name else e
            for e in setting.formula.equations
        )
        formula = replace(setting.formula, equations=equations)
        changed = replace(setting, formula=formula, wanted=wanted, memory={})
        yield from _drawn(f"{_called(name)} as the activation of {argument}", changed)


def _called(name: str) -> str:
    return "the identity" if name == "identity" else f"a {name}"


def _applied(body: sp.Expr, argument: str, equation: Equation) -> sp.Expr:
    return body.replace(lambda e: isinstance(e, Element), lambda e: element(argument, *equation.target.indices))


def other_outputs(setting: Setting, wanted: tuple[str, ...]) -> Iterator[Nearby]:
    """The last activation and the loss both others, of a claim that reads nothing before the last weighted input."""
    prediction = setting.vocabulary.prediction
    made = next((e for e in setting.formula.equations if e.target.tensor == prediction), None)
    read = {e.tensor for e in elements(made.body)} if made is not None else set()
    if made is None or len(read) != 1 or not set(wanted) <= {prediction, *read}:
        return
    (argument,) = read
    equations = [
        e for e in setting.formula.equations if e.target.tensor in (prediction, "y", setting.formula.output.name)
    ]
    kept = {e.tensor for q in equations for e in (q.target, *elements(q.body))}
    tensors = {n: t for n, t in setting.formula.tensors.items() if n in kept}
    tensors[argument] = replace(tensors[argument], role="input")
    sizes = {i: made.sizes[i] for i in made.target.indices}
    for name in ACTIVATIONS:
        found = named(name)
        assert found is not None
        other = Equation(made.target, _applied(found.body, argument, made), sizes)
        changed = tuple(other if e is made else e for e in equations)
        alone = replace(setting, formula=replace(setting.formula, equations=changed, tensors=tensors), memory={})
        for near in other_losses(alone, wanted, means=(False,)):
            yield replace(near, words=f"{near.words}, behind {_called(name)}")


def other_losses(setting: Setting, wanted: tuple[str, ...], means: Sequence[bool] = (False, True)) -> Iterator[Nearby]:
    """Other losses of the same prediction and target: their sum over a row, or their mean over it."""
    tensors = setting.formula.tensors
    prediction = setting.vocabulary.prediction
    if setting.formula.output.axes or tensors.get("y") in (None, tensors.get(prediction)):
        return  # a Jacobian is asked for, or there is no target
    if prediction not in tensors or tensors["y"].axes != tensors[prediction].axes:
        return
    equations = setting.formula.equations
    last = max((k for k, e in enumerate(equations) if e.target.tensor in (prediction, "y")), default=-1)
    before = equations[: last + 1]
    kept = {e.target.tensor for e in before} | {setting.formula.output.name}
    known = {n: t for n, t in tensors.items() if t.role not in ("intermediate", "output") or n in kept}
    for words, name, half in LOSSES:
        for mean in means:
            cost = _cost(setting, prediction, name, half=half, mean=mean)
            if cost is not None:
                formula = replace(setting.formula, equations=(*before, cost), tensors=known)
                said = f"{words}, averaged over entries" if mean else words
                yield from _drawn(said, replace(setting, formula=formula, wanted=wanted, memory={}))


def _cost(setting: Setting, prediction: str, name: str, *, half: bool, mean: bool) -> Equation | None:
    """A row of the catalog as the cost: the mean over examples of the sum, or the mean, over the rest."""
    entry = lookup("loss", name)
    assert entry is not None
    axes = setting.tensor(prediction).axes
    rest = [a for a in axes if a not in (BATCH, 1)]
    if mean and not rest:
        return None
    probabilities = next((v.equations for v in entry.variants if v.options == {"targets"}), entry.equations)
    if not axes and "sum[j]" in probabilities:
        return None  # classes are an axis
    both = {n: Declared(len(axes), "input") for n in ("a", "y")}
    read = read_formula(name, probabilities, Scope(both, {}, ("C",), reduction="sum"))
    (equation,) = read.equations
    swap = dict(zip(read.tensors["a"].axes, axes, strict=True))
    called = {"a": prediction, "y": "y"}
    body = equation.body.replace(lambda e: isinstance(e, Element), lambda e: element(called[e.tensor], *e.indices))
    scale = sp.Mul(*(a for a in axes if a == BATCH), *(rest if mean else ()))
    sizes = {i: extent.xreplace(swap) for i, extent in equation.sizes.items()}
    return Equation(element(setting.formula.output.name), body / scale / (2 if half else 1), sizes)
