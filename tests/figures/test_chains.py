"""The bench of chains: what it times is the layer's code, in blocks and whole, and it tells what symbp takes."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import chains
from benchmarks.chains import CASES, PARTS, main, measured, ready, rows, taken


@pytest.mark.parametrize("name", CASES)
def test_blocks_compute_what_whole_arrays_do(name: str) -> None:
    batch = 6
    block = 2 * int(np.prod(CASES[name][1]))
    found = [ready(name, batch, each) for each in (0, block)]
    assert found[0].parts.keys() == found[1].parts.keys() == PARTS.keys()
    assert any("start" in part.co_names for part in found[1].parts.values())
    assert not any("start" in part.co_names for part in found[0].parts.values())
    gradients = [each.step().flat for each in found]
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-6 * np.abs(gradients[0]).max())
    assert measured(dict(enumerate(found)), "result").keys() == {0, 1}


def test_what_symbp_takes() -> None:
    assert taken("gelu_tanh", 256) == {"result": False, "derivatives": False}
    assert taken("gelu_tanh", 8192) == {"result": True, "derivatives": True}


def test_a_row_for_each_part(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(chains, "ARRAY_MIB", (1,))
    monkeypatch.setattr(chains, "TURNS", 1)
    assert [row[:3] + row[-1:] for row in rows("silu")] == [("silu", part, "1", "no") for part in PARTS]
    with pytest.raises(SystemExit):
        main(["selu"])
    assert "no case is named `selu`; there are relu, tanh" in capsys.readouterr().err
