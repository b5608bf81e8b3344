"""A whole module, part by part: every part is a template and the strings that go into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbp.derive.derivation import Derivation
from symbp.forward.network import BATCH, Network
from symbp.program.operands import is_stop
from symbp.program.operations import Map, Offset, Op
from symbp.program.optimize import Optimized
from symbp.program.program import ONCE, Loop, Program
from symbp.spec.model import NetworkSpec
from symbp.targets.environment import render
from symbp.targets.numpy import (
    arguments,
    convolve,  # noqa: F401 - registers its operation
    examples,
    functions,
    header,
    initializers,
    modes,
    names,
    parameters,
    routines,
    safety,
    source,
    trainer,
    windows,  # noqa: F401 - registers its operations
    workspace,
)
from symbp.targets.numpy.extras import Extras
from symbp.targets.numpy.scope import Scope

READ = (  # what `_read` is given, behind the second the types of x and y
    "params: Parameters",
    "ws: Workspace",
    "values: Array",
    "gradient: Array",
    "draw: np.random.Generator",
)


def emit(spec: NetworkSpec, derivation: Derivation, optimized: Optimized) -> str:
    """The module's text: the same bytes for the same spec, formatted, parsed again and inspected."""
    network, program = derivation.network, optimized.program
    given = arguments.arguments(network)
    scope = _scope(spec, optimized, given)
    mode = modes.Modes(network, program.arrays, scope.between)
    private = functions.private(program, scope, given)
    allocated = workspace.allocations(program, optimized.plan, network.tensors, scope)
    before = [
        *mode.state(),
        *_parameters(spec, network, scope),
        render(
            "numpy/workspace.py.jinja",
            dtype=spec.dtype,
            lines=[line for each in allocated for line in each.lines],
            batch_last=_has_batch_last(network, program),
            blas=bool(scope.extras.routines),
            once=ONCE in private,
            notes=workspace.notes("".join(f.text for f in private.values()), _has_loops(program)),
        ),
        arguments.checks(*given),
        *mode.functions(),
        *([render("numpy/erf.py.jinja")] if _uses_erf(program) else []),
    ]
    behind = [
        *functions.public(network, private, scope, given, _cost(spec), mode),
        *mode.generator(),
        *trainer.trainer(spec, program, private, given, mode, optimized.without),
        render("numpy/files.py.jinja", running=mode.running),
        *_check(program, network, given, mode),
    ]
    read = source.names(_joined([*before, *behind])).union(*(function.names for function in private.values()))
    head = header.header(spec, network, read, mode.table(), optimized.without)
    text = _joined([head, *before, *(function.text for function in private.values()), *behind])
    safety.inspect(text, spec.blas)
    return text


def _scope(spec: NetworkSpec, optimized: Optimized, given: Sequence[arguments.Argument]) -> Scope:
    """What the names of the program's arrays are in the module."""
    arrays, plan = optimized.program.arrays, optimized.plan
    items = [item for routine in optimized.program.routines.values() for item in routine.statements]
    views = {op.out for op in routines.operations(items) if isinstance(op, Offset)}  # which `names.views` tells of
    separator = names.separator([*(name for name in arrays if name not in views), *names.views(arrays)])
    held = {name: reference for argument in given for name, reference in argument.references().items()}
    symbols = {"N": "n", **{name: name for name, kind in names.ARGUMENTS.items() if kind == "float"}}
    references = names.references(arrays, separator, held, "into" if optimized.program.folding else "gradients")
    extras = Extras(taken=frozenset(names.identifier(name, separator) for name in arrays))
    scope = Scope(
        arrays,
        references,
        symbols,
        extras=extras,
        buffers=plan.buffer_of,
        places=plan.places,
        blas=spec.blas,
        between=separator,
    )
    return scope


def memory(spec: NetworkSpec, derivation: Derivation, optimized: Optimized, batch: int, dtype: str) -> dict[str, int]:
    """Bytes of the arrays that a training step of the module holds, for batches of this size: known before it runs."""
    network, program = derivation.network, optimized.program
    given = arguments.arguments(network)
    scope = _scope(spec, optimized, given)
    functions.private(program, scope, given)
    allocated = [*workspace.allocations(program, optimized.plan, network.tensors, scope)]
    return {
        "workspace": sum(each.bytes(n, dtype) for n in parts(batch, spec.threads) for each in allocated),
        **trainer.memory(spec, program, parameters.size(network.parameters), dtype, optimized.without),
    }


def parts(batch: int, threads: int) -> list[int]:
    """How many examples each thread has of a batch."""
    count = min(batch, threads)
    return [batch * (k + 1) // count - batch * k // count for k in range(count)]


def scratch(spec: NetworkSpec, derivation: Derivation, optimized: Optimized) -> tuple[dict[str, str], dict[str, int]]:
    """Of the update's arrays: the first that has the memory of each; how many numbers at a time, if not all."""
    size = parameters.size(derivation.network.parameters)
    update = trainer.update_of(spec, optimized.program, size, optimized.without)
    return update.buffer_of, update.parts


def _has_batch_last(network: Network, program: Program) -> bool:
    """Whether feature maps, which the network states with the batch first, are held with the batch last."""
    shapes = (program.arrays[name].shape for name in network.tensors if name in program.arrays)
    return any(len(shape) > 2 and shape[0] != BATCH and shape[-1] == BATCH for shape in shapes)


def _has_loops(program: Program) -> bool:
    items = (item for routine in program.routines.values() for item in routine.statements)
    return any(isinstance(item, Loop) for item in items)


def _joined(parts: list[str]) -> str:
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _parameters(spec: NetworkSpec, network: Network, scope: Scope) -> Iterator[str]:
    """The class of parameters, and `init`."""
    yield render(
        "numpy/parameters.py.jinja",
        views=list(parameters.views(network.parameters, scope.between)),
        separator=source.literal(scope.between),
        running=bool(network.states),
    )
    distributions = {initializers.row(p).distribution for p in network.parameters}
    if "orthogonal" in distributions:
        yield render("numpy/orthogonal.py.jinja")
    yield render(
        "numpy/initialize.py.jinja",
        dtype=spec.dtype,
        draws=distributions != {"constant"},
        statements=[line for p in network.parameters for line in initializers.statement(p, scope[p.name])],
    )


def _uses_erf(program: Program) -> bool:
    return any(isinstance(op, Map) and op.function == "erf" for op in _operations(program))


def _cost(spec: NetworkSpec) -> str:
    return " and ".join(dict.fromkeys(loss.use.name for loss in spec.losses)) or spec.loss.name


def _holds(program: Program) -> bool:
    """Whether there are constants to derivatives, which differences must not see move."""
    return any(map(is_stop, _operations(program)))


def _operations(program: Program) -> list[Op]:
    """Those of every routine."""
    return [op for routine in program.routines.values() for op in routines.operations(routine.statements)]


def _check(
    program: Program, network: Network, given: tuple[arguments.Argument, arguments.Argument], mode: modes.Modes
) -> Iterator[str]:
    """The module's own gradient check, and its table."""
    fixed = "".join(f", {keyword}" for keyword in mode.fixed)
    magnitudes = ["abs(estimate)", "abs(exact)", "typical", f"1e-6 * abs(loss(params, x, y, ws{fixed}))"]
    types = [f"{argument.name}: {argument.type}" for argument in given]
    yield render(
        "numpy/check.py.jinja",
        batch=examples.EXAMPLES,
        holds=_holds(program),
        data=examples.statements(network),
        random=", random=0" if mode.random else "",
        fixed=fixed,
        scale=source.call("scale = max", [*magnitudes, "np.finfo(np.float64).tiny"], 1),
        signature=source.call("def _read", [*READ[:2], *types, *READ[2:]], 0, tail=" -> Reading:"),
    )
    yield render("numpy/main.py.jinja", width=max(map(len, ["gradient by", *(p.name for p in network.parameters)])))
