"""Labels on any axes of an array: what is gathered has the shape that NumPy gives it, what is scattered fits it."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from symbp.formula.equation import Equation
from symbp.formula.expression import element, index
from symbp.program.interpret import run
from symbp.program.operations import Gather, Op, Scatter
from symbp.program.program import Array, ArrayKind, Program, Routine, Statement
from symbp.program.verify import ProgramError, verify

LABELLED = {  # the axes of labels, of an array of shape (2, 3, 4, 6), and what the indices show of it, for 5 labels
    (0,): (5, 3, 4, 6),
    (1,): (2, 5, 4, 6),
    (1, 2): (2, 5, 6),
    (3,): (2, 3, 4, 5),
    (0, 2): (5, 3, 6),
    (1, 3): (5, 2, 4),
}


def program(op: Op, shown: tuple[int, ...]) -> Program:
    shapes: dict[str, tuple[tuple[int, ...], ArrayKind]]
    shapes = {"whole": ((2, 3, 4, 6), "float"), "shown": (shown, "float"), "label": ((5,), "int")}
    given = {"label", "shown" if isinstance(op, Scatter) else "whole"}
    arrays = {n: Array(n, s, kind, "argument" if n in given else "workspace") for n, (s, kind) in shapes.items()}
    equation = Equation(element("whole", index("i")), sp.Integer(0), {})
    return Program(arrays, {"forward": Routine("forward", (Statement("b", equation, (op,)),))})


@pytest.mark.parametrize("axes", LABELLED)
def test_shapes_are_those_of_numpy(axes: tuple[int, ...]) -> None:
    indices = tuple("label" if axis in axes else None for axis in range(4))
    draw, labels = np.random.default_rng(0), np.array([0, 1, 1, 0, 1])
    whole, added = draw.standard_normal((2, 3, 4, 6)), draw.standard_normal(LABELLED[axes])
    places = tuple(labels if i else slice(None) for i in indices)

    gathered = program(Gather("shown", "whole", indices), LABELLED[axes])
    verify(gathered)
    np.testing.assert_array_equal(
        run(gathered, ["forward"], {"whole": whole, "label": labels}, 2, {})["shown"], whole[places]
    )
    scattered = program(Scatter("whole", "shown", indices), LABELLED[axes])
    verify(scattered)
    expected = np.zeros_like(whole)
    np.add.at(expected, places, added)
    np.testing.assert_array_equal(
        run(scattered, ["forward"], {"shown": added, "label": labels}, 2, {})["whole"], expected
    )


@pytest.mark.parametrize("axes", LABELLED)
def test_what_does_not_fit_is_refused(axes: tuple[int, ...]) -> None:
    indices = tuple("label" if axis in axes else None for axis in range(4))
    turned = LABELLED[axes][1:] + LABELLED[axes][:1]
    with pytest.raises(ProgramError, match="the labels take"):
        verify(program(Gather("shown", "whole", indices), turned))
    with pytest.raises(ProgramError, match="does not spread over"):
        verify(program(Scatter("whole", "shown", indices), turned))
