"""LaTeX of a claim as tokens: commands that only set type are left out, words for the same sign made one."""

from __future__ import annotations

import re

from symbp.formula.grammar import FormulaError

_WORD = r"\\(?:operatorname|text|mathrm|textrm|textsf|mathit)\s*\{\s*([A-Za-z]{2,})\s*\}"
_FONT = re.compile(
    r"\\(?:mathbf|boldsymbol|bm|mathcal|mathscr|mathrm|mathsf|mathit|vec|text)\s*\{\s*(\\[A-Za-z]+|[A-Za-z])\s*\}"
)
_TOKEN = re.compile(_WORD + r"|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|[A-Za-z]|[^\s]")
IGNORED = frozenset({
    r"\left", r"\right", r"\big", r"\Big", r"\bigg", r"\Bigg", r"\bigl", r"\bigr", r"\Bigl", r"\Bigr", r"\biggl",
    r"\biggr", r"\displaystyle", r"\textstyle", r"\limits", r"\,", r"\;", r"\:", r"\!", "\\ ", r"\quad", r"\qquad",
    r"\mathbf", r"\mathcal", r"\mathscr", r"\boldsymbol", r"\bm", r"\vec", r"\mathrm", r"\mathsf", r"\mathit", r"\text",
    r"\operatorname", r"\nonumber", "~", "&", "$",
})  # fmt: skip
SAME = {
    r"\top": "T", r"\intercal": "T", r"\ast": r"\odot", r"\circ": r"\odot", r"\times": r"\cdot", "*": r"\cdot",
    "·": r"\cdot", "⊙": r"\odot", "−": "-", r"\lbrace": "{", r"\{": "(", r"\}": ")", r"\lbrack": "[", r"\rbrack": "]",
    r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\ge": r"\geq", r"\le": r"\leq", r"\prime": "'", "∂": r"\partial",
    "∇": r"\nabla", "δ": r"\delta", "σ": r"\sigma", "′": "'", "ŷ": "yhat", r"\ln": r"\log", "⊤": "T", "ᵀ": "T",
    r"\ell": "l", r"\varphi": r"\phi", r"\mathbbm": r"\mathbb", r"\gt": ">", r"\lt": "<",
}  # fmt: skip


def tokens(text: str) -> list[str]:
    """The tokens of a text; FormulaError for signs that are none."""
    found = []
    for match in _TOKEN.finditer(_FONT.sub(r" \1 ", text)):
        token = match[1].lower() if match[1] else SAME.get(match[0], match[0])
        if token in IGNORED:
            continue
        if not token.isascii():
            raise FormulaError(f"{token!r} is not part of the LaTeX that is read", text)
        found.append(token)
    return found
