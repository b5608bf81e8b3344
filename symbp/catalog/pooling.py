"""Pooling and upsampling: fewer or more positions, channel by channel. Shapes are (N, C, ...), as in PyTorch.

Letters are those of symbp/catalog/convolution.py; F is the factor of an upsampling. A maximum never takes what lies
outside the input; an average counts it as 0, or not at all.

Not here: dilation and `ceil_mode`, fractional and adaptive maxima, output sizes that do not divide the input's.
"""

from __future__ import annotations

from symbp.catalog.convolution import (
    EXTENT,
    KERNEL,
    OUT,
    each,
    fitting,
    letters,
    listed,
    padding,
    places,
    same,
    sliding,
    windows,
)
from symbp.catalog.entry import Entry, Option, Preset, Value, Variant

_WINDOW = "K{s}"


def _sliding(rank: int) -> tuple[Option, ...]:
    size, stride = sliding(rank)
    like = Option(
        stride.name,
        size.name,
        "shape",
        low=1,
        summary="steps between windows",
        aliases=stride.aliases,
        names=stride.names,
    )
    return size, like, padding(rank, same(_WINDOW))


def _sizes(rank: int) -> tuple[tuple[str, str], ...]:
    return (*zip(letters(rank, KERNEL), each(rank, _WINDOW), strict=True), *windows(rank, _WINDOW))


def _half(rank: int) -> tuple[tuple[str, str], ...]:
    """At most half of a window lies outside on either side, so that none lies there as a whole."""
    before, behind = each(rank, "2*P{s}"), each(rank, "2*R{s}")
    return (*zip(before, each(rank, _WINDOW), strict=True), *zip(behind, each(rank, _WINDOW), strict=True))


def _halving(name: str, option: str, rank: int, *others: tuple[str, Value]) -> Preset:
    """A layer of Keras's, whose windows, or factors, are of two places where a spec says nothing."""
    return Preset(f"keras.{name}", ((option, (2,) * rank), *others))


def _maximum(rank: int) -> Entry:
    out, kernel = listed(rank, OUT), listed(rank, KERNEL)
    return Entry(
        f"max_pool{rank}d",
        "layer",
        f"y[n,c,{out}] = max[{kernel}](padded(x[n,c,{places(rank, dilated=False)}], -inf))",
        "the greatest value in every window",
        "Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016), arXiv:1603.07285, chapter 3",
        options=_sliding(rank),
        sizes=_sizes(rank),
        limits=(*fitting(rank, _WINDOW), *_half(rank)),
        aliases=(f"nn.MaxPool{rank}d",),
        presets=tuple(_halving(name, "kernel_size", rank) for name in (f"MaxPooling{rank}D", f"MaxPool{rank}D")),
        kinks="the first of equal values in a window, row by row, has all of the derivative",
    )


def _average(rank: int) -> Entry:
    out, kernel, read = listed(rank, OUT), listed(rank, KERNEL), f"x[n,c,{places(rank, dilated=False)}]"
    inside = " * ".join(
        f"(min(S{s}*{p} - P{s} + K{s}, extent(x, {2 + k})) - max(S{s}*{p} - P{s}, 0))"
        for k, (p, s) in enumerate(zip(letters(rank, OUT), each(rank, "{s}"), strict=True))
    )
    return Entry(
        f"average_pool{rank}d",
        "layer",
        f"y[n,c,{out}] = mean[{kernel}]({read})",
        "the mean of every window, with zeros where it leaves the input",
        "LeCun et al., Gradient-based learning applied to document recognition (1998), section II.A",
        options=(
            *_sliding(rank),
            Option("count_include_pad", True, "boolean", summary="whether positions outside count", needs="padding"),
        ),
        sizes=_sizes(rank),
        limits=(*fitting(rank, _WINDOW), *_half(rank)),
        variants=(
            Variant(frozenset({"count_include_pad", "padding"}), f"y[n,c,{out}] = sum[{kernel}]({read}) / ({inside})"),
        ),
        aliases=(f"nn.AvgPool{rank}d",),
        presets=(_halving(f"AveragePooling{rank}D", "kernel_size", rank, ("count_include_pad", False)),),
    )


def _adaptive(rank: int) -> Entry:
    out, kernel = letters(rank, OUT), letters(rank, KERNEL)
    blocks = ",".join(f"flat({p},{u})" for p, u in zip(out, kernel, strict=True))
    size = Option("output_size", None, "shape", low=1, summary="positions of the output", names=each(rank, "Q{s}"))
    return Entry(
        f"adaptive_average_pool{rank}d",
        "layer",
        f"y[n,c,{listed(rank, OUT)}] = mean[{listed(rank, KERNEL)}](x[n,c,{blocks}])",
        "the means of blocks, as many as the output has positions; their number divides the input's",
        "torch.nn.AdaptiveAvgPool2d, where the sizes divide",
        options=(size,),
        sizes=(
            *zip(out, each(rank, "Q{s}"), strict=True),
            *zip(kernel, each(rank, EXTENT + " / Q{s}"), strict=True),
        ),
        aliases=(f"nn.AdaptiveAvgPool{rank}d",),
    )


def _factor(rank: int) -> Option:
    return Option(
        "scale_factor",
        None,
        "shape",
        low=1,
        summary="positions made of each",
        names=each(rank, "F{s}"),
    )


def _nearest(rank: int) -> Entry:
    out, kernel = letters(rank, OUT), letters(rank, KERNEL)
    blocks = ",".join(f"flat({p},{u})" for p, u in zip(out, kernel, strict=True))
    return Entry(
        f"upsample_nearest{rank}d",
        "layer",
        f"y[n,c,{blocks}] = x[n,c,{listed(rank, OUT)}]",
        "every value repeated",
        "torch.nn.Upsample, mode nearest",
        options=(_factor(rank),),
        sizes=tuple(zip(kernel, each(rank, "F{s}"), strict=True)),
        aliases=(f"nn.UpsamplingNearest{rank}d",) if rank == 2 else (),
        presets=(_halving(f"UpSampling{rank}D", "scale_factor", rank),),
    )


_CENTRES = "clip(({h} + 1/2)/F{s} - 1/2, 0, extent(x, {axis}) - 1)"
_CORNERS = "{h}*(extent(x, {axis}) - 1)/max(size({h}) - 1, 1)"


def _linear(rank: int) -> Entry:
    axes = {1: (("a", "r", "h", "i"),), 2: (("a", "r", "h", "i"), ("b", "s", "k", "j"))}[rank]
    suffixes = each(rank, "{s}")

    def equations(place: str) -> str:
        lines = []  # where each output lies in the input, and a weight that is 1 there and 0 from a position away
        for number, ((weight, at, h, i), suffix) in enumerate(zip(axes, suffixes, strict=True)):
            lines.append(f"{at}[{h}] = {place.format(h=h, s=suffix, axis=2 + number)}")
            lines.append(f"{weight}[{h},{i}] = max(0, 1 - abs({i} - {at}[{h}]))")
        factors = " * ".join(f"{weight}[{h},{i}]" for weight, _, h, i in axes)
        out, into = ",".join(h for _, _, h, _ in axes), ",".join(i for _, _, _, i in axes)
        return "\n".join([*lines, f"y[n,c,{out}] = sum[{into}]({factors} * x[n,c,{into}])"])

    corners = Option("align_corners", False, "boolean", summary="whether the corners of input and output coincide")
    return Entry(
        {1: "upsample_linear1d", 2: "upsample_bilinear2d"}[rank],
        "layer",
        equations(_CENTRES),
        "values between the nearest of the input, in proportion to the distances of their centres",
        "torch.nn.Upsample, mode linear and bilinear",
        options=(_factor(rank), corners),
        sizes=tuple(zip((h for _, _, h, _ in axes), each(rank, EXTENT + "*F{s}"), strict=True)),
        variants=(Variant(frozenset({"align_corners"}), equations(_CORNERS)),),
        presets=(Preset("nn.UpsamplingBilinear2d", (("align_corners", True),)),) if rank == 2 else (),
    )


_GLOBAL = (
    Entry(
        "global_average_pool",
        "layer",
        "y[n,c] = mean[...](x[n,c,...])",
        "the mean of every channel",
        "Lin, Chen, Yan, Network In Network (2013), arXiv:1312.4400, section 3.2",
        aliases=tuple(f"keras.GlobalAveragePooling{rank}D" for rank in (1, 2, 3)),
    ),
    Entry(
        "global_max_pool",
        "layer",
        "y[n,c] = max[...](x[n,c,...])",
        "the greatest value of every channel",
        "Oquab et al., Is object localization for free? (2015), section 3",
        aliases=tuple(f"keras.GlobalMaxPooling{rank}D" for rank in (1, 2, 3)),
        kinks="the first of equal values, row by row, has all of the derivative",
    ),
)

ENTRIES = (
    *(make(rank) for make in (_maximum, _average) for rank in (1, 2)),
    *_GLOBAL,
    *(make(rank) for make in (_adaptive, _nearest, _linear) for rank in (1, 2)),
)
