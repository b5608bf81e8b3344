"""Documents in Chinese: nothing of them is left in English but names, and characters stand apart from formulas."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from explained import ACTIVATIONS, LOSSES, assert_balanced, momentum, perceptron, with_activation, with_loss

from symbp.derive.derivation import Derivation
from symbp.explain import mathematics as m
from symbp.explain.choices import Choices
from symbp.explain.document import Code, Derived, Document, Heading, Inline, Paragraph, Table
from symbp.explain.outline import explain
from symbp.explain.words.called import called
from symbp.explain.words.formulas import spoken
from symbp.explain.words.languages import LANGUAGES
from symbp.targets.explanation import WRITERS, Format
from symbp.targets.text.document import COLUMNS
from symbp.targets.text.mathematics import write

CHINESE = LANGUAGES["zh"]
NETWORKS: dict[str, Callable[[], Derivation]] = {
    "perceptron": perceptron,
    **{name: partial(with_activation, name) for name in ACTIVATIONS},
    **{name: partial(with_loss, name) for name in LOSSES},
}
ENGINE, FINDER = shutil.which("xelatex"), shutil.which("kpsewhich")
KNOWN = {"NumPy", "argmax"}  # words that Chinese has no others for
HAN = "[\u3400-\u9fff]"


def document(name: str) -> Document:
    return explain(NETWORKS[name](), Choices(language="zh"), updates=[momentum()])


def said(name: str) -> Iterator[str]:
    """The prose of a document, a dot for each formula or name, without what is quoted as it stands."""
    whole, derivation = document(name), NETWORKS[name]()
    formulas = (*(derived.formula for derived in derivation.formulas.values()), momentum().formula)
    quoted = [derivation.network.name, *(formula.source for formula in formulas if formula.source)]
    for text in (whole.title, *map(prose, pieces(whole))):
        for each in quoted:
            text = text.replace(each, "·")
        yield text


def pieces(document: Document) -> Iterator[Inline]:
    for part in document.parts:
        match part:
            case Heading(text=text) | Paragraph(text=text):
                yield text
            case Derived(rule=rule, reason=reason):
                yield (rule, part.then, *reason)
            case Table(header=header, rows=rows):
                yield from (*header, *(cell for row in rows for cell in row))


def prose(text: Inline) -> str:
    return "".join(piece if isinstance(piece, str) else "·" for piece in text)


@pytest.mark.parametrize("name", NETWORKS)
def test_no_english_is_left(name: str) -> None:
    rows = {part.split()[0] for formula in NETWORKS[name]().formulas for part in formula.split(" into ")}
    for text in said(name):
        assert set(re.findall(r"[A-Za-z]\w+", text, re.ASCII)) <= KNOWN | rows, text


@pytest.mark.parametrize("name", NETWORKS)
def test_characters_stand_apart_from_formulas_and_signs_do_not(name: str) -> None:
    for text in said(name):
        assert not re.search(f"{HAN}[·A-Za-z0-9]|[·A-Za-z0-9]{HAN}", text), text
        assert not re.search(rf"{HAN} {HAN}| [，。；：、]|[，。；：、] |[,;:]\s", text), text


@pytest.mark.parametrize("format", WRITERS)
def test_every_format_has_it(format: Format) -> None:
    written = WRITERS[format](document("perceptron"))
    assert "链式法则" in written
    if format == "latex":
        assert r"\usepackage[scheme=plain,fontset=fandol]{ctex}" in written
        assert_balanced(written)
    if format == "html":
        assert '<html lang="zh">' in written


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_within_formulas_are_of_the_language(language: str) -> None:
    x, y = m.Name("x"), m.Name("y")
    either = m.Logic("or", (m.Relation((x, y), ("<",)), m.Logic("not", (m.Words("always"),))))
    node = m.Cases(((m.Held(m.Derivative(y, x), (y,)), either), (x, None)))
    expected = {
        "en": "{ (∂y/∂x at fixed y) if x < y or (not (always)); x otherwise }",
        "zh": "{ (∂y/∂x 固定 y) 若 x < y 或 (非 (恒真)); x 否则 }",
    }
    assert write(spoken(node, LANGUAGES[language])) == expected[language]


def test_a_space_is_set_only_where_characters_meet_something_else() -> None:
    said = CHINESE.say("chain.weighted", output="输出", parameters=(m.Name("W"), "和", Code("b")))
    assert said == ("输出对 ", m.Name("W"), " 和 ", Code("b"), " 的导数：")
    assert CHINESE.text("network.count", tensors="6", numbers="1,000") == "6 个张量共有 1,000 个可训练的参数。"
    assert CHINESE.text("forward.block", block="dense") == "dense："


def test_tables_and_paragraphs_count_a_character_as_two() -> None:
    lines = WRITERS["text"](document("perceptron")).splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith("块"))
    columns = [found.start() for found in re.finditer("─+", lines[head + 1])]
    for line in lines[head : head + 7]:
        doubled = re.sub(f"({HAN}|[、，（）])", r"\1\1", line)
        assert all(doubled[column - 1] == " " != doubled[column] for column in columns[1:])
    paragraph = next(line for line in lines if line.startswith("采用"))
    assert COLUMNS - 3 < len(re.sub(f"({HAN}|[，。（）：])", r"\1\1", paragraph)) <= COLUMNS


NAMES = {
    "dense": "dense",
    "conv2d without bias of rank 4": "conv2d（不含 bias，4 阶）",
    "sigmoid of rank 3 into focal with weight of rank 3": "sigmoid（3 阶）并入 focal（含 weight，3 阶）",
    "concatenate of 2 of rank 4 at axis 1": "concatenate（2 个输入，4 阶，沿轴 1）",
    "mse of a computed target weighted": "mse（目标由计算得出，加权）",
    "permute of rank 3 to (2, 1)": "permute（3 阶，次序 (2, 1)）",
    "batch_norm with share and eps of rank 3 and 4 in inference": "batch_norm（含 share 和 eps，3 和 4 阶，推断）",
    "unknown words": "unknown words",
}


@pytest.mark.parametrize("name", NAMES)
def test_what_sets_variants_apart_is_put_into_words(name: str) -> None:
    assert called(name, LANGUAGES["en"]) == name
    assert called(name, CHINESE) == NAMES[name]


def has_fonts() -> bool:
    files = ("ctex.sty", "FandolSong-Regular.otf")
    return bool(FINDER and all(subprocess.run([FINDER, f], capture_output=True).returncode == 0 for f in files))


@pytest.mark.skipif(ENGINE is None or not has_fonts(), reason="no XeLaTeX with Chinese fonts is installed")
@pytest.mark.parametrize("name", ["perceptron", "gelu_tanh"])
def test_documents_compile_with_every_character_and_nothing_leaves_the_page(name: str, tmp_path: Path) -> None:
    assert ENGINE is not None
    Path(tmp_path, "document.tex").write_text(WRITERS["latex"](document(name)), encoding="utf-8")
    options = ["-interaction=nonstopmode", "-halt-on-error", "-no-pdf"]
    run = subprocess.run([ENGINE, *options, "document.tex"], cwd=tmp_path, capture_output=True, timeout=120)
    log = Path(tmp_path, "document.log").read_text(encoding="utf-8", errors="replace")
    assert run.returncode == 0, log[-2000:]
    assert "Missing character" not in log
    wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([0-9.]+)pt too wide", log)]
    assert max(wide, default=0.0) < 1.0, "points beyond the margin"
