"""Formulas of a spec's own: what is undeclared, unbalanced, of the wrong rank or no formula at all is told as such."""

from __future__ import annotations

import pytest
from spec.cases import defining, spec, told

from symbp.forward.build import build_network
from symbp.spec import SpecError, parse_spec

HERE = "define.activations.own"
FORMULAS = {  # of an activation, and what is told of it
    "a = b * z": "`b` is not declared (declared: `z`, …)",
    "a = zz * z": "`zz` is not declared; did you mean `z`? (declared: `z`, …)",
    "a = relux(z)": "`relux` is not a function of the language; did you mean `relu`?",
    "b = z": "no equation computes `a`; the equations compute `b`",
    "z = a": "`a` is not declared (declared: `z`, …)",
    "a = z; a = z": "`a` is assigned twice",
    "z = 2 * z; a = z": "`z` is given; an equation cannot assign it",
    "exp = z; a = exp": "`exp` cannot be assigned: it is a function or an option",
    "d_a = z; a = d_a": "`d_a`: names that start with `d_` are kept for cotangents",
    # indices
    "a[n,j] = z[n,k]": "index `k` stands on the right only; bind it, as in `sum[k](...)`, or add it on the left",
    "a[n,j] = z[n,j,k]": "index `k` stands on the right only; …",
    "a[n] = z[n,j]": "index `j` stands on the right only; …",
    "a = sum[j](z[n,j])": "index `n` stands on the right only; …",
    "a[n,n] = z[n,n]": "an index stands twice on the left side",
    "a[n,j] = max[k](z[n,j])": "index `k` is not used inside `max[...]`",
    "a[n,j] = sum[k,k](z[n,k])": "`sum[k,k]` binds an index twice",
    "a[n,j] = sum[z](z[n,j])": "`z` is taken; use another letter for the index",
    "a[n,j] = n[j] * z[n,j]": "`n` is an index, not a tensor",
    "a[n,j] = z[n,j/2]": "index `j/2` is not an integer",
    "a[0,j] = z[0,j]": "an index on the left side is a letter, `...` or `flat(...)`",
    "a = sum(z)": "`sum` needs the indices that it runs over, as in `sum[i](...)`",
    # functions and numbers
    "a = exp(z, z)": "`exp` takes 1 argument, got 2",
    "a = exp(x=z)": "functions take arguments by place, not by keyword",
    "a = exp": "`exp` is a function; call it, as in `exp(...)`",
    "a = z / 0": "division by 0",
    "a = z / (1 - 1)": "division by 0",
    "a = z + sqrt(-1)": "`sqrt(-1)`: this is not a real, finite number",
    "a = z * 1e999": "1e999 is out of range; numbers lie between 1e-300 and 1e300",
    "a = z * 9**9**9": "`9**9**9`: a number this large is not computed",
    "a = z ** 65": "the exponent 65 is too large; at most 64 is read",
    "a = where(z, 1, 0)": "expected a condition, such as `z > 0`, got `z`",
    "a = where(0 < z < 1, z, 0)": "write `a < b and b < c` in place of a chain of comparisons",
    # syntax
    "": "the formula is empty; expected at least one equation, such as `a = max(0, z)`",
    "a =": "not an equation (invalid syntax)",
    "a = (z": "not an equation ('(' was never closed)",
    "a == z": "expected one equation, `name[indices] = expression`",
    "a += z": "an assignment such as `+=` is not part of the language",
    "a = z ^ 2": "`^` (a power is `**`) is not part of the language",
    "a = z if z > 0 else 0": "`if` (write `where(condition, a, b)`) (…) is not part of the language",
    "a = z.T": "a name with a dot (`z.T`) is not part of the language",
    "a = 2 · z": "'·' is not part of the language; names and signs are ASCII",
}
ROWS = {  # of an activation
    "3": f"9: {HERE}: expected a formula, or a mapping with `formula`; got 3",
    "{}": f"9: {HERE}: expected a formula, or a mapping with `formula`; got {{}}",
    "{formula: 3}": f"9: {HERE}.formula: expected equations as a text; got 3",
    "{formula: a = z, option: {b: 1}}": f"9: {HERE}.option: `option` is not a key of a definition; "
    "did you mean `options`?",
    "{formula: a = z, options: 3}": f"9: {HERE}.options: expected a mapping of names to values; got 3",
    "{formula: a = z, options: {b: 1}}": f"9: {HERE}.options.b: no equation reads the option `b`",
    "{formula: a = z*b, options: {b: x}}": f"9: {HERE}.options.b: the default of an option is a number …; got 'x'",
    "{formula: a = z*b, options: {b: .inf}}": f"9: {HERE}.options.b: .inf is not a finite number",
    "{formula: a = z*b, options: {b: 1e16}}": f"9: {HERE}.options.b: the default of an option is a number …; got 1e+16",
    "{formula: a = z*b, options: {b: 1}, parameters: {b: []}}": f"9: {HERE}.parameters.b: "
    "`b` is an option and a parameter; use another name for one",
    "{formula: a = z, options: {z: 1}}": f"9: {HERE}.options.z: `z` has a meaning of its own in formulas; …",
    "{formula: 'a = z', options: {a b: 1}}": f"9: {HERE}.options.a b: 'a b' is not a name; …",
    "{formula: 'a[n,j] = s[j]*z[n,j]', parameters: {s: j}}": f"9: {HERE}.parameters.s: expected `axes`, …; got 'j'",
    "{formula: 'a[n,j] = s[j]*z[n,j]', parameters: {s: [j, k]}}": f"9: {HERE}.formula: "
    "`s` has rank 2, but `s[j]` has 1 indices\n    in: a[n,j] = s[j]*z[n,j]",
    "{formula: 'a[n,j] = s[j]*z[n,j]', parameters: {s: [j], t: [j]}}": f"9: {HERE}.parameters.t: "
    "no equation reads the parameter `t`",
    "{formula: 'a[n,j] = s[j]*z[n,j]', parameters: {s: {axes: [j], initializer: one}}}": f"9: {HERE}.parameters.s."
    "initializer: expected the name of an initializer; got 'one'; did you mean `ones`?",
    "{formula: 'a[n,j] = s[j]*z[n,j]', parameters: {s: {axes: [j], initializer: constant}}}": f"9: {HERE}.parameters.s."
    "value: `constant` needs `value`, a number; got nothing",
    "{formula: 'a[n,j] = s[n]*z[n,j]', parameters: {s: [n]}}": "5: layers[1]: parameter `s` cannot have an axis over "
    "the batch",
    "{formula: 'a[n,j] = z[n,j]', sizes: {k: units}}": (
        f"9: {HERE}.sizes.k: no equation has an index `k`, and no parameter an axis"
    ),
    "{formula: 'a[n,j] = z[n,j]', sizes: {j: [3]}}": f"9: {HERE}.sizes.j: expected a size, such as `units` …; got [3]",
    "{formula: 'a[n,j] = z[n,j]', sizes: {j: import os}}": f"9: {HERE}.sizes.j: 'import os' is not a size; …",
    "{formula: 'a[n,j] = z[n,j]', sizes: {j: '3.5'}}": f"9: {HERE}.sizes.j: '3.5' is not a size; …",
    "{formula: 'a[n,j] = z[n,j]', sizes: {j: 'extent(q, 1)'}}": f"9: {HERE}.sizes.j: 'extent(q, 1)' is not a size; "
    "a size is made of whole numbers, options, extent(z, axis)",
    "{formula: a = z, integers: [q]}": f"9: {HERE}.integers: expected a list of inputs that hold whole numbers, …",
    "{formula: a = z, link: relu}": f"9: {HERE}.link: only a loss has a link",
    "{formula: a = z, source: 3}": f"9: {HERE}.source: expected a text of at most 2000 characters; got 3",
    "{formula: a = z, output: a b}": f"9: {HERE}.output: 'a b' is not a name; …",
    "{formula: a = u*z, random: {u: uniform}}": f"9: {HERE}.random: what is random in training needs `inference`: …",
    "{formula: a = u*z, random: {u: gamma}, inference: a = z}": f"9: {HERE}.random.u: expected a distribution, "
    "uniform or normal; got 'gamma'",
    "{formula: a = u*z, random: {u: {axis: [n]}}, inference: a = z}": f"9: {HERE}.random.u.axis: `axis` is not a key "
    "of a random tensor; did you mean `axes`?",
    "{formula: a = u*z, random: {u: {distribution: normal, axes: n}}, inference: a = z}": f"9: {HERE}.random.u.axes: "
    "expected index letters of the formula, …; got 'n'",
    "{formula: a = u*z, random: {u: normal, v: normal}, inference: a = z}": f"9: {HERE}.random.v: "
    "no equation reads the random tensor `v`",
    "{formula: a = u*z, random: {u: normal}, options: {u: 1}, inference: a = z}": f"9: {HERE}.random.u: "
    "`u` is an option and a random tensor; use another name for one",
    "{formula: a = u*z, random: {u: normal}, inference: a = u*z}": f"9: {HERE}.formula: in inference: "
    "`u` is not declared (declared: `z`, …)\n    in: a = u*z",
    "{formula: a = z, inference: 3}": f"9: {HERE}.inference: expected equations as a text; got 3",
    "{formula: a = z, inference: 'a = (z'}": f"9: {HERE}.inference: not an equation ('(' was never closed)\n"
    "    in: a = (z",
    "{formula: a = z, inference: 'a[n] = sum[j](z[n,j])'}": "5: layers[1]: layer `own_1` (own), in inference: "
    "`a` has shape (n,), and (n, 4) in training",
    "{formula: a = z, state: {s: [j]}, inference: 'a[n,j] = z[n,j] - s[j]'}": f"9: {HERE}.state: what is kept from "
    "step to step needs `update`: …",
    "{formula: a = z, update: 's = s + 1'}": f"9: {HERE}.update: `update` assigns what `state` names, …",
    "{formula: a = z, state: {s: j}, update: 's[j] = 1'}": f"9: {HERE}.state.s: expected `axes`, …; got 'j'",
    "{formula: a = z, state: {s: {axes: [], start: 1}}, update: 's = s + 1'}": f"9: {HERE}.state.s.start: `start` is "
    "not a key of a state…",
    "{formula: a = z, state: {s: {axes: [], initial: .inf}}, update: 's = s + 1'}": f"9: {HERE}.state.s.initial: "
    ".inf is not a finite number",
    "{formula: a = z, state: {s: [], t: []}, update: 's = s + 1'}": f"9: {HERE}.formula: no equation of the update "
    "assigns the state `t`",
    "{formula: a = z, state: {s: []}, update: 's = q + 1'}": f"9: {HERE}.formula: in the update: `q` is not declared "
    "(declared: …)\n    in: s = q + 1",
    "{formula: a = z, state: {s: []}, update: 's = s + 1; a = s'}": f"9: {HERE}.formula: in the update: `a` is "
    "assigned twice\n    in: a = s",
    "{formula: 'a[n,j] = z[n,j]*s[j]', state: {s: [j]}, update: 's[j] = mean[n](z[n,j])'}": f"9: {HERE}.formula: "
    "training reads the state `s`, which `inference` and `update` alone may read: …\n    in: a[n,j] = z[n,j]*s[j]",
    "{formula: 'a[n,j] = z[n,j] + 0*w[j]', parameters: {w: [j]}}": f"9: {HERE}.formula: "
    "the parameter `w` cancels, or stands in no equation of training, so that it cannot be trained; leave it out",
    "{formula: 'a[n,j] = z[n,j]', parameters: {w: [j]}, inference: 'a[n,j] = z[n,j]*w[j]'}": f"9: {HERE}.formula: "
    "the parameter `w` cancels, or stands in no equation of training, …",
    "{formula: 'a[n,j] = z[n,j]', state: {s: [n]}, update: 's[n] = mean[j](z[n,j])'}": "5: layers[1]: layer `own_1` "
    "(own), in its update: the state `own_1.s` cannot have an axis over the batch; here it has shape (n,)",
    "'a = 3'": f"9: {HERE}.formula: no equation reads `z`, what it is given",
}


def refused(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        build_network(parse_spec(text, "net.yaml"))
    return str(caught.value)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_that_cannot_be_read(formula: str) -> None:
    quoted = formula.replace("'", "''")
    message = refused(defining("activations", f"'{quoted}'"))
    line = next((part for part in formula.split("; ") if told(f"…in: {part}", message.splitlines()[-1])), "")
    expected = f"net.yaml:9: {HERE}.formula: {FORMULAS[formula]}" + (f"\n    in: {line}" if line else "")
    assert told(expected, message), message
    assert line or not formula, message


@pytest.mark.parametrize("row", ROWS)
def test_a_definition_that_cannot_be_used(row: str) -> None:
    message = refused(defining("activations", row))
    assert told(f"net.yaml:{ROWS[row]}", message), message


@pytest.mark.parametrize("inputs", ["", "inputs: [a], "])
def test_a_target_that_cancels(inputs: str) -> None:
    message = refused(defining("losses", f"{{{inputs}formula: 'C = sum[n,k](a[n,k] + 0*y[n,k])'}}"))
    expected = "define.losses.own.formula: `y`, the target, cancels, so that no equation depends on it; …`inputs: [a]`"
    assert told(f"…{expected}", message), message


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("3", "7: define: expected a mapping; got 3"),
        ("{activation: {}}", "7: define.activation: `activation` cannot be defined; did you mean `activations`?"),
        ("{optimizers: {}}", "7: define.optimizers: `optimizers` cannot be defined (known: activations, …)"),
        ("{activations: 3}", "7: define.activations: expected a mapping of names to formulas; got 3"),
        ("{activations: {relu: a = z}}", "7: define.activations.relu: `relu` is in the catalog already; …"),
        ("{activations: {exp: a = z}}", "7: define.activations.exp: `exp` is a function of the formula language; …"),
        ("{activations: {os.system: a = z}}", "7: define.activations.os.system: 'os.system' is not a name; …"),
        ("{activations: {class: a = z}}", "7: define.activations.class: `class` has a meaning of its own in Python; …"),
        (
            "{activations: {one: a = q, two: a = r}}",
            "7: define.activations.one.formula: `q` is not declared (declared: `z`)\n    in: a = q\n"
            "net.yaml:7: define.activations.two.formula: `r` is not declared (declared: `z`)\n    in: a = r",
        ),
    ],
)
def test_a_section_that_cannot_be_used(section: str, expected: str) -> None:
    message = refused(spec(f"define: {section}"))
    assert told(f"net.yaml:{expected}", message), message


@pytest.mark.parametrize(
    ("uses", "row", "expected"),
    [
        ("{b: 3}", "a = z", "5: layers[1].own.b: `own` has no option `b` (known: …)"),
        ("{b: x}", "{formula: a = z*b, options: {b: 1}}", "5: layers[1].own.b: expected a number; got 'x'"),
        ("{c: 1}", "{formula: a = z*b, options: {b: 1}}", "5: layers[1].own.c: `own` has no option `c` (known: b, …)"),
    ],
)
def test_a_wrong_use_of_a_definition(uses: str, row: str, expected: str) -> None:
    message = refused(defining("activations", row, uses))
    assert told(f"net.yaml:{expected}", message), message
