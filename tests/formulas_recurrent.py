"""Recurrences of the field that the catalog need not hold."""

from __future__ import annotations

import jax.numpy as jnp
import references_formulas as reference
from known import Known, case

_CELL = {"x": (2, 3, 4), **{f"W{g}": (4, 3) for g in "fiog"}, **{f"U{g}": (3, 3) for g in "fiog"}}
_GATE = "{g}[n,t,j] = {a}(sum[m](x[n,t,m]*W{g}[m,j]) + sum[k](h[n,t-1,k]*U{g}[k,j]) + B{g}[j])"
_LSTM = "\n".join(_GATE.format(g=g, a="tanh" if g == "g" else "sigmoid") for g in "fiog")
_GATES = "".join(f" {w}{g}:{r}" for g in "fiog" for w, r in (("W", 2), ("U", 2), ("B", 1)))

RECURRENT: dict[str, Known] = {
    "cumulative sum": Known(
        "y[n,t] = y[n,t-1] + x[n,t]",
        "x:2",
        lambda x: jnp.cumsum(x, 1),
        (case(x=(2, 5)), case(x=(3, 1))),
    ),
    "cumulative product": Known(
        "y[n,t] = where(t == 0, 1, y[n,t-1])*x[n,t]",
        "x:2",
        lambda x: jnp.cumprod(x, 1),
        (case(x=(2, 5)), case(x=(3, 1))),
    ),
    "exponential average": Known(
        "y[n,t] = (1 - alpha)*y[n,t-1] + alpha*x[n,t]",
        "x:2",
        lambda x, *, alpha: reference.scan(
            lambda y, x: ((1 - alpha) * y + alpha * x, (1 - alpha) * y + alpha * x), jnp.zeros(x.shape[0]), x
        ),
        (case("alpha=0.3", x=(2, 5)),),
    ),
    "running softmax": Known(
        """
        s[n,t] = s[n,t-1] + exp(x[n,t])
        y[n,t] = exp(x[n,t])/s[n,t]
        """,
        "x:2",
        reference.running_softmax,
        (case(x=(2, 4)), case(x=(2, 1))),
    ),
    "recurrence that divides": Known(
        "y[n,t] = where(t == 0, 1, y[n,t-1])/x[n,t]",
        "x:2",
        lambda x: 1 / jnp.cumprod(x, 1),
        (case(x=(2, 4)), case(x=(2, 1))),
        positive=True,
    ),
    "recurrence of roots": Known(
        "y[n,t] = sqrt(y[n,t-1] + x[n,t])",
        "x:2",
        lambda x: reference.scan(lambda y, x: (jnp.sqrt(y + x), jnp.sqrt(y + x)), jnp.zeros(x.shape[0]), x),
        (case(x=(2, 4)), case(x=(2, 1))),
        positive=True,
    ),
    "recurrence of logarithms": Known(
        "y[n,t] = log(1 + y[n,t-1] + x[n,t])",
        "x:2",
        lambda x: reference.scan(lambda y, x: (jnp.log1p(y + x), jnp.log1p(y + x)), jnp.zeros(x.shape[0]), x),
        (case(x=(2, 4)),),
        positive=True,
    ),
    "recurrence": Known(
        "h[n,t,j] = tanh(sum[i](x[n,t,i]*U[i,j]) + sum[k](h[n,t-1,k]*V[k,j]) + B[j])",
        "x:3 U:2 V:2 B:1",
        lambda x, U, V, B: reference.elman(x, U, V, B),
        (case(x=(2, 5, 4), U=(4, 3), V=(3, 3), B=(3,)), case(x=(1, 1, 1), U=(1, 2), V=(2, 2), B=(2,))),
        "h",
    ),
    "recurrence backwards in time": Known(
        "h[n,t,j] = tanh(sum[i](x[n,t,i]*U[i,j]) + sum[k](h[n,t+1,k]*V[k,j]) + B[j])",
        "x:3 U:2 V:2 B:1",
        lambda x, U, V, B: reference.elman(x, U, V, B, reverse=True),
        (case(x=(2, 4, 3), U=(3, 2), V=(2, 2), B=(2,)),),
        "h",
    ),
    "recurrence, last state": Known(
        """
        h[n,t,j] = tanh(sum[i](x[n,t,i]*U[i,j]) + sum[k](h[n,t-1,k]*V[k,j]) + B[j])
        y[n,j] = h[n,size(t)-1,j]
        """,
        "x:3 U:2 V:2 B:1",
        lambda x, U, V, B: reference.elman(x, U, V, B)[:, -1],
        (case(x=(2, 4, 3), U=(3, 2), V=(2, 2), B=(2,)), case(x=(2, 1, 1), U=(1, 2), V=(2, 2), B=(2,))),
    ),
    "recurrence with a first state": Known(
        "h[n,t,j] = tanh(x[n,t,j] + sum[k](where(t == 0, s[n,k], h[n,t-1,k])*V[k,j]))",
        "x:3 s:2 V:2",
        reference.started,
        (case(x=(2, 4, 3), s=(2, 3), V=(3, 3)), case(x=(1, 1, 2), s=(1, 2), V=(2, 2))),
        "h",
    ),
    "recurrence over two steps back": Known(
        "h[n,t,j] = tanh(x[n,t,j] + sum[k](h[n,t-1,k]*V[k,j]) + h[n,t-2,j])",
        "x:3 V:2",
        reference.lagging,
        (case(x=(2, 5, 3), V=(3, 3)), case(x=(1, 1, 2), V=(2, 2))),
        "h",
    ),
    "lstm": Known(
        _LSTM + "\nc[n,t,j] = f[n,t,j]*c[n,t-1,j] + i[n,t,j]*g[n,t,j]\nh[n,t,j] = o[n,t,j]*tanh(c[n,t,j])",
        "x:3" + _GATES,
        reference.lstm,
        (case(**_CELL, **{f"B{g}": (3,) for g in "fiog"}),),
        "h",
    ),
    "lstm, gates side by side": Known(
        """
        z[n,t,q] = sum[m](x[n,t,m]*W[m,q]) + sum[k](h[n,t-1,k]*U[k,q]) + B[q]
        c[n,t,j] = sigmoid(z[n,t,j+size(j)])*c[n,t-1,j] + sigmoid(z[n,t,j])*tanh(z[n,t,j+2*size(j)])
        h[n,t,j] = sigmoid(z[n,t,j+3*size(j)])*tanh(c[n,t,j])
        """,
        "x:3 W:2 U:2 B:1",
        reference.packed,
        (
            case("", "j=3", x=(2, 4, 5), W=(5, 12), U=(3, 12), B=(12,)),
            case("", "j=1", x=(1, 1, 1), W=(1, 4), U=(1, 4), B=(4,)),
        ),
        "h",
    ),
    "a step at a time": Known(
        """
        last[n,t,j] = stop(h[n,t-1,j])
        h[n,t,j] = tanh(x[n,t,j] + sum[k](last[n,t,k]*V[k,j]))
        """,
        "x:3 V:2",
        reference.no_step_back,
        (case(x=(2, 4, 3), V=(3, 3)), case(x=(1, 1, 2), V=(2, 2))),
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
        reference.gru,
        (case(x=(2, 4, 3), **{f"W{g}": (3, 2) for g in "rzn"}, **{f"U{g}": (2, 2) for g in "rzn"}),),
        "h",
    ),
}
