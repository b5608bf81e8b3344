"""A claim as trees, whichever way it is written."""

from __future__ import annotations

import re

from symbp.audit.latex import read_latex
from symbp.audit.setting import Setting
from symbp.audit.syntax import Statement, read_text

_LATEX = re.compile(r"\\[A-Za-z]|[_^]\{|\^[lL(\[]")


def read_claim(text: str, setting: Setting) -> list[Statement]:
    """The claims that a text states of a setting; FormulaError where it cannot be read."""
    if not _LATEX.search(text):
        return read_text(text)
    numbers = not any(t.axes for t in setting.formula.tensors.values())
    return read_latex(text, max(1, setting.vocabulary.layers), numbers=numbers)
