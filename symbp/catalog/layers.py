"""Layers: what reads `x` and is not elementwise in it. Names in scope are those of symbp/catalog/entry.py.

Not here: layers without a formula of their own, such as an elementwise activation (symbp/catalog/activations.py).
"""

from symbp.catalog.entry import Entry, Option, ParameterRow, Preset, Variant

_WEIGHT = ParameterRow("W", ("i", "j"), "torch_default")
_BIAS = ParameterRow("b", ("j",), "torch_default", decays=False)

ENTRIES = (
    Entry(
        "dense",
        "layer",
        "z[...,j] = sum[i](x[...,i] * W[i,j]) + b[j]",
        "every output is a weighted sum of every input, plus a bias; the last axis is transformed",
        "Goodfellow, Bengio, Courville, Deep Learning (2016), eq. 6.3; PyTorch's Linear is its transpose",
        options=(
            Option("units", None, "integer", low=1, summary="number of outputs", aliases=("out_features",)),
            Option("bias", True, "boolean", summary="whether b is added", aliases=("use_bias",)),
        ),
        parameters=(_WEIGHT, _BIAS),
        sizes=(("j", "units"),),
        output="z",
        variants=(Variant(frozenset({"bias"}), "z[...,j] = sum[i](x[...,i] * W[i,j])", parameters=(_WEIGHT,)),),
        aliases=("nn.Linear",),
        presets=(Preset("keras.Dense", initializers=(("W", "glorot_uniform"), ("b", "zeros"))),),
    ),
    Entry(
        "flatten",
        "layer",
        "y[n,flat(...)] = x[n,...]",
        "all axes but the batch become one, row-major",
        "row-major order, as NumPy's reshape(n, -1)",
        aliases=("nn.Flatten", "keras.Flatten"),
    ),
    Entry(
        "reshape",
        "layer",
        """
        f[n,flat(...)] = x[n,...]
        y[n,...] = f[n,flat(...)]
        """,
        "the same numbers under other axes, row-major; the batch axis stays",
        "row-major order, as NumPy's reshape(n, *shape)",
        options=(Option("shape", None, "shape", low=1, summary="axes behind the batch", aliases=("target_shape",)),),
        sizes=(("...", "shape"),),
        aliases=("keras.Reshape",),
    ),
)
