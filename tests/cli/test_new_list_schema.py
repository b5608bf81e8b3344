"""`symbp new`, `symbp list` and `symbp schema`: what they show is what the other commands take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.command import refused, run
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from spec.cases import spec

from symbp.catalog import KINDS, entries
from symbp.spec import parse_spec
from symbp.spec.jsonschema import spec_schema

ROOT = Path(__file__).resolve().parent.parent.parent
VALIDATOR = Draft202012Validator(spec_schema())
REFUSED = {  # specs that editors mark, with the path of the mark
    "no loss": (spec(loss=None), []),
    "an unknown key": (spec("epoch: 3"), []),
    "a text for a number": (spec("training: {epochs: many}"), ["training", "epochs"]),
    "a number too small": (spec("training: {batch_size: 0}"), ["training", "batch_size"]),
    "an unknown key below": (spec("training: {epoch: 3}"), ["training"]),
    "an unknown source": (spec("data: {source: mnst}"), ["data"]),
    "another dtype": (spec("dtype: float16"), ["dtype"]),
    "no layers": (spec(layers="layers: []"), ["layers"]),
    "layers that are none": (spec(layers="layers: dense"), ["layers"]),
    "a wrong option": (spec(layers="layers: [{dense: {units: 3, unit: 4}}]"), ["layers", 0]),
    "an option out of range": (spec(layers="layers: [{dense: {units: 0}}]"), ["layers", 0]),
    "an option of another type": (spec(loss="loss: {huber: {delta: one}}"), ["loss"]),
    "an option out of choice": (spec(loss="loss: {mse: {reduction: average}}"), ["loss"]),
    "two uses in one": (spec(loss="loss: {mse: {}, mae: {}}"), ["loss"]),
}


def plain(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_a_new_spec_generates_and_trains() -> None:
    assert run("new", "first").stdout == "first.yaml\n"
    assert run("generate", "first.yaml", "-o", "out").exit_code == 0
    assert sorted(p.name for p in Path("out").iterdir()) == ["first.py", "first.tex"]
    done = run("train", "first.yaml", "--epochs", 2, "--run", "run", "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    assert Path("run/first.npz").exists()


def test_what_a_new_spec_comments_out_is_valid() -> None:
    run("new", "first")
    text = Path("first.yaml").read_text()
    parse_spec(text.replace("# schedule", "schedule").replace("# clip", "clip").replace("# penalty", "penalty"))
    commented = text[text.index("# define:") :]
    parse_spec(text.replace(commented, commented.replace("# ", "")))
    assert VALIDATOR.is_valid(plain(text))


def test_a_spec_is_never_overwritten(folder: Path) -> None:
    Path("mine.yaml").write_text("mine")
    assert refused("new", "mine") == "symbp: mine.yaml exists and is left as it is; choose another name\n"
    Path("broken.yaml").symlink_to("nowhere")
    assert "broken.yaml exists" in refused("new", "broken")
    assert Path("mine.yaml").read_text() == "mine"
    assert sorted(p.name for p in folder.iterdir()) == ["broken.yaml", "mine.yaml", "small.yaml"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../up", "'../up' is not a name"),
        ("/tmp/up", "'/tmp/up' is not a name"),
        ("a.b", "'a.b' is not a name"),
        ("class", "`class` has a meaning of its own in Python"),
        ("os", "`os` is a module of Python's own"),
        ("{0}", "'{0}' is not a name"),
        ("\x1b[31m", "'\\x1b[31m' is not a name"),
    ],
)
def test_names_that_cannot_be_used(name: str, reason: str, folder: Path) -> None:
    assert reason in refused("new", name)
    assert [p.name for p in folder.iterdir()] == ["small.yaml"]


@pytest.mark.parametrize(
    ("output", "reason"), [("small.yaml", "is a file"), ("small.yaml/x", "Not a directory"), ("x" * 300, "too long")]
)
def test_folders_that_cannot_be_written(output: str, reason: str, folder: Path) -> None:
    assert reason in refused("new", "first", "-o", output)
    assert [p.name for p in folder.iterdir()] == ["small.yaml"]


def test_the_list_shows_every_row() -> None:
    shown = run("list").stdout
    missing = [entry.name for kind in KINDS for entry in entries(kind) if entry.name not in shown]
    assert missing == []
    assert "huber" in run("list", "losses").stdout
    assert "adam" not in run("list", "losses").stdout
    assert run("list", "quux").exit_code == 2


def test_the_schema_is_a_schema() -> None:
    shown = json.loads(run("schema").stdout)
    assert shown == spec_schema()
    Draft202012Validator.check_schema(shown)


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_schema_takes_what_symbp_takes(path: Path) -> None:
    parse_spec(path.read_bytes())
    assert [e.message for e in VALIDATOR.iter_errors(plain(path.read_text()))] == []


@pytest.mark.parametrize("name", REFUSED)
def test_the_schema_refuses_what_symbp_refuses(name: str) -> None:
    text, path = REFUSED[name]
    errors = list(VALIDATOR.iter_errors(plain(text)))
    assert [list(e.absolute_path) for e in errors] == [path]
    with pytest.raises(Exception, match="spec"):
        parse_spec(text)


@pytest.mark.parametrize("kind", ["layer", "activation", "loss", "optimizer", "schedule", "clipping", "penalty"])
def test_the_schema_takes_every_row(kind: Any) -> None:
    for entry in entries(kind):
        needed = {
            o.name: [3] * max(1, len(o.names)) if o.type == "shape" else 3 for o in entry.options if o.default is None
        }
        use: Any = {entry.name: needed} if needed else entry.name
        key = {"clipping": "clip", "layer": "layers", "activation": "layers"}.get(kind, kind)
        data = plain(spec()) | {key: [use] if key == "layers" else use}
        assert [e.message for e in VALIDATOR.iter_errors(data)] == [], entry.name
