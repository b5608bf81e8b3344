"""Formulas of the field that the catalog need not hold, each with what JAX computes and shapes to try it at."""

from __future__ import annotations

from functools import cache

import jax
import jax.numpy as jnp
import references_formulas as reference
from formulas_recurrent import RECURRENT
from known import Known, case

from symbp.formula.equation import Formula
from symbp.formula.expression import scalar
from symbp.formula.parse import read_formula
from symbp.formula.scope import Declared, Scope
from symbp.forward.rows import callable_rows

jax.config.update("jax_enable_x64", True)

_WINDOWS = [  # images, kernel, stride, dilation, padding
    case("S=1 D=1 P=0", x=(2, 3, 5, 4), W=(2, 3, 3, 2), B=(2,)),
    case("S=2 D=1 P=1", x=(1, 2, 6, 5), W=(3, 2, 3, 3), B=(3,)),
    case("S=3 D=2 P=2", x=(2, 1, 7, 7), W=(1, 1, 2, 2), B=(1,)),
    case("S=1 D=1 P=0", x=(1, 1, 1, 1), W=(1, 1, 1, 1), B=(1,)),
]

FORMULAS: dict[str, Known] = {
    "dense": Known(
        "y[n,j] = sum[i](x[n,i]*W[i,j]) + B[j]",
        "x:2 W:2 B:1",
        lambda x, W, B: x @ W + B,
        (case(x=(3, 5), W=(5, 2), B=(2,)), case(x=(1, 1), W=(1, 1), B=(1,))),
    ),
    "bilinear form": Known(
        "y[n,k] = sum[i,j](x[n,i]*W[i,j,k]*z[n,j])",
        "x:2 z:2 W:3",
        lambda x, z, W: jnp.einsum("ni,ijk,nj->nk", x, W, z),
        (case(x=(3, 4), z=(3, 2), W=(4, 2, 3)), case(x=(1, 1), z=(1, 3), W=(1, 3, 1))),
    ),
    "quadratic form": Known(
        "y[n] = sum[i,j](x[n,i]*W[i,j]*x[n,j])",
        "x:2 W:2",
        lambda x, W: jnp.einsum("ni,ij,nj->n", x, W, x),
        (case(x=(3, 4), W=(4, 4)), case(x=(1, 1), W=(1, 1))),
    ),
    "outer product of itself": Known(
        "y[n,i,j] = x[n,i]*x[n,j]",
        "x:2",
        lambda x: x[:, :, None] * x[:, None, :],
        (case(x=(2, 3)), case(x=(1, 1))),
    ),
    "perceptron in one line": Known(
        "y[n,k] = sum[j](tanh(sum[i](x[n,i]*W[i,j]) + B[j])*V[j,k])",
        "x:2 W:2 B:1 V:2",
        lambda x, W, B, V: jnp.tanh(x @ W + B) @ V,
        (case(x=(3, 4), W=(4, 5), B=(5,), V=(5, 2)),),
    ),
    "gaussian kernel": Known(
        "y[n,j] = exp(-sum[i]((x[n,i] - W[j,i])**2))",
        "x:2 W:2",
        lambda x, W: jnp.exp(-((x[:, None] - W) ** 2).sum(-1)),
        (case(x=(3, 2), W=(4, 2)),),
    ),
    "softmax": Known(
        "y[n,j] = exp(x[n,j]) / sum[k](exp(x[n,k]))",
        "x:2",
        lambda x: jax.nn.softmax(x, -1),
        (case(x=(3, 5)), case(x=(2, 1))),
    ),
    "log-softmax": Known(
        "y[n,j] = x[n,j] - log(sum[k](exp(x[n,k])))",
        "x:2",
        lambda x: jax.nn.log_softmax(x, -1),
        (case(x=(3, 5)), case(x=(2, 1))),
    ),
    "softmax over the first axis": Known(
        "y[i,j] = exp(x[i,j]) / sum[k](exp(x[k,j]))",
        "x:2",
        lambda x: jax.nn.softmax(x, 0),
        (case(x=(3, 5)),),
    ),
    "logsumexp": Known(
        "y[n] = log(sum[k](exp(x[n,k])))",
        "x:2",
        lambda x: jax.nn.logsumexp(x, -1),
        (case(x=(3, 5)), case(x=(2, 1))),
    ),
    "layer norm": Known(
        """
        mu[n] = mean[k](x[n,k])
        v[n] = mean[k]((x[n,k] - mu[n])**2)
        y[n,k] = G[k]*(x[n,k] - mu[n])/sqrt(v[n] + eps) + B[k]
        """,
        "x:2 G:1 B:1",
        lambda x, G, B, *, eps: reference.norm(x, G, B, (1,), (1, -1), eps),
        (case("eps=0.01", x=(3, 5), G=(5,), B=(5,)), case("eps=0.5", x=(2, 1), G=(1,), B=(1,))),
    ),
    "root mean square norm": Known(
        "y[n,k] = G[k]*x[n,k]/sqrt(mean[i](x[n,i]**2) + eps)",
        "x:2 G:1",
        lambda x, G, *, eps: G * x / jnp.sqrt((x**2).mean(-1, keepdims=True) + eps),
        (case("eps=0.01", x=(3, 5), G=(5,)), case("eps=0.5", x=(1, 1), G=(1,))),
    ),
    "batch norm": Known(
        """
        mu[c] = mean[n,h,w](x[n,c,h,w])
        v[c] = mean[n,h,w]((x[n,c,h,w] - mu[c])**2)
        y[n,c,h,w] = G[c]*(x[n,c,h,w] - mu[c])/sqrt(v[c] + eps) + B[c]
        """,
        "x:4 G:1 B:1",
        lambda x, G, B, *, eps: reference.norm(x, G, B, (0, 2, 3), (1, -1, 1, 1), eps),
        (case("eps=0.01", x=(3, 2, 5, 1), G=(2,), B=(2,)), case("eps=0.5", x=(1, 1, 1, 3), G=(1,), B=(1,))),
    ),
    "conv 1-D": Known(
        "y[n,o,p] = sum[c,u](x[n,c,S*p+D*u-P]*W[o,c,u]) + B[o]",
        "x:3 W:3 B:1",
        reference.convolve,
        (
            case("S=1 D=1 P=0", x=(2, 3, 7), W=(2, 3, 3), B=(2,)),
            case("S=2 D=3 P=2", x=(1, 2, 9), W=(3, 2, 3), B=(3,)),
            case("S=3 D=1 P=1", x=(2, 1, 5), W=(1, 1, 1), B=(1,)),
        ),
    ),
    "conv 2-D": Known(
        "y[n,o,p,q] = sum[c,u,v](x[n,c,S*p+D*u-P,S*q+D*v-P]*W[o,c,u,v]) + B[o]",
        "x:4 W:4 B:1",
        reference.convolve,
        tuple(_WINDOWS),
    ),
    "conv 2-D, dilation 1": Known(
        "y[n,o,p,q] = sum[c,u,v](x[n,c,S*p+u-P,S*q+v-P]*W[o,c,u,v]) + B[o]",
        "x:4 W:4 B:1",
        lambda x, W, B, **s: reference.convolve(x, W, B, D=1, **s),
        (
            case("S=1 P=0", x=(2, 3, 5, 4), W=(2, 3, 3, 2), B=(2,)),
            case("S=2 P=1", x=(1, 2, 6, 5), W=(3, 2, 3, 3), B=(3,)),
        ),
    ),
    "conv 2-D in groups": Known(
        "y[n,flat(g,o),p,q] = sum[c,u,v](x[n,flat(g,c),S*p+D*u-P,S*q+D*v-P]*W[flat(g,o),c,u,v]) + B[flat(g,o)]",
        "x:4 W:4 B:1",
        lambda x, W, B, **s: reference.convolve(x, W, B, groups=2, **s),
        (
            case("S=1 D=1 P=1", "g=2 o=3 c=2", x=(2, 4, 3, 5), W=(6, 2, 3, 2), B=(6,)),
            case("S=2 D=2 P=1", "g=2 o=1 c=1", x=(1, 2, 5, 5), W=(2, 1, 2, 2), B=(2,)),
        ),
    ),
    "conv 2-D, a kernel for each channel": Known(
        "y[n,c,p,q] = sum[u,v](x[n,c,S*p+u-P,S*q+v-P]*W[c,u,v])",
        "x:4 W:3",
        lambda x, W, *, S, P: reference.convolve(
            x, W[:, None], jnp.zeros(x.shape[1]), S=S, D=1, P=P, groups=x.shape[1]
        ),
        (case("S=2 P=1", x=(2, 3, 5, 4), W=(3, 3, 2)),),
    ),
    "transposed conv": Known(
        "y[n,o,h] = sum[c,p,u](delta(h, S*p+u-P)*x[n,c,p]*W[c,o,u]) + B[o]",
        "x:3 W:3 B:1",
        reference.transposed,
        (
            case("S=2 P=1", x=(2, 3, 4), W=(3, 2, 3), B=(2,)),
            case("S=1 P=0", x=(1, 1, 3), W=(1, 1, 2), B=(1,)),
            case("S=3 P=0", x=(2, 1, 2), W=(1, 2, 2), B=(2,)),
        ),
    ),
    "max pool 1-D": Known(
        "y[n,c,p] = max[u](x[n,c,S*p+u])",
        "x:3",
        lambda x, *, S: reference.pool(x, S=S, K=3, start=-jnp.inf, step=jax.lax.max),
        (case("S=1", "u=3", x=(2, 2, 5)), case("S=3", "u=3", x=(1, 1, 7))),
    ),
    "max pool 2-D": Known(
        "y[n,c,p,q] = max[u,v](x[n,c,S*p+u,S*q+v])",
        "x:4",
        lambda x, *, S: reference.pool(x, S=S, K=2, start=-jnp.inf, step=jax.lax.max),
        (case("S=1", "u=2 v=2", x=(2, 2, 3, 4)), case("S=2", "u=2 v=2", x=(1, 1, 5, 2))),
    ),
    "average pool 2-D": Known(
        "y[n,c,p,q] = mean[u,v](x[n,c,S*p+u,S*q+v])",
        "x:4",
        lambda x, *, S: reference.pool(x, S=S, K=2, start=0.0, step=jax.lax.add) / 4,
        (case("S=1", "u=2 v=2", x=(2, 2, 3, 4)), case("S=2", "u=2 v=2", x=(1, 1, 5, 2))),
    ),
    "average over the image": Known(
        "y[n,c] = mean[h,w](x[n,c,h,w])",
        "x:4",
        lambda x: x.mean((2, 3)),
        (case(x=(2, 3, 4, 1)),),
    ),
    "max over an axis, subtracted": Known(
        "y[n,k] = x[n,k] - max[i](x[n,i])",
        "x:2",
        lambda x: x - x.max(-1, keepdims=True),
        (case(x=(3, 4)), case(x=(2, 1))),
    ),
    "attention scores": Known(
        "y[n,h,t,u] = sum[d](q[n,h,t,d]*k[n,h,u,d])/sqrt(size(d))",
        "q:4 k:4",
        lambda q, k: jnp.einsum("nhtd,nhud->nhtu", q, k) / jnp.sqrt(q.shape[-1]),
        (case(q=(2, 3, 4, 5), k=(2, 3, 2, 5)), case(q=(1, 1, 3, 1), k=(1, 1, 1, 1))),
    ),
    "attention": Known(
        """
        s[n,h,t,u] = sum[d](q[n,h,t,d]*k[n,h,u,d])/sqrt(size(d))
        p[n,h,t,u] = exp(s[n,h,t,u])/sum[r](exp(s[n,h,t,r]))
        y[n,h,t,e] = sum[u](p[n,h,t,u]*v[n,h,u,e])
        """,
        "q:4 k:4 v:4",
        reference.attend,
        (
            case(q=(2, 2, 3, 4), k=(2, 2, 5, 4), v=(2, 2, 5, 3)),
            case(q=(1, 1, 3, 1), k=(1, 1, 1, 1), v=(1, 1, 1, 2)),
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
        lambda q, k, v: reference.attend(q, k, v, causal=True),
        (case(q=(2, 2, 4, 3), k=(2, 2, 4, 3), v=(2, 2, 4, 3)), case(q=(1, 1, 1, 1), k=(1, 1, 1, 1), v=(1, 1, 1, 1))),
    ),
    "softmax of the step before": Known(
        "y[n,t,j] = sum[k](exp(x[n,t-1,k])*V[k,j])/sum[k](exp(x[n,t-1,k])) + log(sum[k](exp(x[n,2*t,k] + V[k,j])))",
        "x:3 V:2",
        lambda x, V: (
            jax.nn.softmax(jnp.pad(x, ((0, 0), (1, 0), (0, 0)))[:, :-1]) @ V
            + jax.nn.logsumexp(
                jnp.pad(x, ((0, 0), (0, x.shape[1]), (0, 0)))[:, : 2 * x.shape[1] : 2, :, None] + V, axis=2
            )
        ),
        (case("", "t=5", x=(2, 5, 3), V=(3, 4)), case("", "t=1", x=(1, 1, 1), V=(1, 1))),
    ),
    "embedding": Known(
        "y[n,t,d] = E[tok[n,t],d]",
        "E:2 tok:2i",
        lambda E, tok: E[tok],
        (case("", "", "tok=5", E=(5, 3), tok=(4, 6)), case("", "", "tok=1", E=(1, 1), tok=(1, 2))),
    ),
    "tokens of a window": Known(
        "y[n,j] = sum[t,d](E[tok[n,t],d]*W[t,d,j])",
        "E:2 tok:2i W:3",
        lambda E, tok, W: jnp.einsum("ntd,tdj->nj", E[tok], W),
        (
            case("", "", "tok=5", E=(5, 3), tok=(4, 6), W=(6, 3, 2)),
            case("", "", "tok=1", E=(1, 1), tok=(1, 1), W=(1, 1, 1)),
        ),
    ),
    "tokens through several matrices": Known(
        "y[n,t,q,j] = sum[d](E[tok[n,t],d]*W[q,d,j])",
        "E:2 tok:2i W:3",
        lambda E, tok, W: jnp.einsum("ntd,qdj->ntqj", E[tok], W),
        (case("", "", "tok=5", E=(5, 3), tok=(4, 6), W=(2, 3, 4)),),
    ),
    "tokens beside each other": Known(
        "y[n,t,s] = sum[d]((E[tok[n,t],d] - E[tok[n,s],d])**2) + sum[d](E[tok[n,t],d]*E[tok[n,s],d])",
        "E:2 tok:2i",
        lambda E, tok: (
            ((E[tok][:, :, None] - E[tok][:, None]) ** 2).sum(-1) + jnp.einsum("ntd,nsd->nts", E[tok], E[tok])
        ),
        (case("", "", "tok=5", E=(5, 3), tok=(4, 6)), case("", "", "tok=3", E=(3, 2), tok=(1, 1))),
    ),
    "tokens beside the first": Known(
        "y[n,d] = sum[t](E[tok[n,t],d]*E[tok[n,0],d])",
        "E:2 tok:2i",
        lambda E, tok: E[tok].sum(1) * E[tok[:, 0]],
        (case("", "", "tok=5", E=(5, 3), tok=(4, 6)), case("", "", "tok=3", E=(3, 2), tok=(2, 1))),
    ),
    "reading one place of each row": Known(
        "y[n] = x[n,tok[n]]",
        "x:2 tok:1i",
        lambda x, tok: jnp.take_along_axis(x, tok[:, None], 1)[:, 0],
        (case("", "", "tok=4", x=(3, 4), tok=(3,)),),
    ),
    "cumulative sum by a mask": Known(
        "y[n,t] = sum[u](where(u <= t, x[n,u], 0))",
        "x:2",
        lambda x: jnp.cumsum(x, 1),
        (case(x=(2, 5)), case(x=(3, 1))),
    ),
    "stretches": Known(
        "y[n,t] = x[n,t]*floor(t/k)",
        "x:2",
        lambda x, k: x * (jnp.arange(x.shape[1]) // k),
        (case("k=49", x=(2, 100)), case("k=3", x=(1, 7))),
    ),
    "straight through": Known(
        "y[n,j] = tanh(sum[i](x[n,i]*W[i,j])) + stop(sign(sum[i](x[n,i]*W[i,j])) - tanh(sum[i](x[n,i]*W[i,j])))",
        "x:2 W:2",
        lambda x, W: (z := jnp.tanh(x @ W)) + jax.lax.stop_gradient(jnp.sign(z) - z),
        (case(x=(3, 4), W=(4, 2)),),
    ),
    **RECURRENT,
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
