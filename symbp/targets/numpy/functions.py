"""The functions a user calls, each a sequence of the program's routines.

forward             forward
predict             forward, predict
loss                forward, loss
loss_and_gradients  forward, loss, backward, and on request input
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from symbp.forward.network import Network
from symbp.program.program import Program
from symbp.targets.environment import render
from symbp.targets.numpy import routines, source
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


def private(program: Program, scope: Scope) -> dict[str, Function]:
    """A function for every routine that a pass over the network consists of."""
    found = {}
    for name, summary in SUMMARIES.items():
        routine = program.routines[name]
        if not routine.statements:
            continue
        scope.learn(routine.statements)
        body = routines.body(routine.statements, scope)
        given = routines.arguments(body)
        head = source.call(f"def _{name}", [f"{a}: {routines.ARGUMENTS[a]}" for a in given], 0, tail=" -> None:")
        text = render("numpy/routine.py.jinja", head=head, summary=summary, body=body)
        found[name] = Function(text, f"_{name}({', '.join(given)})")
    return found


def public(network: Network, private: dict[str, Function], scope: Scope, cost: str) -> Iterator[str]:
    """The functions of the contract."""
    calls = {name: private[name].call if name in private else "" for name in SUMMARIES}
    yield render(
        "numpy/functions.py.jinja",
        output=_titled(network, network.output, "output"),
        prediction=_titled(network, network.prediction, "prediction"),
        output_array=_result(scope, network.output),
        prediction_array=_result(scope, network.prediction),
        cost=cost,
        **{name: calls[name] for name in ("forward", "predict", "loss")},
    )
    differentiated = {name: calls[name] for name in ("forward", "loss", "backward", "input")}
    yield render("numpy/gradients.py.jinja", input_gradient=_result(scope, "d_x"), **differentiated)


def _result(scope: Scope, name: str) -> str:
    """The array that a function returns; a view of it reads the number of examples off the workspace."""
    return re.sub(r"(?<![\w.])n\b", "ws.n", scope[name])


def _titled(network: Network, tensor: str, what: str) -> str:
    return f"The network's {what} {tensor} {source.shape(network.tensors[tensor].shape)}"
