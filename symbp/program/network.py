"""A derivation as a program: every block's statements in the routine where they belong.

    forward    up to the network's output
    predict    from the output to the prediction
    loss       from the output to the cost
    backward   cotangents from the cost to every parameter, and forward values that nothing else needs
    input      the cotangents of the network's inputs, on request
    update     the optimizer, over flat vectors

Where training and inference differ, those are the routines of training, but for `predict`; and there are

    running     after the loss of a step, its states
    inference   up to the network's output
    evaluation  from the output to the cost

A tensor that is read several times, by several blocks or by one, gets a part of its cotangent from each; the parts are
added.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import sympy as sp

from symbp.derive.derivation import Derivation
from symbp.formula.equation import Equation, Formula
from symbp.formula.expression import element
from symbp.forward.network import BATCH, Block, Network
from symbp.means import NONE, Without
from symbp.program.instance import Filled, Instance, Template, equations, filled, size_symbols, sizes_of, template
from symbp.program.layout import batch_last
from symbp.program.lower import Arrays, Shared, lower_equation
from symbp.program.operands import needed, renamed, written
from symbp.program.operations import Map
from symbp.program.program import GRADIENT, PARAMETERS, UPDATE, Array, Item, Program, Routine, Statement, Storage

COST = "C"
Numbers = Mapping[tuple[str, str], int]  # (formula, tensor) -> the step of the derivation that a statement implements


def lower_network(
    derivation: Derivation, update: Sequence[Formula] = (), numbers: Numbers | None = None, without: Without = NONE
) -> Program:
    """The program of a network; `update` holds clipping and the optimizer, in order."""
    lowering = _Lowering(derivation, numbers or {}, without)
    routines = lowering.routines()
    steps, arrays = lower_update(update, without)
    routines["update"] = Routine("update", steps)
    return Program({**lowering.arrays, **arrays}, routines)


def lower_update(
    formulas: Sequence[Formula], without: Without = NONE
) -> tuple[tuple[Statement, ...], dict[str, Array]]:
    """Update equations over flat vectors `w`, `g` and states; arrays that are not states are scratch.

    In the program they are `.w` and `.g`: an input or a target may be called `w` or `g` as well.
    """
    statements: list[Statement] = []
    found: dict[str, Array] = {}
    for formula in formulas:
        tensors = dict(formula.tensors)
        arrays: Arrays = {n: (t.axes, t.kind) for n, t in tensors.items()}
        lowered = [(e, lower_equation(e, tensors, arrays, shared=Shared(without))) for e in formula.equations]
        names = {name: f"{UPDATE}{name}" for name in arrays}
        for equation, operations in lowered:
            statements.append(Statement(formula.name, equation, tuple(renamed(op, names) for op in operations)))
        states = {t.name for t in formula.with_role("state", "output")}
        for own, (axes, kind) in arrays.items():
            storage: Storage = "state" if own in states else "workspace"
            storage = {PARAMETERS: "parameter", GRADIENT: "gradient"}.get(names[own], storage)  # type: ignore[assignment]
            found[names[own]] = Array(names[own], (BATCH,) * len(axes), kind, storage)
    return tuple(statements), found


class _Lowering:
    """The state of one lowering: arrays by name, templates by formula and sizes, and those by hyperparameters too."""

    def __init__(self, derivation: Derivation, numbers: Numbers, without: Without) -> None:
        self.derivation = derivation
        self.without = without
        self.network: Network = derivation.network
        self.numbers: dict[str, dict[str, int]] = defaultdict(dict)
        for (formula, tensor), number in numbers.items():
            self.numbers[formula][tensor] = number
        self.symbols = {name: size_symbols(derived) for name, derived in derivation.formulas.items()}
        self.templates: dict[object, Template] = {}
        self.filled: dict[object, Filled] = {}
        self.arrays: dict[str, Array] = {}
        self.storage = _storage(self.network)
        self.batch_last = batch_last(derivation) if "layout" not in without else frozenset()

    def routines(self) -> dict[str, Routine]:
        network = self.network
        instances = [self.instance(b) for b in network.blocks]
        output, costs, later = self.forward(instances, network.updated)
        links = [self.instance(b) for b in network.link]
        link = [s for i in links for s in i.forward(self.numbers[i.block.formula.name])]
        backward, of_input = self.backward(instances)
        routines: dict[str, list[Item]] = {
            "forward": output,
            "predict": link,
            "loss": costs,
            "backward": [*later, *backward],
            "input": of_input,
        }
        if network.has_modes:
            inferring = [self.instance(b) for b in network.inference.blocks]
            routines["inference"], routines["evaluation"], _ = self.forward(inferring)
            instances += inferring
            updates = [self.instance(b.update) for b in network.blocks if b.update]
            numbers = self.numbers
            routines["running"] = [s for i in updates for s in i.forward(numbers[i.block.formula.name])]
            instances += updates
        arrays = self.arrays
        self.arrays = {}
        for made in (*(instance.arrays for instance in reversed((*links, *instances))), arrays):
            self.arrays.update(made)
        return {name: Routine(name, tuple(statements)) for name, statements in routines.items()}

    def forward(
        self, instances: Sequence[Instance], more: Sequence[str] = ()
    ) -> tuple[list[Item], list[Item], list[Item]]:
        """The statements up to the output and what is needed `more`, from there to the cost, and what neither needs."""
        network = self.network
        forward = [s for i in instances for s in i.forward(self.numbers[i.block.formula.name])]
        in_output = _needed(forward, [*(head.output for head in network.heads), *more])
        in_cost = _needed(forward, network.costs) - in_output
        known = in_output | in_cost
        output = [s for place, s in enumerate(forward) if place in in_output]
        costs = [s for place, s in enumerate(forward) if place in in_cost]
        later = [s for place, s in enumerate(forward) if place not in known]
        if network.costs != (COST,):
            costs.append(self.total())
        return output, costs, later

    def instance(self, block: Block) -> Instance:
        derivation = self.derivation.formulas[block.formula.name]
        numbers = sizes_of(block, self.symbols[block.formula.name])
        last = frozenset(local for local, name in block.binding.items() if name in self.batch_last)
        key = (derivation.formula.name, frozenset(numbers.items()), last)
        if key not in self.templates:
            self.templates[key] = template(derivation, numbers, last, self.without)
        whole = (*key, frozenset(block.scalars.items()))
        if whole not in self.filled:
            self.filled[whole] = filled(self.templates[key], block)
        return Instance(block, self.filled[whole], self.storage)

    def backward(self, instances: list[Instance]) -> tuple[list[Item], list[Item]]:
        """Statements in order of execution, and apart from them those of the inputs' cotangents."""
        active = self.network.active
        instances = [i for i in instances if i.block.name in active]
        found = Counter(i.block.binding[tensor] for i in instances for tensor in i.template.cotangents)
        parts: dict[str, list[str]] = {}
        statements: list[Item] = []
        of_input: list[Item] = []
        for instance in reversed(instances):
            block = instance.block
            shared = _parts(instance, found)
            for item in instance.backward(shared, self.numbers[block.formula.name]):
                locals_ = [t for e in equations(item) if (t := e.target.tensor.removeprefix("d_")) in block.binding]
                given = {block.binding[t] for t in locals_} & set(self.network.inputs)
                into = of_input if given and "on request" not in self.without else statements
                into.append(item)
                for local in locals_:
                    tensor = block.binding[local]
                    if found[tensor] > 1:
                        parts.setdefault(tensor, []).append(shared[f"d_{local}"])
                        if len(parts[tensor]) == found[tensor]:
                            into.append(self.added(tensor, parts[tensor], block.name))
        return statements, of_input

    def added(self, tensor: str, parts: list[str], block: str) -> Statement:
        """The sum of a cotangent's parts."""
        shape = self.network.tensors[tensor].shape
        if tensor in self.batch_last:
            shape = (*shape[1:], shape[0])
        name = f"d_{tensor}"
        self.arrays[name] = Array(name, shape, "float", self.storage.get(name, "workspace"))
        return self.sum_of(name, parts, block, len(shape))

    def total(self) -> Statement:
        """The cost: the loss and every penalty."""
        self.arrays[COST] = Array(COST, (), "float", "workspace")
        return self.sum_of(COST, list(self.network.costs), "cost", 0)

    def sum_of(self, name: str, parts: Sequence[str], block: str, rank: int) -> Statement:
        indices = [sp.Symbol(letter, integer=True, nonnegative=True) for letter in "ijklm"[:rank]]
        equation = Equation(
            element(name, *indices),
            sp.Add(*(element(p, *indices) for p in parts)),
            {i: sp.Symbol("N") for i in indices},
        )
        operations = [Map(name, "add", (parts[0], parts[1]))]
        operations += [Map(name, "add", (name, part)) for part in parts[2:]]
        return Statement(block, equation, tuple(operations))


def _parts(instance: Instance, written: Mapping[str, int]) -> dict[str, str]:
    """A name for each part of a cotangent: `d_x.add_1` of the block, `d_x.add_1.x_2` where the block reads x twice."""
    block = instance.block
    locals_ = instance.template.cotangents
    own = Counter(block.binding[local] for local in locals_)
    return {
        f"d_{local}": f"d_{tensor}.{block.name}" + (f".{local}" if own[tensor] > 1 else "")
        for local in locals_
        if written[tensor := block.binding[local]] > 1
    }


def _storage(network: Network) -> dict[str, Storage]:
    """Where tensors of the network live that are not the pass's own."""
    storage: dict[str, Storage] = dict.fromkeys((*network.inputs, *network.targets), "argument")
    for tensor in network.tensors.values():
        if tensor.role in ("constant", "random"):
            storage[tensor.name] = "constant" if tensor.role == "constant" else "random"
    storage |= {state.name: "running" for state in network.states}
    for parameter in network.parameters:
        storage[parameter.name] = "parameter"
        storage[f"d_{parameter.name}"] = "gradient"
    return storage


def _needed(statements: Sequence[Item], results: Sequence[str]) -> set[int]:
    """The places of the statements that the results depend on."""
    wanted = set(results)
    kept: set[int] = set()
    for place in reversed(range(len(statements))):
        if wanted.intersection(written(statements[place])):
            kept.add(place)
            wanted.update(needed(statements[place]))
    return kept
