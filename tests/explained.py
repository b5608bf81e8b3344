"""Networks that the tests of this room explain, built from the catalog, and a reader that checks LaTeX for balance."""

from __future__ import annotations

import re
from functools import cache

from symbp.catalog import lookup
from symbp.catalog.entry import EntryKind
from symbp.derive.derivation import Derivation
from symbp.derive.network import derive_network
from symbp.explain.view import Update
from symbp.forward.build import build_network
from symbp.forward.rows import update_of
from symbp.spec.model import InputSpec, LayerSpec, NetworkSpec, OptionValue, Place, Use

PLACE = Place("spec.yaml", 1, "")
ACTIVATIONS = ("sigmoid", "gelu", "gelu_tanh", "selu", "elu", "prelu", "hard_tanh", "softmax", "log_softmax")
LOSSES = ("mse", "hinge", "huber", "cosine", "gaussian_nll", "bce_with_logits", "kl_divergence", "cross_entropy")


def use(kind: EntryKind, name: str, **options: OptionValue) -> Use:
    """A use of a row with its defaults and these options."""
    entry = lookup(kind, name)
    assert entry is not None, name
    defaults = {o.name: o.default for o in entry.options if o.default is not None}
    return Use(entry, {**defaults, **options}, frozenset(options), PLACE)


def network(name: str, shape: tuple[int, ...], layers: list[Use], loss: str | Use) -> Derivation:
    """The derivation of a network; layers are called by their kind and a number."""
    count: dict[str, int] = {}
    specs = []
    for layer in layers:
        count[layer.name] = count.get(layer.name, 0) + 1
        specs.append(LayerSpec(f"{layer.name}_{count[layer.name]}", layer))
    cost = use("loss", loss) if isinstance(loss, str) else loss
    spec = NetworkSpec(
        name, PLACE, "0" * 64, (InputSpec("x", shape),), tuple(specs), cost, use("optimizer", "momentum")
    )
    return derive_network(build_network(spec))


def dense(units: int) -> Use:
    """A dense layer."""
    return use("layer", "dense", units=units)


@cache
def perceptron() -> Derivation:
    """The founding article's network: 784-512-256-10 with ReLU, softmax and cross-entropy."""
    relu = use("activation", "relu")
    layers = [use("layer", "flatten"), dense(512), relu, dense(256), relu, dense(10)]
    return network("mnist_mlp", (1, 28, 28), layers, "softmax_cross_entropy")


@cache
def with_activation(name: str) -> Derivation:
    """A small network with one activation."""
    return network(f"with_{name}", (4,), [dense(6), use("activation", name)], "mse")


@cache
def with_loss(name: str) -> Derivation:
    """A small network with one loss."""
    return network(f"with_{name}", (4,), [dense(6)], name)


@cache
def momentum() -> Update:
    """The update equations of gradient descent with momentum."""
    used = use("optimizer", "momentum")
    return Update(update_of(used.entry, used.options).formula, {"eta": 0.01, "momentum": 0.5})


def assert_balanced(source: str) -> None:
    """Braces, environments, `\\left` and `\\right`, and math delimiters come in pairs, properly nested."""
    text = re.sub(r"(?<!\\)%.*", "", source)
    opened: list[str] = []
    token = re.compile(r"\\begin\{(\w+\*?)\}|\\end\{(\w+\*?)\}|\\(left|right)(?![a-z])|\\(.)|(\$\$?)|([{}])", re.DOTALL)
    for match in token.finditer(text):
        begin, end, fence, _, dollar, brace = match.groups()
        if begin or fence == "left" or brace == "{":
            opened.append(begin or fence or brace)
        elif end or fence == "right" or brace == "}":
            expected = {"right": "left", "}": "{"}.get(fence or brace or "", end)
            assert opened, f"nothing is open at {match.start()}: ...{text[max(0, match.start() - 60) : match.end()]}"
            assert opened.pop() == expected, f"at {match.start()}: ...{text[max(0, match.start() - 60) : match.end()]}"
        elif dollar:
            if opened and opened[-1] == dollar:
                opened.pop()
            else:
                assert not {"$", "$$"} & set(opened), f"mathematics within mathematics at {match.start()}"
                opened.append(dollar)
    assert not opened, f"left open: {opened}"
