"""Array libraries that the slow evaluator runs on: NumPy, mpmath at a chosen precision, JAX, PyTorch.

A backend holds numbers only. Index arithmetic is always NumPy's, so autodiff sees nothing but the formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

Array = Any  # an array of the backend's library


@dataclass(frozen=True)
class Backend:
    """What the evaluator needs of an array library. `functions` are elementwise, by the name of the SymPy node."""

    name: str
    functions: dict[str, Callable[..., Array]]
    array: Callable[[Any], Array]  # from NumPy or a number
    where: Callable[[Any, Array, Array], Array]
    total: Callable[[Array, tuple[int, ...]], Array]
    largest: Callable[[Array, tuple[int, ...]], Array]
    take: Callable[[Array, tuple[np.ndarray, ...]], Array]
    power: Callable[[Array, Any], Array]
    solve: Callable[[Array, Array], Array]  # stacks of systems: (..., n, n) and (..., n, 1)
    determinant: Callable[[Array], Array]  # of stacks of matrices
    to_numpy: Callable[[Array], np.ndarray]
    stack: Callable[[list[Array], int], Array] = np.stack
    number: Callable[[Any], Any] = float  # from a finite SymPy number


def numpy_backend(dtype: Any = np.float64) -> Backend:
    """NumPy in the given dtype; complex dtypes serve the complex step."""
    functions: dict[str, Callable[..., Any]] = {
        **{name: getattr(np, name) for name in _SHARED},
        "Abs": np.abs,
        "sign": np.sign,
        "erf": _erf(),
        "floor": np.floor,
        "asin": np.arcsin,
        "acos": np.arccos,
        "atan": np.arctan,
        **_SAME,
        "logistic": lambda x: np.where(x >= 0, 1.0, np.exp(np.minimum(x, 0))) / (1 + np.exp(-np.abs(x))),
        "softplus": lambda x: np.logaddexp(0, x),
    }
    return Backend(
        "numpy",
        functions,
        lambda value: np.asarray(value, dtype),
        np.where,
        lambda value, axes: np.sum(value, axis=axes),
        lambda value, axes: np.max(value, axis=axes),
        lambda value, places: value[places],
        pow,
        np.linalg.solve,
        np.linalg.det,
        np.asarray,
    )


def _erf() -> Callable[..., Any]:
    """SciPy's, which takes complex numbers too; where it is not installed, Python's own, number by number."""
    if find_spec("scipy") is None:
        return np.vectorize(math.erf, otypes=[np.float64])
    from scipy.special import erf

    return erf  # type: ignore[no-any-return]


_SAME: dict[str, Callable[..., Any]] = {"stop": lambda x: x}
ENDLESS = 10**7  # an exponent beyond which numbers count as infinite: their digits would be computed for ever
_GROWING = ("exp", "expm1", "sinh", "cosh", "tanh", "sin", "cos", "tan", "erf")  # hard at large arguments
_SHARED = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "expm1", "log1p")


def mpmath_backend(digits: int = 50, endless: int = ENDLESS) -> Backend:
    """Object arrays of mpmath numbers. The caller sets the working precision with `mpmath.workdps(digits)`.

    Exponents beyond `endless` count as infinite.
    """
    import mpmath

    def each(function: Callable[..., Any]) -> Callable[..., Any]:
        vectorized = np.frompyfunc(function, 1, 1)
        return lambda value: np.asarray(vectorized(value), object)

    def bounded(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x: function(x if abs(x) < endless else mpmath.sign(x) * mpmath.inf)

    names = (*_SHARED, "erf", "floor", "asin", "acos", "atan", "sign")
    functions = {name: each((bounded if name in _GROWING else lambda f: f)(getattr(mpmath, name))) for name in names}
    functions["Abs"] = each(abs)
    functions |= _SAME
    functions["logistic"] = each(lambda x: 1 / (1 + bounded(mpmath.exp)(-x)))
    functions["softplus"] = each(lambda x: x if x > endless else mpmath.log1p(bounded(mpmath.exp)(x)))

    def power(base: Any, exponent: Any) -> Any:
        try:
            if base and abs(exponent * mpmath.log(abs(base))) > endless:
                return base ** (mpmath.sign(exponent) * mpmath.inf)
            return base**exponent
        except ZeroDivisionError:  # as in floating point: 1/0 is infinite
            return mpmath.inf

    number = np.frompyfunc(
        lambda v: mpmath.mpf(float(v)) if isinstance(v, float | np.floating) else mpmath.mpf(v), 1, 1
    )
    return Backend(
        f"mpmath, {digits} digits",
        functions,
        lambda value: np.asarray(number(np.asarray(value, object)), object),
        np.where,
        lambda value, axes: np.asarray(np.sum(value, axis=axes), object),
        lambda value, axes: np.asarray(np.max(value, axis=axes), object),
        lambda value, places: value[places],
        lambda base, exponent: np.asarray(np.frompyfunc(power, 2, 1)(base, exponent), object),
        lambda matrices, right: _one_by_one(lambda k: mpmath.lu_solve(mpmath.matrix(matrices[k]), right[k]), right),
        lambda matrices: _one_by_one(lambda k: mpmath.det(mpmath.matrix(matrices[k])), matrices[..., :1, :1])[
            ..., 0, 0
        ],
        lambda value: np.asarray(value, object),
        number=lambda node: mpmath.mpf(node.evalf(mpmath.mp.dps + 5)._mpf_),
    )


def _one_by_one(result: Callable[[tuple[int, ...]], Any], like: np.ndarray) -> np.ndarray:
    """The results for each matrix of a stack, in an array with the shape of `like`."""
    found = np.empty(like.shape, object)
    for k in np.ndindex(like.shape[:-2]):
        try:
            found[k] = np.asarray(result(k), object).reshape(like.shape[-2:])
        except ZeroDivisionError:
            raise np.linalg.LinAlgError("singular matrix") from None
    return found


def jax_backend() -> Backend:
    """JAX on float64; differentiable by `jax.grad`."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    functions: dict[str, Callable[..., Any]] = {
        **{name: getattr(jnp, name) for name in _SHARED},
        "Abs": jnp.abs,
        "sign": jnp.sign,
        "erf": jax.scipy.special.erf,
        "floor": jnp.floor,
        "asin": jnp.arcsin,
        "acos": jnp.arccos,
        "atan": jnp.arctan,
        "stop": jax.lax.stop_gradient,
        "logistic": jax.nn.sigmoid,
        "softplus": jax.nn.softplus,
    }
    return Backend(
        "jax",
        functions,
        lambda value: jnp.asarray(value, jnp.float64),
        jnp.where,
        lambda value, axes: jnp.sum(value, axis=axes),
        lambda value, axes: jnp.max(value, axis=axes),
        lambda value, places: value[places],
        pow,
        jnp.linalg.solve,
        jnp.linalg.det,
        np.asarray,
        jnp.stack,
    )


def torch_backend() -> Backend:
    """PyTorch on float64; differentiable by `torch.autograd`."""
    import torch

    functions: dict[str, Callable[..., Any]] = {
        **{name: getattr(torch, name) for name in _SHARED},
        "Abs": torch.abs,
        "sign": torch.sign,
        "erf": torch.erf,
        "floor": torch.floor,
        "asin": torch.asin,
        "acos": torch.acos,
        "atan": torch.atan,
        "stop": torch.Tensor.detach,
        "logistic": torch.sigmoid,
        "softplus": torch.nn.functional.softplus,
    }
    return Backend(
        "torch",
        functions,
        lambda value: torch.as_tensor(value, dtype=torch.float64),
        lambda condition, yes, no: torch.where(torch.as_tensor(condition), yes, no),
        lambda value, axes: torch.sum(value, dim=axes) if axes else value,
        lambda value, axes: torch.amax(value, dim=axes),
        lambda value, places: value[tuple(torch.as_tensor(p) for p in places)],
        pow,
        torch.linalg.solve,
        torch.linalg.det,
        lambda value: value.detach().numpy(),
        torch.stack,
    )
