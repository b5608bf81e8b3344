"""Mathematics as it is written: a closed set of notation nodes, between expressions and any target's syntax.

    Number Name Sum Product Fraction Power Root Call Bars Over Component Cases Relation Logic Indicator Derivative
    Held Tuple Transposed Ones Shaped Words Differential Nabla Slope Blank   what stands on the page
    Glyph Row                         a formula taken apart at its operators, so that a line can be broken there

`symbp.explain.notation` makes them from expressions, `symbp.explain.matrix` from index structure; each target prints
them. A node holds what is written and in which order, never brackets that only precedence asks for: the target adds
those.

Not here: SymPy, LaTeX, Unicode.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


class Math:
    """A piece of written mathematics."""


@dataclass(frozen=True)
class Number(Math):
    """Digits, with a decimal point or none, without a sign; or the name of a constant such as `pi`."""

    text: str


@dataclass(frozen=True)
class Name(Math):
    """A letter or word with its indices, and the number of its layer: `W`, `i`, `j` and `2` are W_ij of layer 2.

    `base` is an identifier such as `W`, `mu`, `beta_1`. With `matrix` it stands for the whole tensor. `marks` stand
    around the number of the layer.
    """

    base: str
    indices: tuple[Math, ...] = ()
    layer: str = ""
    matrix: bool = False
    marks: Literal["()", "[]", ""] = "()"

    @property
    def marked(self) -> str:
        """The number of its layer with the marks around it, if it has one."""
        return f"{self.marks[:1]}{self.layer}{self.marks[1:]}" if self.layer else ""


@dataclass(frozen=True)
class Sum(Math):
    """Terms with their signs, +1 or -1; one term with -1 is a negation."""

    terms: tuple[tuple[int, Math], ...]


@dataclass(frozen=True)
class Product(Math):
    """Factors side by side: of numbers, of matrices, or elementwise (Hadamard)."""

    factors: tuple[Math, ...]
    kind: Literal["numbers", "matrices", "elementwise"] = "numbers"


@dataclass(frozen=True)
class Fraction(Math):
    """`above / below`."""

    above: Math
    below: Math


@dataclass(frozen=True)
class Power(Math):
    """`base ** exponent`."""

    base: Math
    exponent: Math


@dataclass(frozen=True)
class Root(Math):
    """The square root."""

    body: Math


@dataclass(frozen=True)
class Call(Math):
    """A named function of its arguments."""

    function: str
    arguments: tuple[Math, ...]


@dataclass(frozen=True)
class Bars(Math):
    """The absolute value, or the value rounded down."""

    body: Math
    kind: Literal["absolute", "floor"] = "absolute"


@dataclass(frozen=True)
class Over(Math):
    """A sum, a maximum or the place of a maximum over named indices."""

    operator: Literal["sum", "max", "argmax"]
    bound: tuple[Math, ...]
    body: Math

    @property
    def is_alone(self) -> bool:
        """Whether its body stands after it, in a row."""
        return isinstance(self.body, Words) and not self.body.text


@dataclass(frozen=True)
class Component(Math):
    """A part of what has no letter of its own: the `u` of a `(u, v)` that `body` gives, an element of `A⁻¹`."""

    body: Math
    indices: tuple[Math, ...]


@dataclass(frozen=True)
class Cases(Math):
    """Values by condition, the first that holds; None is `otherwise`. Beside the conditions stand these words."""

    rows: tuple[tuple[Math, Math | None], ...]
    when: str = "if"
    otherwise: str = "otherwise"


Sign = Literal["<", "<=", ">", ">=", "=", "!="]


@dataclass(frozen=True)
class Relation(Math):
    """A chain of comparisons, such as `0 <= i < N`; one sign fewer than operands."""

    operands: tuple[Math, ...]
    signs: tuple[Sign, ...]


@dataclass(frozen=True)
class Logic(Math):
    """Conditions joined by `and` or `or`, or one condition denied; `word` is what is written for it, if not that."""

    operator: Literal["and", "or", "not"]
    operands: tuple[Math, ...]
    word: str = ""


@dataclass(frozen=True)
class Indicator(Math):
    """1 where the condition holds, else 0."""

    condition: Math


@dataclass(frozen=True)
class Derivative(Math):
    """The partial derivative of `of` by `by`."""

    of: Math
    by: Math

    @property
    def twice(self) -> tuple[Math, tuple[Math, ...]] | None:
        """Of a second derivative, what is differentiated and by what, as it is written: ∂²C/∂w∂v, ∂²C/∂w²."""
        if not isinstance(self.of, Derivative):
            return None
        return self.of.of, (Power(self.by, Number("2")),) if self.of.by == self.by else (self.of.by, self.by)


@dataclass(frozen=True)
class Differential(Math):
    """`dX`: the derivative of the cost by what follows, as courses that write programs call it."""

    by: Math


@dataclass(frozen=True)
class Nabla(Math):
    """The gradient of `of` by a vector, which stands below the sign: ∇_a C."""

    of: Math
    by: Math


@dataclass(frozen=True)
class Slope(Math):
    """The derivative of a named function, at an argument."""

    function: str
    argument: Math


@dataclass(frozen=True)
class Held(Math):
    """A derivative taken while other tensors are held fixed, said in words where there is no notation for it."""

    body: Math
    fixed: tuple[Math, ...]
    at: str = "at fixed"


@dataclass(frozen=True)
class Tuple(Math):
    """The row-major position of several indices, written as the indices in angle brackets."""

    items: tuple[Math, ...]


@dataclass(frozen=True)
class Transposed(Math):
    """The transpose of a matrix."""

    body: Math


@dataclass(frozen=True)
class Ones(Math):
    """The column of ones that is as long as its neighbour asks for."""


@dataclass(frozen=True)
class Shaped(Math):
    """A matrix with its shape under a brace: the sizes of its rows and of its columns."""

    body: Math
    shape: tuple[Math, Math]


@dataclass(frozen=True)
class Words(Math):
    """Upright words within mathematics."""

    text: str


@dataclass(frozen=True)
class Blank(Math):
    """An empty place for `answer`, with the number of its question; `again` where that has stood before."""

    number: int
    answer: Math
    again: bool = False


@dataclass(frozen=True)
class Glyph(Math):
    """An operator or a bracket that stands on its own in a `Row`; `tall` where the formula needs large brackets."""

    text: Literal["+", "-", "*", "@", "⊙", "(", ")", "/"]
    tall: bool = False


@dataclass(frozen=True)
class Row(Math):
    """Pieces of a formula side by side; `indent` says how deep within the formula a continued line starts."""

    pieces: tuple[Math, ...]
    indent: int = 0


@dataclass(frozen=True)
class Line:
    """`left sign right`, one line of a display; without `left` it continues the line above.

    `asked` marks a right side that a worksheet asks for.
    """

    left: Math | None
    right: Math
    sign: Literal["=", "<-", "in"] = field(default="=")
    asked: bool = False
