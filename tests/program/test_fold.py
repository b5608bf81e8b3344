"""The optimizer's sum computed where the gradient is: the same numbers, and refused wherever it would not be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from references import torch
from targets.numpy.small_networks import SPECS

from symbp import pipeline
from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.program import fold
from symbp.program.fold import folded
from symbp.program.interpret import run
from symbp.program.library import PLAIN, Library
from symbp.program.network import lower_network
from symbp.program.operands import needed, written
from symbp.program.operations import Contract, Convolve
from symbp.program.optimize import kept
from symbp.program.passes import in_place, prune, share
from symbp.program.program import Program, Routine
from symbp.program.verify import ProgramError, verify
from symbp.spec import parse_spec
from symbp.spec.model import NetworkSpec
from symbp.verify.examples import draw
from symbp.verify.oracles import constants_of

TEXTS = {
    "penalty": "input: 4\nlayers: [dense: 3, layer_norm, gelu, dense: 2]\npenalty: {l2: 0.1}",
    "recurrence": "input: [4, 3]\nlayers: [lstm: {units: 5}, dense: 2]",
    "shared": "input: 4\nlayers: [dense: {units: 4, name: one}, tanh, dense: {units: 4, share: one}, dense: 2]",
    "windows": "input: [4, 7, 6]\nlayers: [conv2d: {filters: 6, kernel_size: 3, padding: 1, stride: 2}, "
    "conv2d: {filters: 4, kernel_size: 2, groups: 2}, flatten, dense: 2]",
    "table": "input: {shape: [3], kind: integer, classes: 7}\n"
    "layers: [embedding: {tokens: 7, units: 4}, flatten, dense: 2]",
}
NETWORKS = {**SPECS, **{name: parse_spec(f"name: {name}\n{text}\nloss: mse\n") for name, text in TEXTS.items()}}
OPTIMIZERS = {
    "sgd": ({"sgd": {"learning_rate": 0.1}}, "w"),
    "momentum": ({"momentum": {"learning_rate": 0.1}}, "v"),
    "decoupled": ({"momentum": {"weight_decay": 0.1, "decoupled_weight_decay": True}}, "v"),
}
KEEP, SCALE = 0.3, -0.7
ADDING = Library(adds_products=True, adds_vectors=True)


def lowered(spec: NetworkSpec) -> Program:
    program = lower_network(derive_network(build_network(spec)), pipeline.updates(spec))
    keep = kept(build_network(spec))
    return prune(share(program, keep), keep)


def optimized_by(text: str, network: str = "input: 4\nlayers: [dense: 3, tanh, dense: 2]") -> NetworkSpec:
    return parse_spec(f"name: net\n{network}\nloss: mse\n{text}\n")


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Folded wherever it can be, whether it pays or not."""
    if "cost" not in request.node.name:
        monkeypatch.setattr(fold, "_moved", lambda program, *_: not program.folding)


@pytest.mark.parametrize("library", [PLAIN, ADDING], ids=["plain", "adding"])
@pytest.mark.parametrize("way", OPTIMIZERS)
@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_added_to_what_is_there(name: str, way: str, library: Library) -> None:
    options, into = OPTIMIZERS[way]
    (row,) = options
    spec = replace(NETWORKS[name], optimizer=optimized_by(f"optimizer: {options}").optimizer, clipping=())
    network = build_network(spec)
    before = lowered(spec)
    after = folded(before, library, 8)
    assert after.folding is not None
    assert (after.folding.into, after.folding.statement.block) == (f".{into}", row)
    assert (after.folding.keep is None, after.folding.scale is None) == (
        (True, False) if into == "w" else (False, True)
    )
    given = {**constants_of(network), **draw(network, 3, 0)}
    random = np.random.default_rng(1)
    held = {f"d_{p.name}": random.standard_normal(p.shape) for p in network.parameters}
    expected = run(before, ("forward", "loss", "backward"), given, 3)
    keep, scale = (1.0, SCALE) if into == "w" else (KEEP, 1.0)
    for program in (after, in_place(after, kept(network))):
        verify(program)
        found = run(program, ("forward", "loss", "backward"), {**given, **held}, 3, {"keep": KEEP, "scale": SCALE})
        for key, old in held.items():
            np.testing.assert_allclose(found[key], keep * old + scale * expected[key], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "optimizer: adam",
        "optimizer: {nesterov: {}}",
        "optimizer: rmsprop",
        "optimizer: lion",
        "optimizer: {sgd: {weight_decay: 0.1}}",
        "optimizer: {sgd: {weight_decay: 0.1, decoupled_weight_decay: true}}",
        "optimizer: sgd\nclip: {global_norm: 1}",
        "optimizer: momentum\nclip: {value: 1}",
    ],
)
def test_what_reads_the_gradient_otherwise_is_left(text: str) -> None:
    program = lowered(optimized_by(text))
    assert folded(program, ADDING, 8) == program


def late(program: Program) -> Program:
    """The program in which the last layer's weights are read after their gradient is known."""
    items = list(program.routines["backward"].statements)
    reading = next(k for k, item in enumerate(items) if "dense_2.W" in needed(item))
    made = next(k for k, item in enumerate(items) if "d_dense_2.W" in written(item))
    items.insert(min(reading, made), items.pop(max(reading, made)))
    return replace(program, routines={**program.routines, "backward": Routine("backward", tuple(items))})


def test_a_parameter_that_is_read_late_is_not_changed_before() -> None:
    network = "input: 4\nlayers: [dense: 3, dense: 2]"
    early = lowered(optimized_by("optimizer: sgd", network))
    assert folded(early, ADDING, 8).folding
    plain, heavy = (late(lowered(optimized_by(f"optimizer: {name}", network))) for name in ("sgd", "momentum"))
    verify(plain)
    assert plain != early
    assert not folded(plain, ADDING, 8).folding
    assert folded(heavy, ADDING, 8).folding, "the velocity is not what is read"
    forced = fold._accumulating(plain, fold._linear(plain)[1], ADDING)  # type: ignore[index]
    assert forced is not None
    with pytest.raises(ProgramError, match=r"`dense_2.W` is read after its derivative was added to it"):
        verify(replace(forced, routines={**forced.routines, "update": Routine("update", ())}))


def test_a_gradient_that_is_overwritten_is_refused() -> None:
    program = folded(lowered(optimized_by("optimizer: momentum")), ADDING, 8)
    items = tuple(
        replace(item, operations=tuple(_alone(op) for op in item.operations))
        for item in program.routines["backward"].statements
    )
    with pytest.raises(ProgramError, match="is overwritten, where its derivative was to be added"):
        verify(replace(program, routines={**program.routines, "backward": Routine("backward", items)}))


def test_blocks_of_columns_are_added_up_where_the_gradient_is() -> None:
    text = TEXTS["windows"].replace(", groups: 2", "")
    program = folded(lowered(optimized_by("optimizer: momentum", text)), ADDING, 8)
    operations = [op for item in program.routines["backward"].statements for op in item.operations]
    weights = [op for op in operations if op.out in ("d_conv2d_1.W", "d_conv2d_2.W")]
    assert [(type(op), op.base) for op in weights if isinstance(op, Convolve)] == [(Convolve, op.out) for op in weights]


def _alone(op: Any) -> Any:
    return replace(op, base=None, keep=None) if isinstance(op, Contract) else op


def test_the_cost_decides() -> None:
    """Products pay where they can add; rows of a table pay without; what is added apart costs what it saves."""
    shape = "{shape: [3], kind: integer, classes: 999}"
    table = f"input: {shape}\nlayers: [embedding: {{tokens: 999, units: 4}}, flatten, dense: 2]"
    assert folded(lowered(optimized_by("optimizer: momentum")), ADDING, 8).folding
    assert not folded(lowered(optimized_by("optimizer: momentum")), PLAIN, 8).folding
    assert folded(lowered(optimized_by("optimizer: sgd", table)), PLAIN, 8).folding
    assert not folded(lowered(optimized_by("optimizer: adam", table)), ADDING, 8).folding


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("blas", ["numpy", "scipy"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_training_in_lockstep_with_pytorch(optimizer: str, blas: str) -> None:
    schedule = "{step: {step_size: 2, gamma: 0.5}}"
    text = f"optimizer: {{{optimizer}: {{learning_rate: 0.1}}}}\nschedule: {schedule}\nblas: {blas}\ndtype: float64"
    made = pipeline.generate(optimized_by(text, "input: 4\nlayers: [dense: 3, tanh, dense: 2]"))
    assert made.optimized.program.folding
    module = pipeline.load_module(made)
    trainer = module.Trainer(module.init(0))
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2)).double()
    with torch.no_grad():
        for k, name in ((0, "dense_1"), (2, "dense_2")):
            net[k].weight.copy_(torch.tensor(trainer.params[f"{name}.W"].T))
            net[k].bias.copy_(torch.tensor(trainer.params[f"{name}.b"]))
    other = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9 if optimizer == "momentum" else 0)
    rates = torch.optim.lr_scheduler.StepLR(other, 2, 0.5)
    random = np.random.default_rng(0)
    for step in range(7):
        x, y = random.standard_normal((5, 4)), random.standard_normal((5, 2))
        other.zero_grad()
        cost = torch.nn.functional.mse_loss(net(torch.tensor(x)), torch.tensor(y))
        cost.backward()
        other.step()
        rates.step()
        assert trainer.step(x, y) == pytest.approx(float(cost.detach()), rel=1e-12)
        if step == 3:
            state = trainer.state_dict()
            trainer = module.Trainer(module.init(1))
            trainer.load_state_dict(state)
    np.testing.assert_allclose(trainer.params["dense_1.W"].T, net[0].weight.detach().numpy(), rtol=1e-11, atol=1e-13)
