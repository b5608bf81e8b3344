"""Random sums of products as layers, of sizes where one way to multiply gives way to another, beside np.einsum."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from modules import PROJECTION, module_of

SIZES = ({"b": 48, "d": 66, "e": 70, "f": 3, "g": 64}, {"b": 4, "d": 6, "e": 3, "f": 2, "g": 5})
MOST = 40_000  # numbers of an array for one example
LONGEST = 4_000_000  # multiplications

GIVEN = {  # products of a vector with each of a stack of matrices, in several guises
    "weights of positions": "de,d->e",
    "weights of channels": "bfg,b->fg",
    "weights of the last axis": "ed,d->e",
    "two vectors": "de,d,d->e",
    "parameters multiplied first": "bd,bf,f->d",
    "repeated over new axes": "ed,bf->bfe",
}


def drawn(random: np.random.Generator) -> tuple[str, dict[str, int]]:
    """A product in the letters of np.einsum without the batch, with the extents of its letters."""
    while True:
        sizes = SIZES[int(random.random() < 0.2)]
        x, w = ("".join(random.permutation(list(sizes))[: random.integers(1, 4)]) for _ in range(2))
        letters = sorted({*x, *w})
        out = "".join(random.permutation(letters)[: random.integers(1, min(len(letters), 3) + 1)])
        arrays = [prod(sizes[a] for a in axes) for axes in (x, w, out)]
        if max(arrays) <= MOST and prod(sizes[a] for a in letters) <= LONGEST:
            third = f",{w[0]}" if random.random() < 0.3 else ""
            return f"{x},{w}{third}->{out}", sizes


def layer(product: str, sizes: dict[str, int]) -> dict[str, Any]:
    """The keys of a spec with the product as its one layer, whose parameters are `W` and `V`."""
    operands, out = product.split("->")
    x, *others = operands.split(",")
    parameters = dict(zip("WV", others, strict=False))
    body = "*".join([f"x[n,{','.join(x)}]", *(f"{name}[{','.join(axes)}]" for name, axes in parameters.items())])
    if summed := sorted({*x, *others[0]} - {*out}):
        body = f"sum[{','.join(summed)}]({body})"
    row = {
        "formula": f"y[n,{','.join(out)}] = {body}",
        "parameters": {name: {"axes": list(axes), "initializer": "normal"} for name, axes in parameters.items()},
        "sizes": {a: sizes[a] for a in others[0] if a not in x},
    }
    define = {**PROJECTION["define"], "layers": {"product": row}}
    return {"input": [sizes[a] for a in x], "layers": ["product"], **PROJECTION, "define": define}


def agree(product: str, sizes: dict[str, int], blas: str) -> None:
    """The output and every gradient are what np.einsum computes, for a few examples and for one."""
    module = module_of(blas=blas, **layer(product, sizes))
    axes = [f"n{product.partition(',')[0]}", *product.partition("->")[0].split(",")[1:]]
    out = f"n{product.partition('->')[2]}"
    for n in (3, 1):
        extents = {**sizes, "n": n}
        random = np.random.default_rng(n)
        params = module.init(0)
        x, y = (random.standard_normal([extents[a] for a in each]) for each in (axes[0], out))
        operands = [x, *(params[f"product_1.{name}"] for name in "WV"[: len(axes) - 1])]
        expected = np.einsum(f"{','.join(axes)}->{out}", *operands, optimize=True)
        alike(module.forward(params, x), expected)
        cost, gradients, d_x = module.loss_and_gradients(params, x, y, input_gradient=True)
        assert cost == pytest.approx(float((expected * y).sum()), rel=1e-9, abs=1e-9)
        found = [d_x, *(gradients[f"product_1.{name}"] for name in "WV"[: len(axes) - 1])]
        for place, gradient in enumerate(found):
            others = [(a, v) for k, (a, v) in enumerate(zip(axes, operands, strict=True)) if k != place]
            repeated = [(a, np.ones(extents[a])) for a in axes[place]]
            spelt, values = zip(*others, (out, y), *repeated, strict=True)
            alike(gradient, np.einsum(f"{','.join(spelt)}->{axes[place]}", *values, optimize=True))


def alike(found: np.ndarray, expected: np.ndarray) -> None:
    """Equal but for rounding, in units of the largest number."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * float(np.abs(expected).max()))


@pytest.mark.parametrize("blas", ["numpy", "scipy"])
@pytest.mark.parametrize("name", GIVEN)
def test_a_vector_times_a_stack_of_matrices(name: str, blas: str) -> None:
    agree(GIVEN[name], SIZES[0], blas)


@pytest.mark.parametrize("blas", ["numpy", "scipy"])
@pytest.mark.parametrize("seed", range(24))
def test_a_random_product(seed: int, blas: str) -> None:
    agree(*drawn(np.random.default_rng(seed)), blas)
