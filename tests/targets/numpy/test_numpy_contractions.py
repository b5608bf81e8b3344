"""Every form of a contraction computes what `np.einsum` computes, into an array that is given."""

import re

import numpy as np
import pytest

from symbp.program.operations import Contract
from symbp.targets.numpy import contractions

SIZES = {"n": 3, "t": 2, "i": 4, "j": 5, "k": 6, "h": 2}
MATMUL = (
    "ni,ij->nj nj,ij->ni ni,nj->ij ij,ni->nj ni,ij->jn nti,ij->ntj nti,ntj->ij n,nj->j ni,i->n "
    "nti,nji->ntj nti,nij->ntj nit,nij->ntj nti,ntj->nij hnti,hnji->hntj i,i-> nk,nk->n"
).split()
STACKED = [  # a letter of the stack that one operand lacks
    ("t,nti->ni", "n"),
    ("nti,t->ni", "n"),
    ("nit,t->ni", "n"),
    ("t,nhti->nhi", "nh"),
    ("ht,nhti->nhi", "nh"),
    ("ht,nhti->ni", "n"),
    ("ti,ntj->nij", "n"),
    ("t,ntij->nij", "n"),
]
EINSUM = ["nk,nk->nk", "i,j->ij", "tni,ntj->ij", "nti,ij->tnj"]


def evaluate(subscripts: str, whole: bool = False, stack: str = "") -> tuple[str, np.ndarray, np.ndarray]:
    """The function used, what it computes, and what it should."""
    operands, out_axes = subscripts.split("->")
    left_axes, right_axes = operands.split(",")
    draw = np.random.default_rng(0)
    left = draw.standard_normal([SIZES[a] for a in left_axes])
    right = draw.standard_normal([SIZES[a] for a in right_axes])
    out = np.full([SIZES[a] for a in out_axes], np.nan)
    op = Contract("out", "left", "right", left_axes, right_axes, out_axes, stack)
    sizes = {letter: str(size) for letter, size in SIZES.items()}
    head, arguments = contractions.product(op, "left", "right", "out", sizes, whole)
    call = f"{head}({', '.join(arguments)})"
    eval(call, {"np": np}, {"left": left, "right": right, "out": out})
    return head, out, np.einsum(subscripts, left, right)


@pytest.mark.parametrize("subscripts", MATMUL)
def test_is_a_matrix_product(subscripts: str) -> None:
    head, out, expected = evaluate(subscripts)
    assert head == "np.matmul"
    np.testing.assert_allclose(out, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("subscripts", MATMUL)
def test_one_product_of_whole_arrays_is_a_dot(subscripts: str) -> None:
    head, out, expected = evaluate(subscripts, whole=True)
    stack = evaluate(subscripts)[0] == "np.matmul" and bool(set.intersection(*map(set, re.split(",|->", subscripts))))
    assert head == "np.matmul" if stack else head.startswith(("left", "right")) and head.endswith(".dot")
    np.testing.assert_allclose(out, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("subscripts", "stack"), STACKED)
def test_one_matrix_is_multiplied_with_each_of_a_stack(subscripts: str, stack: str) -> None:
    head, out, expected = evaluate(subscripts, stack=stack)
    assert head == "np.matmul"
    np.testing.assert_allclose(out, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("subscripts", EINSUM)
def test_falls_back_to_einsum(subscripts: str) -> None:
    head, out, expected = evaluate(subscripts)
    assert head == "np.einsum"
    np.testing.assert_allclose(out, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("subscripts", ["ni,ij->j", "nn,ni->i", "ni,ij->ij"])
def test_refuses_what_lowering_must_fold_first(subscripts: str) -> None:
    with pytest.raises(ValueError, match="a letter stands twice"):
        evaluate(subscripts)
