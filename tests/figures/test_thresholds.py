"""The bench of thresholds: constants are set otherwise wherever they are, forms that differ take turns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.thresholds import command, judge
from benchmarks.thresholds.constants import THRESHOLDS
from benchmarks.thresholds.judge import Judged, Threshold, judged, of_times, written
from benchmarks.thresholds.otherwise import holders, otherwise, value
from benchmarks.thresholds.variants import Maker, Variant
from benchmarks.turns import taken_in_turns
from symbp.program import labels
from symbp.targets.numpy import extras, header, workspace

OFTEN = "program.labels.OFTEN"


def test_constants_are_set_otherwise_for_a_while_also_where_they_are_imported() -> None:
    before = value("targets.numpy.extras.BLOCK")
    with otherwise({"targets.numpy.extras.BLOCK": 7, "program.labels.OFTEN": 3}):
        assert extras.BLOCK == workspace.BLOCK == 7
        assert labels.OFTEN == 3
    assert extras.BLOCK == workspace.BLOCK == before
    assert header in holders("targets.numpy.update.STRETCH")


def _spelt(*steps: float) -> Maker:
    """Written alike between two steps of a constant."""
    return lambda: Variant(sum(step <= labels.OFTEN for step in steps), lambda: lambda: None)


def test_forms_that_are_written_alike_are_one_and_the_one_of_today_is_chosen() -> None:
    case = judge.Case("somewhere", _spelt(labels.OFTEN, labels.OFTEN + 2))
    forms = {f"{n}": {OFTEN: labels.OFTEN + n} for n in (-2, -1, 1, 0, 2)}
    made, chosen = written(case, forms)
    assert [*made] == ["-2", "0", "2"], "of those that are alike the one that is so, else the first"
    assert chosen == "0"
    made, chosen = written(case, {"little": {OFTEN: 0}, "much": {OFTEN: labels.OFTEN + 2}})
    assert [*made] == ["as decided", "little", "much"]
    assert chosen == "as decided"
    with pytest.raises(ValueError, match="somewhere: 1, 0 are all one, so that nothing is decided"):
        written(case, {"1": {OFTEN: labels.OFTEN + 1}, "0": {OFTEN: labels.OFTEN}})


@pytest.mark.parametrize(("own", "over", "right"), [(1.0, 0.5, True), (2.1, 1.05, True), (2.4, 1.2, False)])
def test_a_choice_is_right_that_is_as_fast_as_the_fastest_other(own: float, over: float, right: bool) -> None:
    found = of_times("there", {"slow": [9.0] * 3, "own": [own, 2 * own, own], "fast": [2.0, 4.0, 2.0]}, "own")
    assert found.over == pytest.approx(over)
    assert (found.right, found.spread) == (right, f"{over:.2f} to {over:.2f}")
    assert found.seconds == {"slow": 9, "own": own, "fast": 2}


def test_what_comes_before_a_call_is_not_timed() -> None:
    now = [0.0]

    def passes(seconds: float) -> None:
        now[0] += seconds

    forms = {"one": lambda: passes(1), "two": lambda: passes(2)}
    assert taken_in_turns(forms, 2, 3, lambda: now[0], lambda: passes(100)) == {"one": [1, 1], "two": [2, 2]}
    assert taken_in_turns(forms, 1, 3, lambda: now[0]) == {"one": [1], "two": [2]}


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=command.named)
def test_a_case_of_every_constant_is_decided(threshold: Threshold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "ROUNDS", 2)
    monkeypatch.setattr(judge, "SECONDS", 0.0)
    monkeypatch.setattr(judge, "COLD", 0.0)
    found = judged(threshold.cases[0], threshold)
    assert found.chosen in found.seconds
    assert len(found.seconds) > 1
    assert all(each > 0 for each in found.seconds.values())


def test_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    threshold = replace(THRESHOLDS[0], cases=(), decides="How many.")
    rows = [Judged("here", {"of rows": 1e-3, "of the table": 2e-3}, "of rows", 0.5, "0.49 to 0.51")]
    rows.append(Judged("there", {"of rows": 1.5e-3}, "of rows", 1.2, "1.18 to 1.21"))
    page = command.document([(threshold, rows), (replace(threshold, compromise=True), rows)])
    assert "## OFTEN\n\n`symbp/program/labels.py`, 2. How many.\n\n" in page
    assert "of rows | " in page
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    assert ["OFTEN", "symbp/program/labels.py", "2", "1 of 2", "1.20"] in lines
    assert ["OFTEN", "symbp/program/labels.py", "2", "-", "-"] in lines
    assert ["here", "1", "2", "of rows", "0.50", "0.49 to 0.51", "yes"] in lines
    assert ["there", "1.5", "-", "of rows", "1.20", "1.18 to 1.21", "**no**"] in lines
    with pytest.raises(SystemExit):
        command.main(["nowhere"])
    assert "no constant's place holds nowhere; there are:\n  program.labels.OFTEN\n" in capsys.readouterr().err


def test_numbers_of_constants() -> None:
    assert [command.number(each) for each in (500, 32_000, 1 << 17, 1 / 3, 3.0)] == [
        "500",
        "32,000",
        "2^17",
        "0.333",
        "3",
    ]
