"""Layers that exist only as formulas in a spec, against autodiff: what the catalog lacks, the language can say."""

from __future__ import annotations

import pytest

from symbp.spec import parse_spec
from symbp.verify.check import check_network

ATTENTION = """
name: attending
input: [5, 6]
define:
  layers:
    attention:
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
layers: [attention: {{heads: 2}}, flatten, dense: 3]
loss: softmax_cross_entropy
"""
MASKS = {"every position": "s[n,h,t,u]", "no later position": "where(u <= t, s[n,h,t,u], -inf)"}


@pytest.mark.parametrize("mask", MASKS)
def test_attention(mask: str) -> None:
    report = check_network(parse_spec(ATTENTION.format(mask=MASKS[mask])), batch=3)
    assert report.passed, [(r.oracle, r.name, r.error) for r in report.readings if not r.passed]
    assert any(r.name == "attention_1.bk" for r in report.readings), "whose gradient is 0 but for rounding"
