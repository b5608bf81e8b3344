"""The bench of convolutions: what it times computes its part, and its cases are found by the beginnings of names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import ROOT, convolution
from benchmarks.convolution import (
    CASES,
    OFFSETS,
    PARTS,
    STRATEGIES,
    Row,
    by_offsets,
    check,
    chosen,
    document,
    main,
    measured,
    missed,
    ready,
    told_by_hand,
)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("case", ["LeNet 2: 16 to 32, 5 x 5", "64 to 16, 1 x 1", "depthwise: 32, 3 x 3"])
def test_every_part_is_computed(case: str, strategy: str) -> None:
    assert ready(CASES[case], STRATEGIES[strategy], 1).parts.keys() == PARTS.keys()


@pytest.mark.parametrize("part", PARTS)
def test_code_that_does_not_compute_its_part_is_refused(part: str) -> None:
    found = ready(CASES["64 to 16, 1 x 1"], STRATEGIES["chosen"], 2)
    for code in ("pass", f"{found.arrays[part]}.fill(0)", f"{found.arrays[part]}.fill(1)"):
        with pytest.raises(RuntimeError, match="the code of some part does not compute it"):
            check(replace(found, parts={**found.parts, part: compile(code, part, "exec")}))


def test_cases_are_chosen_by_the_beginnings_of_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert chosen([]) == [*CASES]
    assert chosen(["lenet", "2"]) == chosen(["LeNet 2"]) == ["LeNet 2: 16 to 32, 5 x 5"]
    assert chosen(["depth", "64"]) == ["64 to 16, 1 x 1", "depthwise: 32, 3 x 3"]
    with pytest.raises(SystemExit):
        main(["lenet", "vgg"])
    assert "no case begins with `vgg`; there are:\n  LeNet 1" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"  {name}\n" in shown for name in CASES)


def test_the_page() -> None:
    times = {"chosen": 1.2, "whole": 1.0, "overlap": 3.0, "gather": 1.3}
    rows = [Row("small", 1, "result", {**times, "chosen": 2.0}, 1.5), Row("small", 64, "d input", times)]
    page = document(rows)
    assert "1 of 1 rows at batch 64 and 1 of all 2 are within 1.25 of the fastest." in page
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    assert lines[0] == ["milliseconds", *STRATEGIES, "fastest", "chosen over it", "offsets"]
    assert lines[2:] == [
        ["small, batch 1: result", "2.000", "1.000", "3.000", "1.300", "whole", "2.00", "1.500"],
        ["small, batch 64: d input", "1.200", "1.000", "3.000", "1.300", "whole", "1.20", "-"],
    ]
    assert "Farther from the fastest are:\n\n- 2.00 of the time of *whole*: small, batch 1: result\n\n" in page
    assert "and are more than 10% faster in 1 of 1: small, batch 1: result (0.75).\n" in page


def test_rows_far_from_the_fastest_are_told_from_the_data() -> None:
    rows = [Row("a", 1, "result", {**dict.fromkeys(STRATEGIES, 1.0), "chosen": ms}, 2.0) for ms in (1.2, 1.3, 1.9)]
    assert [line[:6] for line in missed(rows)] == ["- 1.90", "- 1.30"]
    assert "Farther" not in document(rows[:1])
    assert told_by_hand(rows[:1]).endswith(
        "take 1.67 to 1.67 times the time of what is chosen, and are more than 10% faster in 0 of 1."
    )


@pytest.mark.parametrize("case", CASES)
def test_the_result_by_hand_is_that_of_the_module(case: str) -> None:
    found = ready(CASES[case], STRATEGIES["chosen"], 2)
    by_offsets(found, CASES[case])()
    twice = compile(f"{found.arrays['z']}.fill(2)", "z", "exec")
    with pytest.raises(RuntimeError, match="what is written by hand does not compute the result"):
        by_offsets(replace(found, parts={**found.parts, "z": twice}), CASES[case])


def test_one_code_has_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolution, "ENOUGH", 0.0)
    times = measured(CASES["64 to 16, 1 x 1"], 2)
    assert times["d_x"]["chosen"] == times["d_x"]["gather"]
    assert times["z"].keys() - times["d_W"].keys() == {OFFSETS}


def test_what_another_page_quotes_is_on_the_page() -> None:
    def cells(page: str) -> list[list[str]]:
        lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
        return [[cell.strip() for cell in line.split("|")] for line in lines if line.startswith("| LeNet 2")]

    assert cells("speed.md") == cells("convolutions.md") != []


def test_the_page_is_written_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(convolution, "DOCUMENT", tmp_path / "page.md")
    monkeypatch.setattr(convolution, "ROOT", tmp_path)
    row = Row("small", 64, "result", dict.fromkeys(STRATEGIES, 1.0), 1.5)
    monkeypatch.setattr(convolution, "_rows", lambda cases: [row])
    written = list[str]()
    monkeypatch.setattr(convolution, "replace_file", lambda path, content: written.append(content.decode()))
    main([])
    assert written == [document([row])]
