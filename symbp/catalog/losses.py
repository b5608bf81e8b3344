"""Losses between values: `C` from the prediction `a` and the target `y`; `reduce[...]` is the mean or the sum.

`gaussian_kl` compares two layers with a distribution, and has no target.

Not here: losses between probabilities and labels (symbp/catalog/classification.py); sample weights; margins between
pairs of examples (CosineEmbeddingLoss, TripletMarginLoss).
"""

from symbp.catalog.entry import Entry, Option, Preset, Variant

_GOODFELLOW = "Goodfellow, Bengio, Courville, Deep Learning (2016)"
_PYTORCH = "PyTorch documentation, torch.nn."

REDUCTION = Option(
    "reduction", "mean", "choice", choices=("mean", "sum"), summary="the mean, or the sum, over what `reduce` binds"
)

ENTRIES = (
    Entry(
        "mse",
        "loss",
        "C = reduce[...]((a[...] - y[...])**2)",
        "squared error, over every entry",
        _GOODFELLOW + ", eq. 5.4",
        options=(REDUCTION,),
        aliases=("nn.MSELoss", "keras.MeanSquaredError", "keras.mean_squared_error"),
    ),
    Entry(
        "mae",
        "loss",
        "C = reduce[...](abs(a[...] - y[...]))",
        "absolute error, over every entry",
        _PYTORCH + "L1Loss",
        options=(REDUCTION,),
        aliases=("nn.L1Loss", "keras.MeanAbsoluteError", "keras.mean_absolute_error"),
        kinks="0 at a = y",
    ),
    Entry(
        "huber",
        "loss",
        """
        r[...] = a[...] - y[...]
        C = reduce[...](where(abs(r[...]) <= delta, r[...]**2 / 2, delta * (abs(r[...]) - delta / 2)))
        """,
        "squared error up to delta, absolute error beyond",
        "Huber, Robust Estimation of a Location Parameter, Annals of Mathematical Statistics 35 (1964)",
        options=(Option("delta", 1.0, low=0, low_open=True, summary="where the line begins"), REDUCTION),
        aliases=("nn.HuberLoss", "keras.Huber"),
    ),
    Entry(
        "smooth_l1",
        "loss",
        """
        r[...] = a[...] - y[...]
        C = reduce[...](where(abs(r[...]) < beta, r[...]**2 / (2 * beta), abs(r[...]) - beta / 2))
        """,
        "absolute error with a rounded tip; the Huber loss divided by beta",
        "Girshick, Fast R-CNN (2015), arXiv:1504.08083, eq. 3",
        options=(Option("beta", 1.0, low=0, low_open=True, summary="where the line begins"), REDUCTION),
        aliases=("nn.SmoothL1Loss",),
    ),
    Entry(
        "log_cosh",
        "loss",
        "C = reduce[...](log(cosh(a[...] - y[...])))",
        "half the squared error near 0, the absolute error far away",
        "Green, Bayesian reconstructions using a modified EM algorithm, IEEE Trans. Medical Imaging 9 (1990)",
        options=(REDUCTION,),
        aliases=("keras.LogCosh", "keras.log_cosh"),
    ),
    Entry(
        "hinge",
        "loss",
        "C = reduce[...](max(0, 1 - y[...] * a[...]))",
        "for targets -1 and 1, over every entry",
        "Cortes & Vapnik, Support-Vector Networks, Machine Learning 20 (1995)",
        options=(REDUCTION,),
        aliases=("keras.Hinge", "keras.hinge"),
        kinks="0 at y * a = 1",
    ),
    Entry(
        "squared_hinge",
        "loss",
        "C = reduce[...](max(0, 1 - y[...] * a[...])**2)",
        "for targets -1 and 1, over every entry",
        "Lee & Mangasarian, SSVM: A Smooth Support Vector Machine (2001)",
        options=(REDUCTION,),
        aliases=("keras.SquaredHinge", "keras.squared_hinge"),
    ),
    Entry(
        "poisson_nll",
        "loss",
        "C = reduce[...](exp(a[...]) - y[...] * a[...])",
        "negative log-likelihood of counts y, without log(y!); a is the logarithm of their rate",
        _PYTORCH + "PoissonNLLLoss",
        options=(
            Option("log_input", True, "boolean", summary="whether a is the logarithm of the rate"),
            Option(
                "epsilon",
                1e-8,
                low=0,
                summary="added to the rate in its logarithm",
                aliases=("eps",),
                needs="log_input",
            ),
            REDUCTION,
        ),
        variants=(Variant(frozenset({"log_input"}), "C = reduce[...](a[...] - y[...] * log(a[...] + epsilon))"),),
        aliases=("nn.PoissonNLLLoss",),
        presets=(Preset("keras.Poisson", (("log_input", False), ("epsilon", 1e-7))),),
    ),
    Entry(
        "gaussian_nll",
        "loss",
        """
        m[...,j] = a[...,j]
        s[...,j] = a[...,j + size(j)]
        C = reduce[...,k]((s[...,k] + (m[...,k] - y[...,k])**2 * exp(-s[...,k])) / 2)
        """,
        "negative log-likelihood of normal y, without log(2 pi) / 2; the last axis of a holds means, then as many"
        " logarithms of variances (PyTorch's GaussianNLLLoss takes the variance itself, as a third argument)",
        "Nix & Weigend, Estimating the Mean and Variance of the Target Probability Distribution (1994), eq. 1",
        options=(REDUCTION,),
        sizes=(("j", "extent(a, -1) / 2"),),
    ),
    Entry(
        "gaussian_kl",
        "loss",
        "C = reduce[n](sum[j](mu[n,j]**2 + exp(log_variance[n,j]) - 1 - log_variance[n,j]) / 2)",
        "divergence of normal distributions, independent in every column, from the standard one; of two layers, without"
        " a target",
        "Kingma & Welling, Auto-Encoding Variational Bayes (2014), arXiv:1312.6114, appendix B",
        options=(REDUCTION,),
        inputs=("mu", "log_variance"),
    ),
    Entry(
        "cosine",
        "loss",
        """
        p[n] = max(epsilon**2, sum[j](a[n,j]**2))
        q[n] = max(epsilon**2, sum[j](y[n,j]**2))
        C = reduce[n](1 - sum[j](a[n,j] * y[n,j]) / sqrt(p[n] * q[n]))
        """,
        "1 minus the cosine of the angle between the rows a and y",
        "Salton, Wong, Yang, A Vector Space Model for Automatic Indexing (1975); epsilon: torch.nn.CosineSimilarity",
        options=(
            Option("epsilon", 1e-8, low=0, low_open=True, summary="the least length of a row", aliases=("eps",)),
            REDUCTION,
        ),
        kinks="0 for rows shorter than epsilon in the length, not in the product",
    ),
)
