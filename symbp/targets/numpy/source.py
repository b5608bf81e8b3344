"""Lines of Python, broken as `ruff format` breaks them, so that what is emitted needs no formatter.

Supported: calls, tuples of values, comments and docstring lines, expressions that end with brackets. Operators outside
of these are never broken over lines; whoever writes one keeps it short.
"""

from __future__ import annotations

import math
import re
import symtable
import textwrap
from collections.abc import Iterable, Sequence
from functools import lru_cache

from symbp.forward.network import BATCH
from symbp.program.program import Rows, Size

WIDTH = 120
INDENT = "    "
HEADING = re.compile(r"(\w+)(?:\.\w+)?: ")  # dense_1: x (n, 784), ..., or batch_norm_1.inference: ...
EQUATION = re.compile(r"\S = ")
_ATTRIBUTE = re.compile(r"\.[A-Za-z_]\w*")
_ASSIGNED = re.compile(r"([^=()#]+ [-+*/]?=) ([\w.]+(?:\[[^\]]+\])?)")  # `a += b[:, None]`


def names(code: str | Sequence[str]) -> frozenset[str]:
    """The plain names in statements: no attribute, no keyword of a call, no word of a string or of a comment."""
    text = code if isinstance(code, str) else "\n".join(code)
    return _names(_ATTRIBUTE.sub("", text))  # what is the same in every block that repeats is read once


@lru_cache(maxsize=4096)
def _names(text: str) -> frozenset[str]:
    first = text.lstrip("\n")
    margin = first[: len(first) - len(first.lstrip(" "))]  # of a part of a body, which may hold comments alone
    whole = f"if True:\n{margin}pass\n{text}" if margin else text
    found, tables = set[str](), [symtable.symtable(whole, "statements", "exec")]  # in less time than a tree is made
    while tables:
        table = tables.pop()
        tables += table.get_children()
        found.update(s.get_name() for s in table.get_symbols() if s.is_referenced() or _is_set(s))
    return frozenset(found)


def _is_set(symbol: symtable.Symbol) -> bool:
    """Whether a statement sets it, other than one that defines or imports it."""
    return symbol.is_assigned() and not symbol.is_namespace() and not symbol.is_imported()


def call(head: str, arguments: Sequence[str], depth: int, *, tail: str = "") -> list[str]:
    """`head(arguments)tail` at a depth of indentation: on one line, or the arguments on the next, or one to a line."""
    margin, inner = INDENT * depth, INDENT * (depth + 1)
    line = f"{margin}{head}({', '.join(arguments)}){tail}"
    if len(line) <= WIDTH or not arguments:
        return [line]
    middle = f"{inner}{', '.join(arguments)}"
    if len(middle) <= WIDTH:
        return [f"{margin}{head}(", middle, f"{margin}){tail}"]
    return [f"{margin}{head}(", *(f"{inner}{a}," for a in arguments), f"{margin}){tail}"]


def outdented(code: Iterable[str], depth: int) -> list[str]:
    """Lines that were broken as they stand at a depth of indentation, for a template that indents them."""
    return [line.removeprefix(INDENT * depth) for line in code]


def bracketed(line: str, depth: int, *, tail: str = "") -> list[str]:
    """A line at a depth of indentation; where it is long, what its last brackets hold on a line of its own."""
    margin, inner = INDENT * depth, INDENT * (depth + 1)
    if len(margin + line + tail) <= WIDTH:
        return [margin + line + tail]
    if not line.endswith((")", "]")):
        raise ValueError(f"no brackets at the end of a line of {len(line)} characters: {line}")
    open_at, unmatched = len(line), 0
    while unmatched or open_at == len(line):
        open_at -= 1
        unmatched += {")": 1, "]": 1, "(": -1, "[": -1}.get(line[open_at], 0)
    return [f"{margin}{line[: open_at + 1]}", f"{inner}{line[open_at + 1 : -1]}", f"{margin}{line[-1]}{tail}"]


def assigned(line: str, depth: int) -> list[str]:
    """A line at a depth of indentation; where it is long and assigns an array, or a part of one, that in brackets."""
    margin, inner = INDENT * depth, INDENT * (depth + 1)
    parts = _ASSIGNED.fullmatch(line)
    if len(margin + line) <= WIDTH or not parts:
        return [margin + line]
    return [f"{margin}{parts[1]} (", f"{inner}{parts[2]}", f"{margin})"]


def rows(head: str, entries: Sequence[str], depth: int = 0) -> list[str]:
    """`head(` with one entry to a line, each with its comma: a tuple that stays a column."""
    margin, inner = INDENT * depth, INDENT * (depth + 1)
    return [f"{margin}{head}(", *(f"{inner}{entry}," for entry in entries), f"{margin})"]


def comment(text: str, depth: int, *, hanging: str = "") -> list[str]:
    """`# text`, continued on further comment lines where it is long; `hanging` indents those."""
    lead = f"{INDENT * depth}# "
    wrapped = textwrap.wrap(
        text,
        WIDTH - len(lead),
        subsequent_indent=hanging,
        break_long_words=True,
        break_on_hyphens=False,
    )
    return [(lead + line).rstrip() for line in wrapped]


def remark(text: str, depth: int) -> list[str]:
    """A comment on a statement's code, which cannot be taken for an equation or a block's heading.

    Raises `ValueError` for one that could.
    """
    if HEADING.match(text) or EQUATION.search(text) or text.startswith("("):
        raise ValueError(f"reads as an equation or as a heading: {text}")
    return comment(text, depth)


def noted(code: Sequence[str], why: str, depth: int) -> list[str]:
    """Lines of code with a comment: at the end of the only one where it fits, else above them."""
    if why and len(code) == 1 and len(f"{code[0]}  # {why}") <= WIDTH:
        return [f"{code[0]}  # {why}"]
    return [*remark(why, depth), *code]


def paragraph(text: str, depth: int = 0, *, hanging: str = "") -> list[str]:
    """Lines of a docstring."""
    margin = INDENT * depth
    return textwrap.wrap(text, WIDTH, initial_indent=margin, subsequent_indent=margin + hanging, break_on_hyphens=False)


def literal(text: str) -> str:
    """A string of a user as Python source, in double quotes where `repr` does not need single ones."""
    plain = repr(text)
    return plain if '"' in text or plain[0] == '"' else f'"{plain[1:-1]}"'


def size(dim: Size | str) -> str:
    """A size as Python writes it: `n`, `512`, `min(128, n)`."""
    return f"min({dim.most}, {BATCH})" if isinstance(dim, Rows) else str(dim)


def shape(dims: Sequence[Size | str]) -> str:
    """A shape as Python writes it: `(n, 512)`, `(512,)`, `()`."""
    if len(dims) == 1:
        return f"({size(dims[0])},)"
    return f"({', '.join(map(size, dims))})"


def transposed(order: tuple[int, ...]) -> str:
    """What follows an array for its axes in this order: `.T`, `.transpose(0, 2, 1)`, or nothing."""
    if order == tuple(range(len(order))):
        return ""
    return ".T" if order == (1, 0) else f".transpose{order}"


def span(start: str, stop: str) -> str:
    """`start:stop` in an index, either of which may be empty, as formatters write it: `: n * 5`, `2:4`."""
    colon = " : " if " " in start + stop else ":"
    return f"{start}{colon}{stop}".strip()


def product(sizes: Iterable[Size | str]) -> str:
    """How many numbers axes of these sizes hold: `n * 5`."""
    return " * ".join(text for text in map(size, sizes) if text != "1") or "1"


def bound(value: float) -> str:
    """The end of an interval in Python."""
    return repr(value) if math.isfinite(value) else "math.inf" if value > 0 else "-math.inf"


def assignment(targets: Sequence[str], values: Sequence[str], depth: int) -> list[str]:
    """`a, b = x, y` where that fits on a line, else an assignment for each; nothing for no targets."""
    if not targets:
        return []
    margin = INDENT * depth
    line = f"{margin}{', '.join(targets)} = {', '.join(values)}"
    if len(line) <= WIDTH:
        return [line]
    return [f"{margin}{target} = {value}" for target, value in zip(targets, values, strict=True)]
