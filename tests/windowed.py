"""Formulas that read through windows: cases, lowered forward and backward, with what the slow evaluator finds."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from symbp.derive.derive import derive_formula
from symbp.formula.equation import Formula, Tensor
from symbp.formula.evaluate import evaluate_equation
from symbp.formula.expression import scalar
from symbp.formula.parse import read_formula
from symbp.formula.scope import Declared, Scope
from symbp.program.lower import Shared, lower_equation
from symbp.program.operations import Op, Scalar
from symbp.program.program import Array, Program, Routine, Statement


@dataclass(frozen=True)
class Case:
    """A formula of `x` (and `w`): their ranks, the size of every letter, the scalars; each a name and a digit."""

    text: str
    ranks: str
    sizes: str
    scalars: str = ""


CONV_1D = "y[n,o,p] = sum[c,u](x[n,c,S*p+D*u-P] * w[o,c,u])"
CONV_2D = "y[n,o,p,q] = sum[c,u,v](x[n,c,S*p+u-P,S*q+v-P] * w[o,c,u,v])"
TRANSPOSED = "y[n,o,h,k] = sum[c,p,q,u,v](delta(h, S*p+u-P) * delta(k, S*q+v-P) * x[n,c,p,q] * w[c,o,u,v])"
GROUPED = "y[n,flat(g,o),p,q] = sum[c,u,v](x[n,flat(g,c),S*p+u-P,S*q+v-P] * w[flat(g,o),c,u,v])"
DEPTHWISE = "y[n,flat(c,m),p,q] = sum[u,v](x[n,c,S*p+u-P,S*q+v-P] * w[c,m,u,v])"
AVERAGE = "y[n,c,p,q] = mean[u,v](x[n,c,S*p+u-P,S*q+v-P])"
LOCAL_CONTRAST = "m[n,p] = mean[u](x[n,S*p+u]); y[n,p] = mean[u]((x[n,S*p+u] - m[n,p])**2)"
AVERAGE_LAST = "y[c,p,q,n] = mean[u,v](x[c,S*p+u-P,S*q+v-P,n])"
MAXIMUM = "y[n,c,p,q] = max[u,v](x[n,c,S*p+D*u,S*q+v])"
CASES = {  # formula, ranks, sizes of letters, scalars
    "conv 1-D": Case(CONV_1D, "x3 w3", "n3 c2 k9 o4 u3 p5", "S2 D1 P1"),
    "dilated": Case(CONV_1D, "x3 w3", "n3 c2 k9 o4 u3 p3", "S2 D3 P1"),
    "far outside": Case(CONV_1D, "x3 w3", "n2 c1 k2 o1 u3 p8", "S1 D1 P4"),
    "conv 2-D": Case(CONV_2D, "x4 w4", "n3 c2 h7 k6 o4 u3 v2 p4 q4", "S2 P1"),
    "stride 1": Case(CONV_2D, "x4 w4", "n3 c2 h7 k6 o4 u3 v2 p7 q7", "S1 P1"),
    "one example": Case(CONV_2D, "x4 w4", "n1 c2 h7 k6 o4 u3 v2 p5 q5", "S1 P0"),
    "more inputs": Case(CONV_2D, "x4 w4", "n3 c5 h7 k6 o1 u3 v2 p5 q5", "S1 P0"),
    "stride over": Case(CONV_2D, "x4 w4", "n3 c2 h7 k6 o4 u3 v2 p2 q2", "S4 P0"),
    "kernel 1": Case(CONV_2D, "x4 w4", "n3 c2 h7 k6 o4 u1 v1 p7 q6", "S1 P0"),
    "kernel 1 and stride": Case(CONV_2D, "x4 w4", "n3 c2 h7 k6 o4 u1 v1 p4 q3", "S2 P0"),
    "whole kernel": Case(CONV_2D, "x4 w4", "n3 c2 h7 k6 o4 u7 v6 p1 q1", "S1 P0"),
    "one row": Case(CONV_2D, "x4 w4", "n3 c2 h1 k6 o4 u3 v2 p1 q7", "S1 P1"),
    "all ones": Case(CONV_2D, "x4 w4", "n1 c1 h1 k1 o1 u1 v1 p1 q1", "S1 P0"),
    "grouped": Case(GROUPED, "x4 w4", "n3 g3 c2 h7 k6 o4 u3 v2 p4 q4", "S2 P1"),
    "depthwise": Case(DEPTHWISE, "x4 w4", "n3 c2 h7 k6 m2 u3 v2 p4 q4", "S2 P1"),
    "transposed": Case(TRANSPOSED, "x4 w4", "n3 c2 p3 q4 o4 u3 v2 h6 k6", "S2 P1"),
    "transposed with gaps": Case(TRANSPOSED, "x4 w4", "n3 c2 p3 q2 o1 u2 v2 h9 k5", "S3 P0"),
    "average": Case(AVERAGE, "x4", "n3 c2 h7 k6 u3 v2 p4 q4", "S2 P1"),
    "average apart": Case(AVERAGE, "x4", "n3 c2 h7 k6 u2 v2 p2 q2", "S3 P0"),
    "average of few windows": Case(AVERAGE_LAST, "x4", "n3 c2 h4 k5 u3 v4 p2 q2", "S1 P0"),
    "maximum": Case(MAXIMUM, "x4", "n3 c2 h7 k6 u2 v2 p3 q3", "S2 D1"),
    "maxima overlap": Case(MAXIMUM, "x4", "n3 c2 h7 k6 u3 v3 p3 q4", "S1 D2"),
    "maximum of one": Case(MAXIMUM, "x4", "n3 c2 h7 k6 u1 v1 p4 q3", "S2 D1"),
    "maximum along one axis": Case("y[n,p] = max[u](x[n,S*p+u])", "x2", "n3 k9 u3 p4", "S2"),
    "global maximum": Case("y[n,c] = max[h,k](x[n,c,h,k])", "x4", "n3 c2 h7 k6"),
    "blocks": Case("y[n,c,p,q] = mean[u,v](x[n,c,flat(p,u),flat(q,v)])", "x4", "n2 c3 p2 u3 q3 v1"),
    "nearest": Case("y[n,c,flat(p,u),flat(q,v)] = x[n,c,p,q]", "x4", "n2 c3 p2 u3 q3 v2"),
    "causal": Case("y[n,t] = sum[s](x[n,s] * w[t-s])", "x2 w1", "n2 t7 s7 k3"),
    "local contrast": Case(LOCAL_CONTRAST, "x2", "n3 k9 u3 p4", "S2"),
}


def _digits(text: str) -> dict[str, int]:
    """`n3 c2` as numbers by name."""
    return {part[0]: int(part[1:]) for part in text.split()}


def formula_of(case: Case) -> Formula:
    roles = {"x": "input", "w": "parameter"}
    tensors: dict[str, Any] = {n: Declared(rank, roles[n]) for n, rank in _digits(case.ranks).items()}  # type: ignore[arg-type]
    scalars = {n: scalar(n, integer=True, nonnegative=True) for n in _digits(case.scalars)}
    return read_formula("test", case.text, Scope(tensors, scalars, ("y",)))


@dataclass(frozen=True)
class Lowered:
    """The program of a case, what it is given, and every tensor by the slow evaluator."""

    program: Program
    given: dict[str, np.ndarray]
    expected: dict[str, np.ndarray]
    n: int


@cache
def lowered(name: str) -> Lowered:
    """Forward and backward of a case in order, as one routine."""
    case = CASES[name]
    derivation = derive_formula(formula_of(case))
    formula = derivation.formula
    sizes = _sizes(formula, case)
    scalars = {s: float(_digits(case.scalars)[n]) for n, s in formula.scalars.items()}
    draw = np.random.default_rng(5)

    def shape(axes: tuple[sp.Expr, ...]) -> list[int]:
        return [int(a.xreplace({s: sp.Integer(v) for s, v in sizes.items()})) for a in axes]

    given = {t.name: draw.standard_normal(shape(t.axes)) for t in formula.with_role("input", "parameter")}
    given["d_y"] = draw.standard_normal(shape(formula.output.axes))
    known: dict[str, Any] = dict(given)
    shared = Shared()
    tensors = dict(formula.tensors)
    tensors |= {f"d_{t.name}": Tensor(f"d_{t.name}", t.axes, t.role) for t in formula.tensors.values()}
    arrays: dict[str, Any] = {n: (t.axes, t.kind) for n, t in tensors.items()}
    whole = {s: sp.Integer(v) for s, v in sizes.items() if str(s) != "N"}
    whole |= {s: sp.Integer(_digits(case.scalars)[n]) for n, s in formula.scalars.items()}
    statements = []
    for equation in (*derivation.forward, *(g.equation for g in derivation.backward)):
        known[equation.target.tensor] = evaluate_equation(equation, known, sizes, scalars)
        operations = tuple(_with_numbers(op, whole) for op in lower_equation(equation, tensors, arrays, whole, shared))
        statements.append(Statement("b", equation, operations))
    table = {
        n: Array(
            n,
            tuple("n" if str(a) == "N" else shape((a,))[0] for a in axes),
            kind,
            "argument" if n in given else "workspace",
        )
        for n, (axes, kind) in arrays.items()
    }
    program = Program(table, {"forward": Routine("forward", tuple(statements))})
    return Lowered(program, given, known, _digits(case.sizes)["n"])


def _sizes(formula: Formula, case: Case) -> dict[sp.Symbol, int]:
    """Every size symbol by the letter that it is named after."""
    found = {s for t in formula.tensors.values() for a in t.axes for s in a.free_symbols}
    found |= {s for e in formula.equations for a in e.sizes.values() for s in a.free_symbols}
    letters = {s: str(s).removeprefix("N_").lower().rstrip("23") for s in found}
    return {s: _digits(case.sizes)["k" if letter == "w" else letter] for s, letter in letters.items()}


def _with_numbers(op: Op, numbers: dict[sp.Symbol, sp.Integer]) -> Op:
    """The operation with numbers in its scalars."""

    def put(value: Any) -> Any:
        return Scalar(value.value.xreplace(numbers)) if isinstance(value, Scalar) else value

    changes = {f.name: put(getattr(op, f.name)) for f in fields(op)}
    if "operands" in changes:
        changes["operands"] = tuple(map(put, changes["operands"]))
    return replace(op, **changes)
