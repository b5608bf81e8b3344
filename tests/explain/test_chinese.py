"""Documents in Chinese: nothing of them is left in English but names, and characters stand apart from formulas."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest
from explained import ACTIVATIONS, LOSSES, assert_balanced, momentum, perceptron, with_activation, with_loss

from symbp import pipeline
from symbp.derive.derivation import Derivation
from symbp.explain import mathematics as m
from symbp.explain.choices import Choices, Level
from symbp.explain.document import Code, Derived, Document, Heading, Inline, Paragraph, Table
from symbp.explain.notations import NOTATIONS
from symbp.explain.outline import explain
from symbp.explain.view import Update
from symbp.explain.words.called import called
from symbp.explain.words.formulas import spoken
from symbp.explain.words.languages import LANGUAGES
from symbp.formula.equation import Formula
from symbp.spec.read import read_spec
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
SPECS = Path(__file__).resolve().parents[2] / "specs"
KNOWN = {"NumPy", "PyTorch", "CS231n", "Nielsen", "argmax"}  # words that Chinese has no others for
HAN = "[\u3400-\u9fff]"


def document(name: str, notation: Any = "batch") -> Document:
    return explain(NETWORKS[name](), Choices(language="zh", notation=notation), updates=[momentum()])


def said(whole: Document, derivation: Derivation, *updates: Formula) -> Iterator[str]:
    """The prose of a document, a dot for each formula or name, without what is quoted as it stands."""
    formulas = (*(derived.formula for derived in derivation.formulas.values()), *updates)
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


def assert_chinese(text: str, derivation: Derivation) -> None:
    """Nothing of the text is in English, and spaces stand where they belong."""
    rows = {part.split()[0] for formula in derivation.formulas for part in formula.split(" into ")}
    own = re.sub(r"《.*?》|含 [a-z_]+( 和 [a-z_]+)*", "", text)  # without titles of books and names of options
    assert set(re.findall(r"[A-Za-z]\w+", own, re.ASCII)) <= KNOWN | rows, text
    assert not re.search(f"{HAN}[·A-Za-z0-9]|[·A-Za-z0-9]{HAN}", text), text
    assert not re.search(rf"{HAN} {HAN}| [，。；：、]|[，。；：、] |[,;:]\s", text), text


@pytest.mark.parametrize("name", NETWORKS)
def test_no_english_is_left(name: str) -> None:
    derivation = NETWORKS[name]()
    for text in said(document(name), derivation, momentum().formula):
        assert_chinese(text, derivation)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_no_english_is_left_in_any_notation(notation: str) -> None:
    for text in said(document("perceptron", notation), perceptron(), momentum().formula):
        assert_chinese(text, perceptron())


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("level", get_args(Level))
def test_no_english_is_left_in_the_zoo(path: Path, level: Level) -> None:
    spec = read_spec(path)
    derivation, formulas = pipeline.derive(spec), pipeline.updates(spec)
    updates = [Update(formula, dict.fromkeys(formula.scalars, 1.0)) for formula in formulas]
    whole = explain(derivation, Choices(language="zh", level=level), updates=updates)
    for text in said(whole, derivation, *formulas):
        assert_chinese(text, derivation)


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
    "reshape of rank 3 to rank 2": "reshape（3 阶，成为 2 阶）",
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


def test_the_list_of_terms_is_what_the_phrases_say() -> None:
    page = Path(SPECS.parent, "docs", "chinese.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| .* \| (.*) \|$", page, re.MULTILINE)[1:]
    terms = {term for row in rows for term in re.split("[、（）]", row) if term}
    said = "".join(CHINESE.phrases.values())
    assert len(terms) > 40
    assert {term for term in terms if term not in said} == set()
