"""Chains of elementwise operations in blocks: the same results, less scratch, and what breaks a chain is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from plan.test_means import SMALL
from plan.test_plan import held

from symbp import pipeline
from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.plan.report import plan
from symbp.program import chains
from symbp.program.memory import verify_plan
from symbp.program.operands import is_alias, reads
from symbp.program.operations import Fold, View
from symbp.program.optimize import kept
from symbp.program.passes import Pass, every_pass
from symbp.program.program import Array, Chain, Program, Statement
from symbp.program.verify import ProgramError, verify
from symbp.spec import parse_spec
from symbp.spec.model import NetworkSpec
from symbp.targets.numpy import blas
from symbp.verify.check import module_gradients
from symbp.verify.examples import draw
from symbp.verify.programs import check_passes

MLP = """
name: mlp
input: 4
layers: [dense: {{units: 6, activation: {activation}}}, layer_norm, dense: 3]
loss: {loss}
blas: {blas}
training: {{batch_size: {batch}}}
"""
PENALIZED = """
name: penalized
input: 5
layers: [dense: 4, softmax, dense: 3, log_softmax]
loss: mae
penalty: {l2: 0.1}
"""


def mlp(
    activation: str = "gelu_tanh", loss: str = "softmax_cross_entropy", blas: str = "numpy", batch: int = 64
) -> str:
    return MLP.format(activation=activation, loss=loss, blas=blas, batch=batch)


IMAGES = """
name: images
input: [1, 5, 5]
layers: [conv2d: {filters: 2, kernel_size: 2}, batch_norm, gelu_tanh, flatten, dense: 20, layer_norm, dense: 3]
loss: softmax_cross_entropy
"""
VIEWS = """
name: views
input: 4
layers:
  - {dense: {units: 6, activation: gelu_tanh}}
  - {reshape: [2, 3]}
  - flatten
  - {dense: 6}
  - {dropout: 0.2}
  - {reshape: [3, 2]}
  - {group_norm: {groups: 3}}
  - {dense: 2}
loss: mse
"""
POOLED = """
name: pooled
input: [2, 8]
layers: [pool: {}, flatten, dense: 2]
loss: mse
define:
  layers:
    pool:
      formula: "y[n,c,p] = mean[u](x[n,c,flat(p,u)] * tanh(x[n,c,flat(p,u)])**2)"
      sizes: {p: positions, u: width}
      options: {positions: 4, width: 2}
"""
STACKED = """
name: stacked
input: [3, 2]
blas: scipy
layers: [stacked: {}, dense: 2]
loss: mse
define:
  layers:
    stacked:
      formula: "u[n,c,k] = tanh(x[n,c,k]); y[n,c] = sum[k](u[n,c,k] * x[n,c,k])"
"""

NETWORKS = {
    "stacked": STACKED,
    "views": VIEWS,
    "pooled": POOLED,
    "images": IMAGES,
    "tanh": mlp(),
    "erf": mlp("gelu", "mse"),
    "scipy": mlp("softplus", "huber", "scipy"),
    "penalized": PENALIZED,
    "attention": SMALL["attention"],
    "windows": SMALL["windows"],
    "recurrence": SMALL["recurrence"],
}


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chains wherever there can be one, in blocks of a few rows."""
    for name, value in {"LARGE": 0, "LONG": 1, "BLOCK": 12}.items():
        monkeypatch.setattr(chains, name, value)


def chains_of(program: Program) -> list[Chain]:
    items = (item for routine in program.routines.values() for item in routine.statements)
    return [item for item in items if isinstance(item, Chain)]


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_results_in_blocks_and_bytes_as_planned(name: str) -> None:
    spec = parse_spec(NETWORKS[name])
    for dtype, tolerance in (("float64", 1e-13), ("float32", 1e-5)):
        made = pipeline.generate(spec, dtype=dtype, check=False)
        whole = pipeline.generate(spec, dtype=dtype, check=False, without=["chains"])
        assert chains_of(made.optimized.program)
        assert not chains_of(whole.optimized.program)
        module = pipeline.load_module(made)
        for count in (1, 2, 5, 7):
            arrays = draw(made.derivation.network, count, 0)
            found, expected = (module_gradients(each, arrays) for each in (made, whole))
            largest = max(np.max(np.abs(value)) for value in expected.values())
            for key, value in expected.items():
                np.testing.assert_allclose(
                    found[key], value, rtol=0, atol=tolerance * largest, err_msg=f"{key}, {count}"
                )
            assert plan(made, count).memory["workspace"] == held(module.Workspace(count, dtype))


def test_a_statement_of_views_alone_stays_behind_what_it_looks_into() -> None:
    spec = parse_spec(VIEWS)
    texts = [pipeline.generate(spec, without=less).module for less in ([], ["chains"])]
    assert texts[0] == texts[1].replace("without    chains\n", "")


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("name", NETWORKS)
def test_the_program_is_interpreted_in_blocks(name: str) -> None:
    readings = check_passes(derive_network(build_network(parse_spec(NETWORKS[name]))), batch=5)
    assert "chains" in {reading.after for reading in readings}
    assert [reading for reading in readings if not reading.passed] == []


@pytest.mark.parametrize("activation", ["gelu_tanh", "gelu"])
def test_small_arrays_are_left_alone(activation: str) -> None:
    spec = parse_spec(mlp(activation))
    texts = [pipeline.generate(spec, check=False, without=less).module for less in ([], ["chains"])]
    assert texts[0] == texts[1].replace("without    chains\n", "")


def large() -> NetworkSpec:
    return parse_spec(mlp(batch=1 << 20))


def test_large_arrays_are_taken_in_blocks_that_stay_in_the_cache() -> None:
    made = pipeline.generate(large(), check=False)
    assert "    for start in range(0, n, 43690):  # 43690 examples at a time, which stay in the cache\n" in made.module
    less = pipeline.program(large(), ["chains"], made.derivation)
    shown = [each for line in plan(made, 1 << 20).lines for each in line.operations if each.out == "gelu_tanh_1.a"]
    assert {each.rows for each in shown} == {43690}
    assert plan(made, 1 << 20).memory["workspace"] < plan(less, 1 << 20).memory["workspace"]
    assert "np.empty((min(43690, n), 6), dtype)\n" in made.module, "a single example needs a single row"


@pytest.mark.usefixtures("everywhere")
def test_a_chain_that_needs_other_rows_is_refused() -> None:
    program = pipeline.program(parse_spec(mlp())).optimized.program

    def with_chain(change: Callable[[Chain], Chain]) -> Program:
        routine = program.routines["forward"]
        first = next(item for item in routine.statements if isinstance(item, Chain))
        items = tuple(change(item) if item is first else item for item in routine.statements)
        return replace(program, routines={**program.routines, "forward": replace(routine, statements=items)})

    def folded(chain: Chain) -> Chain:
        (*others, last) = chain.statements
        wrong = Fold("dense_2.b", "sum", last.operations[-1].out, (0,))
        return replace(chain, statements=(*others, replace(last, operations=(*last.operations, wrong))))

    def lacking(chain: Chain) -> Chain:
        return replace(chain, parts=chain.parts - {chain.operations[0].out})

    verify(program)
    for change in (folded, lacking):
        with pytest.raises(ProgramError, match="a row needs more than the same row"):
            verify(with_chain(change))
    with pytest.raises(ProgramError, match="a chain over n has parts"):
        verify(with_chain(lambda chain: replace(chain, parts=chain.parts | {"dense_1.b"})))


@pytest.mark.usefixtures("everywhere")
def test_a_chain_that_reads_what_it_writes_through_a_view_from_elsewhere_is_refused() -> None:
    program = pipeline.program(parse_spec(mlp())).optimized.program
    routine = program.routines["forward"]
    chain = next(item for item in routine.statements if isinstance(item, Chain) and item.block == "layer_norm_1")
    made = {op.out for op in chain.operations if not is_alias(op)}
    view = next(op for op in chain.operations if isinstance(op, View) and op.operand in made)

    def without(statement: Statement) -> Statement:
        return replace(statement, operations=tuple(op for op in statement.operations if op is not view))

    elsewhere = chain.with_statements(without), replace(chain.statements[0], operations=(view,))
    items = (each for item in routine.statements for each in (elsewhere if item is chain else (item,)))
    broken = replace(program, routines={**program.routines, "forward": replace(routine, statements=tuple(items))})
    with pytest.raises(ProgramError, match="what is written is read through a view from elsewhere"):
        verify(broken)


@pytest.mark.usefixtures("everywhere")
def test_scratch_of_a_block_is_read_in_its_chain_alone() -> None:
    program = pipeline.program(parse_spec(mlp())).optimized.program
    saved = next(op.out for op in chains_of(program)[0].operations if not program.arrays[op.out].rows)
    arrays = {**program.arrays, saved: replace(program.arrays[saved], rows=chains_of(program)[0].rows)}
    with pytest.raises(ProgramError, match="rows are held, is read before they are computed"):
        verify(replace(program, arrays=arrays))
    scratch = next(op.out for op in chains_of(program)[-1].operations if program.arrays[op.out].rows)
    arrays = {**program.arrays, scratch: replace(program.arrays[scratch], rows=1 + program.arrays[scratch].rows)}
    with pytest.raises(ProgramError, match="is no part of a chain"):
        verify(replace(program, arrays=arrays))


@pytest.mark.usefixtures("everywhere")
def test_a_plan_in_which_a_block_writes_over_the_rows_of_another_is_refused() -> None:
    """Also where, operation by operation, nothing is read after it was written over."""
    made = pipeline.program(parse_spec(SMALL["attention"]))
    program, buffers, keep = made.optimized.program, made.optimized.plan, kept(made.derivation.network)
    told = []
    for chain in chains_of(program):
        touched = [(op.out, *reads(op)) for op in chain.operations]
        every = dict.fromkeys(name for names in touched for name in names if _is_large(program.arrays[name]))
        for one, other in permutations(every, 2):
            if other in touched[-1] and program.arrays[one].shape == program.arrays[other].shape:
                places = {one: ("shared", 0), other: ("shared", 1)}
                own = {**buffers.buffer_of, one: one, other: other}
                wrong = replace(buffers, buffer_of=own, within={**buffers.within, **places})
                with pytest.raises(ProgramError) as refused:
                    verify_plan(program, wrong, keep)
                told.append(str(refused.value))
    assert any(" in blocks of " in each for each in told)


def _is_large(array: Array) -> bool:
    return array.storage == "workspace" and not array.rows and len(array.shape) > 1 and 1 not in array.shape


@pytest.mark.usefixtures("everywhere")
def test_blocks_that_are_too_short_are_seen() -> None:
    def short(program: Program, keep: frozenset[str]) -> Program:
        made = chains.chained(program, keep, 64)
        routines = {
            name: replace(
                routine,
                statements=tuple(
                    replace(item, extent=replace(item.extent, value=item.extent.value - 1))
                    if isinstance(item, Chain)
                    else item
                    for item in routine.statements
                ),
            )
            for name, routine in made.routines.items()
        }
        return replace(made, routines=routines)

    passes = [Pass("chains", short) if each.name == "chains" else each for each in every_pass()]
    derivation = derive_network(build_network(parse_spec(mlp())))
    failed = [reading for reading in check_passes(derivation, passes=passes, batch=5) if not reading.passed]
    assert {reading.after for reading in failed} == {"chains"}


@pytest.mark.usefixtures("everywhere")
def test_variables_of_a_block_and_its_loops_have_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "ALONE_IN_ROWS", 0)
    spec = parse_spec(STACKED)
    made, whole = (pipeline.generate(spec, dtype="float64", check=False, without=less) for less in ([], ["chains"]))
    assert "        u = ws.stacked_1_u[start : start + 2]\n" in made.module
    assert "        for v in range(count):\n            for w in range(3):\n" in made.module
    arrays = draw(made.derivation.network, 5, 0)
    found, expected = (module_gradients(each, arrays) for each in (made, whole))
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-12, atol=1e-14, err_msg=key)
