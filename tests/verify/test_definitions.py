"""Layers that exist only as formulas in a spec, against autodiff: what the catalog lacks, the language can say."""

from __future__ import annotations

import numpy as np
import pytest

from symbp import pipeline
from symbp.spec import SpecError, parse_spec
from symbp.verify.check import check_network

ATTENTION = """
name: attending
input: [5, 6]
define:
  layers:
    attending:
      formula: |
        q[n,t,h,d] = sum[i](x[n,t,i] * Wq[i,h,d]) + bq[h,d]
        k[n,t,h,d] = sum[i](x[n,t,i] * Wk[i,h,d]) + bk[h,d]
        v[n,t,h,d] = sum[i](x[n,t,i] * Wv[i,h,d])
        s[n,h,t,u] = sum[d](q[n,t,h,d] * k[n,u,h,d]) / sqrt(size(d))
        m[n,h,t,u] = {mask}
        p[n,h,t,u] = exp(m[n,h,t,u]) / sum[r](exp(m[n,h,t,r]))
        o[n,t,h,d] = sum[u](p[n,h,t,u] * v[n,u,h,d])
        y[n,t,j] = sum[h,d](o[n,t,h,d] * Wo[h,d,j])
      parameters: {{Wq: [i,h,d], Wk: [i,h,d], Wv: [i,h,d], bq: [h,d], bk: [h,d], Wo: [h,d,j]}}
      sizes: {{h: heads, d: "extent(x, 2) / heads", j: "extent(x, 2)"}}
layers: [attending: {{heads: 2}}, flatten, dense: 3]
loss: softmax_cross_entropy
"""
MASKS = {"every position": "s[n,h,t,u]", "no later position": "where(u <= t, s[n,h,t,u], -inf)"}


@pytest.mark.parametrize("mask", MASKS)
def test_attention(mask: str) -> None:
    report = check_network(parse_spec(ATTENTION.format(mask=MASKS[mask])), batch=3)
    assert report.passed, [(r.oracle, r.name, r.error) for r in report.readings if not r.passed]
    assert any(r.name == "attending_1.bk" for r in report.readings), "whose gradient is 0 but for rounding"


SPELLINGS = {
    "sigmoid": "exp(z) / (1 + exp(z))",
    "silu": "z / (1 + exp(-z))",
    "softplus": "log(exp(z) + 1)",
    "tanh": "2 / (1 + exp(-2 * z)) - 1",
}
ACTIVATED = """
name: activated
input: 1
define: {{activations: {{spelt: "a = {formula}"}}}}
layers: [dense: 1, {activation}]
loss: {{mse: {{reduction: sum}}}}
"""


@pytest.mark.parametrize("name", SPELLINGS)
def test_an_activation_spelt_otherwise_is_the_same_and_finite_far_out(name: str) -> None:
    specs = (ACTIVATED.format(formula=SPELLINGS[name], activation=activation) for activation in ("spelt", name))
    modules = [pipeline.load_module(pipeline.generate(parse_spec(spec))) for spec in specs]
    far = np.array([1e4, 800.0, 300.0, 50.0, 5.0, 0.1])
    x = np.concatenate([far, -far])[:, None]
    values, slopes = [], []
    for module in modules:
        params = module.init(0, np.float64)
        params["dense_1.W"][...], params["dense_1.b"][...] = 1, 0
        values.append(module.predict(params, x).copy())
        *_, slope = module.loss_and_gradients(params, x, values[-1] - 0.5, input_gradient=True)  # dC/da = 1
        slopes.append(slope.copy())
    for spelt, catalogued in (values, slopes):  # a few roundings apart; tanh spelt so cancels near 0
        np.testing.assert_allclose(spelt, catalogued, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("activation", ["softplus", "relu", "identity"])
def test_what_is_no_probability_is_refused_though_a_few_examples_may_be(activation: str) -> None:
    layer = f"dense: {{units: 1, activation: {activation}}}"
    with pytest.raises(SpecError, match="does the loss expect probabilities"):
        pipeline.generate(parse_spec(f"name: lucky\ninput: 3\nloss: binary_cross_entropy\nlayers: [{layer}]\n"))
