"""From a file of claims to verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from symbp.audit.build import settings_of
from symbp.audit.claims import Claim, Group, read_claims
from symbp.audit.judge import Verdict, judge
from symbp.audit.points import random_points, undefined_at
from symbp.audit.read import read_claim
from symbp.audit.setting import Setting
from symbp.audit.syntax import Statement
from symbp.audit.truth import subject
from symbp.errors import UserError
from symbp.spec.model import Problem, SpecError


@dataclass(frozen=True)
class Audited:
    """One claim and the verdicts on it: one, or one for each layer that it is about."""

    claim: Claim
    verdicts: tuple[Verdict, ...]

    @property
    def wrong(self) -> bool:
        return any(v.status == "wrong" for v in self.verdicts)


@dataclass(frozen=True)
class Audit:
    """A group of claims with its verdicts. `undefined` is the share of random points where the cost is no number,
    and `undefined_at` says what it reads there at some.

    `missing` are parameters whose gradient no claim gives, where claims are to be complete.
    """

    group: Group
    setting: Setting
    audited: tuple[Audited, ...]
    undefined: float
    undefined_at: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether a claim is wrong, or one is missing."""
        return bool(self.missing) or any(a.wrong for a in self.audited)


class UnreadError(SpecError):
    """Claims that cannot be read; `judged` are the groups with the verdicts on all others."""

    def __init__(self, problems: Iterable[Problem], judged: Iterable[Audit]) -> None:
        super().__init__(sorted(problems, key=lambda p: p.place.line))
        self.judged = tuple(each for each in judged if each.audited)


def audit(path: Path) -> tuple[Audit, ...]:
    """Every claim of a file, judged; UnreadError where some cannot be read, with the verdicts on the others."""
    groups = read_claims(path)
    problems: list[Problem] = []
    done = [_audited(group, problems) for group in groups]
    if problems:
        raise UnreadError(problems, done)
    return tuple(done)


def _audited(group: Group, problems: list[Problem]) -> Audit:
    setting, network = settings_of(group)
    try:
        points, undefined = random_points(setting)
    except UserError as error:
        raise SpecError([Problem(group.place, str(error))]) from None

    def each() -> Iterator[Audited]:
        for claim in group.claims:
            try:
                statements = [s for s in read_claim(claim.text, setting) if _wanted(claim, s, setting)]
                yield Audited(claim, tuple(judge(s, setting, points, network) for s in statements))
            except UserError as error:
                problems.append(Problem(claim.place, str(error)))

    audited = tuple(each())
    whole = group.complete and len(audited) == len(group.claims)
    missing = tuple(_missing(audited, setting)) if whole else ()
    return Audit(group, setting, audited, undefined, undefined_at(setting) if undefined else (), missing)


def _wanted(claim: Claim, statement: Statement, setting: Setting) -> bool:
    """Whether a claim about layer `l` is made of this one."""
    if statement.layer is None or claim.layers == "all":
        return True
    return (statement.layer == setting.vocabulary.layers) == (claim.layers == "output")


def _missing(audited: Iterable[Audited], setting: Setting) -> Iterator[str]:
    """Parameters whose gradient no claim gives."""
    about = (subject(v.statement, setting) for a in audited for v in a.verdicts)
    given = {each.by for each in about if each.is_cotangent(setting)}
    parameters = [t.name for t in setting.formula.with_role("parameter")]
    yield from (name for name in parameters if name not in given)
