"""From a `NetworkSpec` to a `Network`: layers in order, each reading what it names, then the losses and penalties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symbp.catalog import lookup
from symbp.formula.expression import stop
from symbp.forward.block import Building, Source, Wanted
from symbp.forward.defined import definition_problems
from symbp.forward.network import BATCH, Head, Network, NetworkTensor
from symbp.forward.ranges import with_ranges
from symbp.spec.model import LossSpec, NetworkSpec, Problem, SpecError, Use

COST = "C"


def build_network(spec: NetworkSpec) -> Network:
    """The spec's network in blocks; SpecError where shapes do not fit or a formula cannot be read."""
    defined = definition_problems(spec)
    uses = (*(layer.use for layer in spec.layers), *(loss.use for loss in _losses(spec)))
    told = {use.place for use in uses if use.entry in defined}
    problems = [problem for each in defined.values() for problem in each]
    try:
        network = _build(spec)
    except SpecError as error:
        problems += [p for p in error.problems if p.place not in told]
    if problems:
        raise SpecError(sorted(problems, key=lambda p: p.place.line))
    return network


def _build(spec: NetworkSpec) -> Network:
    building = Building()
    for given in spec.inputs:
        tensor = NetworkTensor(given.name, (BATCH, *given.shape), "input", given.kind, classes=given.classes)
        building.tensors[given.name] = tensor
        maker = "the input" if len(spec.inputs) == 1 else f"the input `{given.name}`"
        building.sources[given.name] = last = Source(tensor, maker)
    for layer in spec.layers:
        reads = {name: building.sources[source] for name, source in layer.inputs.items()}
        reads = reads or {layer.use.entry.required[0]: last}
        where = f"layer `{layer.name}`"
        wanted = Wanted(layer.name, layer.use, reads, where, layer.initializers, layer.share)
        last = building.sources[layer.name] = building.add(wanted)
    losses = [_placed(loss, spec) for loss in _losses(spec)]
    heads = {name: Head(name, *(building.sources[layer].tensor.name,) * 2) for name, layer in _outputs(spec, losses)}
    costs = [_add_loss(building, loss, k, spec, heads) for k, loss in enumerate(losses, 1)]
    for penalty in spec.penalties:
        for weight in [p for p in building.parameters if p.decays]:
            name = building.fresh(f"{penalty.name}_{weight.name.replace('.', '_')}")
            reads = {"w": Source(building.tensors[weight.name], weight.name)}
            costs.append(building.add(Wanted(name, penalty, reads, f"the penalty on {weight.name}")).tensor.name)
    targets = dict.fromkeys(loss.target for loss in losses if loss.target and not loss.source)
    network = Network(
        spec.name, tuple(building.blocks), building.tensors, tuple(building.parameters), tuple(heads.values()),
        tuple(i.name for i in spec.inputs), tuple(targets), tuple(costs), tuple(building.states),
    )  # fmt: skip
    _check_trained(network, spec)
    return with_ranges(network, spec)


def _check_trained(network: Network, spec: NetworkSpec) -> None:
    """Every parameter moves the cost."""
    stops = any(isinstance(e.body, stop) for block in network.blocks for e in block.formula.equations)
    lost: dict[str, list[str]] = {}
    for parameter in network.parameters:
        if parameter.name not in network.varies_with:
            lost.setdefault(parameter.name.partition(".")[0], []).append(parameter.name)
    for layer in spec.layers:
        if layer.name in lost:
            own = [p.name for p in network.parameters if p.name.startswith(f"{layer.name}.")]
            but = ", but through `stop(...)`" if stops else ""
            whole = lost[layer.name] == own
            what, cannot = (f"layer `{layer.name}`", "its parameters") if whole else (f"`{lost[layer.name][0]}`", "it")
            reason = f"no loss depends on {what}{but}, so that {cannot} cannot be trained"
            raise SpecError([Problem(layer.use.place, f"{reason}; put a loss behind it, or leave it out")])


def _losses(spec: NetworkSpec) -> tuple[LossSpec, ...]:
    return spec.losses or (LossSpec(spec.loss),)


def _placed(loss: LossSpec, spec: NetworkSpec) -> LossSpec:
    """The loss with what it reads: of the last layer where that is left open."""
    if loss.inputs:
        return loss
    last = spec.layers[-1].name
    return replace(loss, inputs={loss.use.entry.required[0]: last}, on=last)


def _outputs(spec: NetworkSpec, losses: Sequence[LossSpec]) -> tuple[tuple[str, str], ...]:
    """The names of what the network computes, each with its layer: what the spec says, or else what losses read."""
    return spec.outputs or tuple({loss.on: next(iter(loss.inputs.values())) for loss in losses}.items())


def _add_loss(building: Building, loss: LossSpec, number: int, spec: NetworkSpec, heads: dict[str, Head]) -> str:
    """Append a loss behind the activation that links it to what it reads; the tensor of its cost."""
    alone = len(_losses(spec)) == 1
    reads = {name: building.sources[layer] for name, layer in loss.inputs.items()}
    if loss.use.entry.link:
        (argument,) = reads
        use = _link_use(loss.use)
        output = reads[argument]
        name = building.fresh(loss.use.entry.link)
        linked = building.add(Wanted(name, use, {use.entry.argument: output}, f"layer `{name}`"))
        reads = {argument: Source(linked.tensor, output.maker)}
        for head in heads.values():
            if head.output == head.prediction == output.tensor.name:
                heads[head.name] = replace(head, prediction=linked.tensor.name, link=(building.blocks[-1],))
    if loss.source:
        reads["y"] = building.sources[loss.source]
    where = "the loss" if alone else f"the loss on `{loss.on}`"
    name = building.fresh("loss" if alone else f"loss_{number}")
    penalized = spec.penalties and any(p.decays for p in building.parameters)
    result = COST if alone and not penalized else ""
    made = building.add(Wanted(name, loss.use, reads, where, result=result, target=loss.target, weight=loss.weight))
    return made.tensor.name


def _link_use(loss: Use) -> Use:
    entry = lookup("activation", loss.entry.link)
    assert entry is not None, f"{loss.name} links to an activation that the catalog lacks"
    return Use(entry, {o.name: o.default for o in entry.options if o.default is not None}, frozenset(), loss.place)
