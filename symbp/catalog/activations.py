"""Smooth activations: `a` from `z`. Adding one is adding a row; a row may call another elementwise row at its defaults.

Rows state the mathematics, not a way to evaluate it: shifts, logistic and softplus are found from the formula. A call
such as `z * sigmoid(z)` keeps the called value, so that the derivative reads it.
Not here: softmax over another axis than the last; the threshold beyond which PyTorch's softplus returns its argument.
"""

from symbp.catalog.entry import Entry, Option, ParameterRow

_HENDRYCKS = "Hendrycks & Gimpel, Gaussian Error Linear Units (2016), arXiv:1606.08415"
_BRIDLE = "Bridle, Probabilistic Interpretation of Feedforward Classification Network Outputs (1990)"
_PYTORCH = "PyTorch documentation, torch.nn."

ENTRIES = (
    Entry(
        "identity",
        "activation",
        "a = z",
        "the weighted input itself",
        "Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.2.2.1",
        aliases=("nn.Identity",),
    ),
    Entry(
        "normal_cdf",
        "activation",
        "a = (1 + erf(z / sqrt(2))) / 2",
        "the standard normal distribution function, Phi",
        "Abramowitz & Stegun, Handbook of Mathematical Functions (1964), eq. 26.2.29",
    ),
    Entry(
        "gelu",
        "activation",
        "a = z * normal_cdf(z)",
        "Gaussian error linear unit",
        _HENDRYCKS + ", section 2",
        aliases=("nn.GELU", "keras.gelu"),
    ),
    Entry(
        "gelu_tanh",
        "activation",
        "a = z * (1 + tanh(sqrt(2 / pi) * (z + 0.044715 * z**3))) / 2",
        "the approximation of GELU by tanh",
        _HENDRYCKS + ", section 2",
    ),
    Entry(
        "sigmoid",
        "activation",
        "a = 1 / (1 + exp(-z))",
        "the logistic function",
        "Goodfellow, Bengio, Courville, Deep Learning (2016), eq. 3.30",
        aliases=("nn.Sigmoid", "keras.sigmoid"),
    ),
    Entry(
        "log_sigmoid",
        "activation",
        "a = -log(1 + exp(-z))",
        "the logarithm of the logistic function",
        _PYTORCH + "LogSigmoid",
        aliases=("nn.LogSigmoid", "keras.log_sigmoid"),
    ),
    Entry(
        "silu",
        "activation",
        "a = z * sigmoid(z)",
        "sigmoid linear unit; swish with beta = 1",
        "Elfwing, Uchibe, Doya, Sigmoid-Weighted Linear Units (2017), arXiv:1702.03118, eq. 6",
        aliases=("nn.SiLU", "keras.silu", "keras.swish"),
    ),
    Entry(
        "swish_beta",
        "activation",
        "a = z * sigmoid(beta * z)",
        "swish whose beta is learned",
        "Ramachandran, Zoph, Le, Searching for Activation Functions (2017), arXiv:1710.05941, section 4",
        parameters=(ParameterRow("beta", (), "ones", decays=False),),
    ),
    Entry(
        "mish",
        "activation",
        "a = z * tanh(softplus(z))",
        "a smooth, non-monotonic gate",
        "Misra, Mish: A Self Regularized Non-Monotonic Activation Function (2019), arXiv:1908.08681, eq. 1",
        aliases=("nn.Mish", "keras.mish"),
    ),
    Entry(
        "tanh",
        "activation",
        "a = tanh(z)",
        "the hyperbolic tangent",
        "LeCun, Bottou, Orr, Muller, Efficient BackProp (1998), section 4.4",
        aliases=("nn.Tanh", "keras.tanh"),
    ),
    Entry(
        "tanhshrink",
        "activation",
        "a = z - tanh(z)",
        "what tanh takes away",
        _PYTORCH + "Tanhshrink",
        aliases=("nn.Tanhshrink", "keras.tanh_shrink"),
    ),
    Entry(
        "softplus",
        "activation",
        "a = log(1 + exp(beta * z)) / beta",
        "a smooth ReLU, exact for every z",
        "Dugas, Bengio, Belisle, Nadeau, Garcia, Incorporating Second-Order Functional Knowledge (2001), eq. 3",
        options=(Option("beta", 1.0, low=0, low_open=True, summary="sharpness"),),
        aliases=("nn.Softplus", "keras.softplus"),
    ),
    Entry(
        "softsign",
        "activation",
        "a = z / (1 + abs(z))",
        "a sigmoid with polynomial tails",
        "Bergstra, Desjardins, Lamblin, Bengio, Quadratic Polynomials Learn Better Image Features (2009)",
        aliases=("nn.Softsign", "keras.softsign"),
    ),
    Entry(
        "squareplus",
        "activation",
        "a = (z + sqrt(z**2 + b)) / 2",
        "an algebraic softplus",
        "Barron, Squareplus: A Softplus-Like Algebraic Rectifier (2021), arXiv:2112.11687, eq. 1",
        options=(Option("b", 4.0, low=0, low_open=True, summary="width of the bend"),),
        aliases=("keras.squareplus",),
    ),
    Entry(
        "sine",
        "activation",
        "a = sin(omega * z)",
        "a periodic activation",
        "Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions (2020), arXiv:2006.09661",
        options=(Option("omega", 1.0, low=0, low_open=True, summary="angular frequency"),),
    ),
    Entry(
        "exp",
        "activation",
        "a = exp(z)",
        "the exponential, for outputs that must be positive",
        "Nelder & Wedderburn, Generalized Linear Models (1972): the inverse of the logarithmic link",
        aliases=("keras.exponential",),
    ),
    Entry(
        "gaussian",
        "activation",
        "a = exp(-z**2)",
        "a bell",
        "Broomhead & Lowe, Multivariable Functional Interpolation and Adaptive Networks (1988)",
    ),
    Entry(
        "softmax",
        "activation",
        "a[...,j] = exp(z[...,j]) / sum[k](exp(z[...,k]))",
        "probabilities over the last axis",
        _BRIDLE,
        aliases=("nn.Softmax", "keras.Softmax"),
    ),
    Entry(
        "log_softmax",
        "activation",
        "a[...,j] = z[...,j] - log(sum[k](exp(z[...,k])))",
        "logarithms of probabilities over the last axis",
        _BRIDLE,
        aliases=("nn.LogSoftmax", "keras.log_softmax"),
    ),
    Entry(
        "glu",
        "activation",
        """
        h[...,i] = z[...,i]
        g[...,i] = z[...,i + size(i)]
        a = h * sigmoid(g)
        """,
        "the first half of the last axis, gated by the second",
        "Dauphin et al., Language Modeling with Gated Convolutional Networks (2016), arXiv:1612.08083, eq. 1",
        sizes=(("i", "extent(z, -1) / 2"),),
        aliases=("nn.GLU", "keras.glu"),
    ),
)
