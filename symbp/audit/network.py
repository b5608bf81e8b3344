"""A network as one formula, laid out as a convention says: the engine then derives all of it in that convention.

The k-th layer with parameters has `Wk`, `bk` and the weighted input `zk`; what its activation makes is `ak`, and the
last of them is what the loss reads. Labels become one-hot: `y` is `delta(k, labels)`. Sizes stay symbols, but for an
axis that is 1 long in the spec; so a claim is compared at sizes of which no two are equal. Hyperparameters are numbers.

Not supported: networks of several inputs or losses; layers that join or cut axes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sympy as sp

from symbp.audit.layout import Layout
from symbp.errors import UserError
from symbp.explain.layout import weights_of
from symbp.formula.equation import Equation, Formula, Role, Tensor
from symbp.formula.examples import is_apart
from symbp.formula.expression import Element, SumOver, element, index, size
from symbp.forward.network import BATCH, Block, Network

LETTERS = "ijklpqrsuv"
MOST_BLOCKS = 40
BATCH_SIZE = size("N")


@dataclass
class _Whole:
    """What is known of the whole formula so far; `same` joins sizes of two blocks that turn out to be one."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    ones: set[sp.Expr] = field(default_factory=set)
    count: int = 0

    def size(self) -> sp.Symbol:
        self.count += 1
        return size(f"N_{self.count}")


def labels_of(name: str) -> str:
    """The tensor of integers that says where a one-hot tensor has its ones."""
    return f"labels_{name}"


def one_formula(network: Network, layout: Layout) -> Formula:
    """The formula of the whole network; UserError where it is not that simple."""
    if len(network.inputs) != 1 or len(network.costs) != 1:
        raise UserError("claims are about networks of one input and one loss; state another one as `equations`")
    if layout.batch == "one":
        _all_apart(network)
    if len(network.blocks) > MOST_BLOCKS:
        raise UserError(
            f"the network has {len(network.blocks)} blocks; claims are about networks of at most {MOST_BLOCKS}"
        )
    names = dict(_names(network))
    whole = _Whole()
    for block in network.blocks:
        _add(whole, block, names, network)
    whole = _one_hot(whole)
    rename = _Layout(whole, layout)
    equations = tuple(rename.equation(e) for e in whole.equations)
    tensors = {t.name: rename.tensor(t) for t in whole.tensors.values()}
    return Formula(network.name, equations, tensors, {}, rename.by_letter)


def _all_apart(network: Network) -> None:
    """UserError where an example has a part in another's values, so that nothing is right of one example alone."""
    joined = next((b.name for b in network.blocks if not is_apart(b.formula, b.batch_sizes)), None)
    if joined is not None:
        raise UserError(
            f"by layer `{joined}` the examples of a batch depend on each other, and the convention is about one of "
            "them; choose another, in which they are rows or columns"
        )


def _names(network: Network) -> Iterator[tuple[str, str]]:
    """The network's tensors, and what claims call them."""
    yield network.inputs[0], "x"
    layers = [b for b in network.blocks if b.formula.with_role("parameter")]
    number = 0
    last = ""
    for block in network.blocks:
        cost = network.costs[0] in block.binding.values()
        number += block in layers
        for tensor in block.formula.tensors.values():
            bound = block.binding[tensor.name]
            if tensor.role == "parameter":
                yield bound, f"{tensor.name}{number}"
            elif tensor.role == "target":
                yield bound, "y"
            elif tensor.role == "output" and not cost:
                before = last
                last = f"z{number}" if block in layers else f"a{number}"
                if last == before:
                    raise UserError(f"layer `{block.name}` follows another without parameters; state `equations`")
                yield bound, last
            elif tensor.role == "intermediate":
                yield bound, tensor.name if cost else f"{tensor.name}_{number}"
    yield network.costs[0], "C"


def _add(whole: _Whole, block: Block, names: Mapping[str, str], network: Network) -> None:
    """The block's equations with the names and the sizes of the whole."""
    formula = block.formula
    called = {n: names[block.binding[n]] for n in formula.tensors}
    sizes: dict[sp.Symbol, sp.Expr] = {}
    for tensor in formula.tensors.values():
        known = whole.tensors.get(called[tensor.name])
        for place, axis in enumerate(tensor.axes):
            if not axis.is_Symbol:
                raise UserError(f"layer `{block.name}` joins or cuts axes; state the network as `equations`")
            if known is not None and sizes.setdefault(axis, known.axes[place]) != known.axes[place]:
                _same(whole, sizes, known.axes[place], sizes[axis])
                known = whole.tensors[called[tensor.name]]
    for tensor in formula.tensors.values():
        for axis in tensor.axes:
            if axis not in sizes:
                extent = block.extent(axis)
                sizes[axis] = BATCH_SIZE if extent == BATCH else whole.size()
                whole.ones |= {sizes[axis]} if extent == 1 else set()
    moved = {s: sp.Rational(str(block.scalars[n])) for n, s in formula.scalars.items()}
    for tensor in formula.tensors.values():
        name = called[tensor.name]
        role: Role = tensor.role
        if role == "output":
            role = "output" if block.binding[tensor.name] in network.costs else "intermediate"
        if role == "input" and name != "x":
            role = "intermediate"
        axes = tuple(sizes[a] for a in tensor.axes)
        whole.tensors.setdefault(name, Tensor(name, axes, role, tensor.kind, tensor.distribution))
    for equation in formula.equations:
        whole.equations.append(_moved(equation, called, sizes, moved))


def _same(whole: _Whole, sizes: dict[sp.Symbol, sp.Expr], kept: sp.Expr, gone: sp.Expr) -> None:
    swap = {gone: kept}
    for tensor in whole.tensors.values():
        axes = tuple(a.xreplace(swap) for a in tensor.axes)
        whole.tensors[tensor.name] = Tensor(tensor.name, axes, tensor.role, tensor.kind, tensor.distribution)
    whole.equations[:] = [
        Equation(e.target, e.body.xreplace(swap), {i: v.xreplace(swap) for i, v in e.sizes.items()})
        for e in whole.equations
    ]
    whole.ones = {s.xreplace(swap) for s in whole.ones}
    sizes.update({s: v.xreplace(swap) for s, v in sizes.items()})


def _moved(
    equation: Equation,
    called: Mapping[str, str],
    sizes: Mapping[sp.Symbol, sp.Expr],
    scalars: Mapping[sp.Symbol, sp.Expr],
) -> Equation:
    def move(expression: sp.Expr) -> sp.Expr:
        return expression.xreplace({**sizes, **scalars}).replace(
            lambda e: isinstance(e, Element),
            lambda e: Element(sp.Symbol(called[e.tensor], **e.args[0].assumptions0), *e.indices),
        )

    found = {i: v.xreplace(dict(sizes)) for i, v in equation.sizes.items()}
    return Equation(move(equation.target), move(equation.body), found)


def _one_hot(whole: _Whole) -> _Whole:
    """Labels under a name of their own, and `y` one-hot beside them."""
    target = whole.tensors.get("y")
    if target is None or target.kind != "int":
        return whole
    prediction = max(
        (n for n in whole.tensors if n[0] in "az" and n[1:].isdigit()), key=lambda n: (int(n[1:]), n[0] == "a")
    )
    classes = whole.tensors[prediction].axes[-1]
    free = [index(f"y_{k}") for k in range(len(target.axes))]
    place, labels = index("y_class"), labels_of("y")

    def labelled(expression: sp.Expr) -> sp.Expr:
        return expression.replace(
            lambda e: isinstance(e, Element) and e.tensor == "y",
            lambda e: element(labels, *e.indices, integer=True),
        )

    equations = [Equation(e.target, labelled(e.body), e.sizes) for e in whole.equations]
    known = dict(zip(free, target.axes, strict=True)) | {place: classes}
    hot = Equation(element("y", *free, place), sp.KroneckerDelta(place, element(labels, *free, integer=True)), known)
    whole.equations = [hot, *equations]
    whole.tensors[labels] = Tensor(labels, target.axes, "target", "int")
    whole.tensors["y"] = Tensor("y", (*target.axes, classes), "intermediate")
    return whole


class _Layout:
    """Renames indices by their size, drops or moves the axis of the batch, and transposes matrices of weights."""

    def __init__(self, whole: _Whole, layout: Layout) -> None:
        self.whole = whole
        self.layout = layout
        self.one = {s: sp.Integer(1) for s in whole.ones}
        self.letters: dict[sp.Expr, str] = {BATCH_SIZE: "n"}
        self.by_letter: dict[str, sp.Expr] = {}
        self.single = layout.batch == "one"
        self.weights = weights_of(Formula("", tuple(whole.equations), whole.tensors, {}, {}))
        if self.single:
            self.one[BATCH_SIZE] = sp.Integer(1)
        for tensor in sorted(whole.tensors.values(), key=lambda t: t.name != "x"):
            for axis in tensor.axes:
                self.letter(axis)

    def letter(self, extent: sp.Expr) -> str:
        if extent not in self.letters:
            self.letters[extent] = (
                LETTERS[len(self.letters) - 1] if len(self.letters) <= len(LETTERS) else f"k{len(self.letters)}"
            )
        self.by_letter[self.letters[extent]] = extent
        return self.letters[extent]

    def order(self, name: str) -> list[int]:
        """The axes of a tensor that stay, in order."""
        tensor = self.whole.tensors[name]
        axes = list(range(len(tensor.axes)))
        if self.single:
            axes = [a for a in axes if tensor.axes[a] != BATCH_SIZE]
        elif self.layout.batch == "columns" and len(axes) == 2 and tensor.axes[0] == BATCH_SIZE:
            axes.reverse()
        if name in self.weights and self.layout.outputs_first:
            axes.reverse()
        return axes

    def tensor(self, tensor: Tensor) -> Tensor:
        axes = tuple(tensor.axes[a].xreplace(self.one) for a in self.order(tensor.name))
        return Tensor(tensor.name, axes, tensor.role, tensor.kind, tensor.distribution)

    def equation(self, equation: Equation) -> Equation:
        names: dict[sp.Symbol, sp.Symbol] = {}
        taken: set[str] = set()
        for symbol, extent in equation.sizes.items():
            name = self.letter(extent)
            while name in taken:
                name += "'"
            taken.add(name)
            names[symbol] = index(name)
        batch = {names[s] for s, extent in equation.sizes.items() if extent == BATCH_SIZE and self.single}

        def laid_out(e: Element) -> Element:
            return Element(e.args[0], *(e.indices[a] for a in self.order(e.tensor)))

        def unsummed(s: SumOver) -> sp.Expr:
            return SumOver(s.body, *(b for b in s.bound if b not in batch))

        def move(expression: sp.Expr) -> sp.Expr:
            moved = expression.xreplace(names).replace(lambda e: isinstance(e, Element), laid_out)
            return moved.replace(lambda e: isinstance(e, SumOver), unsummed) if batch else moved

        sizes = {names[s]: v.xreplace(self.one) for s, v in equation.sizes.items() if names[s] not in batch}
        body = move(equation.body)
        if self.single:
            body = body.xreplace({BATCH_SIZE: sp.Integer(1)})
        return Equation(move(equation.target), body.xreplace(self.one), sizes)
