"""How figures are told, and what they come to."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import BENCHMARKS, document, main
from benchmarks.machine import machine
from benchmarks.report import Figure, Report, Table, grid, markdown, status

HELD, MISSED, UNKNOWN = (Figure("error", "at most 1e-9", "1e-3", holds) for holds in (True, False, None))


@pytest.mark.parametrize(
    ("figures", "expected"),
    [([HELD], 0), ([HELD, MISSED], 1), ([HELD, UNKNOWN], 2), ([UNKNOWN, MISSED], 1), ([], 2)],
)
def test_status(figures: list[Figure], expected: int) -> None:
    assert status(figures) == expected


def test_tables_line_up() -> None:
    assert grid(("name", "error"), [("adam", "1.0e-16"), ("rmsprop", "-")]).splitlines() == [
        "| name    |   error |",
        "| ------- | ------: |",
        "| adam    | 1.0e-16 |",
        "| rmsprop |       - |",
    ]


def test_a_miss_is_told() -> None:
    report = Report("lockstep", "Lockstep", "How.", (MISSED, UNKNOWN), (Table("Rows:", ("a",), (("1",),)),))
    text = markdown(report)
    assert "| **no**" in text
    assert "| not measured" in text
    assert "`python -m benchmarks.lockstep`" in text
    assert markdown(report) in document([report])


def test_machine_names_versions() -> None:
    assert "numpy" in machine()
    assert "Python 3." in machine()


def test_unknown_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["speed"])
    assert stopped.value.code == 2
    assert all(name in capsys.readouterr().err for name in BENCHMARKS[:1])
