"""The backward pass of the network: the formulas' results with the network's own tensors, last block first.

Between matrices where the index structure allows it. An activation's cotangent is put in place right away, so a hidden
layer reads δ⁽ˡ⁾ = (δ⁽ˡ⁺¹⁾ W⁽ˡ⁺¹⁾ᵀ) ⊙ f'(Z⁽ˡ⁾). A tensor that several blocks read collects a share from each. What leads
to no parameter is left out: nothing needs it.
"""

from __future__ import annotations

from collections.abc import Mapping

from symbp.derive.derivation import Gradient
from symbp.explain import mathematics as m
from symbp.explain.document import Code, Display, Heading, Paragraph, Part
from symbp.explain.forward import index_form
from symbp.explain.matrix import matrix_form
from symbp.explain.naming import COTANGENT
from symbp.explain.view import View
from symbp.formula.expression import elements
from symbp.forward.network import Block, Network


def recursion(view: View) -> list[Part]:
    """The gradients of every block shown that lead to a parameter, in order of evaluation."""
    pass_ = _Pass(view)
    parts: list[Part] = []
    for block in reversed(view.blocks):
        lines = pass_.of(block)
        if lines:
            parts.extend((Paragraph((Code(block.name), ":")), Display(tuple(lines))))
    if pass_.held:
        parts.append(Display(tuple(pass_.held.values())))
    if not parts:
        return []
    opening = "The same results with the tensors of this network, in order of evaluation."
    return [Heading(1, ("The backward pass",)), Paragraph((opening,)), *parts]


class _Pass:
    """The backward pass as far as it has come. `held` are cotangents found between matrices and not shown yet."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.held: dict[str, m.Line] = {}
        self.trained = _trained(view.derivation.network)

    def of(self, block: Block) -> list[m.Line]:
        """The lines of one block; a line for an activation is held back until the activation's block."""
        naming = self.view.naming(block)
        output = block.formula.output.name
        cotangent = f"{COTANGENT}{output}"
        wanted = [g for g in self.view.derivation.of(block).backward if self.is_wanted(block, g)]
        held = self.held.pop(block.binding[output], None)
        given: Mapping[str, m.Math] = {}
        lines: list[m.Line] = []
        if held is not None and self.takes(block, wanted, cotangent):
            given = {cotangent: held.right}
        elif held is not None:
            lines.append(held)
        for gradient in wanted:
            line = matrix_form(gradient.equation, naming, given)
            if line is not None and self.goes_on(block, gradient):
                self.held[block.binding[gradient.tensor]] = line
            else:
                lines.append(line or index_form(gradient.equation, naming))
        return lines

    def is_wanted(self, block: Block, gradient: Gradient) -> bool:
        """True where a parameter lies behind the tensor, or it is a block's own intermediate value."""
        role = block.formula.tensors[gradient.tensor].role if gradient.tensor in block.formula.tensors else ""
        return role != "input" or block.binding[gradient.tensor] in self.trained

    def takes(self, block: Block, gradients: list[Gradient], cotangent: str) -> bool:
        """True where a cotangent may be put in place: one gradient, between matrices, reads it once."""
        if len(gradients) != 1 or sum(e.tensor == cotangent for e in elements(gradients[0].equation.body)) != 1:
            return False
        return matrix_form(gradients[0].equation, self.view.naming(block)) is not None

    def goes_on(self, block: Block, gradient: Gradient) -> bool:
        """True where the tensor is the value of a block shown later, and no other block reads it."""
        tensor = block.binding.get(gradient.tensor, "")
        maker = self.view.maker(tensor)
        later = maker is not None and maker in self.view.blocks and maker is not block
        return later and len(self.view.readers(tensor)) == 1


def _trained(network: Network) -> frozenset[str]:
    """The tensors that depend on a parameter, and the parameters."""
    found = {p.name for p in network.parameters}
    for block in network.blocks:
        if found & set(block.binding.values()):
            found |= {block.binding[t.name] for t in block.formula.with_role("output", "intermediate")}
    return frozenset(found)
