"""Layers with windows against JAX and PyTorch, in double precision: their formulas, and the modules they become."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from derived import close, derive_row, row
from modules import PROJECTION, module_of
from references import pulled, torch
from references_windows import WINDOWED, Windowed

from symbp.forward.build import build_network
from symbp.spec.model import SpecError
from symbp.spec.read import parse_spec

Arrays = dict[str, np.ndarray]
VALUE, GRADIENT = 1e-12, 1e-9
EVERY = [(name, number) for name, cases in WINDOWED.items() for number in range(len(cases))]


@dataclass(frozen=True)
class Expected:
    """What a layer is given, its value, a cotangent of that, and what JAX makes of the cotangent."""

    given: Arrays
    value: np.ndarray
    cotangent: np.ndarray
    gradients: Arrays


@cache
def expected(name: str, number: int) -> Expected:
    case, draw = WINDOWED[name][number], np.random.default_rng([len(name), number])
    given = {"x": draw.normal(size=case.shape), **{k: draw.normal(size=s) for k, s in case.parameters.items()}}
    return Expected(given, *pulled(lambda arrays: case.jax(**arrays), given, lambda shape: draw.normal(size=shape)))


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@pytest.mark.parametrize(("name", "number"), EVERY)
def test_references_agree(name: str, number: int) -> None:
    known = expected(name, number)
    tensors = {k: torch.tensor(v, requires_grad=True) for k, v in known.given.items()}
    value = WINDOWED[name][number].torch(**tensors)
    value.backward(torch.tensor(known.cotangent))
    close(value.detach().numpy(), known.value, VALUE, 1e-14)
    for tensor, gradient in known.gradients.items():
        close(tensors[tensor].grad.numpy(), gradient, GRADIENT, 1e-13)


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("name", [name for name in WINDOWED if row("layer", name).kinks])
def test_equal_values_are_pytorchs(name: str) -> None:
    for case in WINDOWED[name]:
        x = np.random.default_rng(1).integers(0, 2, case.shape).astype(float)
        leaf = torch.tensor(x, requires_grad=True)
        value = case.torch(leaf)
        cotangent = np.random.default_rng(2).normal(size=tuple(value.shape))
        value.backward(torch.tensor(cotangent))
        derived = derive_row(row("layer", name), case.options, case.shape)
        found = derived.backward({**derived.forward({"x": x}), "d_y": cotangent})
        close(found["d_x"], leaf.grad.numpy(), GRADIENT, 1e-13)


@pytest.mark.parametrize(("name", "number"), EVERY)
def test_formula(name: str, number: int) -> None:
    case, known, entry = WINDOWED[name][number], expected(name, number), row("layer", name)
    derived = derive_row(entry, case.options, case.shape)
    values = derived.forward(known.given)
    close(values[entry.result], known.value, VALUE, 1e-14)
    found = derived.backward({**values, f"d_{entry.result}": known.cotangent})
    for tensor, gradient in known.gradients.items():
        close(found[f"d_{tensor}"], gradient, GRADIENT, 1e-13)


def module(name: str, case: Windowed) -> Any:
    """A network of this layer alone, whose cost has the target as the cotangent of the layer's output."""
    options = {k: list(v) if isinstance(v, tuple) else v for k, v in case.options.items()}
    before, after = [], [{name: {**options, "name": "layer"}}]
    if not case.parameters:  # a module trains something: a scale of each channel, 1 in this test
        before = [
            {"depthwise_conv1d" if len(case.shape) == 3 else "depthwise_conv2d": {"kernel_size": 1, "bias": False}}
        ]
    return module_of(input=list(case.shape[1:]), layers=[*before, *after], **PROJECTION)


@pytest.mark.parametrize(("name", "number"), EVERY)
def test_module(name: str, number: int) -> None:
    case, known = WINDOWED[name][number], expected(name, number)
    made = module(name, case)
    params = made.init(0, np.float64)
    for key in params:
        params[key][...] = known.given[key.partition(".")[2]] if key.startswith("layer") else 1.0
    x = known.given["x"]
    _, gradients, of_input = made.loss_and_gradients(params, x, known.cotangent, input_gradient=True)
    close(made.forward(params, x), known.value, VALUE, 1e-14)
    close(of_input, known.gradients["x"], GRADIENT, 1e-13)
    for key in case.parameters:
        close(gradients[f"layer.{key}"], known.gradients[key], GRADIENT, 1e-13)


@pytest.mark.parametrize("name", WINDOWED)
def test_every_variant_has_a_case(name: str) -> None:
    entry = row("layer", name)
    defaults = {o.name: o.default for o in entry.options}

    def spelt(case: Windowed) -> dict[str, Any]:
        numbers = {o.name: len(o.names) for o in entry.options}
        return {
            k: (v,) * numbers[k] if numbers[k] and isinstance(v, int) and not isinstance(v, bool) else v
            for k, v in case.options.items()
        }

    assert {entry.variant({**defaults, **spelt(case)}) for case in WINDOWED[name]} == {
        entry.variant({}),
        *entry.variants,
    }
    off = [{k for k, v in spelt(case).items() if v != defaults[k]} for case in WINDOWED[name]]
    assert {o.name for o in entry.options} in off, "all options are off their defaults at once"


UNFIT = {
    "conv2d: {filters: 2, kernel_size: [9, 3]}": (
        "layer `conv2d_1` (conv2d) does not fit the input, which has shape (n, 4, 7, 5): along axis 2 a window is "
        "longer than the padded input, whose channels are axis 1: `dilation[0]*(kernel_size[0] - 1) + 1` is "
        "9, and `extent(x, 2) + padding[0] + padding[0]` only 7"
    ),
    "conv2d: {filters: 3, kernel_size: 3, groups: 2}": "`filters / groups` is 3/2, expected a whole number from 1 up",
    "conv2d: {filters: 3, kernel_size: 3, groups: 3}": "`extent(x, 1) / groups` is 4/3, expected a whole number",
    "conv1d: {filters: 2, kernel_size: 3}": "its formula is written for 3 axes, the batch among them; here are 4",
    "max_pool2d: {kernel_size: 2, padding: 2}": "`2*padding[0]` is 4, and `kernel_size[0]` only 2",
    "adaptive_average_pool2d: 3": "`extent(x, 2) / output_size[0]` is 7/3, expected a whole number from 1 up",
}


@pytest.mark.parametrize("layer", UNFIT)
def test_a_window_that_does_not_fit_is_told(layer: str) -> None:
    text = f"name: small\ninput: [4, 7, 5]\nlayers:\n  - {layer}\n  - flatten\n  - dense: 2\nloss: mse\n"
    with pytest.raises(SpecError) as caught:
        build_network(parse_spec(text + "optimizer: sgd\n", "net.yaml"))
    assert str(caught.value).startswith("net.yaml:4: layers[0].")
    assert UNFIT[layer] in str(caught.value)


FANS = {  # torch.nn.init._calculate_fan_in_and_fan_out of the weight
    "conv2d: {filters: 6, kernel_size: [3, 2]}": (4 * 6, 6 * 6),
    "conv2d: {filters: 6, kernel_size: [3, 2], groups: 2, stride: 2}": (2 * 6, 6 * 6),
    "conv2d: {filters: 6, kernel_size: [3, 2], dilation: 2, bias: false}": (4 * 6, 6 * 6),
    "depthwise_conv2d: {kernel_size: 3, depth_multiplier: 2}": (9, 8 * 9),
    "conv_transpose2d: {filters: 6, kernel_size: 3, stride: 2}": (6 * 9, 4 * 9),
    "conv_transpose2d: {filters: 6, kernel_size: 3, groups: 2}": (3 * 9, 4 * 9),
}


@pytest.mark.parametrize("layer", FANS)
def test_fans_are_pytorchs(layer: str) -> None:
    text = f"name: small\ninput: [4, 7, 5]\nlayers:\n  - {layer}\nloss: mse\noptimizer: sgd\n"
    parameters = build_network(parse_spec(text)).parameters
    assert {(p.fan_in, p.fan_out) for p in parameters} == {FANS[layer]}


def test_words_for_padding_are_numbers_in_formulas() -> None:
    layer = "conv2d: {filters: 1, kernel_size: [4, 3], stride: [2, 3], padding: same}"
    text = f"name: small\ninput: [1, 7, 8]\nlayers:\n  - {layer}\n"
    (block, *_) = build_network(parse_spec(text + "loss: mse\noptimizer: sgd\n")).blocks
    assert (block.scalars["P_h"], block.scalars["P_w"]) == (1, 0)
    assert block.shape("z") == ("n", 1, 4, 3)
