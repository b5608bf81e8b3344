"""Layers that keep something for inference: batch normalization beside PyTorch and JAX, and states of one's own."""

from __future__ import annotations

import copy
import pickle
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from derived import close, row
from modules import PROJECTION, module_of, set_identity
from references import pulled, torch
from references_batch import BATCH, Batch
from training.files import SPEC, write_examples

from symbp import pipeline
from symbp.cli import main
from symbp.derive.network import derive_network
from symbp.errors import UserError
from symbp.forward.build import build_network
from symbp.spec import parse_spec
from symbp.verify.check import check_network, compare
from symbp.verify.programs import check_passes

needs_torch = pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
CASES = [(name, case, shape) for name, cases in BATCH.items() for case in cases for shape in case.shapes]
SPECS = {
    "rows": "input: 4\nlayers: [dense: 5, batch_norm, relu, dense: 3, batch_norm: {affine: false}]\nloss: mse",
    "means over all batches": "input: 4\nlayers: [dense: 5, dropout: 0.3, batch_norm: {momentum: null}]\nloss: mse",
    "feature maps": """
input: [2, 5, 6]
define:
  layers:
    convolve:
      formula: y[n,o,p,q] = sum[c,u,v](x[n,c,p+u,q+v] * W[o,c,u,v])
      parameters: {W: [o,c,u,v]}
      sizes: {o: filters, u: kernel, v: kernel, p: "extent(x, 2) - kernel + 1", q: "extent(x, 3) - kernel + 1"}
layers:
  - convolve: {filters: 3, kernel: 2}
  - batch_norm
  - relu
  - dropout: 0.25
  - convolve: {filters: 2, kernel: 3}
  - batch_norm: {momentum: 0.5}
  - flatten
  - dense: 3
loss: softmax_cross_entropy
penalty: {l2: 0.1}
""",
    "a state of its own": """
input: 4
define:
  layers:
    centred:
      formula: |
        mu[j] = mean[n](x[n,j])
        y[n,j] = x[n,j] - mu[j]
      inference: "y[n,j] = x[n,j] - average[j]"
      state: {average: [j], seen: {axes: [], initial: 2}}
      update: |
        seen = seen + size(n)
        average[j] = average[j] + (mu[j] - average[j]) * size(n) / seen
layers: [dense: 3, centred, tanh, centred, dense: 2]
loss: mse
""",
    "one layer in two places": """
input: 4
layers:
  - dense: {units: 4, name: one, bias: false}
  - batch_norm: {name: norm}
  - dense: {units: 4, name: two, bias: false}
  - batch_norm: {share: norm}
  - dense: 2
loss: mse
""",
}


def spec_of(name: str) -> Any:
    return parse_spec(f"name: kept\n{SPECS[name]}\n")


def module(name: str) -> Any:
    return pipeline.load_module(pipeline.generate(spec_of(name)))


@pytest.mark.parametrize("name", SPECS)
def test_module_and_oracles_agree_in_both_modes(name: str) -> None:
    report = check_network(spec_of(name), batch=3)
    assert report.passed, [(r.oracle, r.name, r.error) for r in report.readings if not r.passed]
    states = {f"{state.name} after a step" for state in build_network(spec_of(name)).states}
    assert states <= {r.name for r in report.readings}


def test_no_momentum_is_the_mean_over_all_batches() -> None:
    """As PyTorch's `momentum=None`, under its name too."""
    text = "name: kept\ninput: 4\nlayers: [dense: 5, {row}]\nloss: mse\n"
    rows = ("batch_norm: {momentum: null}", "batch_norm: {cumulative: true}", "nn.BatchNorm1d: {momentum: null}")
    networks = [build_network(parse_spec(text.replace("{row}", row))) for row in rows]
    assert [network.blocks[1].update == networks[0].blocks[1].update for network in networks] == [True] * 3
    assert "batch_norm_1.batches" in {state.name for state in networks[0].states}
    for options, why in (
        ("cumulative: false, momentum: null", "`cumulative` is given twice"),
        ("cumulative: true, momentum: 0.5", "`momentum` has no effect with `cumulative`"),
        ("momentum: much", "at most 1, or null"),
    ):
        with pytest.raises(UserError, match=why):
            parse_spec(text.replace("{row}", f"batch_norm: {{{options}}}"))


def test_check_sees_a_state_that_moves_wrongly() -> None:
    generated = pipeline.generate(spec_of("rows"), dtype="float64", check=False)
    right = "    params.state.batch_norm_1_running_mean +="
    assert right in generated.module
    report = compare(replace(generated, module=generated.module.replace(right, right.replace("+=", "-="))))
    assert {r.name for r in report.readings if not r.passed} == {"batch_norm_1.running_mean after a step"}


@pytest.mark.parametrize("name", SPECS)
def test_every_pass_keeps_results_and_states(name: str) -> None:
    network = build_network(spec_of(name))
    readings = check_passes(derive_network(network))
    assert {state.name for state in network.states} <= {r.result for r in readings}
    assert [r for r in readings if not r.passed] == []


def test_every_variant_has_a_case() -> None:
    for name, cases in BATCH.items():
        entry = row("layer", name)
        assert {entry.variant({}), *entry.variants} == {entry.variant(case.options) for case in cases}


@pytest.mark.parametrize(("name", "case", "shape"), CASES)
def test_layer(name: str, case: Batch, shape: tuple[int, ...]) -> None:
    """Value and gradients in training, then running averages and the value in inference, after two steps."""
    layers = [{"dense": shape[-1]}, {name: dict(case.options) or None}]  # a network needs parameters
    m = module_of(input=list(shape[1:]), layers=layers, optimizer={"sgd": {"learning_rate": 0.0}}, **PROJECTION)
    source = np.random.default_rng(shape)
    affine = {n: source.normal(size=shape[1]) for n in ("gamma", "beta") if case.options.get("affine", True)}
    params = set_identity(m.init(), affine)
    x, cotangent = 2 + source.normal(size=shape), source.normal(size=shape)
    value, _, expected = pulled(lambda a: case.jax(**a, **case.options), {"x": x, **affine}, lambda _: cotangent)
    cost, gradients, of_x = m.loss_and_gradients(params, x, cotangent, input_gradient=True)
    close(cost, float((value * cotangent).sum()), 1e-11, 1e-11)
    found = {"x": of_x, **{n.partition(".")[2]: g for n, g in gradients.items() if not n.startswith("dense")}}
    assert set(found) == set(expected)
    for tensor, gradient in expected.items():
        close(found[tensor], gradient, 0, 1e-9 * max(float(np.abs(gradient).max()), 1e-3))
    if torch is None:
        return
    kinds = {2: torch.nn.BatchNorm1d, 3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d, 5: torch.nn.BatchNorm3d}
    theirs = kinds[len(shape)](shape[1], **case.torch, dtype=torch.float64)
    with torch.no_grad():
        for n, tensor in zip(("gamma", "beta"), theirs.parameters(), strict=False):
            tensor.copy_(torch.tensor(affine[n]))
    trainer = m.Trainer(params)
    for moved in (x, 3 * x[::-1].copy()):
        trainer.step(moved, cotangent)
        close(
            float((theirs(torch.tensor(moved)).detach().numpy() * cotangent).sum()),
            m.loss(params, moved, cotangent, training=True),
            1e-9,
            1e-9,
        )
    for n in ("running_mean", "running_var"):
        close(trainer.params.state[f"{name}_1.{n}"], getattr(theirs, n).numpy(), 1e-12)
    close(m.predict(trainer.params, x), theirs.eval()(torch.tensor(x)).detach().numpy(), 1e-11, 1e-12)


@needs_torch
def test_training_in_lockstep_with_pytorch() -> None:
    """A network with two normalizations, twenty steps of momentum with decay, the last batch of each round shorter."""
    optimizer = {"momentum": {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 0.01}}
    layers = [{"batch_norm": None}, "flatten", {"dense": 6}, {"batch_norm": {"momentum": 0.3}}, "relu", {"dense": 3}]
    m = module_of(input=[2, 3, 4], layers=layers, loss="softmax_cross_entropy", optimizer=optimizer)
    trainer = m.Trainer(m.init(3, np.float64))
    theirs = torch.nn.Sequential(
        torch.nn.BatchNorm2d(2), torch.nn.Flatten(), torch.nn.Linear(24, 6), torch.nn.BatchNorm1d(6, momentum=0.3),
        torch.nn.ReLU(), torch.nn.Linear(6, 3),
    ).double()  # fmt: skip
    names = ["batch_norm_1.gamma", "batch_norm_1.beta", "dense_1.W", "dense_1.b"]
    names += ["batch_norm_2.gamma", "batch_norm_2.beta", "dense_2.W", "dense_2.b"]
    with torch.no_grad():
        for n, tensor in zip(names, theirs.parameters(), strict=True):
            tensor.copy_(torch.tensor(trainer.params[n].T.copy()))
    decayed = [p for n, p in zip(names, theirs.parameters(), strict=True)]
    steps = torch.optim.SGD(decayed, lr=0.1, momentum=0.9, weight_decay=0.01)
    source = np.random.default_rng(0)
    for step in range(20):
        n = 3 if step % 4 == 3 else 8
        x, y = 1 + source.normal(size=(n, 2, 3, 4)), source.integers(0, 3, n)
        cost = torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(y))
        steps.zero_grad()
        cost.backward()
        steps.step()
        close(trainer.step(x, y), float(cost.detach()), 1e-9)
    for n, tensor in zip(names, theirs.parameters(), strict=True):
        close(trainer.params[n], tensor.detach().numpy().T, 1e-9, 1e-12)
    for k, layer in ((1, theirs[0]), (2, theirs[3])):
        for kept in ("running_mean", "running_var"):
            close(trainer.params.state[f"batch_norm_{k}.{kept}"], getattr(layer, kept).numpy(), 1e-9)
    x = source.normal(size=(5, 2, 3, 4))
    close(m.forward(trainer.params, x), theirs.eval()(torch.tensor(x)).detach().numpy(), 1e-9, 1e-12)


@needs_torch
def test_a_shared_layer_keeps_one_state_that_every_use_moves() -> None:
    m = module("one layer in two places")
    trainer = m.Trainer(m.init(1, np.float64), learning_rate=0.0)
    assert set(m.STATE) == {"norm.running_mean", "norm.running_var"}
    x, y = np.random.default_rng(1).normal(size=(6, 4)), np.zeros((6, 2))
    trainer.step(x, y)
    norm, held = torch.nn.BatchNorm1d(4, dtype=torch.float64), {n: torch.tensor(v) for n, v in trainer.params.items()}
    norm(norm(torch.tensor(x) @ held["one.W"]) @ held["two.W"])
    for kept in ("running_mean", "running_var"):
        close(trainer.params.state[f"norm.{kept}"], getattr(norm, kept).numpy(), 1e-12)


def test_a_batch_of_one_number() -> None:
    """PyTorch refuses it; here its variance counts as 0, biased or not, and everything stays finite."""
    m = module("rows")
    trainer = m.Trainer(m.init(0, np.float64))
    assert np.isfinite(trainer.step(np.ones((1, 4)), np.zeros((1, 3))))
    close(trainer.params.state["batch_norm_1.running_var"], np.full(5, 0.9), 1e-14)
    assert np.isfinite(trainer.params.flat).all()


def test_a_state_by_hand() -> None:
    """A mean over everything seen so far, weighted with batch sizes."""
    m = module("a state of its own")
    trainer = m.Trainer(m.init(0, np.float64), learning_rate=0.0)
    source = np.random.default_rng(0)
    seen, total = 2, np.zeros(3)
    for n in (5, 1, 3):
        x = source.normal(size=(n, 4))
        trainer.step(x, np.zeros((n, 2)))
        seen, total = seen + n, total + (x @ trainer.params["dense_1.W"] + trainer.params["dense_1.b"]).sum(0)
    close(trainer.params.state["centred_1.seen"], float(seen), 0)
    close(trainer.params.state["centred_1.average"], total / seen, 1e-13)


def test_only_a_step_moves_the_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    m = module("rows")
    monkeypatch.setitem(sys.modules, m.__name__, m)  # so that what it defines can be pickled
    params = m.init(0)
    start = params.state.flat.copy()
    x, y = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32), np.zeros((4, 3), np.float32)
    m.loss_and_gradients(params, x, y)
    m.loss(params, x, y, training=True)
    m.predict(params, x)
    np.testing.assert_array_equal(params.state.flat, start)
    assert {n: v.shape for n, v in params.state.items()} == dict(m.STATE)
    assert not set(m.STATE) & set(m.LAYOUT)
    with pytest.raises(KeyError, match=r"state 'running_mean': expected one of batch_norm_1\.running_mean"):
        params.state["running_mean"]
    trainer = m.Trainer(params)
    trainer.step(x, y)
    np.testing.assert_array_equal(params.state.flat, start)
    assert not np.array_equal(trainer.params.state.flat, start)
    held = trainer.params.copy()
    assert (m.predict(held, x) != m.predict(m.Parameters(held.flat), x)).any(), "without its state"
    m.save(tmp_path / "params.npz", held)
    twins = (held.copy(), copy.deepcopy(held), pickle.loads(pickle.dumps(held)), m.load(tmp_path / "params.npz"))
    for twin in twins:
        assert twin.state.flat.tobytes() == held.state.flat.tobytes()
        assert not np.shares_memory(twin.state.flat, held.state.flat)
        np.testing.assert_array_equal(m.predict(twin, x), m.predict(held, x))
    with pytest.raises(ValueError, match="state: expected float32 as in flat, came float64"):
        m.Parameters(held.flat, m.State(np.zeros(m.STATE_SIZE)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_trainer_goes_on_to_the_same_bits(dtype: type, tmp_path: Path) -> None:
    m = module("rows")
    source = np.random.default_rng(0)
    batches = [(source.normal(size=(n, 4)).astype(dtype), source.normal(size=(n, 3)).astype(dtype)) for n in (5, 2, 4)]
    whole = m.Trainer(m.init(0, dtype))
    whole.step(*batches[0])
    m.save(tmp_path / "trainer.npz", whole)
    copied, loaded = m.Trainer(m.init(1, dtype)), m.load(tmp_path / "trainer.npz")
    copied.load_state_dict(whole.state_dict())
    costs = [[trainer.step(*pair) for pair in batches[1:]] for trainer in (whole, copied, loaded)]
    assert costs[0] == costs[1] == costs[2]
    for other in (copied, loaded):
        assert other.params.flat.tobytes() == whole.params.flat.tobytes()
        assert other.params.state.flat.tobytes() == whole.params.state.flat.tobytes()
    with pytest.raises(ValueError, match="expected also state"):
        copied.load_state_dict({k: v for k, v in whole.state_dict().items() if k != "state"})


def test_a_run_goes_on_to_the_same_end(tmp_path: Path) -> None:
    spec = write_examples(tmp_path)
    spec.write_text(SPEC.replace("  - dense: 3", "  - batch_norm\n  - dropout: 0.2\n  - dense: 3"))

    def train(*arguments: object) -> None:
        done = CliRunner().invoke(main, ["train", str(spec), *map(str, arguments)], catch_exceptions=False)
        assert done.exit_code == 0, done.output

    train("--run", tmp_path / "whole")
    train("--run", tmp_path / "parts", "--epochs", 2)
    train("--resume", tmp_path / "parts")
    assert (tmp_path / "whole" / "tiny.npz").read_bytes() == (tmp_path / "parts" / "tiny.npz").read_bytes()
