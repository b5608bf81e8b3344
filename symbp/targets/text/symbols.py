"""The Unicode characters and the words of functions, signs and operators, by their names in written mathematics."""

from __future__ import annotations

SUBSCRIPTS = dict(zip("0123456789aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True)) | {"'": "′"}
SUPERSCRIPTS = dict(zip("0123456789()-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁻", strict=True))
FUNCTIONS = {"logistic": "σ", "asin": "arcsin", "acos": "arccos", "atan": "arctan"}
SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "=": "=", "!=": "≠"}
LINE_SIGNS = {"=": "=", "<-": "←", "in": "∈"}
GLYPHS = {"+": "+", "-": "−", "*": "·", "@": "·", "⊙": "⊙", "(": "(", ")": ")", "/": "/"}
PRODUCTS = {"numbers": " · ", "matrices": "·", "elementwise": " ⊙ "}
BLANK = "_" * 12
OPERATORS = {"sum": "Σ", "max": "max", "argmax": "argmax"}
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}
