"""From text to a `Formula`: names resolved, `...` expanded, calls of other rows made equations, sizes found.

`read_formula` knows nothing of catalogs: what a name may be (tensor, hyperparameter, another row's text) is handed in.

Not supported: indices that are not affine in other indices, sizes or integer elements; comparisons in chains.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp

from symbp.formula.constants import MAX_EXPONENT, ConstantError, constant
from symbp.formula.equation import Equation, Formula, Kind, Role, Tensor
from symbp.formula.expression import (
    Element,
    Flat,
    MaxOver,
    SumOver,
    Winner,
    element,
    elements,
    expm1,
    index,
    log1p,
    size,
)
from symbp.formula.grammar import BINDERS, FUNCTIONS, RESERVED, FormulaError, Line, read_lines
from symbp.formula.indices import Names, SizeClasses, letter
from symbp.formula.letters import one_size_each
from symbp.formula.recurrence import OrderError, in_groups

ELLIPSIS_LETTERS = {1: ("p",), 2: ("n", "j"), 3: ("n", "t", "j"), 4: ("n", "c", "h", "w"), 5: ("n", "c", "d", "h", "w")}
WEIGHT_LETTERS = {1: ("j",), 2: ("i", "j"), 3: ("i", "j", "k"), 4: ("o", "i", "u", "v"), 5: ("o", "i", "u", "v", "w")}
TRAILING_LETTERS = {1: ("c",), 2: ("h", "w"), 3: ("c", "h", "w"), 4: ("c", "d", "h", "w")}
MAX_RANK = 5
MAX_CALLS = 12  # rows that call rows that call rows
_UNARY: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    **{name: getattr(sp, name) for name in FUNCTIONS if hasattr(sp, name)},
    "abs": sp.Abs,
    "expm1": expm1,
    "log1p": log1p,
}
_RELATIONS = {ast.Lt: sp.Lt, ast.LtE: sp.Le, ast.Gt: sp.Gt, ast.GtE: sp.Ge, ast.Eq: sp.Eq, ast.NotEq: sp.Ne}


@dataclass(frozen=True)
class Declared:
    """A tensor that the equations may read: its rank, its role, and whether it holds integers."""

    rank: int
    role: Role
    kind: Kind = "float"


@dataclass(frozen=True)
class CallableRow:
    """Another row that a formula may call with one argument: its equations, its argument and result, its defaults."""

    equations: str
    argument: str
    result: str
    scalars: Mapping[str, sp.Expr] = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """What the names of a formula mean."""

    tensors: Mapping[str, Declared]
    scalars: Mapping[str, sp.Symbol]
    outputs: tuple[str, ...]
    rows: Mapping[str, CallableRow] = field(default_factory=dict)
    reduction: str = "mean"
    states: tuple[str, ...] = ()  # tensors that equations may both read and assign
    stated: tuple[str, ...] = ()  # index letters whose size is stated, not found by the axes they read
    axis: int | None = None  # the axis between two `...`
    batched: bool = True  # whether the first axis of `...` is the batch
    orders: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # of axes, for `permute`


def read_formula(name: str, text: str, scope: Scope, source: str = "") -> Formula:
    """Read the equations of `text`; FormulaError where they cannot be used."""
    lines = read_lines(text)
    reader = _Reader(scope, lines)
    for line in lines:
        reader.read(line)
    missing = [output for output in scope.outputs if output not in reader.assigned]
    if missing:
        found = ", ".join(f"`{n}`" for n in reader.assigned)
        raise FormulaError(f"no equation computes `{missing[0]}`; the equations compute {found}", text.strip())
    return reader.formula(name, source)


def assigned_names(text: str) -> tuple[str, ...]:
    """The tensors that the equations of a text assign, in order."""
    names = (line.left.value if isinstance(line.left, ast.Subscript) else line.left for line in read_lines(text))
    return tuple(dict.fromkeys(n.id for n in names if isinstance(n, ast.Name)))


class _Reader:
    """Reads equations one after the other, and what earlier ones assigned."""

    def __init__(self, scope: Scope, lines: Sequence[Line] = ()) -> None:
        self.scope = scope
        self.later = dict(filter(None, map(_stated, lines)))  # ranks of tensors that a recurrence may read beforehand
        self.known: dict[str, Declared] = dict(scope.tensors)
        self.assigned: dict[str, None] = {}
        self.mentioned: dict[str, None] = {}
        self.equations: list[tuple[Element, sp.Expr, str]] = []
        self.classes = SizeClasses()
        # An axis at an index: tensor, axis, equation, index, and whether it is the equation's left side.
        self.plain: list[tuple[str, int, int, sp.Symbol, bool]] = []
        self.parted: set[tuple[str, int]] = set()  # axes read at places that are no index
        self.extents: dict[sp.Symbol, tuple[int, sp.Symbol]] = {}  # placeholder of size(i) -> (equation, index)
        self.of_axes: dict[sp.Symbol, tuple[str, int]] = {}  # placeholder of extent(x, axis) -> (tensor, axis)
        self.calls = 0

    def read(self, line: Line) -> None:
        target, body = _Builder(self, line).build()
        self.add(target, body, line.text)

    def add(self, target: Element, body: sp.Expr, text: str) -> None:
        """Append an equation, and note where it reads."""
        name, number = target.tensor, len(self.equations)
        if name in self.scope.tensors and name not in self.scope.states and name not in self.scope.outputs:
            raise FormulaError(f"`{name}` is given; an equation cannot assign it", text)
        if name in self.assigned and name not in self.scope.states:
            raise FormulaError(f"`{name}` is assigned twice", text)
        rank = sum(len(i.args) if isinstance(i, Flat) else 1 for i in target.indices)
        axes = len(target.indices)
        if name in self.known and self.known[name].rank != axes:
            raise FormulaError(f"`{name}` has rank {self.known[name].rank}; here it has {axes} indices", text)
        free = {s for i in target.indices for s in (i.args if isinstance(i, Flat) else (i,))}
        if len(free) != rank:
            raise FormulaError("an index stands twice on the left side", text)
        self.known.setdefault(name, Declared(axes, self.role_of(name)))
        self.assigned[name] = None
        self.equations.append((target, body, text))
        for node in (target, *(n for n in sp.preorder_traversal(body) if isinstance(n, Element))):
            self.mentioned.setdefault(node.tensor)
            for axis, place in enumerate(node.indices):
                if place.is_Symbol:
                    self.plain.append((node.tensor, axis, number, place, node is target))
                elif not isinstance(place, Flat) and place.free_symbols:
                    self.parted.add((node.tensor, axis))

    def join(self) -> None:
        """One size for an axis and the indices that read it plainly; one for a letter whose size is stated.

        An index whose size is stated has not that of an axis that is also read at other places, such as the first
        half in `z[n,j] * sigmoid(z[n,j + size(j)])`, or whose extent stands in an equation.
        """
        apart = {*self.parted, *self.of_axes.values()}
        for tensor, axis, number, place, left in self.plain:
            stated = letter(place) in self.scope.stated
            if stated:
                self.classes.join((number, place), letter(place))
            if left or not (stated and (tensor, axis) in apart):
                self.classes.join((tensor, axis), (number, place))

    def role_of(self, name: str) -> Role:
        return "output" if name in self.scope.outputs else "intermediate"

    def extent(self, symbol: sp.Symbol) -> sp.Expr:
        """A stand-in for the size of an index of the equation being read, until sizes are known."""
        placeholder = sp.Dummy(f"size_{symbol}", integer=True, positive=True)
        self.extents[placeholder] = (len(self.equations), symbol)
        return placeholder

    def extent_of(self, tensor: str, axis: int) -> sp.Expr:
        """A stand-in for the size of a tensor's axis, until sizes are known."""
        placeholder = sp.Dummy(f"extent_{tensor}_{axis}", integer=True, positive=True)
        self.of_axes[placeholder] = (tensor, axis)
        return placeholder

    def formula(self, name: str, source: str) -> Formula:
        self.join()
        names = _SizeNames(self)
        for mention in self.mentioned:
            self.known.setdefault(mention, Declared(0, "intermediate"))
        extents = {p: names.of_extent(*where) for p, where in self.extents.items()}
        extents |= {p: names.of_axis(*where) for p, where in self.of_axes.items()}
        equations = tuple(
            Equation(target, body.xreplace(extents), names.of_equation(number, target, body), text)
            for number, (target, body, text) in enumerate(self.equations)
        )
        order = dict.fromkeys((*(n for n in self.scope.tensors if n in self.mentioned), *self.mentioned))
        tensors = {
            n: Tensor(n, tuple(names.of_axis(n, axis) for axis in range(d.rank)), d.role, d.kind)
            for n, d in ((n, self.known[n]) for n in order)
        }
        equations = equations if self.scope.states else _ordered(equations)  # updates run in the order given
        equations, letters = one_size_each(equations, names.letters, {*tensors, *self.scope.scalars, *RESERVED})
        used = {s for e in equations for s in e.body.free_symbols}
        scalars = {n: s for n, s in self.scope.scalars.items() if s in used}
        return Formula(name, equations, tensors, scalars, letters, source)


def _stated(line: Line) -> tuple[str, int] | None:
    """The tensor that a line computes and its rank, where its indices say it."""
    if isinstance(line.left, ast.Subscript) and isinstance(line.left.value, ast.Name):
        places = _items(line.left.slice)
        return None if any(map(_has_ellipsis, places)) else (line.left.value.id, len(places))
    return None


def _ordered(equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """The equations in order of evaluation; only those that read each other across steps may be given in another."""
    try:
        groups = in_groups(equations)
    except OrderError as error:
        raise FormulaError(str(error)) from None
    position = {e.target.tensor: k for k, e in enumerate(equations)}
    for group in groups:
        for equation in group.equations:
            for read in elements(equation.body):
                if position.get(read.tensor, -1) > position[equation.target.tensor] and read.tensor not in group.axes:
                    message = f"`{read.tensor}` is read before the equation that computes it; write that one first"
                    raise FormulaError(message, equation.text)
    return tuple(e for group in groups for e in group.equations)


class _SizeNames:
    """A size symbol for each class of axes and indices, named after the class's first index: `N`, `N_j`."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.symbols: dict[object, sp.Expr] = {}
        self.letters: dict[str, sp.Expr] = {}
        products: dict[object, tuple[int, Flat]] = {}
        for number, (target, body, _) in enumerate(reader.equations):
            every = [target, *(n for n in sp.preorder_traversal(body) if isinstance(n, Element))]
            for node in every:
                for axis, place in enumerate(node.indices):
                    for symbol in place.free_symbols if isinstance(place, Flat) else (place,):
                        if symbol.is_Symbol and symbol.name.rstrip("'") == symbol.name:
                            self._name(reader.classes.find((number, symbol)), symbol.name)
                    if isinstance(place, Flat):
                        products.setdefault(reader.classes.find((node.tensor, axis)), (number, place))
            for placeholder_number, symbol in reader.extents.values():
                if placeholder_number == number and (number, symbol) in reader.classes:
                    self._name(reader.classes.find((number, symbol)), symbol.name)
        for product, (number, flat) in products.items():
            self.symbols[product] = sp.Mul(*(self.of_index(number, i) for i in flat.args))

    def _name(self, node: object, name: str) -> None:
        if node not in self.symbols:
            wanted = "N" if name == "n" else f"N_{name}"
            taken = {str(s) for s in self.symbols.values()}
            count = 2
            label = wanted
            while label in taken:
                label, count = f"{wanted}{count}", count + 1
            self.symbols[node] = size(label)
        self.letters.setdefault(name, self.symbols[node])

    def of_index(self, number: int, symbol: sp.Symbol) -> sp.Expr:
        node = self.reader.classes.find((number, symbol))
        if node not in self.symbols:
            self._name(node, symbol.name.rstrip("'"))
        return self.symbols[node]

    def of_extent(self, number: int, symbol: sp.Symbol) -> sp.Expr:
        """`size(t)`: of the equation's own index t, or else of the first index t in any other."""
        if (number, symbol) not in self.reader.classes and symbol.name in self.letters:
            return self.letters[symbol.name]
        return self.of_index(number, symbol)

    def of_axis(self, tensor: str, axis: int) -> sp.Expr:
        node = self.reader.classes.find((tensor, axis))
        if node not in self.symbols:
            usual = ELLIPSIS_LETTERS[4][axis] if self.reader.known[tensor].rank == 4 else ""
            free = [name for name in (usual, *"klmrs") if name and name not in {*self.letters, *self.reader.known}]
            self._name(node, (free or [f"{tensor}_{axis}"])[0])
        return self.symbols[node]

    def of_equation(self, number: int, target: Element, body: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
        found: dict[sp.Symbol, sp.Expr] = {}
        for node in (*sp.preorder_traversal(target), *sp.preorder_traversal(body)):
            if isinstance(node, Element):
                for place in node.indices:
                    for symbol in sorted(place.free_symbols, key=str):
                        if symbol.is_nonnegative and (number, symbol) in self.reader.classes:
                            found.setdefault(symbol, self.of_index(number, symbol))
            elif isinstance(node, SumOver | MaxOver | Winner):
                for symbol in node.bound:
                    found.setdefault(symbol, self.of_index(number, symbol))
        return found


class _Builder:
    """Builds one equation. `names` maps the letters in scope to index symbols; inner binders shadow outer ones."""

    def __init__(self, reader: _Reader, line: Line) -> None:
        self.reader = reader
        self.scope = reader.scope
        self.line = line
        self.indices: dict[str, sp.Symbol] = {}
        self.fresh = Names(_names_in(line) - _letters_in(line))
        self.rest: tuple[sp.Symbol, ...] = ()
        self.leading = 0  # how many of `rest` the first of two `...` stands for

    def error(self, message: str) -> FormulaError:
        return FormulaError(message, self.line.text)

    def build(self) -> tuple[Element, sp.Expr]:
        name, places = self._left()
        self.rest = self._expand(places)
        target_indices = [e for place, rest in self._dotted(places or []) for e in self._target_index(place, rest)]
        if places is not None:  # a recurrence may read its own earlier positions
            self.reader.known.setdefault(name, Declared(len(target_indices), self.reader.role_of(name)))
        body = self.expression(self.line.right)
        self._check_numbers(body)
        if places is None:
            declared = self.reader.known.get(name)
            elementwise = any(s in body.free_symbols for s in self.rest)
            if not elementwise and declared is not None and declared.rank == len(self.rest) > 0:
                elementwise = True
            target_indices = list(self.rest) if elementwise else []
        target = element(name, *target_indices)
        free = {s for i in target_indices for s in i.free_symbols}
        loose = [s for s in body.free_symbols if s.name in self.fresh.taken and s in self.indices.values()]
        for symbol in sorted(loose, key=str):
            if symbol not in free:
                raise self.error(
                    f"index `{symbol}` stands on the right only; bind it, as in `sum[{symbol}](...)`, "
                    "or add it on the left"
                )
        return target, body

    def _check_numbers(self, body: sp.Expr) -> None:
        """What parts that cancel (`z - z`) or powers of powers come to."""
        finite = body.replace(sp.Piecewise, lambda *cases: sp.Piecewise(*(c for c in cases if not c[0].is_infinite)))
        if finite.has(sp.I, sp.zoo, sp.nan, sp.oo, -sp.oo):
            raise self.error("the right side is not a real, finite number")
        for power in body.atoms(sp.Pow):
            if power.exp.is_Number and abs(power.exp) > MAX_EXPONENT:
                raise self.error(f"the exponent {str(power.exp)[:30]} is too large; at most {MAX_EXPONENT} is read")

    def _left(self) -> tuple[str, list[ast.expr] | None]:
        left = self.line.left
        if isinstance(left, ast.Name):
            self._check_name(left.id)
            return left.id, None
        if isinstance(left, ast.Subscript) and isinstance(left.value, ast.Name):
            self._check_name(left.value.id)
            return left.value.id, _items(left.slice)
        raise self.error("the left side must be a tensor, as in `z[n,j] = ...` or `a = ...`")

    def _check_name(self, name: str) -> None:
        if (name in RESERVED and name not in self.scope.outputs) or name in self.scope.scalars:
            raise self.error(f"`{name}` cannot be assigned: it is a function or an option")
        if name.startswith("d_"):
            raise self.error(f"`{name}`: names that start with `d_` are kept for cotangents")

    def _dotted(self, items: Sequence[ast.expr]) -> list[tuple[ast.expr, tuple[sp.Symbol, ...]]]:
        """Each item of an index list with what `...` stands for in it."""
        dots = [i for i, item in enumerate(items) if _is_ellipsis(item)]
        if len(dots) < 2:
            return [(item, self.rest) for item in items]
        first, last = self.rest[: self.leading], self.rest[self.leading :]
        return [(item, first if i == dots[0] else last) for i, item in enumerate(items)]

    def _target_index(self, place: ast.expr, rest: tuple[sp.Symbol, ...]) -> list[sp.Expr]:
        if _is_ellipsis(place):
            return list(rest)
        if isinstance(place, ast.Name):
            return [self._index_symbol(place.id)]
        if _calls(place, "flat"):
            assert isinstance(place, ast.Call)
            inner = [i for argument in place.args for i in self._target_index(argument, rest)]
            if not inner:
                raise self.error("`flat()` needs at least one index")
            return [Flat(*inner)]
        if _calls(place, "permute"):
            return self._permuted(place, rest)
        raise self.error("an index on the left side is a letter, `...` or `flat(...)`")

    def _permuted(self, place: ast.expr, rest: tuple[sp.Symbol, ...]) -> list[sp.Expr]:
        """The indices of `...` in the order that an option gives."""
        assert isinstance(place, ast.Call)
        named = place.args[1] if len(place.args) == 2 else None
        order = self.scope.orders.get(named.id) if isinstance(named, ast.Name) else None
        if order is None or not _is_ellipsis(place.args[0]):
            raise self.error("`permute` takes `...` and an option that lists axes, as in `permute(..., dims)`")
        if sorted(order) != list(range(len(rest))):
            behind = ", ".join(str(k) for k in range(1, len(rest)))
            raise self.error(f"the axes {list(order[1:])} are no order of the axes behind the batch, {behind}")
        return [rest[k] for k in order]

    def _index_symbol(self, name: str) -> sp.Symbol:
        if name not in self.indices:
            if name in self.scope.scalars or name in RESERVED:
                raise self.error(f"`{name}` is an option or a function; use another letter for the index")
            self.indices[name] = index(name)
            self.fresh.taken.add(name)
        return self.indices[name]

    def _expand(self, places: list[ast.expr] | None) -> tuple[sp.Symbol, ...]:
        """The indices that `...` stands for in this equation, found from the ranks of the tensors that use it."""
        lengths: dict[int, str] = {}
        trailing = False
        for node in (*ast.walk(self.line.right), *ast.walk(self.line.left)):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                items = _items(node.slice)
                flat = [i for i in items if _calls(i, "flat")]
                dots = sum(map(_is_ellipsis, items))
                if dots and node.value.id in self.reader.known:
                    lengths[self.reader.known[node.value.id].rank - len(items) + dots] = node.value.id
                    trailing |= not _is_ellipsis(items[0])
                    if dots == 2:
                        self.leading = self._axis() - next(i for i, item in enumerate(items) if _is_ellipsis(item))
                elif flat and not dots:
                    trailing |= isinstance(items[0], ast.Name)
            elif isinstance(node, ast.Name) and self._is_bare_tensor(node) and self.reader.known[node.id].rank:
                lengths.setdefault(self.reader.known[node.id].rank, node.id)
        if places is not None and not any(_has_ellipsis(p) for p in places) and not _has_ellipsis(self.line.right):
            return tuple(self._index_symbol(p.id) for p in places if isinstance(p, ast.Name))
        if len(lengths) > 1:
            shown = ", ".join(f"{n} for `{t}`" for n, t in sorted(lengths.items()))
            raise self.error(f"`...` stands for different numbers of axes: {shown}")
        length = next(iter(lengths), 0)
        if not 0 <= length <= MAX_RANK:
            raise self.error(f"`...` would stand for {length} axes; 0 to {MAX_RANK} are possible")
        used = _names_in(self.line) | {*self.scope.scalars, *self.scope.tensors, *self.reader.later}
        letters = TRAILING_LETTERS.get(length, ()) if trailing else self._leading(length, used)
        pool = [*letters, *"tuvwchpqrsdefg"]
        chosen: list[str] = []
        for candidate in pool:
            if len(chosen) < length and candidate not in used and candidate not in chosen:
                chosen.append(candidate)
        return tuple(self._index_symbol(c) for c in chosen)

    def _axis(self) -> int:
        if self.scope.axis is None:
            raise self.error("two `...` need the option `axis`, which says where the first ends")
        return self.scope.axis

    def _leading(self, length: int, used: set[str]) -> tuple[str, ...]:
        if not self.scope.batched:
            return WEIGHT_LETTERS.get(length, ())
        right = [_items(n.slice) for n in ast.walk(self.line.right) if isinstance(n, ast.Subscript)]
        left = [_items(n.slice) for n in ast.walk(self.line.left) if isinstance(n, ast.Subscript)]
        explicit = any(any(map(_is_ellipsis, items)) for items in right) and any(len(i) > 1 for i in (*left, *right))
        letters = ELLIPSIS_LETTERS.get(length, ())
        if (explicit or _has_ellipsis(self.line.left)) and "n" not in used:
            return ("n", *"tuvw"[: max(length - 1, 0)])
        return letters

    def _is_bare_tensor(self, node: ast.Name) -> bool:
        if node.id not in self.reader.known or node.id in self.indices:
            return False
        measured = (c.args[0] for c in ast.walk(self.line.right) if _calls(c, "extent") and isinstance(c, ast.Call))
        if any(tensor is node for tensor in measured):
            return False
        return not any(
            isinstance(other, ast.Subscript | ast.Call)
            and (other.value if isinstance(other, ast.Subscript) else other.func) is node
            for side in (self.line.left, self.line.right)
            for other in ast.walk(side)
        )

    # expressions

    def expression(self, node: ast.expr) -> sp.Expr:
        try:
            if not isinstance(node, ast.Constant):
                constant(node)
        except ConstantError as error:
            raise self.error(f"`{self.line.source(error.node)[:60]}`: {error}") from None
        if isinstance(node, ast.BinOp):
            return self._chain(node)
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self.expression(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Subscript):
            return self._element(node)
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
                if right == 0:
                    raise self.error("division by 0")
                value = value / right
            else:
                value = self._power(value, right)
        return value

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        if exponent.is_Number and abs(exponent) > MAX_EXPONENT:
            raise self.error(f"the exponent {str(exponent)[:30]} is too large; at most {MAX_EXPONENT} is read")
        if base.is_Number and len(str(base)) > 40:
            raise self.error("a power of numbers this large is not computed")
        if base.is_zero and exponent.is_negative:
            raise self.error("division by 0")
        return base**exponent

    def _number(self, node: ast.Constant) -> sp.Expr:
        if node.value is ...:
            raise self.error("`...` stands for indices only")
        text = self.line.source(node).replace("_", "")
        if isinstance(node.value, int):
            if abs(node.value) >= 10**18:
                raise self.error(f"{text[:30]} is too large; numbers have at most 18 digits before the point")
            return sp.Integer(node.value)
        if isinstance(node.value, float) and not 1e-300 < abs(node.value) < 1e300 and node.value != 0:
            raise self.error(f"{text[:30]} is out of range; numbers lie between 1e-300 and 1e300")
        return sp.Rational(text)

    def _name(self, name: str) -> sp.Expr:
        if name in self.indices:
            return self.indices[name]
        if name in self.scope.scalars:
            return self.scope.scalars[name]
        if name == "pi":
            return sp.pi
        if name in self.reader.known:
            return self._bare(name)
        raise self._unknown(name)

    def _unknown(self, name: str) -> FormulaError:
        valid = [*self.reader.known, *self.scope.scalars, *self.indices]
        if name == "inf":
            return self.error("`inf` stands only as a branch of its own, as in `where(u <= t, s[t,u], -inf)`")
        if name in RESERVED:
            return self.error(f"`{name}` is a function; call it, as in `{name}(...)`")
        if name in self.indices:
            return self.error(f"`{name}` is an index, not a tensor")
        near = difflib.get_close_matches(name, valid, 1)
        known = ", ".join(f"`{v}`" for v in valid) or "nothing"
        hint = f"; did you mean `{near[0]}`?" if near else ""
        return self.error(f"`{name}` is not declared{hint} (declared: {known})")

    def _bare(self, name: str) -> Element:
        declared = self.reader.known[name]
        if declared.rank not in (0, len(self.rest)):
            raise self.error(f"`{name}` has rank {declared.rank}; write its indices, as in `{name}[...]`")
        return self._read(name, self.rest if declared.rank else ())

    def _read(self, name: str, indices: Sequence[sp.Expr]) -> Element:
        return element(name, *indices, integer=self.reader.known[name].kind == "int")

    def _element(self, node: ast.Subscript) -> Element:
        if not isinstance(node.value, ast.Name):
            raise self.error(f"expected a tensor before `[`, got `{self.line.source(node.value)}`")
        name = node.value.id
        if name not in self.reader.known and name in self.reader.later:
            self.reader.known[name] = Declared(self.reader.later[name], self.reader.role_of(name))
        if name not in self.reader.known:
            if name in self.scope.scalars:
                raise self.error(f"`{name}` is a number, not a tensor; it has no indices")
            raise self._unknown(name)
        places = [e for place, rest in self._dotted(_items(node.slice)) for e in self._place(place, rest)]
        rank = self.reader.known[name].rank
        if len(places) != rank:
            raise self.error(f"`{name}` has rank {rank}, but `{self.line.source(node)}` has {len(places)} indices")
        return self._read(name, places)

    def _place(self, node: ast.expr, rest: tuple[sp.Symbol, ...] = ()) -> list[sp.Expr]:
        if _is_ellipsis(node):
            return list(rest)
        if isinstance(node, ast.Name) and not (
            node.id in self.indices or node.id in self.scope.scalars or node.id in self.reader.known
        ):
            return [self._index_symbol(node.id)]
        if _calls(node, "flat"):
            assert isinstance(node, ast.Call)
            return [Flat(*(i for argument in node.args for i in self._place(argument, rest)))]
        for name in ast.walk(node):
            if not isinstance(name, ast.Name) or name.id in RESERVED or name.id in self.scope.scalars:
                continue
            if name.id not in self.reader.known and len(name.id) <= 2:
                self._index_symbol(name.id)
        value = sp.expand(self.expression(node))
        if not value.is_integer:
            raise self.error(f"index `{self.line.source(node)}` is not an integer")
        return [value]

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
            return self.reader.extent(self._index_symbol(arguments[0].id))
        if name == "extent":
            return self._extent(arguments)
        if name == "delta":
            self._arity(name, arguments, 2)
            (one,), (other,) = self._place(arguments[0]), self._place(arguments[1])
            return sp.KroneckerDelta(one, other)
        if name in ("max", "min"):
            self._arity(name, arguments, 2)
            one, other = map(self.expression, arguments)
            return sp.Piecewise((other, other > one if name == "max" else other < one), (one, True))
        if name == "clip":
            self._arity(name, arguments, 3)
            value, low, high = map(self.expression, arguments)
            return sp.Piecewise((low, value <= low), (high, value >= high), (value, True))
        if name in _UNARY:
            self._arity(name, arguments, 1)
            return _UNARY[name](self.expression(arguments[0]))
        if name in self.scope.rows:
            self._arity(name, arguments, 1)
            return self._row(node, self.expression(arguments[0]))
        if name in BINDERS:
            raise self.error(f"`{name}` needs the indices that it runs over, as in `{name}[i](...)`")
        valid = [*_UNARY, *self.scope.rows, *BINDERS, "where", "max", "min", "clip", "delta", "size"]
        near = difflib.get_close_matches(name, valid, 1)
        raise self.error(
            f"`{name}` is not a function of the language" + (f"; did you mean `{near[0]}`?" if near else "")
        )

    def _branch(self, node: ast.expr) -> sp.Expr:
        """A branch of `where`, which alone may be infinite: what a softmax leaves out is `-inf`."""
        negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        name = node.operand if isinstance(node, ast.UnaryOp) and negative else node
        if isinstance(name, ast.Name) and name.id == "inf":
            return -sp.oo if negative else sp.oo
        return self.expression(node)

    def _extent(self, arguments: Sequence[ast.expr]) -> sp.Expr:
        """`extent(x, axis)`: the size of an axis, counted from 0, or from the end where it is negative."""
        self._arity("extent", arguments, 2)
        tensor, place = arguments
        if not isinstance(tensor, ast.Name) or tensor.id not in self.reader.known:
            raise self.error("`extent` takes a tensor and the number of an axis, as in `extent(x, 1)`")
        rank = self.reader.known[tensor.id].rank
        axis = self._axis() if isinstance(place, ast.Name) and place.id == "axis" else self.expression(place)
        if not (isinstance(axis, int) or axis.is_Integer) or not -rank <= int(axis) < rank:
            raise self.error(f"`{tensor.id}` has {rank} axes; `{self.line.source(place)}` is none of them")
        return self.reader.extent_of(tensor.id, int(axis) % rank)

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
        letters = [item.id for item in _items(node.func.slice) if isinstance(item, ast.Name)]
        if len(set(letters)) != len(letters):
            raise self.error(f"`{self.line.source(node.func)}` binds an index twice")
        bound: list[sp.Symbol] = []
        outer = dict(self.indices)
        for item in _items(node.func.slice):
            if _is_ellipsis(item):
                bound.extend(self.rest)
            elif isinstance(item, ast.Name):
                if item.id in self.scope.scalars or item.id in self.reader.known or item.id in RESERVED:
                    raise self.error(f"`{item.id}` is taken; use another letter for the index")
                symbol = self.fresh.fresh(item.id)
                self.indices[item.id] = symbol
                bound.append(symbol)
            else:
                raise self.error(f"`{self.line.source(item)}` is not an index letter")
        body = self.expression(node.args[0])
        self.indices = {**{k: v for k, v in self.indices.items() if v not in bound or v in self.rest}, **outer}
        unused = [s for s in bound if s not in body.free_symbols]
        if unused and keyword not in ("sum", "mean"):
            raise self.error(f"index `{unused[0]}` is not used inside `{keyword}[...]`")
        if not bound:
            return body
        if keyword == "sum":
            return SumOver(body, *bound)
        if keyword == "mean":
            return SumOver(body, *bound) / sp.Mul(*(self.reader.extent(s) for s in bound))
        if keyword == "argmax":
            if len(bound) != 1:
                raise self.error("`argmax` takes one index")
            return Winner(body, bound[0], *bound)
        return MaxOver(body, *bound) if keyword == "max" else -MaxOver(-body, *bound)

    def _condition(self, node: ast.expr) -> sp.Basic:
        if isinstance(node, ast.Compare):
            if len(node.ops) != 1:
                raise self.error("write `a < b and b < c` in place of a chain of comparisons")
            left, right = self.expression(node.left), self.expression(node.comparators[0])
            return _RELATIONS[type(node.ops[0])](left, right)
        if isinstance(node, ast.BoolOp):
            parts = [self._condition(v) for v in node.values]
            return sp.And(*parts) if isinstance(node.op, ast.And) else sp.Or(*parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return sp.Not(self._condition(node.operand))
        raise self.error(f"expected a condition, such as `z > 0`, got `{self.line.source(node)}`")

    def _row(self, node: ast.Call, argument: sp.Expr) -> sp.Expr:
        """A call of another row: its equations come before this one, at the free indices of the argument.

        Where the call is the whole right side, the row's last equation is this one.
        """
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        reader, row = self.reader, self.scope.rows[name]
        reader.calls += 1
        if reader.calls > MAX_CALLS:
            raise self.error(f"more than {MAX_CALLS} calls of other rows; does one call itself?")
        present = argument.free_symbols
        places = [s for s in dict.fromkeys((*self.rest, *self.indices.values())) if s in present]
        prefix = name
        while prefix in reader.known or prefix in self.scope.scalars:
            prefix += "_"
        scope = Scope(
            tensors={row.argument: Declared(len(places), "input")},
            scalars={n: sp.Symbol(n, real=True) for n in row.scalars},
            outputs=(row.result,),
            rows=self.scope.rows,
        )
        inner = _Reader(scope)
        inner.calls = reader.calls
        for line in read_lines(row.equations):
            inner.read(line)
        reader.calls = inner.calls
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
            reader.add(element(rename[target.tensor], *places), body, text)
        return element(prefix, *places)


def _items(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _has_ellipsis(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(node))


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _names_in(line: Line) -> set[str]:
    return {n.id for side in (line.left, line.right) for n in ast.walk(side) if isinstance(n, ast.Name)}


def _letters_in(line: Line) -> set[str]:
    """Names that stand only as indices: they may be used as the name of a bound index."""
    found: set[str] = set()
    for side in (line.left, line.right):
        for node in ast.walk(side):
            if isinstance(node, ast.Subscript):
                found |= {n.id for n in ast.walk(node.slice) if isinstance(n, ast.Name)}
    return found
