"""Every activation and loss beside JAX and PyTorch: `python -m benchmarks.catalog`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import activations
import losses
import numpy as np
from references import ACTIVATIONS
from references_losses import LOSSES

from benchmarks.report import Figure, Report, Table, error, show

TOLERANCE = 1e-9
ROUNDING = 2e-14  # absolute, some 100 eps: what is left where terms of about 1 cancel; as in the tests
SHAPE = (200, 6)


@dataclass(frozen=True)
class Row:
    """One row of the catalog. `errors` are the worst of its cases: gradients found one way beside a library's.

    `kinks` is the worst error on the kinks, `far` says whether all is finite at +-1e4; None where nothing can be said.
    """

    name: str
    cases: int
    errors: Mapping[tuple[str, str], float]
    kinks: float | None
    far: bool | None

    def cells(self) -> tuple[str, ...]:
        """A row of the table."""
        errors = (error(self.errors[way, library]) for way in WAYS for library in LIBRARIES)
        return (
            self.name,
            str(self.cases),
            *errors,
            error(self.kinks),
            {True: "yes", False: "**no**", None: "-"}[self.far],
        )


WAYS = ("derivation", "module")
LIBRARIES = ("JAX", "PyTorch")
COLUMNS = ("cases", *(f"{way}, {library}" for way in WAYS for library in LIBRARIES), "on kinks", "finite at ±1e4")


def worst_error(found: Iterable[tuple[Any, Any]]) -> float:
    """The largest |a - b| / (|b| + ROUNDING / TOLERANCE) of any entry; infinite for NaN and for another shape."""
    worst = 0.0
    for ours, theirs in found:
        a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
        if a.shape != b.shape or not np.isfinite(a).all() or not np.isfinite(b).all():
            return np.inf
        worst = max(worst, float((np.abs(a - b) / (np.abs(b) + ROUNDING / TOLERANCE)).max(initial=0)))
    return worst


def _cotangent(shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(1).normal(size=shape)


def activation(name: str) -> Row:
    """An activation in every case of its reference."""
    reference, worst = ACTIVATIONS[name], dict.fromkeys(((w, lib) for w in WAYS for lib in LIBRARIES), 0.0)
    for case in reference.cases:
        z = activations.sample(name, case, SHAPE)
        ours = {
            "derivation": activations.by_derivation(name, case, z, _cotangent)[1],
            "module": activations.by_module(name, case, z, _cotangent)[1],
        }
        theirs = {
            "JAX": activations.by_jax(name, case, z, _cotangent)[1],
            "PyTorch": activations.by_torch(name, case, z, _cotangent)[1],
        }
        for way, library in worst:
            pairs = ((ours[way][tensor], gradient) for tensor, gradient in theirs[library].items())
            worst[way, library] = max(worst[way, library], worst_error(pairs))
    return Row(name, len(reference.cases), worst, _activation_on_kinks(name), _activation_far(name))


def _activation_on_kinks(name: str) -> float | None:
    """A generated module, and PyTorch, beside the table of kinks."""
    if not ACTIVATIONS[name].kinks:
        return None
    case = ACTIVATIONS[name].cases[0]
    points, slopes = (np.array([column]) for column in zip(*ACTIVATIONS[name].kinks, strict=True))
    ways = activations.by_module, activations.by_torch
    return worst_error((way(name, case, points, np.ones)[1]["d_z"], slopes) for way in ways)


def _activation_far(name: str) -> bool:
    """A generated module at +-1e4 in both precisions; an end where the true value is not finite is left out."""
    case, z = ACTIVATIONS[name].cases[0], activations.far(name)
    found = [activations.by_module(name, case, z, np.ones, dtype) for dtype in (np.float64, np.float32)]
    return all(np.isfinite(array).all() for value, gradients in found for array in (value, *gradients.values()))


def loss(name: str) -> Row:
    """A loss in every case of its reference, mean and sum."""
    worst = dict.fromkeys(((w, lib) for w in WAYS for lib in LIBRARIES), 0.0)
    cases = [{**case, "reduction": reduction} for case in LOSSES[name].cases for reduction in ("mean", "sum")]
    for case in cases:
        given = losses.drawn(name, case)
        ours = {"derivation": losses.by_derivation(given)[1], "module": losses.by_module(given)[1]}
        theirs = {"JAX": losses.by_jax(given)[1], "PyTorch": losses.by_torch(given)[1]}
        for way, library in worst:
            worst[way, library] = max(worst[way, library], worst_error([(ours[way], theirs[library])]))
    return Row(name, len(cases), worst, _loss_on_kinks(name), _loss_far(name))


def _loss_on_kinks(name: str) -> float | None:
    """A generated module, and PyTorch, beside the table of kinks."""
    if not LOSSES[name].kinks:
        return None
    given, slopes = losses.on_kinks(name)
    return worst_error((way(given)[1], slopes) for way in (losses.by_module, losses.by_torch))


def _loss_far(name: str) -> bool | None:
    """A generated module at +-1e4 in both precisions, as far as the loss is defined and finite there."""
    found = [losses.by_module(given, dtype) for given in losses.far(name) for dtype in (np.float64, np.float32)]
    return all(np.isfinite(array).all() for pair in found for array in pair) if found else None


def figures(kind: str, rows: tuple[Row, ...]) -> tuple[Figure, ...]:
    """What the rows of a kind amount to."""
    wanted = f"at most {TOLERANCE:.0e}"
    found = []
    for library in LIBRARIES:
        value, name = max((row.errors[way, library], row.name) for row in rows for way in WAYS)
        told = f"{error(value)} ({name})"
        found.append(Figure(f"gradients of {len(rows)} {kind}, beside {library}", wanted, told, value <= TOLERANCE))
    kinks = [row.kinks for row in rows if row.kinks is not None]
    told = f"{len(kinks)} rows, {error(max(kinks, default=0.0))}"
    found.append(Figure(f"{kind} on their kinks", "as in the table", told, all(k <= TOLERANCE for k in kinks)))
    far = [row.far for row in rows if row.far is not None]
    found.append(
        Figure(f"{kind} at ±1e4, where the true value is finite", "finite", f"{sum(far)} of {len(far)} rows", all(far))
    )
    return tuple(found)


def run(chosen_activations: Iterable[str] = tuple(ACTIVATIONS), chosen_losses: Iterable[str] = tuple(LOSSES)) -> Report:
    """All rows, or some."""
    kinds: tuple[tuple[str, Callable[[str], Row], Iterable[str]], ...] = (
        ("activations", activation, chosen_activations),
        ("losses", loss, chosen_losses),
    )
    rows = {kind: tuple(map(measure, names)) for kind, measure, names in kinds}
    return Report(
        "catalog",
        "Every activation and loss",
        "The derivation's equations, and a generated module of the identity (as a dense layer) and the row, beside "
        "JAX's and PyTorch's own functions, in float64: the worst of |a - b| / (|b| + 2e-5) over all entries of all "
        "gradients, by inputs and by parameters, in every case of the row's options, on random points away from kinks. "
        "At 1e-9 that allows for 2e-14 besides, some 100 roundings, where terms of about 1 cancel. On kinks: the "
        "module and PyTorch beside the table of kinks. Finite at ±1e4: the module's value and gradients, in float64 "
        "and float32, alone and beside ordinary values; `-` where the loss is of probabilities.",
        tuple(figure for kind, found in rows.items() for figure in figures(kind, found)),
        tuple(
            Table(f"{kind.capitalize()}:", (kind, *COLUMNS), tuple(row.cells() for row in found))
            for kind, found in rows.items()
        ),
    )


if __name__ == "__main__":
    sys.exit(show(run()))
