"""The table of a check: every gradient once, every oracle beside it, and what is wrong marked."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from symbp.verify.check import CheckReport, Reading
from symbp.verify.table import show

REPORT = CheckReport(
    "net",
    4,
    7,
    (
        Reading("JAX", "C", (), 0.0, 1e-9),
        Reading("JAX", "dense_1.W", (3, 2), 1e-16, 1e-9),
        Reading("JAX", "x", (4, 3), 2e-16, 1e-9),
        Reading("PyTorch", "C", (), 0.0, 1e-9),
        Reading("PyTorch", "dense_1.W", (3, 2), 2e-8, 1e-9),
    ),
    ("PyTorch",),
)


def shown(report: CheckReport) -> str:
    console = Console(file=io.StringIO(), width=80)
    show(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_row_for_each_gradient_and_a_column_for_each_oracle() -> None:
    rows = [" ".join(line.strip("│").split()) for line in shown(REPORT).splitlines() if line.startswith("│")]
    assert rows == [
        "(the cost itself) │ () │ 0.0e+00 ok │ 0.0e+00 ok",
        "dense_1.W │ (3, 2) │ 1.0e-16 ok │ 2.0e-08 above 1e-09",
        "x │ (4, 3) │ 2.0e-16 ok │ -",
    ]


def test_the_verdict() -> None:
    assert (
        shown(REPORT)
        .rstrip()
        .endswith("not installed, so not compared: PyTorch; pip install '.[torch]'\nGRADIENTS DISAGREE")
    )
    passed = replace(REPORT, readings=REPORT.readings[:4], absent=())
    assert shown(passed).rstrip().endswith("┘\nall gradients agree to 1e-09")


def test_sequences_that_were_made_short_are_told() -> None:
    assert "in place of" not in shown(REPORT)
    text = " ".join(shown(replace(REPORT, steps=(2000, 8))).split())
    assert "compared over 8 steps in place of 2000: the parameters are the same at any length" in text
