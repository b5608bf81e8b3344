"""One equation as an expression: every node of its syntax tree becomes a node of SymPy, or is refused in words.

Not supported: comparisons in chains.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Sequence

import sympy as sp

from symbp.formula.constants import ConstantError, constant
from symbp.formula.expression import Element, MaxOver, Padded, SumOver, Winner, element, expm1, log1p, stop
from symbp.formula.grammar import BINDERS, FUNCTIONS, RESERVED, Line, read_lines
from symbp.formula.indices import Names
from symbp.formula.leaves import Leaves, check_numbers, vanishes
from symbp.formula.reading import Reading
from symbp.formula.scope import Declared, Scope
from symbp.formula.syntax import is_ellipsis, items_of

MAX_CALLS = 12  # rows that call rows that call rows
UNARY: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    **{name: getattr(sp, name) for name in FUNCTIONS if hasattr(sp, name)},
    "abs": sp.Abs,
    "expm1": expm1,
    "log1p": log1p,
    "stop": stop,
}
_RELATIONS = {ast.Lt: sp.Lt, ast.LtE: sp.Le, ast.Gt: sp.Gt, ast.GtE: sp.Ge, ast.Eq: sp.Eq, ast.NotEq: sp.Ne}


def read_line(reading: Reading, line: Line) -> None:
    """Append the line's equation to those that are read; before it, those of the rows that it calls."""
    target, body = Builder(reading, line).build()
    reading.add(target, body, line.text)


class Builder(Leaves):
    """Builds one equation."""

    def build(self) -> tuple[Element, sp.Expr]:
        name, places = self.letters.left()
        self.letters.rest = self.letters.expand(places)
        target_indices = [
            e for place, rest in self.letters.dotted(places or []) for e in self.letters.target_index(place, rest)
        ]
        if places is not None:  # a recurrence may read its own earlier positions
            self.reading.known.setdefault(name, Declared(len(target_indices), self.reading.role_of(name)))
        body = self.expression(self.line.right)
        check_numbers(body, self.error)
        if places is None:
            declared = self.reading.known.get(name)
            elementwise = any(s in body.free_symbols for s in self.letters.rest)
            if not elementwise and declared is not None and declared.rank == len(self.letters.rest) > 0:
                elementwise = True
            target_indices = list(self.letters.rest) if elementwise else []
        target = element(name, *target_indices)
        free = {s for i in target_indices for s in i.free_symbols}
        loose = [
            s for s in body.free_symbols if s.name in self.letters.fresh.taken and s in self.letters.indices.values()
        ]
        for symbol in sorted(loose, key=str):
            if symbol not in free:
                raise self.error(
                    f"index `{symbol}` stands on the right only; bind it, as in `sum[{symbol}](...)`, "
                    "or add it on the left"
                )
        return target, body

    def expression(self, node: ast.expr) -> sp.Expr:
        try:
            if not isinstance(node, ast.Constant):
                constant(node)
        except ConstantError as error:
            raise self.error(f"`{self.line.source(error.node)[:60]}`: {error}") from None
        if isinstance(node, ast.BinOp):
            return self._chain(node)
        if isinstance(node, ast.Constant):
            return self.number(node)
        if isinstance(node, ast.Name):
            return self.name(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self.expression(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Subscript):
            return self.element(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        raise self.error(f"expected a value, got `{self.line.source(node)}`")

    def _chain(self, node: ast.BinOp) -> sp.Expr:
        operations: list[tuple[ast.operator, ast.expr]] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            operations.append((left.op, left.right))
            left = left.left
        value = self.expression(left)
        for operator, right_node in reversed(operations):
            right = self.expression(right_node)
            if isinstance(operator, ast.Add):
                value = value + right
            elif isinstance(operator, ast.Sub):
                value = value - right
            elif isinstance(operator, ast.Mult):
                value = value * right
            elif isinstance(operator, ast.Div):
                if vanishes(right):
                    raise self.error("division by 0")
                value = value / right
            else:
                value = self.power(value, right)
        return value

    def _call(self, node: ast.Call) -> sp.Expr:
        if isinstance(node.func, ast.Subscript):
            return self._binder(node)
        if not isinstance(node.func, ast.Name):
            raise self.error(f"`{self.line.source(node.func)}` cannot be called")
        name, arguments = node.func.id, node.args
        if name == "where":
            self._arity(name, arguments, 3)
            condition = self._condition(arguments[0])
            yes, no = map(self._branch, arguments[1:])
            return sp.Piecewise((yes, condition), (no, True))
        if name == "size":
            self._arity(name, arguments, 1)
            if not isinstance(arguments[0], ast.Name):
                raise self.error("`size` takes an index letter")
            return self.reading.extent(self.letters.symbol(arguments[0].id))
        if name == "extent":
            return self._extent(arguments)
        if name == "delta":
            self._arity(name, arguments, 2)
            (one,), (other,) = self.place(arguments[0]), self.place(arguments[1])
            return sp.KroneckerDelta(one, other)
        if name == "padded":
            return self._padded(arguments)
        if name in ("max", "min"):
            self._arity(name, arguments, 2)
            one, other = map(self._compared, arguments)
            return sp.Piecewise((other, other > one if name == "max" else other < one), (one, True))
        if name == "clip":
            self._arity(name, arguments, 3)
            value, low, high = map(self._compared, arguments)
            return sp.Piecewise((low, value <= low), (high, value >= high), (value, True))
        if name in UNARY:
            self._arity(name, arguments, 1)
            value = UNARY[name](self.expression(arguments[0]))
            return self._apart("stopped", value) if name == "stop" and node is not self.line.right else value
        if name in self.scope.rows:
            self._arity(name, arguments, 1)
            return self._row(node, self._compared(arguments[0]))
        if name in BINDERS:
            raise self.error(f"`{name}` needs the indices that it runs over, as in `{name}[i](...)`")
        valid = [*UNARY, *self.scope.rows, *BINDERS, "where", "max", "min", "clip", "delta", "size", "padded"]
        near = difflib.get_close_matches(name, valid, 1)
        raise self.error(
            f"`{name}` is not a function of the language" + (f"; did you mean `{near[0]}`?" if near else "")
        )

    def _padded(self, arguments: Sequence[ast.expr]) -> sp.Expr:
        """`padded(x[n,S*p+u-P], value)`: the element, or a number where that is outside the tensor."""
        self._arity("padded", arguments, 2)
        read, value = self.expression(arguments[0]), self._branch(arguments[1])
        if not isinstance(read, Element) or not (value.is_Number or value.is_infinite):
            raise self.error("`padded` takes an element and a number, as in `padded(x[n,p+u-1], -inf)`")
        return Padded(read, value)

    def _branch(self, node: ast.expr) -> sp.Expr:
        """A branch of `where`, or what pads: they alone may be infinite. What a softmax leaves out is `-inf`."""
        negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        name = node.operand if isinstance(node, ast.UnaryOp) and negative else node
        if isinstance(name, ast.Name) and name.id == "inf":
            return -sp.oo if negative else sp.oo
        return self.expression(node)

    def _extent(self, arguments: Sequence[ast.expr]) -> sp.Expr:
        """`extent(x, axis)`: the size of an axis, counted from 0, or from the end where it is negative.

        `extent(x)` is the number of all entries.
        """
        self._arity("extent", arguments, 1 if len(arguments) == 1 else 2)
        tensor, *places = arguments
        if not isinstance(tensor, ast.Name) or tensor.id not in self.reading.known:
            raise self.error("`extent` takes a tensor and the number of an axis, as in `extent(x, 1)`")
        rank = self.reading.known[tensor.id].rank
        if not places:
            return sp.Mul(*(self.reading.extent_of(tensor.id, axis) for axis in range(rank)))
        (place,) = places
        axis = self.letters.axis() if isinstance(place, ast.Name) and place.id == "axis" else self.expression(place)
        if not (isinstance(axis, int) or axis.is_Integer) or not -rank <= int(axis) < rank:
            raise self.error(f"`{tensor.id}` has {rank} axes; `{self.line.source(place)}` is none of them")
        return self.reading.extent_of(tensor.id, int(axis) % rank)

    def _arity(self, name: str, arguments: Sequence[ast.expr], count: int) -> None:
        if len(arguments) != count:
            raise self.error(f"`{name}` takes {count} argument{'s' * (count > 1)}, got {len(arguments)}")

    def _binder(self, node: ast.Call) -> sp.Expr:
        assert isinstance(node.func, ast.Subscript)
        function = node.func.value
        if not (isinstance(function, ast.Name) and function.id in BINDERS):
            raise self.error(f"`{self.line.source(node.func)}` cannot be called; reductions are {', '.join(BINDERS)}")
        self._arity(function.id, node.args, 1)
        keyword = self.scope.reduction if function.id == "reduce" else function.id
        letters = [item.id for item in items_of(node.func.slice) if isinstance(item, ast.Name)]
        if len(set(letters)) != len(letters):
            raise self.error(f"`{self.line.source(node.func)}` binds an index twice")
        bound: list[sp.Symbol] = []
        outer = dict(self.letters.indices)
        for item in items_of(node.func.slice):
            if is_ellipsis(item):
                bound.extend(self.letters.rest)
            elif isinstance(item, ast.Name):
                if item.id in self.scope.scalars or item.id in self.reading.known or item.id in RESERVED:
                    raise self.error(f"`{item.id}` is taken; use another letter for the index")
                symbol = self.letters.fresh.fresh(item.id)
                self.letters.indices[item.id] = symbol
                bound.append(symbol)
            else:
                raise self.error(f"`{self.line.source(item)}` is not an index letter")
        body = self.expression(node.args[0])
        self.letters.indices = {
            **{k: v for k, v in self.letters.indices.items() if v not in bound or v in self.letters.rest},
            **outer,
        }
        unused = [s for s in bound if s not in body.free_symbols]
        if unused and keyword not in ("sum", "mean"):
            raise self.error(f"index `{unused[0]}` is not used inside `{keyword}[...]`")
        if not bound:
            return body
        if keyword == "sum":
            return SumOver(body, *bound)
        if keyword == "mean":
            return SumOver(body, *bound) / sp.Mul(*(self.reading.extent(s) for s in bound))
        if keyword == "argmax":
            if len(bound) != 1:
                raise self.error("`argmax` takes one index")
            return Winner(body, bound[0], *bound)
        return MaxOver(body, *bound) if keyword == "max" else -MaxOver(-body, *bound)

    def _condition(self, node: ast.expr) -> sp.Basic:
        if isinstance(node, ast.Compare):
            if len(node.ops) != 1:
                raise self.error("write `a < b and b < c` in place of a chain of comparisons")
            left, right = self._compared(node.left), self._compared(node.comparators[0])
            return _RELATIONS[type(node.ops[0])](left, right)
        if isinstance(node, ast.BoolOp):
            parts = [self._condition(v) for v in node.values]
            return sp.And(*parts) if isinstance(node.op, ast.And) else sp.Or(*parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return sp.Not(self._condition(node.operand))
        raise self.error(f"expected a condition, such as `z > 0`, got `{self.line.source(node)}`")

    def _compared(self, node: ast.expr) -> sp.Expr:
        """A side of a comparison. One that is piecewise itself becomes an equation of its own, which comes before.

        Otherwise it would stand in the condition and in a branch, and grow with every level of `max(max(..., 0), 1)`.
        """
        value = self.expression(node)
        return self._apart("part", value) if value.has(sp.Piecewise) else value

    def _apart(self, word: str, value: sp.Expr) -> Element:
        """The value as an equation of its own, which comes before."""
        name = Names([*self.reading.known, *self.scope.scalars]).distinct(word)
        present = value.free_symbols
        places = dict.fromkeys((*self.letters.rest, *self.letters.indices.values()))
        held = element(name, *(s for s in places if s in present))
        self.reading.add(held, value, self.line.text)
        return held

    def _row(self, node: ast.Call, argument: sp.Expr) -> sp.Expr:
        """A call of another row: its equations come before this one, at the free indices of the argument.

        Where the call is the whole right side, the row's last equation is this one.
        """
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        reading, row = self.reading, self.scope.rows[name]
        reading.calls += 1
        if reading.calls > MAX_CALLS:
            raise self.error(f"more than {MAX_CALLS} calls of other rows; does one call itself?")
        present = argument.free_symbols
        places = [s for s in dict.fromkeys((*self.letters.rest, *self.letters.indices.values())) if s in present]
        prefix = name
        while prefix in reading.known or prefix in self.scope.scalars:
            prefix += "_"
        scope = Scope(
            tensors={row.argument: Declared(len(places), "input")},
            scalars={n: sp.Symbol(n, real=True) for n in row.scalars},
            outputs=(row.result,),
            rows=self.scope.rows,
        )
        inner = Reading(scope)
        inner.calls = reading.calls
        for line in read_lines(row.equations):
            read_line(inner, line)
        reading.calls = inner.calls
        values = {sp.Symbol(n, real=True): v for n, v in row.scalars.items()}
        rename = {n: prefix if n == row.result else f"{prefix}_{n}" for n in inner.assigned}
        for target, body, text in inner.equations:
            moved = dict(zip((*target.indices,), places, strict=True)) if target.indices else {}
            body = body.xreplace(moved).xreplace(values)
            body = body.replace(
                lambda e: isinstance(e, Element),
                lambda e: argument if e.tensor == row.argument else element(rename[e.tensor], *e.indices),
            )
            if target.tensor == row.result and node is self.line.right:
                return body
            reading.add(element(rename[target.tensor], *places), body, text)
        return element(prefix, *places)
