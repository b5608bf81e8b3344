"""A network, derived: each distinct formula once, the seam before the loss tried, helpers named in every block."""

from __future__ import annotations

from dataclasses import replace

from symbp.derive.derivation import Derivation, FormulaDerivation, Seam
from symbp.derive.derive import derive_formula
from symbp.derive.seam import derive_joint
from symbp.formula.equation import Formula
from symbp.forward.network import Block, Network, NetworkTensor


def derive_network(network: Network) -> Derivation:
    """Derive every formula that the network's blocks use. Cost depends on distinct formulas, not on blocks or sizes."""
    formulas: dict[str, FormulaDerivation] = {}
    network, seams = _join_seam(network, formulas)
    for block in network.blocks:
        if block.formula.name not in formulas:
            formulas[block.formula.name] = derive_formula(block.formula)
    tensors = dict(network.tensors)
    blocks = tuple(_with_helpers(b, formulas[b.formula.name].formula, tensors) for b in network.blocks)
    for block in network.link:
        if block.formula.name not in formulas:
            formulas[block.formula.name] = derive_formula(block.formula)
    link = tuple(_with_helpers(b, formulas[b.formula.name].formula, tensors) for b in network.link)
    ordered = {b.formula.name: formulas[b.formula.name] for b in (*blocks, *link)}
    return Derivation(replace(network, blocks=blocks, link=link, tensors=tensors), ordered, seams)


def _join_seam(network: Network, formulas: dict[str, FormulaDerivation]) -> tuple[Network, tuple[Seam, ...]]:
    """Join the loss with the block whose output it reads, where that is simpler."""
    position = next(i for i, b in enumerate(network.blocks) if network.costs[0] in b.binding.values())
    loss = network.blocks[position]
    before = network.blocks[position - 1] if position else None
    through = next(
        (n for n, t in loss.binding.items() if before and t == before.binding[before.formula.output.name]), None
    )
    if before is None or through is None:
        return network, ()
    found = derive_joint(before.formula, loss.formula, through)
    if found is None:
        return network, ()
    derivation, joint = found
    formulas[derivation.formula.name] = derivation
    block = Block(
        loss.name,
        derivation.formula.name,
        derivation.formula,
        {**{joint.tensors[n]: t for n, t in loss.binding.items()}, **before.binding},
        {**{str(joint.sizes[s]): loss.sizes[str(s)] for s in joint.sizes}, **before.sizes},
        {**before.scalars, **loss.scalars},
    )
    blocks = (*network.blocks[: position - 1], block, *network.blocks[position + 1 :])
    logits = next(before.binding[t.name] for t in before.formula.with_role("input"))
    output = logits if network.output == network.prediction else network.output
    joined = replace(network, blocks=blocks, link=network.link or (before,), output=output)
    return joined, (Seam(before.formula.name, loss.formula.name, derivation.formula.name, joint.steps),)


def _with_helpers(block: Block, formula: Formula, tensors: dict[str, NetworkTensor]) -> Block:
    """The block with the derived formula, its helper tensors bound to names of the network."""
    block = replace(block, formula=formula)
    binding = dict(block.binding)
    for name, tensor in formula.tensors.items():
        bound = binding.setdefault(name, f"{block.name}.{name}")
        tensors.setdefault(bound, NetworkTensor(bound, block.shape(name), tensor.role, tensor.kind))
    return replace(block, binding=binding)
