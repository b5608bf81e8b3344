"""The convention of a document: its notation by name, how weights and a batch lie in it, what an error is called.

The formulas shown are those of a layer of neurons, written as the notation writes any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symbp.explain import mathematics as m
from symbp.explain.document import Code, Heading, Inline, Paragraph, Part
from symbp.explain.forward import index_form
from symbp.explain.layout import COTANGENT, Layout
from symbp.explain.matrix import matrix_form
from symbp.explain.naming import Naming
from symbp.explain.notations import NOTATIONS, Notation
from symbp.explain.view import View
from symbp.formula.equation import Equation
from symbp.formula.examples import EXAMPLES, is_apart, is_mean
from symbp.formula.expression import SumOver, element, index, size

_n, _i, _j = map(index, "nij")
_SIZES = {_n: EXAMPLES, _i: size("N_i"), _j: size("N_j")}
_WEIGHING = Equation(
    element("z", _n, _j), SumOver(element("x", _n, _i) * element("W", _i, _j), _i) + element("b", _j), _SIZES
)
_N, _I, _J = m.Name("n"), m.Name("i"), m.Name("j")
_HADAMARD = m.Product((m.Name("A", matrix=True), m.Name("B", matrix=True)), "elementwise")


def convention(view: View) -> list[Part]:
    """A heading; the notation by name, with its layout; what its symbols mean."""
    notation = view.notation
    naming, _ = example(notation)
    named = view.say("convention.notation", name=Code(notation.name), like=view.say(f"notation.{notation.name}"))
    layout = [named, _weights(view, naming), *_apart(view), *_batch(view, naming), *_cost(view, naming)]
    return [
        Heading(1, view.say("convention.heading")),
        Paragraph(view.language.sentences(layout)),
        Paragraph(view.language.sentences([*_errors(view, naming), *_symbols(view)])),
    ]


def example(notation: Notation) -> tuple[Naming, m.Math]:
    """The names of a layer of neurons' tensors in a notation, and the equation of that layer."""
    naming = Naming(layout=Layout(notation, frozenset("W"), frozenset("xza"), "z"))
    return naming, _written(naming)


def _weights(view: View, naming: Naming) -> Inline:
    """What a layer of neurons computes of one example, and how its weights lie."""
    notation = replace(view.notation, batch="one") if view.notation.matrices else view.notation
    alone = _written(replace(naming, layout=replace(naming.layout, notation=notation)))
    places = {"W": naming.tensor("W", matrix=True), "element": naming.tensor("W", (_I, _J)), "i": _I, "j": _J}
    if notation.weights == "outputs":
        return view.say("convention.outputs", single=alone, **places)
    return view.say("convention.inputs", single=alone, **places)


def _written(naming: Naming) -> m.Math:
    line = matrix_form(_WEIGHING, naming) or index_form(_WEIGHING, naming)
    return m.Relation((line.left or m.Words(""), line.right), ("=",))


def _apart(view: View) -> Iterator[Inline]:
    """Why the notation is not quite what its name promises."""
    chosen = NOTATIONS[view.notation.name]
    formulas = [derived.formula for derived in view.derivation.formulas.values()]
    if chosen.batch != view.notation.batch:
        related = view.language.listed(Code(view.called(f.name)) for f in formulas if not is_apart(f))
        yield view.say("convention.related", formulas=related)
    if chosen.mean != view.notation.mean:
        yield view.say("convention.no_mean", C=view.cost)


def _batch(view: View, naming: Naming) -> Iterator[Inline]:
    """How the examples of a batch lie."""
    notation = view.notation
    if not notation.matrices:
        yield view.say("convention.index", n=_N)
    elif notation.batch == "one":
        yield view.say("convention.one", n=_N)
    else:
        whole = _written(naming)
        yield (
            view.say("convention.rows", whole=whole)
            if notation.batch == "rows"
            else view.say("convention.columns", whole=whole)
        )
        yield view.say("convention.ones", ones=m.Ones()) if notation.ones else view.say("convention.repeated")


def _cost(view: View, naming: Naming) -> Iterator[Inline]:
    """Whose cost is differentiated, and where the mean over the batch stands."""
    mean = any(is_mean(derived.formula) for derived in view.derivation.formulas.values())
    if view.notation.batch == "one":
        of_mean, of_sum = (view.say(f"convention.{kind}_of_examples", C=view.cost) for kind in ("mean", "sum"))
        yield of_mean if mean else of_sum
    elif view.notation.mean == "parameters":
        by = naming.tensor("z", matrix=True)
        times = m.Product((m.Name(view.notation.examples), m.Derivative(view.cost, by)))
        equal = m.Relation((naming.tensor(f"{COTANGENT}z", matrix=True), times), ("=",))
        yield view.say("convention.mean", C=view.cost, N=m.Name(view.notation.examples), equal=equal)
    else:
        yield view.say("convention.cost", C=view.cost, N=m.Name(view.notation.examples))


def _errors(view: View, naming: Naming) -> Iterator[Inline]:
    """What the cotangents are called."""
    notation = view.notation
    place = (_N, _J)
    error, derivative = naming.tensor(f"{COTANGENT}z", place), m.Derivative(view.cost, naming.tensor("z", place))
    if notation.error == "delta":
        yield view.say("convention.error", error=m.Relation((error, derivative), ("=",)))
    elif notation.error == "derivative":
        yield view.say("convention.derivative", error=derivative)
    else:
        by = naming.tensor("W", matrix=True)
        equal = m.Relation((naming.tensor(f"{COTANGENT}W", matrix=True), m.Derivative(view.cost, by)), ("=",))
        yield view.say("convention.differential", equal=equal)
    if notation.upstream:
        yield view.say("convention.upstream", upstream=m.Name(notation.upstream))
    if notation.gradient:
        element_ = naming.tensor(f"{COTANGENT}a", place)
        yield view.say("convention.gradient", gradient=naming.tensor(f"{COTANGENT}a"), element=element_)
    if notation.slopes:
        yield view.say("convention.slopes", slope=m.Slope("f", m.Name("z")))


def _symbols(view: View) -> Iterator[Inline]:
    indicator = m.Indicator(m.Words(view.language.text("convention.condition")))
    yield view.say("convention.indicator", indicator=indicator)
    if view.notation.matrices:
        yield view.say("convention.matrices", hadamard=_HADAMARD)
    yield view.say("convention.numbers")
