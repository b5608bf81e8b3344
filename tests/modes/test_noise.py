"""Layers that are random in training: the same numbers to module and oracles, and what the numbers themselves are."""

from __future__ import annotations

import tracemalloc
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derived import close
from modules import PROJECTION, module_of, set_identity
from references_noise import NOISE, Noise

from symbp import pipeline
from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.program.optimize import optimize
from symbp.spec import parse_spec
from symbp.verify.check import check_network
from symbp.verify.programs import check_passes

SPECS = {
    "dropout": "layers: [dense: 6, relu, dropout: 0.3, dense: 3]\nloss: softmax_cross_entropy",
    "noise": "layers: [gaussian_noise: 0.5, dense: 6, tanh, gaussian_noise: 2, dense: 1]\nloss: bce_with_logits",
    "two of one": """
layers:
  - dense: {units: 5, name: stem}
  - dropout: {rate: 0.3, name: left}
  - dropout: {rate: 0.3, input: stem, name: right}
  - multiply: [left, right]
  - dense: 2
loss: mse
penalty: {l2: 0.1}
""",
    "an activation of its own": """
define:
  activations:
    rrelu:
      formula: "a[...] = where(z[...] > 0, z[...], z[...] * (low + (high - low) * u[...]))"
      inference: "a = where(z > 0, z, z * (low + high) / 2)"
      random: {u: uniform}
      options: {low: 0.125, high: 0.375}
layers: [dense: 5, rrelu, dense: 3]
loss: mse
""",
    "weights": """
define:
  layers:
    noisy_dense:
      formula: "z[n,j] = sum[i](x[n,i] * (W[i,j] + deviation * e[i,j]))"
      inference: "z[n,j] = sum[i](x[n,i] * W[i,j])"
      random: {e: {distribution: normal, axes: [i, j]}}
      parameters: {W: [i, j]}
      options: {deviation: 0.1}
      sizes: {j: units}
      output: z
layers: [noisy_dense: {units: 4, activation: tanh}, dense: 2]
loss: mse
""",
    "feature maps": """
input: [2, 6, 5]
define:
  layers:
    convolve:
      formula: y[n,o,p,q] = sum[c,u,v](x[n,c,p+u,q+v] * W[o,c,u,v]) + B[o]
      parameters: {W: [o,c,u,v], B: [o]}
      sizes: {o: filters, u: kernel, v: kernel, p: "extent(x, 2) - kernel + 1", q: "extent(x, 3) - kernel + 1"}
layers:
  - convolve: {filters: 3, kernel: 2}
  - relu
  - dropout: 0.25
  - convolve: {filters: 2, kernel: 3}
  - channel_dropout: 0.25
  - flatten
  - dense: 3
loss: softmax_cross_entropy
""",
}


def text_of(name: str) -> str:
    body = SPECS[name]
    return f"name: noisy\n{'' if body.startswith(chr(10) + 'input:') else 'input: 4'}\n{body}\n"


@cache
def module(name: str) -> ModuleType:
    return pipeline.load_module(pipeline.generate(parse_spec(text_of(name))))


def batch(n: int = 5, dtype: type = np.float64) -> tuple[Any, Any]:
    draw = np.random.default_rng(n)
    return draw.normal(size=(n, 4)).astype(dtype), draw.integers(0, 3, n)


@pytest.mark.parametrize("name", SPECS)
def test_module_and_oracles_agree_on_the_same_numbers(name: str) -> None:
    report = check_network(parse_spec(text_of(name)), batch=3)
    assert report.passed, [(r.oracle, r.name, r.error) for r in report.readings if not r.passed]
    assert any(r.name.endswith(" in inference") for r in report.readings)


@pytest.mark.parametrize("name", SPECS)
def test_every_pass_keeps_the_results_of_both_modes(name: str) -> None:
    readings = check_passes(derive_network(build_network(parse_spec(text_of(name)))))
    assert [r for r in readings if not r.passed] == []


def test_no_pass_merges_two_random_tensors() -> None:
    """Two layers of one formula read one tensor; they draw apart, and what is drawn for one serves no other."""
    derivation = derive_network(build_network(parse_spec(text_of("two of one"))))
    program = optimize(derivation).program
    drawn = [name for name, array in program.arrays.items() if array.storage == "random"]
    assert sorted(drawn) == ["left.u", "right.u"]
    read = [op for item in program.items(("forward",)) for op in item.operations if "u" in str(op)]
    assert sum("left.u" in str(op) for op in read) == sum("right.u" in str(op) for op in read) == 1
    first, second = module("two of one").draw(module("two of one").Workspace(50), 1).values()
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.2  # 250 pairs: three deviations


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize(
    ("name", "case", "shape"), [(name, case, s) for name, cases in NOISE.items() for case in cases for s in case.shapes]
)
def test_layer(name: str, case: Noise, shape: tuple[int, ...], batch_size: int) -> None:
    """Value and gradients in training, with the same numbers as JAX; in inference the layer is not there."""
    m = module_of(input=list(shape), layers=["prelu", {name: dict(case.options)}, "prelu"], loss="mse")
    params, source = m.init(0), np.random.default_rng([batch_size, *shape])
    params.flat[:] = source.normal(size=params.flat.shape)
    x, y = (source.normal(size=(batch_size, *shape)) for _ in range(2))
    drawn = {n: array.copy() for n, array in m.draw(m.Workspace(batch_size, np.float64), 4).items()}
    own = {n.partition(".")[2]: array for n, array in drawn.items()}
    assert {n: array.shape for n, array in own.items()} == dict(case.random(x.shape))

    def bent(a: Any, slope: Any) -> Any:
        return jnp.where(a > 0, a, slope * a)

    def cost(x: Any, one: Any, other: Any) -> Any:
        return jnp.mean((bent(case.jax(x=bent(x, one), **own, **case.options), other) - y) ** 2)

    given = (jnp.asarray(x), params["prelu_1.alpha"], params["prelu_2.alpha"])
    expected, gradients = jax.value_and_grad(cost, argnums=(0, 1, 2))(*given)
    found, of_parameters, of_x = m.loss_and_gradients(params, x, y, random=drawn, input_gradient=True)
    close(found, float(expected), 1e-12)
    for one, other in zip((of_x, *of_parameters.values()), gradients, strict=True):
        close(one, other, 1e-9, 1e-14)
    close(m.forward(params, x), bent(bent(x, params["prelu_1.alpha"]), params["prelu_2.alpha"]), 1e-12)


def test_dropout_by_hand() -> None:
    """The cost and the gradient are those of x times the mask; a share `rate` is 0, and the mean stays."""
    rate, n = 0.3, 20_000
    m = module_of(input=4, layers=[{"dense": 4}, {"dropout": rate}], **PROJECTION)
    params = set_identity(m.init(), {})
    source = np.random.default_rng(2)
    x, y = source.normal(size=(n, 4)), source.normal(size=(n, 4))
    u = m.draw(m.Workspace(n, np.float64), 7)["dropout_1.u"].copy()
    mask = np.where(u < rate, 0, 1 / (1 - rate))
    cost, _, of_x = m.loss_and_gradients(params, x, y, random={"dropout_1.u": u}, input_gradient=True)
    np.testing.assert_allclose(cost, (x * mask * y).sum(), rtol=1e-12)
    np.testing.assert_allclose(of_x, mask * y, rtol=1e-14)
    np.testing.assert_array_equal(m.forward(params, x), x)
    share = (mask == 0).mean()
    assert abs(share - rate) < 4 * np.sqrt(rate * (1 - rate) / u.size)  # four deviations of a count
    assert abs(mask.mean() - 1) < 4 * np.sqrt(rate / (1 - rate) / u.size)


def test_gaussian_noise_by_hand() -> None:
    n = 20_000
    m = module_of(input=4, layers=[{"dense": 4}, {"gaussian_noise": 0.5}], **PROJECTION)
    params = set_identity(m.init(), {})
    e = m.draw(m.Workspace(n, np.float64), 7)["gaussian_noise_1.e"].copy()
    x, y = np.zeros((n, 4)), np.ones((n, 4))
    cost, _ = m.loss_and_gradients(params, x, y, random={"gaussian_noise_1.e": e})
    np.testing.assert_allclose(cost, 0.5 * e.sum(), rtol=1e-10)
    assert abs(e.mean()) < 4 / np.sqrt(e.size)
    assert abs(e.std() - 1) < 4 / np.sqrt(2 * e.size)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_seed_says_what_is_drawn(dtype: type) -> None:
    m, (x, y) = module("dropout"), batch(5, dtype)
    params, ws = m.init(0, dtype), m.Workspace(5, dtype)
    drawn = {name: array.copy() for name, array in m.draw(ws, 3).items()}
    assert set(drawn) == set(m.RANDOM)
    one, of_one = m.loss_and_gradients(params, x, y, random=3)
    for same in (3, np.int64(3), drawn, np.random.Generator(np.random.PCG64(3))):
        cost, gradients = m.loss_and_gradients(params, x, y, random=same)
        assert cost == one == m.loss(params, x, y, training=True, random=drawn)
        np.testing.assert_array_equal(gradients.flat, of_one.flat)
    generator = np.random.Generator(np.random.PCG64(3))
    costs = {m.loss_and_gradients(params, x, y, random=generator)[0] for _ in range(4)}
    assert len(costs) > 1, "a generator goes on"
    assert m.loss(params, x, y) == m.loss(params, x, y, ws) != one


def test_numbers_are_drawn_as_they_lie_in_memory_and_given_by_name() -> None:
    """A seed gives others where feature maps have the batch first; what one module drew, the other can be given."""
    source = np.random.default_rng(0)
    bare = pipeline.load_module(pipeline.generate(parse_spec(text_of("feature maps")), without=["layout"]))
    x, y = source.normal(size=(5, 2, 6, 5)), source.integers(3, size=5)
    found = []
    for m, axis in ((module("feature maps"), -1), (bare, 0)):
        drawn = {name: array.copy() for name, array in m.draw(m.Workspace(5, np.float64), 3).items()}
        generator = np.random.Generator(np.random.PCG64(3))
        for array in drawn.values():
            np.testing.assert_array_equal(np.moveaxis(array, 0, axis).ravel(), generator.random(array.size))
        found.append((m, drawn))
    (one, drawn), (other, others) = found
    assert {n: a.shape for n, a in drawn.items()} == {n: a.shape for n, a in others.items()}
    params = one.init(0, np.float64)
    cost, gradients = one.loss_and_gradients(params, x, y, random=drawn)
    same, of_same = other.loss_and_gradients(other.Parameters(params.flat), x, y, random=drawn)
    close(same, cost, rtol=1e-12)
    close(of_same.flat, gradients.flat, rtol=1e-9, atol=1e-12)


def test_what_is_drawn_must_be_said() -> None:
    m, (x, y) = module("dropout"), batch()
    params = m.init(0, np.float64)
    u = m.draw(m.Workspace(5, np.float64), 0)["dropout_1.u"].copy()
    with pytest.raises(TypeError, match="required keyword-only argument: 'random'"):
        m.loss_and_gradients(params, x, y)
    for wrong, error, message in [
        (None, TypeError, "random: expected a seed, a numpy.random.Generator or a mapping with dropout_1.u, came None"),
        (u, TypeError, r"came float64 of shape \(5, 6\)"),
        ({}, TypeError, "random: expected a mapping with dropout_1.u, came one with "),
        ({"dropout_1.u": u, "u": u}, TypeError, "came one with dropout_1.u, u"),
        ({"dropout_1.u": u[:4]}, ValueError, r"random\['dropout_1.u'\]: expected float64 of shape \(5, 6\), came"),
        ({"dropout_1.u": u.astype(np.float32)}, ValueError, "came float32 of shape"),
    ]:
        with pytest.raises(error, match=message):
            m.loss_and_gradients(params, x, y, random=wrong)
        with pytest.raises(error, match=message):
            m.loss(params, x, y, training=True, random=wrong)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_trainer_goes_on_to_the_same_bits(dtype: type, tmp_path: Path) -> None:
    m = module("dropout")
    whole = m.Trainer(m.init(0, dtype), seed=5)
    batches = [batch(n, dtype) for n in (5, 3, 5, 1, 5, 2)]
    for x, y in batches[:3]:
        whole.step(x, y)
    m.save(tmp_path / "trainer.npz", whole)
    copied = m.Trainer(m.init(1, dtype))
    copied.load_state_dict(whole.state_dict())
    loaded = m.load(tmp_path / "trainer.npz")
    costs = [[trainer.step(x, y) for x, y in batches[3:]] for trainer in (whole, copied, loaded)]
    assert costs[0] == costs[1] == costs[2]
    for other in (copied, loaded):
        assert other.params.flat.tobytes() == whole.params.flat.tobytes()
        assert other.state_dict()["random"].tobytes() == whole.state_dict()["random"].tobytes()
    again, apart = m.Trainer(m.init(0, dtype), seed=5), m.Trainer(m.init(0, dtype), seed=6)
    assert [again.step(x, y) for x, y in batches[:3]] != [apart.step(x, y) for x, y in batches[:3]]


def test_a_state_of_no_generator_changes_nothing() -> None:
    m, (x, y) = module("dropout"), batch()
    trainer = m.Trainer(m.init(0, np.float64))
    trainer.step(x, y)
    before, other = trainer.state_dict(), m.Trainer(m.init(1, np.float64)).state_dict()
    wrong = [
        ({k: v for k, v in other.items() if k != "random"}, "expected also random"),
        (other | {"random": other["random"][:5]}, "expected the state of PCG64, came uint64 of shape"),
        (other | {"random": other["random"].astype(float)}, "expected the state of PCG64, came float64"),
        (other | {"random": np.full(6, 2**64 - 1, np.uint64)}, "expected the state of PCG64"),
    ]
    for state, message in wrong:
        with pytest.raises(ValueError, match=message):
            trainer.load_state_dict(state)
    after = trainer.state_dict()
    assert all(np.array_equal(before[k], after[k]) for k in before)


def test_a_step_allocates_nothing_that_grows() -> None:
    m, peaks = module("dropout"), []
    trainer = m.Trainer(m.init(0, np.float32))
    for n in (8192, 32768):
        x, y = batch(n, np.float32)
        for _ in range(3):
            trainer.step(x, y)
        tracemalloc.start()
        trainer.step(x, y)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 8192  # a byte for each example would be three times as much


def test_a_network_without_modes_has_no_such_keywords() -> None:
    m = module_of(input=4, layers=[{"dense": 2}], loss="mse")
    assert not hasattr(m, "RANDOM")
    with pytest.raises(TypeError, match="unexpected keyword"):
        m.loss(m.init(), np.ones((1, 4)), np.ones((1, 2)), training=True)


def test_a_run_with_dropout_goes_on_to_the_same_end(tmp_path: Path) -> None:
    from click.testing import CliRunner
    from training.files import SPEC, write_examples

    from symbp.cli import main

    spec = write_examples(tmp_path)
    spec.write_text(SPEC.replace("  - dense: 3", "  - dropout: 0.5\n  - dense: 3"))

    def train(*arguments: object) -> None:
        done = CliRunner().invoke(main, ["train", str(spec), *map(str, arguments)], catch_exceptions=False)
        assert done.exit_code == 0, done.output

    train("--run", tmp_path / "whole")
    train("--run", tmp_path / "parts", "--epochs", 2)
    train("--resume", tmp_path / "parts")
    assert (tmp_path / "whole" / "tiny.npz").read_bytes() == (tmp_path / "parts" / "tiny.npz").read_bytes()
