"""Activations in pieces: `a` from `z` by cases. Adding one is adding a row; `kinks` says what the derivative is there.

The branch that holds at a kink decides its derivative, so the conditions are part of what a row states. They give
PyTorch's derivative at every kink. No condition holds of NaN, so what is taken otherwise is made of `z`.
Not here: activations that draw random numbers (RReLU).
"""

from symbp.catalog.entry import Entry, Option, ParameterRow, Preset, Variant

_SHRINK = "Donoho & Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81 (1994)"
_PYTORCH = "PyTorch documentation, torch.nn."

ENTRIES = (
    Entry(
        "relu",
        "activation",
        "a = max(0, z)",
        "rectified linear unit",
        "Nair & Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines (2010)",
        aliases=("nn.ReLU", "keras.ReLU"),
        kinks="0 at z = 0",
    ),
    Entry(
        "leaky_relu",
        "activation",
        "a = where(z > 0, z, negative_slope * z)",
        "a ReLU with a small slope for z < 0",
        "Maas, Hannun, Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013)",
        options=(Option("negative_slope", 0.01, summary="slope for z < 0", aliases=("alpha",)),),
        aliases=("nn.LeakyReLU",),
        presets=(
            Preset("keras.LeakyReLU", (("negative_slope", 0.3),)),
            Preset("keras.leaky_relu", (("negative_slope", 0.2),)),
        ),
        kinks="negative_slope at z = 0",
    ),
    Entry(
        "prelu",
        "activation",
        "a = where(z > 0, z, alpha * z)",
        "a leaky ReLU whose slope is learned: one for all, or one for each channel (the axis behind the batch)",
        "He, Zhang, Ren, Sun, Delving Deep into Rectifiers (2015), arXiv:1502.01852, eq. 1",
        options=(Option("per_channel", False, "boolean", summary="one slope for each channel"),),
        parameters=(ParameterRow("alpha", (), "constant", 0.25, decays=False),),
        variants=(
            Variant(
                frozenset({"per_channel"}),
                "a[n,c,...] = where(z[n,c,...] > 0, z[n,c,...], alpha[c] * z[n,c,...])",
                parameters=(ParameterRow("alpha", ("c",), "constant", 0.25, decays=False),),
            ),
        ),
        aliases=("nn.PReLU",),
        kinks="alpha at z = 0",
    ),
    Entry(
        "elu",
        "activation",
        "a = where(z > 0, z, alpha * (exp(z) - 1))",
        "exponential linear unit",
        "Clevert, Unterthiner, Hochreiter, Fast and Accurate Deep Network Learning by ELUs (2015), arXiv:1511.07289",
        options=(Option("alpha", 1.0, summary="limit at minus infinity, negated"),),
        aliases=("nn.ELU", "keras.ELU"),
        kinks="alpha at z = 0 (a kink only where alpha is not 1)",
    ),
    Entry(
        "selu",
        "activation",
        "a = 1.0507009873554804934193349852946 * where(z > 0, z, 1.6732632423543772848170429916717 * (exp(z) - 1))",
        "an ELU scaled so that activations keep zero mean and unit variance",
        "Klambauer, Unterthiner, Mayr, Hochreiter, Self-Normalizing Neural Networks (2017), arXiv:1706.02515, eq. 2",
        aliases=("nn.SELU", "keras.selu"),
        kinks="1.7580993408473766 at z = 0, the product of the two constants",
    ),
    Entry(
        "celu",
        "activation",
        "a = where(z > 0, z, alpha * (exp(z / alpha) - 1))",
        "an ELU that is continuously differentiable for every alpha",
        "Barron, Continuously Differentiable Exponential Linear Units (2017), arXiv:1704.07483",
        options=(Option("alpha", 1.0, low=0, low_open=True, summary="limit at minus infinity, negated"),),
        aliases=("nn.CELU", "keras.celu"),
    ),
    Entry(
        "hard_sigmoid",
        "activation",
        "a = clip(z / 6 + 1 / 2, 0, 1)",
        "a sigmoid of three straight lines",
        "Howard et al., Searching for MobileNetV3 (2019), arXiv:1905.02244, section 5.2",
        aliases=("nn.Hardsigmoid", "keras.hard_sigmoid"),
        kinks="0 at z = -3 and z = 3",
    ),
    Entry(
        "hard_tanh",
        "activation",
        "a = clip(z, min_val, max_val)",
        "the identity between two bounds",
        "Collobert, Large Scale Machine Learning (2004)",
        options=(
            Option("min_val", -1.0, summary="lower bound"),
            Option("max_val", 1.0, summary="upper bound"),
        ),
        aliases=("nn.Hardtanh", "keras.hard_tanh"),
        kinks="0 at z = min_val and z = max_val",
    ),
    Entry(
        "softshrink",
        "activation",
        "a = max(0, z - lambd) + min(0, z + lambd)",
        "the soft threshold",
        _SHRINK + ", eq. 6",
        options=(Option("lambd", 0.5, low=0, summary="threshold", aliases=("threshold",)),),
        aliases=("nn.Softshrink", "keras.soft_shrink"),
        kinks="0 at z = -lambd and z = lambd",
    ),
    Entry(
        "hardshrink",
        "activation",
        "a = where(z >= -lambd and z <= lambd, 0, z)",
        "the hard threshold",
        _SHRINK + ", eq. 5",
        options=(Option("lambd", 0.5, low=0, summary="threshold", aliases=("threshold",)),),
        aliases=("nn.Hardshrink", "keras.hard_shrink"),
        kinks="0 at z = -lambd and z = lambd, where it jumps",
    ),
    Entry(
        "relu6",
        "activation",
        "a = clip(z, 0, 6)",
        "a ReLU that saturates at 6",
        "Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10 (2010)",
        aliases=("nn.ReLU6", "keras.relu6"),
        kinks="0 at z = 0 and z = 6",
    ),
    Entry(
        "hard_swish",
        "activation",
        "a = z * hard_sigmoid(z)",
        "swish with the hard sigmoid",
        "Howard et al., Searching for MobileNetV3 (2019), arXiv:1905.02244, section 5.2",
        aliases=("nn.Hardswish", "keras.hard_swish", "keras.hard_silu"),
        kinks="0 at z = -3, 1 at z = 3",
    ),
    Entry(
        "threshold",
        "activation",
        "a = where(z <= threshold, value, z)",
        "the identity above a threshold, a constant elsewhere",
        _PYTORCH + "Threshold",
        options=(
            Option("threshold", None, summary="where the identity begins"),
            Option("value", None, summary="the value elsewhere"),
        ),
        aliases=("nn.Threshold",),
        kinks="0 at z = threshold",
    ),
)
