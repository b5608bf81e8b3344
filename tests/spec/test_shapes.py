"""Shapes that do not fit: both layers and both shapes are named, in the line of the second."""

from __future__ import annotations

import pytest
from spec.cases import defining, spec, told

from symbp.forward.build import build_network
from symbp.spec import SpecError, parse_spec


def layers(*items: str, **changed: str) -> str:
    return spec(layers="layers:\n" + "\n".join(f"  - {item}" for item in items), **changed)


AFTER = "whose output has shape"
OWN = f"5: layers[1]: layer `own_1` (own) does not fit layer `dense_1`, {AFTER} (n, 4):"
CASES = {
    layers("reshape: [3, 1]", "reshape: [2, 2]"): "5: layers[1].reshape: layer `reshape_2` (reshape) does not fit "
    f"layer `reshape_1`, {AFTER} (n, 3, 1): 3 values cannot take a shape of 4 values",
    layers("glu"): "4: layers[0]: layer `glu_1` (glu) does not fit the input, which has shape (n, 3): "
    "`extent(z, -1) / 2` is 3/2, expected a whole number from 1 up",
    layers("dense: {units: 5, name: first}", "glu"): "5: layers[1]: layer `glu_1` (glu) does not fit layer `first`, "
    f"{AFTER} (n, 5): `extent(z, -1) / 2` is 5/2, expected a whole number from 1 up",
    layers("reshape: [3, 1]", loss="loss: cosine"): "5: loss: the loss (cosine) does not fit layer `reshape_1`, "
    f"{AFTER} (n, 3, 1): its formula is written for 2 axes, the batch among them; here are 3; "
    "`flatten` makes one of those behind the batch",
    layers("conv2d: {filters: 2, kernel_size: 1}", input="input: [28, 28]"): "4: layers[0].conv2d: layer `conv2d_1` "
    "(conv2d) does not fit the input, which has shape (n, 28, 28): its formula is written for 4 axes, the batch among "
    "them; here are 3; `reshape: [1, 28, 28]` before it adds what is missing",
    layers("gru: {units: 4, inputs: {x: s, h_0: h}}", input="input: {s: [7, 3], h: 9}"): "4: layers[0].gru: layer "
    "`gru_1` (gru) does not fit its inputs (`x` is the input `s` with shape (n, 7, 3), `h_0` is the input `h` with "
    "shape (n, 9)): `units` is 4, expected 9",
    spec(loss="loss: {softmax_cross_entropy: {weight: [1, 2, 3]}}"): "6: loss.softmax_cross_entropy: "
    f"the loss (softmax_cross_entropy) does not fit layer `dense_2`, {AFTER} (n, 2): "
    "the number of values in `weight` is 3, expected 2",
    # the spec's own
    defining("activations", "'a[n,j] = z[n]'"): f"{OWN} its formula is written for 1 axis, the batch among them; "
    "here are 2",
    defining("layers", "'y[n,c,h] = x[n,c,h]'"): f"{OWN} its formula is written for 3 axes, the batch among them; "
    "here are 2; `reshape: [1, 4]` before it adds what is missing",
    defining("layers", "'y[n,j] = x[j,n]'"): f"{OWN} `y` has shape (4, n), expected the batch `n` as its first axis "
    "and no other",
    defining("layers", "'y = mean[...](x)'"): f"{OWN} `y` has shape (), expected the batch `n` as its first axis …",
    defining("activations", "{formula: 'a[n,j] = z[n,j]', sizes: {j: 5}}"): f"{OWN} `j` is 5, expected 4",
    defining("activations", "{formula: 'a[n,j] = z[n,j]', sizes: {j: 'extent(z, 7)'}}"): f"{OWN} `extent(z, 7)` …",
    defining("layers", "{formula: 'y[n,j] = sum[i](x[n,i] * W[i,j])', parameters: {W: [i, j]}}"): f"{OWN} "
    "the size of index `j` is not determined by any shape or option; a definition of your own can say it, "
    "as in `sizes: {j: units}`",
    defining("layers", "'y[n,j,k] = x[n,flat(j,k)]'"): f"{OWN} the size of index `j` is not determined …",
    defining("layers", "{formula: 'y[n,j,k] = x[n,flat(j,k)]', sizes: {j: 3, k: 2}}", loss="loss: mse"): f"{OWN} "
    "4 values cannot take a shape of 6 values",
    defining("losses", "'C[n] = sum[k](a[n,k] * y[n,k])'"): "6: loss: the loss (own) does not fit layer `dense_2`, "
    f"{AFTER} (n, 2): `C` has shape (n,), expected one number; write `C = mean[...](...)`",
    **{
        defining("layers", f"'y[n,j] = x[n,j] + {read}'"): f"{OWN} `{read}` reads another example of the batch by "
        f"its place, and the order of examples is chance; all of them may be read, as in `mean[m]({read[0]}[m,...])`"
        for read in ("x[n + 1,j]", "x[0,j]", "y[n - 1,j]")
    },
    layers(
        "gru: 4"
    ): "4: layers[0].gru: layer `gru_1` (gru) does not fit the input, which has shape (n, 3): its formula "
    "is written for 3 axes, the batch among them; here are 2; `reshape: [3, 1]` before it makes 3 steps of one number, "
    "`reshape: [1, 3]` one step of 3",
    # too large
    layers("dense: 134217728"): "4: layers[0].dense: `W` has shape (3, 134217728), 402653184 numbers; "
    "at most 134217728 are generated",
    layers("dense: 10000", "dense: 10000", "dense: 10000"): "6: layers[2].dense: the network has … trainable numbers "
    "up to layer `dense_3`; at most 134217728 are generated",
    spec(input="input: [2147483647, 2147483647, 2147483647, 2147483647]"): "…: `x` has shape (n, 2147483647, …), "
    "21267647892944572736998860269687930881 numbers; at most 134217728 are generated",
}


@pytest.mark.parametrize("text", CASES, ids=[f"{i}: {m[:60]}" for i, m in enumerate(CASES.values())])
def test_both_sides_are_named(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        build_network(parse_spec(text, "net.yaml"))
    assert told(f"net.yaml:{CASES[text]}", str(caught.value)), str(caught.value)
