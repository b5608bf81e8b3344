"""Documents in each format: balanced, escaped, within the page, and compiled where a TeX engine is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from explained import (
    ACTIVATIONS,
    LOSSES,
    assert_balanced,
    momentum,
    perceptron,
    with_activation,
    with_loss,
)

from symbp.derive.derivation import Derivation
from symbp.explain import mathematics as m
from symbp.explain.choices import Choices
from symbp.explain.document import Code, Display, Document, Heading, Listing, Paragraph, Passage, Table
from symbp.targets.explanation import Format, render
from symbp.targets.latex import document as latex
from symbp.targets.markdown import document as markdown
from symbp.targets.text import document as text

HOSTILE = r"\input{/etc/passwd} $x$ & 100% #1 _a_ {b} ~ ^ <script> | `c` *d* [e](f) é 反 \end{document}"
ENGINE = shutil.which("pdflatex") or shutil.which("xelatex") or shutil.which("tectonic")


NETWORKS: dict[str, Callable[[], Derivation]] = {
    "perceptron": perceptron,
    **{name: partial(with_activation, name) for name in ACTIVATIONS},
    **{name: partial(with_loss, name) for name in LOSSES},
}


def hostile() -> Document:
    inline = ("before ", HOSTILE, " ", Code(HOSTILE), m.Name("x"))
    parts = (
        Heading(1, inline),
        Paragraph(inline),
        Table((inline,), ((inline,),)),
        Display((m.Line(None, m.Name("x")),)),
    )
    return Document(HOSTILE, parts)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("format", ["latex", "markdown"])
def test_sources_are_balanced(name: str, format: Format) -> None:
    source = render(NETWORKS[name](), format, updates=[momentum()])
    if format == "markdown":
        source = re.sub(r"`[^`\n]*`", "", source)
    assert_balanced(source)


@pytest.mark.parametrize(
    "broken",
    [r"\begin{a}", r"\begin{a}\end{b}", "{", "}", "$x", r"\left( x", r"\left( { \right)}", "$$ $ $$", r"\right)"],
)
def test_the_reader_of_balance_sees_what_is_not(broken: str) -> None:
    with pytest.raises(AssertionError):
        assert_balanced(broken)


def test_user_strings_are_escaped_in_latex() -> None:
    source = latex.write(hostile())
    assert_balanced(source)
    assert source.count(r"\end{document}") == 1
    assert r"\input" not in source
    assert "反" not in source
    assert "é" in source


def test_code_keeps_its_indentation_in_latex() -> None:
    """A space at the start of a line is lost in LaTeX, a measured one is not."""
    code = ("for u in range(2):", "    y[u] = 0")
    source = latex.write(Document("code", (Listing((Passage("b", 7, 1, 2, code),)),)))
    assert r"\code{7}{for\ u\ in\ range(2):\newline \hspace*{2.1em}y[u]\ =\ 0}" in source


def test_user_strings_are_escaped_in_markdown() -> None:
    source = markdown.write(Document(HOSTILE, (Paragraph(("before ", HOSTILE, " ", Code(HOSTILE))),)))
    prose = re.sub(r"^# |`[^`\n]*`", "", source)  # without the mark of the heading and the code
    assert prose.count("script") == 2
    assert not re.findall(r"(?<!\\)[$_*\[\]<>|#&`{}!~]", prose)


def test_control_characters_never_reach_the_terminal() -> None:
    document = Document("a\x1b[31mb", (Paragraph(("c\x07d\ne", Code("f\rg"))),))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text.write(document))


@pytest.mark.parametrize("name", NETWORKS)
def test_text_fits_its_columns(name: str) -> None:
    wide = [line for line in render(NETWORKS[name](), "text").splitlines() if len(line) > text.COLUMNS]
    assert all("{ " in line or "  " in line.strip() for line in wide), "only tables and cases may be wider"


def test_markdown_lines_of_mathematics_never_start_a_list_or_heading() -> None:
    for derive in NETWORKS.values():
        source = render(derive(), "markdown")
        for display in re.findall(r"^\$\$$(.*?)^\$\$$", source, re.DOTALL | re.MULTILINE):
            assert not re.search(r"^\s*([-+*#>=]|\d+\.)", display.strip("\n"), re.MULTILINE)


def test_only_macros_that_githubs_mathjax_allows() -> None:
    source = render(perceptron(), "markdown")
    assert not re.search(r"\\(operatorname|newcommand|def|let|bigl?\b(?![(\[]))", source)


def test_rendering_twice_gives_the_same_bytes() -> None:
    for format in ("html", "latex", "markdown", "text"):
        assert render(perceptron(), format) == render(perceptron(), format)


def compiled(source: str, folder: Path) -> str:
    """The log of a compilation, which must succeed."""
    assert ENGINE is not None
    (folder / "document.tex").write_text(source, encoding="utf-8")
    options = [] if Path(ENGINE).name == "tectonic" else ["-interaction=nonstopmode", "-halt-on-error"]
    run = subprocess.run([ENGINE, *options, "document.tex"], cwd=folder, capture_output=True, check=False, timeout=120)
    log = run.stdout.decode(errors="replace")
    assert run.returncode == 0, log[-2000:]
    return log


@pytest.mark.skipif(ENGINE is None, reason="no TeX engine is installed")
@pytest.mark.parametrize("name", ["perceptron", "worksheet", "hostile", "gelu_tanh", "selu", "cosine", "gaussian_nll"])
def test_documents_compile_and_nothing_leaves_the_page(name: str, tmp_path: Path) -> None:
    if name == "hostile":
        compiled(latex.write(hostile()), tmp_path)
        return
    derivation, choices = NETWORKS.get(name, perceptron)(), Choices(worksheet=name == "worksheet")
    log = compiled(render(derivation, "latex", choices, updates=[momentum()]), tmp_path)
    assert "multiply" not in log, "a place that two links lead to"
    wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([0-9.]+)pt too wide", log)]
    assert max(wide, default=0.0) < 1.0, "points beyond the margin"


def test_a_networks_name_is_data() -> None:
    derivation = perceptron()
    renamed = replace(derivation, network=replace(derivation.network, name=HOSTILE))
    assert_balanced(render(renamed, "latex"))
