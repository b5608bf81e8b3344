"""Documents set by real TeX engines, and what their logs say: nothing is missing, undefined, or wider than the page.

One small network is set by default; every spec of the repository, by every engine and in both languages, by
`make test-slow`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Literal

import pytest

from symbp import pipeline
from symbp.derive.derivation import Derivation
from symbp.explain import mathematics as m
from symbp.explain.choices import Choices
from symbp.explain.document import NoModule
from symbp.explain.notations import NOTATIONS
from symbp.spec import read_spec
from symbp.spec.model import NetworkSpec
from symbp.targets.latex.mathematics import write

ROOT = Path(__file__).resolve().parents[3]
SPECS = sorted(path.stem for path in ROOT.glob("specs/*.yaml"))
ENGINES = ("pdflatex", "xelatex", "lualatex")
RUNS = 2  # tables and links have their places then
OVER = 5.0  # points beyond the margin that nobody sees
MATTERS = (
    r"^!.*",
    r"^.*Missing character.*",
    r"^.*(?:undefined|multiply[- ]defined|Rerun to|Size substitutions).*",
    r"^(?:LaTeX|Package|Class) .*Warning.*",
)
HARMLESS = "does not contain requested"  # a script's name: the Fandol fonts have the signs, and do not say so


def complaints(log: str) -> list[str]:
    """The lines of a log that say that something cannot be read as it was meant."""
    wide = re.findall(r"^(Overfull \\hbox \(([\d.]+)pt too wide\).*)", log, re.MULTILINE)
    found = [line for line, points in wide if float(points) > OVER]
    found += [line for pattern in MATTERS for line in re.findall(pattern, log, re.MULTILINE)]
    return [line for line in found if HARMLESS not in line]


def typeset(source: str, engine: str, folder: Path) -> str:
    """The log of the last run."""
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed")
    (folder / "document.tex").write_text(source, encoding="utf-8")
    for _ in range(RUNS):
        done = subprocess.run(
            [engine, "-no-shell-escape", "-interaction=nonstopmode", "document.tex"],
            cwd=folder,
            env={**os.environ, "max_print_line": "10000"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=300,
            check=False,
        )
    assert (folder / "document.pdf").exists(), done.stdout[-2000:]
    return (folder / "document.log").read_text(encoding="utf-8", errors="replace")


@cache
def derived(name: str) -> tuple[NetworkSpec, Derivation, str | NoModule]:
    spec = read_spec(ROOT / "specs" / f"{name}.yaml")
    return spec, *pipeline.derive_and_emit(spec)


def document(name: str, language: Literal["en", "zh"] = "en", level: Literal["steps", "full"] = "full") -> str:
    spec, derivation, code = derived(name)
    return pipeline.explain(spec, derivation, "latex", Choices(level=level, language=language), code=code)


def test_a_document_is_set_without_a_complaint(tmp_path: Path) -> None:
    engine = next((engine for engine in ENGINES if shutil.which(engine)), None)
    if engine is None:
        pytest.skip(f"no TeX engine is installed: looked for {', '.join(ENGINES)}")
    assert complaints(typeset(document("digits_mlp", level="steps"), engine, tmp_path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_document_is_set_by_every_engine(name: str, engine: str, tmp_path: Path) -> None:
    assert complaints(typeset(document(name), engine, tmp_path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_every_document_is_set_in_chinese(name: str, tmp_path: Path) -> None:
    assert complaints(typeset(document(name, "zh"), "xelatex", tmp_path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mnist_resnet", "names_lstm", "shakespeare_transformer"])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_large_documents_are_set_in_every_notation(name: str, notation: str, tmp_path: Path) -> None:
    spec, derivation, code = derived(name)
    source = pipeline.explain(spec, derivation, "latex", Choices(notation=notation), code=code)
    assert complaints(typeset(source, "pdflatex", tmp_path)) == []


def test_a_transposed_derivative_has_one_superscript() -> None:
    cotangent = m.Differential(m.Name("Q", layer="3", matrix=True, marks="[]"))
    assert write(m.Transposed(cotangent)) == r"dQ^{[3] \top}"
    assert write(m.Transposed(m.Differential(m.Name("X")))) == r"dX^{\top}"


BAD = r"""
\documentclass{article}
\begin{document}
\noindent\hbox to 2\textwidth{wide} \ref{nowhere} \undefinedmacro é{\fontencoding{OT1}\selectfont\char"200}
\end{document}
"""


def test_what_matters_is_seen(tmp_path: Path) -> None:
    found = "\n".join(complaints(typeset(BAD, "pdflatex", tmp_path)))
    for part in ("Overfull", "Reference `nowhere'", "! Undefined control sequence", "! Bad character code"):
        assert part in found
