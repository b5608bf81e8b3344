"""From a file of claims to verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from symbp.audit.build import settings_of
from symbp.audit.claims import Claim, Group, read_claims
from symbp.audit.judge import Verdict, judge
from symbp.audit.points import random_points
from symbp.audit.syntax import read_claim
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
    """A group of claims with its verdicts. `undefined` is the share of random points where the cost is no number."""

    group: Group
    audited: tuple[Audited, ...]
    undefined: float


def audit(path: Path) -> tuple[Audit, ...]:
    """Every claim of a file, judged; SpecError with every claim that cannot be read."""
    groups = read_claims(path)
    problems: list[Problem] = []
    done = [_audited(group, problems) for group in groups]
    if problems:
        raise SpecError(sorted(problems, key=lambda p: p.place.line))
    return tuple(done)


def _audited(group: Group, problems: list[Problem]) -> Audit:
    setting, _ = settings_of(group)
    try:
        points, undefined = random_points(setting)
    except UserError as error:
        raise SpecError([Problem(group.place, str(error))]) from None

    def each() -> Iterator[Audited]:
        for claim in group.claims:
            try:
                statement = read_claim(claim.text)
                yield Audited(claim, (judge(statement, setting, points),))
            except UserError as error:
                problems.append(Problem(claim.place, str(error)))

    return Audit(group, tuple(each()), undefined)
