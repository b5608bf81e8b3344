"""Formulas of every kind that a spec may hold, through to the module: the cost and every gradient by the definitions.

The oracle evaluates the equations as they are written, and takes central differences of them.
"""

from __future__ import annotations

import pytest
from spec.cases import told

from symbp import pipeline
from symbp.spec import SpecError, parse_spec
from symbp.verify import check

ACTIVATIONS = {
    # conditions
    "both and not": "where(z > 0 and not (z > 1), z**2, z)",
    "either": "where(z < -1 or z > 0.5, sin(z), 2*z)",
    "a condition on a maximum": "where(max(z, 0.2) > 0.5, z**3, z)",
    "a condition on a row": "where(relu(z) > sigmoid(z), z, z**2)",
    "rows of piecewise arguments": "relu(relu(z) - relu(-z)/2) + sigmoid(where(z > 0.5, abs(z), -z**2))",
    "branches in branches": "where(z > 0, where(z > 1, z, z**2), where(z > -1, -z, exp(z)))",
    "equal and unequal": "where(z == 0, 1, z) + where(z != 0, z**2, 3)",
    # maxima in maxima
    "maximum of maxima": "max(max(z, -0.5), min(z**2, 2))",
    "clip of a clip": "clip(2*clip(z, -1, 1), -0.5, 0.5)",
    "many levels": "max(max(max(max(max(max(z, -z), z/2), sin(z)), 0.1), -2*z), z**2/4)",
    # jumps, and absolute values of what SymPy cannot prove real
    "sign": "sign(z)*z**2",
    "floor": "floor(3*z)*z",
    "absolute value of a logarithm": "abs(log(z**2 + 0.5))",
    "sign of a root": "sign(sqrt(z**2 + 1) - 1.5)*z",
    "absolute value of an absolute value": "abs(abs(z) - 0.5)",
    "absolute value of an arc sine": "abs(asin(z/20) - 0.01)",
    "floor of a logarithm": "floor(3*log(z**2 + 1))*z + z",
    # functions
    "circular": "sin(z) + cos(2*z) + tan(z/9) + atan(z) + asin(z/20) + acos(z/20)",
    "hyperbolic": "sinh(z/2) + cosh(z/2) + tanh(z)",
    "error function": "erf(z)*z",
    "powers": "(z**2 + 1)**1.5 + (z**2 + 1)**-0.5 + (z**2 + 2)**(z/4)",
    "near 0": "expm1(z) + log1p(z**2)",
    "numbers": "pi*z + z**2*1e-3 - 3*z/7 + sin(1)*cosh(2)*z",
}
LAYERS = {
    # elements and ranges
    "one element": "y[n,j] = x[n,0]*x[n,j]",
    "one element's square": "y[n,j] = x[n,0]**2 + x[n,j]",
    "one parameter": "y[n,j] = (x[n,j]**2 + W[0])*(x[n,j] + W[j])*W[2]",
    "parameters, and no more": "y[n,j] = x[n,j]*(W[0]**2 + W[3])",
    "two elements": "y[n,j] = x[n,0]*x[n,1]*x[n,j]",
    "an element of a computed tensor": "u[n,j] = x[n,j]**2; y[n,j] = u[n,1]*u[n,j] + x[n,j]",
    "backwards": "y[n,j] = x[n,size(j)-1-j]*x[n,j]",
    "neighbours": "y[n,j] = x[n,j+1] - 2*x[n,j] + x[n,j-1]",
    "a number of an index": "y[n,j] = (j + 1)*x[n,j]",
    "ranges": "y[n,j] = (j + 1)*x[n,j] + sum[k]((k + 2)*x[n,k]**2)*(j + 3)",
    "ranges under functions": "y[n,j] = exp(-j/3)*x[n,j] + sum[k](cos(k)*x[n,k])",
    "rows of the batch": "y[n,j] = n*x[n,j]**2",
    "where an index is": "y[n,j] = where(j < 2, x[n,j]**2, sin(x[n,j]))",
    "above a diagonal": "y[n,j] = sum[k](where(k <= j, x[n,k]**2, 0))*x[n,j]",
    "sizes": "y[n,j] = size(j)*x[n,j]**2/size(n)",
    # deltas
    "delta of an index and a number": "y[n,j] = delta(j,1)*x[n,j]**2 + x[n,j]",
    "delta of the batch": "y[n,j] = delta(n,0)*x[n,j]**2 + x[n,j]",
    "delta of two indices": "y[n,j] = sum[k](delta(k,j)*x[n,k]**2)*x[n,j]",
    "delta of moved indices": "y[n,j] = sum[k](delta(k,j+1)*x[n,k]**2) + x[n,j]",
    "one without the other": "y[n,j] = sum[k]((1 - delta(j,k))*x[n,k]**2)*x[n,j]",
    # maxima over axes
    "maximum": "y[n,j] = max[k](x[n,k]*W[k,j])",
    "minimum": "y[n,j] = min[k](x[n,k]*W[k,j])*x[n,j]",
    "maximum in a maximum": "y[n,j] = max[k](x[n,k] + max[i](x[n,i]*W[i,k]))*x[n,j]",
    "maximum in a maximum, elsewhere a sum": "y[n,j] = max[k](x[n,k]*sum[i](x[n,i]*W[i,k])) - max[k](x[n,k])*x[n,j]",
    "maximum of a piecewise": "y[n,j] = max[k](max(x[n,k], 0.1)*W[k,j])",
    "piecewise in a sum": "y[n,j] = sum[k](max(min(x[n,k], 1), -1)*W[k,j])",
    # sums
    "nested sums": "y[n,j] = sum[k](x[n,k]*sum[i](x[n,i]*W[i,k]))*x[n,j]",
    "sums over the batch": "y[n,j] = x[n,j]**2*mean[m](x[m,j])",
    "two reads": "y[n,j] = sum[k](x[n,k]*x[n,j]*W[k,j])",
    "sums of nothing": "y[n,j] = sum[k](2)*x[n,j]",
    "a quotient of sums": "y[n,j] = x[n,j]*sum[k](x[n,k]*W[k,j])/(1 + sum[k](x[n,k]**2))",
}
LOSSES = {  # y holds numbers, or labels where it is an index
    "squares": "C = mean[n](sum[k]((a[n,k] - y[n,k])**2))",
    "largest": "C = mean[n](max[k](abs(a[n,k] - y[n,k])))",
    "a label": "C = mean[n](a[n,y[n]]**2)",
    "a label and an index": "C = mean[n](sum[k](delta(k,y[n])*a[n,k]**2 + a[n,k]))",
    "a label and the batch": "C = mean[n](delta(n,y[n])*sum[k](a[n,k]**2)) + mean[n](a[n,y[n]])",
    "not the label": "C = mean[n](sum[k]((1 - delta(k,y[n]))*exp(a[n,k])))",
    "margin": "C = mean[n](sum[k](where(k != y[n], max(0, 1 + a[n,k] - a[n,y[n]]), 0)))",
    "a label in a maximum": "C = mean[n](max[k](a[n,k]*(1 - delta(k,y[n]))) - a[n,y[n]])",
    "pairs of examples": "C = mean[n,m](sum[k]((a[n,k]**2 - a[m,k])**2)*y[n,0])",
    "a letter bound within itself": "C = mean[n](sum[k](mean[k](min[m](a[n,m])*a[n,k]) + a[n,k]*y[n,k]))",
    "one element": "C = mean[n](a[n,0]*sum[k](a[n,k]*y[n,k]))",
}


def spec(kind: str, formula: str) -> str:
    """A small network with the formula as its second layer, or as its loss."""
    layers = "[{dense: 4}, {dense: 3}]" if kind == "losses" else "[{dense: 4}, own, {dense: 2}]"
    loss = "own" if kind == "losses" else "mse"
    axes = next(
        (axes for axes in ("[k,j]", "[i,k]", "[j]") if f"W{axes}" in formula), "[i]" if "W[0]" in formula else ""
    )
    more = f", parameters: {{W: {axes}}}" if axes else ""
    more += ", sizes: {i: 4}" if axes == "[i]" else ""
    more += ", sizes: {j: 4}" if more and "x[n,j]" not in formula else ""
    more += ", sizes: {k: 4}" if "sum[k](2)" in formula else ""
    more += ", options: {beta: 0.5}" if "beta" in formula else ""
    more += ", integers: [y]" if "y[n]" in formula else ""
    return (
        f"name: net\ninput: 3\nlayers: {layers}\nloss: {loss}\n"
        f"define:\n  {kind}:\n    own: {{formula: '{formula}'{more}}}\n"
    )


CASES = [
    *((f"activation, {name}", spec("activations", f"a = {formula}")) for name, formula in ACTIVATIONS.items()),
    *((f"layer, {name}", spec("layers", formula)) for name, formula in LAYERS.items()),
    *((f"loss, {name}", spec("losses", formula)) for name, formula in LOSSES.items()),
]


REFUSED = {  # a formula, and what is told of it
    ("layers", "y[n,j] = x[n,j*j]*x[n,j]"): "7: define.layers.own.formula: the NumPy target cannot compute …",
    ("layers", "y[n,j] = x[n,j]*size(q)"): "3: layers[1]: … the size of index `q` is not determined by any shape …",
    ("layers", "y[n,j] = x[n,j] + sum[q](1)"): "3: layers[1]: … the size of index `q` is not determined by any shape …",
    ("activations", "a = log(-1 - z**2)"): "1: the cost is not a finite number …",
    ("activations", "a = cos(1/z**9)"): "1: … too steep or too rugged …",
    ("activations", "a = sqrt(z - z**2 + z**2)"): "1: the cost is not a finite number …",
    ("activations", "a = sqrt(relu(z))"): "1: the gradient cannot be checked: it is not a finite number, …",
    ("activations", "a = z*(-1)**beta"): "7: … `(-1)**beta` is not a real, finite number for beta = 0.5",
    ("activations", "a = z/where(z < 0.5, 2, 0)"): "7: define.activations.own.formula: division by 0\n    in: …",
    (
        "activations",
        "a = (z*where(z < 0.5, 2, 0))**-0.5",
    ): "7: define.activations.own.formula: division by 0\n    in: …",
    ("activations", "a = z/(beta - 0.5)"): "7: … is not a real, finite number for beta = 0.5",
    ("activations", "a = z*exp(exp(exp(2000*beta)))"): "7: … is not a real, finite number for beta = 0.5",
}


@pytest.mark.parametrize(("kind", "formula"), REFUSED, ids=[formula for _, formula in REFUSED])
def test_what_no_module_can_be_made_of_is_refused_where_it_stands(kind: str, formula: str) -> None:
    with pytest.raises(SpecError) as refused:
        pipeline.generate(parse_spec(spec(kind, formula), "net.yaml"))
    assert told(f"net.yaml:{REFUSED[kind, formula]}", str(refused.value))


@pytest.mark.parametrize("text", [text for _, text in CASES], ids=[name for name, _ in CASES])
def test_a_formula(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "installed", lambda: ())
    generated = pipeline.generate(parse_spec(text), dtype="float64")
    report = check.compare(generated, batch=4)
    assert {r.name for r in report.readings} >= {"C", "dense_1.W", "x"}
    assert report.passed, [(r.name, r.error) for r in report.readings if not r.passed]


def test_nothing_passes_through_a_condition() -> None:
    """Nor NaN, where one of its sides has no value or slope; what is generated has been checked."""
    assert pipeline.generate(parse_spec(spec("activations", "a = where(log(z) > sigmoid(z**0.7), z, z**2)"))).module
