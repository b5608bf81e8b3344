"""The bench of thresholds: constants are set otherwise wherever they are, forms that differ take turns."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.thresholds import command, judge
from benchmarks.thresholds.constants import ARRAYS, LENGTHS, MIB, THRESHOLDS, chained, needing
from benchmarks.thresholds.judge import Judged, Threshold, judged, of_times, written
from benchmarks.thresholds.otherwise import Settings, holders, otherwise, value
from benchmarks.thresholds.variants import Maker, Variant
from benchmarks.turns import taken_in_turns
from symbp import pipeline
from symbp.program import labels
from symbp.program.program import Chain
from symbp.spec import parse_spec
from symbp.targets.numpy import extras, header, workspace

OFTEN = "program.labels.OFTEN"
OF_NO_TIME = {  # numbers that stand at the top of a module and decide nothing by time
    "program.cost.NOMINAL": "a batch that nobody has given",
    "program.variables.NEVER": "rules a way out",
    "program.windows.BYTE": "what a byte holds",
    "targets.numpy.examples.EXAMPLES": "of a check",
    "targets.numpy.examples.TOLERANCE": "of a check",
    "targets.numpy.header.LAYOUT_VERSION": "of files",
    "targets.numpy.scalars.ATOM": "where brackets stand",
    "targets.numpy.scalars.POWER": "where brackets stand",
    "targets.numpy.scalars.PRODUCT": "where brackets stand",
    "targets.numpy.scalars.SUM": "where brackets stand",
    "targets.numpy.source.WIDTH": "of a line",
    "targets.numpy.workspace.RUN": "how a list is written",
}


def _numbers(package: str) -> set[str]:
    """The places of numbers that modules of symbp hold, which they do not import."""
    found = set()
    for path in sorted((Path(pipeline.__file__).parent / package.replace(".", "/")).glob("*.py")):
        module = import_module(f"symbp.{package}.{path.stem}")
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
                found |= {f"{package}.{path.stem}.{n}" for n in names if type(vars(module).get(n)) in (int, float)}
    return found


def test_every_number_that_decides_by_time_is_measured() -> None:
    numbers = _numbers("program") | _numbers("targets.numpy")
    measured = {place for threshold in THRESHOLDS for place in threshold.places}
    assert measured.isdisjoint(OF_NO_TIME)
    assert numbers == measured | OF_NO_TIME.keys()


@pytest.mark.parametrize("derivatives", [False, True])
@pytest.mark.parametrize("layer", ARRAYS)
def test_chains_need_what_their_cases_are_called_by(layer: str, derivatives: bool) -> None:
    batch, at = needing(layer, 24, derivatives)
    assert at.endswith(": 24 MiB at one time")
    settings = {"program.chains.LONG": 1, "program.chains.BLOCK": 1 << 12}
    assert _chained(layer, batch, derivatives, {**settings, "program.chains.LARGE": 23.9 * MIB})
    assert not _chained(layer, batch, derivatives, {**settings, "program.chains.LARGE": 24.5 * MIB})


@pytest.mark.parametrize("layer", LENGTHS)
def test_chains_have_as_many_operations_as_their_cases_say(layer: str) -> None:
    for more in (0, 1):
        settings = {"program.chains.LARGE": 0, "program.chains.LONG": LENGTHS[layer] + more}
        assert bool(_chained(layer, 4096, False, settings)) == (not more)


def test_what_differs_in_other_routines_makes_no_difference() -> None:
    batch, _ = needing("gelu_tanh", 24)
    make = chained("gelu_tanh", batch)[1]
    texts = []
    for large in (24 * MIB, 48 * MIB):
        with otherwise({"program.chains.LARGE": large}):
            texts.append(make().text)
    assert ["for start in" in str(text) for text in texts] == [True, False]
    assert all("def _backward" not in str(text) for text in texts)


def _chained(layer: str, batch: int, derivatives: bool, settings: Settings) -> list[Chain]:
    """The chains of a case under these settings."""
    with otherwise(settings):
        spec = {"name": "chained", **chained(layer, batch, derivatives=derivatives)[0]}
        program = pipeline.program(parse_spec(json.dumps(spec))).optimized.program
    routine = program.routines["backward" if derivatives else "forward"]
    return [item for item in routine.statements if isinstance(item, Chain) and item.block.startswith(layer)]


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


def test_the_page_is_written_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "DOCUMENT", tmp_path / "page.md")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "THRESHOLDS", [replace(THRESHOLDS[0], cases=())])
    monkeypatch.setattr(command, "document", lambda found: "a page")
    written = list[bytes]()
    monkeypatch.setattr(command, "replace_file", lambda path, content: written.append(content))
    assert command.main([]) == 0
    assert written == [b"a page"]


def test_numbers_of_constants() -> None:
    assert [command.number(each) for each in (500, 32_000, 1 << 17, 24 << 20, 1 / 3, 3.0)] == [
        "500",
        "32,000",
        "2^17",
        "24 x 2^20",
        "0.333",
        "3",
    ]
