"""Imports point one way: each room of symbp reads only rooms below it, and of a neighbouring stage only its data."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import symbp

ROOT = Path(symbp.__file__).parent
BASE = {"errors", "files", "means", "__init__"}  # what any room may use

# Of each room, the rooms that it may read, and of another stage the modules that hold its data.
ALLOWED: dict[str, set[str]] = {
    "formula": set(),
    "matrices": {"formula"},
    "catalog": set(),
    "spec": {"catalog", "formula.grammar", "formula.families"},
    "forward": {"catalog", "formula", "spec.model"},
    "derive": {"formula", "forward.network"},
    "program": {"formula", "forward.network", "derive.derivation"},
    "explain": {"formula", "forward.network", "derive.derivation"},
    "targets": {
        *("catalog", "formula", "explain"),
        *("spec.model", "forward.network", "derive.derivation"),
        *("matrices.find", "matrices.tree"),
        *("program.program", "program.operations", "program.operands", "program.slices", "program.plan"),
        *("program.optimize", "program.cost", "program.library", "program.runs"),
    },
    "pipeline": {"formula", "spec.model", "forward", "derive", "program", "explain", "targets"},
    "verify": {"formula", "spec.model", "forward", "derive", "program", "pipeline", "targets.load"},
    "expression": {
        *("formula", "matrices", "derive", "explain", "forward.rows", "forward.inline", "verify.samples"),
        *("targets.explanation", "targets.function.code", "targets.function.emit", "targets.load", "targets.notebook"),
    },
    "audit": {
        *("catalog", "formula", "matrices.find", "matrices.tree", "derive", "spec.model", "spec.yaml", "spec.read"),
        *("forward.build", "forward.network", "forward.rows", "forward.inline"),
        *("expression.read", "expression.closed", "explain.notations", "explain.layout", "explain.identifiers"),
    },
    "plan": {
        "pipeline",
        "program.cost",
        "program.operands",
        "program.operations",
        "program.plan",
        "program.program",
        "program.runs",
        "targets.numpy",
        "targets.numpy.routines",
    },
    "training": {"forward.network", "forward.comparison", "spec.model"},
    "cli": {
        "spec",
        "pipeline",
        "plan",
        "expression",
        "audit",
        "verify",
        "training",
        "targets.write",
        "targets.text.paint",
        "explain.choices",
        "explain.notations",
        "explain.words.languages",
    },
    "__main__": {"cli"},
    "errors": set(),
    "files": set(),
    "means": set(),
    "notebook": {
        *("spec", "spec.model", "pipeline", "derive.derivation", "explain"),
        *("targets.explanation", "targets.notebook"),
    },
    "__init__": {"notebook", "expression"},
}
STAGES = ("spec", "forward", "derive", "program", "targets")  # in the order of the pipeline
DATA = {  # functions that only read the data of their stage, and so may be called by a later one
    "program.operands": {"reads", "renamed", "is_alias", "is_stop", "is_stored", "needed", "written"},
    "program.cost": {"bytes_of", "entries"},
    "program.plan": {"common", "in_order", "numbers"},
    "program.runs": {"addition", "runs"},
    "program.slices": {"extents_of", "sliced", "loops"},
}


@dataclass(frozen=True)
class Import:
    """`source` imports `name` from `module` (a name within symbp, such as `derive.derivation`)."""

    source: str
    module: str
    name: str
    line: int
    types_only: bool = False  # under `if TYPE_CHECKING`

    def __str__(self) -> str:
        return f"symbp/{self.source.replace('.', '/')}.py:{self.line} imports {self.name or 'all'} from {self.module}"


def _room(module: str) -> str:
    return module.partition(".")[0]


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "templates" in parts:
            continue
        yield ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts), ast.parse(path.read_text())


def _imports() -> Iterator[Import]:
    """Every import of symbp's own, at the top of a module or inside a function."""
    names = {name for name, _ in _modules()}
    for source, tree in _modules():
        guarded = {
            id(node)
            for block in ast.walk(tree)
            if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
            for node in ast.walk(block)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.partition(".")[0] == "symbp":
                        yield Import(source, alias.name.partition(".")[2] or "__init__", "", node.lineno)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{source}: imports are written in full"
                package, _, module = (node.module or "").partition(".")
                for alias in node.names if package == "symbp" else ():
                    inner = f"{module}.{alias.name}" if module else alias.name
                    if inner in names or (_room(inner) in ALLOWED and not module and alias.name in ALLOWED):
                        yield Import(source, inner, "", node.lineno, id(node) in guarded)
                    else:
                        yield Import(source, module or "__init__", alias.name, node.lineno, id(node) in guarded)


IMPORTS = tuple(_imports())


def _allowed(import_: Import) -> bool:
    source, room = _room(import_.source), _room(import_.module)
    if room in (source, *BASE):
        return True
    return room in ALLOWED[source] or import_.module in ALLOWED[source]


def test_every_module_is_in_a_room() -> None:
    rooms = {_room(name) for name, _ in _modules()}
    assert rooms == set(ALLOWED)
    assert len(IMPORTS) > 500


def test_rooms_read_only_what_they_may() -> None:
    assert [str(i) for i in IMPORTS if not _allowed(i)] == []


def test_nothing_is_allowed_that_nothing_reads() -> None:
    read = {(_room(i.source), i.module) for i in IMPORTS} | {(_room(i.source), _room(i.module)) for i in IMPORTS}
    assert [
        (room, module) for room, modules in ALLOWED.items() for module in modules if (room, module) not in read
    ] == []


def test_rooms_have_an_order() -> None:
    """No circle of rooms."""
    reads = {room: {_room(i.module) for i in IMPORTS if _room(i.source) == room} - {room, *BASE} for room in ALLOWED}
    done: set[str] = set()
    while ready := [room for room in reads if room not in done and reads[room] <= done | BASE]:
        done |= set(ready)
    assert set(reads) == done
    assert reads["formula"] == set(), "the language is at the bottom"
    assert all("targets" not in reads[room] for room in (*STAGES[:-1], "explain")), "no stage knows a target"
    assert {room for room in reads if "pipeline" in reads[room]} == {"verify", "plan", "notebook", "cli"}


def test_modules_have_an_order() -> None:
    """No circle of modules within a room either."""
    names = {name for name, _ in _modules()}
    reads: dict[str, set[str]] = {name: set() for name in names}
    for i in IMPORTS:
        reads[i.source] |= set() if i.types_only else {i.module} & names - {i.source, "__init__"}
    done: set[str] = set()
    while ready := [name for name in reads if name not in done and reads[name] <= done]:
        done |= set(ready)
    assert set(reads) - done == set()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reads_data_of_other_stages_not_functions(stage: str) -> None:
    for i in IMPORTS:
        other = _room(i.module)
        if _room(i.source) != stage or other == stage or other not in STAGES or not i.name:
            continue
        value = getattr(importlib.import_module(f"symbp.{i.module}"), i.name)
        if i.name not in DATA.get(i.module, ()):
            assert not inspect.isfunction(value), str(i)


def test_a_second_target_exists() -> None:
    assert {p.name for p in (ROOT / "targets").iterdir() if p.is_dir() and p.name != "__pycache__"} >= {
        "numpy",
        "latex",
    }


def test_an_import_that_points_up_would_be_seen() -> None:
    assert not _allowed(Import("formula.parse", "catalog.entry", "Entry", 1))
    assert not _allowed(Import("derive.derive", "program.lower", "lower_equation", 1))
    assert not _allowed(Import("program.lower", "derive.derive", "derive_formula", 1))
    assert not _allowed(Import("explain.outline", "targets.latex", "", 1))
