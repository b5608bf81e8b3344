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
    ("- slice: {start: 2, length: 3}", r"layer `slice_1` .*: `start \+ length` is 5, and `extent\(x, axis\)` only 4"),
    ("- split: {parts: 3}", r"`extent\(x, axis\) / parts` is 4/3, expected a whole number"),
    ("- split: {parts: 2, index: 2}", r"`index \+ 1` is 3, and `parts` only 2"),
    ("- permute: {dims: [2, 1]}", r"the axes \[2, 1\] are no order of the axes behind the batch, 1"),
    ("- mean: {axis: 2}", r"axis 2 of an input with 2 axes, the batch among them: expected 1 to 1, or -1 to -1"),
    ("- matmul: [x, x]", r"`matmul_1` .*`x_1` is the input with shape \(n, 4\)"),
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


def test_a_layer_that_no_loss_depends_on_has_nothing_to_learn_from() -> None:
    layers = "- dense: {units: 3, name: a}\n- dense: {units: 2, name: b, input: x}\n- dense: {units: 2, input: a}"
    several = HEAD.replace("loss: mean_squared_error", "losses: [{loss: mean_squared_error}]")
    with pytest.raises(SpecError, match=r":6: .*no loss depends on layer `b`"):
        build_network(parse_spec(f"{several}{layers}\noutput: [dense_3, b]"))


LOSSES = [
    ("losses: [{loss: mse, on: b}, {loss: mse, on: a}]", "say each what it compares with, as in `target: label`"),
    ("losses: [{loss: mse, on: c, target: u}]", r"losses\[0\].on: no layer is named `c`"),
    ("losses: [{loss: mse, at: b}]", r"losses\[0\].at: `at` is not a key of a loss among several"),
    ("losses: [{loss: mse, on: b, weight: -1}]", r"losses\[0\].weight: expected a number from 0 to 1e\+09; got -1"),
    ("losses: [{loss: mse, on: [a, b], target: u}]", r"`mse` reads 1 \(a\); got 2|reads 1 \(a\)"),
    ("losses: [{loss: mse, on: b, target: a b}]", "'a b' is not a name"),
    ("losses: [mse]", r"losses\[0\]: expected a mapping with `loss`; got 'mse'"),
    ("losses: []", "expected a list of 1 to 32 losses"),
    ("losses: [{loss: mse}]\nloss: mse", "`loss` and `losses` both state the cost"),
    ("loss: mse\noutput: [a, b]", "`losses` says on which layer each cost is"),
    ("loss: mse\noutput: [b, b]", "a list of different ones"),
    ("loss: mse\noutput: d", r"output: no layer is named `d`"),
    (
        "losses: [{loss: mse, on: b, target: u}, {loss: softmax_cross_entropy, on: a, target: u}]",
        r"the loss on `a` has the target `u`, which is numbers of shape \(n, 3\) to another loss, "
        r"and whole numbers of shape \(n,\) to this one",
    ),
    (
        "losses: [{loss: mse, on: b, target: x}]",
        r"the loss \(mse\) does not fit its inputs \(`a` is layer `b` with shape \(n, 3\), "
        r"`y` is the input with shape \(n, 4\)\): axis 1 of `y` is 4, expected 3",
    ),
]


@pytest.mark.parametrize(("losses", "message"), LOSSES)
def test_what_is_wrong_in_losses_is_said(losses: str, message: str) -> None:
    layers = "layers:\n- dense: {units: 3, name: a}\n- dense: {units: 3, name: b}\n"
    with pytest.raises(SpecError, match=message):
        build_network(parse_spec(f"name: graph\ninput: 4\n{layers}{losses}"))


SHARED = [
    ("- dense: {units: 3, share: a}", r"`share` takes the name of an earlier layer"),
    ("- dense: {units: 4, name: a}\n- relu: {share: a}", r"`a` is dense, and this layer relu"),
    ("- relu: {name: a}\n- relu: {share: a}", r"`relu` has no parameters to share"),
    ("- dense: {units: 4, name: a}\n- dense: {units: 4, share: a, initializer: zeros}", r"which says how they start"),
    (
        "- dense: {units: 3, name: a}\n- dense: {units: 4, share: a}",
        r":6: .*layer `dense_2` cannot share the parameters of `a`: `W` is numbers of shape \(4, 3\) there, "
        r"numbers of shape \(3, 4\) here",
    ),
    (
        "- dense: {units: 4, name: a}\n- dense: {units: 4, share: a, bias: false}\n"
        "- dense: {units: 4, share: b, name: c}\n- dense: {units: 4, name: b}",
        r":7: .*; `b` is on line 8",
    ),
]


@pytest.mark.parametrize(("layers", "message"), SHARED)
def test_what_cannot_be_shared_is_said(layers: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        build_network(parse_spec(HEAD + layers))


INPUTS = [
    ("{a: 3, b: 3}", "- dense: {units: 3}", "the network has the inputs `a`, `b`; say which this layer reads"),
    ("{a: 3, b: 3}", "- dense: {units: 3, input: a}", r":2: input.b: nothing reads the input `b`"),
    ("{a: 3, b: 4}", "- add: [a, b]", r"`x_1` is the input `a` with shape \(n, 3\), `x_2` is the input `b`"),
    ("{shape: 3, kind: integer, classes: 5}", "- dense: 3", r"`x` is a tensor of real numbers, and those are whole"),
    ("{a: 3}", "- dense: {units: 3, name: a}", "an input is named `a` too; the first is on line 2"),
]


@pytest.mark.parametrize(("inputs", "layers", "message"), INPUTS)
def test_what_is_wrong_with_inputs_is_said(inputs: str, layers: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        build_network(parse_spec(f"name: graph\ninput: {inputs}\nloss: mse\nlayers:\n{layers}"))
