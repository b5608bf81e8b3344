r"""What LaTeX needs for a language: packages, what stands after a step's rule, the engines that can set it.

Chinese is set by ctex in the Fandol fonts, both in TeX Live (texlive-lang-chinese), which needs XeLaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")  # characters and their punctuation


@dataclass(frozen=True)
class Setting:
    """How a language is set.

    `preamble` are lines before all packages; `step` what ends a step's rule in its macro; `margin` how lines end.
    """

    engines: tuple[str, ...]
    preamble: tuple[str, ...]
    step: tuple[str, str]
    margin: str
    chinese: bool = False


SETTINGS: Mapping[str, Setting] = {
    "en": Setting(
        ("lualatex", "xelatex", "pdflatex"),
        (),
        (".", r"\enspace"),
        r"\raggedright",
    ),
    "zh": Setting(
        ("xelatex",),
        ("% !TEX program = xelatex", r"\usepackage[scheme=plain,fontset=fandol]{ctex}", r"\linespread{1.25}"),
        ("", "："),
        r"\emergencystretch=4em",
        chinese=True,
    ),
}
