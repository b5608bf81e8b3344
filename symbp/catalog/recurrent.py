"""Recurrent layers: what comes back from one step to the next. Names in scope are those of symbp/catalog/entry.py.

`x` is `(n, t, d)`: examples, steps, features. The state before the first step is 0, since reading outside a tensor
gives 0. Weights are PyTorch's, transposed, with the gates as an axis of their own: `weight_ih` is `W` of shape
`(d, q, j)`, `weight_hh` is `V` of shape `(k, q, j)`, both as `(inputs, gates * units)`.

A row has a variant for every combination of its options, written by the function that writes its equations.
"""

from collections.abc import Callable, Iterator
from itertools import combinations

from symbp.catalog.entry import Entry, Option, ParameterRow, Variant

Chosen = frozenset[str]  # options that are not at their default

_OPTIONS = (
    Option("units", None, "integer", low=1, summary="size of the state", aliases=("hidden_size",)),
    Option("bias", True, "boolean", summary="whether biases are added", aliases=("use_bias",)),
    Option("two_biases", True, "boolean", summary="a bias for the input and one for the state, as in PyTorch"),
    Option("returns", "all", "choice", choices=("all", "last"), summary="every state, or the one after the last step"),
    Option("reverse", False, "boolean", summary="from the last step to the first", aliases=("go_backwards",)),
)
_SWITCHES = tuple(o.name for o in _OPTIONS if o.default is not None)


def _parameters(chosen: Chosen, *gate: str) -> tuple[ParameterRow, ...]:
    rows = [
        ParameterRow("W", ("d", *gate, "j"), "torch_default"),
        ParameterRow("V", ("k", *gate, "j"), "torch_default"),
    ]
    biases = [] if "bias" in chosen else ["b"] if "two_biases" in chosen else ["b", "b_h"]
    return (*rows, *(ParameterRow(b, (*gate, "j"), "torch_default", decays=False) for b in biases))


def _terms(chosen: Chosen, *gate: str) -> tuple[str, str]:
    """What the input and what the state brings: the weighted sums, with their biases."""
    q = "".join(f"{g}," for g in gate)
    before = "t+1" if "reverse" in chosen else "t-1"
    biases = [f" + {row.name}[{q}j]" for row in _parameters(chosen, *gate)[2:]]
    into, back = (*biases, "", "")[:2]
    return f"sum[d](x[n,t,d] * W[d,{q}j]){into}", f"sum[k](h[n,{before},k] * V[k,{q}j]){back}"


def _result(chosen: Chosen) -> str:
    end = "0" if "reverse" in chosen else "size(t)-1"
    return f"y[n,j] = h[n,{end},j]" if "returns" in chosen else "y[n,t,j] = h[n,t,j]"


def _simple(chosen: Chosen) -> str:
    into, back = _terms(chosen)
    function = "max(0, z[n,t,j])" if "nonlinearity" in chosen else "tanh(z[n,t,j])"
    return f"""
        z[n,t,j] = {into} + {back}
        h[n,t,j] = {function}
        {_result(chosen)}
        """


def _lstm(chosen: Chosen) -> str:
    into, back = _terms(chosen, "q")
    before = "t+1" if "reverse" in chosen else "t-1"
    return f"""
        z[n,t,q,j] = {into} + {back}
        i[n,t,j] = 1 / (1 + exp(-z[n,t,0,j]))
        f[n,t,j] = 1 / (1 + exp(-z[n,t,1,j]))
        g[n,t,j] = tanh(z[n,t,2,j])
        o[n,t,j] = 1 / (1 + exp(-z[n,t,3,j]))
        c[n,t,j] = f[n,t,j] * c[n,{before},j] + i[n,t,j] * g[n,t,j]
        e[n,t,j] = tanh(c[n,t,j])
        h[n,t,j] = o[n,t,j] * e[n,t,j]
        {_result(chosen)}
        """


def _gru(chosen: Chosen) -> str:
    into, back = _terms(chosen, "q")
    before = "t+1" if "reverse" in chosen else "t-1"
    return f"""
        u[n,t,q,j] = {into}
        v[n,t,q,j] = {back}
        r[n,t,j] = 1 / (1 + exp(-u[n,t,0,j] - v[n,t,0,j]))
        z[n,t,j] = 1 / (1 + exp(-u[n,t,1,j] - v[n,t,1,j]))
        m[n,t,j] = tanh(u[n,t,2,j] + r[n,t,j] * v[n,t,2,j])
        h[n,t,j] = (1 - z[n,t,j]) * m[n,t,j] + z[n,t,j] * h[n,{before},j]
        {_result(chosen)}
        """


def _variants(write: Callable[[Chosen], str], switches: tuple[str, ...], *gate: str) -> Iterator[Variant]:
    """The equations under every combination of options, the most particular first."""
    for count in range(len(switches), 0, -1):
        for names in combinations(switches, count):
            chosen = frozenset(names)
            yield Variant(chosen, write(chosen), _parameters(chosen, *gate))


_NONLINEARITY = Option("nonlinearity", "tanh", "choice", choices=("tanh", "relu"), aliases=("activation",),
                       summary="the function of the weighted sums")  # fmt: skip
_NONE: Chosen = frozenset()

ENTRIES = (
    Entry(
        "simple_rnn",
        "layer",
        _simple(_NONE),
        "the state is a function of weighted sums of the input and of the state before",
        "Elman, Finding structure in time (1990); PyTorch's RNN",
        options=(*_OPTIONS, _NONLINEARITY),
        parameters=_parameters(_NONE),
        sizes=(("j", "units"), ("k", "units")),
        variants=tuple(_variants(_simple, (*_SWITCHES, "nonlinearity"))),
        aliases=("nn.RNN",),
    ),
    Entry(
        "lstm",
        "layer",
        _lstm(_NONE),
        "long short-term memory: input, forget and output gates around a cell, in PyTorch's order i, f, g, o",
        "Hochreiter & Schmidhuber (1997); Gers, Schmidhuber, Cummins, Learning to forget (2000); PyTorch's LSTM",
        options=_OPTIONS,
        parameters=_parameters(_NONE, "q"),
        sizes=(("j", "units"), ("k", "units"), ("q", "4")),
        variants=tuple(_variants(_lstm, _SWITCHES, "q")),
        aliases=("nn.LSTM",),
    ),
    Entry(
        "gru",
        "layer",
        _gru(_NONE),
        "gated recurrent unit: reset and update gates, in PyTorch's order r, z, n (here m)",
        "Cho et al., On the properties of neural machine translation (2014), arXiv:1409.1259; PyTorch's GRU",
        options=_OPTIONS,
        parameters=_parameters(_NONE, "q"),
        sizes=(("j", "units"), ("k", "units"), ("q", "3")),
        variants=tuple(_variants(_gru, _SWITCHES, "q")),
        aliases=("nn.GRU",),
    ),
)
