"""Recurrences as loops: values as the evaluator has them, and nothing in a step that does not recur."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import sympy as sp

from symbp.derive.derivation import Derivation
from symbp.derive.network import derive_network
from symbp.formula.evaluate import evaluate_formula
from symbp.formula.parse import read_formula
from symbp.formula.scope import Declared, Scope
from symbp.forward.network import BATCH, Block, Head, Network, NetworkTensor, Parameter
from symbp.program.interpret import run
from symbp.program.network import lower_network
from symbp.program.operations import Contract, Map
from symbp.program.optimize import optimize
from symbp.program.plan import plan_buffers
from symbp.program.program import Loop, Program, Routine
from symbp.program.verify import ProgramError, verify

FORMULAS = {  # names and letters mean nothing: what recurs is found from the equations
    "gated": """
        s[n,t,r,a] = sum[u](x[n,t,u]*A[u,r,a]) + sum[v](m[n,t-1,v]*B[v,r,a]) + D[r,a]
        p[n,t,a] = 1/(1 + exp(-s[n,t,0,a]))
        w[n,t,a] = tanh(s[n,t,1,a])
        m[n,t,a] = p[n,t,a]*w[n,t,a] + (1 - p[n,t,a])*m[n,t-1,a]
        y[n,t,a] = m[n,t,a]
        """,
    "from the end": """
        s[n,t,a] = sum[u](x[n,t,u]*A[u,a]) + sum[v](m[n,t+1,v]*B[v,a])
        m[n,t,a] = tanh(s[n,t,a])
        y[n,a] = m[n,0,a]
        """,
    "two steps away": """
        m[n,t,a] = tanh(sum[u](x[n,t,u]*A[u,a]) + sum[v](m[n,t-2,v]*B[v,a]) + x[n,t-1,0]*m[n,t-1,a])
        y[n,t,a] = m[n,t,a]
        """,
    "one after the other": """
        m[n,t,a] = tanh(sum[u](x[n,t,u]*A[u,a]) + sum[v](m[n,t-1,v]*B[v,a]))
        w[n,t,a] = m[n,t,a] + w[n,t+1,a]*D[a]/2
        y[n,t,a] = w[n,t,a]**2
        """,
    "now and then": """
        m[n,t,a] = where(t > 1, sum[v](m[n,t-1,v]*B[v,a]), m[n,t-1,a]*D[a]) + sum[u](x[n,t,u]*A[u,a])
        y[n,t,a] = where(m[n,t,a] > 0, m[n,t,a], 0)
        """,
    "softmax of the state before": """
        m[n,t,a] = tanh(sum[u](x[n,t,u]*A[u,a]) + sum[v](exp(m[n,t-1,v])*B[v,a])/sum[v](exp(m[n,t-1,v])))
        y[n,t,a] = m[n,t,a]
        """,
    "all of the state before": """
        m[n,t,a] = tanh(sum[u](x[n,t,u]*A[u,a])) + D[a]*log(sum[v](exp(m[n,t-1,v] + B[v,a])))
        y[n,t,a] = m[n,t,a]
        """,
    "started": """
        m[n,t,a] = tanh(sum[u](x[n,t,u]*A[u,a]) + sum[v](m[n,t-1,v]*B[v,a]) + delta(t,0)*D[a])
        y[n,a] = m[n,size(t)-1,a]
        """,
    "from a state": """
        p[n,t,v] = m[n,t-1,v] + delta(t,0)*D[v]**2
        m[n,t,a] = tanh(sum[u](x[n,t,u]*A[u,a]) + sum[v](p[n,t,v]*B[v,a]))
        y[n,a] = m[n,size(t)-1,a]
        """,
    "from states at the end": """
        p[n,t,v] = m[n,t+1,v] + delta(t,size(t)-1)*x[n,0,v]
        q[n,t,v] = w[n,t+1,v] + delta(t,size(t)-1)*D[v]
        w[n,t,a] = q[n,t,a]*p[n,t,a] + x[n,t,0]
        m[n,t,a] = tanh(w[n,t,a] + sum[v](p[n,t,v]*B[v,a]) + sum[u](x[n,t,u]*A[u,a]))
        y[n,t,a] = m[n,t,a]
        """,
    "states that stay": """
        p[n,t,v] = m[n,t-1,v] + delta(t,0)*D[v]
        m[n,t,a] = tanh(sum[u](x[n,t,u]*A[u,a]) + sum[v](p[n,t,v]*B[v,a]) - m[n,t-1,a])
        y[n,t,a] = m[n,t,a] + p[n,t,a]
        """,
    "kept in part": """
        p[n,t,v] = stop(m[n,t-1,v]*D[v])
        m[n,t,a] = tanh(sum[u](x[n,t,u]*A[u,a]) + sum[v]((p[n,t,v] + m[n,t-1,v])*B[v,a]))
        y[n,t,a] = m[n,t,a]*D[a] + stop(m[n,t,a]**2)
        """,
    "largest": """
        m[n,t,a] = x[n,t,a] + max[v](m[n,t-1,v]*B[v,a])
        y[n,t,a] = m[n,t,a]
        """,
}
RANKS = {"gated": (3, 3, 2), "from the end": (2, 2), "two steps away": (2, 2), "largest": (2, 2)}  # of A, B, D
STEPS, INPUTS, UNITS = 5, 3, 2


def network(name: str, steps: int = STEPS) -> Network:
    """One block of the formula, and half the squares of its result as the cost."""
    ranks = dict(zip("ABD", RANKS.get(name, (2, 2, 1)), strict=False))
    declared = {"x": Declared(3, "input"), **{k: Declared(r, "parameter") for k, r in ranks.items()}}
    formula = read_formula(name, FORMULAS[name], Scope(declared, {}, ("y",)))
    known = {"N": BATCH, "N_t": steps, "N_u": INPUTS, "N_a": UNITS, "N_r": 2}
    sizes = {}
    for symbol in {s for t in formula.tensors.values() for a in t.axes for s in a.free_symbols}:
        sizes[str(symbol)] = known.get(str(symbol), UNITS)
    used = [t for t in formula.tensors.values() if t.role in ("input", "parameter", "output")]
    binding = {t.name: t.name if t.role == "input" else f"b.{t.name}" for t in used}
    block = Block("b", name, formula, binding, sizes, {})
    loss = read_formula(
        "loss", "C = sum[...](a**2)/2", Scope({"a": Declared(len(block.shape("y")), "input")}, {}, ("C",))
    )
    extents = dict(zip((str(a) for a in loss.tensors["a"].axes), block.shape("y"), strict=True))
    cost = Block("loss", "loss", loss, {"a": "b.y", "C": "C"}, extents, {})
    tensors = {binding[t.name]: NetworkTensor(binding[t.name], block.shape(t.name), t.role) for t in used}
    tensors["C"] = NetworkTensor("C", (), "output")
    parameters = tuple(
        Parameter(binding[t.name], tuple(map(int, block.shape(t.name))), "zeros") for t in used if t.role == "parameter"
    )
    return Network("net", (block, cost), tensors, parameters, (Head("b", "b.y", "b.y"),))


@cache
def derived(name: str, steps: int = STEPS) -> tuple[Network, Derivation]:
    net = network(name, steps)
    return net, derive_network(net)


def given(net: Network, n: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(3)
    names = ["x", *(p.name for p in net.parameters)]
    return {k: draw.normal(size=[n if d == BATCH else d for d in net.tensors[k].shape]) for k in names}


def loops(program: Program, routine: str) -> list[Loop]:
    return [item for item in program.routines[routine].statements if isinstance(item, Loop)]


@pytest.mark.parametrize("steps", [1, 2, STEPS])
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("name", FORMULAS)
def test_programs_agree_with_the_evaluator(name: str, n: int, steps: int) -> None:
    net, derivation = derived(name, steps)
    lowered, optimized = lower_network(derivation), optimize(derivation)
    arrays = given(net, n)
    block = net.blocks[0]
    sizes = {sp.Symbol(k, integer=True, positive=True): n if v == BATCH else v for k, v in block.sizes.items()}
    local = {k: arrays[v] for k, v in block.binding.items() if v in arrays}
    whole = derivation.formulas[name]
    values = evaluate_formula(whole.forward, local, sizes)
    values = evaluate_formula([g.equation for g in whole.backward], {**values, "d_y": values["y"]}, sizes)
    for program in (lowered, optimized.program):
        verify(program)
        found = run(program, ["forward", "loss", "backward", "input"], arrays, n)
        for tensor in ("x", *(p.name for p in net.parameters)):
            expected = values[f"d_{tensor.removeprefix('b.')}"]
            np.testing.assert_allclose(found[f"d_{tensor}"], expected, rtol=1e-12, atol=1e-13, err_msg=tensor)
        np.testing.assert_allclose(found["b.y"], values["y"], rtol=1e-13)


def test_a_step_holds_only_what_recurs() -> None:
    program = optimize(derived("gated")[1]).program
    (forward,), (backward,) = loops(program, "forward"), loops(program, "backward")
    assert (forward.backwards, backward.backwards) == (False, True)
    for routine, loop, outside in (("forward", forward, 1), ("backward", backward, 2)):
        everything = [op for item in program.routines[routine].statements for op in item.operations]
        products = [op for op in everything if isinstance(op, Contract)]
        assert sum(op in loop.operations for op in products) == 1, "the state's product alone is in the loop"
        assert len(products) == 1 + outside, "the input's product before it, or the weights' gradients after it"
    assert not any(op.function == "negative" for op in forward.operations if isinstance(op, Map))
    functions = [op.function for op in backward.operations if isinstance(op, Map)]
    assert set(functions) == {"multiply", "add"}, (
        "what the forward pass saved is squared and subtracted before the loop"
    )


def test_no_array_of_a_step_grows_with_the_steps() -> None:
    program = optimize(derived("gated")[1]).program
    for routine in ("forward", "backward"):
        (loop,) = loops(program, routine)
        stepped = {s.out for s in loop.slices} | {op.out for op in loop.operations}
        assert not any(STEPS in program.arrays[name].shape for name in stepped)


def test_an_initial_state_and_the_gradient_of_a_last_one_cost_nothing_in_a_step() -> None:
    program = optimize(derived("from a state")[1]).program
    (forward,), (backward,) = loops(program, "forward"), loops(program, "backward")
    assert [type(op).__name__ for op in forward.operations] == ["Contract", "Map", "Map"]  # product, sum, tanh
    assert [type(op).__name__ for op in backward.operations] == ["Map", "Contract"]  # times 1 - m**2, product
    assert [(e.array, e.after) for e in (*forward.edges, *backward.edges)] == [("b.m", False), ("d_b.p", True)]


def test_a_state_whose_zeros_are_read_as_well_has_no_edge() -> None:
    program = optimize(derived("states that stay")[1]).program
    assert not any(loop.edges for loop in loops(program, "forward"))


def test_states_one_step_away_are_views() -> None:
    program = optimize(derived("gated")[1]).program
    assert program.arrays["b.m"].margin == (1, 0)
    assert program.arrays["d_b.m"].margin == (0, 1)
    everything = [op for r in program.routines.values() for item in r.statements for op in item.operations]
    assert not any(type(op).__name__ == "Shift" for op in everything)


def test_what_a_check_holds_shares_its_memory_with_nothing() -> None:
    program = optimize(derived("kept in part")[1]).program
    plan = plan_buffers(program, frozenset({"C", "b.y"}))
    everything = [op for r in program.routines.values() for item in r.statements for op in item.operations]
    (loop,) = loops(program, "forward")
    arrays = {s.out: s.array for s in loop.slices}
    held = [arrays.get(op.out, op.out) for op in everything if isinstance(op, Map) and op.function == "stop"]
    assert held == ["b.p", "b.stopped"]
    assert all(list(plan.buffer_of.values()).count(plan.buffer_of[name]) == 1 for name in held)


def test_what_a_loop_reads_keeps_its_buffer_to_the_end() -> None:
    """An array that a step reads is read again in the next, and so is not free for what the step writes."""
    for name in FORMULAS:
        program = optimize(derived(name)[1]).program
        plan = plan_buffers(program, frozenset({"C", "b.y"}))
        for routine in ("forward", "backward"):
            for loop in loops(program, routine):
                inside = {op.out for op in loop.operations if program.arrays[op.out].storage == "workspace"}
                sliced = {s.array for s in loop.slices}
                buffers = {plan.buffer_of[n] for n in inside if n in plan.buffer_of}
                assert not buffers & {plan.buffer_of[n] for n in sliced if n in plan.buffer_of}


def broken(change) -> Program:
    program = lower_network(derived("gated")[1])
    statements = [change(s) if isinstance(s, Loop) else s for s in program.routines["forward"].statements]
    return replace(program, routines={**program.routines, "forward": Routine("forward", tuple(statements))})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda loop: replace(loop, backwards=True), "read before it is written"),
        (lambda loop: replace(loop, statements=loop.statements[::-1]), "read before it is computed"),
        (lambda loop: replace(loop, slices=tuple(replace(s, axis=1) for s in loop.slices)), "is no slice of"),
        (
            lambda loop: replace(loop, slices=tuple(replace(s, shift=2 * s.shift) for s in loop.slices)),
            "the margin .* does not reach so far",
        ),
    ],
)
def test_broken_loops_are_refused(change, message: str) -> None:
    verify(broken(lambda loop: loop))
    with pytest.raises(ProgramError, match=message):
        verify(broken(change))


def test_a_broken_pass_is_seen() -> None:
    """Sharing between steps, as if a step's scratch were known in the next, changes a value or is refused."""
    program = lower_network(derived("gated")[1])
    (loop,) = loops(program, "forward")
    first = loop.statements[0]
    without = replace(loop, statements=(replace(first, operations=first.operations[1:]), *loop.statements[1:]))
    statements = tuple(without if s is loop else s for s in program.routines["forward"].statements)
    with pytest.raises(ProgramError, match="is read before it is computed"):
        verify(replace(program, routines={**program.routines, "forward": Routine("forward", statements)}))
