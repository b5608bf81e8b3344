"""The functions a user calls, each a sequence of the program's routines.

forward             forward
predict             forward, predict
loss                forward, loss
loss_and_gradients  forward, loss, backward, and on request input
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symbp.forward.network import Network
from symbp.program.program import Program
from symbp.targets.environment import render
from symbp.targets.numpy import routines, source
from symbp.targets.numpy.arguments import Argument
from symbp.targets.numpy.scope import Scope

SUMMARIES = {
    "forward": "The network's output.",
    "predict": "The prediction, from the network's output.",
    "loss": "The cost C, from the network's output.",
    "backward": "The derivative of the cost by every parameter, from the last layer to the first; after the loss.",
    "input": "The derivative of the cost by the network's input; after `_backward`.",
}


@dataclass(frozen=True)
class Function:
    """A routine as a function: its text, and a call of it."""

    text: str
    call: str


def private(program: Program, scope: Scope, given: Sequence[Argument]) -> dict[str, Function]:
    """A function for every routine that a pass over the network consists of; `given` are `x` and `y`."""
    found = {}
    types = {**routines.ARGUMENTS, **{argument.name: argument.type for argument in given}}
    for name, summary in SUMMARIES.items():
        routine = program.routines[name]
        if not routine.statements:
            continue
        scope.learn(routine.statements)
        body = routines.body(routine.statements, scope)
        needed = routines.arguments(body)
        head = source.call(f"def _{name}", [f"{a}: {types[a]}" for a in needed], 0, tail=" -> None:")
        text = render("numpy/routine.py.jinja", head=head, summary=summary, body=body)
        found[name] = Function(text, f"_{name}({', '.join(needed)})")
    return found


def public(
    network: Network, private: dict[str, Function], scope: Scope, given: tuple[Argument, Argument], cost: str
) -> Iterator[str]:
    """The functions of the contract."""
    calls = {name: private[name].call if name in private else "" for name in SUMMARIES}
    x, y = (argument.declared for argument in given)
    outputs = {head.name: head.output for head in network.heads}
    predictions = {head.name: head.prediction for head in network.heads}
    several = len(network.heads) > 1
    yield render(
        "numpy/functions.py.jinja",
        x=x,
        y=y,
        result="dict[str, Array]" if several else "Array",
        output=_titled(network, outputs, "output"),
        prediction=_titled(network, predictions, "prediction"),
        output_arrays=_arrays("return ", {n: _result(scope, t) for n, t in outputs.items()}, several),
        prediction_arrays=_arrays("return ", {n: _result(scope, t) for n, t in predictions.items()}, several),
        cost=cost,
        **{name: calls[name] for name in ("forward", "predict", "loss")},
    )
    differentiated = {name: calls[name] for name in ("forward", "loss", "backward", "input")}
    gradients = {name: _result(scope, f"d_{name}") for name in network.differentiable_inputs}
    by_name = len(network.inputs) > 1
    yield render(
        "numpy/gradients.py.jinja",
        x=x,
        y=y,
        gradient_type=("dict[str, Array]" if by_name else "Array") if gradients else "",
        gradient_arrays=_arrays("of_x = ", gradients, by_name) if by_name else [],
        input_gradient="of_x" if by_name else "".join(gradients.values()),
        **differentiated,
    )


def _result(scope: Scope, name: str) -> str:
    """The array that a function returns; a view of it reads the number of examples off the workspace."""
    return re.sub(r"(?<![\w.])n\b", "ws.n", scope[name])


def _arrays(head: str, arrays: Mapping[str, str], by_name: bool) -> list[str]:
    """`return ws.dense_1_z`, or a mapping of names to arrays, an entry to a line."""
    if not by_name:
        (only,) = arrays.values()
        return [f"{head}{only}"]
    return [f"{head}{{", *(f"{source.INDENT}{source.literal(n)}: {array}," for n, array in arrays.items()), "}"]


def _titled(network: Network, tensors: Mapping[str, str], what: str) -> str:
    shapes = {n: f"{tensor} {source.shape(network.tensors[tensor].shape)}" for n, tensor in tensors.items()}
    if len(shapes) == 1:
        return f"The network's {what} {next(iter(shapes.values()))}"
    return f"The network's {what}s by name, {', '.join(tensors)}"
