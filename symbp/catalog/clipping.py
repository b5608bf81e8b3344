"""Clipping: the gradient `g` before the optimizer reads it; in `g[p]`, `p` runs over every entry of every parameter."""

from symbp.catalog.entry import Entry, Option

ENTRIES = (
    Entry(
        "value",
        "clipping",
        "g = clip(g, -clip_value, clip_value)",
        "every entry between two bounds",
        "torch.nn.utils.clip_grad_value_",
        options=(Option("clip_value", None, low=0, low_open=True, summary="greatest magnitude of an entry"),),
        aliases=("utils.clip_grad_value_",),
    ),
    Entry(
        "global_norm",
        "clipping",
        """
        norm = sqrt(sum[p](g[p]**2))
        g = g * min(1, max_norm / (norm + epsilon))
        """,
        "the whole gradient, scaled down to a length",
        "Pascanu, Mikolov, Bengio (2012), arXiv:1211.5063, algorithm 1; epsilon: torch.nn.utils.clip_grad_norm_",
        options=(
            Option("max_norm", None, low=0, low_open=True, summary="greatest length of the gradient"),
            Option("epsilon", 1e-6, low=0, summary="added to the norm"),
        ),
        aliases=("utils.clip_grad_norm_",),
    ),
)
