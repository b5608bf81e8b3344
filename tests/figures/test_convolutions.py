"""The bench of convolutions: what it times computes its part, and its cases are found by the beginnings of names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.convolution import CASES, PARTS, STRATEGIES, Row, check, chosen, document, main, ready


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
    rows = [Row("small", 1, "result", {**times, "chosen": 2.0}), Row("small", 64, "d input", times)]
    page = document(rows)
    assert "1 of 1 rows at batch 64 and 1 of all 2 are within 1.25 of the fastest." in page
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    assert lines[0] == ["milliseconds", *STRATEGIES, "fastest", "chosen over it"]
    assert lines[2:] == [
        ["small, batch 1: result", "2.000", "1.000", "3.000", "1.300", "whole", "2.00"],
        ["small, batch 64: d input", "1.200", "1.000", "3.000", "1.300", "whole", "1.20"],
    ]
