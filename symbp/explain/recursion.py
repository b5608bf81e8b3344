"""The backward pass of the network: the formulas' results with the network's own tensors, last block first.

Between matrices where the index structure allows it. An activation's cotangent is put in place right away, so a hidden
layer reads δ⁽ˡ⁾ = (δ⁽ˡ⁺¹⁾ W⁽ˡ⁺¹⁾ᵀ) ⊙ f'(Z⁽ˡ⁾). The shares of a tensor that is read several times are added up in one
line, where the last of them is found. What leads to no parameter is left out: nothing needs it.
"""

from __future__ import annotations

from collections.abc import Mapping

from symbp.derive.derivation import Gradient
from symbp.explain import mathematics as m
from symbp.explain.asked import asked
from symbp.explain.document import Display, Heading, Link, Paragraph, Part
from symbp.explain.forward import index_form
from symbp.explain.layout import COTANGENT
from symbp.explain.matrix import matrix_form
from symbp.explain.notation import write
from symbp.explain.shares import OTHERS, Share, summed
from symbp.explain.slopes import named_slope, slope_of
from symbp.explain.view import View
from symbp.formula.expression import elements
from symbp.forward.network import Block


def recursion(view: View) -> list[Part]:
    """The gradients of every block shown that lead to a parameter, in order of evaluation."""
    pass_ = _Pass(view)
    parts: list[Part] = []
    for block in reversed(view.blocks):
        lines = pass_.of(block)
        if lines:
            gradients = (g.equation.target.tensor for g in view.derivation.of(block).backward)
            said = view.say("forward.block", block=Link(block.name, f"formula {block.formula.name}"))
            parts.extend((Paragraph(said), Display(tuple(lines), view.computed(block, *gradients))))
    if pass_.held:
        parts.append(Display(tuple(line for lines in pass_.held.values() for line in lines)))
    if not parts:
        return []
    opening = [view.say("backward.opening")]
    opening += [view.say("backward.dots")] if any(_has_dots(part) for part in parts) else []
    return [Heading(1, view.say("backward.heading")), Paragraph(view.language.sentences(opening)), *asked(parts)]


def _has_dots(part: Part) -> bool:
    lines = part.lines if isinstance(part, Display) else ()
    return any(isinstance(line.right, m.Sum) and (1, OTHERS) in line.right.terms for line in lines)


class _Pass:
    """The backward pass as far as it has come. `held` are cotangents found between matrices and not shown yet."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.held: dict[str, tuple[m.Line, ...]] = {}
        self.shown = {block.name for block in view.blocks}

    def of(self, block: Block) -> list[m.Line]:
        """The lines of one block; a line for an activation is held back until the activation's block."""
        output = block.formula.output.name
        cotangent = f"{COTANGENT}{output}"
        wanted = [g for g in self.view.derivation.of(block).backward if self.is_wanted(block, g)]
        held = self.held.pop(block.binding[output], ())
        given: Mapping[str, m.Math] = {}
        lines: list[m.Line] = []
        if held and self.takes(block, wanted, cotangent):
            given = {cotangent: held[0].right}
            lines.extend(held[1:])
        else:
            lines.extend(held)
        for gradient in wanted:
            tensor = block.binding.get(gradient.tensor, "")
            shares = self.view.shares(tensor)
            if len(shares) > 1:
                line, whole = self.added(shares, Share(block, gradient))
                found: tuple[m.Line, ...] = (line,) if line is not None else ()
            else:
                found, whole = self.alone(block, gradient, given), True
            if found and whole and self.goes_on(block, gradient, tensor):
                self.held[tensor] = found
            elif found or whole:
                lines.extend(found or (index_form(gradient.equation, self.view.naming(block)),))
        return lines

    def alone(self, block: Block, gradient: Gradient, given: Mapping[str, m.Math]) -> tuple[m.Line, ...]:
        """A gradient between matrices, with a slope under its own name where the notation has one; or nothing."""
        naming = self.view.naming(block)
        slope = slope_of(self.view.derivation.of(block), gradient) if self.view.notation.slopes else None
        named = named_slope(slope, gradient.tensor, naming, given) if slope is not None else None
        line = matrix_form(gradient.equation, naming, given)
        return named or ((line,) if line is not None else ())

    def added(self, shares: tuple[Share, ...], last: Share) -> tuple[m.Line | None, bool]:
        """All shares of a tensor in one line, and whether that is between matrices; nothing before the last of them.

        Where they cannot be added up, because blocks are not shown or indices do not fit, each stands alone with dots.
        """
        naming = self.view.naming(last.block)
        bodies = [share.at(last.gradient.equation.target.indices) for share in shares]
        shown = all(share.block.name in self.shown for share in shares)
        if not shown or any(body is None for body in bodies):
            line = matrix_form(last.gradient.equation, naming) or index_form(last.gradient.equation, naming)
            return m.Line(line.left, summed([line.right], more=True)), False
        if not last.same(shares[-1]):
            return None, False
        matrices = [matrix_form(s.gradient.equation, self.view.naming(s.block)) for s in shares]
        found = [line for line in matrices if line is not None]
        if len(found) == len(shares):
            return m.Line(found[-1].left, summed([line.right for line in found])), True
        lines = [index_form(body, self.view.naming(s.block)) for s, body in zip(shares, bodies, strict=True) if body]
        return m.Line(write(last.gradient.equation.target, naming), summed([line.right for line in lines])), False

    def is_wanted(self, block: Block, gradient: Gradient) -> bool:
        """True where a parameter lies behind the tensor, or it is a block's own intermediate value."""
        role = block.formula.tensors[gradient.tensor].role if gradient.tensor in block.formula.tensors else ""
        return role != "input" or bool(self.view.shares(block.binding[gradient.tensor]))

    def takes(self, block: Block, gradients: list[Gradient], cotangent: str) -> bool:
        """True where a cotangent may be put in place: one gradient, all of its tensor's, reads it once, in matrices."""
        if len(gradients) != 1 or sum(e.tensor == cotangent for e in elements(gradients[0].equation.body)) != 1:
            return False
        alone = len(self.view.shares(block.binding.get(gradients[0].tensor, ""))) == 1
        return alone and matrix_form(gradients[0].equation, self.view.naming(block)) is not None

    def goes_on(self, block: Block, gradient: Gradient, tensor: str) -> bool:
        """True where the tensor is the value of a block shown later, and no slope stands beside the cost's gradient."""
        reads_cotangent = any(e.tensor.startswith(COTANGENT) for e in elements(gradient.equation.body))
        if self.view.notation.slopes and not reads_cotangent:
            return False
        maker = self.view.maker(tensor)
        return maker is not None and maker is not block and any(maker is shown for shown in self.view.blocks)
