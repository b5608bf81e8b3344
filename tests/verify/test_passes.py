"""Every pass on numbers: whole programs, before and after each, against the slow evaluator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from targets.numpy.small_networks import SPECS

from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.program.operands import renamed
from symbp.program.operations import Map
from symbp.program.passes import PASSES, Keep, Pass
from symbp.program.program import Program
from symbp.spec import parse_spec
from symbp.verify.programs import check_passes

TEXTS = {
    "convolution": """
        name: convolution
        input: [2, 5, 5]
        define:
          layers:
            convolve:
              formula: y[n,o,p,q] = sum[c,u,v](x[n,c,p+u,q+v] * W[o,c,u,v]) + B[o]
              parameters: {W: [o,c,u,v], B: [o]}
              sizes: {o: filters, u: kernel, v: kernel, p: "extent(x, 2) - kernel + 1", q: "extent(x, 3) - kernel + 1"}
            pool:
              formula: y[n,c,p,q] = max[u,v](x[n,c,2*p+u,2*q+v])
              sizes: {u: width, v: width, p: "extent(x, 2) / width", q: "extent(x, 3) / width"}
        layers: [convolve: {filters: 3, kernel: 2}, relu, pool: {width: 2}, flatten, dense: 3]
        loss: softmax_cross_entropy
        """,
    "recurrence": """
        name: recurrence
        input: [4, 3]
        layers: [lstm: {units: 5}, dense: 2]
        loss: mse
        """,
    "normalized": """
        name: normalized
        input: 6
        layers: [dense: 5, layer_norm, gelu, dense: 3, softmax]
        loss: cross_entropy
        penalty: {l2: 0.1}
        """,
}
NETWORKS = {**SPECS, **{name: parse_spec(text) for name, text in TEXTS.items()}}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_pass_keeps_every_result(name: str) -> None:
    readings = check_passes(derive_network(build_network(NETWORKS[name])))
    assert {r.after for r in readings} == {"lowered", *(p.name for p in PASSES)}
    assert {"C", "d_x"} <= {r.result for r in readings}
    assert [r for r in readings if not r.passed] == []


def _confusing(program: Program, keep: Keep) -> Program:
    """The program in which the second operation with two operands takes the first one's."""
    backward = program.routines["backward"]
    pairs = [o for s in backward.statements for o in s.operations if isinstance(o, Map) and len(o.operands) == 2]
    wrong = replace(pairs[-1], operands=(pairs[-1].operands[0], pairs[-1].operands[0]))
    statements = tuple(
        replace(s, operations=tuple(wrong if o is pairs[-1] else o for o in s.operations)) for s in backward.statements
    )
    return replace(program, routines={**program.routines, "backward": replace(backward, statements=statements)})


def _losing(program: Program, keep: Keep) -> Program:
    """The program with one gradient under another name."""
    backward = program.routines["backward"]
    name = next(n for n in sorted(keep) if n.endswith(".W"))
    arrays = {**program.arrays, "elsewhere": replace(program.arrays[name], name="elsewhere")}
    statements = tuple(
        replace(s, operations=tuple(renamed(o, {name: "elsewhere"}) for o in s.operations)) for s in backward.statements
    )
    return Program(arrays, {**program.routines, "backward": replace(backward, statements=statements)})


@pytest.mark.parametrize("wrong", [_confusing, _losing], ids=["another operand", "a result that is lost"])
def test_a_pass_that_changes_a_result_is_named(wrong: object) -> None:
    derivation = derive_network(build_network(SPECS["regression"]))
    passes = (PASSES[0], Pass("broken", wrong), *PASSES[1:])  # type: ignore[arg-type]
    readings = check_passes(derivation, passes=passes)
    failed = [r for r in readings if not r.passed]
    assert failed[0].after == "broken"
    assert all(r.passed for r in readings if r.after in ("lowered", PASSES[0].name))
