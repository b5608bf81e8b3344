"""Whatever of symbp's own inputs, targets and layers are called as, the module is the same otherwise."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
import pytest
from modules import module_of

from symbp import catalog, pipeline
from symbp.spec import parse_spec
from symbp.spec.model import NetworkSpec
from symbp.targets.numpy.source import names

CELL = """
name: net
input: [4, 3]
layers: [{cell: {units: 4}}, {dense: 2}]
loss: mse
define:
  layers:
    cell:
      formula: |
        ONE[n,t,j] = tanh(sum[i](x[n,t,i]*W[i,j]))
        TWO[n,t,j] = 2*ONE[n,t,j]
        h[n,t,j] = tanh(TWO[n,t,j] + sum[k](h[n,t-1,k]*V[k,j]))
        y[n,t,j] = h[n,t,j] + ONE[n,t,j]
      parameters: {W: {axes: [i, j], initializer: normal}, V: {axes: [k, j], initializer: normal}}
      sizes: {j: units, k: units}
"""
CLIPPING = [{"value": 0.5}, {"global_norm": 1.0}]
ARGUMENTS = [("keep", "scale", "into"), ("into", "keep", "scale"), ("eta", "t", "beta1")]
PAIRS = list(zip(catalog.names("optimizer"), cycle([None, *CLIPPING]), strict=False))


def named(one: str, two: str, target: str, optimizer: str = "sgd", **more: Any) -> Any:
    """A module of two inputs, and two targets, of which the names of three are given."""
    return module_of(
        input={one: 4, two: 4},
        layers=[{"add": [one, two]}, {"dense": 3}],
        losses=[{"loss": "mse", "target": target}, {"loss": "huber", "target": "other_target"}],
        optimizer=optimizer,
        **more,
    )


def trained(one: str, two: str, target: str, optimizer: str = "sgd", **more: Any) -> np.ndarray:
    """The parameters after two steps."""
    module = named(one, two, target, optimizer, **more)
    draw = np.random.default_rng(0)
    x = {name: draw.normal(size=(5, 4)) for name in (one, two)}
    y = {name: draw.normal(size=(5, 3)) for name in (target, "other_target")}
    trainer = module.Trainer(module.init(0))
    for _ in range(2):
        trainer.step(x, y)
    return np.array(trainer.params.flat)


@pytest.mark.parametrize(("optimizer", "clip"), PAIRS, ids=str)
def test_the_tensors_of_an_update(optimizer: str, clip: dict[str, float] | None) -> None:
    more = {"clip": clip} if clip else {}
    spec = f"name: net\ninput: 4\nlayers: [dense: 2]\nloss: mse\noptimizer: {optimizer}\nclip: {clip or {}}\n"
    taken = {name for formula in pipeline.updates(parse_spec(spec)) for name in formula.tensors}
    assert {"w", "g"} <= taken
    called = [*sorted(taken), "left", "right"][: len(taken) + -len(taken) % 3]
    expected = trained("first", "second", "target", optimizer, **more)
    for k in range(0, len(called), 3):
        one, two, target = called[k : k + 3]
        np.testing.assert_array_equal(trained(one, two, target, optimizer, **more), expected)


@pytest.mark.parametrize(
    "called", [("keep", "scale", "into"), ("into", "keep", "scale"), ("eta", "t", "beta1")], ids=str
)
@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_the_arguments_of_routines(optimizer: str, called: tuple[str, str, str]) -> None:
    expected = trained("first", "second", "target", optimizer)
    np.testing.assert_array_equal(trained(*called, optimizer), expected)


@pytest.mark.parametrize("layer", ["blas", "math", "pairwise", "threading", "os", "Arrays", "STRETCH", "overload"])
def test_a_layer_called_as_what_could_be_imported_imports_nothing(layer: str) -> None:
    def spec(name: str) -> NetworkSpec:
        return parse_spec(f"name: net\ninput: 4\nlayers: [dense: {{units: 3, name: {name}}}]\nloss: mse\n")

    def imports(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith(("import ", "from ", "Arrays", "STRETCH"))]

    found, expected = (pipeline.generate(spec(name)).module for name in (layer, "other"))
    assert imports(found) == imports(expected)


@pytest.mark.parametrize("called", [("h_padded", "h_before"), ("h_before", "h_before_t"), ("h_after", "h_t")], ids=str)
def test_tensors_called_as_the_views_of_another(called: tuple[str, str]) -> None:
    def gradients(one: str, two: str) -> np.ndarray:
        spec = parse_spec(CELL.replace("ONE", one).replace("TWO", two))
        module = pipeline.load_module(pipeline.generate(spec))
        x, y = np.random.default_rng(0).normal(size=(2, 5, 4, 3))
        _, found = module.loss_and_gradients(module.init(0, np.float64), x, y[:, :, :2])
        return np.array(found.flat)

    np.testing.assert_allclose(gradients(*called), gradients("p", "q"), rtol=1e-12, atol=1e-12)


def test_names_are_those_of_code() -> None:
    code = ['    with_ = x["keep"] * scale  # keep', "    np.add(ws.into, y, out=t)", '    f"{n} params"']
    assert names(code) == {"with_", "x", "scale", "np", "ws", "y", "t", "n"}
