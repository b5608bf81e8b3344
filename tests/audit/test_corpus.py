"""Right derivations in many notations pass, and classic mistakes get their diagnosis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from symbp.audit.claims import Group, read_claims
from symbp.audit.compare import holds
from symbp.audit.points import random_points
from symbp.audit.read import read_claim
from symbp.audit.run import Audit, Audited, audit

HERE = Path(__file__).parent


@cache
def audits(name: str) -> tuple[Audit, ...]:
    return audit(HERE / name)


@cache
def judged(name: str) -> dict[int, Audited]:
    """The claims of a file by their line."""
    return {a.claim.place.line: a for each in audits(name) for a in each.audited}


def claims(name: str) -> Iterator[pytest.param]:
    groups: tuple[Group, ...] = read_claims(HERE / name)
    for group in groups:
        for claim in group.claims:
            yield pytest.param(claim, id=f"{group.title}: {claim.text}")


RIGHT, WRONG = list(claims("right.yaml")), list(claims("wrong.yaml"))


def test_the_corpora_are_as_large_as_they_should_be() -> None:
    assert len(RIGHT) >= 60
    assert len(WRONG) >= 60


@pytest.mark.parametrize("claim", RIGHT)
def test_right_derivations_are_proven(claim) -> None:
    found = judged("right.yaml")[claim.place.line]
    assert {v.status for v in found.verdicts} == {"proven"}


@pytest.mark.parametrize("claim", WRONG)
def test_mistakes_get_their_diagnosis(claim) -> None:
    found = judged("wrong.yaml")[claim.place.line]
    kind, _, setting = (part.strip() for part in claim.note.partition(";"))
    for verdict in found.verdicts:
        assert verdict.status == "wrong"
        assert verdict.reason or verdict.shown is not None, "shapes, or numbers, show it"
        assert verdict.diagnosis.kind == (None if kind == "-" else kind), verdict.diagnosis.text
        assert not setting or any(setting in text for text in verdict.diagnosis.right_for), verdict.diagnosis.right_for


def test_what_is_said_to_be_right_can_be_read_and_is_right() -> None:
    said = 0
    for each in audits("wrong.yaml"):
        points, _ = random_points(each.setting, seed=1)
        for text in (v.diagnosis.corrected for a in each.audited for v in a.verdicts):
            if text:
                (statement,) = read_claim(text, each.setting)
                assert holds(statement, each.setting, points), text
                said += 1
    assert said > 60


def test_what_is_derived_can_be_read_and_is_right() -> None:
    said = 0
    for each in audits("wrong.yaml"):
        points, _ = random_points(each.setting, seed=1)
        for verdict in (v for a in each.audited for v in a.verdicts):
            for text in verdict.correct:
                (statement,) = read_claim(text, each.setting)
                assert holds(statement, each.setting, points), text
                said += 1
    assert said > 60
