"""Long sequences are made short for a comparison where the network stays the same, and only there."""

from __future__ import annotations

import pytest

from symbp.spec import parse_spec
from symbp.verify.shorten import SHORT, shortened, steps_compared

CASES = {  # layers, input -> the steps that are compared
    "the last state": ("[gru: {units: 4, returns: last}, dense: 2]", "[2000, 1]", SHORT),
    "every state": ("[simple_rnn: 4]", "[100000, 1]", SHORT),
    "both directions": ("[gru: {units: 2, bidirectional: true}, gru: {units: 3, returns: last}]", "[500, 2]", SHORT),
    "an axis of equal length": ("[permute: [2, 1], simple_rnn: 4]", "[3, 400]", SHORT),
    "behind a convolution": ("[permute: [2, 1], conv1d: {filters: 2, kernel_size: 5, stride: 4}, permute: [2, 1], "
                             "simple_rnn: 3]", "[400, 2]", 15),
    "stretches": ("[gru: {units: 4, truncate: 20}]", "[2000, 1]", 41),
    "one weight for each step": ("[simple_rnn: 4, flatten, dense: 2]", "[50, 1]", 50),
    "as many features as steps": ("[simple_rnn: 4]", "[60, 60]", 60),
    "no recurrence": ("[dense: 2]", "[300]", 0),
    "short": ("[simple_rnn: 4]", "[5, 2]", 5),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_steps_that_are_compared(name: str) -> None:
    layers, shape, expected = CASES[name]
    spec = parse_spec(f"name: long\nloss: mse\nlayers: {layers}\ninput: {shape}\n")
    assert steps_compared(spec) == expected
    if expected in (0, 5, 50, 60):
        assert shortened(spec) is spec


def test_inputs_of_equal_length_stay_so() -> None:
    inputs = "input: {here: [300, 2], there: [300, 3]}\n"
    layers = "layers: [concatenate: {inputs: [here, there]}, simple_rnn: 4]\n"
    spec = shortened(parse_spec(f"name: long\nloss: mse\n{inputs}{layers}"))
    assert [i.shape for i in spec.inputs] == [(SHORT, 2), (SHORT, 3)]
