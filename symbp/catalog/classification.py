"""Losses between probabilities `a` and labels or probabilities `y`.

A loss on logits is the loss on what its `link` computes: softmax_cross_entropy is cross_entropy behind a softmax, and
its gradient at the logits is found through the seam, not stated.
Classes are the last axis; before it, besides examples, may be others, such as the places of a sequence.
Not here: labels to ignore, sample weights.
"""

from symbp.catalog.entry import Entry, Option, Preset, Variant
from symbp.catalog.losses import REDUCTION

_GOODFELLOW = "Goodfellow, Bengio, Courville, Deep Learning (2016)"


def _variant(options: str, equations: str, *constants: str) -> Variant:
    """The equations for these options; `constants` are vectors over the last axis of the prediction."""
    return Variant(frozenset(options.split()), equations, constants=tuple((name, ("j",)) for name in constants))


_SMOOTHING = Option("label_smoothing", 0.0, low=0, high=1, summary="share of the target spread over all classes")
_TARGETS = Option(
    "targets",
    "labels",
    "choice",
    choices=("labels", "probabilities"),
    summary="y holds class numbers, or one-hot rows or soft targets",
)

# The mean over weighted labels divides by the sum of the weights that occur, as PyTorch does; over probabilities by n.
_CROSS_ENTROPY = "C = reduce[...](-log(a[...,y[...]]))"
_CROSS_ENTROPY_VARIANTS = (
    _variant(
        "targets label_smoothing weight",
        """
        q[...,j] = (1 - label_smoothing) * y[...,j] + label_smoothing / size(j)
        C = reduce[...](-sum[j](q[...,j] * weight[j] * log(a[...,j])))
        """,
        "weight",
    ),
    _variant("targets weight", "C = reduce[...](-sum[j](y[...,j] * weight[j] * log(a[...,j])))", "weight"),
    _variant(
        "targets label_smoothing",
        """
        q[...,j] = (1 - label_smoothing) * y[...,j] + label_smoothing / size(j)
        C = reduce[...](-sum[j](q[...,j] * log(a[...,j])))
        """,
    ),
    _variant("targets", "C = reduce[...](-sum[j](y[...,j] * log(a[...,j])))"),
    _variant(
        "label_smoothing weight reduction",
        """
        q[...,j] = (1 - label_smoothing) * delta(j, y[...]) + label_smoothing / size(j)
        C = sum[...](-sum[j](q[...,j] * weight[j] * log(a[...,j])))
        """,
        "weight",
    ),
    _variant("weight reduction", "C = sum[...](-weight[y[...]] * log(a[...,y[...]]))", "weight"),
    _variant(
        "label_smoothing weight",
        """
        q[...,j] = (1 - label_smoothing) * delta(j, y[...]) + label_smoothing / size(j)
        C = sum[...](-sum[j](q[...,j] * weight[j] * log(a[...,j]))) / sum[...](weight[y[...]])
        """,
        "weight",
    ),
    _variant("weight", "C = sum[...](-weight[y[...]] * log(a[...,y[...]])) / sum[...](weight[y[...]])", "weight"),
    _variant(
        "label_smoothing",
        "C = reduce[...](-(1 - label_smoothing) * log(a[...,y[...]]) - label_smoothing * mean[j](log(a[...,j])))",
    ),
)

_BINARY = "C = reduce[...](-(y[...] * log(a[...]) + (1 - y[...]) * log(1 - a[...])))"
_BINARY_WEIGHT = _variant(
    "weight",
    "C = reduce[...,j](-weight[j] * (y[...,j] * log(a[...,j]) + (1 - y[...,j]) * log(1 - a[...,j])))",
    "weight",
)

ENTRIES = (
    Entry(
        "binary_cross_entropy",
        "loss",
        _BINARY,
        "for probabilities 0 < a < 1 and targets 0 <= y <= 1, over every entry",
        _GOODFELLOW + ", section 6.2.2.2",
        options=(REDUCTION,),
        variants=(_BINARY_WEIGHT,),
        aliases=("nn.BCELoss", "keras.BinaryCrossentropy", "keras.binary_crossentropy"),
    ),
    Entry(
        "bce_with_logits",
        "loss",
        _BINARY,
        "binary_cross_entropy of the sigmoid of the network's output",
        _GOODFELLOW + ", section 6.2.2.2",
        options=(REDUCTION,),
        link="sigmoid",
        variants=(
            _variant(
                "weight pos_weight",
                "C = reduce[...,j](-weight[j]"
                " * (pos_weight[j] * y[...,j] * log(a[...,j]) + (1 - y[...,j]) * log(1 - a[...,j])))",
                "weight",
                "pos_weight",
            ),
            _variant(
                "pos_weight",
                "C = reduce[...,j](-(pos_weight[j] * y[...,j] * log(a[...,j]) + (1 - y[...,j]) * log(1 - a[...,j])))",
                "pos_weight",
            ),
            _BINARY_WEIGHT,
        ),
        aliases=("nn.BCEWithLogitsLoss", "optax.sigmoid_binary_cross_entropy"),
    ),
    Entry(
        "cross_entropy",
        "loss",
        _CROSS_ENTROPY,
        "for rows of probabilities a; y holds labels or probabilities",
        _GOODFELLOW + ", eq. 6.12",
        options=(_TARGETS, _SMOOTHING, REDUCTION),
        integers=("y",),
        integers_unless="targets",
        variants=_CROSS_ENTROPY_VARIANTS,
        aliases=("keras.SparseCategoricalCrossentropy", "keras.sparse_categorical_crossentropy"),
        presets=(
            Preset("keras.CategoricalCrossentropy", (("targets", "probabilities"),)),
            Preset("keras.categorical_crossentropy", (("targets", "probabilities"),)),
        ),
    ),
    Entry(
        "softmax_cross_entropy",
        "loss",
        _CROSS_ENTROPY,
        "cross_entropy of the softmax of the network's output",
        _GOODFELLOW + ", section 6.2.2.3; label smoothing: Szegedy et al. (2015), arXiv:1512.00567, section 7",
        options=(_TARGETS, _SMOOTHING, REDUCTION),
        integers=("y",),
        integers_unless="targets",
        link="softmax",
        variants=_CROSS_ENTROPY_VARIANTS,
        aliases=("nn.CrossEntropyLoss",),
    ),
    Entry(
        "nll",
        "loss",
        "C = reduce[...](-a[...,y[...]])",
        "negative log-likelihood: a holds logarithms of probabilities, y labels",
        _GOODFELLOW + ", section 5.5",
        options=(REDUCTION,),
        integers=("y",),
        variants=(
            _variant("weight reduction", "C = sum[...](-weight[y[...]] * a[...,y[...]])", "weight"),
            _variant("weight", "C = sum[...](-weight[y[...]] * a[...,y[...]]) / sum[...](weight[y[...]])", "weight"),
        ),
        aliases=("nn.NLLLoss",),
    ),
    Entry(
        "kl_divergence",
        "loss",
        "C = reduce[n](sum[j](where(y[n,j] > 0, y[n,j] * log(y[n,j] / a[n,j]), 0)))",
        "Kullback-Leibler divergence of rows of probabilities a from the targets y",
        "Kullback & Leibler, On Information and Sufficiency, Annals of Mathematical Statistics 22 (1951)",
        options=(
            Option("log_input", False, "boolean", summary="a holds logarithms of probabilities"),
            Option("per_entry", False, "boolean", summary="reduce over entries, not over examples"),
            REDUCTION,
        ),
        variants=(
            _variant(
                "log_input per_entry",
                "C = reduce[n,j](where(y[n,j] > 0, y[n,j] * (log(y[n,j]) - a[n,j]), 0))",
            ),
            _variant("log_input", "C = reduce[n](sum[j](where(y[n,j] > 0, y[n,j] * (log(y[n,j]) - a[n,j]), 0)))"),
            _variant("per_entry", "C = reduce[n,j](where(y[n,j] > 0, y[n,j] * log(y[n,j] / a[n,j]), 0))"),
        ),
        aliases=("keras.KLDivergence", "keras.kl_divergence"),
        presets=(Preset("nn.KLDivLoss", (("log_input", True), ("per_entry", True))),),
    ),
)
