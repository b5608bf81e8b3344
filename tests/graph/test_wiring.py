"""What a spec may not say about who reads what, each in its own words."""

from __future__ import annotations

import pytest

from symbp.forward.build import build_network
from symbp.spec import SpecError, parse_spec

HEAD = "name: graph\ninput: 4\nloss: mean_squared_error\nlayers:\n"

WRONG = [
    ("- dense: {units: 3, input: stem}", r":5: .*no layer and no input is named `stem`"),
    ("- dense: {units: 3, name: stem}\n- dense: {units: 3, input: stm}", r":6: .*did you mean `stem`\?"),
    ("- dense: {units: 3, input: late}\n- dense: {units: 3, name: late}", r":5: .*`late` comes later, on line 6"),
    ("- dense: {units: 3, input: self_1, name: self_1}", r"`self_1` comes later, on line 5"),
    ("- dense: {units: 3, name: lost}\n- dense: {units: 3, input: x}", r":5: .*nothing reads what `lost` computes"),
    ("- dense: 3\n- add", r":6: .*`add` reads several inputs \(as many as you like\)"),
    ("- dense: 3\n- subtract: [dense_1]", r"`subtract` reads 2 inputs \(x_1, x_2\); got 1"),
    ("- dense: 3\n- dense: {units: 2, inputs: [dense_1, x]}", r"`dense` reads 1 input \(x\); got 2"),
    ("- dense: 3\n- dense: {units: 2, input: x, inputs: [x]}", "give one of them"),
    ("- dense: {units: 2, input: 3}", r"expected the name of an earlier layer or of an input; got 3"),
    ("- dense: 3\n- subtract: {inputs: {x_1: x}}", r"`subtract` reads `x_2` too"),
    ("- dense: 3\n- subtract: {inputs: {x_1: x, x_3: x}}", r"`subtract` has no input `x_3`"),
    (
        "- dense: {units: 3, name: a}\n- dense: {units: 4, name: b}\n- add: [a, b]",
        r":7: .*layer `add_1` \(add\) does not fit its inputs \(`x_1` is layer `a` with shape \(n, 3\), "
        r"`x_2` is layer `b` with shape \(n, 4\)\): axis 1 of `x_2` is 4, expected 3",
    ),
    (
        "- dense: {units: 3, name: a}\n- reshape: {shape: [3, 1]}\n- add: [a, reshape_1]",
        r"`add_1` .*shape \(n, 3\).*shape \(n, 3, 1\)\): `...` stands for different numbers of axes",
    ),
    ("- dense: {units: 3, name: a}\n- concatenate: {inputs: [a, x], axis: 0}", r"axis 0 of an input with 2 axes"),
    ("- dense: {units: 3, name: a}\n- concatenate: {inputs: [a, x], axis: 2}", r"expected 1 to 1, or -1 to -1"),
    ("- dense: {units: 3, name: a, activation: relu}\n- dense: {units: 3, name: a}", "two layers are named `a`"),
]


@pytest.mark.parametrize(("layers", "message"), WRONG)
def test_what_is_wrong_is_said(layers: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        build_network(parse_spec(HEAD + layers))


def test_a_name_means_what_follows_in_the_same_item() -> None:
    spec = parse_spec(HEAD + "- dense: {units: 4, activation: relu, name: a}\n- add: [a, x]")
    assert spec.layers[2].inputs == {"x_1": "relu_1", "x_2": "x"}


def test_a_list_is_short_for_inputs() -> None:
    short, long = (
        parse_spec(HEAD + f"- dense: {{units: 4, name: a}}\n- add: {item}") for item in ("[a, x]", "{inputs: [a, x]}")
    )
    assert short.layers[1].inputs == long.layers[1].inputs == {"x_1": "a", "x_2": "x"}
