"""README.md is true: its commands run, its files are read, its output and its code are those of today."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from click.testing import CliRunner
from readme import ROOT, Block, blocks, first_column, matches, prose

from symbp import pipeline
from symbp.catalog.entry import Entry, Option, ParameterRow
from symbp.cli import main
from symbp.forward.rows import formula_of
from symbp.spec import read_spec
from symbp.spec.listing import GROUPS
from symbp.spec.schema import Source, SpecModel


def symbp(line: str) -> tuple[int, str]:
    """The exit status and the output of a command line, run in this process, which has its imports already."""
    program, *arguments = shlex.split(line, comments=True)
    assert program == "symbp"
    result = CliRunner().invoke(main, arguments, env={"SYMBP_DATA": None}, catch_exceptions=False)
    return result.exit_code, result.output


def run_shell(block: Block) -> None:
    for line in block.text.splitlines():
        if line.startswith("symbp "):
            status, output = symbp(line)
        else:
            line = re.sub(r"^python\b", shlex.quote(sys.executable), line)
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120)
            status, output = done.returncode, done.stdout + done.stderr
        assert status == 0, f"README.md, line {block.line}: {line}\n{output}"


def run_python(block: Block) -> None:
    command = [sys.executable, "-W", "error", "-c", block.text]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"README.md, line {block.line}:\n{done.stderr}"


def compare_output(block: Block) -> None:
    command, _, expected = block.text.partition("\n")
    _, printed = symbp(command.removeprefix("$ "))
    assert matches(expected, printed), f"README.md, line {block.line}: {command} printed\n{printed}"


def find_excerpt(block: Block, file: str) -> None:
    assert block.text in Path(file).read_text(encoding="utf-8"), f"README.md, line {block.line}: not in {file} as it is"


def compare_row(block: Block, file: str, layer: str) -> None:
    names = {"Entry": Entry, "Option": Option, "ParameterRow": ParameterRow}
    row: Entry = eval(block.text, names)  # the README's own text
    defined = next(d.entry for d in read_spec(file).definitions if d.entry.name == layer)
    values = {"rank": 2, "units": 3}
    here, there = (formula_of(entry, values, 2).formula for entry in (row, defined))
    assert [(e.target, e.body) for e in here.equations] == [(e.target, e.body) for e in there.equations]
    assert [replace(p, decays=True) for p in row.parameters] == list(defined.parameters)
    assert dict(row.sizes) == dict(defined.sizes)
    assert {o.name for o in row.options} == {o.name for o in defined.options}


def test_the_readme_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tried = 0
    for block in blocks():
        match block.directive, block.language:
            case ("file", name), "yaml":
                Path(name).write_text(block.text, encoding="utf-8")
            case ("run",), "sh":
                run_shell(block)
            case ("run",), "python":
                run_python(block)
            case ("output",), "console":
                compare_output(block)
            case ("excerpt", file), "python":
                find_excerpt(block, file)
            case ("row", file, layer), "python":
                compare_row(block, file, layer)
            case ("make",), "sh":
                pass  # test_make_runs_what_the_readme_says
            case _:
                pytest.fail(f"README.md, line {block.line}: a block that nothing tries")
        tried += 1
    assert tried > 10


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_runs_what_the_readme_says(tmp_path: Path) -> None:
    (block,) = (block for block in blocks() if block.directive == ("make",))
    assert block.text.split() == ["make", "demo", "make", "test"]
    would = {}
    for target in ("demo", "test"):
        command = ["make", "--dry-run", f"VENV={tmp_path}/venv", "SYMBP_DATA=", target]
        would[target] = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(r"-m venv .*\n.*pip install", would["demo"])
    commands = re.findall(r"/symbp (\w+) (\S+)", would["demo"])
    assert [name for name, _ in commands] == ["generate", "check", "derive", "train"]
    assert all((ROOT / spec).is_file() for _, spec in commands)
    assert "-m pytest" in would["test"]


def test_the_demo_trains_without_data_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status, output = symbp(f"symbp train {ROOT}/specs/digits_mlp.yaml --epochs 1 --quiet")
    assert status == 0, output
    assert {path.name for path in Path("runs/digits_mlp").iterdir()} >= {"loss.png", "metrics.csv", "checkpoint.npz"}


def test_tables_are_complete() -> None:
    assert [cell.strip("`") for cell in first_column("A spec")] == list(SpecModel.model_fields)
    assert [re.match(r"`symbp (\w+)", cell)[1] for cell in first_column("Commands")] == list(main.commands)  # type: ignore[index]
    assert re.findall(r"`(\w+)`", " ".join(first_column("Data"))) == list(get_args(Source))
    kinds = re.search(r"`symbp list` shows every (.+?) with its\s+formula", prose())
    assert kinds is not None
    assert len(re.split(r", | and ", " ".join(kinds[1].split()))) == len(GROUPS)


@pytest.fixture(scope="module")
def module() -> ModuleType:
    return pipeline.load_module(pipeline.generate(read_spec(ROOT / "specs" / "digits_mlp.yaml")))


def test_the_module_offers_what_the_table_says(module: ModuleType) -> None:
    cells = first_column("What a module offers")
    for name in re.findall(r"`(\w+)", " ".join(cells)):
        assert hasattr(module, name), name
    public = {name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__}
    told = set(re.findall(r"`(\w+)", " ".join(cells)))
    assert {name for name in public if not name.startswith("_")} - told <= {"Parameters", "Reading", "main"}


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [("a\n...\nb", "a\nx\ny\nb\n", True), ("a", "a b", False), ("a...", "a b", True), ("a.b", "axb", False)],
)
def test_output_is_compared_literally_but_for_dots(expected: str, printed: str, same: bool) -> None:
    assert matches(expected, printed) is same
