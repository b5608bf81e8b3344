"""What a formula is called in a language: a row's name, and what sets its variants apart put into words.

    conv2d without bias of rank 4
    softmax of rank 3 into softmax_cross_entropy with weight of rank 3

The names are put together where formulas are read (`symbp.forward.rows`) and joined (`symbp.derive.seam`); those of
rows hold no spaces. A name of another form stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from symbp.explain.words.language import Language

_SEVERAL = r"(\w+(?: and \w+)*)"
QUALIFIERS: Mapping[str, str] = {
    "inference": "in inference",
    "step": "after a step",
    "with": f"with {_SEVERAL}",
    "without": f"without {_SEVERAL}",
    "summed": "summed",
    "rank": f"of rank {_SEVERAL}",
    "becomes": r"to rank (\d+)",
    "of": r"of (\d+)",
    "computed": "of a computed target",
    "axis": r"at axis (-?\d+)",
    "order": r"to (\([\d, ]*\))",
    "weighted": "weighted",
}
_NEXT = re.compile("|".join(f"(?P<{kind}> {pattern}(?= |$))" for kind, pattern in QUALIFIERS.items()))


def called(name: str, language: Language) -> str:
    """The formula's name in the language."""
    whole, *others = (_qualified(part, language) for part in name.split(" into "))
    for other in others:
        whole = language.text("name.into", first=whole, second=other)
    return whole


def _qualified(name: str, language: Language) -> str:
    base, space, _ = name.partition(" ")
    at, said = len(base), list[str]()
    while found := _NEXT.match(name, at):
        kind, at = str(found.lastgroup), found.end()
        said.append(_said(kind, name[found.start() + 1 : at], language))
    if not space or at < len(name):
        return name
    qualifiers = language.text("name.between").join(said)
    return language.text("name.qualified", name=base, qualifiers=qualifiers)


def _said(kind: str, text: str, language: Language) -> str:
    found = re.fullmatch(QUALIFIERS[kind], text)
    groups = found.groups() if found else ()
    if not groups:
        return language.text(f"name.{kind}")
    what = "".join(map(str, language.listed(str(groups[0]).split(" and "))))
    return language.text(f"name.{kind}", what=what)
