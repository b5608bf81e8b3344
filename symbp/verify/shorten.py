"""Long sequences made short for a comparison: autodiff goes through a recurrence step by step, and compiles each.

A spec whose network has the same parameters at another length is the same network there: its derivation, and but for
sizes its module. Where lengths are part of a parameter's shape, as before `flatten` and `dense`, nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symbp.formula.recurrence import in_groups
from symbp.forward.build import build_network
from symbp.forward.network import Block, Network
from symbp.spec.model import NetworkSpec, SpecError

SHORT = 8  # steps
MANY_STEPS = 30  # autodiff compiles them in a minute or more


def steps_of(network: Network) -> int:
    """The most steps that a recurrence of the network takes; 0 where nothing recurs."""
    return max((count for block in network.blocks for count, _ in _stepping(block)), default=0)


def shortened(spec: NetworkSpec) -> NetworkSpec:
    """The spec with shorter sequences where it has long ones and its parameters are the same; else the spec itself."""
    network = build_network(spec)
    whole = steps_of(network)
    least = max((least for block in network.blocks for _, least in _stepping(block)), default=SHORT)
    for length in sorted({d for i in spec.inputs for d in i.shape if d > least}, reverse=True):
        shorter = least
        while whole > least and shorter < length:
            changed = [replace(i, shape=tuple(shorter if d == length else d for d in i.shape)) for i in spec.inputs]
            candidate = replace(spec, inputs=tuple(changed))
            steps = _steps_where_alike(candidate, network)
            if least <= steps < whole:
                return candidate
            shorter *= 2
    return spec


def steps_compared(spec: NetworkSpec) -> int:
    """The most steps of a recurrence when the spec is compared with autodiff."""
    return steps_of(build_network(shortened(spec)))


def _stepping(block: Block) -> Iterator[tuple[int, int]]:
    """The steps of each recurrence of a block, and how few may stand for them: more than a stretch of it has."""
    for group in in_groups(block.formula.equations):
        if group.direction:
            equation = group.equations[0]
            count = block.extent(equation.sizes[group.index(equation)])
            assert isinstance(count, int)
            read = [int(v) for v in block.scalars.values() if v == int(v) and SHORT <= 2 * v < count]
            yield count, max([SHORT, *(2 * v + 1 for v in read)])


def _steps_where_alike(spec: NetworkSpec, like: Network) -> int:
    """The steps of the spec's network where it has the parameters of the other; else 0."""
    try:
        network = build_network(spec)
    except SpecError:
        return 0
    alike = [(p.name, p.shape) for p in network.parameters] == [(p.name, p.shape) for p in like.parameters]
    return steps_of(network) if alike else 0
