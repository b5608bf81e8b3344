"""Valid specs, and seeded ways of spoiling them: lines, values and characters removed, doubled, moved, replaced."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

SEEDS = (
    """\
name: plain
input: 6
layers:
  - dense: {units: 5, activation: relu}
  - dense: {units: 3, name: last, bias: false}
loss: {softmax_cross_entropy: {label_smoothing: 0.1}}
optimizer: {momentum: {learning_rate: 0.05, momentum: 0.9}}
schedule: {step: {step_size: 30, gamma: 0.5}}
clip: {global_norm: 1.0}
penalty: {l2: 1.0e-4}
training: {batch_size: 8, epochs: 2, seed: 1, validation: 0.1}
data: {source: digits, normalize: standard}
""",
    """\
name: defined
description: "Formulas of one's own"
input: [2, 3]
dtype: float64
blas: scipy
layers:
  - flatten
  - scale
  - dense:
      units: 4
      initializer: {W: he_normal, b: zeros}
      activation: {wiggle: {beta: 0.25}}
  - prelu
  - dense: 2
loss: {quartic: {power: 0.5}}
optimizer: adam
define:
  activations:
    wiggle: {formula: "a = z + beta*sin(z)**2", options: {beta: 0.5}}
  layers:
    scale:
      formula: "y[n,j] = s[j] * x[n,j]"
      parameters: {s: {axes: [j], initializer: ones}}
  losses:
    quartic:
      formula: |
        e[n,k] = a[n,k] - y[n,k]
        C = mean[n](sum[k](e[n,k]**2 + power * e[n,k]**4))
      options: {power: 1.0}
""",
)
SNIPPETS = (
    "", " ", "-1", "0", "1e400", "-.inf", ".nan", "9**9**9", "true", "null", "~", "[]", "{}", "[[]]", "{{ 7*7 }}",
    "&a", "*a", "!!python/name:os.system", "<<", "'", '"', "'''", "\\", "\t", "\0", "\u202e", "\ud800", "é", "😀",
    "#", ":", "-", ",", "|", ">", "?", "%", "@", "`", "n", "j", "x", "y", "C", "z", "a", "sum[n](", "max[k](", "...",
    "flat(", ")", "__class__", "lambda: 0", "exp", "mean[n]", "z[n,j]", "x[n,k,k]", "1/0", "0**-1", "1e308*1e308",
    "12345678901234567", "0x10", "1_000", "yes", "2001-01-01", "dense", "softmax", "\\input{x}", "<script>",
    "\x1b[31m", "size(j)", "extent", "where(z > 0, z, 0)", "delta(j, k)", "argmax[j](z[n,j])", "log(z)", "sqrt(z)",
    "floor(z)", "d_z", "beta", "pi",
)  # fmt: skip
WORD = re.compile(r"[A-Za-z0-9_.]+|[^\sA-Za-z0-9_.]")
Way = Callable[[random.Random, str], str]


def _lines(change: Callable[[random.Random, list[str]], object]) -> Way:
    def way(draw: random.Random, text: str) -> str:
        lines = text.splitlines(True)
        change(draw, lines)
        return "".join(lines)

    return way


def _words(change: Callable[[random.Random, list[str], int], object]) -> Way:
    """A change of one word or sign among the pieces of the text."""

    def way(draw: random.Random, text: str) -> str:
        pieces = re.split(f"({WORD.pattern})", text)
        change(draw, pieces, draw.choice([i for i, piece in enumerate(pieces) if WORD.fullmatch(piece)] or [0]))
        return "".join(pieces)

    return way


def _character(draw: random.Random, text: str) -> str:
    place = draw.randrange(len(text) + 1)
    return text[:place] + draw.choice((*SNIPPETS, chr(draw.randrange(1, 256)))) + text[place + draw.randrange(2) :]


def _swap(draw: random.Random, items: list[str]) -> None:
    i, j = draw.randrange(len(items)), draw.randrange(len(items))
    items[i], items[j] = items[j], items[i]


WAYS: tuple[Way, ...] = (
    _lines(lambda draw, lines: lines.pop(draw.randrange(len(lines)))),
    _lines(lambda draw, lines: lines.insert(draw.randrange(len(lines)), draw.choice(lines))),
    _lines(_swap),
    _lines(lambda draw, lines: lines.insert(draw.randrange(len(lines)), " " * draw.randrange(1, 5))),
    _words(lambda draw, pieces, at: pieces.__setitem__(at, "")),
    _words(lambda draw, pieces, at: pieces.__setitem__(at, draw.choice(SNIPPETS))),
    _words(lambda draw, pieces, at: pieces.__setitem__(at, draw.choice([p for p in pieces if WORD.fullmatch(p)]))),
    _words(lambda draw, pieces, at: pieces.__setitem__(at, f"{pieces[at]} {pieces[at]}")),
    _character,
)


def mutated(seed: int) -> bytes:
    """A spec spoilt in one to three ways; the same for the same seed."""
    draw = random.Random(seed)
    text = draw.choice(SEEDS)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        text = draw.choice(WAYS)(draw, text or " ")
    return text.encode(errors="surrogatepass")
