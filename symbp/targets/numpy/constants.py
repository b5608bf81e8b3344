"""Numbers that operations read, as arrays of the module's dtype: `ws.one`, `ws.half`, `ws.one_over_n`.

NumPy converts a Python number in every call, which takes as long as the arithmetic on a few hundred numbers; an array
without axes it takes as it is. Only short numbers have a name: `0.044715` stays where it is read.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

import sympy as sp

from symbp.forward.network import BATCH, Dim

WORDS = ("zero", "one", "two", "three", "four", "five", "six")
PLURALS = {"half": "halves", "six": "sixes"}  # of others with an s
BOUNDS = {  # of the dtype, in scalars of a program: how each is computed, and what it is for
    "log_max": (
        "np.nextafter(np.log(np.finfo(dtype).max), np.float32(0))",  # rounded down: its exponential is finite
        "exp of more overflows",
    ),
    "sqrt_max": ("np.sqrt(np.finfo(dtype).max) / 2", "the square of more overflows"),
}


@lru_cache(maxsize=4096)
def named(value: sp.Expr) -> tuple[str, str] | None:
    """The name of a number and how it is computed: `("one_over_4_n", "1 / (4 * n)")`; None for a long one."""
    if str(value) in BOUNDS:
        return str(value), BOUNDS[str(value)][0]
    number, rest = value.as_coeff_Mul()
    batches = rest.is_Pow and rest.exp == -1 and str(rest.base) == "N"
    if not isinstance(number, sp.Rational) or abs(number.p) >= len(WORDS) or not (rest == 1 or batches):
        return None
    minus = ("minus_", "-") if number < 0 else ("", "")
    above, below = abs(number.p), [*([] if number.q == 1 else [str(number.q)]), *(["n"] if batches else [])]
    word, text = minus[0] + WORDS[above], f"{minus[1]}{above}"
    if not below:
        return word, text
    if (above, below) == (1, ["2"]):
        return f"{minus[0]}half", f"{minus[1]}0.5"
    product = " * ".join(below)
    return f"{word}_over_{'_'.join(below)}", f"{text} / {product if len(below) == 1 else f'({product})'}"


def plural(name: str) -> str:
    """The name of many of a number: `ones_over_4_n` of `one_over_4_n`."""
    return re.sub("|".join((*WORDS, "half")), lambda word: PLURALS.get(word[0], f"{word[0]}s"), name, count=1)


def is_share(value: sp.Expr, shape: tuple[Dim, ...]) -> bool:
    """Whether a sum over these axes, times the number, is a mean."""
    below = 1 / value
    number, batches = below.as_coeff_Mul()
    counted = math.prod(int(dim) for dim in shape if dim != BATCH)
    return number == counted and str(batches) == ("N" if BATCH in shape else "1")
