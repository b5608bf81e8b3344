"""The functions a user calls, each a sequence of the program's routines.

forward             forward
predict             forward, predict
loss                forward, loss
loss_and_gradients  forward, loss, backward, and on request input

Where training and inference differ, `inference` takes the place of `forward` in the first three, and `evaluation` that
of `loss`, where it is another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from symbp.forward.network import Network
from symbp.program.program import ONCE, Program
from symbp.targets.environment import render
from symbp.targets.numpy import routines, source
from symbp.targets.numpy.arguments import Argument
from symbp.targets.numpy.modes import Modes
from symbp.targets.numpy.names import ARGUMENTS
from symbp.targets.numpy.scope import Scope

SUMMARIES = {
    ONCE: "What no data changes, made with the workspace.",
    "inference": "The network's output, in inference.",
    "forward": "The network's output.",
    "predict": "The prediction, from the network's output.",
    "evaluation": "The cost C in inference, from the network's output.",
    "loss": "The cost C, from the network's output.",
    "running": "What is kept for inference, after the loss of a step.",
    "backward": "The derivative of the cost by every parameter, from the last layer to the first; after the loss.",
    "input": "The derivative of the cost by the network's input; after `_backward`.",
}
TRAINING = {
    "forward": "The network's output, in training.",
    "loss": "The cost C in training, from the network's output.",
}
STEP = ("forward", "loss", "running", "backward", "input")  # what a step of training calls, in order
ADDED = {
    (False, False): "Add to `into` the derivative of the cost by every parameter, from the last layer to the first.",
    (False, True): "Add to `into` the derivative of the cost by every parameter times `scale`, from the last layer on.",
    (True, False): "Make `into` of itself times `keep` and the derivative of the cost by every parameter.",
    (True, True): "Make `into` of itself times `keep` and the derivative of the cost by every parameter times `scale`.",
}
ALONE = {"into": "gradients", "keep": "0.0", "scale": "1.0"}  # what gives the derivative itself, where `into` is 0
PARAMETERS, WORKSPACE = "params: Parameters", "workspace: Workspace | None = None"


@dataclass(frozen=True)
class Function:
    """A routine as a function: its text, the names in it, a call, and one that makes gradients and adds to nothing."""

    text: str
    names: frozenset[str]
    call: str
    alone: str


def private(program: Program, scope: Scope, given: Sequence[Argument]) -> dict[str, Function]:
    """A function for every routine that a pass over the network consists of; `given` are `x` and `y`."""
    functions, found = {}, set[str]()
    types = {**ARGUMENTS, **{argument.name: argument.type for argument in given}}
    apart = {**SUMMARIES, **TRAINING} if program.has_modes else SUMMARIES
    same = program.has_modes and program.routines["evaluation"] == replace(program.routines["loss"], name="evaluation")
    for name in SUMMARIES:
        routine = program.routines.get(name)
        if routine is None or not routine.statements or (same and name == "evaluation"):
            continue
        summary = SUMMARIES[name] if same and name == "loss" else apart[name]
        if name == "backward" and program.folding:
            summary = ADDED[program.folding.keep is not None, program.folding.scale is not None]
        scope.learn(routine.statements)
        scope.after_loss, scope.found = name in ("backward", "input"), found if name in STEP else set()
        body, read = routines.body(routine.statements, scope)
        needed = [argument for argument in ARGUMENTS if argument in read]
        head = source.call(f"def _{name}", [f"{a}: {types[a]}" for a in needed], 0, tail=" -> None:")
        text = render("numpy/routine.py.jinja", head=head, summary=summary, body=body)
        call, alone = (f"_{name}({', '.join(given)})" for given in (needed, [ALONE.get(a, a) for a in needed]))
        functions[name] = Function(text, read | source.names([*head, f"{source.INDENT}..."]), call, alone)
    return functions


def called(private: Mapping[str, Function], *names: str) -> list[str]:
    """The calls of these routines, as far as they compute anything."""
    return [private[name].call for name in names if name in private]


def public(
    network: Network,
    private: dict[str, Function],
    scope: Scope,
    given: tuple[Argument, Argument],
    cost: str,
    modes: Modes,
) -> Iterator[str]:
    """The functions of the contract."""
    start = "inference" if modes.differ else "forward"
    calls = {name: private[name].call if name in private else "" for name in (start, "predict", "input")}
    x, y = (argument.declared for argument in given)
    outputs = {head.name: head.output for head in network.heads}
    predictions = {head.name: head.prediction for head in network.heads}
    several = len(network.heads) > 1
    yield render(
        "numpy/functions.py.jinja",
        x=x,
        result="dict[str, Array]" if several else "Array",
        output=_titled(network, outputs, "output"),
        prediction=_titled(network, predictions, "prediction"),
        output_arrays=_arrays("return ", {n: _result(scope, t) for n, t in outputs.items()}, several),
        prediction_arrays=_arrays("return ", {n: _result(scope, t) for n, t in predictions.items()}, several),
        forward=calls[start],
        predict=calls["predict"],
    )
    yield _loss(private, x, y, cost, modes)
    gradients = {name: _result(scope, f"d_{name}") for name in network.differentiable_inputs}
    by_name = len(network.inputs) > 1
    yield render(
        "numpy/gradients.py.jinja",
        **_heads(x, y, ("dict[str, Array]" if by_name else "Array") if gradients else "", modes),
        calls=[*modes.draws, *called(private, "forward", "loss"), private["backward"].alone],
        made="empty" if private["backward"].alone == private["backward"].call else "zeros",
        input=calls["input"],
        gradient_arrays=_arrays("of_x = ", gradients, by_name) if by_name else [],
        input_gradient="of_x" if by_name else "".join(gradients.values()),
    )


def _loss(private: Mapping[str, Function], x: str, y: str, cost: str, modes: Modes) -> str:
    """The function `loss`: of both modes where they differ."""
    arguments = [PARAMETERS, x, y, WORKSPACE]
    if not modes.differ:
        docstring, calls = modes.docstring(f"The cost, {cost}."), called(private, "forward", "loss")
    else:
        arguments += ["*", "training: bool = False", *(["random: Random | None = None"] if modes.random else [])]
        docstring = modes.docstring(
            f"The cost, {cost}, in inference.",
            "With `training` it is that of training, which `loss_and_gradients` differentiates.",
        )
        evaluation = "evaluation" if "evaluation" in private else "loss"
        calls = [
            "if training:",
            *(source.INDENT + call for call in (*modes.draws, *called(private, "forward", "loss"))),
            "else:",
            *(source.INDENT + call for call in called(private, "inference", evaluation)),
        ]
    head = source.call("def loss", arguments, 0, tail=" -> float:")
    return render("numpy/loss.py.jinja", head=head, docstring=docstring, calls=calls)


def _heads(x: str, y: str, gradient: str, modes: Modes) -> dict[str, list[Any]]:
    """The head of `loss_and_gradients`; `gradient` is the type of the input's, or empty where it has none."""
    arguments, keywords = [PARAMETERS, x, y, WORKSPACE], ["random: Random"] if modes.random else []

    def head(result: str, *more: str) -> list[str]:
        star = ["*", *keywords, *more] if keywords or more else []
        return source.call("def loss_and_gradients", [*arguments, *star], 0, tail=f" -> {result}:")

    plain, both = "tuple[float, Parameters]", f"tuple[float, Parameters, {gradient}]"
    summary = "The cost, and its derivative by every parameter, in a new vector"
    more = ["Both are those of training.", ""][: 1 + modes.random] if modes.differ else []
    if not gradient:
        return {"overloads": [], "head": head(plain), "docstring": modes.docstring(f"{summary}.", *more)}
    overloads = [head(plain), head(both, "input_gradient: Literal[True]")]
    for lines in overloads:
        lines[-1] += " ..."
    return {
        "overloads": overloads,
        "head": head(f"{plain} | {both}", "input_gradient: bool = False"),
        "docstring": modes.docstring(f"{summary}; on request, that by x, in the workspace.", *more),
    }


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
