"""Recurrent layers: what comes back from one step to the next. Names in scope are those of symbp/catalog/entry.py.

`x` is `(n, t, d)`: examples, steps, features. Before the first step the state is 0, since reading outside a tensor
gives 0, or what is given: `h_0`, and `c_0` for the cell of an LSTM, each `(n, units)`. Weights are PyTorch's,
transposed, with the gates as an axis of their own: `weight_ih` is `W` of shape `(d, q, j)`, `weight_hh` is `V` of shape
`(k, q, j)`, both as `(inputs, gates * units)`.

A bidirectional layer has the equations twice, with names in `_r` for the second direction, and its result is both
states, end to end; `h_0` and `c_0` are then `(n, 2, units)`, one for each direction.

A row is written for the options that are asked for: `{into}` and `{back}` are the weighted sums of the input and of the
state, `{h}` and `{c}` the state before and the cell before at `j`.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from symbp.catalog.entry import Changed, Entry, Option, ParameterRow, Variant, lines

_OPTIONS = (
    Option("units", None, "integer", low=1, summary="size of the state", aliases=("hidden_size",)),
    Option("bias", True, "boolean", summary="whether biases are added", aliases=("use_bias",)),
    Option("two_biases", True, "boolean", summary="a bias for the input and one for the state, as in PyTorch"),
    Option("returns", "all", "choice", choices=("all", "last"), summary="every state, or the one after the last step"),
    Option("reverse", False, "boolean", summary="from the last step to the first", aliases=("go_backwards",)),
    Option("bidirectional", False, "boolean", summary="both directions, their states end to end"),
    Option("truncate", 0, "integer", low=0, summary="no gradient from a stretch of so many steps to another; 0: all"),
)
_SWITCHES = tuple(o.name for o in _OPTIONS if o.default is not None)

_SIMPLE = """
    z[n,t,j] = {into} + {back}
    h[n,t,j] = {function}
    """

_LSTM = """
    z[n,t,q,j] = {into} + {back}
    i[n,t,j] = 1 / (1 + exp(-z[n,t,0,j]))
    f[n,t,j] = 1 / (1 + exp(-z[n,t,1,j]))
    g[n,t,j] = tanh(z[n,t,2,j])
    o[n,t,j] = 1 / (1 + exp(-z[n,t,3,j]))
    c[n,t,j] = f[n,t,j] * {c} + i[n,t,j] * g[n,t,j]
    e[n,t,j] = tanh(c[n,t,j])
    h[n,t,j] = o[n,t,j] * e[n,t,j]
    """

_GRU = """
    e[n,t,q,j] = {into}
    s[n,t,q,j] = {back}
    r[n,t,j] = 1 / (1 + exp(-e[n,t,0,j] - s[n,t,0,j]))
    p[n,t,j] = 1 / (1 + exp(-e[n,t,1,j] - s[n,t,1,j]))
    m[n,t,j] = tanh(e[n,t,2,j] + r[n,t,j] * s[n,t,2,j])
    h[n,t,j] = (1 - p[n,t,j]) * m[n,t,j] + p[n,t,j] * {h}
    """


def _parameters(changed: Changed, *gate: str) -> tuple[ParameterRow, ...]:
    """Weights and biases of one direction, started as PyTorch does: all uniform, up to 1 / sqrt(units) from 0."""
    biases = [] if "bias" in changed else ["b"] if "two_biases" in changed else ["b", "b_h"]
    return (
        ParameterRow("W", ("d", *gate, "j"), "torch_default", fan_in="units"),
        ParameterRow("V", ("k", *gate, "j"), "torch_default", fan_in="units"),
        *(ParameterRow(b, (*gate, "j"), "torch_default", decays=False, fan_in="units") for b in biases),
    )


class _Direction:
    """The equations of one direction: `backwards`, and the first or the second (`part`) of those of a layer."""

    def __init__(self, text: str, changed: Changed, gate: tuple[str, ...], backwards: bool, part: int) -> None:
        self.changed = changed
        self.backwards = backwards
        self.part = part
        q = "".join(f"{g}," for g in gate)
        into, back = (*(f" + {row.name}[{q}j]" for row in _parameters(changed, *gate)[2:]), "", "")[:2]
        fields = {
            "into": f"sum[d](x[n,t,d] * W[d,{q}j]){into}",
            "back": f"sum[k]({self.before('h', 'k')} * V[k,{q}j]){back}",
            "function": "max(0, z[n,t,j])" if "nonlinearity" in changed else "tanh(z[n,t,j])",
            "h": self.before("h", "j"),
            "c": self.before("c", "j"),
        }
        states = [state for state in "hc" if f"\n    {state}[" in text]
        own = [line for state in states for line in (*self.initial(state), *self.truncated(state))]
        self.equations = "\n".join((*own, *lines(text.format(**fields))))

    def has_initial(self, state: str) -> bool:
        return f"{state}_0" in self.changed

    def before(self, state: str, letter: str) -> str:
        """The state one step before, or the tensor that is that."""
        return f"{state}_kept[n,t,{letter}]" if "truncate" in self.changed else self.earlier(state, letter)

    def earlier(self, state: str, letter: str) -> str:
        """The state one step before, to which all gradient flows."""
        step = "t+1" if self.backwards else "t-1"
        return f"{state}_before[n,t,{letter}]" if self.has_initial(state) else f"{state}[n,{step},{letter}]"

    def initial(self, state: str) -> tuple[str, ...]:
        """The equation of the state one step before, with the initial one before the first step."""
        place = f"n,{self.part},k" if "bidirectional" in self.changed else "n,k"
        step, start = ("t+1", "size(t)-1") if self.backwards else ("t-1", "0")
        line = f"{state}_before[n,t,k] = {state}[n,{step},k] + delta(t,{start}) * {state}_0[{place}]"
        return (line,) if self.has_initial(state) else ()

    def truncated(self, state: str) -> tuple[str, ...]:
        """The state one step before, as a constant where that was in another stretch."""
        if "truncate" not in self.changed:
            return ()
        earlier, (low, high) = self.earlier(state, "k"), ("t", "t+1") if self.backwards else ("t-1", "t")
        return (
            f"{state}_stopped[n,t,k] = stop({earlier})",
            f"{state}_kept[n,t,k] = where(stretch[{low}] >= stretch[{high}], {earlier}, {state}_stopped[n,t,k])",
        )

    @property
    def end(self) -> str:
        return "0" if self.backwards else "size(t)-1"


def _second(text: str, names: tuple[str, ...]) -> str:
    """The equations with another name for every tensor that is theirs alone."""
    own = (*(line.partition("[")[0] for line in lines(text)), *names)
    return re.sub(rf"\b({'|'.join(own)})\[", r"\1_r[", text)


def _writer(text: str, *gate: str) -> Callable[[Changed], Variant]:
    """What writes the equations and parameters of a row under the options that are changed."""

    def write(changed: Changed) -> Variant:
        reverse, last = "reverse" in changed, "returns" in changed
        first = _Direction(text, changed, gate, reverse, 0)
        parameters = _parameters(changed, *gate)
        before = ["stretch[t] = floor((t + 1/2) / truncate)"] if "truncate" in changed else []
        end = first.end if last else "t"
        y = "y[n,j]" if last else "y[n,t,j]"
        if "bidirectional" not in changed:
            return Variant(changed, "\n".join((*before, first.equations, f"{y} = h[n,{end},j]")), parameters)
        second = _Direction(text, changed, gate, not reverse, 1)
        others = _second(second.equations, tuple(p.name for p in parameters))
        y, other = y.replace("j", "a"), second.end if last else "t"
        result = f"{y} = h[n,{end},a] + h_r[n,{other},a - extent(h, 2)]  # reads outside a state are 0"
        twins = tuple(replace(p, name=f"{p.name}_r") for p in parameters)
        equations = "\n".join((*before, first.equations, others, result))
        return Variant(changed, equations, (*parameters, *twins))

    return write


_NONLINEARITY = Option("nonlinearity", "tanh", "choice", choices=("tanh", "relu"), aliases=("activation",),
                       summary="the function of the weighted sums")  # fmt: skip
_SIZES = (("j", "units"), ("k", "units"), ("a", "2 * units"))
_NONE: Changed = frozenset()

ENTRIES = (
    Entry(
        "simple_rnn",
        "layer",
        _writer(_SIMPLE)(_NONE).equations,
        "the state is a function of weighted sums of the input and of the state before",
        "Elman, Finding structure in time (1990); PyTorch's RNN",
        options=(*_OPTIONS, _NONLINEARITY),
        parameters=_parameters(_NONE),
        sizes=_SIZES,
        inputs=("x", "h_0?"),
        switches=(*_SWITCHES, "nonlinearity", "h_0"),
        write=_writer(_SIMPLE),
        aliases=("nn.RNN",),
    ),
    Entry(
        "lstm",
        "layer",
        _writer(_LSTM, "q")(_NONE).equations,
        "long short-term memory: input, forget and output gates around a cell, in PyTorch's order i, f, g, o",
        "Hochreiter & Schmidhuber (1997); Gers, Schmidhuber, Cummins, Learning to forget (2000); PyTorch's LSTM",
        options=_OPTIONS,
        parameters=_parameters(_NONE, "q"),
        sizes=(*_SIZES, ("q", "4")),
        inputs=("x", "h_0?", "c_0?"),
        switches=(*_SWITCHES, "h_0", "c_0"),
        write=_writer(_LSTM, "q"),
        aliases=("nn.LSTM",),
    ),
    Entry(
        "gru",
        "layer",
        _writer(_GRU, "q")(_NONE).equations,
        "gated recurrent unit: reset and update gates, in PyTorch's order r, z, n (here r, p, m)",
        "Cho et al., On the properties of neural machine translation (2014), arXiv:1409.1259; PyTorch's GRU",
        options=_OPTIONS,
        parameters=_parameters(_NONE, "q"),
        sizes=(*_SIZES, ("q", "3")),
        inputs=("x", "h_0?"),
        switches=(*_SWITCHES, "h_0"),
        write=_writer(_GRU, "q"),
        aliases=("nn.GRU",),
    ),
)
