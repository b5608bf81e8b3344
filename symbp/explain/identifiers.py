"""Identifiers taken apart for the page: `beta_1` is a beta with subscript 1, `j'` a primed j, `m_hat` an m with a hat.

A word stays whole: `label_smoothing` is one name, not a label with a subscript.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
SPELLINGS = {"eps": "epsilon", "lam": "lambda", "lambda_": "lambda"}
ACCENTS = ("hat", "bar", "tilde")


@dataclass(frozen=True)
class Parts:
    """`root` is a letter, the name of a Greek letter, or a word."""

    root: str
    subscript: str = ""
    accent: str = ""
    primes: int = 0

    @property
    def is_letter(self) -> bool:
        """True for one letter, with primes or without, and nothing else."""
        return (len(self.root) == 1 or self.root in GREEK) and not self.subscript and not self.accent


@cache
def parts(identifier: str) -> Parts:
    """The parts of an identifier: letters, then digits or words after an underscore, then primes."""
    bare = identifier.rstrip("'")
    primes = len(identifier) - len(bare)
    root, _, subscript = SPELLINGS.get(bare, bare).partition("_")
    if len(root) > 1 and root not in GREEK and root not in SPELLINGS:
        root, subscript = bare, ""
    accent = ""
    if subscript.partition("_")[0] in ACCENTS:
        accent, _, subscript = subscript.partition("_")
    digits = re.fullmatch(r"([A-Za-z]+)([0-9]+)", root)
    if digits:
        root, subscript = digits[1], f"{digits[2]}_{subscript}".rstrip("_")
    return Parts(SPELLINGS.get(root, root), subscript, accent, primes)
