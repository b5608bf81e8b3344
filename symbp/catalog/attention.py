"""Attention and the encodings of positions that it needs. Names in scope as in layers.py.

    n example   t place that asks   u place that is asked   h head   d feature of a head   i feature before   j after
    z, e half of a head's features, feature of a half

A softmax over places leaves a place out where its score is -inf.
Not here: dropout of attention's weights (a layer of its own), caches for generation.
"""

from collections.abc import Iterator
from itertools import product

from symbp.catalog.entry import Entry, Option, ParameterRow, Variant

_VASWANI = "Vaswani et al., Attention Is All You Need (2017), arXiv:1706.03762"
_ROTARY_SOURCE = "rotary: Su et al., RoFormer (2021), arXiv:2104.09864, eq. 34, halves rotated together"


def _projection(name: str, feature: str, bias: bool) -> str:
    plus = f" + b{name}[h,{feature}]" if bias else ""
    return f"{name}[n,t,h,{feature}] = sum[i](x[n,t,i] * W{name}[i,h,{feature}]){plus}"


def _turned(name: str) -> str:
    """The two halves of the features as one vector in the plane, turned by an angle; reads outside are 0."""
    read = "{name}[n,t,h,z{shift},e]".format
    apart = f"({read(name=name, shift='-1')} - {read(name=name, shift='+1')})"
    return f"{name}_turned[n,t,h,z,e] = {read(name=name, shift='')} * cos(angle[t,e]) + {apart} * sin(angle[t,e])"


def _attention(bias: bool, causal: bool, rotary: bool) -> str:
    """The equations: projections, scores, their softmax over u, the weighted values, and the projection back."""
    d = "z,e" if rotary else "d"
    lines = [_projection("q", d, bias), _projection("k", d, bias), _projection("v", "d", bias)]
    if rotary:
        lines += ["angle[t,e] = t / base**(e / size(e))", _turned("q"), _turned("k")]
    q, k = ("q_turned", "k_turned") if rotary else ("q", "k")
    root = "sqrt(2 * size(e))" if rotary else "sqrt(size(d))"
    lines.append(f"s[n,h,t,u] = sum[{d}]({q}[n,t,h,{d}] * {k}[n,u,h,{d}]) / {root}")
    if causal:
        lines.append("m[n,h,t,u] = where(u <= t, s[n,h,t,u], -inf)")
    m = "m" if causal else "s"
    lines += [
        f"p[n,h,t,u] = exp({m}[n,h,t,u]) / sum[r](exp({m}[n,h,t,r]))",
        "o[n,t,h,d] = sum[u](p[n,h,t,u] * v[n,u,h,d])",
        f"y[n,t,j] = sum[h,d](o[n,t,h,d] * Wo[h,d,j]){' + bo[j]' if bias else ''}",
    ]
    return "\n".join(lines)


def _parameters(bias: bool, rotary: bool) -> tuple[ParameterRow, ...]:
    features = {name: ("z", "e") if rotary and name != "v" else ("d",) for name in "qkv"}
    weights = tuple(ParameterRow(f"W{name}", ("i", "h", *axes), "glorot_uniform") for name, axes in features.items())
    back = ParameterRow("Wo", ("h", "d", "j"), "torch_default")
    if not bias:
        return (*weights, back)
    biases = tuple(ParameterRow(f"b{n}", ("h", *axes), "zeros", decays=False) for n, axes in features.items())
    return (*weights, *biases, back, ParameterRow("bo", ("j",), "zeros", decays=False))


def _variants() -> Iterator[Variant]:
    """Those with most options first: the first whose options are all changed is used."""
    for plain, causal, rotary in product((True, False), repeat=3):
        options = {n for n, given in (("bias", plain), ("causal", causal), ("rotary", rotary)) if given}
        if options:
            yield Variant(frozenset(options), _attention(not plain, causal, rotary), _parameters(not plain, rotary))


ENTRIES = (
    Entry(
        "learned_positions",
        "layer",
        "y[n,t,d] = x[n,t,d] + P[t,d]",
        "a trained vector for every place, added",
        "Gehring et al., Convolutional Sequence to Sequence Learning (2017), arXiv:1705.03122, section 3.1",
        parameters=(ParameterRow("P", ("t", "d"), "normal", decays=False),),
    ),
    Entry(
        "sinusoidal_positions",
        "layer",
        """
        angle[t,d] = t / base**(2 * floor(d / 2) / size(d))
        y[n,t,d] = x[n,t,d] + where(d - 2 * floor(d / 2) < 1, sin(angle[t,d]), cos(angle[t,d]))
        """,
        "sines and cosines of the place, added: frequencies fall from feature to feature",
        f"{_VASWANI}, section 3.5",
        options=(Option("base", 10000.0, low=1, low_open=True, summary="ratio of the frequencies at both ends"),),
    ),
    Entry(
        "multi_head_attention",
        "layer",
        _attention(bias=True, causal=False, rotary=False),
        "every place asks all places (those up to it where `causal`), in several heads",
        f"{_VASWANI}, section 3.2; {_ROTARY_SOURCE}",
        options=(
            Option("heads", None, "integer", low=1, summary="number of heads", aliases=("num_heads",)),
            Option("bias", True, "boolean", summary="whether biases are added", aliases=("use_bias",)),
            Option("causal", False, "boolean", summary="no place asks a later one", aliases=("use_causal_mask",)),
            Option("rotary", False, "boolean", summary="questions and keys are turned by their place"),
            Option("base", 10000.0, low=1, low_open=True, summary="of rotary frequencies", needs="rotary"),
        ),
        parameters=_parameters(bias=True, rotary=False),
        sizes=(
            ("h", "heads"),
            ("d", "extent(x, -1) / heads"),
            ("z", "2"),
            ("e", "extent(x, -1) / heads / 2"),
            ("j", "extent(x, -1)"),
        ),
        variants=tuple(_variants()),
        aliases=("nn.MultiheadAttention", "keras.MultiHeadAttention"),
    ),
)
