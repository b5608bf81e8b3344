"""Where the time of a step goes: a clock around every statement of a module, which computes what it did."""

from __future__ import annotations

import pytest

from benchmarks import shares
from benchmarks.speed.generated import generated
from benchmarks.speed.workloads import WORKLOADS

BY_NAME = {workload.name: workload for workload in WORKLOADS}


def test_every_statement_of_a_step_has_a_kind_and_a_layer() -> None:
    workload = BY_NAME["cnn, batch 64"]
    text, places = shares.clocked(generated(workload).module)
    assert text.count("since = clock()") == text.count("since)") == len(places)
    kinds, layers = {kind for kind, _ in places}, {layer for _, layer in places}
    assert {"products of matrices", "copies", "the optimizer", shares.OTHERS} <= kinds
    assert {"conv2d_1", "max_pool2d_2", "dense_3", "loss", "the optimizer"} <= layers
    assert layers <= {layer.name for layer in generated(workload).derivation.network.blocks} | {
        "the optimizer",
        *shares.ROUTINES,
    }


def test_shares_add_up(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "SECONDS", 0.05)
    assert shares.main(["small", "8"]) == 0
    said = capsys.readouterr().out
    tables = said.split("\n\n")[1:3]
    assert said.startswith("small, batch 8\n")
    for table in tables:
        percents = [float(row.split("|")[3]) for row in table.splitlines()[2:]]
        assert sum(percents) == pytest.approx(100, abs=1)
        assert percents == sorted(percents, reverse=True)


def test_a_batch_that_is_not_measured_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        shares.main(["small", "3"])
    assert "no batch of 3: expected 1, 8" in capsys.readouterr().err
