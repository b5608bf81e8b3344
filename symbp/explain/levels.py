"""How strongly notation binds: what needs brackets where, and what is tall."""

from __future__ import annotations

from symbp.explain import mathematics as m

CONDITION, SUM, PRODUCT, POWER, ATOM = range(5)


def level(node: m.Math) -> int:
    """How strongly the outermost operator of a piece of mathematics binds, where a fraction has a bar of its own."""
    if isinstance(node, m.Relation | m.Logic):
        return CONDITION
    if isinstance(node, m.Sum | m.Row):
        return SUM
    if isinstance(node, m.Product | m.Over):
        return PRODUCT
    if isinstance(node, m.Shaped):
        return level(node.body)
    return POWER if isinstance(node, m.Power | m.Transposed | m.Nabla) else ATOM


def parts_of(node: m.Math) -> tuple[m.Math, ...]:
    """The pieces of mathematics within one."""
    match node:
        case m.Name(indices=items) | m.Tuple(items=items) | m.Call(arguments=items) | m.Row(pieces=items):
            return items
        case m.Sum(terms=terms):
            return tuple(term for _, term in terms)
        case m.Product(factors=items) | m.Relation(operands=items) | m.Logic(operands=items):
            return items
        case m.Fraction(above=one, below=other):
            return one, other
        case m.Derivative(of=one, by=other) | m.Nabla(of=one, by=other):
            return one, other
        case m.Differential(by=one) | m.Slope(argument=one):
            return (one,)
        case m.Power(base=one, exponent=other):
            return one, other
        case (
            m.Root(body=one)
            | m.Bars(body=one)
            | m.Transposed(body=one)
            | m.Indicator(condition=one)
            | m.Shaped(body=one)
        ):
            return (one,)
        case m.Over(bound=items, body=one) | m.Held(body=one, fixed=items) | m.Component(body=one, indices=items):
            return *items, one
        case m.Cases(rows=rows):
            return tuple(part for row in rows for part in row if part is not None)
        case _:  # a blank among them: its answer is not on the page
            return ()


def holds_matrix(node: m.Math) -> bool:
    """True where a whole matrix stands anywhere within."""
    return (isinstance(node, m.Name) and node.matrix) or any(map(holds_matrix, parts_of(node)))


def is_tall(node: m.Math) -> bool:
    """True where brackets around it have to grow."""
    if isinstance(node, m.Fraction | m.Derivative | m.Held | m.Over | m.Cases):
        return True
    if isinstance(node, m.Name | m.Power):
        return is_tall(node.base) if isinstance(node, m.Power) else False
    return any(is_tall(part) for part in parts_of(node))
