"""The functions a user calls, each a sequence of the program's routines.

    forward             forward
    predict             forward, predict
    loss                forward, loss
    loss_and_gradients  forward, loss, backward
"""

from __future__ import annotations

from collections.abc import Mapping

from symbp.forward.network import Network
from symbp.program.program import Program
from symbp.targets.environment import render
from symbp.targets.numpy import routines, source
from symbp.targets.numpy.operations import Scope

SUMMARIES = {
    "forward": "The network's output from its input.",
    "predict": "The prediction from the network's output.",
    "loss": "The cost C of the network's output.",
    "backward": "The derivative of the cost by every parameter, from the last layer to the first.",
}


def calls(program: Program, scope: Scope) -> dict[str, str]:
    """The call of every routine: `_forward(params, ws, x)`; empty for a routine without statements."""
    return {
        name: f"_{name}({', '.join(routines.arguments(routine, scope))})"
        for name, routine in program.routines.items()
        if name in SUMMARIES and routine.statements
    }


def private(program: Program, scope: Scope) -> list[str]:
    """The routines as functions of the module."""
    texts = []
    for name, routine in program.routines.items():
        if name in SUMMARIES and routine.statements:
            these = [f"{a}: {routines.ARGUMENTS[a]}" for a in routines.arguments(routine, scope)]
            texts.append(
                render(
                    "numpy/routine.py.jinja",
                    head=source.call(f"def _{name}", these, 0, tail=" -> None:"),
                    summary=SUMMARIES[name],
                    body=routines.body(routine.statements, scope),
                )
            )
    return texts


def public(network: Network, program: Program, scope: Scope, cost: str) -> str:
    """The functions of the contract."""
    call = calls(program, scope)
    return render(
        "numpy/functions.py.jinja",
        output=_titled(network, network.output, "output"),
        prediction=_titled(network, network.prediction, "prediction"),
        output_array=scope.names[network.output],
        prediction_array=scope.names[network.prediction],
        cost=cost,
        forward=call["forward"],
        predict=[call["predict"]] if "predict" in call else [],
        loss=call["loss"],
        backward=call["backward"],
    )


def _titled(network: Network, tensor: str, what: str) -> str:
    return f"The network's {what} {tensor} {source.shape(network.tensors[tensor].shape)}"


def steps(calls: Mapping[str, str]) -> list[str]:
    """The routines of a training step, in order."""
    return [calls[name] for name in ("forward", "loss", "backward") if name in calls]
