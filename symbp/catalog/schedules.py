"""Schedules: the learning rate `eta` from the step `t`, 0 at the first, and `eta_0`, the optimizer's learning rate.

A schedule steps once for each update of the weights. Option names and defaults are those of torch.optim.lr_scheduler.
Not here: schedules that read the loss (ReduceLROnPlateau); the momentum that OneCycleLR cycles beside the rate.
"""

from symbp.catalog.entry import Entry, Option, Variant

_GAMMA = "factor of the learning rate"

# t is the peak's step at the end of the rise, total_steps - 1 at the end of the fall; later steps repeat the last.
# Where pct_start * total_steps is at most 1, there is no step before the peak.
_ONE_CYCLE = """
peak = pct_start * total_steps - 1
last = total_steps - 1
low = eta_0 / div_factor
final = low / final_div_factor
fall = min(1, (t - peak) / (last - peak))
"""

ENTRIES = (
    Entry("constant", "schedule", "eta = eta_0", "the learning rate itself", "Robbins & Monro (1951), eta_t = eta_0"),
    Entry(
        "step",
        "schedule",
        "eta = eta_0 * gamma**floor(t / step_size)",
        "times gamma every step_size steps",
        "He, Zhang, Ren, Sun, Deep Residual Learning (2015), arXiv:1512.03385, section 3.4",
        options=(
            Option("step_size", None, "integer", low=1, summary="steps between two factors"),
            Option("gamma", 0.1, low=0, low_open=True, summary=_GAMMA),
        ),
        aliases=("lr_scheduler.StepLR",),
    ),
    Entry(
        "exponential",
        "schedule",
        "eta = eta_0 * gamma**t",
        "times gamma every step",
        "PyTorch documentation, torch.optim.lr_scheduler.ExponentialLR",
        options=(Option("gamma", None, low=0, low_open=True, summary=_GAMMA),),
        aliases=("lr_scheduler.ExponentialLR",),
    ),
    Entry(
        "cosine",
        "schedule",
        "eta = eta_min + (eta_0 - eta_min) * (1 + cos(pi * t / T_max)) / 2",
        "half a cosine from eta_0 to eta_min over T_max steps, and back",
        "Loshchilov & Hutter, SGDR (2016), arXiv:1608.03983, eq. 5",
        options=(
            Option("T_max", None, "integer", low=1, summary="steps from eta_0 to eta_min"),
            Option("eta_min", 0.0, low=0, summary="the least learning rate"),
        ),
        aliases=("lr_scheduler.CosineAnnealingLR",),
    ),
    Entry(
        "linear_warmup",
        "schedule",
        "eta = eta_0 * (start_factor + (end_factor - start_factor) * min(1, t / total_iters))",
        "a straight line to the learning rate over total_iters steps, which then stays",
        "Goyal et al., Accurate, Large Minibatch SGD (2017), arXiv:1706.02677, section 2.2",
        options=(
            Option("start_factor", 1 / 3, low=0, high=1, low_open=True, summary="factor at the first step"),
            Option("end_factor", 1.0, low=0, high=1, summary="factor from total_iters on"),
            Option("total_iters", 5, "integer", low=1, summary="steps of the line"),
        ),
        aliases=("lr_scheduler.LinearLR",),
    ),
    Entry(
        "one_cycle",
        "schedule",
        _ONE_CYCLE
        + "eta = where(t < peak, eta_0 + (low - eta_0) * (1 + cos(pi * t / peak)) / 2,"
        + " final + (eta_0 - final) * (1 + cos(pi * fall)) / 2)",
        "up from eta_0 / div_factor to eta_0, the maximum, then down to eta_0 / (div_factor * final_div_factor)",
        "Smith & Topin, Super-Convergence (2017), arXiv:1708.07120; torch.optim.lr_scheduler.OneCycleLR",
        options=(
            Option("total_steps", None, "integer", low=2, summary="steps of the cycle"),
            Option("pct_start", 0.3, low=0, high=1, low_open=True, high_open=True, summary="share of the rise"),
            Option("anneal_strategy", "cos", "choice", choices=("cos", "linear"), summary="shape of both halves"),
            Option("div_factor", 25.0, low=0, low_open=True, summary="maximum over first learning rate"),
            Option("final_div_factor", 1e4, low=0, low_open=True, summary="first over last learning rate"),
        ),
        variants=(
            Variant(
                frozenset({"anneal_strategy"}),
                _ONE_CYCLE + "eta = where(t < peak, low + (eta_0 - low) * t / peak, eta_0 + (final - eta_0) * fall)",
            ),
        ),
        aliases=("lr_scheduler.OneCycleLR",),
    ),
)
