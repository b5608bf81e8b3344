"""Points at which a claim is compared: random ones of unequal sizes, and ones small enough to be followed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, islice
from math import prod

import numpy as np
import sympy as sp

from symbp.audit.setting import BATCH, Point, Setting
from symbp.errors import UserError
from symbp.formula.equation import Tensor
from symbp.formula.expression import elements

GIVEN = ("input", "parameter", "target", "constant", "random", "state")
ATTEMPTS = 200
KINDS = 3  # of entries: normal, positive below 1, small
MOST = 20_000  # values over all indices of one equation
ROUNDS = 10  # points of each size that are tried
POINTS = 8
MOST_ZEROS = 40


def random_points(setting: Setting, count: int = POINTS, seed: int = 0) -> tuple[list[Point], float]:
    """Points where the formula is a number, and the share of those tried where it is none.

    No two sizes are equal, but where there are many, and each point has others. UserError where no point is found.
    """
    found: list[Point] = []
    draw = np.random.default_rng(seed)
    tried = 0
    while len(found) < count and tried < ATTEMPTS:
        sizes = _unequal(setting, tried + tried // KINDS)  # each kind of entries with each of the sizes
        point = setting.point(sizes, _entries(setting, sizes, draw, tried % KINDS))
        tried += 1
        if point is not None:
            found.append(point)
    if not found:
        raise UserError("the cost is not a finite number at any of the random points tried, so nothing is compared")
    return found, 1 - len(found) / tried


def _unequal(setting: Setting, turn: int) -> dict[sp.Symbol, int]:
    symbols = setting.sizes
    for different in range(max(3, len(symbols)), 0, -1):  # with 2 alone, `x` would pass for that of mean(x**2)
        numbers = [2 + (k + turn) % different for k in range(len(symbols))]
        sizes = dict(zip(symbols, numbers, strict=True))
        if _largest(setting, sizes) <= MOST:
            return sizes
    raise UserError("an equation has too many indices for its values to be compared")


def _largest(setting: Setting, sizes: Mapping[sp.Symbol, int]) -> int:
    """The number of values over all indices of an equation, of the largest."""
    numbers = {s: sp.Integer(n) for s, n in sizes.items()}
    return max(prod(int(a.xreplace(numbers)) for a in e.sizes.values()) for e in setting.formula.equations)


def _entries(
    setting: Setting, sizes: Mapping[sp.Symbol, int], draw: np.random.Generator, how: int
) -> dict[str, np.ndarray]:
    def number(tensor: Tensor, shape: tuple[int, ...]) -> np.ndarray:
        if how == 1:
            return draw.uniform(0.1, 0.9, shape)
        return draw.standard_normal(shape) * (1.0 if how == 0 else 0.3)

    return _given(setting, sizes, draw, number)


def _given(
    setting: Setting,
    sizes: Mapping[sp.Symbol, int],
    draw: np.random.Generator,
    number: Callable[[Tensor, tuple[int, ...]], np.ndarray],
) -> dict[str, np.ndarray]:
    """All that is given: integers drawn from those that there are, other tensors as `number` makes them."""
    given: dict[str, np.ndarray] = {}
    counts = {s: sp.Integer(n) for s, n in sizes.items()}
    for tensor in setting.formula.tensors.values():
        if tensor.role in GIVEN:
            shape = setting.shape(tensor.name, sizes)
            if tensor.kind == "int":
                most = int(setting.choices(tensor.name).xreplace(counts))
                given[tensor.name] = draw.integers(0, most, shape)
            else:
                given[tensor.name] = number(tensor, shape)
    return given


def small_points(setting: Setting) -> Iterator[Point]:
    """Points of small whole numbers, the smallest sizes first; square ones among them. A setting keeps its own."""
    known: tuple[list[Point], Iterator[Point]] = setting.memory.setdefault("small", ([], _small(setting)))
    done, more = known
    yield from done
    for point in more:
        done.append(point)
        yield point


def _small(setting: Setting, seed: int = 0) -> Iterator[Point]:
    draw = np.random.default_rng(seed)
    ones = dict.fromkeys(setting.sizes, 1)
    batch = {BATCH: 2} if setting.batched else {}
    labelled = any(t.kind == "int" for t in setting.formula.tensors.values())
    plans = [ones] if not labelled else []
    plans += [{**ones, **batch}] * bool(batch and not labelled)
    plans += [dict.fromkeys(setting.sizes, 2), {**ones, **{s: 1 + k % 2 for k, s in enumerate(setting.sizes)}}]
    for sizes in plans:
        for attempt in range(ROUNDS):
            point = setting.point(sizes, _whole(setting, sizes, draw, attempt))
            if point is not None:
                yield point


def _whole(
    setting: Setting, sizes: Mapping[sp.Symbol, int], draw: np.random.Generator, attempt: int
) -> dict[str, np.ndarray]:
    def number(tensor: Tensor, shape: tuple[int, ...]) -> np.ndarray:
        if tensor.name == "y" and (setting.layout or attempt % 2 == 0):
            return draw.integers(0, 2, shape).astype(float)
        return draw.choice([-2.0, -1.0, 1.0, 2.0, 3.0] if attempt < ROUNDS - 2 else [0.25, 0.5, -0.5, 0.75], shape)

    return _given(setting, sizes, draw, number)


def points_at_zero(setting: Setting, seed: int = 0) -> Iterator[Point]:
    """Small points at which one or two of the tensors that are given are 0, where kinks are likely to be."""
    draw = np.random.default_rng(seed)
    sizes = dict.fromkeys(setting.sizes, 2)
    names = [t.name for t in setting.formula.tensors.values() if t.role in GIVEN and t.kind != "int"]
    for zeros in islice((*combinations(names, 1), *combinations(names, 2)), MOST_ZEROS):
        given = _whole(setting, sizes, draw, 0)
        point = setting.point(sizes, {n: 0 * v if n in zeros else v for n, v in given.items()})
        if point is not None:
            yield point


def undefined_at(setting: Setting, most: int = 2, seed: int = 0) -> tuple[str, ...]:
    """Values that the cost reads where it is no finite number, of formulas between numbers."""
    if any(t.axes for t in setting.formula.tensors.values()):
        return ()
    cost = next(e for e in setting.formula.equations if e.target.tensor == setting.formula.output.name)
    read = [e.tensor for e in elements(cost.body) if setting.tensor(e.tensor).role not in GIVEN]
    draw, found = np.random.default_rng(seed), dict[str, None]()
    for attempt in range(4 * ROUNDS):
        known = setting.forward({}, _whole(setting, {}, draw, attempt % ROUNDS))
        if not np.isfinite(known[setting.formula.output.name]):
            found[", ".join(f"{name} = {float(known[name]):.4g}" for name in read)] = None
    return tuple(found)[:most]
