"""Rows of the catalog as array operations, against the slow evaluator; a pass that changes a value is seen."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from references_joining import JOINING

from symbp.catalog import entries
from symbp.derive.derive import derive_formula
from symbp.formula.equation import Tensor
from symbp.formula.evaluate import evaluate_equation
from symbp.forward.rows import formula_of
from symbp.program.interpret import run
from symbp.program.lower import lower_equation
from symbp.program.program import Array, Program, Routine, Statement

ROWS = [e for kind in ("activation", "loss", "penalty") for e in entries(kind)]
ROWS += [e for e in entries("layer") if e.name in JOINING]  # the others are tested as modules, with their references
SIZES = [{"N": 4, "": 3}, {"N": 1, "": 3}, {"N": 3, "": 1}]


def options(entry):
    found = {o.name: o.default for o in entry.options if o.default is not None}
    return {"threshold": 0.1, "value": 0.3, **found}


def derived(entry):
    ranks = [2] * (3 if entry.family else max(len(entry.inputs), 1))
    return derive_formula(formula_of(entry, options(entry), ranks).formula)


def numbers(entry, formula, sizes):
    """A number for each size symbol; an axis that is read in halves has twice the half's."""
    symbols = {s for t in formula.tensors.values() for a in t.axes for s in a.free_symbols}
    symbols |= {s for e in formula.equations for a in e.sizes.values() for s in a.free_symbols}
    found = {s: sizes.get(str(s), sizes[""]) for s in symbols}
    for letter, text in entry.sizes:
        if text == f"extent({entry.argument}, -1) / 2":
            found[formula.tensors[entry.argument].axes[-1]] = 2 * found[formula.letters[letter]]
    return found


def arguments(formula, sizes, draw):
    """Random arrays for everything that the equations are given."""
    tensors = {}
    for tensor in formula.tensors.values():
        if tensor.role in ("input", "parameter", "target", "constant"):
            shape = [int(a.xreplace({s: sp.Integer(v) for s, v in sizes.items()})) for a in tensor.axes]
            positive = formula.name.split()[0] in (
                "binary_cross_entropy",
                "cross_entropy",
                "softmax_cross_entropy",
                "kl_divergence",
                "bce_with_logits",
            )
            values = draw.uniform(0.1, 0.9, shape) if positive else draw.standard_normal(shape)
            classes = (
                next((int(a.xreplace(sizes)) for a in reversed(formula.tensors["a"].axes)), 1)
                if "a" in formula.tensors and formula.tensors["a"].axes
                else 1
            )
            tensors[tensor.name] = draw.integers(0, classes, shape) if tensor.kind == "int" else values
    return tensors


@pytest.mark.parametrize("sizes", SIZES, ids=["usual", "one example", "one unit"])
@pytest.mark.parametrize("entry", ROWS, ids=lambda e: e.name)
def test_operations_agree_with_the_evaluator(entry, sizes):
    derivation = derived(entry)
    formula = derivation.formula
    extents = numbers(entry, formula, sizes)
    draw = np.random.default_rng(7)
    known = arguments(formula, extents, draw)
    values = options(entry)
    scalars = {s: float(values[n]) for n, s in formula.scalars.items()}
    for equation in derivation.forward:
        known[equation.target.tensor] = evaluate_equation(equation, known, extents, scalars)
    known["d_" + formula.output.name] = draw.standard_normal(known[formula.output.name].shape)
    for equation in (*derivation.forward, *(g.equation for g in derivation.backward)):
        expected = evaluate_equation(equation, known, extents, scalars)
        known[equation.target.tensor] = expected
        found = computed(equation, formula, known, extents, scalars)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14, err_msg=str(equation))


def computed(equation, formula, known, extents, scalars):
    """The equation's value by its array operations."""
    tensors = {
        **formula.tensors,
        **{f"d_{t.name}": Tensor(f"d_{t.name}", t.axes, t.role) for t in formula.tensors.values()},
    }
    arrays = {n: (t.axes, t.kind) for n, t in tensors.items()}
    whole = {s: sp.Integer(v) for s, v in extents.items()}
    operations = lower_equation(equation, tensors, arrays, {s: v for s, v in whole.items() if str(s) != "N"})
    arrays = {**{n: (t.axes, t.kind) for n, t in tensors.items()}, **arrays}
    table = {
        n: Array(n, tuple(int(a.xreplace(whole)) for a in axes), kind, "workspace")
        for n, (axes, kind) in arrays.items()
    }
    program = Program(table, {"forward": Routine("forward", (Statement("b", equation, operations),))})
    named = {str(s): v for s, v in {**extents, **scalars}.items()}
    given = {n: v for n, v in known.items() if n != equation.target.tensor}
    return run(program, ["forward"], given, extents.get(sp.Symbol("N"), 1), named)[equation.target.tensor]


def test_a_corrupted_operation_is_seen():
    entry = next(e for e in ROWS if e.name == "softmax")
    derivation = derived(entry)
    extents = numbers(entry, derivation.formula, SIZES[0])
    known = arguments(derivation.formula, extents, np.random.default_rng(1))
    for equation in derivation.forward:
        known[equation.target.tensor] = evaluate_equation(equation, known, extents)
    known["d_a"] = np.random.default_rng(2).standard_normal(known["a"].shape)
    equation = derivation.backward[-1].equation
    wrong = replace(equation, body=equation.body.xreplace({sp.Integer(-1): sp.Integer(1)}))
    assert wrong.body != equation.body
    expected = evaluate_equation(equation, known, extents)
    assert not np.allclose(computed(wrong, derivation.formula, known, extents, {}), expected, rtol=1e-6)
