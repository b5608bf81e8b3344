"""Noise: layers that are random in training, and are what they are in the mean in inference.

Names as in symbp/catalog/entry.py. Every random number is drawn anew in every step of training, for every example.
"""

from symbp.catalog.entry import Entry, Option, RandomRow

_RATE = Option("rate", 0.5, low=0, high=1, high_open=True, summary="share of the entries that become 0", aliases=("p",))

ENTRIES = (
    Entry(
        "dropout",
        "layer",
        """
        m[...] = where(u[...] < rate, 0, 1 / (1 - rate))
        y[...] = m[...] * x[...]
        """,
        "in training every entry is 0 with probability `rate`, the others grow so that the mean stays",
        "Srivastava et al., Dropout, Journal of Machine Learning Research 15 (2014), section 4; scaled in training",
        options=(_RATE,),
        random=(RandomRow("u", "uniform"),),
        inference="y[...] = x[...]",
        aliases=("nn.Dropout", "keras.Dropout"),
    ),
    Entry(
        "channel_dropout",
        "layer",
        """
        m[n,c] = where(u[n,c] < rate, 0, 1 / (1 - rate))
        y[n,c,...] = m[n,c] * x[n,c,...]
        """,
        "in training every channel of an example is 0 as a whole with probability `rate`, the others grow",
        "Tompson et al., Efficient Object Localization Using Convolutional Networks (2015), arXiv:1411.4280",
        options=(_RATE,),
        random=(RandomRow("u", "uniform", ("n", "c")),),
        inference="y[...] = x[...]",
        aliases=("nn.Dropout1d", "nn.Dropout2d", "nn.Dropout3d"),
    ),
    Entry(
        "gaussian_noise",
        "layer",
        "y[...] = x[...] + stddev * e[...]",
        "in training a normal number of its own is added to every entry",
        "Bishop, Training with Noise is Equivalent to Tikhonov Regularization, Neural Computation 7 (1995), eq. 3",
        options=(Option("stddev", None, low=0, summary="deviation of what is added", aliases=("deviation",)),),
        random=(RandomRow("e", "normal"),),
        inference="y[...] = x[...]",
        aliases=("keras.GaussianNoise",),
    ),
    Entry(
        "gaussian_sample",
        "layer",
        "y[...] = mu[...] + exp(log_variance[...] / 2) * e[...]",
        "normal numbers of this mean and logarithm of a variance, differentiated through both; in inference the mean",
        "Kingma & Welling, Auto-Encoding Variational Bayes (2014), arXiv:1312.6114, section 2.4",
        inputs=("mu", "log_variance"),
        random=(RandomRow("e", "normal"),),
        inference="y[...] = mu[...]",
    ),
)
