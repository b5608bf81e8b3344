"""The variational autoencoder: a sample that is differentiated through, and the divergence that keeps it in place."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derived import close
from references import torch

from symbp import pipeline
from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.spec import parse_spec
from symbp.verify.check import check_network
from symbp.verify.programs import check_passes

SPEC = """
name: variational
input: 6
layers:
  - dense: {units: 5, activation: tanh, name: encoder}
  - dense: {units: 2, name: mean}
  - dense: {units: 2, input: encoder, name: log_variance}
  - gaussian_sample: {inputs: [mean, log_variance], name: code}
  - dense: {units: 5, activation: tanh, name: decoder}
  - dense: {units: 6, name: picture}
losses:
  - {loss: bce_with_logits, on: picture, target: x}
  - {loss: {gaussian_kl: {reduction: REDUCTION}}, on: [mean, log_variance], weight: 0.25}
output: [picture, mean]
optimizer: {adam: {learning_rate: 0.02}}
"""


def text(reduction: str = "mean") -> str:
    return SPEC.replace("REDUCTION", reduction)


def module() -> Any:
    return pipeline.load_module(pipeline.generate(parse_spec(text())))


def pictures(n: int) -> Any:
    """Each is one of two patterns, with noise."""
    source = np.random.default_rng(n)
    patterns = np.array([[0.9, 0.9, 0.9, 0.1, 0.1, 0.1], [0.1, 0.9, 0.1, 0.9, 0.1, 0.9]])
    return np.clip(patterns[source.integers(0, 2, n)] + 0.05 * source.normal(size=(n, 6)), 0, 1)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_module_and_oracles_agree(reduction: str) -> None:
    report = check_network(parse_spec(text(reduction)), batch=3)
    assert report.passed, [(r.oracle, r.name, r.error) for r in report.readings if not r.passed]
    readings = check_passes(derive_network(build_network(parse_spec(text(reduction)))))
    assert [r for r in readings if not r.passed] == []


@pytest.mark.parametrize("far", [False, True])
def test_the_cost_is_the_bound_of_the_paper(far: bool) -> None:
    """Reconstruction and divergence with the same numbers in JAX; the divergence as PyTorch has it; no digits lost."""
    m, x = module(), pictures(7)
    params = m.init(0, np.float64)
    if far:  # a posterior that is the prior but for 1e-6: the divergence, of about 1e-12, keeps its digits
        for name in ("mean", "log_variance"):
            params[f"{name}.W"][...] *= 1e-6
            params[f"{name}.b"][...] *= 1e-6
    e = m.draw(m.Workspace(7, np.float64), 3)["code.e"].copy()

    def parts(p: Any) -> tuple[Any, Any, Any, Any]:
        def dense(a: Any, name: str) -> Any:
            return a @ p[f"{name}.W"] + p[f"{name}.b"]

        encoded = jnp.tanh(dense(x, "encoder"))
        mean, log_variance = dense(encoded, "mean"), dense(encoded, "log_variance")
        hidden = jnp.tanh(dense(mean + jnp.exp(log_variance / 2) * e, "decoder"))
        logits = dense(hidden, "picture")
        cross = jnp.mean(jax.nn.softplus(logits) - x * logits)
        divergence = jnp.mean(jnp.sum(mean**2 + jnp.expm1(log_variance) - log_variance, axis=1)) / 2
        return mean, log_variance, cross, divergence

    held = {name: jnp.asarray(values) for name, values in params.items()}
    mean, log_variance, cross, divergence = parts(held)
    cost, gradients = m.loss_and_gradients(params, x, random=3)
    close(cost, float(cross + divergence / 4), 1e-12)
    expected = jax.grad(lambda p: (lambda parts: parts[2] + parts[3] / 4)(parts(p)))(held)
    for name, gradient in expected.items():
        close(gradients[name], gradient, 1e-9, 1e-13)
    close(m.forward(params, x)["mean"], np.asarray(mean), 1e-12)
    if torch is not None:
        normal = torch.distributions.Normal
        ours = normal(torch.tensor(np.asarray(mean)), torch.tensor(np.exp(np.asarray(log_variance) / 2)))
        theirs = torch.distributions.kl_divergence(ours, normal(0.0, 1.0)).sum(1).mean()
        close(float(divergence), float(theirs), 1e-12, 1e-15)


def test_a_variational_autoencoder_learns() -> None:
    """The bound falls; patterns come back; the mean is what inference decodes, the same at every call."""
    m, x = module(), pictures(256)
    trainer = m.Trainer(m.init(0, np.float64), seed=1)
    costs = [trainer.step(x) for _ in range(400)]
    assert np.mean(costs[-20:]) < 0.8 * np.mean(costs[:5])
    found = m.predict(trainer.params, x)["picture"].copy()
    assert np.abs(found - x).mean() < 0.2 < np.abs(x.mean(0) - x).mean()
    np.testing.assert_array_equal(found, m.predict(trainer.params, x)["picture"])
