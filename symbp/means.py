"""The means by which a module is fast and small. Each has a name, and can be left out to measure what it does.

A module without any of them computes the same, of the same random numbers. A stage asks whether the name of its means
is among those left out; `symbp plan`, `symbp generate` and docs/plan.md take the names from the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from symbp.errors import UserError

Without = frozenset[str]  # the means that are left out
NONE: Without = frozenset()

MEANS: Mapping[str, str] = {
    "saved values": "derivatives are written in what the forward pass computed, for fewer operations or arrays to keep",
    "on request": "the gradient of the network's input is computed only where it is asked for",
    "layout": "feature maps hold the batch last, so that windows are long runs of numbers",
    "products": "sums of products are taken in the cheapest order, from arrays laid out at the least cost",
    "blocks of columns": "products with windows copy a block of columns at a time, which stays in the cache",
    "hoist": "what does not recur is computed before a loop, for all of its steps at once",
    "tables": "what is computed of rows taken from a table with few rows is computed of the table",
    "share": "an operation that was computed already is not computed again",
    "prune": "operations whose results nothing reads are left out",
    "scale": "a number that multiplies what sums and products make goes to where it multiplies the fewest numbers",
    "fold": "the optimizer's sum of old values and gradient is computed where the gradient is, which is not stored",
    "transpose": "a matrix that every step of a loop multiplies by is laid out once, as products read it fastest",
    "rows by step": "rows of a table that only the steps of a loop read are taken by each step, and never all held",
    "first step": "a product with the zeros before the first step of a loop is not computed",
    "once": "what no data changes is computed with the workspace, and not at every step",
    "in place": "a temporary becomes the array that its last reader writes",
    "one loss": "the cost in inference is computed as in training, where that needs nothing of training alone",
    "chains": "elementwise operations over large arrays run for some rows at a time, which stay in the cache",
    "buffers": "arrays that are never needed at the same time share memory, whatever their shapes",
    "stretches": "the optimizer updates a stretch of the parameters at a time, which stays in the cache",
}


def left_out(names: Iterable[str]) -> Without:
    """These names of means; UserError where one is none."""
    return frozenset(map(named, sorted(names)))


def named(name: str) -> str:
    """The means of this name, in which a hyphen may stand for a space; UserError where there is none."""
    spaced = name.replace("-", " ").replace("_", " ")
    if spaced in MEANS:
        return spaced
    near = get_close_matches(spaced, MEANS, 1)
    meant = f"; did you mean `{near[0]}`?" if near else ""
    raise UserError(f"`{name[:60]}` is no means that can be left out{meant}\nThere are: {', '.join(MEANS)}.")
