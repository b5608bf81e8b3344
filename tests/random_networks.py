"""Random networks from the whole catalog: graphs, shapes and options by seed, each valid, generated, run and compared.

    python tests/random_networks.py --count 2000 --first 0

prints how many were tried, and the seeds that fail.

A network grows layer by layer: a row of the catalog, options within their intervals, inputs out of what is computed so
far; what the forward stage refuses is drawn again. Every tensor that nothing reads gets a loss.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any, get_args

import numpy as np

from symbp import pipeline
from symbp.catalog import entries, lookup
from symbp.catalog.entry import Entry, Option
from symbp.forward.block import Building, Source, Wanted
from symbp.forward.build import build_network
from symbp.forward.network import BATCH, Network, NetworkTensor
from symbp.spec.model import Blas, Place, SpecError, Use
from symbp.spec.read import parse_spec
from symbp.targets.load import as_argument
from symbp.verify.check import module_gradients
from symbp.verify.examples import draw
from symbp.verify.oracles import evaluate_network, installed
from symbp.verify.settle import settled

NOWHERE = Place("<random>", 1, "")
MOST_NUMBERS = 400  # of a tensor, for one example: slow evaluation is of any size, but slow
LARGEST = 1e6  # of a value, beyond which two correct gradients part by rounding
RELATIVE = 1e-9  # to the largest entry of a gradient
CANCELLED = 1e-13  # to the largest entry of any, where a gradient vanishes: some 500 eps
LEAST = 1.0  # of what cancels: the values on the way are of that size even where every gradient is small
LAYERS = (*entries("layer"), *entries("block"), *entries("activation"))
LOSSES: dict[str, str] = {  # with the activation that brings predictions into their domain
    "mse": "", "mae": "", "huber": "", "smooth_l1": "", "log_cosh": "", "hinge": "", "squared_hinge": "",
    "softmax_cross_entropy": "", "bce_with_logits": "", "poisson_nll": "tanh", "cosine": "",
    "binary_cross_entropy": "sigmoid", "cross_entropy": "softmax", "nll": "log_softmax", "kl_divergence": "softmax",
}  # fmt: skip
DOMAIN = {"softmax", "log_softmax", "sigmoid", "tanh"}


@dataclass
class Growing:
    """A network that grows: `pool` is what is computed so far, `unread` what nothing reads yet."""

    random: np.random.Generator
    inputs: dict[str, Any] = field(default_factory=dict)
    items: list[Any] = field(default_factory=list)
    pool: dict[str, Source] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    building: Building = field(default_factory=Building)
    used: list[str] = field(default_factory=list)

    def input(self, name: str) -> None:
        rank = int(self.random.choice([1, 1, 2, 2, 3]))
        shape = [int(d) for d in self.random.integers(1, 6, rank)]
        whole = bool(self.random.random() < 0.2)
        classes = int(self.random.integers(2, 6)) if whole else 0
        self.inputs[name] = {"shape": shape, "kind": "integer", "classes": classes} if whole else shape
        tensor = NetworkTensor(name, (BATCH, *shape), "input", "int" if whole else "float", classes=classes)
        self.pool[name] = Source(tensor, f"the input `{name}`")
        self.unread.append(name)

    def row(self) -> Entry:
        """Any row; where whole numbers wait to be read, often one that reads them."""
        waiting = any(self.pool[name].tensor.kind == "int" for name in self.unread)
        rows = [e for e in LAYERS if e.integers] if waiting and self.random.random() < 0.5 else LAYERS
        return rows[int(self.random.integers(len(rows)))]

    def grow(self, entry: Entry) -> bool:
        """Add a layer of this row if one fits; a few draws of options and inputs are tried."""
        return any(self.attempt(entry) for _ in range(6))

    def attempt(self, entry: Entry) -> bool:
        names = self.chosen_inputs(entry)
        first = self.pool[next(iter(names.values()))].tensor
        options = {o.name: self.value(o, first) for o in entry.options if self.stated(o)}
        if any(value is None for value in options.values()):
            return False
        label = f"layer_{len(self.items)}"
        complete = {**{o.name: o.default for o in entry.options if o.default is not None}, **options}
        reads = {tensor: self.pool[name] for tensor, name in names.items()}
        if entry.kind == "block":
            return self.block(entry, label, options, names)
        try:
            use = Use(entry, complete, frozenset(options), NOWHERE)
            made = self.building.add(Wanted(label, use, reads, f"layer `{label}`"))
        except SpecError:
            return False
        return self.accept(entry, label, options, names, made)

    def block(self, entry: Entry, label: str, options: dict[str, Any], names: dict[str, str]) -> bool:
        """Blocks of the catalog keep the shape of what they read first; the spec is what says whether they fit."""
        read = self.pool[names["x"]].tensor
        if len(read.shape) != 3 or read.kind == "int":
            return False
        heads = int(self.random.choice([1, 2]))
        sizes = {"units": int(read.shape[-1]), "heads": heads, "kv_heads": int(self.random.choice([0, 1])), "hidden": 3}
        tensor = NetworkTensor(f"{label}.y", read.shape, "output")
        options = {k: v for k, v in options.items() if k not in ("hidden_activation", *sizes)} | sizes
        kept = (dict(self.inputs), list(self.items), list(self.unread))
        self.accept(entry, label, options, names, Source(tensor, f"layer `{label}`"))
        losses = [{"loss": "projection", "on": n, "target": f"t_{n}"} for n in self.unread]
        try:
            build_network(parse_spec(self.text(losses)))
        except SpecError:
            self.inputs, self.items, self.unread = kept
            del self.pool[label]
            self.used.pop()
            return False
        return True

    def accept(self, entry: Entry, label: str, options: dict[str, Any], names: dict[str, str], made: Source) -> bool:
        extents = [int(d) for d in made.tensor.shape[1:]]
        if prod(extents) > MOST_NUMBERS:
            return False
        read = list(names.values()) if entry.family else names
        self.items.append({entry.name: {**options, "inputs": read, "name": label}})
        self.pool[label] = made
        self.unread = [n for n in self.unread if n not in names.values()] + [label]
        self.used.append(entry.name)
        return True

    def chosen_inputs(self, entry: Entry) -> dict[str, str]:
        """Tensors of the row, each with what it reads: what is new and unread first."""
        least = max(len(entry.required), 1)
        most = 3 if entry.family else len(entry.input_names(64))
        tensors = entry.input_names(int(self.random.integers(least, most + 1)))
        recent = self.unread[-2:] or list(self.pool)[-2:]
        chosen = [str(self.random.choice(recent if self.random.random() < 0.7 else list(self.pool))) for _ in tensors]
        if len(tensors) > 1 and self.random.random() < 0.6:  # of one shape, as most layers want them
            shape = self.pool[chosen[0]].tensor.shape
            alike = [name for name, source in self.pool.items() if source.tensor.shape == shape]
            chosen = [chosen[0], *(str(self.random.choice(alike)) for _ in tensors[1:])]
        return dict(zip(tensors, chosen, strict=True))

    def stated(self, option: Option) -> bool:
        return option.default is None or bool(self.random.random() < 0.4)

    def value(self, option: Option, read: NetworkTensor) -> Any:
        """A value that the option's type and interval allow."""
        random = self.random
        if option.type == "boolean":
            return bool(random.random() < 0.5)
        if option.type == "choice":
            return str(random.choice(option.choices))
        if option.type == "any":
            return option.default
        if option.type == "shape" and option.names:
            if option.words and random.random() < 0.3:
                return str(random.choice([word for word, _ in option.words]))
            return tuple(int(option.low or 0) + int(d) for d in random.integers(0, 3, len(option.names)))
        if option.type == "shape":
            size = prod(int(d) for d in read.shape[1:])
            if random.random() < 0.5:
                parts = [d for d in range(1, size + 1) if size % d == 0]
                first = int(random.choice(parts))
                return (first, size // first)
            return tuple(int(d) for d in random.integers(1, 4, int(random.integers(1, 3))))
        if option.type == "integer":
            low = -2 if option.low is None else int(option.low)
            high = low + 4 if option.high is None else min(int(option.high), low + 4)
            return int(random.integers(low, high + 1))
        low = 0.1 if option.low is None else option.low
        high = low + 2.0 if option.high is None else option.high
        return float(round(low + (high - low) * random.uniform(0.1, 0.9), 3))

    def losses(self) -> list[dict[str, Any]]:
        """A loss on everything that nothing reads."""
        found = []
        for number, name in enumerate(list(self.unread), 1):
            read = self.pool[name].tensor
            rows = [n for n in LOSSES if lookup("loss", n) is not None and read.kind != "int"]
            loss = str(self.random.choice(rows))
            if LOSSES[loss]:
                entry = lookup("activation", LOSSES[loss])
                assert entry is not None
                if not self.grow_on(entry, name):
                    return []
                name = self.unread[-1]
            weight = float(round(self.random.uniform(0.2, 2), 2))
            found.append({"loss": {loss: {}}, "on": name, "target": f"t_{number}", "weight": weight})
        return found

    def grow_on(self, entry: Entry, name: str) -> bool:
        label = f"layer_{len(self.items)}"
        options = {o.name: o.default for o in entry.options}
        try:
            use = Use(entry, options, frozenset(), NOWHERE)
            made = self.building.add(Wanted(label, use, {entry.argument: self.pool[name]}, f"layer `{label}`"))
        except SpecError:
            return False
        return self.accept(entry, label, {}, {entry.argument: name}, made)

    def text(self, losses: list[dict[str, Any]], blas: Blas = "numpy") -> str:
        spec = {
            "name": "random_net",
            "dtype": "float64",
            "blas": blas,
            "input": self.inputs,
            "layers": self.items,
            "losses": losses,
            "optimizer": "adam",
            "define": {"losses": {"projection": {"formula": "C = sum[...](a[...] * y[...])"}}},
        }
        return json.dumps(spec, indent=1)


def random_spec(seed: int, blas: Blas = "numpy") -> tuple[str, list[str]]:
    """A valid spec as text, and the rows that it uses; seeds take turns in which row is among them."""
    favoured = LAYERS[seed % len(LAYERS)]
    for attempt in range(1000):
        growing = Growing(np.random.default_rng([seed, attempt]))
        for name in ("left", "right")[: int(growing.random.choice([1, 1, 1, 2]))]:
            growing.input(name)
        growing.grow(favoured)
        wanted = int(growing.random.integers(2, 8))
        for _ in range(40):
            if len(growing.items) >= wanted and not any(name in growing.inputs for name in growing.unread):
                break
            growing.grow(growing.row())
        if favoured.name not in growing.used and not growing.grow(favoured):
            continue
        if any(name in growing.inputs for name in growing.unread):
            continue
        text = growing.text(growing.losses(), blas)
        try:
            network = build_network(parse_spec(text))
        except SpecError:
            continue
        if network.parameters:
            return text, growing.used
    raise AssertionError(f"seed {seed}: no valid network with `{favoured.name}` in 1000 attempts")


@dataclass(frozen=True)
class Outcome:
    """What became of a seed: the rows that its network has; `problem` is empty where everything agrees."""

    seed: int
    used: tuple[str, ...]
    compared: bool
    problem: str = ""


def tried(seed: int, blas: Blas = "numpy") -> Outcome:
    """Generate the seed's network, run it, compare its gradients with autodiff, and take two steps of training."""
    text, used = random_spec(seed, blas)
    batch = 1 + seed % 3
    try:
        with np.errstate(all="ignore"):
            generated = pipeline.generate(parse_spec(text), check=False)
            network = generated.derivation.network
            module = pipeline.load_module(generated)
            arrays = _drawn(build_network(generated.spec), batch, seed)
            if arrays is None:
                return Outcome(seed, tuple(used), compared=False)
            wrong = _disagreements(generated, arrays)
            _train(module, network, arrays)
    except Exception as error:
        return Outcome(seed, tuple(used), True, f"{type(error).__name__}: {error}")
    return Outcome(seed, tuple(used), True, ", ".join(wrong))


def _disagreements(generated: pipeline.Generated, arrays: dict[str, np.ndarray]) -> list[str]:
    """Gradients that are not an oracle's, and by how much."""
    oracles = installed()
    oracle = next((o for o in oracles if o.name == "PyTorch"), oracles[0])  # which need not compile
    network = build_network(generated.spec)
    names = (*(p.name for p in network.parameters), *network.differentiable_inputs)
    cost, expected = oracle.gradients(network, arrays, names)
    found = module_gradients(generated, arrays)
    largest = max(LEAST, *map(_largest, expected.values()))
    wrong = []
    for name, gradient in {"C": np.asarray(cost), **expected}.items():
        scale = _largest(gradient)
        allowed = max(RELATIVE * scale, CANCELLED * largest)
        error = float(np.abs(found[name] - gradient).max())
        if not error <= allowed:
            exact = settled(network, arrays, name, found[name], gradient, allowed)
            if exact is not None:
                error = float(np.abs(found[name] - exact).max())
                allowed = max(RELATIVE * _largest(exact), allowed)
        if not error <= allowed:
            wrong.append(f"{name} is off by {error:.1e} of {scale:.1e}")
    return wrong


def _largest(gradient: np.ndarray) -> float:
    """Of the entries that the oracle knows: where what it differentiates overflows, it has NaN."""
    return float(np.fmax.reduce(np.abs(gradient), axis=None, initial=0))


def _drawn(network: Network, batch: int, seed: int) -> dict[str, np.ndarray] | None:
    """Arrays away from kinks, whose values stay where rounding is small; None where there are none."""
    for attempt in range(5):
        try:
            arrays = draw(network, batch, 1000 * seed + attempt)
        except ValueError:
            return None
        values = evaluate_network(network, arrays)
        real = [v for v in map(np.asarray, values.values()) if v.dtype.kind == "f"]
        if all(np.abs(v[np.isfinite(v)]).max(initial=0) < LARGEST for v in real) and np.isfinite(values["C"]):
            return arrays
    return None


def _train(module: Any, network: Network, arrays: dict[str, np.ndarray]) -> None:
    """Two steps, of the whole batch and of its first example: every parameter stays finite."""
    params = module.init(0, np.float64)
    for name, values in params.items():
        values[...] = arrays[name]
    trainer = module.Trainer(params)
    for count in (len(arrays[network.inputs[0]]), 1):
        x, y = (as_argument({n: arrays[n][:count] for n in names}) for names in (network.inputs, network.targets))
        trainer.step(x, y)
    assert np.isfinite(trainer.params.flat).all(), "parameters that are not finite after a step"


def outcomes(seeds: Iterable[int], blas: Blas = "numpy") -> Iterator[Outcome]:
    """Each seed's, one after another."""
    return (tried(seed, blas) for seed in seeds)


def main() -> int:
    """The command: a line for what fails, and what was tried at the end."""
    parser = argparse.ArgumentParser(description="Random networks from the whole catalog, compared with autodiff.")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--blas", choices=get_args(Blas), default="numpy", help="the library that multiplies matrices")
    given = parser.parse_args()
    start, rows, failed, compared = time.perf_counter(), Counter[str](), [], 0
    for number, outcome in enumerate(outcomes(range(given.first, given.first + given.count), given.blas), 1):
        rows.update(outcome.used)
        compared += outcome.compared
        if outcome.problem:
            failed.append(outcome.seed)
            print(f"seed {outcome.seed}: {outcome.problem}", flush=True)
        if number % 100 == 0:
            print(f"{number} tried, {len(failed)} failed, {time.perf_counter() - start:.0f} s", flush=True)
    missing = sorted({entry.name for entry in LAYERS} - set(rows))
    print(f"{given.count} networks tried, {compared} compared, {len(failed)} failed: seeds {failed or 'none'}")
    print(f"{len(rows)} rows used{'; never: ' + ', '.join(missing) if missing else ', every one of them'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
