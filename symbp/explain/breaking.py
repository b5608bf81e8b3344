"""Long formulas broken into lines: at operators, the outermost first, continued lines indented by nesting.

What is too wide is opened: a sum into its terms, a product into its factors, a fraction into a division, an operator
or a function from its argument. A piece that cannot be opened (an element, cases) stays whole, however wide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from symbp.explain import mathematics as m
from symbp.explain.levels import PRODUCT, is_tall, level
from symbp.explain.typography import factors

Width = Callable[[m.Math], float]
GLYPHS = {"numbers": m.Glyph("*"), "matrices": m.Glyph("@"), "elementwise": m.Glyph("⊙")}
ENOUGH, TERM = 0.45, 0.2  # a line may be broken at an outer operator, or after a whole term, once it is this full


def broken(node: m.Math, width: Width, limit: float) -> tuple[m.Math, ...]:
    """The formula as lines that are at most `limit` wide, wherever that is possible."""
    width = _Widths(width, limit)
    if width(node) <= limit:
        return (node,)
    pieces: list[m.Math] = [node]
    while True:
        lines = _fill(pieces, width, limit, ENOUGH)
        wide = [piece for row in lines if width(row) > limit for piece in row.pieces if _opened(piece) is not None]
        if not wide:
            return tuple(_fill([_sized(piece, is_tall(node)) for piece in pieces], width, limit, 0))
        widest = max(wide, key=width)
        place = next(i for i, piece in enumerate(pieces) if piece is widest)
        pieces[place : place + 1] = _opened(widest) or []


def rows(lines: Sequence[m.Line], width: Width, room: float) -> Iterator[tuple[m.Line | None, m.Math, int]]:
    """The rows of a display with this room for both sides: a line and its first row, then None and its other rows.

    Behind each row stands how deep it is indented.
    """
    limit = room - max((width(line.left) for line in lines if line.left is not None), default=0.0)
    for line in lines:
        first, *others = broken(line.right, width, limit)
        yield line, first, 0
        for row in others:
            yield None, row, 1 + (row.indent if isinstance(row, m.Row) else 1)


class _Widths:
    """Widths, each measured once; of a row with a piece wider than a line, the piece's own."""

    def __init__(self, width: Width, limit: float) -> None:
        self.width = width
        self.limit = limit
        self.known: dict[tuple[int, ...], tuple[m.Math, float]] = {}  # by identity; the nodes are held while it lasts

    def __call__(self, node: m.Math) -> float:
        key = (node.indent, *map(id, node.pieces)) if isinstance(node, m.Row) else (id(node),)
        if key not in self.known:
            widest = max(map(self, node.pieces), default=0.0) if isinstance(node, m.Row) else 0.0
            self.known[key] = node, widest if widest > self.limit else self.width(node)
        return self.known[key][1]


def _sized(piece: m.Math, tall: bool) -> m.Math:
    return m.Glyph(piece.text, tall) if isinstance(piece, m.Glyph) else piece


def _opened(node: m.Math) -> list[m.Math] | None:
    """The pieces of a node one level down; None for a node that stays whole."""
    match node:
        case m.Sum(terms=terms) if len(terms) > 1 or terms[0][0] < 0:
            return _signed(terms)
        case m.Product():
            return _factored(node)
        case m.Over(body=body) if not isinstance(body, m.Words):
            return [m.Over(node.operator, node.bound, m.Words("")), *_within(body, PRODUCT)]
        case m.Call(arguments=(argument,)):
            return [m.Call(node.function, ()), m.Glyph("("), argument, m.Glyph(")")]
        case m.Fraction(above=above, below=below):
            return [*_within(above, PRODUCT), m.Glyph("/"), m.Glyph("("), below, m.Glyph(")")]
        case m.Indicator() | m.Cases():
            return None
        case _:
            return None


def _signed(terms: tuple[tuple[int, m.Math], ...]) -> list[m.Math]:
    pieces: list[m.Math] = []
    for sign, term in terms:
        if pieces or sign < 0:
            pieces.append(m.Glyph("+" if sign > 0 else "-"))
        pieces.extend(_within(term, PRODUCT))
    return pieces


def _factored(node: m.Product) -> list[m.Math]:
    pieces: list[m.Math] = []
    for factor, enclosed in factors(node):
        if pieces:
            pieces.append(GLYPHS[node.kind])
        pieces.extend([m.Glyph("("), factor, m.Glyph(")")] if enclosed else [factor])
    return pieces


def _within(node: m.Math, least: int) -> list[m.Math]:
    return [m.Glyph("("), node, m.Glyph(")")] if level(node) < least else [node]


def _fill(pieces: list[m.Math], width: Width, limit: float, enough: float) -> list[m.Row]:
    """Pieces gathered into lines, broken before an operator: the outermost at which the line is `enough` of a line."""
    rows: list[m.Row] = []
    line: list[m.Math] = []
    depths: list[int] = []
    depth = 0
    indent = 0
    within = 2 if any(map(_divides, pieces)) else 1  # a line that goes on within a term stands further to the right
    for piece in pieces:
        if _is(piece, ")"):
            depth -= 1
        if rows and _divides(piece) and not _begins_term(line, depths, depth):
            rows.append(m.Row(tuple(line), indent))
            line, depths, indent = [], [], depth + 1
        line.append(piece)
        depths.append(depth)
        if _is(piece, "("):
            depth += 1
        while width(m.Row(tuple(line), indent)) > limit:
            cut = _best_cut(line, depths, width, ENOUGH * limit) or _best_cut(line, depths, width, enough * limit)
            if cut == 0:
                break
            rows.append(m.Row(tuple(line[:cut]), indent))
            line, depths = line[cut:], depths[cut:]
            indent = depths[0] + (1 if _divides(line[0]) else within)
    return [*rows, m.Row(tuple(line), indent)] if line else rows


def _begins_term(line: list[m.Math], depths: list[int], depth: int) -> bool:
    """Whether the term that a line ends with, of a sum at this depth, begins in it: no term follows another's tail."""
    begins = (
        (_divides(piece) and at == depth) or (_is(piece, "(") and at == depth - 1)
        for piece, at in zip(line, depths, strict=True)
    )
    return not line or any(begins)


def _best_cut(line: list[m.Math], depths: list[int], width: Width, least: float) -> int:
    """The last of the outermost places; at a sign between terms rather than within a term."""
    places = [
        i for i in range(1, len(line)) if isinstance(line[i], m.Glyph) and not (_is(line[i], "(") or _is(line[i], ")"))
    ]
    ranks = {i: (depths[i], not _divides(line[i])) for i in places}
    share = {i: TERM / ENOUGH if ranks[i] == (0, False) else 1.0 for i in places}
    full = [i for i in places if width(m.Row(tuple(line[:i]))) >= least * share[i]]
    if not full:
        return 0
    outermost = min(ranks[i] for i in full)
    return max(i for i in full if ranks[i] == outermost)


def _divides(piece: m.Math) -> bool:
    """Whether it stands between terms."""
    return _is(piece, "+") or _is(piece, "-")


def _is(piece: m.Math, text: str) -> bool:
    return isinstance(piece, m.Glyph) and piece.text == text
