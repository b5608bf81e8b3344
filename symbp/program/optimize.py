"""The optimize stage: a derivation lowered, every pass applied and verified, then the memory plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symbp.derive.derivation import Derivation
from symbp.formula.equation import Formula
from symbp.forward.network import Network
from symbp.means import NONE, Without
from symbp.program.cost import NOMINAL
from symbp.program.library import PLAIN, Library
from symbp.program.memory import verify_plan
from symbp.program.network import COST, Numbers, lower_network
from symbp.program.passes import Pass, every_pass
from symbp.program.plan import Plan, plan_buffers
from symbp.program.program import GRADIENT, PARAMETERS, Program
from symbp.program.verify import verify


@dataclass(frozen=True)
class Optimized:
    """The program, the buffers of its workspace, the means that were left out, and the library that it is made for."""

    program: Program
    plan: Plan
    without: Without = NONE
    library: Library = PLAIN


def optimize(
    derivation: Derivation,
    update: Sequence[Formula] = (),
    numbers: Numbers | None = None,
    passes: Sequence[Pass] | None = None,
    without: Without = NONE,
    *,
    library: Library = PLAIN,
    batch: int = NOMINAL,
    divided: bool = False,
) -> Optimized:
    """Lower, then apply the passes in order, all where none are given; the verifier runs after each that changes it.

    The `library` is what multiplies matrices; batches usually have the size given, which are parts where the module's
    batches are `divided`.
    """
    program = lower_network(derivation, update, numbers, without)
    network = derivation.network
    keep, shown = kept(network), shown_of(network)
    verify(program)
    for each in every_pass(library, batch, divided=divided) if passes is None else passes:
        if each.name not in without:
            changed = each.apply(program, keep)
            if changed != program:
                verify(changed)
            program = changed
    plan = plan_buffers(program, keep, shown) if "buffers" not in without else Plan()
    verify_plan(program, plan, keep, shown)
    return Optimized(program, plan, without, library)


def kept(network: Network) -> frozenset[str]:
    """The results of the network's program, which no pass may rename."""
    return shown_of(network) | _stepped(network)


def shown_of(network: Network) -> frozenset[str]:
    """Those that inference alone shows to a caller: a step of training may write over them."""
    return frozenset(t for head in network.heads for t in (head.output, head.prediction)) - _stepped(network)


def _stepped(network: Network) -> frozenset[str]:
    gradients = [f"d_{name}" for name in (*(p.name for p in network.parameters), *network.differentiable_inputs)]
    states = [*network.updated, *(state.name for state in network.states)]
    return frozenset([COST, *network.costs, *gradients, *states, PARAMETERS, GRADIENT])
