"""The bench of the means: a row for the module, for each means that changes it, and for a module without any."""

from __future__ import annotations

import re

import pytest

from benchmarks import means
from symbp.means import MEANS


def test_the_table_of_a_workload(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(means, "ROUNDS", 3)
    monkeypatch.setattr(means, "SECONDS", 0.0)
    monkeypatch.setattr(means, "WORKLOADS", [w for w in means.WORKLOADS if w.name == "small, batch 8"])
    assert means.main(["small"]) == 0
    said = capsys.readouterr()
    number, spread = r" +([\d.]+) \|", r" +(-|[\d.]+ to [\d.]+) +\|"
    rows = re.findall(rf"^\| ([a-z ]+?) +\|{number}{number}{spread}{number}{number}$", said.out, re.MULTILINE)
    assert rows[0][0] == "nothing"
    assert (rows[0][2], rows[0][3], rows[0][5]) == ("1.00", "-", "1.00")
    assert rows[-1][0] == "any"
    assert {"share", "buffers", "on request"} <= {row[0] for row in rows[1:-1]} <= MEANS.keys()
    assert "hoist" not in {row[0] for row in rows}, "it changes nothing without a recurrence"
    assert float(rows[-1][5]) > 1
    count = len(MEANS) + 3
    assert said.err.splitlines()[0] == f"1 of {count}: small, batch 8: the module"
    assert f"{count} of {count}, less than a minute left: small, batch 8: steps of {len(rows)} modules" in said.err
