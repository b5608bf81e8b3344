"""Independent references for every row of the catalog: PyTorch where it is installed and has the function, and JAX.

    ACTIVATIONS   symbp's name -> Reference   (this file)
    LOSSES        symbp's name -> LossReference                     tests/references_losses.py
    OPTIMIZERS    symbp's name -> OptimizerReference                tests/references_optimizers.py
    SCHEDULES, INITIALIZERS, CLIPPING, PENALTIES                    tests/references_training.py

A reference is a plain function of arrays, called with the options and parameters of a case by keyword. None of them
is read from the catalog: a wrong formula there cannot agree with itself here.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

torch: Any = importlib.import_module("torch") if importlib.util.find_spec("torch") else None
F: Any = torch.nn.functional if torch else None

Case = Mapping[str, Any]
Arrays = dict[str, Any]


def pulled(
    function: Callable[[Arrays], Any], given: Mapping[str, Any], cotangent: Callable[[tuple[int, ...]], Any]
) -> tuple[np.ndarray, np.ndarray, Arrays]:
    """The function's value by JAX, a cotangent of its shape, and what that is pulled back to.

    Compiled as a whole: a step at a time, JAX compiles each operation on its own, and holds them all.
    """

    def both(arrays: Arrays, of_value: Any) -> tuple[Any, Arrays]:
        value, pull = jax.vjp(function, arrays)
        return value, pull(of_value)[0]

    held = {name: jnp.asarray(array) for name, array in given.items()}
    of_value = np.asarray(cotangent(jax.eval_shape(function, held).shape))
    value, gradients = jax.jit(both)(held, of_value)
    return np.asarray(value), of_value, {name: np.asarray(gradient) for name, gradient in gradients.items()}


@dataclass(frozen=True)
class Reference:
    """How an activation must behave.

    `cases` are options and parameters to try, the first with defaults where there are any; `kinks` are the points
    where the derivative jumps in the first case, with PyTorch's derivative there; `finite` says whether value and
    derivative are finite at -1e4 and at 1e4; `axis` marks what mixes entries of the last axis, `width` its length.
    """

    torch: Callable[..., Any]
    jax: Callable[..., Any]
    kinks: tuple[tuple[float, float], ...] = ()
    cases: tuple[Case, ...] = ({},)
    low: float = -6.0
    high: float = 6.0
    finite: tuple[bool, bool] = (True, True)
    axis: bool = False
    width: int = 6

    def away_from_kinks(self, case: Case) -> tuple[float, ...]:
        """Points that samples keep away from, in this case."""
        if "lambd" in case:
            return (-case["lambd"], case["lambd"])
        if "threshold" in case:
            return (case["threshold"],)
        if "min_val" in case or "max_val" in case:
            return (case.get("min_val", -1.0), case.get("max_val", 1.0))
        return tuple(point for point, _ in self.kinks)


def _per_channel(z: Any, alpha: Any) -> Any:
    return jnp.where(z > 0, z, z * (alpha if alpha.ndim == 0 else alpha.reshape(1, -1, *[1] * (z.ndim - 2))))


ACTIVATIONS: dict[str, Reference] = {
    "identity": Reference(lambda z: 1 * z, lambda z: z),
    "relu": Reference(lambda z: F.relu(z), jax.nn.relu, kinks=((0.0, 0.0),)),
    "leaky_relu": Reference(
        lambda z, negative_slope=0.01: F.leaky_relu(z, negative_slope),
        lambda z, negative_slope=0.01: jax.nn.leaky_relu(z, negative_slope),
        kinks=((0.0, 0.01),),
        cases=({}, {"negative_slope": 0.3}),
    ),
    "prelu": Reference(
        lambda z, alpha, per_channel=False: F.prelu(z, alpha if per_channel else alpha.reshape(1)),
        lambda z, alpha, per_channel=False: _per_channel(z, alpha),
        kinks=((0.0, 0.25),),
        cases=({"alpha": 0.25}, {"per_channel": True, "alpha": (0.25, -0.5, 0.0, 1.5, 0.1, 0.7)}),
    ),
    "elu": Reference(
        lambda z, alpha=1.0: F.elu(z, alpha),
        lambda z, alpha=1.0: jax.nn.elu(z, alpha),
        kinks=((0.0, 1.0),),
        cases=({}, {"alpha": 0.5}),
    ),
    "selu": Reference(lambda z: F.selu(z), jax.nn.selu, kinks=((0.0, 1.7580993408473766),)),
    "celu": Reference(
        lambda z, alpha=1.0: F.celu(z, alpha),
        lambda z, alpha=1.0: jax.nn.celu(z, alpha),
        kinks=((0.0, 1.0),),
        cases=({}, {"alpha": 2.0}),
    ),
    "normal_cdf": Reference(lambda z: torch.special.ndtr(z), jax.scipy.stats.norm.cdf),
    "gelu": Reference(lambda z: F.gelu(z), lambda z: jax.nn.gelu(z, approximate=False)),
    "gelu_tanh": Reference(lambda z: F.gelu(z, approximate="tanh"), lambda z: jax.nn.gelu(z, approximate=True)),
    "sigmoid": Reference(lambda z: torch.sigmoid(z), jax.nn.sigmoid),
    "log_sigmoid": Reference(lambda z: F.logsigmoid(z), jax.nn.log_sigmoid),
    "hard_sigmoid": Reference(  # PyTorch's hardsigmoid has a gradient of 1/6 in single precision
        lambda z: F.relu6(z + 3) / 6, jax.nn.hard_sigmoid, kinks=((-3.0, 0.0), (3.0, 0.0))
    ),
    "silu": Reference(lambda z: F.silu(z), jax.nn.silu),
    "swish_beta": Reference(
        lambda z, beta: z * torch.sigmoid(beta * z),
        lambda z, beta: z * jax.nn.sigmoid(beta * z),
        cases=({"beta": 1.0}, {"beta": 1.7}),
    ),
    "mish": Reference(lambda z: F.mish(z), jax.nn.mish),
    "tanh": Reference(lambda z: torch.tanh(z), jnp.tanh),
    "hard_tanh": Reference(
        lambda z, min_val=-1.0, max_val=1.0: F.hardtanh(z, min_val, max_val),
        lambda z, min_val=-1.0, max_val=1.0: jnp.clip(z, min_val, max_val),
        kinks=((-1.0, 0.0), (1.0, 0.0)),
        cases=({}, {"min_val": -2.0, "max_val": 0.5}),
    ),
    "tanhshrink": Reference(lambda z: F.tanhshrink(z), lambda z: z - jnp.tanh(z)),
    "softplus": Reference(
        lambda z, beta=1.0: F.softplus(z, beta),
        lambda z, beta=1.0: jax.nn.softplus(beta * z) / beta,
        cases=({}, {"beta": 2.5}),
    ),
    "softsign": Reference(lambda z: F.softsign(z), jax.nn.soft_sign, kinks=((0.0, 1.0),)),
    "softshrink": Reference(
        lambda z, lambd=0.5: F.softshrink(z, lambd),
        lambda z, lambd=0.5: jnp.sign(z) * jnp.maximum(jnp.abs(z) - lambd, 0),
        kinks=((-0.5, 0.0), (0.5, 0.0)),
        cases=({}, {"lambd": 1.5}),
    ),
    "hardshrink": Reference(
        lambda z, lambd=0.5: F.hardshrink(z, lambd),
        lambda z, lambd=0.5: z * (jnp.abs(z) > lambd),
        kinks=((-0.5, 0.0), (0.5, 0.0)),
        cases=({}, {"lambd": 1.5}),
    ),
    "relu6": Reference(lambda z: F.relu6(z), jax.nn.relu6, kinks=((0.0, 0.0), (6.0, 0.0)), low=-3.0, high=9.0),
    "hard_swish": Reference(lambda z: F.hardswish(z), jax.nn.hard_swish, kinks=((-3.0, 0.0), (3.0, 1.0))),
    "squareplus": Reference(
        lambda z, b=4.0: (z + torch.sqrt(z.square() + b)) / 2,
        lambda z, b=4.0: jax.nn.squareplus(z, b),
        cases=({}, {"b": 1.0}),
    ),
    "sine": Reference(
        lambda z, omega=1.0: torch.sin(omega * z), lambda z, omega=1.0: jnp.sin(omega * z), cases=({}, {"omega": 3.0})
    ),
    "exp": Reference(lambda z: torch.exp(z), jnp.exp, finite=(True, False)),
    "gaussian": Reference(lambda z: torch.exp(-z.square()), lambda z: jnp.exp(-(z**2))),
    "softmax": Reference(lambda z: F.softmax(z, -1), lambda z: jax.nn.softmax(z, -1), axis=True),
    "log_softmax": Reference(lambda z: F.log_softmax(z, -1), lambda z: jax.nn.log_softmax(z, -1), axis=True),
    "threshold": Reference(
        lambda z, threshold, value: F.threshold(z, threshold, value),
        lambda z, threshold, value: jnp.where(z > threshold, z, value),
        kinks=((1.0, 0.0),),
        cases=({"threshold": 1.0, "value": 0.5}, {"threshold": -2.0, "value": 3.0}),
    ),
    "glu": Reference(lambda z: F.glu(z, -1), lambda z: jax.nn.glu(z, -1), axis=True),
}
