"""Layers, losses, optimizers and their options: wrong names, types, ranges and values, each told in its place."""

from __future__ import annotations

import pytest
from spec.cases import spec, told

from symbp.catalog import KINDS, entries
from symbp.catalog.entry import Entry, Option
from symbp.spec import SpecError, parse_spec
from symbp.spec.model import Place
from symbp.spec.uses import Uses
from symbp.spec.yaml import Document


def layers(*items: str) -> str:
    return spec(layers="layers:\n" + "\n".join(f"  - {item}" for item in items))


def loss(text: str) -> str:
    return spec(loss=f"loss: {text}")


CASES = {
    # names
    layers("dens: 3"): "4: layers[0].dens: `dens` is not a layer; did you mean `dense`?",
    layers("DENS: 3"): "4: layers[0].DENS: `DENS` is not a layer; did you mean `dense`?",
    layers("rellu"): "4: layers[0]: `rellu` is not a layer; did you mean `relu`?",
    layers("mse"): "4: layers[0]: `mse` is not a layer but a loss; `symbp list` shows every kind",
    layers("adam: 1"): "4: layers[0].adam: `adam` is not a layer but an optimizer; `symbp list` shows every kind",
    layers("quux"): "4: layers[0]: `quux` is not a layer (known: …dense…)",
    layers("3"): "4: layers[0]: expected the name of a layer, or `name: {options}`; got 3",
    layers(""): "4: layers[0]: expected the name of a layer, or `name: {options}`; got nothing",
    layers("[dense]"): "4: layers[0]: expected the name of a layer, or `name: {options}`; got ['dense']",
    layers("dense: 3\n    activation: relu"): "4: layers[0]: `activation` stands beside `dense` and belongs below it: "
    "`dense: {units: 3, activation: 'relu'}`",
    layers("dense: 3\n    relu: {}"): "4: layers[0]: expected one name with its options below it; "
    "got a mapping with `dense`, `relu`; every layer is an item of its own, after `- `",
    layers('"a\\rb"'): "4: layers[0]: `a\\rb` is not a layer (known: …",
    layers("dense: {units: 3, activation: rellu}"): "4: layers[0].dense.activation: `rellu` is not an activation; "
    "did you mean `relu`?",
    loss("mes"): "6: loss: `mes` is not a loss; did you mean `mse`?",
    loss("relu"): "6: loss: `relu` is not a loss but an activation; `symbp list` shows every kind",
    loss(""): "6: loss: expected the name of a loss, or `name: {options}`; got nothing",
    loss("{mse: {}, mae: {}}"): "6: loss: expected one name with its options below it; got a mapping with `mse`, `mae`",
    spec("optimizer: admm"): "7: optimizer: `admm` is not an optimizer; did you mean `adam`?",
    spec("schedule: {cosin: {T_max: 3}}"): "7: schedule.cosin: `cosin` is not a schedule; did you mean `cosine`?",
    spec("clip: [{value: 1}, {vlue: 1}]"): "7: clip[1].vlue: `vlue` is not a way of clipping; did you mean `value`?",
    spec("penalty: l3"): "7: penalty: `l3` is not a penalty; did you mean `l2`?",
    # options: which there are
    layers("dense"): "4: layers[0]: `dense` needs `units`: number of outputs",
    layers("dense: {units: 3, uses_bias: no}"): "4: layers[0].dense.uses_bias: `dense` has no option `uses_bias`; "
    "did you mean `use_bias`?",
    layers("dense: {units: 3, out_features: 3}"): "4: layers[0].dense.out_features: `units` is given twice, "
    "under two names",
    layers("relu: 3"): "4: layers[0].relu: `relu` has no options; got 3",
    layers("nn.Linear: {in_features: 3, out_features: 2}"): "4: layers[0].nn.Linear.in_features: `dense` has no option "
    "`in_features`: it follows from the shape of what is read; leave it out",
    layers("dense: {units: 3, depth: 2, name: a}", "add: [a, a]"): "4: layers[0].dense.depth: `dense` has no option …",
    layers("conv2d: {channels: 3, kernel_size: 2}"): "4: layers[0].conv2d.channels: `conv2d` has no option `channels`; "
    "did you mean `out_channels`?",
    layers("relu: {slope: 3}"): "4: layers[0].relu.slope: `relu` has no option `slope` (known: …)",
    spec("optimizer: {adam: {beta1: 0.5}}"): "7: optimizer.adam.beta1: `adam` has no option `beta1`; "
    "did you mean `beta_1`?",
    spec("optimizer: {adam: {learning_rate: 1, lr: 2}}"): "7: optimizer.adam.lr: `learning_rate` is given twice, "
    "under two names",
    spec("optimizer: {adam: 0.1}"): "7: optimizer.adam: `adam` takes options by name, as in `adam: {…: ...}`; got 0.1",
    spec("schedule: step"): "7: schedule: `step` needs `step_size`: steps between two factors",
    # options: types
    layers("dense: 2.5"): "4: layers[0].dense.units: expected a whole number of at least 1; got 2.5",
    layers("dense: '3'"): "4: layers[0].dense.units: expected a whole number of at least 1; got '3'",
    layers("dense: true"): "4: layers[0].dense.units: expected a whole number of at least 1; got true",
    layers("dense: [3]"): "4: layers[0].dense.units: expected a whole number of at least 1; got [3]",
    layers("dense: {units: 3, bias: 1}"): "4: layers[0].dense.bias: expected true or false; got 1",
    layers("reshape: [3, x]"): "4: layers[0].reshape.shape: expected a list of whole numbers from 1 up; got [3, 'x']",
    loss("{mse: {reduction: avg}}"): "6: loss.mse.reduction: expected one of mean, sum; got 'avg'",
    loss("{mse: {reduction: [mean]}}"): "6: loss.mse.reduction: expected one of mean, sum; got ['mean']",
    loss("{softmax_cross_entropy: {targets: label}}"): "6: loss.softmax_cross_entropy.targets: "
    "expected one of labels, probabilities; got 'label'",
    loss("{softmax_cross_entropy: {weight: 3}}"): "6: loss.softmax_cross_entropy.weight: "
    "expected a list of numbers; got 3",
    loss("{softmax_cross_entropy: {weight: [1, x]}}"): "6: loss.softmax_cross_entropy.weight: "
    "expected a list of numbers; got [1, 'x']",
    spec("optimizer: {adam: {lr: fast}}"): "7: optimizer.adam.lr: expected a number of at least 0; got 'fast'",
    # options: ranges
    layers("dense: 0"): "4: layers[0].dense.units: expected a whole number of at least 1; got 0",
    layers("dense: 1e16"): "4: layers[0].dense.units: expected a whole number of at least 1, "
    "of magnitude 1e+15 at most; got 1e+16",
    layers("reshape: [2, -1]"): "4: layers[0].reshape.shape: expected a list of whole numbers from 1 up; got [2, -1]",
    layers("leaky_relu: {negative_slope: .nan}"): "4: layers[0].leaky_relu.negative_slope: .nan is not a finite number",
    layers("leaky_relu: {negative_slope: -1e20}"): "4: layers[0].leaky_relu.negative_slope: "
    "expected a number, of magnitude 1e+15 at most; got -1e+20",
    loss("{huber: {delta: 0}}"): "6: loss.huber.delta: expected a number greater than 0; got 0",
    loss("{softmax_cross_entropy: {label_smoothing: -0.1}}"): "6: loss.softmax_cross_entropy.label_smoothing: "
    "expected a number of at least 0 and at most 1; got -0.1",
    loss("{softmax_cross_entropy: {weight: [1, .inf]}}"): "6: loss.softmax_cross_entropy.weight[1]: "
    ".inf is not a finite number",
    spec("optimizer: {adam: {lr: -1}}"): "7: optimizer.adam.lr: expected a number of at least 0; got -1",
    spec("optimizer: {sgd: -.inf}"): "7: optimizer.sgd: -.inf is not a finite number",
    spec("optimizer: {adam: {beta_1: 1}}"): "7: optimizer.adam.beta_1: "
    "expected a number of at least 0 and less than 1; got 1",
    spec("clip: {global_norm: 0}"): "7: clip.global_norm.max_norm: expected a number greater than 0; got 0",
    spec("penalty: {l2: -1}"): "7: penalty.l2.strength: expected a number of at least 0; got -1",
    # names of layers, and what their parameters start with
    layers("dense: {units: 3, name: class}"): "4: layers[0].dense.name: `class` has a meaning of its own in Python; …",
    layers("dense: {units: 3, name: x}"): "4: layers[0].dense.name: `x` has a meaning of its own in the generated …",
    layers("dense: {units: 3, name: 4}"): "4: layers[0].dense.name: expected a name; got 4",
    layers("dense: {units: 3, name: a.b}"): "4: layers[0].dense.name: 'a.b' is not a name; …",
    layers("dense: {units: 3, name: a}", "dense: {units: 2, name: a}"): "5: layers[1].dense: two layers are named `a`; "
    "the first is on line 4",
    layers("dense: {units: 3, name: dense_2}", "dense: 2"): "5: layers[1].dense: two layers are named `dense_2`; "
    "the first is on line 4",
    layers("dense: {units: 3, initializer: he}"): "4: layers[0].dense.initializer: `he` is not an initializer; "
    "did you mean `he_normal`?",
    layers("dense: {units: 3, initializer: {w: zeros}}"): "4: layers[0].dense.initializer.w: "
    "`dense` has no parameter `w`; did you mean `W`?",
    layers("relu: {initializer: zeros}"): "4: layers[0].relu.initializer: `relu` has no parameters to initialize",
    # options with a number for each axis
    layers("conv2d: {filters: 3, kernel_size: [3, 3, 3]}"): "4: layers[0].conv2d.kernel_size: "
    "expected a whole number from 1 up, or a list of 2; got [3, 3, 3]",
    layers("conv1d: {filters: 3, kernel_size: 3, padding: reflect}"): "4: layers[0].conv1d.padding: "
    "expected a whole number from 0 up, or valid, or same; got 'reflect'",
    layers("conv1d: {filters: 3, kernel_size: 3, padding: SAME}"): "4: layers[0].conv1d.padding: "
    "expected a whole number from 0 up, or valid, or same; got 'SAME'; did you mean `same`?",
    loss("{mse: {reduction: Sum}}"): "6: loss.mse.reduction: expected one of mean, sum; got 'Sum'; did you mean `sum`?",
    layers("multi_head_attention: {heads: 2, units: 4}"): "4: layers[0].multi_head_attention.units: "
    "`multi_head_attention` has no option `units` (known: …)",
    layers("conv2d: {filters: 3, kernel_size: 3, stride: [1, 0]}"): "4: layers[0].conv2d.stride: "
    "expected a whole number from 1 up, or a list of 2; got [1, 0]",
}


@pytest.mark.parametrize("text", CASES, ids=[f"{i}: {m[:50]}" for i, m in enumerate(CASES.values())])
def test_one_mistake_is_told_once(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "net.yaml")
    assert told(f"net.yaml:{CASES[text]}", str(caught.value)), str(caught.value)


OPTIONS = [
    pytest.param(entry, option, id=f"{kind} {entry.name} {option.name}")
    for kind in KINDS
    for entry in entries(kind)
    for option in entry.options
]


def refusal(entry: Entry, option: Option, value: object) -> str:
    """What is told of a value, by itself; empty where it is taken."""
    uses = Uses(Document("net.yaml", {}, {}), {})
    uses.value(option, value, ("use", option.name))
    assert all(p.place == Place("net.yaml", 1, f"use.{option.name}") for p in uses.problems)
    return "\n".join(p.message for p in uses.problems)


@pytest.mark.parametrize(("entry", "option"), OPTIONS)
def test_every_option_refuses_what_its_interval_excludes(entry: Entry, option: Option) -> None:
    assert refusal(entry, option, None)
    assert refusal(entry, option, {})
    assert refusal(entry, option, "quux") or option.type == "any"
    for bound, outside, is_open in ((option.low, -1, option.low_open), (option.high, 1, option.high_open)):
        if option.type in ("real", "integer") and bound is not None:
            assert f"; got {bound + outside}" in refusal(entry, option, bound + outside)
            assert bool(refusal(entry, option, bound)) == is_open
    if option.type == "integer":
        assert "expected a whole number" in refusal(entry, option, (option.low or 0) + 1.5)
    if option.type in ("real", "integer"):
        assert refusal(entry, option, True)
        assert refusal(entry, option, 1e16) or refusal(entry, option, 1e16) == refusal(entry, option, 1e17)
    if option.default is not None and option.type != "shape":
        assert refusal(entry, option, option.default) == ""
