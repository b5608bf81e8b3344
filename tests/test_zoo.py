"""The zoo: its table is that of the README, its baselines are what they say, its command trains and writes."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the zoo's pictures are drawn with matplotlib")

from benchmarks import ROOT
from benchmarks.zoo import __main__ as command
from benchmarks.zoo import baselines, document
from benchmarks.zoo.entries import ENTRIES
from symbp.forward.build import build_network
from symbp.spec import read_spec
from symbp.spec.schema import MADE
from symbp.training.alphabet import Alphabet
from symbp.training.compared import Compared
from symbp.training.dataset import each
from symbp.training.prepare import Examples
from symbp.training.run import read_examples

SPECS = {path.stem: read_spec(path) for path in sorted((ROOT / "specs").glob("*.yaml"))}
PAGE = document.rows_of(document.DOCUMENT.read_text(encoding="utf-8"))
DRAW = np.random.default_rng(2)


def test_the_readme_holds_the_table_of_the_page() -> None:
    section = document.README.read_text(encoding="utf-8").partition("\n## Zoo\n")[2].partition("\n## ")[0]
    assert document.rows_of(section) == PAGE


def test_the_page_is_written_as_it_stands() -> None:
    written = document.page(PAGE)
    held = document.DOCUMENT.read_text(encoding="utf-8")
    without = re.compile(r"^Machine: .*$", re.MULTILINE)
    assert without.sub("", written) == without.sub("", held), "run `python -m benchmarks.zoo` with any name"


@pytest.mark.parametrize("name", PAGE)
def test_a_row_is_of_an_entry_and_in_its_form(name: str) -> None:
    (entry,) = (entry for entry in ENTRIES if entry.name == name)
    assert (ROOT / "specs" / f"{name}.yaml").exists()
    *_, reached, beside, seconds = PAGE[name]
    form = re.escape(entry.figure.form)
    assert re.fullmatch(re.sub(r"\\{.*?\\}", r"[\\d.]+%?", form), reached)
    assert all(f"{name} " in beside for name in entry.baselines)
    assert int(seconds) >= 0


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if spec.data and spec.data.source in MADE])
def test_steps_on_a_batch_of_made_examples_lower_its_cost(name: str) -> None:
    spec = SPECS[name]
    assert spec.data is not None
    few = replace(spec, data=replace(spec.data, options={**spec.data.options, "examples": 80}))
    examples = read_examples(few, build_network(few))
    x, y = (each(lambda array: array[:16], given) for given in examples.train)
    module = import_module(f"generated.{name}")
    trainer = module.Trainer(module.init(0))
    costs = [trainer.step(x, y) for _ in range(15)]
    assert costs[-1] < 0.97 * costs[0]


def test_every_spec_is_in_the_zoo() -> None:
    assert set(SPECS) == {entry.name for entry in ENTRIES} == set(PAGE)


def test_pictures_are_small_and_used() -> None:
    found = {path.name: path.stat().st_size for path in document.IMAGES.iterdir()}
    assert set(found) == {f"{e.name}_{end}.png" for e in ENTRIES for end in e.pictures if e.name in PAGE}
    assert max(found.values()) < 60_000


def example(x: Any, y: Any, held: Any, wanted: Any, **parts: Any) -> Any:
    """What baselines read of a run."""
    return SimpleNamespace(examples=Examples((x, y), None, (held, wanted), Compared(**parts)))


def test_baselines_of_classes() -> None:
    y, wanted = np.array([0, 1, 1, 2]), np.array([1, 1, 0, 2, 1])
    assert baselines.majority(example(None, y, None, wanted)) == 3 / 5
    assert baselines.majority(example(None, y[:, None] > 0, None, wanted[:, None] > 0)) == 4 / 5
    x = DRAW.normal(size=(200, 3, 2))
    labels = (x[:, 0, 0] > 0).astype(int)
    assert baselines.linear(example(x[:150], labels[:150], x[150:], labels[150:])) > 0.9
    frames = x.transpose(0, 2, 1)[:, [0, 0, 0]]
    turned = np.stack([frames * np.array([1, 0, -1])[:, None]])[0]  # the mean of the frames says nothing
    assert baselines.mean_frame(example(turned[:150], labels[:150], turned[150:], labels[150:])) < 0.7


def test_baselines_of_numbers() -> None:
    known, wanted = np.array([[1.0], [3.0]]), np.array([[2.0], [4.0]])
    assert baselines.mean_target(example(None, known, None, wanted)) == np.sqrt(2)
    user, item = np.divmod(np.arange(30), 5)
    rating = (DRAW.normal(size=6)[user] + DRAW.normal(size=5)[item])[:, None]
    given = {"user": user, "item": item}
    assert baselines.additive(example(given, rating, given, rating)) < 1e-10
    x = DRAW.normal(size=(400, 16)) @ DRAW.normal(size=(16, 40)) + 2
    assert baselines.principal(example(x[:300], None, x[300:], None)) < 1e-8
    assert baselines.mean_picture(example(x[:300], None, x[300:], None)) == pytest.approx(x.std(), rel=0.2)


def test_the_naive_forecast_of_the_series() -> None:
    kept = SPECS["stock_gru"]
    assert kept.data is not None
    series = baselines.volatility(kept.data.options)
    held = 1000
    run = SimpleNamespace(spec=kept, examples=SimpleNamespace(test=(None, np.empty((held, 1)))))
    steps = np.diff(series.y)[-held:]
    assert baselines.naive(run) == pytest.approx(np.sqrt(np.mean(steps**2)))  # type: ignore[arg-type]
    assert baselines.window_mean(run) > 0  # type: ignore[arg-type]


def test_the_bigram_counts_pairs() -> None:
    tokens = DRAW.integers(3, size=(50, 9))
    cycle = (np.arange(9) + np.arange(50)[:, None]) % 3
    # letters without order are as uncertain as three, those in a circle are certain
    for drawn, perplexity, within in ((tokens, 3, 0.15), (cycle, 1, 0.05)):
        run = example(drawn[:, :-1], drawn[:, 1:], drawn[:, :-1], drawn[:, 1:])
        run.examples = replace(run.examples, alphabet=Alphabet("abc"))
        assert baselines.bigram(run) == pytest.approx(perplexity, abs=within)


def test_brightness_finds_what_stands_out() -> None:
    x = 0.1 * DRAW.normal(size=(20, 1, 8, 8))
    y = np.zeros_like(x)
    y[:, :, 2:4, 3:5] = 1
    assert baselines.brightness(example(x + y, y, x - y, y)) > 0.9


def test_the_command_trains_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    for name in ("DOCUMENT", "README", "IMAGES"):
        monkeypatch.setattr(document, name, tmp_path / getattr(document, name).name)
    monkeypatch.setattr(command, "DOCUMENT", document.DOCUMENT)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    other = document.table({"user_layer": PAGE["user_layer"]})
    document.DOCUMENT.write_text(f"# The zoo\n\n{other}\n")
    document.README.write_text(f"# Title\n\n## Zoo\n\nWords.\n\n{other}\n\n## Limits\n\nNone.\n")
    monkeypatch.chdir(tmp_path)
    assert command.main(["breast_cancer_mlp"]) == 0
    first = document.rows_of(document.DOCUMENT.read_text())
    assert first["user_layer"] == PAGE["user_layer"]
    assert first["breast_cancer_mlp"][:3] == PAGE["breast_cancer_mlp"][:3]
    readme = document.README.read_text()
    assert document.rows_of(readme) == first
    assert readme.startswith("# Title\n\n## Zoo\n\nWords.\n\n|")
    assert readme.endswith("|\n\n## Limits\n\nNone.\n")
    (picture,) = document.IMAGES.iterdir()
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert command.main(["breast_cancer_mlp"]) == 0
    assert document.rows_of(document.DOCUMENT.read_text()) == first, "a run that is complete is measured, not trained"
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["breast_cancer_mlp"]
