"""The verdict on one claim: compared by numbers first; what holds is then proven, what does not is shown to fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from symbp.audit.compare import agree, sides
from symbp.audit.counterexample import Counterexample, counterexample
from symbp.audit.diagnose import Diagnosis, diagnose
from symbp.audit.points import points_at_zero
from symbp.audit.print import between_matrices, in_letters, with_indices
from symbp.audit.prove import proven
from symbp.audit.setting import Point, Setting
from symbp.audit.syntax import Statement
from symbp.audit.truth import Subject, cotangents_read, derived, in_words, subject, with_targets
from symbp.audit.vocabulary import MeaninglessError
from symbp.audit.written import written
from symbp.formula.equation import Equation
from symbp.forward.network import Network

NOTHING = Diagnosis()
Status = Literal["proven", "equal", "wrong"]


@dataclass(frozen=True)
class Verdict:
    """What was found of a claim at `points`; `reason` says which shapes do not fit; `correct` is derived.

    `shown` is where a wrong claim fails, and where one that is equal at random points is not: at a kink, or a hole.
    """

    statement: Statement
    status: Status
    points: int
    reason: str = ""
    correct: tuple[str, ...] = ()
    shown: Counterexample | None = None
    diagnosis: Diagnosis = NOTHING


def judge(statement: Statement, setting: Setting, points: Sequence[Point], network: Network | None = None) -> Verdict:
    """The verdict on a claim; UserError where it cannot be read in this setting."""
    subject(statement, setting)
    reason = ""
    try:
        right = all(agree(*sides(statement, setting, point)) for point in points)
    except MeaninglessError as error:
        right, reason = False, str(error)
    if right and proven(statement, setting):
        return Verdict(statement, "proven", len(points))
    if right:
        apart = counterexample(statement, setting, points_at_zero(setting))
        return Verdict(statement, "equal", len(points), shown=apart)
    found = diagnose(statement, setting, points, network)
    shown = counterexample(statement, setting)
    return Verdict(statement, "wrong", len(points), reason, correct(statement, setting), shown, found)


def correct(statement: Statement, setting: Setting) -> tuple[str, ...]:
    """The derived expression, between matrices where it has that form, and with indices."""
    about = subject(statement, setting)
    keep = cotangents_read(statement, setting) - {about.by}
    equation = derived(about, setting, keep)
    if equation is None:
        return ()
    equation = in_words(with_targets(equation, setting), setting)
    matrices = between_matrices(equation, setting) if statement.form == "matrix" else None
    if matrices and about.by and not about.is_cotangent(setting):
        return (f"{written(statement.left)} = {matrices.partition(' = ')[2]}",)
    if matrices:
        return (matrices,)
    if statement.form == "matrix" and not about.by:
        return (with_indices(equation),)
    left = written(statement.left) if statement.form == "index" or not equation.target.indices else ""
    if not left and about.by and not about.is_cotangent(setting):
        left = _entry(about, equation, setting)
    return (with_indices(in_letters(equation, statement), left),)


def _entry(about: Subject, equation: Equation, setting: Setting) -> str:
    """An entry of a Jacobian: `dp[i]/dz[k]`."""
    letters = [i.name for i in equation.target.indices]
    count = len(setting.tensor(about.of).axes)
    of, by = (
        f"{name}[{','.join(at)}]" if at else name
        for name, at in ((about.of, letters[:count]), (about.by, letters[count:]))
    )
    return f"d{of}/d{by}"
