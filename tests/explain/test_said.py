"""What a derivation says of outputs, winners, recurrences and what is held constant, and that it says it only there."""

from __future__ import annotations

import pytest

from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.spec.read import parse_spec
from symbp.targets.explanation import render

WINNER = "To derivatives it is a constant, and the maximum is what is read there."
STOP = "stop(x) is x, which derivatives take for a constant."
WEIGHTED = "How the weighted input changes with W"
OUTPUT = "How the output changes with γ"
CANCELS = "so terms cancel."
RECURS = "One element of h is varied and the others are held fixed"
SEPARATE = "Elements of h do not depend on each other"
SAID = {
    "[3]": ("dense: 2", {WEIGHTED}),
    "[4]": ("rms_norm", {WEIGHTED, OUTPUT}),
    "[2, 4]": ("max_pool1d: 2", {WEIGHTED, WINNER}),
    "[5]": ("layer_norm", {WEIGHTED, OUTPUT, CANCELS}),
    "[4, 2]": ("simple_rnn: {units: 2, truncate: 2}", {WEIGHTED, STOP, RECURS}),
}


@pytest.mark.parametrize("shape", SAID)
def test_what_is_said(shape: str) -> None:
    layer, expected = SAID[shape]
    layers = f"layers: [{{{layer if ':' in layer else f'{layer}: {{}}'}}}, flatten, {{dense: 1}}]"
    network = build_network(parse_spec(f"name: small\ninput: {shape}\n{layers}\nloss: mse\noptimizer: sgd\n"))
    words = " ".join(render(derive_network(network), "text").split())
    assert {said for said in (WINNER, STOP, WEIGHTED, OUTPUT, CANCELS, RECURS, SEPARATE) if said in words} == expected
