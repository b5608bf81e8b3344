"""LaTeX of a claim as tokens, and a place in them that moves on.

Commands that only set type are left out, and words for the same sign made one.
"""

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


class Cursor:
    """A place in the tokens of a text."""

    def __init__(self, found: list[str], text: str) -> None:
        self.found = found
        self.text = text
        self.place = 0

    def group_at(self, place: int) -> list[str]:
        if place >= len(self.found) or self.found[place] != "{":
            return self.found[place : place + 1]
        level, end = 0, place
        while end < len(self.found):
            level += (self.found[end] == "{") - (self.found[end] == "}")
            if level == 0:
                break
            end += 1
        return self.found[place + 1 : end]

    def error(self, message: str) -> FormulaError:
        return FormulaError(message, self.text)

    def peek(self, offset: int = 0) -> str:
        return self.found[self.place + offset] if self.place + offset < len(self.found) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise self.error(f"expected `{expected or 'more'}`, got `{token or 'the end'}`")
        self.place += 1
        return token

    def accept(self, token: str) -> bool:
        if self.peek() != token:
            return False
        self.place += 1
        return True

    def script(self) -> list[str]:
        """The tokens of a subscript or a superscript."""
        inside = self.group_at(self.place)
        self.place += len(inside) + (2 if self.peek() == "{" else 0)
        while inside[:1] == ["{"] and inside[-1:] == ["}"]:  # ^{\mathsf{T}}
            inside = inside[1:-1]
        return inside

    def has_indices(self) -> bool:
        """Whether any quantity has letters as a subscript; those under a sum or an indicator are none."""
        for place, token in enumerate(self.found):
            before = self.found[place - 1] if place else ""
            bare = before in (r"\sum", r"\nabla", "1") or self.is_indicator(place)
            if token == "_" and not bare and any(t.isalpha() and t not in "lL" for t in self.group_at(place + 1)):
                return True
        return False

    def is_indicator(self, place: int) -> bool:
        return self.found[max(0, place - 4) : place] == [r"\mathbb", "{", "1", "}"]
