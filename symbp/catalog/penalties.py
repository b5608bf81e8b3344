"""Penalties: `R`, added to the cost for each weight tensor `w`, over all of its entries.

The penalty is not divided by the batch. Parameters whose `decays` is false (biases, slopes) have none.
"""

from symbp.catalog.entry import Entry, Option

_STRENGTH = Option("strength", 0.01, low=0, summary="lambda, the weight of the penalty", aliases=("l1", "l2"))

ENTRIES = (
    Entry(
        "l1",
        "penalty",
        "R = strength * sum[...](abs(w[...]))",
        "lambda times the absolute weights",
        "Goodfellow, Bengio, Courville, Deep Learning (2016), eq. 7.18",
        options=(_STRENGTH,),
        aliases=("keras.L1",),
        kinks="0 at w = 0",
    ),
    Entry(
        "l2",
        "penalty",
        "R = strength / 2 * sum[...](w[...]**2)",
        "lambda times half the squared weights, so that the gradient is lambda * w, as a coupled weight decay",
        "Goodfellow, Bengio, Courville, Deep Learning (2016), eq. 7.1 (Keras's L2 lacks the half)",
        options=(_STRENGTH,),
    ),
)
