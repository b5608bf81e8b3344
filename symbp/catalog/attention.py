"""Attention, embeddings, and the encodings of positions that they need. Names in scope as in layers.py.

    n example   t place that asks   u place that is asked   h head   d feature of a head  i, c feature before  j after
    g head of keys and values, r one of the heads that ask it   z, e half of a head's features, feature of a half

A softmax over places leaves a place out where its score is -inf. A mask may hide every place, whose softmax would be no
number: there the score is -1e9, as in Keras, which leaves out as well, and counts all alike where all are hidden.
Not here: dropout of attention's weights (a layer of its own), caches for generation.
"""

from collections.abc import Set

from symbp.catalog.entry import Entry, Option, ParameterRow, Variant

_VASWANI = "Vaswani et al., Attention Is All You Need (2017), arXiv:1706.03762"
_SOURCES = (
    f"{_VASWANI}, section 3.2; rotary: Su et al., RoFormer (2021), arXiv:2104.09864, eq. 34, halves rotated together; "
    "kv_heads: Ainslie et al., GQA (2023), arXiv:2305.13245, section 2.2"
)


def _weights(scores: str, heads: str, chosen: Set[str]) -> list[str]:
    """The softmax of the scores over the places that are asked, those that are hidden left out."""
    seen = [text for name, text in (("causal", "u <= t"), ("mask", "mask[n,u] > 0.5")) if name in chosen]
    lines = [f"s[n,{heads}t,u] = {scores}"]
    hidden = "-1e9" if "mask" in chosen else "-inf"
    if seen:
        lines.append(f"m[n,{heads}t,u] = where({' and '.join(seen)}, s[n,{heads}t,u], {hidden})")
    read = f"{'m' if seen else 's'}[n,{heads}t,{{u}}]".format
    return [*lines, f"p[n,{heads}t,u] = exp({read(u='u')}) / sum[l](exp({read(u='l')}))"]


def _dot_product(chosen: Set[str]) -> str:
    scores = _weights("sum[d](q[n,t,d] * k[n,u,d]) / sqrt(size(d))", "", chosen)
    return "\n".join([*scores, "y[n,t,j] = sum[u](p[n,t,u] * v[n,u,j])"])


def _projections(chosen: Set[str]) -> list[tuple[str, str, str, str, str]]:
    """Of questions, keys and values: name, what is read, place, axes of heads, axes of a head's features."""
    context = ("context", "u") if "context" in chosen else ("x", "t")
    asking, asked = ("g,r", "g") if "kv_heads" in chosen else ("h", "h")
    turned = "z,e" if "rotary" in chosen else "d"
    return [("q", "x", "t", asking, turned), ("k", *context, asked, turned), ("v", *context, asked, "d")]


def _turned(name: str, place: str, heads: str) -> list[str]:
    """The two halves of the features as one vector in the plane, turned by an angle; reads outside are 0."""
    read = f"{name}[n,{place},{heads},z{{}},e]".format
    angle = f"angle_{name}[{place},e]"
    return [
        f"{angle} = {place} / base**(e / size(e))",
        f"{name}_turned[n,{place},{heads},z,e] = "
        f"{read('')} * cos({angle}) + ({read('-1')} - {read('+1')}) * sin({angle})",
    ]


def _attention(chosen: Set[str]) -> str:
    """The equations: projections, scores, their softmax over u, the weighted values, and the projection back."""
    rows, lines = _projections(chosen), []
    for name, source, place, heads, features in rows:
        before = "c" if source == "context" else "i"
        plus = "" if "bias" in chosen else f" + b{name}[{heads},{features}]"
        product_ = f"sum[{before}]({source}[n,{place},{before}] * W{name}[{before},{heads},{features}])"
        lines.append(f"{name}[n,{place},{heads},{features}] = {product_}{plus}")
    (_, _, _, asking, d), (_, _, place, asked, _), _ = rows
    q, k, root = "q", "k", "size(d)"
    if "rotary" in chosen:
        lines += [*_turned("q", "t", asking), *_turned("k", place, asked)]
        q, k, root = "q_turned", "k_turned", "2 * size(e)"
    scores = f"sum[{d}]({q}[n,t,{asking},{d}] * {k}[n,u,{asked},{d}]) / sqrt({root})"
    return "\n".join(
        [
            *lines,
            *_weights(scores, f"{asking},", chosen),
            f"o[n,t,{asking},d] = sum[u](p[n,{asking},t,u] * v[n,u,{asked},d])",
            f"y[n,t,j] = sum[{asking},d](o[n,t,{asking},d] * Wo[{asking},d,j]){'' if 'bias' in chosen else ' + bo[j]'}",
        ]
    )


def _parameters(chosen: Set[str]) -> tuple[ParameterRow, ...]:
    rows = _projections(chosen)
    before = {name: "c" if source == "context" else "i" for name, source, *_ in rows}
    axes = {name: (*heads.split(","), *features.split(",")) for name, _, _, heads, features in rows}
    weights = tuple(ParameterRow(f"W{n}", (before[n], *rest), "glorot_uniform") for n, rest in axes.items())
    back = ParameterRow("Wo", (*rows[0][3].split(","), "d", "j"), "torch_default")
    if "bias" in chosen:
        return (*weights, back)
    biases = tuple(ParameterRow(f"b{n}", rest, "zeros", decays=False) for n, rest in axes.items())
    return (*weights, *biases, back, ParameterRow("bo", ("j",), "zeros", decays=False))


_TABLE = (ParameterRow("E", ("v", "d"), "normal", decays=False),)
_CAUSAL = Option(
    "causal", False, "boolean", summary="no place asks a later one", aliases=("use_causal_mask", "is_causal")
)

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
        "embedding",
        "layer",
        "y[...,d] = E[x[...],d]",
        "a row of a table for every whole number",
        "Bengio et al., A Neural Probabilistic Language Model (2003), section 2: the table C",
        options=(
            Option(
                "tokens", None, "integer", low=1, summary="rows of the table", aliases=("num_embeddings", "input_dim")
            ),
            Option(
                "units", None, "integer", low=1, summary="numbers in a row", aliases=("embedding_dim", "output_dim")
            ),
            Option(
                "padding", -1, "integer", low=-1, summary="the number that gives 0; -1: none", aliases=("padding_idx",)
            ),
        ),
        parameters=_TABLE,
        sizes=(("v", "tokens"), ("d", "units")),
        integers=("x",),
        variants=(
            Variant(frozenset({"padding"}), "y[...,d] = where(x[...] == padding, 0, E[x[...],d])", parameters=_TABLE),
        ),
        aliases=("nn.Embedding", "keras.Embedding"),
    ),
    Entry(
        "padding_mask",
        "layer",
        "y[...] = where(x[...] == padding, 0, 1)",
        "1 where there is a token, 0 where the sequence is filled up",
        "a mask as `multi_head_attention` reads it",
        options=(Option("padding", 0, "integer", low=0, summary="the number that fills up", aliases=("padding_idx",)),),
        integers=("x",),
    ),
    Entry(
        "attention",
        "layer",
        _dot_product(frozenset()),
        "scaled dot-product attention: every place asks all places (those up to it where `causal`)",
        f"{_VASWANI}, eq. 1",
        options=(_CAUSAL,),
        inputs=("q", "k", "v", "mask?"),
        switches=("mask", "causal"),
        write=lambda chosen: Variant(chosen, _dot_product(chosen)),
    ),
    Entry(
        "multi_head_attention",
        "layer",
        _attention(frozenset()),
        "every place asks all places of `x`, or of a `context`, in several heads; where `mask` is 0, none is asked "
        "(where all are hidden, all count alike)",
        _SOURCES,
        inputs=("x", "context?", "mask?"),
        options=(
            Option("heads", None, "integer", low=1, summary="number of heads", aliases=("num_heads",)),
            Option("kv_heads", 0, "integer", low=0, summary="heads of keys and values, shared in groups; 0: all"),
            Option("bias", True, "boolean", summary="whether biases are added", aliases=("use_bias",)),
            _CAUSAL,
            Option("rotary", False, "boolean", summary="questions and keys are turned by their place"),
            Option("base", 10000.0, low=1, low_open=True, summary="of rotary frequencies", needs="rotary"),
        ),
        parameters=_parameters(frozenset()),
        sizes=(
            ("h", "heads"),
            ("g", "kv_heads"),
            ("r", "heads / kv_heads"),
            ("d", "extent(x, -1) / heads"),
            ("z", "2"),
            ("e", "extent(x, -1) / heads / 2"),
            ("j", "extent(x, -1)"),
        ),
        switches=("context", "mask", "kv_heads", "causal", "rotary", "bias"),
        write=lambda chosen: Variant(chosen, _attention(chosen), _parameters(chosen)),
        aliases=("nn.MultiheadAttention", "keras.MultiHeadAttention", "keras.GroupQueryAttention"),
    ),
)
