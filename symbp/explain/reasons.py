"""Why a step holds, in a sentence or a few that name what the rule was applied to.

Which index a delta picks, which saved value takes whose place, which rule of calculus takes part, which identity.
Steps of one rule that follow each other are told together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp

from symbp.derive.derivation import Step
from symbp.explain import mathematics as m
from symbp.explain.document import Code, Inline
from symbp.explain.identity import read_identity
from symbp.explain.layout import COTANGENT
from symbp.explain.naming import COST, OWN, Naming
from symbp.explain.notation import write
from symbp.explain.techniques import techniques
from symbp.explain.trees import mathematics, rebuilt
from symbp.explain.words.language import Filling, Language
from symbp.formula.equation import Equation, Formula
from symbp.formula.expression import Partial, elements
from symbp.formula.recurrence import in_groups

_INDEX_EQUATION = re.compile(r"([A-Za-z]'*) = ([A-Za-z]'*)(?: ([+-]) (\d+))?")  # t' = t + 1
_PICKED = re.compile(r"([A-Za-z]'*) = .*")
_PLAIN = re.compile(r"[A-Za-z]'*")
MANY = 3  # indices that a sentence counts up twice
LETTERS = "uvwpqrstabcdghl"  # of identities, where a formula has theirs
PAIR = frozenset("ab")
SHIFTED = "exp(f[k] - m)"
SHORT = 30  # nodes of an equation that fits into a sentence


def reason(steps: Sequence[Step], formula: Formula, language: Language, naming: Naming) -> Inline:
    """Why each of these steps holds, which are of one rule and follow each other."""
    return _Reason(formula, language, naming).of(steps)


class _Reason:
    """What the sentences of one formula's steps look at."""

    def __init__(self, formula: Formula, language: Language, naming: Naming) -> None:
        self.formula = formula
        self.naming = naming
        self.language = language
        self.say = language.say

    def of(self, steps: Sequence[Step]) -> Inline:
        first = steps[0]
        details = [part for step in steps for part in step.detail.split("; ") if part and not self.is_hidden(part)]
        match first.rule:
            case "chain rule":
                return self.chain(first)
            case "differentiate":
                return self.language.sentences(self.differentiated(first))
            case "contract delta":
                sizes = {i.name: size for step in steps for i, size in step.sizes.items()}
                return self.language.sentences(self.contracted(details, sizes))
            case "saved value":
                return self.saved(steps)
            case "collect":
                return self.collected(steps[-1])
            case "stable form" | "rewrite" as rule if details:
                return self.language.sentences(self.identities(rule, details))
            case rule:
                named = self.language.listed(map(self.named, details), last="list.semicolon", between="list.semicolon")
                return self.say(f"{rule}.of", detail=named) if named else self.say(f"{rule}.bare")

    def identities(self, rule: str, details: Sequence[str]) -> list[Inline]:
        """By which identities, in letters that the formula has not, and what the letter of a maximum is."""
        read = [self.apart(identity) if (identity := read_identity(d)) else Code(d) for d in details]
        named = self.language.listed(read, last="list.semicolon", between="list.semicolon")
        shift = m.Relation((m.Name("m"), m.Over("max", (m.Name("k"),), m.Name("f", (m.Name("k"),)))), ("=",))
        shifted = [self.say("stable form.shift", equal=self.apart(shift))] if any(SHIFTED in d for d in details) else []
        return [self.say(f"{rule}.of", detail=named), *shifted]

    def apart(self, identity: m.Math) -> m.Math:
        """An identity with other letters for those that are tensors of the formula."""
        nodes = list(mathematics(identity))
        letters = {name.base for name in nodes if isinstance(name, m.Name)}
        bound = {i.base for node in nodes if isinstance(node, m.Over) for i in node.bound if isinstance(i, m.Name)}
        tensors = {self.naming.letter(tensor).base for tensor in self.formula.tensors}
        free = (c for c in LETTERS if c not in {*letters, *tensors, *self.formula.letters})
        taken = (letters - bound) & tensors
        if taken & PAIR:  # log(u/v), not log(u/b)
            taken |= letters & PAIR
        renaming = dict(zip(sorted(taken), free, strict=False))

        def renamed(piece: Any) -> Any:
            if isinstance(piece, m.Name) and piece.base in renaming:
                return replace(piece, base=renaming[piece.base])
            return rebuilt(piece, renamed)

        new: m.Math = renamed(identity)
        return new

    def chain(self, step: Step) -> Inline:
        """What depends on what, through what: tensors that read it, or on the way forward those that are read."""
        partials = step.after.atoms(Partial)
        assert isinstance(step.before, Partial)
        whole, by = step.before.of.tensor, step.before.by
        forward = {p.of.tensor for p in partials} == {whole} and {p.by.tensor for p in partials} != {by.tensor}
        own = by.tensor if forward else COST
        read = sorted({p.by.tensor if forward else p.of.tensor for p in partials})
        of = self.naming.tensor(by.tensor)
        named = {t: self.say("chain rule.again", tensor=of) if t == by.tensor else self.naming.tensor(t) for t in read}
        through = self.language.listed(name for tensor, name in named.items() if tensor != own)
        total = self.naming.tensor(whole if forward else COST)
        places: dict[str, Filling] = {"C": total, "tensor": of, "through": through}
        if own in read:
            return self.say("chain rule.direct", **places)
        return self.say("chain rule.of", **places, element=write(by, self.naming))

    def differentiated(self, step: Step) -> list[Inline]:
        """Which rules of calculus the derivative needs, and what elements of one tensor are to each other."""
        tensor = next(iter(step.before.atoms(Partial))).by.tensor
        within = {partial.of.tensor for partial in step.before.atoms(Partial)}
        made = [e for e in self.formula.equations if e.target.tensor in within and any(elements(e.body, tensor))]
        independent = self.independent(step, tensor)
        said = [*self.calculus(made, tensor), *([independent] if independent else [])]
        return said or [self.say("differentiate.bare")]

    def calculus(self, equations: Sequence[Equation], tensor: str) -> list[Inline]:
        """The rules that these equations need, each told once."""
        taken = [(self.naming.tensor(e.target.tensor), techniques(e, tensor)) for e in equations]
        of = self.naming.tensor(tensor)
        said: list[Inline] = []
        linear = (self.say("chain rule.again", tensor=of) if v == of else v for v, t in taken if t.none)
        if values := self.language.listed(linear):
            said.append(self.say("differentiate.linear", values=values, tensor=of))
        said += [self.say("differentiate.maximum")] if any(t.maximum for _, t in taken) else []
        said += [self.say("differentiate.branches")] if any(t.branches for _, t in taken) else []
        products = self.language.listed(value for value, t in taken if t.product)
        said += [self.say("differentiate.product", values=products, tensor=of)] if products else []
        quotients = self.language.listed(value for value, t in taken if t.quotient)
        said += [self.say("differentiate.quotient", values=quotients)] if quotients else []
        slopes = {f: slope for _, t in taken for f, slope in t.functions}
        if slopes:
            said.append(self.say("differentiate.functions", slopes=self.language.listed(map(_known, slopes.items()))))
        return said

    def independent(self, step: Step, tensor: str) -> Inline | None:
        """That the derivative of one element by another is a product of deltas; nothing where there are none."""
        indices = next(iter(step.before.atoms(Partial))).by.indices
        if not indices or not step.after.has(sp.KroneckerDelta) or any(not i.is_Symbol for i in indices):
            return None
        written = [i for i in indices if not self.naming.layout.hides(i.name)]
        ours, theirs = (tuple(m.Name(i.name + prime) for i in written) for prime in ("", "'"))
        if not written:
            return None
        name = self.naming.tensor(tensor)
        slope = m.Derivative(self.naming.tensor(tensor, theirs), self.naming.tensor(tensor, ours))
        deltas = tuple(m.Indicator(m.Relation(pair, ("=",))) for pair in zip(ours, theirs, strict=True))
        equal = m.Relation((slope, deltas[0] if len(deltas) == 1 else m.Product(deltas)), ("=",))
        recurs = any(tensor in group.tensors for group in in_groups(self.formula.equations) if group.direction)
        if recurs:
            return self.say("differentiate.recurrent", tensor=name, slope=equal)
        return self.say("differentiate.deltas", tensor=name, slope=equal)

    def contracted(self, details: Sequence[str], sizes: Mapping[str, sp.Expr]) -> list[Inline]:
        """Which index each delta picks out of its sum, and which deltas fall apart into several."""
        picks = [d for d in details if _PICKED.fullmatch(d)]
        solved = [d for d in picks if not self.is_picked(d)]
        plain = [d for d in picks if d not in solved]
        said: list[Inline] = [
            self.say("contract delta.flat", positions=self.named(d)) for d in details if d not in picks
        ]
        if len(plain) == 1:
            said.append(self.say("contract delta.one", index=m.Name(_index(plain[0])), equal=self.named(plain[0])))
        elif len(plain) > MANY:
            said.append(self.say("contract delta.many", equal=self.language.listed(map(self.named, plain))))
        elif plain:
            indices = self.language.listed(m.Name(_index(d)) for d in plain)
            equal = self.language.listed(map(self.named, plain))
            said.append(self.say("contract delta.several", indices=indices, equal=equal))
        for detail in solved:
            said.append(self.say("contract delta.solved", index=m.Name(_index(detail)), equal=self.named(detail)))
        leaving = [m.Name(_index(d)) for d in picks if _may_leave(d, sizes)]
        if len(leaving) == 1:
            said.append(self.say("contract delta.range", indices=leaving[0]))
        elif leaving:
            said.append(self.say("contract delta.ranges", indices=self.language.listed(leaving)))
        return said or [self.say("contract delta.bare")]

    def is_hidden(self, detail: str) -> bool:
        """True for an equation between indices that are not written."""
        picked = _PICKED.fullmatch(detail)
        return picked is not None and self.naming.layout.hides(picked[1])

    def is_picked(self, detail: str) -> bool:
        """True where the index is replaced by another, or by a label, and nothing had to be solved."""
        right = detail.partition(" = ")[2]
        return bool(_PLAIN.fullmatch(right)) or right.endswith("]")

    def saved(self, steps: Sequence[Step]) -> Inline:
        """Which saved values take the expressions' places, and by which terms cancel."""
        found = [equation for step in steps if (equation := self.stated(step.detail))]
        if len(found) != len(steps):
            return self.say("saved value.bare")
        after = {read.tensor for read in elements(steps[-1].after)}
        stands, cancels = ([e for e in found if (e.target.tensor in after) == here] for here in (True, False))
        said = [self.taken(stands, steps[0].target.tensor[len(COTANGENT) :])] if stands else []
        if cancels:
            said.append(self.say("saved value.cancels", equations=self.language.listed(map(self.equation, cancels))))
        return self.language.sentences(said)

    def taken(self, found: Sequence[Equation], tensor: str) -> Inline:
        """Which saved values stand in a derivative by a tensor; of the formula's output it is said that it is that."""
        named = self.language.listed(map(self.equation, found))
        if len(found) > 1:
            return self.say("saved value.several", equations=named)
        if found[0].target.tensor == self.formula.output.name and any(elements(found[0].body, tensor)):
            output = self.naming.tensor(found[0].target.tensor)
            return self.say("saved value.own", equation=named, tensor=self.naming.tensor(tensor), output=output)
        return self.say("saved value.of", equation=named)

    def collected(self, step: Step) -> Inline:
        """What was taken out of a sum of terms, where it is one factor and short."""
        if isinstance(step.before, sp.Add) and isinstance(step.after, sp.Mul):
            factor = sp.Mul(*(f for f in step.after.args if not isinstance(f, sp.Add)))
            if factor not in (1, -1) and _is_short(factor):
                return self.say("collect.factor", factor=write(factor, self.naming))
        return self.say("collect.bare")

    def named(self, detail: str) -> Filling:
        """What a rule was applied to: an equation of the formula, of two indices, or an identity."""
        equation = self.stated(detail)
        if equation is not None:
            return self.equation(equation)
        between = _INDEX_EQUATION.fullmatch(detail)
        return (_index_equation(between) if between else read_identity(detail)) or Code(detail)

    def equation(self, equation: Equation) -> m.Math:
        """An equation of the formula, or where it is long its left side."""
        left, right = write(equation.target, self.naming), write(equation.body, self.naming)
        return m.Relation((left, right), ("=",)) if _is_short(equation.body) else left

    def stated(self, detail: str) -> Equation | None:
        """The equation of the formula that a detail names."""
        return next((e for e in self.formula.equations if detail and detail in (str(e), e.text)), None)


def _known(pair: tuple[sp.Expr, sp.Expr]) -> m.Math:
    """A function of `u` and its derivative as an equation."""
    function, slope = (write(side, OWN) for side in pair)
    return m.Relation((m.Derivative(function, m.Name("u")), slope), ("=",))


def _is_short(expression: sp.Expr) -> bool:
    return sum(1 for _ in sp.preorder_traversal(expression)) <= SHORT


def _index(detail: str) -> str:
    return detail.partition(" = ")[0]


def _may_leave(detail: str, sizes: Mapping[str, sp.Expr]) -> bool:
    """True where the right side of a picked index may lie outside the index's range."""
    index, _, place = detail.partition(" = ")
    if _PLAIN.fullmatch(place):
        return sizes.get(index) != sizes.get(place)
    return not (place.isdigit() or place.endswith("]") or place.startswith("flat("))


def _index_equation(found: re.Match[str]) -> m.Math:
    """Two indices that are equal, or some positions apart."""
    left, right, sign, away = found.groups()
    shifted = m.Sum(((1, m.Name(right)), (1 if sign == "+" else -1, m.Number(away)))) if sign else m.Name(right)
    return m.Relation((m.Name(left), shifted), ("=",))
