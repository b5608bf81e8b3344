"""Specs from strangers: each is refused in a few lines, or becomes a module that does nothing but arithmetic.

The first line of every file in `hostile/` says which: `# refused: what the message holds`, or `# generated`.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from spec.cases import spec
from spec.watch import watched

from symbp.cli import main

FOLDER = Path(__file__).parent / "hostile"
FILES = sorted(FOLDER.glob("*.yaml"))
MODULES = {"__future__", "collections.abc", "itertools", "math", "numpy", "numpy.typing", "os", "sys", "threading"}
MODULES |= {"types", "typing"}
SECONDS = 5.0  # of processor time, until a spec is refused; most take a hundredth
LARGE = {
    "many layers": spec(layers="layers:\n" + "  - dense: 3\n" * 10**5),
    "many lines": spec(*[f"key_{i}: 1" for i in range(9000)]),
    "many wrong layers": spec(layers="layers:\n" + "".join(f"  - xdensex{i}\n" for i in range(9000))),
    "many values": spec(f"description: [{', '.join(['1'] * 60000)}]"),
    "many definitions": spec("define:\n  activations:\n" + "".join(f"    own_{i}: a = q\n" for i in range(5000))),
    "a long line": spec("description: " + "a" * 250_000),
    "a long comment": "#" * 250_000 + "\n" + spec("quux: 1"),
    "ten megabytes": spec() + " " * 10**7,
    "a long name": spec(loss="loss: " + "a" * 200_000),
    "a long number": spec(input="input: " + "1" * 200_000),
    "nothing but brackets": "[" * 200_000,
    "nothing but dashes": "- " * 100_000,
    "nothing but quotes": '"' * 200_001,
    "nothing but spaces": " " * 200_000 + "x: [",
}


@pytest.fixture(scope="module", autouse=True)
def everything_is_imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A first run, so that nothing is loaded from disk while others are watched."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "first.yaml").write_text(spec(name="name: first"))
    run(folder, "generate", folder / "first.yaml", "-o", "out")


def run(folder: Path, command: str, path: Path, *arguments: str) -> tuple[Result, list[str]]:
    """The command in a folder of its own, and what it did that no command should."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        with watched(folder) as suspicious:
            result = CliRunner().invoke(main, [command, str(path), *arguments])
    finally:
        os.chdir(before)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result, suspicious


def refused(folder: Path, path: Path) -> str:
    """The message, after everything that holds for every refusal."""
    start = time.process_time()
    result, suspicious = run(folder, "generate", path, "-o", "out")
    assert time.process_time() - start < SECONDS
    assert result.exit_code == 2, result.output
    assert suspicious == []
    assert list(folder.iterdir()) == []
    assert result.stdout == ""
    message = result.stderr
    assert message.startswith(f"symbp: {path}:")
    assert message.count("\n") <= 20
    assert len(message.replace(str(path), "")) < 3000
    assert all(c.isprintable() or c == "\n" for c in message)
    return message


@pytest.mark.parametrize("path", FILES, ids=[f.stem for f in FILES])
def test_a_hostile_spec(path: Path, tmp_path: Path) -> None:
    head = path.read_bytes().split(b"\n")[0].decode().rstrip().removeprefix("# ")
    outcome, _, fragment = head.partition(": ")
    if outcome == "refused":
        assert fragment
        assert fragment in refused(tmp_path, path)
        return
    assert outcome == "generated"
    result, suspicious = run(tmp_path, "generate", path, "-o", "out")
    assert result.exit_code == 0, result.output
    assert suspicious == []
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["victim.py", "victim.tex"]
    for form in ("markdown", "text"):
        result, suspicious = run(tmp_path, "derive", path, "--format", form, "-o", "out")
        assert result.exit_code == 0, result.output
        assert suspicious == []
    harmless(tmp_path)


def harmless(folder: Path) -> None:
    """The module imports what it may and passes its own check without a trace; documents hold no live markup."""
    module, latex, markdown, text = ((folder / f"out/victim.{end}").read_text() for end in ("py", "tex", "md", "txt"))
    tree = ast.parse(module)
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert imported <= MODULES
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "out/victim.py"], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(folder.iterdir()) == [folder / "out"]
    for command in (r"\input{", r"\write", r"\catcode", r"\include"):
        assert command not in latex
    assert latex.count(r"\end{document}") == 1
    live = re.sub(r"\\[!-/:-@\[-`{-~]", "", markdown)  # without what a backslash escapes
    assert re.findall(r"<[A-Za-z/]|\]\(", live) == []
    assert all(c.isprintable() or c == "\n" for c in module + latex + text)


@pytest.mark.parametrize("name", LARGE)
def test_a_large_spec(name: str, tmp_path: Path) -> None:
    path = tmp_path / "victim.yaml"
    path.write_text(LARGE[name])
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", path)
