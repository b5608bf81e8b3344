"""Normalization: layers that give their input, or their weights, a mean and a size. Names as in symbp/catalog/entry.py.

The variance is found in two passes, as the mean square of what is left when the mean is taken away, never as a
difference of squares. It is the biased one, divided by the count. Where several axes follow the batch, channels are
axis 1. `affine` says whether `gamma` and `beta` are learned, `bias` whether `beta` is, where `gamma` is.
"""

from symbp.catalog.entry import Entry, Option, ParameterRow, Preset, StateRow, Variant


def _eps(default: float) -> Option:
    return Option("eps", default, low=0, summary="added to the variance, which may be 0", aliases=("epsilon",))


def _affine(default: bool, *aliases: str) -> Option:
    return Option("affine", default, "boolean", summary="whether gamma and beta are learned", aliases=aliases)


def _bias(needs: str = "") -> Option:
    return Option("bias", True, "boolean", summary="whether beta is learned", aliases=("center",), needs=needs)


def _scale(axis: str) -> ParameterRow:
    return ParameterRow("gamma", (axis,), "ones", decays=False)


def _offset(axis: str) -> ParameterRow:
    return ParameterRow("beta", (axis,), "zeros", decays=False)


def _variant(options: str, equations: str, *parameters: ParameterRow) -> Variant:
    return Variant(frozenset(options.split()), equations, parameters)


_LAYER = """
mu[...] = mean[k](x[...,k])
v[...] = mean[k]((x[...,k] - mu[...])**2)
r[...] = 1 / sqrt(v[...] + eps)
"""
_LAYER_PLAIN = _LAYER + "y[...,k] = (x[...,k] - mu[...]) * r[...]"
_LAYER_SCALED = _LAYER + "x_hat[...,k] = (x[...,k] - mu[...]) * r[...]\ny[...,k] = gamma[k] * x_hat[...,k]"
_RMS = "r[...] = 1 / sqrt(mean[k](x[...,k]**2) + eps)\n"
_GROUP = """
g[n,a,b,...] = x[n,flat(a,b),...]
mu[n,a] = mean[b,...](g[n,a,b,...])
v[n,a] = mean[b,...]((g[n,a,b,...] - mu[n,a])**2)
r[n,a] = 1 / sqrt(v[n,a] + eps)
"""
_GROUP_PLAIN = _GROUP + "y[n,flat(a,b),...] = (g[n,a,b,...] - mu[n,a]) * r[n,a]"
_GROUP_SCALED = (
    _GROUP + "x_hat[n,flat(a,b),...] = (g[n,a,b,...] - mu[n,a]) * r[n,a]\ny[n,c,...] = gamma[c] * x_hat[n,c,...]"
)
_INSTANCE = """
mu[n,c] = mean[...](x[n,c,...])
v[n,c] = mean[...]((x[n,c,...] - mu[n,c])**2)
r[n,c] = 1 / sqrt(v[n,c] + eps)
"""
_INSTANCE_PLAIN = _INSTANCE + "y[n,c,...] = (x[n,c,...] - mu[n,c]) * r[n,c]"
_INSTANCE_SCALED = (
    _INSTANCE + "x_hat[n,c,...] = (x[n,c,...] - mu[n,c]) * r[n,c]\ny[n,c,...] = gamma[c] * x_hat[n,c,...]"
)
_BATCH = """
mu[c] = mean[n,...](x[n,c,...])
v[c] = mean[n,...]((x[n,c,...] - mu[c])**2)
r[c] = 1 / sqrt(v[c] + eps)
"""
_BATCH_PLAIN = _BATCH + "y[n,c,...] = (x[n,c,...] - mu[c]) * r[c]"
_BATCH_SCALED = (
    _BATCH + "x_hat[n,c,...] = (x[n,c,...] - mu[c]) * r[c]\ny[n,c,...] = gamma[c] * x_hat[n,c,...] + beta[c]"
)
_RUNNING = "s[c] = {gamma} / sqrt(running_var[c] + eps)\ny[n,c,...] = (x[n,c,...] - running_mean[c]) * s[c]"
_KEPT = """
running_mean[c] = running_mean[c] + momentum * (mu[c] - running_mean[c])
u[c] = v[c] * extent(x) / max(extent(x, 1), extent(x) - extent(x, 1))
running_var[c] = running_var[c] + momentum * (u[c] - running_var[c])
"""
_STATISTICS = (StateRow("running_mean", ("c",), 0.0), StateRow("running_var", ("c",), 1.0))
_KEPT_ALIKE = "batches = batches + 1\n" + _KEPT.replace("momentum * ", "1 / batches * ").lstrip()
_COUNTED = (*_STATISTICS, StateRow("batches", ()))
_DIRECTIONS = """
s[j] = sqrt(sum[i](v[i,j]**2))
u[i,j] = v[i,j] / s[j]
W[i,j] = g[j] * u[i,j]
z[...,j] = sum[i](x[...,i] * W[i,j])
"""
_LENGTHS = (ParameterRow("v", ("i", "j"), "torch_default"), ParameterRow("g", ("j",), "ones", decays=False))

ENTRIES = (
    Entry(
        "layer_norm",
        "layer",
        _LAYER_SCALED + " + beta[k]",
        "the last axis of every example with mean 0 and variance 1, then scaled and shifted",
        "Ba, Kiros, Hinton, Layer Normalization (2016), arXiv:1607.06450, eq. 3-4",
        options=(_eps(1e-5), _affine(True, "elementwise_affine"), _bias()),
        parameters=(_scale("k"), _offset("k")),
        variants=(
            _variant("affine bias", _LAYER_PLAIN),
            _variant("affine", _LAYER_PLAIN),
            _variant("bias", _LAYER_SCALED, _scale("k")),
        ),
        aliases=("nn.LayerNorm",),
        presets=(Preset("keras.LayerNormalization", options=(("eps", 1e-3),)),),
    ),
    Entry(
        "rms_norm",
        "layer",
        _RMS + "x_hat[...,k] = x[...,k] * r[...]\ny[...,k] = gamma[k] * x_hat[...,k]",
        "the last axis of every example with mean square 1, then scaled",
        "Zhang & Sennrich, Root Mean Square Layer Normalization (2019), arXiv:1910.07467, eq. 4",
        options=(_eps(2**-23), _affine(True, "elementwise_affine")),
        parameters=(_scale("k"),),
        variants=(_variant("affine", _RMS + "y[...,k] = x[...,k] * r[...]"),),
        aliases=("nn.RMSNorm",),
        presets=(Preset("keras.RMSNormalization", options=(("eps", 1e-6),)),),
    ),
    Entry(
        "group_norm",
        "layer",
        _GROUP_SCALED + " + beta[c]",
        "every group of neighbouring channels of an example with mean 0 and variance 1; scaled, shifted by channel",
        "Wu & He, Group Normalization (2018), arXiv:1803.08494, eq. 1, 2, 6, 7",
        options=(
            Option("groups", None, "integer", low=1, summary="must divide the channels", aliases=("num_groups",)),
            _eps(1e-5),
            _affine(True),
            _bias(),
        ),
        parameters=(_scale("c"), _offset("c")),
        sizes=(("a", "groups"), ("b", "extent(x, 1) / groups")),
        variants=(
            _variant("affine bias", _GROUP_PLAIN),
            _variant("affine", _GROUP_PLAIN),
            _variant("bias", _GROUP_SCALED, _scale("c")),
        ),
        aliases=("nn.GroupNorm",),
    ),
    Entry(
        "instance_norm",
        "layer",
        _INSTANCE_PLAIN,
        "every channel of every example with mean 0 and variance 1",
        "Ulyanov, Vedaldi, Lempitsky, Instance Normalization (2016), arXiv:1607.08022, eq. 6",
        options=(_eps(1e-5), _affine(False), _bias("affine")),
        variants=(
            _variant("affine bias", _INSTANCE_SCALED, _scale("c")),
            _variant("affine", _INSTANCE_SCALED + " + beta[c]", _scale("c"), _offset("c")),
        ),
        aliases=("nn.InstanceNorm1d", "nn.InstanceNorm2d", "nn.InstanceNorm3d"),
    ),
    Entry(
        "batch_norm",
        "layer",
        _BATCH_SCALED,
        "every channel of a batch with mean 0 and variance 1, then scaled and shifted; in inference by running"
        " averages, of which that of the variance is unbiased (of a batch of one number: 0)",
        "Ioffe & Szegedy, Batch Normalization (2015), arXiv:1502.03167, algorithms 1 and 2; torch.nn.BatchNorm2d",
        options=(
            _eps(1e-5),
            Option(
                "momentum",
                0.1,
                low=0,
                high=1,
                summary="share of the new batch in the running averages; null is `cumulative: true`",
                null="cumulative",
            ),
            Option("cumulative", False, "boolean", summary="whether all batches have one share in the averages"),
            _affine(True),
        ),
        parameters=(_scale("c"), _offset("c")),
        states=_STATISTICS,
        inference=_RUNNING.format(gamma="gamma[c]") + " + beta[c]",
        update=_KEPT,
        variants=(
            Variant(
                frozenset({"affine", "cumulative"}),
                _BATCH_PLAIN,
                states=_COUNTED,
                inference=_RUNNING.format(gamma="1"),
                update=_KEPT_ALIKE,
            ),
            Variant(
                frozenset({"affine"}),
                _BATCH_PLAIN,
                states=_STATISTICS,
                inference=_RUNNING.format(gamma="1"),
                update=_KEPT,
            ),
            Variant(
                frozenset({"cumulative"}),
                _BATCH_SCALED,
                (_scale("c"), _offset("c")),
                states=_COUNTED,
                inference=_RUNNING.format(gamma="gamma[c]") + " + beta[c]",
                update=_KEPT_ALIKE,
            ),
        ),
        aliases=("nn.BatchNorm1d", "nn.BatchNorm2d", "nn.BatchNorm3d"),
    ),
    Entry(
        "weight_norm_dense",
        "layer",
        _DIRECTIONS.rstrip() + " + b[j]",
        "a dense layer whose weights of each output are a length times a direction",
        "Salimans & Kingma, Weight Normalization (2016), arXiv:1602.07868, eq. 2",
        options=(
            Option("units", None, "integer", low=1, summary="number of outputs", aliases=("out_features",)),
            Option("bias", True, "boolean", summary="whether b is added", aliases=("use_bias",)),
        ),
        parameters=(*_LENGTHS, ParameterRow("b", ("j",), "torch_default", decays=False)),
        sizes=(("j", "units"),),
        output="z",
        variants=(_variant("bias", _DIRECTIONS, *_LENGTHS),),
    ),
)
