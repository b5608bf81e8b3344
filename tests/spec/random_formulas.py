"""Random formulas of every kind of definition: seeded, from the whole grammar, most of them meaningful."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

FUNCTIONS = (
    "exp log sqrt abs sign sin cos tan sinh cosh tanh asin acos atan erf floor expm1 log1p relu sigmoid softplus"
).split()
NUMBERS = ("0", "1", "2", "0.5", "3", "1e-3", "beta", "pi", "-1")
EXPONENTS = ("2", "3", "-1", "0.5", "beta", "0", "64")
Leaf = Callable[[random.Random, Sequence[str]], str]
ROW = "    own: {{formula: '{formula}', options: {{beta: 0.7}}{more}}}\n"


def formula_spec(seed: int) -> str:
    """A small network with a random activation, layer or loss of its own; the same for the same seed."""
    draw = random.Random(seed)
    kind = ("activations", "layers", "losses")[seed % 3]
    if kind == "activations":
        formula = f"a = {_scalar(draw, 4, ['z'])} + 0*beta*z"
        if draw.random() < 0.2:
            formula = f"u = {_scalar(draw, 3, ['z'])}; a = {_scalar(draw, 2, ['u', 'z'])} + beta*z"
        more = ""
    elif kind == "layers":
        formula = f"y[n,j] = {_indexed(draw, 4, _of_layer, ['n', 'j'])} + beta*x[n,j] + W[j]"
        sizes = draw.choice(("", "", ", sizes: {k: 3}", ", sizes: {i: 4, k: 3, m: 2}"))
        more = f"{sizes}, parameters: {{W: [j]}}"
    else:
        inside = _indexed(draw, 3, _of_loss, ["n", "k"])
        formula = f"C = mean[n]({draw.choice(('sum', 'mean', 'max'))}[k]({inside} + beta*a[n,k]*y[n,k]))"
        more = ""
    layers = "[{dense: 4}, own, {dense: 2}]" if kind != "losses" else "[{dense: 4}, tanh, {dense: 2}]"
    loss = "own" if kind == "losses" else "mse"
    head = f"name: net\ninput: 3\nlayers: {layers}\nloss: {loss}\ndefine:\n  {kind}:\n"
    return head + ROW.format(formula=formula, more=more)


def _scalar(draw: random.Random, depth: int, names: Sequence[str]) -> str:
    """An elementwise expression."""
    if depth == 0 or draw.random() < 0.2:
        return draw.choice(names) if draw.random() < 0.6 else draw.choice(NUMBERS)

    def inner() -> str:
        return _scalar(draw, depth - 1, names)

    kind = draw.randrange(12)
    if kind < 4:
        return f"({inner()} {draw.choice('+-*/')} {inner()})"
    if kind < 7:
        return f"{draw.choice(FUNCTIONS)}({inner()})"
    if kind == 7:
        return f"({inner()})**{draw.choice(EXPONENTS)}"
    if kind == 8:
        return f"where({_condition(draw, depth - 1, names)}, {inner()}, {inner()})"
    if kind == 9:
        return f"{draw.choice(('max', 'min'))}({inner()}, {inner()})"
    if kind == 10:
        return f"clip({inner()}, {draw.choice(NUMBERS)}, {draw.choice(NUMBERS)})"
    return f"-{inner()}"


def _condition(draw: random.Random, depth: int, names: Sequence[str]) -> str:
    if draw.random() < 0.2:
        one, other = _condition(draw, depth - 1, names), _condition(draw, depth - 1, names)
        return f"({one} {draw.choice(('and', 'or'))} not ({other}))"
    sides = [_scalar(draw, max(depth, 0), names) for _ in range(2)]
    return f" {draw.choice(('<', '<=', '>', '>=', '==', '!='))} ".join(sides)


def _indexed(draw: random.Random, depth: int, leaf: Leaf, letters: Sequence[str]) -> str:
    """An expression over indices in scope; binders bring more into scope."""
    if depth == 0 or draw.random() < 0.2:
        return leaf(draw, letters) if draw.random() < 0.8 else draw.choice((*NUMBERS, f"size({letters[-1]})"))

    def inner(scope: Sequence[str] = letters) -> str:
        return _indexed(draw, depth - 1, leaf, scope)

    kind = draw.randrange(10)
    if kind < 4:
        return f"({inner()} {draw.choice('+-*/')} {inner()})"
    if kind < 6:
        return f"{draw.choice(FUNCTIONS)}({inner()})"
    if kind < 9:
        letter = draw.choice("jkmqi")
        return f"{draw.choice(('sum', 'mean', 'max', 'min', 'sum'))}[{letter}]({inner([*letters, letter])})"
    return f"delta({draw.choice(letters)}, {draw.choice(letters)})*{inner()}"


def _of_layer(draw: random.Random, letters: Sequence[str]) -> str:
    odd = ("j+1", "0", "2*j", "k-1", "-j", "j*k", "size(j)-1-j")
    place = draw.choice(letters[1:]) if draw.random() < 0.9 else draw.choice(odd)
    first = draw.choice(letters) if draw.random() < 0.1 else "n"
    return draw.choice((f"x[{first},{place}]", f"x[n,{place}]", f"W[{place}]", "beta"))


def _of_loss(draw: random.Random, letters: Sequence[str]) -> str:
    return f"{draw.choice('ay')}[n,{draw.choice(letters[1:])}]"
