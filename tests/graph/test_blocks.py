"""Blocks and repetitions: the same network as written out, PyTorch's transformers, and what is wrong is said."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import pytest
from derived import close
from modules import module_of
from references import torch

from symbp.catalog import lookup
from symbp.forward.build import build_network
from symbp.spec import parse_spec
from symbp.spec.model import NetworkSpec, SpecError

HEAD = "name: small\ninput: 4\nloss: mse\nlayers:\n"
RESIDUAL = """
define:
  blocks:
    residual:
      options: {units: null, function: tanh}
      layers:
        - dense: {units: units, activation: function}
        - dense: {units: units, name: change}
        - add: [x, change]
    bent: {options: {units: null}, layers: [{dense: {units: units, activation: relu}}]}
"""


def _layers(spec: NetworkSpec) -> list[Any]:
    return [(s.name, s.use.name, dict(s.use.options), dict(s.inputs), s.share) for s in spec.layers]


WRITTEN = {
    "repeat": (
        """
  - repeat:
      times: 2
      layers:
        - dense: {units: 4, name: before}
        - relu: {name: activated}
        - add: [before, activated]
        - repeat: {times: 2, layers: [{dense: {units: 4, name: inner, share: before}}, tanh]}
  - dense: 2
  - add: [dense_7, before_2]
""",
        """
  - dense: {units: 4, name: before_1}
  - relu: {name: activated_1}
  - add: [before_1, activated_1]
  - dense: {units: 4, name: inner_1_1, share: before_1}
  - tanh
  - dense: {units: 4, name: inner_1_2, share: before_1}
  - tanh
  - dense: {units: 4, name: before_2}
  - relu: {name: activated_2}
  - add: [before_2, activated_2]
  - dense: {units: 4, name: inner_2_1, share: before_2}
  - tanh
  - dense: {units: 4, name: inner_2_2, share: before_2}
  - tanh
  - dense: 2
  - add: [dense_7, before_2]
""",
    ),
    "block": (
        """
  - residual: 4
  - residual: {units: 4, function: relu, name: second, activation: sigmoid}
  - residual: {units: 4, share: residual_1, input: residual_1}
  - add: {inputs: [residual_3, second], name: both}
  - bent: 4
  - sigmoid
""",
        """
  - dense: {units: 4, name: residual_1_dense_1}
  - tanh: {name: residual_1_tanh_1}
  - dense: {units: 4, name: residual_1_change}
  - add: {inputs: [x, residual_1_change], name: residual_1_add_1}
  - dense: {units: 4, name: second_dense_1}
  - relu: {name: second_relu_1}
  - dense: {units: 4, name: second_change}
  - add: {inputs: [residual_1_add_1, second_change], name: second_add_1}
  - sigmoid
  - dense: {units: 4, name: residual_3_dense_1, share: residual_1_dense_1, input: residual_1_add_1}
  - tanh: {name: residual_3_tanh_1}
  - dense: {units: 4, name: residual_3_change, share: residual_1_change}
  - add: {inputs: [residual_1_add_1, residual_3_change], name: residual_3_add_1}
  - add: {inputs: [residual_3_add_1, sigmoid_1], name: both}
  - dense: {units: 4, name: bent_1_dense_1}
  - relu: {name: bent_1_relu_1}
  - sigmoid
""",
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_short_is_the_network_written_out(name: str) -> None:
    short, long = (parse_spec(HEAD + text + RESIDUAL) for text in WRITTEN[name])
    assert _layers(short) == _layers(long)


WRONG = {
    "  - repeat: {times: 0, layers: [relu]}": "repeat.times: expected a whole number from 1 to 1000; got 0",
    "  - repeat: {times: 2, layers: []}": "repeat.layers: the list is empty: there is nothing to repeat",
    "  - repeat: {layers: [relu]}": ":5: layers\\[0\\].repeat.times: expected a whole number .*; got nothing",
    "  - repeat: 3": ":5: layers\\[0\\].repeat: expected `times` and `layers`",
    "  - repeat: {times: 2, layers: [relu], name: a}": ":5: .*expected `times` and `layers`, a list, and no other key",
    "  - repeat: {times: 99, layers: [{repeat: {times: 99, layers: [relu]}}]}": "more than 1000 layers",
    "  - repeat: {times: 2, layers: [{dense: {units: 4, input: b}}]}": "no layer and no input is named `b`",
    "  - repeat: {times: 9, layers: [{dens: 4}]}": "repeat.layers\\[0\\].dens: `dens` is not a layer.*`dense`",
    "  - residual": "`residual` needs `units`",
    "  - residual: {units: 4, depth: 2}": "`residual` has no option `depth`",
    "  - residual: {units: 4, function: {}}": "expected a number, a word, true or false; got {}",
    "  - residual: {units: 4, function: tan}": "define.blocks.residual.layers.*`tan` is not an activation.*`tanh`",
    "  - residual: {depth: 2, units: 4, name: r}\n  - add: [r, x]": "`residual` has no option `depth`",
    "  - residual: {units: 4, input: b}\n  - add: [residual_1, x]": "no layer and no input is named `b`",
    "  - residual: {units: 4, initializer: zeros}": "a block has no parameters; its layers say how theirs start",
    "  - dense: {units: 4, name: a}\n  - residual: {units: 4, share: a}": "the name of an earlier `residual`",
    "  - residual: 4\n  - residual: {units: 4, function: relu, share: residual_1}": "with the same options",
    "  - transformer_decoder: {units: 4, heads: 2}": "`transformer_decoder` reads several inputs \\(`x`, `context`\\)",
}


@pytest.mark.parametrize("layers", WRONG)
def test_what_is_wrong_is_said_once(layers: str) -> None:
    with pytest.raises(SpecError, match=WRONG[layers]) as caught:
        parse_spec(HEAD + layers + RESIDUAL)
    assert len(caught.value.problems) == 1, caught.value


BLOCKS = {
    "{layers: [relu, {b: 2}], options: {b: null}}": "`b` stands within itself",
    "{layers: []}": "b.layers: the list is empty: a block has one layer at least",
    "{layers: [relu], colour: red}": "`colour` is not a key of a block",
    "{layers: [relu], inputs: x}": "expected a list of names",
    "{layers: [relu], options: {x: 1}}": "`x` is an input; use another name",
    "{layers: [relu], options: {k: [1]}}": "expected a number, a word, true or false",
    "{layers: [relu, {tanh: {input: x}}]}": "nothing reads what `b_1_relu_1` computes",
    "{layers: [relu], inputs: [x, z]}": "reads several inputs",
}


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_that_cannot_be_is_told(block: str) -> None:
    with pytest.raises(SpecError, match=BLOCKS[block]):
        parse_spec(f"{HEAD}  - b{': 1' if 'options: {b' in block else ''}\ndefine: {{blocks: {{b: {block}}}}}")


def test_an_input_that_a_block_does_not_read_is_told() -> None:
    text = "name: small\ninput: {one: 4, other: 4}\nloss: mse\nlayers: [{b: [one, other]}]\n"
    with pytest.raises(SpecError, match="the block `b` does not read its input `z`"):
        parse_spec(text + "define: {blocks: {b: {inputs: [x, z], layers: [{dense: {units: 4, input: x}}]}}}")


def test_shapes_that_do_not_fit_are_told_by_the_layer_within() -> None:
    with pytest.raises(SpecError, match=r"layer `residual_1_add_1` .*`x_1` is the input with shape \(n, 4\)"):
        build_network(parse_spec(f"{HEAD}  - residual: 3\n{RESIDUAL}"))


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_transformers_are_pytorchs(first: bool, masked: bool) -> None:
    n, t, u, units, heads, hidden = 2, 3, 5, 4, 2, 6
    options = {"units": units, "heads": heads, "hidden": hidden, "norm_first": first}
    mask = {"mask": "mask"} if masked else {}
    read = {"x": "x", "context": "transformer_encoder_1", **mask}
    module = module_of(
        input={"x": [t, units], "context": [u, units], **({"mask": u} if masked else {})},
        layers=[
            {"transformer_encoder": {**options, "inputs": {"x": "context", **mask}, "hidden_activation": "gelu"}},
            {"transformer_decoder": {**options, "inputs": read}},
        ],
        loss="mse",
    )
    params = module.init(0, np.float64)
    rng = np.random.default_rng(1)
    params.flat[:] = rng.normal(size=params.flat.shape)
    held = {k: torch.tensor(v) for k, v in params.items()}
    kinds = torch.nn.TransformerEncoderLayer, torch.nn.TransformerDecoderLayer
    common = {"dropout": 0.0, "batch_first": True, "norm_first": first, "dtype": torch.float64}
    encoder = kinds[0](units, heads, hidden, activation="gelu", **common).eval()
    decoder = kinds[1](units, heads, hidden, **common).eval()
    for theirs, ours in ((encoder, "transformer_encoder_1"), (decoder, "transformer_decoder_1")):
        norms = [k.rpartition(".")[0] for k in held if k.startswith(ours) and k.endswith(".gamma")]
        with torch.no_grad():
            for attention, name in ((theirs.self_attn, "asked"), (getattr(theirs, "multihead_attn", None), "told")):
                if attention is not None:
                    own = {k.rpartition(".")[2]: v for k, v in held.items() if k.startswith(f"{ours}_{name}.")}
                    attention.in_proj_weight.copy_(torch.cat([own[f"W{k}"].reshape(units, units).T for k in "qkv"]))
                    attention.in_proj_bias.copy_(torch.cat([own[f"b{k}"].reshape(-1) for k in "qkv"]))
                    attention.out_proj.weight.copy_(own["Wo"].reshape(units, units).T)
                    attention.out_proj.bias.copy_(own["bo"])
            for linear, name in ((theirs.linear1, "between"), (theirs.linear2, "more")):
                linear.weight.copy_(held[f"{ours}_{name}.W"].T)
                linear.bias.copy_(held[f"{ours}_{name}.b"])
            for number, name in enumerate(norms, 1):
                norm = getattr(theirs, f"norm{number}")
                norm.weight.copy_(held[f"{name}.gamma"])
                norm.bias.copy_(held[f"{name}.beta"])
    x, context = rng.normal(size=(n, t, units)), rng.normal(size=(n, u, units))
    causal = torch.triu(torch.ones(t, t, dtype=torch.bool), 1)
    seen = np.array([[1.0, 1, 1, 0, 0], [1, 0, 1, 1, 1]])
    hidden_places = torch.tensor(seen == 0) if masked else None
    with torch.no_grad():
        memory = encoder(torch.tensor(context), src_key_padding_mask=hidden_places)
        expected = decoder(torch.tensor(x), memory, tgt_mask=causal, memory_key_padding_mask=hidden_places)
    given = {"x": x, "context": context, **({"mask": seen} if masked else {})}
    close(module.forward(params, given), expected.numpy(), 1e-11, 1e-13)


@pytest.mark.parametrize("row", ["transformer_encoder", "transformer_decoder"])
def test_every_choice_of_a_transformers_options_can_be_read(row: str) -> None:
    entry = lookup("block", row)
    assert entry is not None
    reads = {"x": "x", **({"context": "x"} if "context" in entry.inputs else {})}
    for first, mask, dropout in product([False, True], repeat=3):
        inputs = {**reads, **({"mask": "m"} if mask else {})}
        options = {"units": 4, "heads": 2, "norm_first": first, "dropout": 0.1 * dropout, "inputs": inputs}
        given = {"x": [3, 4], **({"m": 3} if mask else {})}
        spec = {"name": "small", "input": given, "layers": [{row: options}], "loss": "mse"}
        network = build_network(parse_spec(json.dumps(spec)))
        assert bool(network.random) == dropout
