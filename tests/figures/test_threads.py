"""The bench of two threads: turns are told apart by how their cores stand, and nothing is timed but the call."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks import ROOT
from benchmarks.speed import rounds
from benchmarks.speed.caches import APART, DISTURBED, SHARED
from benchmarks.speed.workloads import WORKLOADS
from benchmarks.threads import command, worker
from benchmarks.threads.command import by_setting, document, said
from benchmarks.threads.forms import STEPS, Timed, forms_of

ALONE, TOGETHER, OWN = ("1 thread", *(f"2 threads on {each}" for each in (SHARED, APART)))


def test_what_comes_before_a_call_is_not_timed() -> None:
    order = []
    form = Timed(lambda: order.append("call"), lambda: (order.append("before"), time.sleep(0.01)))
    assert max(worker.calls(form, 0.0)) < 0.01
    assert order == ["before", "call"]
    assert len(worker.calls(form, 0.025)) > 1


def test_a_turn_has_every_form() -> None:
    forms = forms_of([], [])
    (turn,) = worker.turns(forms, 1, 0.0, several=False)
    assert turn.keys() == forms.keys()
    assert all(seconds > 0 and caches == "" for seconds, caches in turn.values())
    (turn,) = worker.turns(forms, 1, 0.0, several=True)
    assert {caches for _, caches in turn.values()} <= {SHARED, APART, DISTURBED}


def test_turns_are_told_apart_by_their_threads_and_cores() -> None:
    turns = [(1, {"sum": (1e-6, "")}), (2, {"sum": (3e-6, APART)}), (2, {"sum": (4e-6, SHARED)})]
    found = by_setting([*turns, (2, {"sum": (5e-6, APART)}), (2, {"sum": (9e-6, DISTURBED)})])
    assert {name: times["sum"] for name, times in found.items() if name in (ALONE, TOGETHER, OWN)} == {
        ALONE: [1e-6],
        TOGETHER: [4e-6],
        OWN: [3e-6, 5e-6],
    }
    page = document(found)
    rows = _rows(page)
    assert rows[0] == ["median", ALONE, TOGETHER, "over one thread's", "turns", OWN, "over one thread's", "turns"]
    assert rows[2:] == [["sum", "1.0 µs", "4.0 µs", "4.00", "1", "4.0 µs", "4.00", "2"]]
    assert "thrown away, as another program had a core: 1.\n" in page
    assert "No turn was" not in page
    page = document(by_setting(turns[:2]))
    assert f"No turn was of {TOGETHER}. Turns that were thrown away, as another program had a core: 0.\n" in page
    assert _rows(page)[2:] == [["sum", "1.0 µs", "3.0 µs", "3.00", "1"]]


def test_a_form_without_a_turn_has_no_figure() -> None:
    found = by_setting([(1, {"sum": (1e-6, ""), "step": (2e-3, "")}), (2, {"sum": (1e-6, SHARED)})])
    assert _rows(document(found))[3] == ["step", "2.00 ms", "-", "-", "-"]


@pytest.mark.skipif(len(rounds.available()) < 2, reason="two threads need two cores")
def test_the_page_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small,) = (workload for workload in WORKLOADS if workload.name == "small, batch 8")
    for name, value in {"PROCESSES": 1, "TURNS": {1: 1, 2: 1}, "SECONDS": 0.0}.items():
        monkeypatch.setattr(command, name, value)
    monkeypatch.setattr(command, "STEPS", {small.kind: small.batch})
    written = []
    monkeypatch.setattr(command, "replace_file", lambda path, content: written.append((path, content.decode())))
    assert command.main([]) == 0
    ((path, page),) = written
    assert path == ROOT / "docs" / "threads.md"
    assert "| step of small, batch 8" in page
    out = capsys.readouterr()
    assert page in out.out
    assert "3 of 3, less than a minute left: turns of a process, 2 threads\n" in out.err


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"^1 thread: status 1: FileNotFoundError: "):
        list(said(1, 1, ["0", "nowhere"]))


def test_what_is_timed_is_of_the_bench_and_on_the_page() -> None:
    assert {(workload.kind, workload.batch) for workload in WORKLOADS} >= set(STEPS.items())
    page = _rows((ROOT / "docs" / "threads.md").read_text(encoding="utf-8"))
    assert [row[0] for row in page[2:]][: -len(STEPS)] == [*forms_of([], [])]


def test_what_another_page_quotes_is_on_the_page() -> None:
    section = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8").partition("\n## Two threads\n")[2]
    quoted, page = _rows(section.partition("\n## ")[0]), _rows((ROOT / "docs" / "threads.md").read_text("utf-8"))
    assert quoted[0] == page[0]
    assert len(quoted) > 5
    assert [row for row in quoted[2:] if row not in page] == []


def _rows(page: str) -> list[list[str]]:
    """Cells of the table."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
