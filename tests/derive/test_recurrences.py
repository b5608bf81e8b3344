"""Recurrences of several equations: gates stay equations, derivatives stand in saved states, autodiff agrees."""

from __future__ import annotations

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from derived import Derived, close
from references import pulled, torch

from symbp.derive.derivation import FormulaDerivation
from symbp.derive.derive import derive_formula
from symbp.formula.parse import read_formula
from symbp.formula.scope import Declared, Scope

FORMULAS = {
    "simple": "h[n,t,j] = tanh(sum[d](x[n,t,d]*W[d,j]) + sum[k](h[n,t-1,k]*V[k,j]) + b[j])",
    "backward": "h[n,t,j] = tanh(sum[d](x[n,t,d]*W[d,j]) + sum[k](h[n,t+1,k]*V[k,j]) + b[j])",
    "last": """
        s[n,t,j] = tanh(sum[d](x[n,t,d]*W[d,j]) + sum[k](s[n,t-1,k]*V[k,j]) + b[j])
        h[n,j] = s[n,size(t)-1,j]
        """,
    "initial": """
        p[n,t,k] = h[n,t-1,k] + delta(t,0)*h0[n,k]
        h[n,t,j] = tanh(sum[d](x[n,t,d]*W[d,j]) + sum[k](p[n,t,k]*V[k,j]) + b[j])
        """,
    "lstm": """
        z[n,t,q,j] = sum[d](x[n,t,d]*W[d,q,j]) + sum[k](h[n,t-1,k]*V[k,q,j]) + b[q,j]
        i[n,t,j] = 1/(1 + exp(-z[n,t,0,j]))
        f[n,t,j] = 1/(1 + exp(-z[n,t,1,j]))
        g[n,t,j] = tanh(z[n,t,2,j])
        o[n,t,j] = 1/(1 + exp(-z[n,t,3,j]))
        c[n,t,j] = f[n,t,j]*c[n,t-1,j] + i[n,t,j]*g[n,t,j]
        e[n,t,j] = tanh(c[n,t,j])
        h[n,t,j] = o[n,t,j]*e[n,t,j]
        """,
    "gru": """
        u[n,t,q,j] = sum[d](x[n,t,d]*W[d,q,j]) + b[q,j]
        v[n,t,p,j] = sum[k](h[n,t-1,k]*V[k,p,j]) + c[p,j]
        r[n,t,j] = 1/(1 + exp(-u[n,t,0,j] - v[n,t,0,j]))
        z[n,t,j] = 1/(1 + exp(-u[n,t,1,j] - v[n,t,1,j]))
        m[n,t,j] = tanh(u[n,t,2,j] + r[n,t,j]*v[n,t,2,j])
        h[n,t,j] = (1 - z[n,t,j])*m[n,t,j] + z[n,t,j]*h[n,t-1,j]
        """,
    "rational": """
        u[n,t] = x[n,t]*h[n,t-1]/(1 + h[n,t-2]**2)
        h[n,t] = u[n,t]**2 - u[n,t-1]*w[t] + x[n,t]
        """,
}
RANKS = {"x": 3, "h0": 2}
SIZES = [(2, 4, 3, 2), (1, 1, 3, 2), (3, 2, 1, 1), (1, 5, 2, 1)]  # batch, steps, inputs, units
GATES = {"lstm": 4, "gru": 3}


@cache
def derivation(name: str) -> FormulaDerivation:
    text = FORMULAS[name]
    gated = name in GATES
    ranks = {"x": 3, "W": 2 + gated, "V": 2 + gated, "b": 1 + gated}
    if name == "rational":
        ranks = {"x": 2, "w": 1}
    if name == "initial":
        ranks["h0"] = 2
    if name == "gru":
        ranks["c"] = 2
    declared = {n: Declared(r, "input" if n in ("x", "h0") else "parameter") for n, r in ranks.items()}
    return derive_formula(read_formula(name, text, Scope(declared, {}, ("h",))))


def reference(name: str, arrays: dict[str, jnp.ndarray]) -> jnp.ndarray:
    """A plain loop over the steps."""
    x = arrays["x"]
    n, steps = x.shape[:2]
    if name == "rational":
        u, h = [jnp.zeros(n)], [jnp.zeros(n), jnp.zeros(n)]
        for t in range(steps):
            u.append(x[:, t] * h[-1] / (1 + h[-2] ** 2))
            h.append(u[-1] ** 2 - u[-2] * arrays["w"][t] + x[:, t])
        return jnp.stack(h[2:], 1)
    w, v, b = arrays["W"], arrays["V"], arrays["b"]
    h = arrays["h0"] if name == "initial" else jnp.zeros((n, v.shape[-1]))
    c, states = jnp.zeros_like(h), {}
    for t in reversed(range(steps)) if name == "backward" else range(steps):
        if name == "lstm":
            i, f, g, o = jnp.moveaxis(jnp.einsum("nd,dqj->nqj", x[:, t], w) + jnp.einsum("nk,kqj->nqj", h, v) + b, 1, 0)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
        elif name == "gru":
            into = jnp.einsum("nd,dqj->nqj", x[:, t], w) + b
            back = jnp.einsum("nk,kqj->nqj", h, v) + arrays["c"]
            r, z = jax.nn.sigmoid(into[:, 0] + back[:, 0]), jax.nn.sigmoid(into[:, 1] + back[:, 1])
            h = (1 - z) * jnp.tanh(into[:, 2] + r * back[:, 2]) + z * h
        else:
            h = jnp.tanh(x[:, t] @ w + h @ v + b)
        states[t] = h
    return h if name == "last" else jnp.stack([states[t] for t in range(steps)], 1)


def given(name: str, sizes: tuple[int, int, int, int]) -> dict[str, np.ndarray]:
    n, steps, inputs, units = sizes
    draw = np.random.default_rng(sum(sizes))
    gates = (GATES[name],) if name in GATES else ()
    shapes: dict[str, tuple[int, ...]] = {"x": (n, steps, inputs)}
    shapes |= {"W": (inputs, *gates, units), "V": (units, *gates, units), "b": (*gates, units)}
    if name == "rational":
        shapes = {"x": (n, steps), "w": (steps,)}
    if name == "initial":
        shapes["h0"] = (n, units)
    if name == "gru":
        shapes["c"] = (3, units)
    return {k: draw.normal(size=s) for k, s in shapes.items()}


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("name", FORMULAS)
def test_value_and_gradients(name: str, sizes: tuple[int, int, int, int]) -> None:
    derived, arrays = Derived(derivation(name), {}, {}), given(name, sizes)
    draw = np.random.default_rng(1)
    value, cotangent, gradients = pulled(lambda a: reference(name, a), arrays, lambda s: draw.normal(size=s))
    values = derived.forward(arrays)
    close(values["h"], value, 1e-12)
    close(derived.stated(arrays)["h"], value, 1e-12)
    found = derived.backward({**values, "d_h": cotangent})
    for tensor, gradient in gradients.items():
        close(found[f"d_{tensor}"], gradient, 1e-9, 1e-13)


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("name", GATES)
def test_gates_stand_in_the_order_of_pytorch(name: str) -> None:
    arrays = given(name, (2, 4, 3, 5))
    module = getattr(torch.nn, name.upper())(3, 5, batch_first=True, dtype=torch.float64)
    second = arrays.get("c", np.zeros_like(arrays["b"]))
    flat = [arrays["W"].reshape(3, -1).T, arrays["V"].reshape(5, -1).T, arrays["b"].ravel(), second.ravel()]
    for parameter, values in zip(module.parameters(), flat, strict=True):
        parameter.data = torch.tensor(values)
    close(Derived(derivation(name), {}, {}).forward(arrays)["h"], module(torch.tensor(arrays["x"]))[0].detach(), 1e-12)


def equations(name: str) -> dict[str, str]:
    return {g.tensor: str(g.equation.body) for g in derivation(name).backward}


@pytest.mark.parametrize("name", FORMULAS)
def test_derivatives_of_functions_stand_in_saved_states(name: str) -> None:
    text = " ".join(equations(name).values())
    assert not any(function in text for function in ("tanh", "exp", "logistic"))


def test_lstm_reads_as_in_the_literature() -> None:
    """The steps of Graves, Supervised Sequence Labelling with RNNs (2012), section 4.6, without peepholes."""
    found = equations("lstm")
    assert found["h_state"] == "d_h[n,t,j] + sum[k,q](V[j,q,k]*d_z[n,t + 1,q,k])"
    assert found["c"] == "(1 - e[n,t,j]**2)*d_e[n,t,j] + d_c[n,t + 1,j]*f[n,t + 1,j]"
    assert found["f"] == "c[n,t - 1,j]*d_c[n,t,j]"
    assert found["V"] == "sum[n,t](h_state[n,t - 1,k]*d_z[n,t,q,j])"


def test_gates_are_shared_and_not_inlined() -> None:
    assert [g.tensor for g in derivation("lstm").backward] == [*("h_state", "e", "c", "o", "g", "f", "i", "z"), *"xWVb"]
