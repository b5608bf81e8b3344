"""Formulas of the field that the catalog need not hold, each with what JAX computes and shapes to try it at.

`given` declares the tensors: `x:2` has two axes, `tok:2i` holds integers; a capital makes a parameter. A case gives
every tensor a shape, integers the number of values that they may have; `letters` are sizes that no tensor shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp

from symbp.formula.equation import Formula
from symbp.formula.expression import scalar
from symbp.formula.parse import read_formula
from symbp.formula.scope import Declared, Scope
from symbp.forward.rows import callable_rows

jax.config.update("jax_enable_x64", True)

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One choice of shapes, hyperparameters and sizes."""

    shapes: Mapping[str, Shape]
    scalars: Mapping[str, float] = field(default_factory=dict)
    letters: Mapping[str, int] = field(default_factory=dict)
    integers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """A formula as text, what JAX makes of the same tensors, and cases."""

    text: str
    given: str
    reference: Callable[..., Any]
    cases: tuple[Case, ...]
    output: str = "y"
    positive: bool = False  # whether entries are drawn between 0.1 and 0.9


def _case(scalars: str = "", letters: str = "", integers: str = "", **shapes: Shape) -> Case:
    def pairs(text: str) -> dict[str, float]:
        return {n: float(v) if "." in v else int(v) for n, v in (item.split("=") for item in text.split())}

    return Case(
        shapes,
        pairs(scalars),
        {n: int(v) for n, v in pairs(letters).items()},
        {n: int(v) for n, v in pairs(integers).items()},
    )


def _convolve(x: Any, W: Any, B: Any, *, S: int, D: int, P: int, groups: int = 1) -> Any:
    n = x.ndim - 2
    out = jax.lax.conv_general_dilated(x, W, (S,) * n, ((P, P),) * n, rhs_dilation=(D,) * n, feature_group_count=groups)
    return out + B.reshape(-1, *[1] * n)


def _transposed(x: Any, W: Any, B: Any, *, S: int, P: int) -> Any:
    length = S * (x.shape[2] - 1) + W.shape[2] - 2 * P
    wide = jnp.zeros((x.shape[0], W.shape[1], length + 2 * P))
    for p in range(x.shape[2]):
        wide = wide.at[:, :, S * p : S * p + W.shape[2]].add(jnp.einsum("nc,cou->nou", x[:, :, p], W))
    return wide[:, :, P : P + length] + B[:, None]


def _pool(x: Any, *, S: int, K: int, start: float, step: Any) -> Any:
    window = (1, 1, *[K] * (x.ndim - 2))
    return jax.lax.reduce_window(x, start, step, window, (1, 1, *[S] * (x.ndim - 2)), "VALID")


def _norm(x: Any, gamma: Any, beta: Any, axes: tuple[int, ...], shape: Shape, eps: float) -> Any:
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return gamma.reshape(shape) * (x - mean) / jnp.sqrt(var + eps) + beta.reshape(shape)


def _scan(step: Callable[[Any, Any], tuple[Any, Any]], start: Any, x: Any, *, reverse: bool = False) -> Any:
    return jnp.swapaxes(jax.lax.scan(step, start, jnp.swapaxes(x, 0, 1), reverse=reverse)[1], 0, 1)


def _elman(x: Any, U: Any, V: Any, b: Any, *, reverse: bool = False) -> Any:
    def step(h: Any, x: Any) -> tuple[Any, Any]:
        h = jnp.tanh(x @ U + h @ V + b)
        return h, h

    return _scan(step, jnp.zeros((x.shape[0], V.shape[0])), x, reverse=reverse)


def _no_step_back(x: Any, V: Any) -> Any:
    def step(h: Any, x: Any) -> tuple[Any, Any]:
        h = jnp.tanh(x + jax.lax.stop_gradient(h) @ V)
        return h, h

    return _scan(step, jnp.zeros((x.shape[0], V.shape[0])), x)


def _started(x: Any, s: Any, V: Any) -> Any:
    def step(h: Any, x: Any) -> tuple[Any, Any]:
        h = jnp.tanh(x + h @ V)
        return h, h

    return _scan(step, s, x)


def _lagging(x: Any, V: Any) -> Any:
    def step(held: Any, x: Any) -> tuple[Any, Any]:
        one, two = held
        h = jnp.tanh(x + one @ V + two)
        return (h, one), h

    start = jnp.zeros((x.shape[0], x.shape[2]))
    return _scan(step, (start, start), x)


def _lstm(x: Any, **w: Any) -> Any:
    def step(held: Any, x: Any) -> tuple[Any, Any]:
        h, c = held
        f, i, o = (jax.nn.sigmoid(x @ w[f"W{g}"] + h @ w[f"U{g}"] + w[f"B{g}"]) for g in "fio")
        c = f * c + i * jnp.tanh(x @ w["Wg"] + h @ w["Ug"] + w["Bg"])
        h = o * jnp.tanh(c)
        return (h, c), h

    start = jnp.zeros((x.shape[0], w["Uf"].shape[0]))
    return _scan(step, (start, start), x)


def _packed(x: Any, W: Any, U: Any, B: Any) -> Any:
    """The gates of PyTorch's LSTM side by side: input, forget, cell, output."""

    def step(held: Any, x: Any) -> tuple[Any, Any]:
        h, c = held
        i, f, g, o = jnp.split(x @ W + h @ U + B, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    start = jnp.zeros((x.shape[0], U.shape[0]))
    return _scan(step, (start, start), x)


def _gru(x: Any, **w: Any) -> Any:
    def step(h: Any, x: Any) -> tuple[Any, Any]:
        r, z = (jax.nn.sigmoid(x @ w[f"W{g}"] + h @ w[f"U{g}"]) for g in "rz")
        h = (1 - z) * jnp.tanh(x @ w["Wn"] + r * (h @ w["Un"])) + z * h
        return h, h

    return _scan(step, jnp.zeros((x.shape[0], w["Un"].shape[0])), x)


def _attend(q: Any, k: Any, v: Any, *, causal: bool = False) -> Any:
    s = jnp.einsum("nhtd,nhud->nhtu", q, k) / jnp.sqrt(q.shape[-1])
    if causal:
        s = jnp.where(jnp.tril(jnp.ones(s.shape[-2:], bool)), s, -jnp.inf)
    return jnp.einsum("nhtu,nhue->nhte", jax.nn.softmax(s, -1), v)


def _running_softmax(x: Any) -> Any:
    return jnp.exp(x - jax.lax.cumlogsumexp(x, 1))


_WINDOWS = [  # images, kernel, stride, dilation, padding
    _case("S=1 D=1 P=0", x=(2, 3, 5, 4), W=(2, 3, 3, 2), B=(2,)),
    _case("S=2 D=1 P=1", x=(1, 2, 6, 5), W=(3, 2, 3, 3), B=(3,)),
    _case("S=3 D=2 P=2", x=(2, 1, 7, 7), W=(1, 1, 2, 2), B=(1,)),
    _case("S=1 D=1 P=0", x=(1, 1, 1, 1), W=(1, 1, 1, 1), B=(1,)),
]
_CELL = {"x": (2, 3, 4), **{f"W{g}": (4, 3) for g in "fiog"}, **{f"U{g}": (3, 3) for g in "fiog"}}
_GATE = "{g}[n,t,j] = {a}(sum[m](x[n,t,m]*W{g}[m,j]) + sum[k](h[n,t-1,k]*U{g}[k,j]) + B{g}[j])"
_LSTM = "\n".join(_GATE.format(g=g, a="tanh" if g == "g" else "sigmoid") for g in "fiog")
_GATES = "".join(f" {w}{g}:{r}" for g in "fiog" for w, r in (("W", 2), ("U", 2), ("B", 1)))

FORMULAS: dict[str, Known] = {
    "dense": Known(
        "y[n,j] = sum[i](x[n,i]*W[i,j]) + B[j]",
        "x:2 W:2 B:1",
        lambda x, W, B: x @ W + B,
        (_case(x=(3, 5), W=(5, 2), B=(2,)), _case(x=(1, 1), W=(1, 1), B=(1,))),
    ),
    "bilinear form": Known(
        "y[n,k] = sum[i,j](x[n,i]*W[i,j,k]*z[n,j])",
        "x:2 z:2 W:3",
        lambda x, z, W: jnp.einsum("ni,ijk,nj->nk", x, W, z),
        (_case(x=(3, 4), z=(3, 2), W=(4, 2, 3)), _case(x=(1, 1), z=(1, 3), W=(1, 3, 1))),
    ),
    "quadratic form": Known(
        "y[n] = sum[i,j](x[n,i]*W[i,j]*x[n,j])",
        "x:2 W:2",
        lambda x, W: jnp.einsum("ni,ij,nj->n", x, W, x),
        (_case(x=(3, 4), W=(4, 4)), _case(x=(1, 1), W=(1, 1))),
    ),
    "outer product of itself": Known(
        "y[n,i,j] = x[n,i]*x[n,j]",
        "x:2",
        lambda x: x[:, :, None] * x[:, None, :],
        (_case(x=(2, 3)), _case(x=(1, 1))),
    ),
    "perceptron in one line": Known(
        "y[n,k] = sum[j](tanh(sum[i](x[n,i]*W[i,j]) + B[j])*V[j,k])",
        "x:2 W:2 B:1 V:2",
        lambda x, W, B, V: jnp.tanh(x @ W + B) @ V,
        (_case(x=(3, 4), W=(4, 5), B=(5,), V=(5, 2)),),
    ),
    "gaussian kernel": Known(
        "y[n,j] = exp(-sum[i]((x[n,i] - W[j,i])**2))",
        "x:2 W:2",
        lambda x, W: jnp.exp(-((x[:, None] - W) ** 2).sum(-1)),
        (_case(x=(3, 2), W=(4, 2)),),
    ),
    "softmax": Known(
        "y[n,j] = exp(x[n,j]) / sum[k](exp(x[n,k]))",
        "x:2",
        lambda x: jax.nn.softmax(x, -1),
        (_case(x=(3, 5)), _case(x=(2, 1))),
    ),
    "log-softmax": Known(
        "y[n,j] = x[n,j] - log(sum[k](exp(x[n,k])))",
        "x:2",
        lambda x: jax.nn.log_softmax(x, -1),
        (_case(x=(3, 5)), _case(x=(2, 1))),
    ),
    "softmax over the first axis": Known(
        "y[i,j] = exp(x[i,j]) / sum[k](exp(x[k,j]))",
        "x:2",
        lambda x: jax.nn.softmax(x, 0),
        (_case(x=(3, 5)),),
    ),
    "logsumexp": Known(
        "y[n] = log(sum[k](exp(x[n,k])))",
        "x:2",
        lambda x: jax.nn.logsumexp(x, -1),
        (_case(x=(3, 5)), _case(x=(2, 1))),
    ),
    "layer norm": Known(
        """
        mu[n] = mean[k](x[n,k])
        v[n] = mean[k]((x[n,k] - mu[n])**2)
        y[n,k] = G[k]*(x[n,k] - mu[n])/sqrt(v[n] + eps) + B[k]
        """,
        "x:2 G:1 B:1",
        lambda x, G, B, *, eps: _norm(x, G, B, (1,), (1, -1), eps),
        (_case("eps=0.01", x=(3, 5), G=(5,), B=(5,)), _case("eps=0.5", x=(2, 1), G=(1,), B=(1,))),
    ),
    "root mean square norm": Known(
        "y[n,k] = G[k]*x[n,k]/sqrt(mean[i](x[n,i]**2) + eps)",
        "x:2 G:1",
        lambda x, G, *, eps: G * x / jnp.sqrt((x**2).mean(-1, keepdims=True) + eps),
        (_case("eps=0.01", x=(3, 5), G=(5,)), _case("eps=0.5", x=(1, 1), G=(1,))),
    ),
    "batch norm": Known(
        """
        mu[c] = mean[n,h,w](x[n,c,h,w])
        v[c] = mean[n,h,w]((x[n,c,h,w] - mu[c])**2)
        y[n,c,h,w] = G[c]*(x[n,c,h,w] - mu[c])/sqrt(v[c] + eps) + B[c]
        """,
        "x:4 G:1 B:1",
        lambda x, G, B, *, eps: _norm(x, G, B, (0, 2, 3), (1, -1, 1, 1), eps),
        (_case("eps=0.01", x=(3, 2, 5, 1), G=(2,), B=(2,)), _case("eps=0.5", x=(1, 1, 1, 3), G=(1,), B=(1,))),
    ),
    "conv 1-D": Known(
        "y[n,o,p] = sum[c,u](x[n,c,S*p+D*u-P]*W[o,c,u]) + B[o]",
        "x:3 W:3 B:1",
        _convolve,
        (
            _case("S=1 D=1 P=0", x=(2, 3, 7), W=(2, 3, 3), B=(2,)),
            _case("S=2 D=3 P=2", x=(1, 2, 9), W=(3, 2, 3), B=(3,)),
            _case("S=3 D=1 P=1", x=(2, 1, 5), W=(1, 1, 1), B=(1,)),
        ),
    ),
    "conv 2-D": Known(
        "y[n,o,p,q] = sum[c,u,v](x[n,c,S*p+D*u-P,S*q+D*v-P]*W[o,c,u,v]) + B[o]",
        "x:4 W:4 B:1",
        _convolve,
        tuple(_WINDOWS),
    ),
    "conv 2-D, dilation 1": Known(
        "y[n,o,p,q] = sum[c,u,v](x[n,c,S*p+u-P,S*q+v-P]*W[o,c,u,v]) + B[o]",
        "x:4 W:4 B:1",
        lambda x, W, B, **s: _convolve(x, W, B, D=1, **s),
        (
            _case("S=1 P=0", x=(2, 3, 5, 4), W=(2, 3, 3, 2), B=(2,)),
            _case("S=2 P=1", x=(1, 2, 6, 5), W=(3, 2, 3, 3), B=(3,)),
        ),
    ),
    "conv 2-D in groups": Known(
        "y[n,flat(g,o),p,q] = sum[c,u,v](x[n,flat(g,c),S*p+D*u-P,S*q+D*v-P]*W[flat(g,o),c,u,v]) + B[flat(g,o)]",
        "x:4 W:4 B:1",
        lambda x, W, B, **s: _convolve(x, W, B, groups=2, **s),
        (
            _case("S=1 D=1 P=1", "g=2 o=3 c=2", x=(2, 4, 3, 5), W=(6, 2, 3, 2), B=(6,)),
            _case("S=2 D=2 P=1", "g=2 o=1 c=1", x=(1, 2, 5, 5), W=(2, 1, 2, 2), B=(2,)),
        ),
    ),
    "conv 2-D, a kernel for each channel": Known(
        "y[n,c,p,q] = sum[u,v](x[n,c,S*p+u-P,S*q+v-P]*W[c,u,v])",
        "x:4 W:3",
        lambda x, W, *, S, P: _convolve(x, W[:, None], jnp.zeros(x.shape[1]), S=S, D=1, P=P, groups=x.shape[1]),
        (_case("S=2 P=1", x=(2, 3, 5, 4), W=(3, 3, 2)),),
    ),
    "transposed conv": Known(
        "y[n,o,h] = sum[c,p,u](delta(h, S*p+u-P)*x[n,c,p]*W[c,o,u]) + B[o]",
        "x:3 W:3 B:1",
        _transposed,
        (
            _case("S=2 P=1", x=(2, 3, 4), W=(3, 2, 3), B=(2,)),
            _case("S=1 P=0", x=(1, 1, 3), W=(1, 1, 2), B=(1,)),
            _case("S=3 P=0", x=(2, 1, 2), W=(1, 2, 2), B=(2,)),
        ),
    ),
    "max pool 1-D": Known(
        "y[n,c,p] = max[u](x[n,c,S*p+u])",
        "x:3",
        lambda x, *, S: _pool(x, S=S, K=3, start=-jnp.inf, step=jax.lax.max),
        (_case("S=1", "u=3", x=(2, 2, 5)), _case("S=3", "u=3", x=(1, 1, 7))),
    ),
    "max pool 2-D": Known(
        "y[n,c,p,q] = max[u,v](x[n,c,S*p+u,S*q+v])",
        "x:4",
        lambda x, *, S: _pool(x, S=S, K=2, start=-jnp.inf, step=jax.lax.max),
        (_case("S=1", "u=2 v=2", x=(2, 2, 3, 4)), _case("S=2", "u=2 v=2", x=(1, 1, 5, 2))),
    ),
    "average pool 2-D": Known(
        "y[n,c,p,q] = mean[u,v](x[n,c,S*p+u,S*q+v])",
        "x:4",
        lambda x, *, S: _pool(x, S=S, K=2, start=0.0, step=jax.lax.add) / 4,
        (_case("S=1", "u=2 v=2", x=(2, 2, 3, 4)), _case("S=2", "u=2 v=2", x=(1, 1, 5, 2))),
    ),
    "average over the image": Known(
        "y[n,c] = mean[h,w](x[n,c,h,w])",
        "x:4",
        lambda x: x.mean((2, 3)),
        (_case(x=(2, 3, 4, 1)),),
    ),
    "max over an axis, subtracted": Known(
        "y[n,k] = x[n,k] - max[i](x[n,i])",
        "x:2",
        lambda x: x - x.max(-1, keepdims=True),
        (_case(x=(3, 4)), _case(x=(2, 1))),
    ),
    "attention scores": Known(
        "y[n,h,t,u] = sum[d](q[n,h,t,d]*k[n,h,u,d])/sqrt(size(d))",
        "q:4 k:4",
        lambda q, k: jnp.einsum("nhtd,nhud->nhtu", q, k) / jnp.sqrt(q.shape[-1]),
        (_case(q=(2, 3, 4, 5), k=(2, 3, 2, 5)), _case(q=(1, 1, 3, 1), k=(1, 1, 1, 1))),
    ),
    "attention": Known(
        """
        s[n,h,t,u] = sum[d](q[n,h,t,d]*k[n,h,u,d])/sqrt(size(d))
        p[n,h,t,u] = exp(s[n,h,t,u])/sum[r](exp(s[n,h,t,r]))
        y[n,h,t,e] = sum[u](p[n,h,t,u]*v[n,h,u,e])
        """,
        "q:4 k:4 v:4",
        _attend,
        (
            _case(q=(2, 2, 3, 4), k=(2, 2, 5, 4), v=(2, 2, 5, 3)),
            _case(q=(1, 1, 3, 1), k=(1, 1, 1, 1), v=(1, 1, 1, 2)),
        ),
    ),
    "attention to what came before": Known(
        """
        s[n,h,t,u] = sum[d](q[n,h,t,d]*k[n,h,u,d])/sqrt(size(d))
        m[n,h,t,u] = where(u <= t, s[n,h,t,u], -inf)
        p[n,h,t,u] = exp(m[n,h,t,u])/sum[r](exp(m[n,h,t,r]))
        y[n,h,t,e] = sum[u](p[n,h,t,u]*v[n,h,u,e])
        """,
        "q:4 k:4 v:4",
        lambda q, k, v: _attend(q, k, v, causal=True),
        (_case(q=(2, 2, 4, 3), k=(2, 2, 4, 3), v=(2, 2, 4, 3)), _case(q=(1, 1, 1, 1), k=(1, 1, 1, 1), v=(1, 1, 1, 1))),
    ),
    "embedding": Known(
        "y[n,t,d] = E[tok[n,t],d]",
        "E:2 tok:2i",
        lambda E, tok: E[tok],
        (_case("", "", "tok=5", E=(5, 3), tok=(4, 6)), _case("", "", "tok=1", E=(1, 1), tok=(1, 2))),
    ),
    "reading one place of each row": Known(
        "y[n] = x[n,tok[n]]",
        "x:2 tok:1i",
        lambda x, tok: jnp.take_along_axis(x, tok[:, None], 1)[:, 0],
        (_case("", "", "tok=4", x=(3, 4), tok=(3,)),),
    ),
    "cumulative sum": Known(
        "y[n,t] = y[n,t-1] + x[n,t]",
        "x:2",
        lambda x: jnp.cumsum(x, 1),
        (_case(x=(2, 5)), _case(x=(3, 1))),
    ),
    "cumulative sum by a mask": Known(
        "y[n,t] = sum[u](where(u <= t, x[n,u], 0))",
        "x:2",
        lambda x: jnp.cumsum(x, 1),
        (_case(x=(2, 5)), _case(x=(3, 1))),
    ),
    "cumulative product": Known(
        "y[n,t] = where(t == 0, 1, y[n,t-1])*x[n,t]",
        "x:2",
        lambda x: jnp.cumprod(x, 1),
        (_case(x=(2, 5)), _case(x=(3, 1))),
    ),
    "exponential average": Known(
        "y[n,t] = (1 - alpha)*y[n,t-1] + alpha*x[n,t]",
        "x:2",
        lambda x, *, alpha: _scan(
            lambda y, x: ((1 - alpha) * y + alpha * x, (1 - alpha) * y + alpha * x), jnp.zeros(x.shape[0]), x
        ),
        (_case("alpha=0.3", x=(2, 5)),),
    ),
    "running softmax": Known(
        """
        s[n,t] = s[n,t-1] + exp(x[n,t])
        y[n,t] = exp(x[n,t])/s[n,t]
        """,
        "x:2",
        _running_softmax,
        (_case(x=(2, 4)), _case(x=(2, 1))),
    ),
    "recurrence that divides": Known(
        "y[n,t] = where(t == 0, 1, y[n,t-1])/x[n,t]",
        "x:2",
        lambda x: 1 / jnp.cumprod(x, 1),
        (_case(x=(2, 4)), _case(x=(2, 1))),
        positive=True,
    ),
    "recurrence of roots": Known(
        "y[n,t] = sqrt(y[n,t-1] + x[n,t])",
        "x:2",
        lambda x: _scan(lambda y, x: (jnp.sqrt(y + x), jnp.sqrt(y + x)), jnp.zeros(x.shape[0]), x),
        (_case(x=(2, 4)), _case(x=(2, 1))),
        positive=True,
    ),
    "recurrence of logarithms": Known(
        "y[n,t] = log(1 + y[n,t-1] + x[n,t])",
        "x:2",
        lambda x: _scan(lambda y, x: (jnp.log1p(y + x), jnp.log1p(y + x)), jnp.zeros(x.shape[0]), x),
        (_case(x=(2, 4)),),
        positive=True,
    ),
    "recurrence": Known(
        "h[n,t,j] = tanh(sum[i](x[n,t,i]*U[i,j]) + sum[k](h[n,t-1,k]*V[k,j]) + B[j])",
        "x:3 U:2 V:2 B:1",
        lambda x, U, V, B: _elman(x, U, V, B),
        (_case(x=(2, 5, 4), U=(4, 3), V=(3, 3), B=(3,)), _case(x=(1, 1, 1), U=(1, 2), V=(2, 2), B=(2,))),
        "h",
    ),
    "recurrence backwards in time": Known(
        "h[n,t,j] = tanh(sum[i](x[n,t,i]*U[i,j]) + sum[k](h[n,t+1,k]*V[k,j]) + B[j])",
        "x:3 U:2 V:2 B:1",
        lambda x, U, V, B: _elman(x, U, V, B, reverse=True),
        (_case(x=(2, 4, 3), U=(3, 2), V=(2, 2), B=(2,)),),
        "h",
    ),
    "recurrence, last state": Known(
        """
        h[n,t,j] = tanh(sum[i](x[n,t,i]*U[i,j]) + sum[k](h[n,t-1,k]*V[k,j]) + B[j])
        y[n,j] = h[n,size(t)-1,j]
        """,
        "x:3 U:2 V:2 B:1",
        lambda x, U, V, B: _elman(x, U, V, B)[:, -1],
        (_case(x=(2, 4, 3), U=(3, 2), V=(2, 2), B=(2,)), _case(x=(2, 1, 1), U=(1, 2), V=(2, 2), B=(2,))),
    ),
    "recurrence with a first state": Known(
        "h[n,t,j] = tanh(x[n,t,j] + sum[k](where(t == 0, s[n,k], h[n,t-1,k])*V[k,j]))",
        "x:3 s:2 V:2",
        _started,
        (_case(x=(2, 4, 3), s=(2, 3), V=(3, 3)), _case(x=(1, 1, 2), s=(1, 2), V=(2, 2))),
        "h",
    ),
    "recurrence over two steps back": Known(
        "h[n,t,j] = tanh(x[n,t,j] + sum[k](h[n,t-1,k]*V[k,j]) + h[n,t-2,j])",
        "x:3 V:2",
        _lagging,
        (_case(x=(2, 5, 3), V=(3, 3)), _case(x=(1, 1, 2), V=(2, 2))),
        "h",
    ),
    "lstm": Known(
        _LSTM + "\nc[n,t,j] = f[n,t,j]*c[n,t-1,j] + i[n,t,j]*g[n,t,j]\nh[n,t,j] = o[n,t,j]*tanh(c[n,t,j])",
        "x:3" + _GATES,
        _lstm,
        (_case(**_CELL, **{f"B{g}": (3,) for g in "fiog"}),),
        "h",
    ),
    "lstm, gates side by side": Known(
        """
        z[n,t,q] = sum[m](x[n,t,m]*W[m,q]) + sum[k](h[n,t-1,k]*U[k,q]) + B[q]
        c[n,t,j] = sigmoid(z[n,t,j+size(j)])*c[n,t-1,j] + sigmoid(z[n,t,j])*tanh(z[n,t,j+2*size(j)])
        h[n,t,j] = sigmoid(z[n,t,j+3*size(j)])*tanh(c[n,t,j])
        """,
        "x:3 W:2 U:2 B:1",
        _packed,
        (
            _case("", "j=3", x=(2, 4, 5), W=(5, 12), U=(3, 12), B=(12,)),
            _case("", "j=1", x=(1, 1, 1), W=(1, 4), U=(1, 4), B=(4,)),
        ),
        "h",
    ),
    "stretches": Known(
        "y[n,t] = x[n,t]*floor(t/k)",
        "x:2",
        lambda x, k: x * (jnp.arange(x.shape[1]) // k),
        (_case("k=49", x=(2, 100)), _case("k=3", x=(1, 7))),
    ),
    "straight through": Known(
        "y[n,j] = tanh(sum[i](x[n,i]*W[i,j])) + stop(sign(sum[i](x[n,i]*W[i,j])) - tanh(sum[i](x[n,i]*W[i,j])))",
        "x:2 W:2",
        lambda x, W: (z := jnp.tanh(x @ W)) + jax.lax.stop_gradient(jnp.sign(z) - z),
        (_case(x=(3, 4), W=(4, 2)),),
    ),
    "a step at a time": Known(
        """
        last[n,t,j] = stop(h[n,t-1,j])
        h[n,t,j] = tanh(x[n,t,j] + sum[k](last[n,t,k]*V[k,j]))
        """,
        "x:3 V:2",
        _no_step_back,
        (_case(x=(2, 4, 3), V=(3, 3)), _case(x=(1, 1, 2), V=(2, 2))),
        "h",
    ),
    "gru": Known(
        """
        r[n,t,j] = sigmoid(sum[m](x[n,t,m]*Wr[m,j]) + sum[k](h[n,t-1,k]*Ur[k,j]))
        z[n,t,j] = sigmoid(sum[m](x[n,t,m]*Wz[m,j]) + sum[k](h[n,t-1,k]*Uz[k,j]))
        e[n,t,j] = tanh(sum[m](x[n,t,m]*Wn[m,j]) + r[n,t,j]*sum[k](h[n,t-1,k]*Un[k,j]))
        h[n,t,j] = (1 - z[n,t,j])*e[n,t,j] + z[n,t,j]*h[n,t-1,j]
        """,
        "x:3" + "".join(f" W{g}:2 U{g}:2" for g in "rzn"),
        _gru,
        (_case(x=(2, 4, 3), **{f"W{g}": (3, 2) for g in "rzn"}, **{f"U{g}": (2, 2) for g in "rzn"}),),
        "h",
    ),
}


@cache
def formula(name: str) -> Formula:
    """The formula of this name, read."""
    known = FORMULAS[name]
    declared = {}
    for word in known.given.split():
        tensor, rank = word.split(":")
        role = "parameter" if tensor[0].isupper() else "input"
        declared[tensor] = Declared(int(rank[0]), role, "int" if rank.endswith("i") else "float")
    scalars = {
        n: scalar(n, positive=n != "P", nonnegative=True, integer=isinstance(v, int))
        for n, v in known.cases[0].scalars.items()
    }
    letters = {letter: letter for case in known.cases for letter in case.letters}
    scope = Scope(declared, scalars, (known.output,), callable_rows(), stated=letters)
    return read_formula(name, known.text, scope)
