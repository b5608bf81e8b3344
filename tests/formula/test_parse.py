"""The formula language: what is read, what it means, and what each mistake is told."""

import pytest
import sympy as sp

from symbp.formula.expression import Element, Flat, SumOver, element, index
from symbp.formula.grammar import MAX_DEPTH, MAX_TEXT, FormulaError
from symbp.formula.parse import read_formula
from symbp.formula.scope import CallableRow, Declared, Scope

ROWS = {"sigmoid": CallableRow("a = 1 / (1 + exp(-z))", "z", "a")}


def read(text, outputs=("y",), scalars=(), rows=ROWS, states=(), **tensors):
    """A formula whose inputs have these ranks; a string such as "2i" declares integers."""
    declared = {
        name: Declared(int(str(rank)[0]), "input", "int" if str(rank).endswith("i") else "float")
        for name, rank in tensors.items()
    }
    return read_formula(
        "test", text, Scope(declared, {s: sp.Symbol(s, real=True) for s in scalars}, outputs, rows, states=states)
    )


def test_dense_layer_has_a_size_for_every_axis():
    formula = read("y[n,j] = sum[i](x[n,i] * W[i,j]) + b[j]", x=2, W=2, b=1)
    tensors = {name: tuple(map(str, t.axes)) for name, t in formula.tensors.items()}
    assert tensors == {"x": ("N", "N_i"), "W": ("N_i", "N_j"), "b": ("N_j",), "y": ("N", "N_j")}
    (equation,) = formula.equations
    assert str(equation) == "y[n,j] = b[j] + sum[i](W[i,j]*x[n,i])"


@pytest.mark.parametrize("rank", [1, 2, 3, 4, 5])
def test_bare_names_are_elementwise_at_any_rank(rank):
    (equation,) = read("y = exp(z)", z=rank).equations
    assert len(equation.target.indices) == rank
    assert equation.body == sp.exp(element("z", *equation.target.indices))


@pytest.mark.parametrize(("rank", "indices"), [(2, "n,j"), (3, "n,t,j")])
def test_ellipsis_stands_for_the_leading_axes(rank, indices):
    formula = read("y[...,j] = sum[i](x[...,i] * W[i,j])", x=rank, W=2)
    assert str(formula.equations[0].target) == f"y[{indices}]"


def test_ellipsis_of_labels_beside_a_letter_on_the_left_is_the_batch():
    formula = read("y[...,j] = delta(j, c[...]) * w[j]", c="1i", w=1)
    assert str(formula.equations[0].target) == "y[n,j]"


def test_bound_indices_have_names_of_their_own():
    (equation,) = read("y[n] = sum[k](x[n,k]) * sum[k](x[n,k]**2)", x=2).equations
    bound = [s for node in sp.preorder_traversal(equation.body) if isinstance(node, SumOver) for s in node.bound]
    assert len(bound) == len(set(bound)) == 2


def test_mean_divides_by_the_size():
    formula = read("y[n] = mean[k](x[n,k])", x=2)
    assert formula.equations[0].body.has(formula.tensors["x"].axes[1])


def test_reduce_is_the_chosen_reduction():
    scope = Scope({"a": Declared(2, "input")}, {}, ("C",), reduction="sum")
    (equation,) = read_formula("test", "C = reduce[...](a**2)", scope).equations
    assert isinstance(equation.body, SumOver)
    assert equation.target == element("C")


def test_numbers_are_exact():
    (equation,) = read("y = 0.044715 * z + 1e-3", z=2).equations
    assert equation.body == sp.Rational(8943, 200000) * element("z", *equation.target.indices) + sp.Rational(1, 1000)


def test_calls_of_rows_become_equations():
    formula = read("y = z * sigmoid(2 * z)", z=2)
    assert [e.target.tensor for e in formula.equations] == ["sigmoid", "y"]
    assert "exp(-2*z[n,j])" in str(formula.equations[0])


def test_flat_merges_and_splits_axes():
    merged = read("y[n,flat(...)] = x[n,...]", x=4)
    assert isinstance(merged.equations[0].target.indices[1], Flat)
    assert str(merged.output.axes[1]) == "N_c*N_h*N_w"
    split = read("y[n,p,q] = x[n,flat(p,q)]", x=2)
    assert [len(t.axes) for t in split.tensors.values()] == [2, 3]


def test_integer_elements_are_indices():
    formula = read("y[n,t,d] = E[tok[n,t],d]", E=2, tok="2i")
    place = next(formula.equations[0].body.atoms(Element).__iter__())
    assert place.is_integer or any(i.is_integer for i in place.indices)


def test_recurrence_reads_its_own_target():
    formula = read("h[n,t] = tanh(x[n,t] + V * h[n,t-1])", outputs=("h",), scalars=("V",), x=2)
    assert element("h", index("n"), index("t") - 1) in formula.equations[0].body.atoms(Element)


def test_what_a_softmax_leaves_out_is_infinite():
    (equation,) = read("y[n,j] = where(j <= n, z[n,j], -inf)", z=2).equations
    assert equation.body.args[1].expr == -sp.oo


def test_states_may_be_read_and_assigned():
    formula = read("v = mu*v + g; w = w - eta*v", ("w",), ("mu", "eta"), states=("v", "w"), w=1, v=1, g=1)
    assert [e.target.tensor for e in formula.equations] == ["v", "w"]


MISTAKES = [
    ("y = q * z", "`q` is not declared"),
    ("y = zz + z", "did you mean `z`"),
    ("y[n] = z[n,k]", "index `k` stands on the right only"),
    ("y[n,n] = z[n,n]", "twice"),
    ("y[n,j] = z[n]", "`z` has rank 2"),
    ("y = max(z)", "takes 2 arguments"),
    ("y = sum(z)", "needs the indices"),
    ("y = sigmod(z)", "did you mean `sigmoid`"),
    ("y = exp(z, z)", "takes 1 argument"),
    ("y = z z", "not an equation"),
    ("y = ", "not an equation"),
    ("z = 2 * z", "`z` is given"),
    ("exp = z", "cannot be assigned"),
    ("d_z = z", "kept for cotangents"),
    ("y = z; y = z", "assigned twice"),
    ("y = z / 0", "division by 0"),
    ("y = z + 9**9**9**9", "not computed"),
    ("y = z + 1e999", "out of range"),
    ("y = z + 99999999999999999999", "too large"),
    ("y = where(0 < z < 1, z, 0)", "chain of comparisons"),
    ("y = where(z, z, 0)", "expected a condition"),
    ("y = z.real", "not part of the language"),
    ("y = (lambda: z)()", "not part of the language"),
    ("y = [z for z in z]", "not part of the language"),
    ("y = __import__('os')", "not"),
    ("y = f'{z}'", "not part of the language"),
    ("y = 'text'", "not a number"),
    ("y = True * z", "not a number"),
    ("y = exp(x=z)", "by place"),
    ("y := z", "not an equation"),
    ("y = é", "ASCII"),
    ("q = z", "no equation computes `y`"),
    ("", "empty"),
    ("y = " + "(" * 200 + "z" + ")" * 200, f"deeper than {MAX_DEPTH}"),
    ("y = z + " * 10 + "z" * MAX_TEXT, "characters"),
    ("y = " + "-" * 60 + "z", "deeper"),
    ("y = " + "+".join(["z"] * 900), "parts"),
    ("y = sum[n](z[n,j])", "index"),
    ("y[n,j] = z[n,j/2]", "not an integer"),
    ("y = z + inf", "branch of its own"),
    ("y = where(z > 0, 2 * inf, z)", "branch of its own"),
]


@pytest.mark.parametrize(("text", "says"), MISTAKES, ids=[t[:30] or "empty" for t, _ in MISTAKES])
def test_mistakes_are_told(text, says):
    with pytest.raises(FormulaError) as caught:
        read(text, z=2)
    assert says in str(caught.value)


def test_long_flat_sums_are_read():
    (equation,) = read("y = " + " + ".join(f"{i} * z**{i}" for i in range(1, 60)), z=2).equations
    assert len(equation.body.args) == 59


def test_stop_is_an_equation_of_its_own() -> None:
    scope = Scope({"x": Declared(2, "input")}, {}, ("y",))
    alone = read_formula("alone", "s = stop(x**2); y = x*s", scope)
    assert [str(e) for e in alone.equations] == ["s[n,j] = stop(x[n,j]**2)", "y[n,j] = s[n,j]*x[n,j]"]
    inside = read_formula("inside", "y = x*stop(x**2)", scope)
    assert [str(e) for e in inside.equations] == ["stopped[n,j] = stop(x[n,j]**2)", "y[n,j] = stopped[n,j]*x[n,j]"]
