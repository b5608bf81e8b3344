"""What is wrong with a claim, found by search: small edits after which it is right, and settings in which it is.

the claim is c times what is right     ->  sign, factor, mean over the batch, double averaging
one edit makes it right                ->  its kind, and the node that differs
the derived expression has a term more ->  missing term
two edits make it right
it is right in a nearby setting        ->  "right for z = W a + b"
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice

import numpy as np
import sympy as sp

from symbp.audit.compare import TOLERANCE, agree, holds, sides
from symbp.audit.edits import Edit, edits
from symbp.audit.evaluate import Matrices
from symbp.audit.mistakes import Kind
from symbp.audit.nearby import Nearby, conventions, other_activations, other_losses, other_outputs
from symbp.audit.normal import TooManyTermsError, multiplied_out
from symbp.audit.print import between_matrices, in_letters, with_indices
from symbp.audit.prove import proven
from symbp.audit.setting import BATCH, Point, Setting
from symbp.audit.special import special_values
from symbp.audit.syntax import Statement
from symbp.audit.truth import cotangents_read, derived, in_words, subject, with_targets
from symbp.audit.written import written
from symbp.errors import UserError
from symbp.formula.backends import numpy_backend
from symbp.formula.equation import Equation
from symbp.formula.indices import Names, rename_bound
from symbp.formula.values import Setting as Evaluation
from symbp.formula.values import evaluate_expression, index_sizes
from symbp.forward.network import Network

MOST_PAIRS = 1500  # claims after two edits that are tried
LARGEST_RATIO = 64
PAIRED: tuple[Kind, ...] = (
    "sign", "transpose", "index swapped", "elementwise product", "matrix product", "order of factors", "layer",
    "saved value", "sum over the batch", "activation's derivative", "indicator", "factor", "extra factor",
)  # fmt: skip
STRUCTURE: tuple[Kind, ...] = (
    "transpose", "elementwise product", "matrix product", "order of factors", "index swapped", "index", "layer",
    "sum over the batch", "mean over the batch", "double averaging", "sign",
)  # fmt: skip


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong: `kind` and `text` of the difference, and the claim as it would be right, where edits led to it.

    `proven` says whether that is right by algebra. `right_for` are settings in which the claim is right as it is, or
    without one of its factors.
    """

    kind: Kind | None = None
    text: str = ""
    corrected: str = ""
    proven: bool = False
    right_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Asked:
    """A wrong claim, and what it is of."""

    statement: Statement
    setting: Setting
    points: Sequence[Point]
    network: Network | None


def diagnose(statement: Statement, setting: Setting, points: Sequence[Point], network: Network | None) -> Diagnosis:
    """The likeliest mistake in a wrong claim."""
    asked = _Asked(statement, setting, points, network)
    single = list(edits(statement, setting))
    found = (
        _one(statement, setting, points, single)
        or _missing(statement, setting, points)
        or _two(single, setting, points)
        or Diagnosis()
    )
    bare = [e for e in single if e.kind == "indicator" and len(e.after) < len(e.before)]
    right_for = tuple(_settings(asked, found, bare))
    if not right_for and found.kind not in STRUCTURE:
        right_for = tuple(_outputs(asked))
    return replace(found, right_for=right_for)


def _one(statement: Statement, setting: Setting, points: Sequence[Point], single: Sequence[Edit]) -> Diagnosis | None:
    """One edit, or a constant by which the claim is multiplied."""
    edit = next((e for e in single if _right(e.statement, setting, points)), None)
    ratio = _ratio(statement, setting, points)
    if ratio is None:
        return _of(edit, setting) if edit else None
    kind, words = ratio
    if edit is not None:
        return replace(_of(edit, setting), kind=kind)
    return Diagnosis(kind, words)


def _of(edit: Edit, setting: Setting) -> Diagnosis:
    text = f"{written(edit.statement.left)} = {written(edit.statement.right)}"
    return Diagnosis(edit.kind, str(edit), text, proven(edit.statement, setting))


def _right(statement: Statement, setting: Setting, points: Sequence[Point]) -> bool:
    try:
        return holds(statement, setting, points[:1]) and holds(statement, setting, points[1:])
    except UserError:  # an edit may make nonsense: a sum of a number, a name without indices
        return False


def _ratio(statement: Statement, setting: Setting, points: Sequence[Point]) -> tuple[Kind, str] | None:
    """How many times the right value the claim is, where that is one number, or a size, at every point."""
    ratios, used = list[float](), list[Point]()
    for point in points:
        try:
            truth, claimed = sides(statement, setting, point)
        except UserError:
            return None
        if not np.all(np.isfinite(claimed)):
            return None
        if not np.any(truth) and not np.any(claimed):
            continue  # 0, as any number of times
        largest = np.unravel_index(np.argmax(np.abs(truth)), truth.shape)
        with np.errstate(all="ignore"):
            ratio = float(claimed[largest] / truth[largest])
        if ratio == 0 or not np.isfinite(ratio) or not agree(truth * ratio, claimed):
            return None
        ratios.append(ratio)
        used.append(point)
    if not ratios:
        return None
    if max(ratios) - min(ratios) <= TOLERANCE * abs(ratios[0]):
        return _constant(ratios[0])
    for symbol in setting.sizes:
        counts = [float(p.sizes[symbol]) for p in used]
        for sign, word in ((1, "times too large"), (-1, "times too small")):
            if np.allclose(ratios, [c**sign for c in counts], rtol=1e-9):
                if symbol == BATCH:
                    kind: Kind = "mean over the batch" if sign > 0 else "double averaging"
                    return kind, f"the claim is N {word}, where N is the number of examples"
                return "factor", f"the claim is {_extent(symbol, setting)} {word}"
    return None


def _extent(symbol: sp.Symbol, setting: Setting) -> str:
    """A size in words: how many entries a vector has, or rows or columns a matrix."""
    for tensor in sorted(setting.formula.tensors.values(), key=lambda t: len(t.axes)):
        if len(tensor.axes) in (1, 2) and symbol in tensor.axes:
            counted = ("rows", "columns")[tensor.axes.index(symbol)] if len(tensor.axes) == 2 else "entries"
            return f"as many times as `{tensor.name}` has {counted}"
    return str(symbol)


def _constant(ratio: float) -> tuple[Kind, str] | None:
    fraction = Fraction(ratio).limit_denominator(LARGEST_RATIO)
    if abs(float(fraction) - ratio) > TOLERANCE * abs(ratio) or abs(fraction) > LARGEST_RATIO:
        return None
    if fraction == -1:
        return "sign", "the claim has the opposite sign"
    return "factor", f"the claim is {fraction} times what is right"


def _missing(statement: Statement, setting: Setting, points: Sequence[Point]) -> Diagnosis | None:
    """A term of the derived expression that the claim lacks."""
    about = subject(statement, setting)
    equation = derived(about, setting, cotangents_read(statement, setting) - {about.by})
    if equation is None or (about.by and setting.scaled(about.by)):
        return None
    sizes = dict(equation.sizes)
    names = Names(s.name for s in sizes)
    try:
        body = multiplied_out(rename_bound(equation.body, names, sizes), sizes)
    except TooManyTermsError:
        return None
    equation = Equation(equation.target, body, sizes)
    for term in sp.Add.make_args(equation.body)[:12]:
        rest = Equation(equation.target, term, equation.sizes)
        if term != equation.body and all(_lacks(statement, setting, point, rest) for point in points):
            said = in_letters(in_words(with_targets(rest, setting), setting), statement)
            text = between_matrices(said, setting) if statement.form == "matrix" else None
            return Diagnosis(
                "missing term", f"the term `{(text or with_indices(said)).partition(' = ')[2]}` is missing"
            )
    return None


def _lacks(statement: Statement, setting: Setting, point: Point, term: Equation) -> bool:
    try:
        truth, claimed = sides(statement, setting, point)
    except UserError:
        return False
    known = Evaluation(point.values, point.sizes, index_sizes(term.sizes, point.sizes), {}, numpy_backend())
    value = np.asarray(evaluate_expression(term.body, tuple(term.target.indices), known))
    if statement.form == "matrix":
        value = Matrices(setting, point).between(
            subject(statement, setting).by or subject(statement, setting).of, value
        )
    return value.shape == truth.shape and agree(truth - value, claimed)


def _two(single: Sequence[Edit], setting: Setting, points: Sequence[Point]) -> Diagnosis | None:
    """Two edits, one after the other; told is the first."""

    def pairs() -> Iterator[tuple[Edit, Edit]]:
        for first in single:
            if first.kind in PAIRED:
                yield from ((first, e) for e in edits(first.statement, setting) if e.kind in PAIRED)

    for first, second in islice(pairs(), MOST_PAIRS):
        if _right(second.statement, setting, points):
            found = _of(second, setting)
            return replace(found, kind=first.kind, text=f"{first}, and {second}")
    return None


def _settings(asked: _Asked, found: Diagnosis, bare: Sequence[Edit]) -> Iterator[str]:
    """Nearby settings in which the claim is right; where it is of the wrong shape, those with other shapes alone."""
    setting, statement = asked.setting, asked.statement
    about = subject(statement, setting)
    wanted = tuple(sorted(cotangents_read(statement, setting) | {about.by}))
    known = _known(setting, "conventions", lambda: conventions(setting, asked.network, asked.points))
    yield from (f"right for {near.words}" for near in known if _holds(statement, near))
    values = _known(setting, "special values", lambda: special_values(setting, asked.points))
    yield from (f"right for {near.words}" for near in values if _holds(statement, near))
    if found.kind in STRUCTURE or not about.is_cotangent(setting):
        return
    slopes = other_activations(setting, about, wanted)
    for near in _known(setting, (about, wanted), lambda: slopes) if found.kind != "factor" else ():
        if _holds(statement, near):
            yield f"right for {near.words}"
        elif "identity" not in near.words and any(_holds(edit.statement, near) for edit in bare):
            yield f"without the indicator, right for {near.words}"
    if _of_output(statement, setting):
        for near in _known(setting, ("losses", wanted), lambda: other_losses(setting, wanted)):
            if _holds(statement, near):
                yield f"right for {near.words}"


def _outputs(asked: _Asked) -> Iterator[str]:
    """Losses behind other activations, where neither alone makes the claim right."""
    statement, setting = asked.statement, asked.setting
    about = subject(statement, setting)
    if about.is_cotangent(setting) and _of_output(statement, setting):
        wanted = tuple(sorted(cotangents_read(statement, setting) | {about.by}))
        for near in _known(setting, ("outputs", wanted), lambda: other_outputs(setting, wanted)):
            if _holds(statement, near):
                yield f"right for {near.words}"


def _known(setting: Setting, key: object, find: Callable[[], Iterable[Nearby]]) -> list[Nearby]:
    """Settings are derived once for all claims of a group."""
    if ("nearby", key) not in setting.memory:
        setting.memory["nearby", key] = list(find())
    found: list[Nearby] = setting.memory["nearby", key]
    return found


def _of_output(statement: Statement, setting: Setting) -> bool:
    """Whether a claim depends on which loss there is."""
    names = {n.id for n in ast.walk(statement.right) if isinstance(n, ast.Name)}
    read = {found.tensor for name in names if (found := setting.vocabulary.known(name)) is not None}
    return bool({"y", setting.vocabulary.prediction} & read)


def _holds(statement: Statement, near: Nearby) -> bool:
    return _right(statement, near.setting, near.points)
