"""Modules with recurrent layers: gradients beside PyTorch's, training in lockstep, no memory taken in a step."""

from __future__ import annotations

import ast
import copy
import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from derived import close
from modules import module_of
from references import torch
from references_recurrent import STATES, as_symbp, torch_module, torch_value

VALUE, GRADIENT = 1e-12, 1e-9
NETWORKS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "one": [("lstm", {"units": 5, "returns": "last"})],
    "stacked": [("lstm", {"units": 4}), ("gru", {"units": 3}), ("simple_rnn", {"units": 5, "returns": "last"})],
    "reversed": [("gru", {"units": 4, "reverse": True}), ("lstm", {"units": 3, "reverse": True, "returns": "last"})],
    "both ways": [
        ("gru", {"units": 3, "bidirectional": True}),
        ("lstm", {"units": 2, "bidirectional": True, "returns": "last"}),
    ],
    "stretches": [
        ("lstm", {"units": 3, "truncate": 2}),
        ("gru", {"units": 2, "truncate": 4, "reverse": True, "returns": "last"}),
    ],
    "one unit": [("lstm", {"units": 1}), ("simple_rnn", {"units": 1, "nonlinearity": "relu", "returns": "last"})],
}


def module(name: str, steps: int = 6, inputs: int = 2, **more: Any) -> ModuleType:
    layers = [{kind: options} for kind, options in NETWORKS[name]]
    spec = {"layers": [*layers, {"dense": 3}], "loss": "softmax_cross_entropy", **more}
    return module_of(input=[steps, inputs], **spec)


def numbered(name: str) -> list[tuple[str, str, dict[str, Any]]]:
    kinds = [kind for kind, _ in NETWORKS[name]]
    return [(f"{k}_{kinds[: i + 1].count(k)}", k, o) for i, (k, o) in enumerate(NETWORKS[name])]


class Twin:
    """The network in PyTorch, with a module's parameters."""

    def __init__(self, name: str, params: Any) -> None:
        self.layers, self.leaves = [], {}
        for label, kind, options in numbered(name):
            own = {k.partition(".")[2]: v for k, v in params.items() if k.startswith(f"{label}.")}
            layer, leaves = torch_module(kind, own, options)
            self.layers.append((layer, options))
            self.leaves |= {f"{label}.{k}": v for k, v in leaves.items()}
        self.dense = torch.nn.Linear(*params["dense_1.W"].shape, dtype=self.layers[0][0].weight_ih_l0.dtype)
        self.dense.weight.data = torch.tensor(params["dense_1.W"].T.copy())
        self.dense.bias.data = torch.tensor(params["dense_1.b"].copy())
        self.leaves |= {"dense_1.W": self.dense.weight, "dense_1.b": self.dense.bias}

    def logits(self, x: Any) -> Any:
        for layer, options in self.layers:
            x = torch_value(layer, x, options)
        return self.dense(x)

    def cost(self, x: Any, y: np.ndarray) -> Any:
        return torch.nn.functional.cross_entropy(self.logits(x), torch.tensor(y))


def examples(n: int, steps: int = 6, inputs: int = 2) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(n)
    return draw.normal(size=(n, steps, inputs)), draw.integers(3, size=n)


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@pytest.mark.parametrize(("n", "steps"), [(3, 6), (1, 6), (2, 1), (1, 2)])
@pytest.mark.parametrize("name", NETWORKS)
def test_cost_and_every_gradient(name: str, n: int, steps: int) -> None:
    m, (x, y) = module(name, steps), examples(n, steps)
    params = m.init(1, np.float64)
    twin, leaf = Twin(name, params), torch.tensor(x, requires_grad=True)
    cost, gradients, of_x = m.loss_and_gradients(params, x, y, input_gradient=True)
    expected = twin.cost(leaf, y)
    expected.backward()
    close(cost, expected.detach().numpy(), VALUE)
    close(m.forward(params, x), twin.logits(torch.tensor(x)).detach().numpy(), VALUE, 1e-15)
    close(of_x, leaf.grad.numpy(), GRADIENT, 1e-14)
    for key, leaf in twin.leaves.items():
        found = leaf.grad.numpy()
        found = found.T if key == "dense_1.W" else as_symbp(key.partition(".")[2], found, gradients[key])
        close(gradients[key], found, GRADIENT, 1e-14)


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
def test_training_goes_in_lockstep() -> None:
    m = module("stacked", optimizer={"adam": {"learning_rate": 0.02}})
    trainer = m.Trainer(m.init(2, np.float64))
    twin = Twin("stacked", trainer.params)
    adam = torch.optim.Adam(twin.leaves.values(), lr=0.02)
    draw = np.random.default_rng(0)
    costs = []
    for _ in range(25):
        x, y = draw.normal(size=(4, 6, 2)), draw.integers(3, size=4)
        adam.zero_grad()
        cost = twin.cost(torch.tensor(x), y)
        cost.backward()
        adam.step()
        costs.append(trainer.step(x, y))
        close(costs[-1], cost.item(), 1e-9)
    for key, leaf in twin.leaves.items():
        values = leaf.detach().numpy()
        values = values.T if key == "dense_1.W" else as_symbp(key.partition(".")[2], values, trainer.params[key])
        close(trainer.params[key], values, 1e-7, 1e-9)  # 25 steps of Adam, which divides by small numbers
    assert np.ptp(costs) > 0.1


@pytest.mark.parametrize("name", NETWORKS)
def test_single_precision_agrees_with_double(name: str) -> None:
    m, (x, y) = module(name), examples(4)
    single, double = (m.loss_and_gradients(m.init(3, d), x.astype(d), y)[1].flat for d in (np.float32, np.float64))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, rtol=2e-3, atol=2e-6)  # some hundred roundings of 6e-8


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize(("n", "steps"), [(3, 4), (1, 1)])
def test_initial_states_are_inputs(n: int, steps: int, both: bool) -> None:
    """A layer's value, and an input of the network: what the state and the cell start from."""
    options = {"units": 3, "bidirectional": both}
    shape = [2, 3] if both else [3]
    layers: list[Any] = [
        {"dense": {"units": 6 if both else 3, "activation": "tanh", "input": "s", "name": "started"}},
        {"reshape": {"shape": shape}},
        {"lstm": {**options, "inputs": {"x": "x", "h_0": "reshape_1", "c_0": "c"}}},
        "flatten",
        {"dense": 1},
    ]
    m = module_of(input={"x": [steps, 2], "s": 4, "c": shape}, layers=layers, loss="mse")
    params, draw = m.init(5, np.float64), np.random.default_rng(n)
    given = {"x": (n, steps, 2), "s": (n, 4), "c": (n, *shape), "y": (n, 1)}
    x = {key: draw.normal(size=size) for key, size in given.items()}
    y = x.pop("y")
    cost, gradients, of_x = m.loss_and_gradients(params, x, y, input_gradient=True)

    own = {k.partition(".")[2]: v for k, v in params.items() if k.startswith("lstm_1.")}
    layer, leaves = torch_module("lstm", own, options)
    others = {k: torch.tensor(v, requires_grad=True) for k, v in {**params, **x}.items() if not k.startswith("lstm_1.")}
    h_0 = torch.tanh(others["s"] @ others["started.W"] + others["started.b"]).reshape(n, *shape)
    value = torch_value(layer, others["x"], options, dict(zip(STATES, (h_0, others["c"]), strict=True)))
    value = value.flatten(1) @ others["dense_2.W"] + others["dense_2.b"]
    expected = torch.nn.functional.mse_loss(value, torch.tensor(y))
    expected.backward()
    close(cost, expected.item(), VALUE)
    for key, leaf in leaves.items():
        close(gradients[f"lstm_1.{key}"], as_symbp(key, leaf.grad.numpy(), own[key]), GRADIENT, 1e-14)
    for key, leaf in others.items():
        close(gradients[key] if key in gradients else of_x[key], leaf.grad.numpy(), GRADIENT, 1e-14)


def test_stretches_that_hand_on_the_last_state_are_one_sequence() -> None:
    layers = [{"gru": {"units": 4, "inputs": {"x": "x", "h_0": "state"}, "name": "reader"}}, {"dense": 3}]
    losses = [{"loss": "mse", "on": "dense_1", "target": "y"}]
    whole, half = (
        module_of(input={"x": [steps, 2], "state": 4}, layers=layers, losses=losses, output=["dense_1", "reader"])
        for steps in (6, 3)
    )
    x, _ = examples(2)
    expected = whole.forward(whole.init(1, np.float64), {"x": x, "state": np.zeros((2, 4))})
    state, found = np.zeros((2, 4)), []
    for start in (0, 3):
        made = half.forward(half.init(1, np.float64), {"x": x[:, start : start + 3], "state": state})
        state = made["reader"][:, -1].copy()
        found.append(made["dense_1"].copy())
    close(np.concatenate(found, axis=1), expected["dense_1"], VALUE)


def test_a_check_holds_what_is_no_variable() -> None:
    """Differences see through `stop(...)` unless its results stay; then they agree with the truncated gradient."""
    m = module("stretches")
    assert all(reading.error < m.TOLERANCE for reading in m.check().values())
    params, (x, y), ws = m.init(0, np.float64), examples(5), m.Workspace(5, np.float64)
    params.flat *= 3  # states that matter
    _, gradients = m.loss_and_gradients(params, x, y, ws)
    direction = np.random.default_rng(0).normal(size=params.flat.shape)
    start, slopes = params.flat.copy(), {}
    for held in (True, False):
        ws.held = held
        costs = []
        for sign in (1, -1):
            params.flat[:] = start + sign * 1e-5 * direction
            costs.append(m.loss(params, x, y, ws))
        slopes[held] = (costs[0] - costs[1]) / 2e-5
    truncated = gradients.flat @ direction
    assert abs(slopes[True] - truncated) < 1e-7 * abs(truncated)
    assert abs(slopes[False] - truncated) > 1e-2 * abs(truncated)


def test_calls_do_not_depend_on_those_before() -> None:
    """States are carried in the workspace: nothing of one call may be seen in the next."""
    m, (x, y) = module("stacked"), examples(3)
    params, ws = m.init(4, np.float64), m.Workspace(3, np.float64)
    first = m.loss_and_gradients(params, x, y, ws)[1].flat.copy()
    m.loss_and_gradients(params, 100 * x, y, ws)
    np.testing.assert_array_equal(m.loss_and_gradients(params, x, y, ws)[1].flat, first)


def test_a_copy_of_a_trainer_trains_on_alike() -> None:
    """A state stands in the workspace among its neighbours in time: a copy of a view alone would lose them."""
    m, (x, y) = module("stacked"), examples(3)
    trainer = m.Trainer(m.init(4, np.float64))
    trainer.step(x, y)
    twin = copy.deepcopy(trainer)
    assert [trainer.step(x, y) for _ in range(3)] == [twin.step(x, y) for _ in range(3)]


def test_a_step_of_training_takes_no_memory() -> None:
    """What a step of training holds at most, beyond what it held before, is less than one state for one step.

    NumPy's own buffers of `np.getbufsize()` numbers do not grow with the batch.
    """
    m = module("stacked", steps=4)
    n = 8192
    x, y = examples(n, 4)
    trainer = m.Trainer(m.init(0, np.float64))
    trainer.step(x, y)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        trainer.step(x, y)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < n * 3 * 8, f"{peak} bytes; a state of 3 units for one step is {n * 3 * 8}"


def test_the_loop_holds_one_product_forward_and_one_backward() -> None:
    tree = ast.parse(module("one").__loader__.text)  # type: ignore[union-attr]
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for function, inside, outside in (("_forward", 1, 2), ("_backward", 1, 4)):
        (loop,) = (node for node in ast.walk(functions[function]) if isinstance(node, ast.For))
        assert (products(loop), products(functions[function])) == (inside, inside + outside)


def products(tree: ast.AST) -> int:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    found = [call for call in calls if ast.unparse(call.func).endswith((".dot", "np.matmul"))]
    return sum("ones" not in ast.unparse(call) for call in found)


def test_products_of_all_steps_are_one() -> None:
    """No stack with a product for each step, in each of which BLAS would lay out the same matrix of parameters anew."""
    m = module_of(input=[16, 48], layers=[{"lstm": 64}, {"dense": 3}], loss="mse")
    assert "np.matmul" not in m.__loader__.text  # type: ignore[union-attr]
