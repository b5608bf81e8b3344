"""The pages under docs/ and beside the README hold what the code holds, and their links lead somewhere."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="the picture of the README is drawn with matplotlib")

import matplotlib as mpl
from readme import ROOT

from docs import notations, picture
from symbp import pipeline
from symbp.catalog import KINDS, entries
from symbp.derive.stable import RULES
from symbp.explain.notations import NOTATIONS
from symbp.means import MEANS
from symbp.plan.savings import totals
from symbp.spec import parse_spec, read_spec

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LARGE = """
name: large
input: 1024
layers: [dense: {units: 1024, activation: gelu}, dense: 10]
loss: softmax_cross_entropy
training: {batch_size: 16384}
"""
DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```$|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = [a or b for a, b in re.findall(r"\]\(([^)]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)]
    local = [link for link in links if not re.match(r"https://|#", link)]
    assert [link for link in local if not (page.parent / link.partition("#")[0]).exists()] == []
    headings = {
        re.sub(r"[^\w-]", "", h.lower().replace(" ", "-")) for h in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    assert {link[1:] for link in links if link.startswith("#")} <= headings


def test_extras_are_installed_by_a_command_that_every_shell_takes() -> None:
    folders = ("symbp", "templates", "docs", "benchmarks", "tests")
    texts = [*PAGES, *(p for f in folders for end in ("py", "jinja") for p in (ROOT / f).rglob(f"*.{end}"))]
    found = [
        re.findall(r"pip install (?:-e )?['\"]?(?:symbp|\.)\[\w.*", path.read_text(encoding="utf-8")) for path in texts
    ]
    said = [each for several in found for each in several]
    assert len(said) > 5
    assert [each for each in said if not re.match(r"pip install (-e )?'(symbp|\.)\[[\w,]+\]'", each)] == []


def test_the_table_of_kinks_is_the_catalogs() -> None:
    rows = [f"| `{entry.name}` | {entry.kinks} |" for kind in KINDS for entry in entries(kind) if entry.kinks]
    assert "\n| row | derivative at the kink |\n|---|---|\n" + "\n".join(rows) + "\n\n" in DESIGN


def test_the_table_of_means_is_the_codes() -> None:
    page = (ROOT / "docs" / "plan.md").read_text(encoding="utf-8")
    rows = "\n".join(f"| `{name}` | {does} |" for name, does in MEANS.items())
    assert f"\n| means | what it does |\n|---|---|\n{rows}\n\n" in page


def test_the_page_on_speed_tells_what_the_plan_does() -> None:
    page = " ".join((ROOT / "docs" / "speed.md").read_text(encoding="utf-8").split())
    spec = replace(read_spec(ROOT / "specs" / "mnist_mlp.yaml"), blas="scipy")
    folded, stored = (totals(pipeline.program(spec, frozenset(without)), 64) for without in ((), ("fold",)))
    assert f"reads and writes {folded.moved / 1e6:.1f} MB in place of {stored.moved / 1e6:.1f}" in page
    assert f"holds {folded.held / 1e6:.1f} MB in place of {stored.held / 1e6:.1f}" in page


def test_the_page_on_speed_shows_a_chain_as_it_is_generated() -> None:
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    shown = page.partition("## Chains")[2].partition("```python\n")[2].partition("    ...\n```\n")[0]
    made = pipeline.generate(parse_spec(LARGE), check=False).module
    assert shown.count("\n") > 5
    assert textwrap.indent(shown, "    ") in made


def test_the_list_of_stable_forms_is_the_rules() -> None:
    assert "\n\n" + "\n".join(f"- `{rule.name}`" for rule in RULES) + "\n\n" in DESIGN


@pytest.mark.parametrize(
    "path", re.findall(r"`(?:symbp/)?((?:spec|formula|derive|program|explain|training)/\w+\.py)`", DESIGN)
)
def test_files_that_the_design_names_exist(path: str) -> None:
    assert (ROOT / "symbp" / path).is_file()


def test_the_page_of_notations_is_what_the_derivation_writes() -> None:
    shown = notations.PAGE.read_text(encoding="utf-8").partition(notations.BEGIN)[2].partition(notations.END)[0]
    assert shown == f"\n{notations.written()}\n", "run `python -m docs.notations`"
    assert all(f"| `{name}` | " in notations.PAGE.read_text(encoding="utf-8") for name in NOTATIONS)


def test_every_text_of_the_picture_is_within_its_card() -> None:
    with mpl.rc_context(picture.STYLE):
        figure = picture.draw(picture.contents(), picture.PALETTES["light"])
        cards = [figure.axes[0].transData.inverted().transform(c.get_window_extent()) for c in figure.axes[0].patches]
        texts = [text for text in figure.axes[0].texts if text.get_text()]
        placed = [figure.axes[0].transData.inverted().transform(text.get_window_extent()) for text in texts]
    (first, _), (last, _) = cards[0]
    (begin, _), (end, _) = cards[1]
    for text, ((left, _), (right, _)) in zip(texts, placed, strict=True):
        inside = (first <= left and right <= last) or (begin <= left and right <= end)
        assert inside, text.get_text()


def test_the_picture_shows_the_derivation_and_the_code_of_today() -> None:
    for mode in picture.PALETTES:
        drawn = (picture.IMAGES / f"derivation-{mode}.svg").read_text(encoding="utf-8")
        described = re.search(r"<dc:description>(.*?)</dc:description>", drawn, re.DOTALL)
        assert described is not None
        expected = "\n\n".join(content.text() for content in picture.contents())
        escaped = expected.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert described[1] == escaped, "run `python -m docs.picture`"
