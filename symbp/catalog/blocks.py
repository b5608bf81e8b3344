"""Blocks: several layers under one name. Their equations are YAML, the layers as a spec would list them.

A value that is the name of an option stands for the option. Layers are named within the block, as in a spec; its
`inputs` can be read beside them. What the last layer computes is what the block computes.
"""

from collections.abc import Sequence

from symbp.catalog.entry import Changed, Entry, Option, Preset, Variant

_OPTIONS = (
    Option("units", None, "integer", low=1, summary="features of a place", aliases=("d_model",)),
    Option("heads", None, "integer", low=1, summary="number of heads", aliases=("nhead",)),
    Option("hidden", 2048, "integer", low=1, summary="units between", aliases=("dim_feedforward",)),
    Option("hidden_activation", "relu", "any", summary="the activation between"),
    Option("dropout", 0.0, low=0, high=1, high_open=True, summary="share of dropout after each layer"),
    Option("norm_first", False, "boolean", summary="whether what is read is normalized, or what was added up"),
    Option("eps", 1e-5, low=0, summary="of the normalization", aliases=("layer_norm_eps",)),
    Option("bias", True, "boolean", summary="whether attention adds biases"),
    Option("kv_heads", 0, "integer", low=0, summary="heads of keys and values, shared in groups; 0: all"),
    Option("rotary", False, "boolean", summary="questions and keys are turned by their place"),
)
_VASWANI = "Vaswani et al., Attention Is All You Need (2017), arXiv:1706.03762, section 3.1"
_NORM_FIRST = (
    "norm_first: Xiong et al., On Layer Normalization in the Transformer Architecture (2020), arXiv:2002.04745"
)
_SWITCHES = ("norm_first", "mask", "dropout")

Layer = tuple[str, dict[str, str], str]  # of a row: its options, and the name of what it computes


def _item(row: str, options: dict[str, str]) -> str:
    return f"- {row}: {{{', '.join(f'{key}: {value}' for key, value in options.items())}}}"


def _added(chosen: Changed, number: int, read: str, layers: Sequence[Layer], name: dict[str, str]) -> list[str]:
    """Layers whose result is added to what they `read`; what is read is normalized, or what was added up."""
    first, dropout = "norm_first" in chosen, "dropout" in chosen
    lines = [_item("layer_norm", {"eps": "eps", "input": read})] if first else []
    for row, options, label in layers:
        given = {
            key: value.replace("READ", f"layer_norm_{number}" if first else read) for key, value in options.items()
        }
        lines.append(_item(row, given if dropout else {**given, "name": label}))
        if dropout:
            lines.append(_item("dropout", {"rate": "dropout", "name": label}))
    lines.append(_item("add", {"inputs": f"[{read}, {layers[-1][-1]}]", **(name if first else {})}))
    return lines if first else [*lines, _item("layer_norm", {"eps": "eps", **name})]


def _attention(inputs: Sequence[str], name: str, **more: str) -> Layer:
    """A layer of attention that asks from `READ`, what is read or its normalization."""
    heads = {each: each for each in ("heads", "kv_heads", "bias")}
    given = ", ".join(["x: READ", *(f"{each}: {each}" for each in inputs)])
    return "multi_head_attention", {**heads, **more, "inputs": f"{{{given}}}"}, name


_DENSE: tuple[Layer, ...] = (
    ("dense", {"units": "hidden", "activation": "hidden_activation"}, "between"),
    ("dense", {"units": "units"}, "more"),
)


def _encoder(chosen: Changed) -> str:
    asked = _attention(["mask"] if "mask" in chosen else [], "asked", causal="causal", rotary="rotary")
    lines = _added(chosen, 1, "x", [asked], {"name": "attended"})
    return "\n".join([*lines, *_added(chosen, 2, "attended", _DENSE, {})])


def _decoder(chosen: Changed) -> str:
    asked = _attention([], "asked", causal="true", rotary="rotary")
    told = _attention(["context", *(["mask"] if "mask" in chosen else [])], "told")
    lines = _added(chosen, 1, "x", [asked], {"name": "attended"})
    lines += _added(chosen, 2, "attended", [told], {"name": "informed"})
    return "\n".join([*lines, *_added(chosen, 3, "informed", _DENSE, {})])


ENTRIES = (
    Entry(
        "transformer_encoder",
        "block",
        _encoder(frozenset()),
        "attention to the sequence itself, then two dense layers for every place; each added to what it reads",
        f"{_VASWANI}; {_NORM_FIRST}",
        options=(*_OPTIONS, Option("causal", False, "boolean", summary="no place asks a later one")),
        inputs=("x", "mask?"),
        switches=_SWITCHES,
        write=lambda chosen: Variant(chosen, _encoder(chosen)),
        presets=(Preset("nn.TransformerEncoderLayer", (("dropout", 0.1),)),),
    ),
    Entry(
        "transformer_decoder",
        "block",
        _decoder(frozenset()),
        "attention to what came before, then to a context, then two dense layers; each added to what it reads",
        f"{_VASWANI}; {_NORM_FIRST}",
        options=_OPTIONS,
        inputs=("x", "context", "mask?"),
        switches=_SWITCHES,
        write=lambda chosen: Variant(chosen, _decoder(chosen)),
        presets=(Preset("nn.TransformerDecoderLayer", (("dropout", 0.1),)),),
    ),
)
