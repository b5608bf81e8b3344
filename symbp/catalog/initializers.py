"""Initializers: a distribution and its scales, from `fan_in` (inputs of one output) and `fan_out`.

    constant    every entry is `value`
    normal      independent, `mean` and `std`
    uniform     independent, on [low, high)
    orthogonal  `gain` times a matrix with orthonormal rows or columns: all axes but the first as one

Not here: truncated distributions, so Keras's HeNormal, GlorotNormal, LecunNormal and VarianceScaling are no aliases.
"""

from symbp.catalog.entry import Entry, Option, Preset

_HE = "He, Zhang, Ren, Sun, Delving Deep into Rectifiers (2015), arXiv:1502.01852, eq. 10"
_GLOROT = "Glorot & Bengio, Understanding the difficulty of training deep feedforward neural networks (2010), eq. "
_LECUN = "LeCun, Bottou, Orr, Muller, Efficient BackProp (1998), eq. 16"

ENTRIES = (
    Entry(
        "zeros",
        "initializer",
        "value = 0",
        "every entry 0",
        "torch.nn.init.zeros_",
        distribution="constant",
        aliases=("init.zeros_", "keras.Zeros"),
    ),
    Entry(
        "ones",
        "initializer",
        "value = 1",
        "every entry 1",
        "torch.nn.init.ones_",
        distribution="constant",
        aliases=("init.ones_", "keras.Ones"),
    ),
    Entry(
        "constant",
        "initializer",
        "",
        "every entry the same",
        "torch.nn.init.constant_",
        options=(Option("value", None, summary="the value", aliases=("val",)),),
        distribution="constant",
        aliases=("init.constant_",),
        presets=(Preset("keras.Constant", (("value", 0.0),)),),
    ),
    Entry(
        "normal",
        "initializer",
        "",
        "normal with these moments",
        "torch.nn.init.normal_",
        options=(
            Option("mean", 0.0, summary="mean"),
            Option("std", 1.0, low=0, summary="standard deviation", aliases=("stddev",)),
        ),
        distribution="normal",
        aliases=("init.normal_",),
        presets=(Preset("keras.RandomNormal", (("std", 0.05),)),),
    ),
    Entry(
        "uniform",
        "initializer",
        "",
        "uniform between these bounds",
        "torch.nn.init.uniform_",
        options=(
            Option("low", 0.0, summary="least value", aliases=("a", "minval")),
            Option("high", 1.0, summary="bound above", aliases=("b", "maxval")),
        ),
        distribution="uniform",
        aliases=("init.uniform_",),
        presets=(Preset("keras.RandomUniform", (("low", -0.05), ("high", 0.05))),),
    ),
    Entry(
        "orthogonal",
        "initializer",
        "",
        "orthonormal rows or columns, times gain",
        "Saxe, McClelland, Ganguli, Exact solutions to the nonlinear dynamics of learning (2013), arXiv:1312.6120",
        options=(Option("gain", 1.0, low=0, low_open=True, summary="factor of the matrix"),),
        distribution="orthogonal",
        aliases=("init.orthogonal_", "keras.Orthogonal", "keras.OrthogonalInitializer"),
    ),
    Entry(
        "torch_default",
        "initializer",
        """
        low = -1 / sqrt(fan_in)
        high = 1 / sqrt(fan_in)
        """,
        "PyTorch's for the weight and the bias of Linear: kaiming_uniform_ with a = sqrt(5)",
        "PyTorch documentation, torch.nn.Linear",
        distribution="uniform",
    ),
    Entry(
        "he_normal",
        "initializer",
        """
        mean = 0
        std = sqrt(2 / fan_in)
        """,
        "keeps the variance through ReLUs",
        _HE,
        distribution="normal",
        aliases=("init.kaiming_normal_",),
    ),
    Entry(
        "he_uniform",
        "initializer",
        """
        low = -sqrt(6 / fan_in)
        high = sqrt(6 / fan_in)
        """,
        "he_normal's variance, uniform",
        _HE,
        distribution="uniform",
        aliases=("init.kaiming_uniform_", "keras.HeUniform", "keras.he_uniform"),
    ),
    Entry(
        "glorot_normal",
        "initializer",
        """
        mean = 0
        std = sqrt(2 / (fan_in + fan_out))
        """,
        "keeps the variance both ways through nearly linear activations",
        _GLOROT + "12",
        distribution="normal",
        aliases=("init.xavier_normal_",),
    ),
    Entry(
        "glorot_uniform",
        "initializer",
        """
        low = -sqrt(6 / (fan_in + fan_out))
        high = sqrt(6 / (fan_in + fan_out))
        """,
        "glorot_normal's variance, uniform",
        _GLOROT + "16",
        distribution="uniform",
        aliases=("init.xavier_uniform_", "keras.GlorotUniform", "keras.glorot_uniform"),
    ),
    Entry(
        "lecun_normal",
        "initializer",
        """
        mean = 0
        std = sqrt(1 / fan_in)
        """,
        "keeps the variance through nearly linear activations",
        _LECUN,
        distribution="normal",
    ),
    Entry(
        "lecun_uniform",
        "initializer",
        """
        low = -sqrt(3 / fan_in)
        high = sqrt(3 / fan_in)
        """,
        "lecun_normal's variance, uniform",
        _LECUN,
        distribution="uniform",
        aliases=("keras.LecunUniform", "keras.lecun_uniform"),
    ),
)
