"""An expression as a person types it, in the signs of the language.

    x'*A  x^T*A  xᵀ*A     x.T*A          x^2  x²           x**2
    λ * w   lambda * w    lambda_ * w    A ⊙ B  a · b      A*B

`lambda` is a word of Python, where such names have an underscore behind them (PEP 8).
"""

from __future__ import annotations

import re
import unicodedata

_SIGNS = str.maketrans({"⊙": "*", "∘": "*", "·": "*", "×": "*", "−": "-", "²": "**2", "³": "**3", "′": "'", "’": "'"})
_TRANSPOSED = re.compile(r"\s*(?:\^\s*(?:T|⊤|\{\s*T\s*\}|\{\s*⊤\s*\})|ᵀ|⊤)(?!\w)")
_STROKE = re.compile(r"(?<=[\w)\]])'(?![\w('])")
_QUOTED = re.compile(r"(?<![\w)\]'])'")  # a stroke that opens a text
_BRACES = re.compile(r"\^\s*\{([^{}]*)\}")
_LAMBDA = re.compile(r"\blambda\b(?![^()]*:)")


def as_typed(text: str) -> str:
    """The text with transposes as `.T`, powers as `**`, products by elements as `*`, and Greek letters as names."""
    text = _TRANSPOSED.sub(".T", text)
    text = "".join(map(_letter, text.translate(_SIGNS)))
    text = text if _QUOTED.search(text) else _STROKE.sub(".T", text)
    text = _BRACES.sub(r"^(\1)", text).replace("^", "**")
    return _LAMBDA.sub("lambda_", text)


def _letter(sign: str) -> str:
    """A Greek letter's name, and any other sign itself."""
    greek = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)", unicodedata.name(sign, ""))
    if not greek:
        return sign
    name = greek[2].lower().replace("lamda", "lambda")
    return name if greek[1] == "SMALL" else name.capitalize()
