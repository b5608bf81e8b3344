"""Convolutions: every output is a weighted sum over a window of the input. Shapes are (N, C, ...), as in PyTorch.

    S stride   D dilation   P padding before an axis, R behind it   K size of the kernel   A output padding
    n batch   c input channel   o output channel   g group   p, q output position   u, v position in the kernel

With two axes, `_h` and `_w` tell their numbers apart. Reading outside `x` gives 0: that is the padding. A transposed
convolution spreads every input over the window that a convolution would read.

What is called a convolution here is a cross-correlation in mathematics, as everywhere in the field.

Not here: other paddings than with 0 (reflect, replicate, circular), channels last.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from symbp.catalog.entry import Entry, Limit, Option, ParameterRow, Preset, Variant

_DUMOULIN = "Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016), arXiv:1603.07285, "
_AXES = {1: (("p", "u", "k", ""),), 2: (("p", "u", "h", "_h"), ("q", "v", "k", "_w"))}  # out, kernel, in, suffix

EXTENT = "extent(x, {axis})"
COVERED = "D{s}*(K{s} - 1) + 1"  # by the kernel with its gaps
OUT, KERNEL, IN = range(3)  # which letters of an axis


def each(rank: int, text: str) -> tuple[str, ...]:
    """A text for each axis, with its suffix as `s` and its number in `x` as `axis`."""
    return tuple(text.format(s=suffix, axis=2 + k) for k, (_, _, _, suffix) in enumerate(_AXES[rank]))


def sliding(rank: int, *options: Option) -> tuple[Option, ...]:
    """The options of what slides a window over `rank` axes."""
    ones = (1,) * rank
    size = Option(
        "kernel_size",
        None,
        "shape",
        low=1,
        summary="size of the window",
        aliases=("pool_size",),
        names=each(rank, "K{s}"),
    )
    stride = Option(
        "stride", ones, "shape", low=1, summary="steps between windows", aliases=("strides",), names=each(rank, "S{s}")
    )
    return (size, stride, *options)


def same(reach: str) -> str:
    """Zeros around an axis with which a window of this reach has as many places as the stride has steps."""
    return "max(((" + EXTENT + " - 1)//S{s})*S{s} + " + reach + " - " + EXTENT + ", 0)"


def padding(rank: int, fill: str, valid: str = "0") -> Option:
    """Zeros around the input: numbers, or words for what Keras means by them."""
    return Option(
        "padding",
        (0,) * rank,
        "shape",
        low=0,
        summary="positions outside the input on either side; same: as many windows as the stride has steps",
        names=each(rank, "P{s}"),
        behind=each(rank, "R{s}"),
        words=(("valid", each(rank, valid)), ("same", each(rank, fill))),
    )


def windows(rank: int, reach: str = COVERED) -> tuple[tuple[str, str], ...]:
    """How many windows fit along each axis, and that one fits at least."""
    reach = f"({reach})" if " " in reach else reach
    count = "(" + EXTENT + " + P{s} + R{s} - " + reach + ")//S{s} + 1"
    return tuple(zip(letters(rank, OUT), each(rank, count), strict=True))


def fitting(rank: int, reach: str = COVERED) -> tuple[Limit, ...]:
    """That a window fits into the padded input."""
    words = (
        f"along axis {2 + k} a window is longer than the padded input, whose channels are axis 1" for k in range(rank)
    )
    return tuple(zip(each(rank, reach), each(rank, EXTENT + " + P{s} + R{s}"), words, strict=True))


def places(rank: int, *, dilated: bool) -> str:
    """Where `x` is read: `S_h*p+u-P_h,S_w*q+v-P_w`."""
    gap = "D{s}*" if dilated else ""
    return ",".join(f"S{s}*{p}+{gap.format(s=s)}{u}-P{s}" for p, u, _, s in _AXES[rank])


def letters(rank: int, which: int) -> tuple[str, ...]:
    """The letters of all axes: of the output, of the kernel or of the input."""
    return tuple(axis[which] for axis in _AXES[rank])


def listed(rank: int, which: int) -> str:
    """The letters as an index list."""
    return ",".join(letters(rank, which))


def _dilation(rank: int) -> Option:
    return Option(
        "dilation",
        (1,) * rank,
        "shape",
        low=1,
        summary="steps between what a window reads",
        aliases=("dilation_rate",),
        names=each(rank, "D{s}"),
    )


_FILTERS = Option("filters", None, "integer", low=1, summary="number of output channels", aliases=("out_channels",))
_GROUPS = Option("groups", 1, "integer", low=1, summary="groups of channels that are convolved each on its own")
_BIAS = Option("bias", True, "boolean", summary="whether b is added", aliases=("use_bias",))


def _variants(equations: dict[frozenset[str], str], weight: ParameterRow, bias: ParameterRow) -> Iterator[Variant]:
    """A variant for every set of options, the largest first; without a bias, the weight alone."""
    for options in sorted(equations, key=lambda o: (-len(o), sorted(o))):
        if options:
            yield Variant(options, equations[options], (weight,) if "bias" in options else (weight, bias))


def _subsets(*names: str) -> Iterator[frozenset[str]]:
    for count in range(len(names) + 1):
        yield from (frozenset(chosen) for chosen in combinations(names, count))


def _convolution(rank: int) -> Entry:
    weight = ParameterRow("W", ("o", "c", *letters(rank, KERNEL)), "torch_default")
    bias = ParameterRow("b", ("o",), "torch_default", decays=False)
    out, kernel = listed(rank, OUT), listed(rank, KERNEL)

    def equation(options: frozenset[str]) -> str:
        channel, output = ("flat(g,c)", "flat(g,o)") if "groups" in options else ("c", "o")
        read = f"x[n,{channel},{places(rank, dilated='dilation' in options)}]"
        added = "" if "bias" in options else f" + b[{output}]"
        return f"z[n,{output},{out}] = sum[c,{kernel}]({read} * W[{output},c,{kernel}]){added}"

    equations = {options: equation(options) for options in _subsets("bias", "groups", "dilation")}
    return Entry(
        f"conv{rank}d",
        "layer",
        equations[frozenset()],
        "every output is a weighted sum of a window of the input, in all channels, plus a bias",
        _DUMOULIN + "relationship 6",
        options=(_FILTERS, *sliding(rank, padding(rank, same(COVERED)), _dilation(rank)), _GROUPS, _BIAS),
        parameters=(weight, bias),
        sizes=(
            ("o", "filters / groups"),
            ("g", "groups"),
            ("c", "extent(x, 1) / groups"),
            *zip(letters(rank, KERNEL), each(rank, "K{s}"), strict=True),
            *windows(rank),
        ),
        limits=fitting(rank),
        output="z",
        variants=tuple(_variants(equations, weight, bias)),
        aliases=(f"nn.Conv{rank}d",),
        presets=(Preset(f"keras.Conv{rank}D", initializers=(("W", "glorot_uniform"), ("b", "zeros"))),),
    )


def _depthwise(rank: int) -> Entry:
    out, kernel = listed(rank, OUT), listed(rank, KERNEL)
    weight = ParameterRow("W", ("c", "m", *letters(rank, KERNEL)), "torch_default")
    bias = ParameterRow("b", ("k",), "torch_default", decays=False)

    def equation(options: frozenset[str]) -> str:
        read = f"x[n,c,{places(rank, dilated='dilation' in options)}]"
        added = "" if "bias" in options else " + b[flat(c,m)]"
        return f"z[n,flat(c,m),{out}] = sum[{kernel}]({read} * W[c,m,{kernel}]){added}"

    equations = {options: equation(options) for options in _subsets("bias", "dilation")}
    multiplier = Option("depth_multiplier", 1, "integer", low=1, summary="number of outputs of each channel")
    return Entry(
        f"depthwise_conv{rank}d",
        "layer",
        equations[frozenset()],
        "every channel is convolved on its own, with kernels of its own",
        "Chollet, Xception: Deep Learning with Depthwise Separable Convolutions (2017), arXiv:1610.02357, section 1",
        options=(*sliding(rank, padding(rank, same(COVERED)), _dilation(rank)), multiplier, _BIAS),
        parameters=(weight, bias),
        sizes=(
            ("m", "depth_multiplier"),
            *zip(letters(rank, KERNEL), each(rank, "K{s}"), strict=True),
            *windows(rank),
        ),
        limits=fitting(rank),
        output="z",
        variants=tuple(_variants(equations, weight, bias)),
        presets=(Preset(f"keras.DepthwiseConv{rank}D", initializers=(("W", "glorot_uniform"), ("b", "zeros"))),),
    )


def _transposed(rank: int) -> Entry:
    out, kernel, into = (listed(rank, which) for which in (OUT, KERNEL, IN))
    window = " * ".join(each(rank, "K{s}"))  # PyTorch and Keras take the weight's second axis for its inputs
    fans = (f"filters / groups * {window}", f"extent(x, 1) * {window}")
    weight = ParameterRow("W", ("c", "o", *letters(rank, KERNEL)), "torch_default", fans=fans)
    bias = ParameterRow("b", ("o",), "torch_default", decays=False, fans=fans)

    def equation(options: frozenset[str]) -> str:
        channel, output = ("flat(g,c)", "flat(g,o)") if "groups" in options else ("c", "o")
        deltas = " * ".join(f"delta({h}, S{s}*{p}+D{s}*{u}-P{s})" for p, u, h, s in _AXES[rank])
        term = f"{deltas} * x[n,{channel},{out}] * W[{channel},o,{kernel}]"
        added = "" if "bias" in options else f" + b[{output}]"
        return f"z[n,{output},{into}] = sum[c,{out},{kernel}]({term}){added}"

    equations = {options: equation(options) for options in _subsets("bias", "groups")}
    more = Option(
        "output_padding", (0,) * rank, "shape", low=0, summary="positions added behind", names=each(rank, "A{s}")
    )
    size = "(" + EXTENT + " - 1)*S{s} - P{s} - R{s} + " + COVERED + " + A{s}"
    return Entry(
        f"conv_transpose{rank}d",
        "layer",
        equations[frozenset()],
        "every input is spread over a window of the output; the adjoint of a convolution",
        _DUMOULIN + "relationship 14",
        options=(
            _FILTERS,
            *sliding(rank, padding(rank, COVERED + " - S{s}", "min(" + COVERED + " - S{s}, 0)")),
            more,
            _dilation(rank),
            _GROUPS,
            _BIAS,
        ),
        parameters=(weight, bias),
        sizes=(
            ("o", "filters / groups"),
            ("g", "groups"),
            ("c", "extent(x, 1) / groups"),
            *zip(letters(rank, KERNEL), each(rank, "K{s}"), strict=True),
            *zip(letters(rank, IN), each(rank, size), strict=True),
        ),
        output="z",
        variants=tuple(_variants(equations, weight, bias)),
        aliases=(f"nn.ConvTranspose{rank}d",),
        presets=(
            Preset(
                f"keras.Conv{rank}DTranspose",
                (("padding", "valid"),),
                initializers=(("W", "glorot_uniform"), ("b", "zeros")),
            ),
        ),
    )


ENTRIES = tuple(make(rank) for make in (_convolution, _depthwise, _transposed) for rank in (1, 2))
