"""Attention and embeddings in modules, against JAX and PyTorch: values, gradients of inputs and of parameters."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from derived import close, derive_row, row
from modules import PROJECTION, module_of
from references import F, pulled, torch
from references_attention import ATTENTION, Attending

from symbp.forward.build import build_network
from symbp.spec import parse_spec
from symbp.verify.examples import draw

RNG = np.random.default_rng(5)
VALUE, GRADIENT = 1e-12, 1e-9
ROUNDING = 1e-14  # absolute: some 50 eps, where terms of about 1 cancel
CASES = [
    pytest.param(name, case, id=f"{name} {dict(case.options)} {' '.join(case.shapes)}")
    for name, cases in ATTENTION.items()
    for case in cases
]


def test_pairs_of_choices_have_cases() -> None:
    for name, cases in ATTENTION.items():
        entry = row("layer", name)
        choices = {*entry.switches, *(option for variant in entry.variants for option in variant.options)}
        tried = [row("layer", name).variant({**case.options, **case.shapes}).options for case in cases]
        for number in (1, 2):
            for chosen in combinations(sorted(choices), number):
                assert any(options.issuperset(chosen) for options in tried), (name, chosen)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(("name", "case"), CASES)
def test_values_and_gradients(name: str, case: Attending, batch: int) -> None:
    given = {n: _drawn(n, (batch, *shape), case.whole.get(n, 0)) for n, shape in case.shapes.items()}
    if not row("layer", name).parameters:
        _compare_formula(name, case, given)
        return
    inputs = {
        n: {"shape": list(s), "kind": "integer", "classes": case.whole[n]} if n in case.whole else list(s)
        for n, s in case.shapes.items()
    }
    layer = {name: {**case.options, "inputs": {n: n for n in inputs}}}
    module = module_of(input=inputs, layers=[layer], **PROJECTION)
    params = module.init(0, np.float64)
    params.flat[:] = RNG.normal(size=params.flat.shape)
    held = {k.partition(".")[2]: v for k, v in params.items()}
    of = {n: v for n, v in given.items() if n not in case.whole and n != "mask"}
    others = {n: v for n, v in given.items() if n not in of}
    value, y, expected = pulled(
        lambda moving: case.jax(**moving, **others), {**of, **held}, lambda shape: RNG.normal(size=shape)
    )
    x = given if len(given) > 1 else given["x"]
    close(module.forward(params, x), value, VALUE, ROUNDING)
    of_inputs, of_parameters = ({n: expected[n] for n in names} for names in (of, held))
    # what vanishes but for rounding, as the gradient of a key's bias, is held against the largest of all
    rounding = 50 * np.finfo(np.float64).eps * max(1.0, *(float(np.abs(g).max()) for g in of_parameters.values()))
    _, gradients, *found = module.loss_and_gradients(params, x, y, **{"input_gradient": True} if of else {})
    for n, gradient in of_inputs.items():
        close(found[0][n] if len(given) > 1 else found[0], gradient, GRADIENT, rounding)
    for parameter, gradient in of_parameters.items():
        close(gradients[f"{name}_1.{parameter}"], gradient, GRADIENT, rounding)


def _drawn(name: str, shape: tuple[int, ...], whole: int) -> Any:
    if name == "mask":
        mask = RNG.integers(0, 2, shape)
        mask[:, 0] = 1  # something is left to be asked
        return mask.astype(float)
    return RNG.integers(0, whole, shape) if whole else RNG.normal(size=shape)


def _compare_formula(name: str, case: Attending, given: dict[str, Any]) -> None:
    derived = derive_row(row("layer", name), {**case.options}, {n: a.shape for n, a in given.items()})
    values = derived.forward(given)
    close(values["y"], case.jax(**given), VALUE, ROUNDING)
    of = {n: v for n, v in given.items() if n not in case.whole and n != "mask"}
    if not of:
        return
    _, y, gradients = pulled(lambda of: case.jax(**{**given, **of}), of, lambda shape: RNG.normal(size=shape))
    found = derived.backward({**values, "d_y": y})
    for n, gradient in gradients.items():
        close(found[f"d_{n}"], gradient, GRADIENT, ROUNDING)


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_pytorchs(causal: bool) -> None:
    """nn.MultiheadAttention holds questions, keys and values in one matrix, outputs first."""
    n, t, h, d = 2, 5, 2, 3
    module = module_of(input=[t, h * d], layers=[{"multi_head_attention": {"heads": h, "causal": causal}}], loss="mse")
    params = module.init(0, np.float64)
    params.flat[:] = RNG.normal(size=params.flat.shape)
    x = RNG.normal(size=(n, t, h * d))
    theirs = torch.nn.MultiheadAttention(h * d, h, batch_first=True, dtype=torch.float64)
    held = {k.partition(".")[2]: torch.tensor(v) for k, v in params.items()}
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([held[f"W{k}"].reshape(h * d, h * d).T for k in "qkv"]))
        theirs.in_proj_bias.copy_(torch.cat([held[f"b{k}"].reshape(-1) for k in "qkv"]))
        theirs.out_proj.weight.copy_(held["Wo"].reshape(h * d, h * d).T)
        theirs.out_proj.bias.copy_(held["bo"])
        read = torch.tensor(x)
        mask = torch.triu(torch.ones(t, t, dtype=torch.bool), 1) if causal else None
        expected, _ = theirs(read, read, read, attn_mask=mask, need_weights=False)
    close(module.forward(params, x), expected.numpy(), VALUE, ROUNDING)


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_shared_keys_are_pytorchs(kv_heads: int) -> None:
    """Projections that copy: what is left is scaled_dot_product_attention with heads of keys that are shared."""
    n, t, h, d = 2, 5, 4, 3
    layer = {"multi_head_attention": {"heads": h, "kv_heads": kv_heads, "causal": True, "bias": False}}
    module = module_of(input=[t, h * d], layers=[layer], loss="mse")
    params = module.init(3, np.float64)
    x = RNG.normal(size=(n, t, h * d))
    held = {k.partition(".")[2]: torch.tensor(v) for k, v in params.items()}
    q, k, v = (
        (torch.tensor(x) @ held[f"W{name}"].reshape(h * d, -1)).reshape(n, t, -1, d).transpose(1, 2) for name in "qkv"
    )
    seen = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True).transpose(1, 2).reshape(n, t, h * d)
    close(module.forward(params, x), (seen @ held["Wo"].reshape(h * d, -1)).numpy(), VALUE, ROUNDING)


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("causal", [False, True])
def test_dot_products_are_pytorchs(causal: bool) -> None:
    q, k, v = (RNG.normal(size=(2, *shape)) for shape in ((4, 3), (4, 3), (4, 5)))
    derived = derive_row(row("layer", "attention"), {"causal": causal}, {"q": q.shape, "k": k.shape, "v": v.shape})
    expected = F.scaled_dot_product_attention(*map(torch.tensor, (q, k, v)), is_causal=causal)
    close(derived.forward({"q": q, "k": k, "v": v})["y"], expected.numpy(), VALUE, ROUNDING)


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
def test_embedding_is_pytorchs() -> None:
    """The gradient of a table adds up over places that read the same row; that of the padding row is 0."""
    module = module_of(
        input={"shape": [7], "kind": "integer"},
        layers=[{"nn.Embedding": {"num_embeddings": 4, "embedding_dim": 2, "padding_idx": 3}}],
        **PROJECTION,
    )
    params = module.init(0, np.float64)
    params["embedding_1.E"][3] = 0.0
    x, y = RNG.integers(0, 4, (5, 7)), RNG.normal(size=(5, 7, 2))
    table = torch.tensor(params["embedding_1.E"].copy(), requires_grad=True)
    (torch.nn.functional.embedding(torch.tensor(x), table, padding_idx=3) * torch.tensor(y)).sum().backward()
    close(module.loss_and_gradients(params, x, y)[1]["embedding_1.E"], table.grad.numpy(), GRADIENT, ROUNDING)


@pytest.mark.parametrize("causal", [False, True])
def test_where_a_mask_hides_everything_all_count_alike(causal: bool) -> None:
    """As if the questions were 0 and nothing hidden; nothing is NaN."""
    row = {"heads": 2, "causal": causal, "inputs": {"x": "s", "mask": "seen"}}
    module = module_of(input={"s": [5, 4], "seen": 5}, layers=[{"multi_head_attention": row}], **PROJECTION)
    params, x, y = module.init(0, np.float64), RNG.normal(size=(3, 5, 4)), RNG.normal(size=(3, 5, 4))
    _, gradients = module.loss_and_gradients(params, {"s": x, "seen": np.zeros((3, 5))}, y)
    found = module.forward(params, {"s": x, "seen": np.zeros((3, 5))})
    assert np.isfinite(gradients.flat).all()
    assert not gradients["multi_head_attention_1.Wq"].any()
    values = np.einsum("nui,ihd->nhd", x, params["multi_head_attention_1.Wv"]) / 5 + params["multi_head_attention_1.bv"]
    expected = (
        np.einsum("nhd,hdj->nj", values, params["multi_head_attention_1.Wo"]) + params["multi_head_attention_1.bo"]
    )
    close(found, np.repeat(expected[:, None], 5, axis=1), VALUE, ROUNDING)


def test_a_network_whose_cost_is_infinite_is_told() -> None:
    below = "define: {activations: {only: 'a = where(z > 0, z, -inf)'}}"
    network = build_network(parse_spec(f"name: low\ninput: 4\nloss: mse\nlayers: [dense: 3, only]\n{below}\n"))
    with pytest.raises(ValueError, match="the cost is infinite or not a number at 50 of 50 random draws"):
        draw(network, 20, seed=0)


def test_a_network_that_is_not_a_number_is_told() -> None:
    network = build_network(parse_spec("name: log\ninput: 4\nloss: binary_cross_entropy\nlayers: [dense: 3]\n"))
    with pytest.raises(ValueError, match=r"not a number at 50 of 50 random draws \(a logarithm of a negative number"):
        draw(network, 20, seed=0)
