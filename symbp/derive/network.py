"""A network, derived: each distinct formula once, the seam before the loss tried, helpers named in every block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from symbp.derive.derivation import Derivation, FormulaDerivation, Seam
from symbp.derive.derive import derive_formula
from symbp.derive.seam import derive_joint
from symbp.formula.equation import Formula
from symbp.forward.network import Block, Network, NetworkTensor
from symbp.means import NONE, Without


def derive_network(network: Network, without: Without = NONE) -> Derivation:
    """Derive every formula that the network's blocks use. Cost depends on distinct formulas, not on blocks or sizes.

    A formula of inference, or of an update, is brought to the form that is evaluated; it is not differentiated.
    """
    formulas: dict[str, FormulaDerivation] = {}
    seams: dict[str, Seam] = {}
    made = {b.binding[b.formula.output.name]: b for b in network.blocks}
    for cost in network.costs:
        if any(tensor in made and tensor != cost for tensor in made[cost].binding.values()):  # a penalty reads none
            network = _join_seam(network, cost, formulas, seams, without)
    for block in (*network.blocks, *network.link):
        if block.formula.name not in formulas:
            formulas[block.formula.name] = derive_formula(block.formula, without=without)
        for each in (block.inference, block.update):
            if each and each.formula.name not in formulas:
                formulas[each.formula.name] = derive_formula(each.formula, wanted=(), without=without)
    tensors = dict(network.tensors)

    def completed(blocks: Iterable[Block]) -> tuple[Block, ...]:
        return tuple(_completed(b, formulas, tensors) for b in blocks)

    blocks = completed(network.blocks)
    heads = tuple(replace(head, link=completed(head.link)) for head in network.heads)
    complete = replace(network, blocks=blocks, heads=heads, tensors=tensors)
    used = (each for b in (*blocks, *complete.link) for each in (b, b.inference, b.update) if each)
    ordered = {b.formula.name: formulas[b.formula.name] for b in used}
    return Derivation(complete, ordered, tuple(seams.values()))


def _join_seam(
    network: Network, cost: str, formulas: dict[str, FormulaDerivation], seams: dict[str, Seam], without: Without
) -> Network:
    """Join a cost with the block whose output it alone reads, where that is simpler."""
    loss = next(b for b in network.blocks if cost in b.binding.values())
    made = {b.binding[b.formula.output.name]: b for b in network.blocks}
    through = next((n for n, t in loss.binding.items() if t in made and t != cost), None)
    if through is None:
        return network
    before = made[loss.binding[through]]
    inner = before.binding[before.formula.output.name]
    others = (b for b in network.blocks if b is not loss and b is not before)
    if len(before.formula.with_role("input")) != 1 or any(inner in b.binding.values() for b in others):
        return network
    if any(each for block in (before, loss) for each in (block.inference, block.update)):
        return network
    found = derive_joint(before.formula, loss.formula, through)
    if found is None:
        return network
    _, joint = found
    derivation = derive_formula(joint.formula, without=without)
    formulas[derivation.formula.name] = derivation
    seam = Seam(before.formula.name, loss.formula.name, derivation.formula.name, joint.steps)
    seams.setdefault(derivation.formula.name, seam)
    block = Block(
        loss.name,
        derivation.formula.name,
        derivation.formula,
        {**{joint.tensors[n]: t for n, t in loss.binding.items()}, **before.binding},
        {**{str(joint.sizes[s]): loss.sizes[str(s)] for s in joint.sizes}, **before.sizes},
        {**before.scalars, **loss.scalars},
    )
    blocks = tuple(block if b is loss else b for b in network.blocks if b is not before)
    (logits,) = (before.binding[t.name] for t in before.formula.with_role("input"))
    heads = tuple(
        replace(head, output=logits, link=(before,)) if head.output == head.prediction == inner else head
        for head in network.heads
    )
    return replace(network, blocks=blocks, heads=heads)


def _completed(block: Block, formulas: Mapping[str, FormulaDerivation], tensors: dict[str, NetworkTensor]) -> Block:
    """The block with its derived formulas; what inference or an update alone computes is no tensor of the network."""

    def apart(each: Block | None) -> Block | None:
        return each and _with_helpers(each, formulas[each.formula.name].formula, {})

    whole = _with_helpers(block, formulas[block.formula.name].formula, tensors)
    return replace(whole, inference=apart(block.inference), update=apart(block.update))


def _with_helpers(block: Block, formula: Formula, tensors: dict[str, NetworkTensor]) -> Block:
    """The block with the derived formula, its helper tensors bound to names of the network."""
    block = replace(block, formula=formula)
    binding = dict(block.binding)
    for name, tensor in formula.tensors.items():
        bound = binding.setdefault(name, f"{block.name}.{name}")
        tensors.setdefault(bound, NetworkTensor(bound, block.shape(name), tensor.role, tensor.kind))
    return replace(block, binding=binding)
