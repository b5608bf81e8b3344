"""The backward pass of the network: the formulas' results with the network's own tensors, last block first.

Between matrices where the index structure allows it. An activation's cotangent is put in place right away, so a hidden
layer reads δ⁽ˡ⁾ = (δ⁽ˡ⁺¹⁾ W⁽ˡ⁺¹⁾ᵀ) ⊙ f'(Z⁽ˡ⁾). A tensor that several blocks read collects a share from each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symbp.derive.derivation import Gradient
from symbp.explain import mathematics as m
from symbp.explain.document import Code, Display, Heading, Paragraph, Part
from symbp.explain.forward import index_form
from symbp.explain.matrix import matrix_form
from symbp.explain.naming import COTANGENT
from symbp.explain.view import View
from symbp.formula.expression import elements
from symbp.forward.network import Block


@dataclass
class _Shares:
    """Cotangents of the network's tensors that were found between matrices and not shown yet."""

    held: dict[str, m.Line] = field(default_factory=dict)


def recursion(view: View) -> list[Part]:
    """Every gradient of every block shown, in order of evaluation."""
    parts: list[Part] = [
        Heading(1, ("The backward pass",)),
        Paragraph(("The same results with the tensors of this network, in order of evaluation.",)),
    ]
    shares = _Shares()
    for block in reversed(view.blocks):
        parts.append(Paragraph((Code(block.name), ":")))
        lines = _block(view, block, shares)
        if lines:
            parts.append(Display(tuple(lines)))
        else:
            parts.pop()
    left = tuple(shares.held.values())
    return [*parts, *([Display(left)] if left else [])]


def _block(view: View, block: Block, shares: _Shares) -> list[m.Line]:
    naming = view.naming(block)
    output = block.formula.output.name
    held = shares.held.pop(block.binding[output], None)
    given: Mapping[str, m.Math] = {f"{COTANGENT}{output}": held.right} if held else {}
    lines: list[m.Line] = []
    if held is not None and not _takes(view, block, f"{COTANGENT}{output}"):
        lines.append(held)
        given = {}
    for gradient in view.derivation.of(block).backward:
        line = matrix_form(gradient.equation, naming, given)
        if line is None:
            lines.append(index_form(gradient.equation, naming))
        elif _goes_on(view, block, gradient):
            shares.held[block.binding[gradient.tensor]] = line
        else:
            lines.append(line)
    return lines


def _takes(view: View, block: Block, cotangent: str) -> bool:
    """True where a cotangent may be put in place: the block has one gradient, which has a form between matrices."""
    gradients = view.derivation.of(block).backward
    if len(gradients) != 1 or sum(e.tensor == cotangent for e in elements(gradients[0].equation.body)) != 1:
        return False
    return matrix_form(gradients[0].equation, view.naming(block)) is not None


def _goes_on(view: View, block: Block, gradient: Gradient) -> bool:
    """True where the tensor is an activation shown later that no other block reads."""
    tensor = block.binding.get(gradient.tensor, "")
    maker = view.maker(tensor)
    return maker is not None and maker in view.blocks and maker is not block and len(view.readers(tensor)) == 1
