"""What a claim's tree is worth at a point: between matrices, where every value has rows and columns.

A vector is a column, or a row where examples are rows. Products by elements want equal shapes, or one operand that is
repeated to the shape of the other; a column times a row by elements is a mistake, and said to be one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from symbp.audit.functions import function
from symbp.audit.setting import Point, Setting
from symbp.audit.syntax import DERIVATIVE, PRIME
from symbp.audit.vocabulary import MeaninglessError
from symbp.audit.written import written
from symbp.errors import UserError

_ONE = ast.Constant(1)


class ShapeError(MeaninglessError):
    """Operands whose shapes do not fit."""


COMPARE: dict[type[ast.cmpop], Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ast.Gt: np.greater, ast.GtE: np.greater_equal, ast.Lt: np.less, ast.LtE: np.less_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide
}  # fmt: skip


def is_indicator(node: ast.AST) -> ast.expr | None:
    """The condition of `1[z > 0]`."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Constant) and node.value.value == 1:
        return node.slice
    return None


def shown(value: np.ndarray) -> str:
    """The shape of a matrix in words."""
    return " x ".join(map(str, value.shape)) if value.ndim else "a number"


class Matrices:
    """Evaluates trees between matrices. A number has no axes; anything else has two.

    A derivative by elements is a vector, and with `whole` the matrix that has it on its diagonal.
    """

    def __init__(self, setting: Setting, point: Point, *, whole: bool = False) -> None:
        self.setting = setting
        self.point = point
        self.whole = whole

    def quantity(self, name: str) -> np.ndarray:
        """A tensor, a cotangent or a number that a name stands for."""
        number = self.setting.number(name)
        if number is not None:
            return self.point.number(number)
        found = self.setting.vocabulary.find(name)
        return self.between(found.tensor, self.point.values[found.key])

    def between(self, tensor: str, value: np.ndarray) -> np.ndarray:
        value = np.asarray(value, float)
        if value.ndim == 1:
            return value[:, None] if self.setting.stands(tensor) else value[None, :]
        if value.ndim > 2:
            raise ShapeError(f"`{tensor}` has {value.ndim} axes; write the claim with indices")
        return value

    def value(self, node: ast.expr) -> np.ndarray:
        condition = is_indicator(node)
        if condition is not None:
            return self.value(condition)
        match node:
            case ast.Constant(value=number):
                return np.asarray(float(str(number)))
            case ast.Name(id=name):
                return self.quantity(name)
            case ast.UnaryOp(op=op, operand=inner):
                return -self.value(inner) if isinstance(op, ast.USub) else self.value(inner)
            case ast.Attribute(value=inner):
                return np.transpose(self.value(inner))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return COMPARE[type(op)](*self.aligned(node, left, right)).astype(float)
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                return self.product(node, self.value(left), self.value(right))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                with np.errstate(all="ignore"):
                    return np.asarray(np.power(self.value(left), self.value(right)))
            case ast.BinOp(left=left, op=op, right=right):
                with np.errstate(all="ignore"):
                    combined: np.ndarray = ARITHMETIC[type(op)](*self.aligned(node, left, right))
                    return combined
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.call(node, name, arguments)
        raise UserError(f"`{written(node)}` has no value between matrices")

    def aligned(self, node: ast.expr, left: ast.expr, right: ast.expr) -> tuple[np.ndarray, np.ndarray]:
        one, other = self.value(left), self.value(right)
        if one.ndim and other.ndim and one.shape != other.shape:
            try:
                whole = np.broadcast_shapes(one.shape, other.shape)
            except ValueError:
                whole = ()
            if whole not in (one.shape, other.shape):
                raise ShapeError(
                    f"`{written(node)}` is by elements, of {shown(one)} (`{written(left)}`) and {shown(other)} "
                    f"(`{written(right)}`)"
                )
        return one, other

    def product(self, node: ast.BinOp, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        if not one.ndim or not other.ndim:
            return np.asarray(one * other)
        if one.shape[1] != other.shape[0]:
            raise ShapeError(
                f"`{written(node)}` multiplies {shown(one)} (`{written(node.left)}`) by {shown(other)} "
                f"(`{written(node.right)}`)"
            )
        return np.asarray(one @ other)

    def call(self, node: ast.Call, name: str, arguments: list[ast.expr]) -> np.ndarray:
        if name == DERIVATIVE:
            return self.derivative(arguments)
        if name in WHOLE:
            fewest, most, whole = WHOLE[name]
            if not fewest <= len(arguments) <= most:
                raise UserError(f"`{name}` takes {fewest} to {most} arguments, got {len(arguments)}")
            return whole(self, node)
        if len(arguments) != 1:
            raise UserError(f"`{name.replace(PRIME, chr(39))}` takes 1 argument, got {len(arguments)}")
        (argument,) = arguments
        read = self.setting.vocabulary.find(argument.id).tensor if isinstance(argument, ast.Name) else ""
        found = function(name.removesuffix(PRIME), read, self.setting)
        return found.values(self.value(argument), derivative=name.endswith(PRIME))

    def derivative(self, arguments: list[ast.expr]) -> np.ndarray:
        """`dC/dz2` is a cotangent; `da2/dz2` by elements where it is one, else the matrix of all derivatives."""
        of, by = (self.tensor(a) for a in arguments)
        if of == self.setting.formula.output.name and not self.setting.tensor(of).axes:
            return self.between(by, self.point.values[f"d_{by}"])
        values = self.setting.jacobian_at(of, by, self.point)
        own = self.setting.tensor(of).axes
        if not self.whole and self.setting.by_elements(of, by):
            count = int(np.prod(values.shape[: len(own)]))
            return self.between(of, np.diag(values.reshape(count, count)).reshape(values.shape[: len(own)]))
        if values.ndim > 2:
            raise ShapeError(f"`d{of}/d{by}` has {values.ndim} axes; write the claim with indices")
        return self.between(of if own else by, values)

    def tensor(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            raise UserError(f"expected the name of a tensor in a derivative, got `{written(node)}`")
        found = self.setting.vocabulary.find(node.id)
        if found.cotangent:
            raise UserError(f"`{node.id}` is a derivative already")
        return found.tensor

    def total(self, node: ast.Call) -> np.ndarray:
        """`sum(X)`, or `sum(X, 0)` down the rows, `sum(X, 1)` along them; `mean` likewise."""
        value, mean = self.value(node.args[0]), isinstance(node.func, ast.Name) and node.func.id == "mean"
        reduce: Callable[..., np.ndarray] = np.mean if mean else np.sum
        if len(node.args) == 1:
            return np.asarray(reduce(value))
        axis = node.args[1]
        if not isinstance(axis, ast.Constant) or axis.value not in (0, 1):
            raise UserError(f"`{written(node)}`: 0 adds up rows, 1 columns")
        if not value.ndim:
            raise ShapeError(f"`{written(node)}` is of a number, which has neither rows nor columns")
        return np.asarray(reduce(value, axis=int(str(axis.value)), keepdims=True))

    def diagonal(self, node: ast.Call) -> np.ndarray:
        value = self.value(node.args[0])
        if 1 in value.shape:
            return np.diag(value.reshape(-1))
        if value.ndim != 2 or value.shape[0] != value.shape[1]:
            raise ShapeError(f"`{written(node)}` is of {shown(value)}, which is neither a vector nor square")
        return np.diag(value)[:, None]

    def outer(self, node: ast.Call) -> np.ndarray:
        one, other = (self.value(a) for a in node.args)
        return np.outer(one.reshape(-1), other.reshape(-1))

    def dot(self, node: ast.Call) -> np.ndarray:
        one, other = (self.value(a) for a in node.args)
        if one.size != other.size:
            raise ShapeError(f"`{written(node)}` is of {shown(one)} and {shown(other)}")
        return np.asarray(np.sum(one.reshape(-1) * other.reshape(-1)))

    def trace(self, node: ast.Call) -> np.ndarray:
        return np.asarray(np.trace(self.square(node)))

    def inverse(self, node: ast.Call) -> np.ndarray:
        """`inv(A)`; not a number where there is none."""
        value = self.square(node)
        return np.linalg.inv(value) if np.linalg.matrix_rank(value) == len(value) else np.full(value.shape, np.nan)

    def determinant(self, node: ast.Call) -> np.ndarray:
        return np.asarray(np.linalg.det(self.square(node)))

    def square(self, node: ast.Call) -> np.ndarray:
        value = self.value(node.args[0])
        if value.ndim != 2 or value.shape[0] != value.shape[1]:
            raise ShapeError(f"`{written(node)}` is of {shown(value)}, which is not square")
        return value

    def norm(self, node: ast.Call) -> np.ndarray:
        return np.asarray(np.sqrt(np.sum(self.value(node.args[0]) ** 2)))

    def where(self, node: ast.Call) -> np.ndarray:
        condition, yes, no = (self.value(a) for a in node.args)
        shapes = {v.shape for v in (condition, yes, no) if v.ndim}
        if len(shapes) > 1:
            raise ShapeError(f"`{written(node)}` is of {', '.join(map(shown, (condition, yes, no)))}")
        return np.where(condition > 0, yes, no)

    def larger(self, node: ast.Call) -> np.ndarray:
        pair = self.aligned(node, *node.args)
        largest = isinstance(node.func, ast.Name) and node.func.id == "max"
        return np.asarray((np.maximum if largest else np.minimum)(*pair))

    def transpose(self, node: ast.Call) -> np.ndarray:
        return self.value(node.args[0]).T


WHOLE: dict[str, tuple[int, int, Callable[[Matrices, ast.Call], np.ndarray]]] = {
    "sum": (1, 2, Matrices.total),
    "mean": (1, 2, Matrices.total),
    "diag": (1, 1, Matrices.diagonal),
    "outer": (2, 2, Matrices.outer),
    "dot": (2, 2, Matrices.dot),
    "trace": (1, 1, Matrices.trace),
    "tr": (1, 1, Matrices.trace),
    "inv": (1, 1, Matrices.inverse),
    "det": (1, 1, Matrices.determinant),
    "norm2": (1, 1, Matrices.norm),
    "normF": (1, 1, Matrices.norm),
    "where": (3, 3, Matrices.where),
    "max": (2, 2, Matrices.larger),
    "min": (2, 2, Matrices.larger),
    "transpose": (1, 1, Matrices.transpose),
}
