"""The tables agree with themselves: names, options, variants, sources, and formulas that can be read."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain, combinations

import pytest
from variants import variants

from symbp.catalog import KINDS, aliases, entries, lookup, names, preset
from symbp.catalog.entry import Entry, EntryKind, Option, Value, lines

EVERY = [pytest.param(entry, id=f"{kind} {entry.name}") for kind in KINDS for entry in entries(kind)]


def _off_default(option: Option) -> Value:
    """A valid value of the option that is not its default."""
    if option.type == "boolean":
        return not option.default
    if option.type == "choice":
        return next(c for c in option.choices if c != option.default)
    if option.type == "shape":
        return (2, 3)[: len(option.names) or 2]
    return 0.4375 if option.type == "real" else 3


def _combinations(entry: Entry) -> Iterator[dict[str, Value]]:
    """Every set of options that are off their defaults, constants and inputs that may be left out and are given."""
    values: dict[str, Value] = dict.fromkeys(_optional(entry), 1.0)
    values |= {o.name: _off_default(o) for o in entry.options if o.name != "learning_rate"}
    values |= {name: (1.0, 2.0) for name in entry.accepts() if entry.option(name) is None}
    subsets = chain.from_iterable(combinations(values, size) for size in range(len(values) + 1))
    yield from ({name: values[name] for name in subset} for subset in subsets)


def _optional(entry: Entry) -> set[str]:
    return {name.rstrip("?") for name in entry.inputs if name.endswith("?")}


def _mentioned(equations: str) -> set[str]:
    if equations.lstrip().startswith("- "):  # the layers of a block
        return set(re.findall(r"\w+", equations))
    trees = (ast.parse(line) for line in lines(equations))
    return {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _used(entry: Entry, equations: str, name: str) -> bool:
    """Whether an option makes a difference to these equations."""
    if name == "reduction":
        return "reduce" in _mentioned(equations)
    if name == "axis" and any(line.count("...") > 2 for line in lines(equations)):
        return True  # the axis between two `...`
    option = entry.option(name)
    own = {name, *(option.names if option else ()), *(option.behind if option else ())}
    if any(own & _mentioned(f"_ = {text}") for _, text in entry.sizes):
        return True
    if name in {row.initial for row in (*entry.states, *(s for v in entry.variants for s in v.states))}:
        return True
    return bool(own & _mentioned(equations))


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_aliases_mean_one_row(kind: EntryKind) -> None:
    assert len(set(names(kind))) == len(names(kind))
    qualified = [alias for entry in entries(kind) for alias in entry.every_alias()]
    assert len(set(qualified)) == len(qualified)
    assert all("." in alias for alias in qualified)
    for alias, name in aliases(kind).items():
        found = lookup(kind, alias)
        assert found is not None
        assert found.name == name


def test_layers_and_activations_have_no_name_in_common() -> None:
    assert not {n.lower() for n in names("layer")} & {n.lower() for n in names("activation")}


@pytest.mark.parametrize("entry", EVERY)
def test_row_is_complete(entry: Entry) -> None:
    assert entry.name.isidentifier()
    assert entry.source
    assert entry.summary
    assert not entry.summary.endswith(".")
    if entry.link:
        assert lookup("activation", entry.link) is not None
    for parameter in entry.parameters:
        assert lookup("initializer", parameter.initializer) is not None
        assert (parameter.initializer == "constant") is (parameter.value is not None)
    for fixed in entry.presets:
        assert all(name in entry.accepts() for name, _ in fixed.options)
        assert {name for name, _ in fixed.initializers} <= {p.name for p in entry.parameters}
        assert all(lookup("initializer", name) for _, name in fixed.initializers)


@pytest.mark.parametrize("entry", EVERY)
def test_options_are_consistent(entry: Entry) -> None:
    spellings = [name for o in entry.options for name in (o.name, *o.aliases)]
    assert len(set(spellings)) == len(spellings)
    for option in entry.options:
        assert option.summary
        assert not option.needs or entry.option(option.needs) is not None
        assert not option.null or ((other := entry.option(option.null)) is not None and other.default is False)
        if option.type == "choice":
            assert option.default in option.choices
        elif option.type == "boolean":
            assert isinstance(option.default, bool)
        elif option.default is not None and not isinstance(option.default, str):
            for value in option.default if isinstance(option.default, tuple) else (option.default,):
                assert option.low is None or value > option.low or not option.low_open
                assert option.low is None or value >= option.low
                assert option.high is None or value <= option.high
                assert option.high is None or value < option.high or not option.high_open
        if option.names:
            other = entry.option(option.default) if isinstance(option.default, str) else None
            assert other is None or other.names
            given = (option.default, option.behind or option.names, *(sizes for _, sizes in option.words))
            assert {len(each) for each in given if isinstance(each, tuple)} == {len(option.names)}
            assert not option.words or option.behind


@pytest.mark.parametrize("entry", EVERY)
def test_no_option_is_silently_ignored(entry: Entry) -> None:
    """Whatever a spec gives either selects the equations or stands in them."""
    for options in _combinations(entry):
        variant = entry.variant(options)
        for name in options:
            option = entry.option(name)
            if option and option.needs and option.needs not in options:
                continue
            if option and option.null in options:  # refused beside each other
                continue
            if entry.distribution and not entry.equations:
                assert name in ("mean", "std", "low", "high", "gain", "value")
                continue
            equations = f"{variant.equations}\n{variant.inference}\n{variant.update}"
            assert name in variant.options or _used(entry, equations, name), (options, equations)


@pytest.mark.parametrize("entry", EVERY)
def test_every_variant_can_be_chosen_and_needs_its_options(entry: Entry) -> None:
    chosen = {entry.variant(options) for options in _combinations(entry)}
    assert set(entry.variants) <= chosen
    assert len({v.options for v in entry.variants}) == len(entry.variants)
    valid = set(entry.accepts()) | _optional(entry)
    for variant in entry.variants:
        assert variant.options <= valid
        assert {name for name, _ in variant.constants} <= variant.options


@pytest.mark.parametrize("entry", [p for p in EVERY if p.values[0].kind != "block"])
def test_equations_assign_what_the_kind_promises(entry: Entry) -> None:
    results = {"optimizer": {"w"}, "clipping": {"g"}, "initializer": set()}.get(entry.kind, {entry.result})
    for row in variants(entry):
        assigned = {line.partition("=")[0].strip().partition("[")[0] for line in lines(row.equations)}
        assert results <= assigned
        updated = row.update if entry.kind == "layer" else row.equations
        assert {s.name for s in row.states} <= {
            line.partition("=")[0].strip().partition("[")[0] for line in lines(updated)
        }
        assert {r.name for r in row.random} <= _mentioned(row.equations)
        assert row.inference or not (row.random or row.update)
        assert not {r.name for r in row.random} & _mentioned(row.inference)
        for state in row.states:
            assert isinstance(state.initial, float) or entry.option(state.initial) is not None
        assert {p.name for p in row.parameters} <= _mentioned(row.equations)


def test_initializers_give_the_scales_of_their_distribution() -> None:
    scales = {"constant": {"value"}, "normal": {"mean", "std"}, "uniform": {"low", "high"}, "orthogonal": {"gain"}}
    for entry in entries("initializer"):
        stated = {line.partition("=")[0].strip() for line in lines(entry.equations)} | set(entry.accepts())
        assert stated == scales[entry.distribution], entry.name


def test_catalog_loads_without_sympy_or_numpy() -> None:
    code = "import sys, symbp.catalog; sys.exit(any(m in sys.modules for m in ('sympy', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestLookup:
    def test_spelling_of_a_library_is_understood(self) -> None:
        for name in ("relu", "ReLU", "nn.ReLU", "torch.nn.ReLU", "keras.ReLU", "tf.keras.layers.ReLU", "RELU"):
            found = lookup("activation", name)
            assert found is not None, name
            assert found.name == "relu"

    def test_layers_fall_through_to_activations(self) -> None:
        found = lookup("layer", "Sigmoid")
        assert found is not None
        assert (found.kind, found.name) == ("activation", "sigmoid")
        assert lookup("activation", "Linear") is None

    def test_unknown_name_is_none(self) -> None:
        assert lookup("activation", "rellu") is None
        assert lookup("activation", "keras.PReLU") is None  # Keras learns one slope for each entry
        assert lookup("optimizer", "keras.Adam") is None  # Keras corrects epsilon as well
        assert lookup("loss", "") is None

    def test_bare_name_has_the_meaning_of_pytorch(self) -> None:
        assert not preset("activation", "LeakyReLU").options
        assert preset("activation", "keras.LeakyReLU").options == (("negative_slope", 0.3),)
        assert preset("activation", "tf.keras.layers.LeakyReLU").options == (("negative_slope", 0.3),)

    def test_keras_name_fixes_what_keras_does_otherwise(self) -> None:
        assert preset("layer", "MaxPooling2D").options == (("kernel_size", (2, 2)),)
        assert not preset("layer", "MaxPool2d").options
        assert dict(preset("layer", "Dense").initializers) == {"W": "glorot_uniform", "b": "zeros"}
        assert not preset("layer", "dense").initializers
        assert not preset("layer", "Linear").initializers
