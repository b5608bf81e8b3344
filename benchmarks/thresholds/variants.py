"""What symbp writes, ready to be carried out: routines of modules, parts of convolutions, single operations.

Variants that are written under different constants are the same where their `text` is.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.convolution import Case, Strategy
from benchmarks.convolution import ready as ready_convolution
from benchmarks.turns import Form
from symbp import pipeline
from symbp.forward.network import BATCH, Dim
from symbp.program.operations import Op
from symbp.program.program import Array, ArrayKind
from symbp.spec import parse_spec
from symbp.spec.model import Blas
from symbp.targets.numpy.operations import lines
from symbp.targets.numpy.scope import Scope
from symbp.targets.numpy.source import INDENT


@dataclass(frozen=True)
class Variant:
    """`text` is equal for equal ones; `ready` makes what can be called over and over."""

    text: object
    ready: Callable[[], Form]


Maker = Callable[[], Variant]
Prepare = Callable[[Any], Form]  # of a loaded module


def of_module(spec: Mapping[str, Any], prepare: Prepare, without: Sequence[str] = ()) -> Maker:
    """What is prepared of the module of a spec."""

    def make() -> Variant:
        made = pipeline.generate(parse_spec(json.dumps({"name": "variant", **spec})), check=False, without=without)
        return Variant(made.module, lambda: prepare(pipeline.load_module(made)))

    return make


def of_routines(maker: Maker, names: Sequence[str]) -> Maker:
    """The same, where what differs in other routines of the module makes no difference."""

    def make() -> Variant:
        made = maker()
        module = str(made.text)
        starts = [module.index(f"def {name}(") for name in names]
        return replace(made, text=tuple(module[start:].partition("\n\n\n")[0] for start in starts))

    return make


def routines(names: Sequence[str], x: np.ndarray, y: np.ndarray) -> Prepare:
    """These routines of a module, one after the other, on arrays that hold what a step left there."""

    def prepare(module: Any) -> Form:
        params, ws = module.init(0, np.float32), module.Workspace(len(x))
        _, gradients = module.loss_and_gradients(params, x, y, ws)
        known = {"params": params, "gradients": gradients, "ws": ws, "x": x, "y": y}
        calls = []
        for name in names:
            routine = getattr(module, name)
            calls.append(partial(routine, *(known[word] for word in inspect.signature(routine).parameters)))
        return lambda: [call() for call in calls]

    return prepare


def step(x: np.ndarray, y: np.ndarray) -> Prepare:
    """A step of training."""

    def prepare(module: Any) -> Form:
        trainer = module.Trainer(module.init(0, np.float32))
        return lambda: trainer.step(x, y)

    return prepare


def update(module: Any) -> Form:
    """The optimizer's part of a step."""
    trainer = module.Trainer(module.Parameters(np.zeros(module.SIZE, np.float32)))
    trainer._gradients.flat[...] = np.random.default_rng(0).standard_normal(module.SIZE, np.float32)
    form: Form = trainer._update
    return form


def of_convolution(case: Case, part: str, batch: int, without: frozenset[str] = frozenset()) -> Maker:
    """A part of a convolution."""

    def make() -> Variant:
        found = ready_convolution(case, Strategy(without), batch)
        block = getattr(found.space["ws"], "block", np.empty(0))
        return Variant((found.parts[part], block.size), lambda: lambda: found.carried_out(part))

    return make


@dataclass(frozen=True)
class Operands:
    """Arrays of an operation by name; those of `labels` hold integers below a number."""

    shapes: Mapping[str, tuple[Dim, ...]]
    batch: int = 1
    labels: Mapping[str, int] | None = None

    def array(self, name: str) -> Array:
        """As a program has it."""
        kind: ArrayKind = "int" if name in (self.labels or {}) else "float"
        return Array(name, self.shapes[name], kind, "workspace")

    def drawn(self) -> dict[str, np.ndarray]:
        """With numbers in them."""
        draw, found = np.random.default_rng(0), dict[str, np.ndarray]()
        for name, dims in self.shapes.items():
            shape = tuple(self.batch if dim == BATCH else int(dim) for dim in dims)
            below = (self.labels or {}).get(name)
            found[name] = draw.integers(0, below, shape) if below else draw.standard_normal(shape, np.float32)
        return found


def of_operation(
    op: Op | Callable[[], Op], operands: Operands, views: Sequence[Op] = (), blas: Blas = "numpy"
) -> Maker:
    """An operation as NumPy, with views that come before it."""

    def make() -> Variant:
        arrays = {name: operands.array(name) for name in operands.shapes}
        scope = Scope(arrays, {name: name for name in arrays}, {"N": "n"}, blas=blas)
        scope.bind(views)
        code = lines(op() if callable(op) else op, scope)
        return Variant((tuple(code), tuple(scope.extras.arrays)), lambda: _function(code, scope, operands))

    return make


def _function(code: Sequence[str], scope: Scope, operands: Operands) -> Form:
    workspace = SimpleNamespace()
    space: dict[str, Any] = {"np": np, "n": operands.batch, "dtype": np.float32, "ws": workspace, "self": workspace}
    space |= operands.drawn()
    if scope.extras.routines:
        from scipy.linalg import blas

        for name in scope.extras.routines:
            setattr(workspace, name, getattr(blas, f"s{name}"))
    for name, extra in scope.extras.arrays.items():
        setattr(workspace, name, eval(extra.made, space))
    exec("\n".join(["def carried_out():", *code] if code else ["def carried_out():", f"{INDENT}pass"]), space)
    form: Form = space["carried_out"]
    return form
