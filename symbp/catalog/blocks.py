"""Blocks: several layers under one name. Their equations are YAML, the layers as a spec would list them.

A value that is the name of an option stands for the option. Layers are named within the block, as in a spec; its
`inputs` can be read beside them. What the last layer computes is what the block computes.
"""

import re
from itertools import product

from symbp.catalog.entry import Entry, Option, Preset, Variant

_ENCODER = """
- multi_head_attention: {heads: heads, kv_heads: kv_heads, bias: bias, causal: causal, rotary: rotary, inputs: {x: x, mask: mask}}
- dropout: {rate: dropout, name: asked}
- add: [x, asked]
- layer_norm: {eps: eps, name: attended}
- dense: {units: hidden, activation: hidden_activation}
- dropout: {rate: dropout, name: between}
- dense: units
- dropout: {rate: dropout, name: more}
- add: [attended, more]
- layer_norm: {eps: eps}
"""  # noqa: E501
_ENCODER_NORM_FIRST = """
- layer_norm: {eps: eps}
- multi_head_attention: {heads: heads, kv_heads: kv_heads, bias: bias, causal: causal, rotary: rotary, inputs: {x: layer_norm_1, mask: mask}}
- dropout: {rate: dropout, name: asked}
- add: {inputs: [x, asked], name: attended}
- layer_norm: {eps: eps}
- dense: {units: hidden, activation: hidden_activation}
- dropout: {rate: dropout, name: between}
- dense: units
- dropout: {rate: dropout, name: more}
- add: [attended, more]
"""  # noqa: E501
_DECODER = """
- multi_head_attention: {heads: heads, kv_heads: kv_heads, bias: bias, causal: true, rotary: rotary, inputs: {x: x}}
- dropout: {rate: dropout, name: asked}
- add: [x, asked]
- layer_norm: {eps: eps, name: attended}
- multi_head_attention: {heads: heads, kv_heads: kv_heads, bias: bias, inputs: {x: attended, context: context, mask: mask}}
- dropout: {rate: dropout, name: told}
- add: [attended, told]
- layer_norm: {eps: eps, name: informed}
- dense: {units: hidden, activation: hidden_activation}
- dropout: {rate: dropout, name: between}
- dense: units
- dropout: {rate: dropout, name: more}
- add: [informed, more]
- layer_norm: {eps: eps}
"""  # noqa: E501
_DECODER_NORM_FIRST = """
- layer_norm: {eps: eps, input: x}
- multi_head_attention: {heads: heads, kv_heads: kv_heads, bias: bias, causal: true, rotary: rotary, inputs: {x: layer_norm_1}}
- dropout: {rate: dropout, name: asked}
- add: {inputs: [x, asked], name: attended}
- layer_norm: {eps: eps}
- multi_head_attention: {heads: heads, kv_heads: kv_heads, bias: bias, inputs: {x: layer_norm_2, context: context, mask: mask}}
- dropout: {rate: dropout, name: told}
- add: {inputs: [attended, told], name: informed}
- layer_norm: {eps: eps}
- dense: {units: hidden, activation: hidden_activation}
- dropout: {rate: dropout, name: between}
- dense: units
- dropout: {rate: dropout, name: more}
- add: [informed, more]
"""  # noqa: E501
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


def _without(text: str, *names: str) -> str:
    """The layers without a mask, or without dropout, whose name the layer before takes."""
    if "mask" in names:
        text = text.replace(", mask: mask", "")
    return _DROPOUT.sub(_renamed, text) if "dropout" in names else text


_DROPOUT = re.compile(r"- (\w+): (?:{(.*)}|(\w+))\n- dropout: {rate: dropout, name: (\w+)}")


def _renamed(match: re.Match[str]) -> str:
    row, options, sole, name = match.groups()
    given = re.sub(r", name: \w+$", "", options) if options else f"units: {sole}"
    return f"- {row}: {{{given}, name: {name}}}"


def _variants(last: str, first: str) -> tuple[Variant, ...]:
    """The layers with the normalization last and first, without what is not given; those with most options first."""
    found = []
    for chosen in map(frozenset, product(("norm_first", ""), ("mask", ""), ("dropout", ""))):
        text = first if "norm_first" in chosen else last
        found.append(Variant(chosen - {""}, _without(text, *({"mask", "dropout"} - chosen))))
    return tuple(sorted((v for v in found if v.options), key=lambda v: -len(v.options)))


ENTRIES = (
    Entry(
        "transformer_encoder",
        "block",
        _without(_ENCODER, "mask", "dropout"),
        "attention to the sequence itself, then two dense layers for every place; each added to what it reads",
        f"{_VASWANI}; {_NORM_FIRST}",
        options=(*_OPTIONS, Option("causal", False, "boolean", summary="no place asks a later one")),
        inputs=("x", "mask?"),
        variants=_variants(_ENCODER, _ENCODER_NORM_FIRST),
        presets=(Preset("nn.TransformerEncoderLayer", (("dropout", 0.1),)),),
    ),
    Entry(
        "transformer_decoder",
        "block",
        _without(_DECODER, "mask", "dropout"),
        "attention to what came before, then to a context, then two dense layers; each added to what it reads",
        f"{_VASWANI}; {_NORM_FIRST}",
        options=_OPTIONS,
        inputs=("x", "context", "mask?"),
        variants=_variants(_DECODER, _DECODER_NORM_FIRST),
        presets=(Preset("nn.TransformerDecoderLayer", (("dropout", 0.1),)),),
    ),
)
