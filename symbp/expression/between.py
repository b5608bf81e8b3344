"""Trees of matrices as written mathematics."""

from __future__ import annotations

from collections.abc import Mapping

from symbp.explain import mathematics as m
from symbp.explain.naming import Naming
from symbp.explain.notation import write
from symbp.matrices import tree as t

_CALLS = {"trace": "tr"}
_REPEATED = 3  # a ⊙ a ⊙ a


def between(node: t.Node, given: Mapping[str, m.Math]) -> m.Math:
    """The tree as mathematics; `given` are tensors that are written as something else."""
    return _Written(given).write(node)


class _Written:
    def __init__(self, given: Mapping[str, m.Math]) -> None:
        self.given = given

    def write(self, node: t.Node) -> m.Math:
        match node:
            case t.Leaf(name=name):
                return self.given.get(name, m.Name(name, matrix=bool(node.axes)))
            case t.Identity():
                return m.Name("I", matrix=True)
            case t.Ones():
                return m.Ones()
            case t.Scalar(value=value):
                return write(value, Naming())
            case t.Transposed(body=body):
                return m.Transposed(self.write(body))
            case t.Product(factors=factors):
                return m.Product(tuple(map(self.write, factors)), "matrices")
            case t.Total(terms=terms):
                return m.Sum(tuple((sign, self.write(term)) for sign, term in terms))
            case t.Elementwise(above=above, below=below):
                value = self.elementwise(above)
                return m.Fraction(value, self.elementwise(below)) if below else value
            case t.Raised(base=base, exponent=exponent):
                inner = self.write(base)
                if base.axes and exponent.is_Integer and exponent <= _REPEATED:
                    return m.Product((inner,) * int(exponent), "elementwise")
                return m.Power(inner, write(exponent, Naming()))
            case t.Applied(function="sum", arguments=(argument,)):
                ones = m.Transposed(m.Ones())
                if len(argument.axes) == 2:
                    return m.Product((ones, self.write(argument), m.Ones()), "matrices")
                return m.Product((ones, self.write(argument)), "matrices")
            case t.Applied(function="abs", arguments=(argument,)):
                return m.Bars(self.write(argument))
            case t.Applied(function="sqrt", arguments=(argument,)):
                return m.Root(self.write(argument))
            case t.Applied(function=function, arguments=arguments):
                return m.Call(_CALLS.get(function, function), tuple(map(self.write, arguments)))
        raise TypeError(f"no mathematics for {type(node).__name__}")

    def elementwise(self, factors: tuple[t.Node, ...]) -> m.Math:
        """Numbers before what is multiplied by elements."""
        numbers = [self.write(f) for f in factors if not f.axes]
        varying = [self.write(f) for f in factors if f.axes]
        if len(varying) > 1:
            numbers.append(m.Product(tuple(varying), "elementwise"))
        else:
            numbers += varying
        return numbers[0] if len(numbers) == 1 else m.Product(tuple(numbers), "matrices" if varying else "numbers")
