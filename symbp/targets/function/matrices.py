"""Trees of matrices as NumPy code. A vector is one axis, whether it stands as a column or a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import singledispatchmethod

import sympy as sp

from symbp.matrices import tree as t
from symbp.targets.function.code import (
    ATOM,
    FUNCTIONS,
    PRODUCT,
    SIGN,
    Code,
    CodeError,
    aligned,
    product,
    raised,
    total,
)
from symbp.targets.function.elements import Elements


class Matrices:
    """Writes trees; numbers and sizes in them by `elements`."""

    def __init__(self, elements: Elements, shared: Mapping[str, str] | None = None) -> None:
        self.elements = elements
        self.shared = shared or {}
        self.seen: Counter[str] = Counter()

    def beside(self, node: t.Node, *parts: t.Node) -> list[Code]:
        """The parts as they are combined by elements into the node: a column beside a matrix gets an axis."""
        axes = _axes(node)
        return [aligned(self.code(part), axes) if len(axes) == 2 else self.code(part) for part in parts]

    @singledispatchmethod
    def code(self, node: t.Node) -> Code:
        raise CodeError(f"no code for {type(node).__name__}")

    @code.register
    def _(self, node: t.Leaf) -> Code:
        return Code(node.name, ATOM, _axes(node))

    @code.register
    def _(self, node: t.Identity) -> Code:
        return Code(f"np.eye({self.elements.code(node.size).text})", ATOM, _axes(node))

    @code.register
    def _(self, node: t.Ones) -> Code:
        return Code(f"np.ones({self.elements.code(node.size).text})", ATOM, _axes(node))

    @code.register
    def _(self, node: t.Scalar) -> Code:
        return self.elements.code(node.value)

    @code.register
    def _(self, node: t.Transposed) -> Code:
        inner = self.code(node.body)
        if len(inner.axes) < 2:
            return inner
        return Code(f"{inner.within(ATOM)}.T", ATOM, _axes(node))

    @code.register
    def _(self, node: t.Product) -> Code:
        factors = node.factors
        outer = next((k for k in range(1, len(factors)) if factors[k].rows is None), None)
        if outer is not None and factors[outer - 1].columns is None:
            left, right = (self.product(part) for part in (factors[:outer], factors[outer:]))
            if len(_axes(node)) == 2:
                return Code(f"np.outer({left.text}, {right.text})", ATOM, _axes(node))
            return product([left, right], [], _axes(node))
        return self.noted(Code(self.product(factors).text, PRODUCT, _axes(node)))

    def noted(self, code: Code) -> Code:
        """The code, or the name that its value has, where it is computed once for several uses."""
        self.seen[code.text] += 1
        return Code(self.shared[code.text], ATOM, code.axes) if code.text in self.shared else code

    def product(self, factors: tuple[t.Node, ...]) -> Code:
        codes = [self.code(f) for f in factors]
        if len(codes) == 1:
            return codes[0]
        if len(codes) > 2 and len(codes[-1].axes) == 1 and len(codes[0].axes) == 2:  # from the right: A @ (B @ x)
            text = codes[-1].within(SIGN)
            for code in reversed(codes[1:-1]):
                text = f"({code.within(SIGN)} @ {text})"
            return Code(f"{codes[0].within(SIGN)} @ {text}", PRODUCT)
        return Code(" @ ".join(c.within(SIGN) for c in codes), PRODUCT)

    @code.register
    def _(self, node: t.Elementwise) -> Code:
        codes = self.beside(node, *node.above, *node.below)
        return product(codes[: len(node.above)], codes[len(node.above) :], _axes(node))

    @code.register
    def _(self, node: t.Total) -> Code:
        codes = self.beside(node, *(part for _, part in node.terms))
        return total([(sign, code) for (sign, _), code in zip(node.terms, codes, strict=True)], _axes(node))

    @code.register
    def _(self, node: t.Raised) -> Code:
        return raised(self.code(node.base), self.elements.code(node.exponent), _axes(node))

    @code.register
    def _(self, node: t.Applied) -> Code:
        (inner,) = map(self.code, node.arguments)
        if node.function in ("trace", "diag", "sum"):
            return Code(f"np.{node.function}({inner.text})", ATOM, _axes(node))
        if node.function not in FUNCTIONS:
            raise CodeError(f"no code for the function {node.function}")
        return self.noted(Code(f"{FUNCTIONS[node.function]}({inner.text})", ATOM, _axes(node)))


def _axes(node: t.Node) -> tuple[sp.Symbol, ...]:
    return tuple(a for a in (node.rows, node.columns) if a is not None)
