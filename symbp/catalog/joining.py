"""Joining: layers of several inputs, and layers that choose, order or fold axes. Names as in symbp/catalog/entry.py.

Inputs that are joined elementwise have the same shape; nothing is repeated along an axis to make it fit.
"""

from symbp.catalog.entry import Entry, Option

_FAMILY = ("x[m]",)

ENTRIES = (
    Entry(
        "add",
        "layer",
        "y = sum[m](x[m])",
        "the sum of the inputs: a residual connection",
        "He et al., Deep Residual Learning for Image Recognition (2016), arXiv:1512.03385, eq. 1",
        inputs=_FAMILY,
        aliases=("keras.Add", "torch.add"),
    ),
    Entry(
        "subtract",
        "layer",
        "y = x_1 - x_2",
        "the first input less the second",
        "entry by entry, as NumPy's subtract",
        inputs=("x_1", "x_2"),
        aliases=("keras.Subtract", "torch.sub"),
    ),
    Entry(
        "multiply",
        "layer",
        "y = product[m](x[m])",
        "the product of the inputs, entry by entry: a gate",
        "Hochreiter and Schmidhuber, Long Short-Term Memory (1997): multiplicative gates",
        inputs=_FAMILY,
        aliases=("keras.Multiply", "torch.mul"),
    ),
    Entry(
        "average",
        "layer",
        "y = mean[m](x[m])",
        "the mean of the inputs, entry by entry",
        "entry by entry, as Keras's Average",
        inputs=_FAMILY,
        aliases=("keras.Average",),
    ),
    Entry(
        "maximum",
        "layer",
        "y = max[m](x[m])",
        "the largest of the inputs, entry by entry",
        "Goodfellow et al., Maxout Networks (2013), arXiv:1302.4389, eq. 1, over inputs",
        inputs=_FAMILY,
        aliases=("keras.Maximum", "torch.maximum"),
        kinks="where inputs are equal, the first of them has the derivative 1",
    ),
    Entry(
        "minimum",
        "layer",
        "y = min[m](x[m])",
        "the smallest of the inputs, entry by entry",
        "entry by entry, as NumPy's minimum",
        inputs=_FAMILY,
        aliases=("keras.Minimum", "torch.minimum"),
        kinks="where inputs are equal, the first of them has the derivative 1",
    ),
    Entry(
        "concatenate",
        "layer",
        "y[...,j,...] = sum[m](x[m,...,j - offset(x[m], axis),...])  # reads outside an input are 0",
        "the inputs, end to end along one axis",
        "Huang et al., Densely Connected Convolutional Networks (2017), arXiv:1608.06993, eq. 2",
        options=(Option("axis", -1, "integer", summary="the axis; 0 is the batch", aliases=("dim",)),),
        inputs=_FAMILY,
        sizes=(("j", "sum[m](extent(x[m], axis))"),),
        aliases=("keras.Concatenate", "torch.cat", "torch.concat"),
    ),
)
