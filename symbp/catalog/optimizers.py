"""Optimizers as update equations: `w` from its gradient `g`, the learning rate `eta` and the step `t`, from 1 on.

Every row can decay weights: coupled, `g` gains `weight_decay * w` before anything else, so the decay passes through
the optimizer's moments; decoupled, `w` shrinks by `eta * weight_decay * w` (Loshchilov & Hutter 2017, arXiv:1711.05101,
algorithms 1 and 2). Defaults are PyTorch's. Keras aliases stand only where Keras computes the same equations.
Not here: maximizing; the dampening of PyTorch's SGD; second-order methods; optimizers that need the whole gradient.
"""

from symbp.catalog.entry import Entry, Option, StateRow, Variant

_COUPLED = "g = g + weight_decay * w\n"
_DECOUPLED = "w = w - eta * weight_decay * w\n"
_M, _V, _S = StateRow("m"), StateRow("v"), StateRow("s")


def _variant(options: str, equations: str, *states: StateRow) -> Variant:
    return Variant(frozenset(options.split()), equations, states=states)


def _optimizer(
    name: str,
    equations: str,
    summary: str,
    source: str,
    *options: Option,
    states: tuple[StateRow, ...] = (),
    variants: tuple[Variant, ...] = (),
    aliases: tuple[str, ...] = (),
) -> Entry:
    """A row, each of its variants and itself also with decoupled and with coupled weight decay."""
    decay = frozenset({"weight_decay"})
    ways = ((decay | {"decoupled_weight_decay"}, _DECOUPLED), (decay, _COUPLED), (frozenset[str](), ""))
    decaying = tuple(
        Variant(row.options | more, text + row.equations, states=row.states)
        for row in (*variants, Variant(frozenset(), equations, states=states))
        for more, text in ways
        if row.options | more
    )
    return Entry(
        name,
        "optimizer",
        equations,
        summary,
        source,
        options=(*options, _decay(), _DECOUPLES),
        states=states,
        variants=decaying,
        aliases=aliases,
    )


def _learning_rate(default: float) -> Option:
    return Option("learning_rate", default, low=0, summary="eta_0, before the schedule", aliases=("lr",))


def _rate(name: str, default: float, summary: str, *aliases: str) -> Option:
    """A factor in [0, 1)."""
    return Option(name, default, low=0, high=1, high_open=True, summary=summary, aliases=aliases)


def _epsilon(default: float) -> Option:
    return Option("epsilon", default, low=0, summary="keeps the denominator from 0", aliases=("eps",))


def _decay(default: float = 0.0) -> Option:
    return Option("weight_decay", default, low=0, summary="share of w taken away, in units of the learning rate")


_DECOUPLES = Option("decoupled_weight_decay", False, "boolean", summary="decay w itself", needs="weight_decay")
_BETAS = (_rate("beta_1", 0.9, "memory of the mean gradient"), _rate("beta_2", 0.999, "memory of its square"))
_ADAM_OPTIONS = (_learning_rate(0.001), *_BETAS, _epsilon(1e-8))
_HEAVY = (_learning_rate(0.001), _rate("momentum", 0.9, "share of the velocity that is kept", "mu"))

_ACCUMULATOR = StateRow("s", initial="initial_accumulator_value")

_MOMENTUM = "v = momentum * v + g; w = w - eta * v"
_NESTEROV = "v = momentum * v + g; w = w - eta * (g + momentum * v)"
_ADAGRAD = "s = s + g**2; w = w - eta * g / (sqrt(s) + epsilon)"
_ADAGRAD_LR_DECAY = "s = s + g**2; w = w - eta / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + epsilon)"
_ADADELTA = """
s = rho * s + (1 - rho) * g**2
d = sqrt(u + epsilon) / sqrt(s + epsilon) * g
u = rho * u + (1 - rho) * d**2
w = w - eta * d
"""
_RMSPROP = "s = alpha * s + (1 - alpha) * g**2; w = w - eta * g / (sqrt(s) + epsilon)"
_RMSPROP_MOMENTUM = """
s = alpha * s + (1 - alpha) * g**2
v = momentum * v + g / (sqrt(s) + epsilon)
w = w - eta * v
"""
_RMSPROP_CENTERED = """
s = alpha * s + (1 - alpha) * g**2
m = alpha * m + (1 - alpha) * g
w = w - eta * g / (sqrt(s - m**2) + epsilon)
"""
_RMSPROP_BOTH = """
s = alpha * s + (1 - alpha) * g**2
m = alpha * m + (1 - alpha) * g
v = momentum * v + g / (sqrt(s - m**2) + epsilon)
w = w - eta * v
"""
_ADAM = """
m = beta_1 * m + (1 - beta_1) * g
v = beta_2 * v + (1 - beta_2) * g**2
m_hat = m / (1 - beta_1**t)
v_hat = v / (1 - beta_2**t)
w = w - eta * m_hat / (sqrt(v_hat) + epsilon)
"""
_AMSGRAD = """
m = beta_1 * m + (1 - beta_1) * g
v = beta_2 * v + (1 - beta_2) * g**2
u = max(u, v)
m_hat = m / (1 - beta_1**t)
u_hat = u / (1 - beta_2**t)
w = w - eta * m_hat / (sqrt(u_hat) + epsilon)
"""
_NADAM = """
mu = beta_1 * (1 - 0.96**(t * momentum_decay) / 2)
mu_next = beta_1 * (1 - 0.96**((t + 1) * momentum_decay) / 2)
P = P * mu
m = beta_1 * m + (1 - beta_1) * g
v = beta_2 * v + (1 - beta_2) * g**2
m_hat = mu_next * m / (1 - P * mu_next) + (1 - mu) * g / (1 - P)
v_hat = v / (1 - beta_2**t)
w = w - eta * m_hat / (sqrt(v_hat) + epsilon)
"""
_LION = "w = w - eta * sign(beta_1 * m + (1 - beta_1) * g); m = beta_2 * m + (1 - beta_2) * g"

ENTRIES = (
    _optimizer(
        "sgd",
        "w = w - eta * g",
        "stochastic gradient descent; with momentum and nesterov as in the rows of these names",
        "Robbins & Monro, A Stochastic Approximation Method, Annals of Mathematical Statistics 22 (1951)",
        _learning_rate(0.001),
        _rate("momentum", 0.0, "share of the velocity that is kept"),
        Option("nesterov", False, "boolean", summary="look ahead along the velocity", needs="momentum"),
        variants=(_variant("momentum nesterov", _NESTEROV, _V), _variant("momentum", _MOMENTUM, _V)),
        aliases=("optim.SGD",),
    ),
    _optimizer(
        "momentum",
        _MOMENTUM,
        "the heavy ball, in PyTorch's convention: the learning rate multiplies the velocity, not the gradient in it",
        "Polyak, Some methods of speeding up the convergence of iteration methods (1964), eq. 9; torch.optim.SGD",
        *_HEAVY,
        states=(_V,),
    ),
    _optimizer(
        "nesterov",
        _NESTEROV,
        "momentum that looks ahead, in PyTorch's convention",
        "Sutskever, Martens, Dahl, Hinton, On the importance of initialization and momentum (2013), eq. 3-4",
        *_HEAVY,
        states=(_V,),
    ),
    _optimizer(
        "adagrad",
        _ADAGRAD,
        "each weight's rate falls with the squares of its gradients so far",
        "Duchi, Hazan, Singer, Adaptive Subgradient Methods, JMLR 12 (2011)",
        _learning_rate(0.01),
        Option("lr_decay", 0.0, low=0, summary="divides the learning rate by 1 + (t - 1) * lr_decay"),
        Option("initial_accumulator_value", 0.0, low=0, summary="s before the first step"),
        _epsilon(1e-10),
        states=(_ACCUMULATOR,),
        variants=(_variant("lr_decay", _ADAGRAD_LR_DECAY, _ACCUMULATOR),),
        aliases=("optim.Adagrad",),
    ),
    _optimizer(
        "adadelta",
        _ADADELTA,
        "steps in the units of w, from the recent squares of steps and gradients",
        "Zeiler, ADADELTA: An Adaptive Learning Rate Method (2012), arXiv:1212.5701, algorithm 1",
        _learning_rate(1.0),
        _rate("rho", 0.9, "memory of the squares"),
        _epsilon(1e-6),
        states=(_S, StateRow("u")),
        aliases=("optim.Adadelta",),
    ),
    _optimizer(
        "rmsprop",
        _RMSPROP,
        "divides the gradient by its recent root mean square",
        "Tieleman & Hinton, Lecture 6.5 (2012); centered: Graves (2013), arXiv:1308.0850, eq. 38-45",
        _learning_rate(0.01),
        _rate("alpha", 0.99, "memory of the square", "rho"),
        _rate("momentum", 0.0, "share of the velocity that is kept"),
        Option("centered", False, "boolean", summary="subtract the squared mean"),
        _epsilon(1e-8),
        states=(_S,),
        variants=(
            _variant("momentum centered", _RMSPROP_BOTH, _S, _M, _V),
            _variant("centered", _RMSPROP_CENTERED, _S, _M),
            _variant("momentum", _RMSPROP_MOMENTUM, _S, _V),
        ),
        aliases=("optim.RMSprop",),
    ),
    _optimizer(
        "adam",
        _ADAM,
        "momentum over root mean square, both corrected for their start at 0",
        "Kingma & Ba, Adam: A Method for Stochastic Optimization (2014), arXiv:1412.6980, algorithm 1",
        *_ADAM_OPTIONS,
        states=(_M, _V),
        aliases=("optim.Adam",),
    ),
    Entry(
        "adamw",
        "optimizer",
        _DECOUPLED + _ADAM,
        "Adam with decoupled weight decay",
        "Loshchilov & Hutter, Decoupled Weight Decay Regularization (2017), arXiv:1711.05101, algorithm 2",
        options=(*_ADAM_OPTIONS, _decay(0.01)),
        states=(_M, _V),
        aliases=("optim.AdamW",),
    ),
    _optimizer(
        "amsgrad",
        _AMSGRAD,
        "Adam whose rates never rise",
        "Reddi, Kale, Kumar, On the Convergence of Adam and Beyond (2018), arXiv:1904.09237, algorithm 2",
        *_ADAM_OPTIONS,
        states=(_M, _V, StateRow("u")),
    ),
    _optimizer(
        "nadam",
        _NADAM,
        "Adam that looks ahead; P is the product of the momenta so far",
        "Dozat, Incorporating Nesterov Momentum into Adam (2016), algorithm 2; torch.optim.NAdam",
        _learning_rate(0.002),
        *_BETAS,
        _epsilon(1e-8),
        Option("momentum_decay", 0.004, low=0, summary="how fast the momentum approaches beta_1"),
        states=(_M, _V, StateRow("P", (), 1.0)),
        aliases=("optim.NAdam",),
    ),
    _optimizer(
        "lion",
        _LION,
        "steps of one size, in the direction of a sign",
        "Chen et al., Symbolic Discovery of Optimization Algorithms (2023), arXiv:2302.06675, algorithm 2",
        _learning_rate(0.0001),
        _rate("beta_1", 0.9, "memory in the step"),
        _rate("beta_2", 0.99, "memory kept"),
        states=(_M,),
    ),
)
