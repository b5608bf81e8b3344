"""Derivations whose result every textbook states: they must come out of the formulas by themselves."""

import math

import pytest
import sympy as sp

from symbp.catalog import lookup
from symbp.derive import seam
from symbp.derive.derive import derive_formula
from symbp.derive.seam import derive_joint
from symbp.formula.expression import scalar
from symbp.formula.parse import read_formula
from symbp.formula.scope import Declared, Scope
from symbp.forward.rows import formula_of


def gradients(derivation):
    return {g.tensor: str(g.equation) for g in derivation.backward}


def derived(text, outputs=("y",), scalars=(), **tensors):
    declared = {
        n: Declared(
            int(str(r)[0]), "parameter" if n.isupper() or n in "bw" else "input", "int" if "i" in str(r) else "float"
        )
        for n, r in tensors.items()
    }
    symbols = {s: scalar(s, positive=True, integer=True) for s in scalars}
    return gradients(derive_formula(read_formula("test", text, Scope(declared, symbols, outputs))))


ELEMENTWISE = {
    "sigmoid": "d_z[n,j] = (1 - a[n,j])*a[n,j]*d_a[n,j]",
    "tanh": "d_z[n,j] = (1 - a[n,j]**2)*d_a[n,j]",
    "exp": "d_z[n,j] = a[n,j]*d_a[n,j]",
    "softplus": "d_z[n,j] = -expm1(-beta*a[n,j])*d_a[n,j]",
    "relu": "d_z[n,j] = Piecewise((1, a[n,j] > 0), (0, True))*d_a[n,j]",
    "softsign": "d_z[n,j] = d_a[n,j]/(Abs(z[n,j]) + 1)**2",
    "softmax": "d_z[n,j] = (d_a[n,j] - sum[k](a[n,k]*d_a[n,k]))*a[n,j]",
    "log_softmax": "d_z[n,j] = -exp(a[n,j])*sum[k](d_a[n,k]) + d_a[n,j]",
    "elu": "d_z[n,j] = Piecewise((1, z[n,j] > 0), (alpha*exp(z[n,j]), True))*d_a[n,j]",
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivatives_are_found_in_saved_values(name):
    row = formula_of(lookup("activation", name), {}, 2)
    assert gradients(derive_formula(row.formula))["z"] == ELEMENTWISE[name]


@pytest.mark.parametrize("name", ["silu", "gelu", "mish"])
def test_nothing_is_eliminated_where_no_solution_exists(name):
    row = formula_of(lookup("activation", name), {}, 2)
    assert "z[" in gradients(derive_formula(row.formula))["z"]


DECIMALS = {  # formula -> its derivative by z
    "a = 0.044715*z**3 + 0.134*z": "(26829*z**2/200000 + 67/500)*d_a",
    "a = z/(1 + 0.044715*z**2)": "(1 - 8943*z**2/200000)*d_a/(8943*z**2/200000 + 1)**2",
    "a = 1.7159*tanh(0.6*z)": "51477*(1 - tanh(3*z/5)**2)*d_a/50000",
    "a = exp(-(z - 0.3)**2)": "(3/5 - 2*z)*a*d_a",
    "a = log(0.3 + 0.7*exp(1.3*z))": "13*(1 - 3*exp(-a)/10)*d_a/10",
    "a = sqrt(0.5*z**2 + 0.25)": "d_a*z/(2*a)",
    "a = z*(z/2 + 0.25)": "(z + 1/4)*d_a",
}


@pytest.mark.parametrize("text", DECIMALS)
def test_decimals_are_brought_over_no_common_denominator(text):
    assert derived(text, outputs=("a",), z=0) == {"z": f"d_z = {DECIMALS[text]}"}


@pytest.mark.parametrize("name", ["gelu_tanh", "gelu", "tanh", "tanhshrink", "mish", "hard_sigmoid"])
def test_a_function_has_the_argument_that_it_has_in_the_formula(name):
    """So its value is there already when the derivative is computed."""
    found = derive_formula(formula_of(lookup("activation", name), {}, 2).formula)
    computed = {node for e in found.forward for node in e.body.atoms(sp.tanh, sp.erf)}
    assert {node for g in found.backward for node in g.equation.body.atoms(sp.tanh, sp.erf)} <= computed


def test_a_sum_taken_apart_is_no_saved_value():
    """Of a distance nothing is saved that its derivative could read; of a mean, the mean is."""
    scope = Scope({"x": Declared(2, "input"), "c": Declared(2, "parameter")}, {}, ("r",))
    distance = derive_formula(read_formula("test", "r[n,j] = mean[i]((x[n,i] - c[i,j])**2)", scope))
    assert [g.steps[-1].rule for g in distance.backward] == ["factor out", "factor out"]
    assert not any(step.rule == "saved value" for g in distance.backward for step in g.steps)
    norm = derive_formula(formula_of(lookup("layer", "layer_norm"), {}, 2).formula)
    rules = next([step.rule for step in g.steps] for g in norm.backward if g.tensor == "mu")
    assert rules[-2:] == ["factor out", "saved value"]


def test_a_branch_that_is_a_number_is_no_saved_value():
    """Where a ReLU is 0, so is its derivative, and not `a`."""
    relu = derive_formula(read_formula("test", "a = max(0, z)", Scope({"z": Declared(0, "input")}, {}, ("a",))))
    assert gradients(relu)["z"] == "d_z = Piecewise((1, a > 0), (0, True))*d_a"


def test_dense():
    assert derived("y[n,j] = sum[i](x[n,i] * W[i,j]) + b[j]", x=2, W=2, b=1) == {
        "x": "d_x[n,i] = sum[j](W[i,j]*d_y[n,j])",
        "W": "d_W[i,j] = sum[n](d_y[n,j]*x[n,i])",
        "b": "d_b[j] = sum[n](d_y[n,j])",
    }


def test_convolution_becomes_transposed_convolution():
    text = "y[n,o,p,q] = sum[c,u,v](x[n,c,S*p+u-P,S*q+v-P] * w[o,c,u,v])"
    assert derived(text, scalars=("S", "P"), x=4, w=4) == {
        "x": "d_x[n,c,h,k] = sum[o,p,q](d_y[n,o,p,q]*w[o,c,P - S*p + h,P - S*q + k])",
        "w": "d_w[o,c,u,v] = sum[n,p,q](d_y[n,o,p,q]*x[n,c,-P + S*p + u,-P + S*q + v])",
    }


def test_max_pool_scatters_to_the_winner():
    found = derived("y[n,c,p,q] = max[u,v](x[n,c,S*p+u,S*q+v])", scalars=("S",), x=4)
    assert found["x"] == (
        "d_x[n,c,h,w] = sum[p,q]"
        "(KroneckerDelta(h, S*p + y_u[n,c,p,q])*KroneckerDelta(w, S*q + y_v[n,c,p,q])*d_y[n,c,p,q])"
    )


def test_embedding_scatters_by_token():
    found = derived("y[n,t,d] = E[tok[n,t],d]", E=2, tok="2i")
    assert found["E"] == "d_E[k,d] = sum[n,t](KroneckerDelta(k, tok[n,t])*d_y[n,t,d])"


def test_back_propagation_through_time_falls_out_of_the_delta():
    text = "h[n,t,j] = tanh(sum[i](x[n,t,i]*U[i,j]) + sum[k](h[n,t-1,k]*V[k,j]) + b[j])"
    found = derived(text, ("h",), x=3, U=2, V=2, b=1)
    assert found["h_state"] == "d_h_state[n,t,j] = d_h[n,t,j] + sum[k](V[j,k]*d_z_h[n,t + 1,k])"
    assert found["z_h"] == "d_z_h[n,t,j] = (1 - h_state[n,t,j]**2)*d_h_state[n,t,j]"
    assert found["V"] == "d_V[k,j] = sum[n,t](d_z_h[n,t,j]*h_state[n,t - 1,k])"


def test_flatten_is_undone_by_reading():
    assert derived("y[n,flat(...)] = x[n,...]", x=4)["x"] == "d_x[n,c,h,w] = d_y[n,flat(c,h,w)]"
    assert derived("y[n,c,h,w] = x[n,flat(c,h,w)]", x=2)["x"] == "d_x[n,flat(c,h,w)] = d_y[n,c,h,w]"


JOINED = [
    ("softmax", "cross_entropy", {}, "d_z[n,j] = (-KroneckerDelta(j, y[n]) + a[n,j])/N"),
    ("softmax", "cross_entropy", {"targets": "probabilities"}, "d_z[n,j] = (a[n,j]*sum[k](y[n,k]) - y[n,j])/N"),
    ("sigmoid", "binary_cross_entropy", {}, "d_z[n,j] = (a[n,j] - y[n,j])/(N*N_j)"),
    ("log_softmax", "nll", {}, "d_z[n,j] = (exp(a[n,j]) - KroneckerDelta(j, y[n]))/N"),
]


@pytest.mark.parametrize(("activation", "loss", "options", "result"), JOINED)
def test_seams_are_joined_where_the_algebra_is_simpler(activation, loss, options, result):
    first = formula_of(lookup("activation", activation), {}, 2).formula
    second = formula_of(lookup("loss", loss), options, 2).formula
    found = derive_joint(first, second, "a")
    assert found is not None
    assert gradients(found[0])["z"] == result


@pytest.mark.parametrize("identity", seam.IDENTITIES)
def test_identities_hold(identity):
    left, right = (eval(side, {"log": math.log, "exp": math.exp, "a": 1.7, "b": 0.6}) for side in identity.split(" = "))
    assert left == pytest.approx(right)


@pytest.mark.parametrize(
    ("activation", "loss", "told"),
    [
        ("softmax", "cross_entropy", [seam.QUOTIENT, seam.EXPONENTIAL]),
        ("sigmoid", "binary_cross_entropy", [seam.QUOTIENT, seam.RECIPROCAL, seam.EXPONENTIAL]),
    ],
)
def test_a_rewriting_tells_every_identity_that_it_uses(activation, loss, told):
    first = formula_of(lookup("activation", activation), {}, 2).formula
    second = formula_of(lookup("loss", loss), {}, 2).formula
    joined = seam.join(first, second, "a")
    assert joined is not None
    assert [step.detail for step in joined.steps if step.rule == "rewrite"] == ["; ".join(told)]


@pytest.mark.parametrize(
    ("activation", "loss"), [("relu", "mse"), ("tanh", "mse"), ("sigmoid", "mse"), ("softplus", "mae")]
)
def test_other_seams_stay(activation, loss):
    first = formula_of(lookup("activation", activation), {}, 2).formula
    second = formula_of(lookup("loss", loss), {}, 2).formula
    assert derive_joint(first, second, "a") is None
