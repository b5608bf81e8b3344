"""Pages in a real browser: alone, quiet, within their width, formulas and code that light each other, printable.

One page is looked at by default; the others, large ones among them, by `make test-slow`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="needs the extra `browser`: pip install '.[browser]'")

from hostile_texts import hostile
from playwright.sync_api import Browser, Page

from docs.browser import NoBrowserError, chromium
from symbp import pipeline
from symbp.explain.choices import DEFAULTS, Choices
from symbp.spec import read_spec
from symbp.targets.explanation import write

ROOT = Path(__file__).resolve().parents[3]
SMALL = "mnist_mlp"
LARGER = [pytest.param(n, marks=pytest.mark.slow) for n in ("mnist_cnn", "shakespeare_transformer", "user_layer")]
NAMES = [SMALL, *LARGER]
DESK, PHONE, SHEET = (1400, 900), (390, 844), (718, 1000)  # the last is A4 at 96 dpi, less its margins
SIZES = [PHONE, pytest.param(DESK, marks=pytest.mark.slow), pytest.param((320, 600), marks=pytest.mark.slow)]
READABLE = 4.5  # contrast of text, WCAG 2.2, 1.4.3 (AA)
HEAVY, LATE = 2_000_000, 6_000  # bytes; milliseconds to load the largest, on a busy machine


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as found:
            yield found
    except NoBrowserError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@cache
def written(name: str, folder: Path, choices: Choices = DEFAULTS) -> Path:
    spec = read_spec(ROOT / "specs" / f"{name}.yaml")
    derivation, code = pipeline.derive_and_emit(spec)
    path = folder / f"{name}{'_worksheet' if choices.worksheet else ''}.html"
    path.write_text(pipeline.explain(spec, derivation, "html", choices, code=code), encoding="utf-8")
    return path


@dataclass
class Shown:
    """A page, with what it asked for and complained about."""

    page: Page
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def js(self, script: str, argument: Any = None) -> Any:
        """What a script finds."""
        return self.page.evaluate(script, argument)

    def lit(self) -> tuple[list[str], list[str]]:
        """The numbers of the steps, and the keys of the passages, that are lit."""
        steps = self.js("[...document.querySelectorAll('main .lit')].map(e => e.id || e.dataset.code)")
        return steps, self.js("[...document.querySelectorAll('.passage.lit')].map(e => e.dataset.key)")


def show(browser: Browser, path: Path, size: tuple[int, int] = DESK, **options: Any) -> Shown:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True, **options)
    shown = Shown(context.new_page())
    shown.page.goto(path.as_uri())
    return shown


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_alone_and_quiet(browser: Browser, folder: Path, name: str) -> None:
    path = written(name, folder)
    shown = show(browser, path)
    try_everything(shown)
    assert shown.asked == [path.as_uri()]
    assert shown.said == []
    assert path.stat().st_size < HEAVY
    assert shown.js("performance.getEntriesByType('navigation')[0].loadEventEnd") < LATE


def try_everything(shown: Shown) -> None:
    for selector in ("#theme", ".step[data-code]", ".passage", "nav a", ".number"):
        shown.page.locator(selector).first.click()
    shown.page.keyboard.press("Escape")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", SIZES)
def test_nothing_leaves_the_page(browser: Browser, folder: Path, name: str, size: tuple[int, int]) -> None:
    shown = show(browser, written(name, folder), size)
    assert shown.js("document.documentElement.scrollWidth") <= size[0]
    assert shown.js(HIDDEN) == []
    assert shown.js("(e => e.scrollWidth - e.clientWidth)(document.querySelector('aside pre'))") <= 0, "code is cut"


HIDDEN = """() => {
  const cut = (element) => ['hidden', 'clip'].includes(getComputedStyle(element).overflowX);
  return [...document.querySelectorAll('main *')].filter((e) => cut(e) && e.scrollWidth > e.clientWidth + 1)
    .map((e) => e.outerHTML.slice(0, 80));
}"""


@pytest.mark.parametrize("name", NAMES)
def test_mathematics_is_set(browser: Browser, folder: Path, name: str) -> None:
    shown = show(browser, written(name, folder))
    assert shown.js("document.querySelectorAll('main math').length") > 50
    assert shown.js(FLAT) == []
    assert shown.js(SHORT) == []
    assert shown.js(CROSSED) == []


FLAT = """() => [...document.querySelectorAll('math, math mi, math mn, math mfrac, math munder, math msqrt')]
  .filter((e) => { const box = e.getBoundingClientRect(); return box.width < 1 || box.height < 1; })
  .filter((e) => e.textContent.trim() !== '')
  .map((e) => e.outerHTML.slice(0, 120))"""
# brackets that may grow are as tall as what stands between them, but for what fonts leave free above it
SHORT = """() => [...document.querySelectorAll('mrow > mo[form=prefix][stretchy=true]:not([maxsize])')]
  .map((e) => [e.getBoundingClientRect().height, e.nextElementSibling])
  .filter(([height, next]) => next && height < 0.8 * next.getBoundingClientRect().height)
  .map(([, next]) => next.parentElement.outerHTML.slice(0, 200))"""
# braces under matrices stand below their matrix, are about as wide, and above its shape
CROSSED = """() => [...document.querySelectorAll('.brace')]
  .map((e) => [e, ...[e, e.previousElementSibling, e.parentElement.nextElementSibling]
    .map((each) => each.getBoundingClientRect())])
  .filter(([, brace, matrix, shape]) => brace.top < matrix.bottom - 1 || brace.bottom > shape.top + 1 ||
    Math.abs(brace.width - matrix.width) > 0.35 * matrix.width + 3)
  .map(([e]) => e.parentElement.outerHTML.slice(0, 200))"""


def test_a_formula_lights_its_code_and_code_its_formula(browser: Browser, folder: Path) -> None:
    shown = show(browser, written(SMALL, folder))
    step, entry = shown.page.locator("#step-7"), shown.page.locator("[data-key='7@dense_3']")
    step.hover()
    users = ["7@dense_3", "7@dense_2", "7@dense_1"]
    assert shown.lit() == (["step-7"], users)
    entry.hover()
    assert shown.lit()[1] == ["7@dense_3"]
    assert "step-7" in shown.lit()[0]
    entry.locator("a").click()
    assert in_view(shown, "#step-7")


@pytest.mark.slow
def test_the_keyboard_does_what_the_pointer_does(browser: Browser, folder: Path) -> None:
    shown = show(browser, written(SMALL, folder))
    shown.page.locator("#step-7 .math").focus()
    assert shown.lit()[0] == ["step-7"]
    for user in ("7@dense_3", "7@dense_2", "7@dense_1", "7@dense_3"):
        shown.page.keyboard.press("Enter")
        assert in_view(shown, f"[data-key='{user}']")
    shown.page.keyboard.press("Escape")
    assert shown.lit() == ([], [])
    shown.page.locator("[data-key='11@dense_2'] a").focus()
    assert shown.lit()[1] == ["11@dense_2"]
    shown.page.keyboard.press("Enter")
    assert in_view(shown, "#step-11")


def in_view(shown: Shown, selector: str) -> bool:
    return bool(shown.js(SEEN, selector))


SEEN = """(selector) => {
  const element = document.querySelector(selector), box = element.getBoundingClientRect();
  const at = document.elementFromPoint(box.left + Math.min(40, box.width / 2), box.top + box.height / 2);
  return element.contains(at) || (at !== null && at.contains(element));
}"""


@pytest.mark.slow
def test_code_is_a_drawer_on_a_phone(browser: Browser, folder: Path) -> None:
    shown = show(browser, written(SMALL, folder), PHONE)
    drawer = shown.page.locator("#module")
    assert not drawer.is_visible()
    shown.page.locator("#open").click()
    assert drawer.is_visible()
    assert drawer.bounding_box() == pytest.approx({"x": 0, "y": 844 * 0.55, "width": 390, "height": 844 * 0.45}, abs=1)
    shown.page.locator("#close").click()
    assert not drawer.is_visible()
    shown.page.locator("#step-7 .math").click()
    assert in_view(shown, "[data-key='7@dense_3']")
    shown.page.keyboard.press("Escape")
    assert not drawer.is_visible()


LIGHT, DARK = "rgb(253, 252, 249)", "rgb(21, 24, 28)"
PAPER = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.slow
@pytest.mark.parametrize(("system", "first", "second"), [("light", LIGHT, DARK), ("dark", DARK, LIGHT)])
def test_light_and_dark(browser: Browser, folder: Path, system: str, first: str, second: str) -> None:
    shown = show(browser, written(SMALL, folder), color_scheme=system)
    assert shown.js(PAPER) == first
    shown.page.locator("#theme").click()
    assert shown.js(PAPER) == second
    shown.page.reload()
    assert shown.js(PAPER) == second, "the choice is kept"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize("lit", [False, True])
def test_text_stands_out(browser: Browser, folder: Path, name: str, system: str, lit: bool) -> None:
    shown = show(browser, written(name, folder), color_scheme=system)
    shown.page.add_style_tag(content="* { transition: none !important; }")
    if lit:
        shown.js("document.querySelectorAll('[data-code], .passage').forEach((e) => e.classList.add('lit'))")
    pairs = shown.js(COLORS)
    assert len(pairs) > 5
    assert {pair: ratio for pair in pairs if (ratio := contrast(*pair.split(" on "))) < READABLE} == {}


# every colour of text on its ground, whatever is drawn between them
COLORS = """() => {
  const opaque = (color) => color !== 'rgba(0, 0, 0, 0)' && color !== 'transparent' && color !== 'none';
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const rect = at.tagName === 'text' && at.parentElement.querySelector('rect');
      const color = rect ? getComputedStyle(rect).fill : getComputedStyle(at).backgroundColor;
      if (opaque(color)) return color;
    }
  };
  const own = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const shown = [...document.body.querySelectorAll('*')].filter((e) => own(e) && !e.closest('script'));
  return [...new Set(shown.map((e) => {
    const style = getComputedStyle(e);
    return `${e.tagName === 'text' ? style.fill : style.color} on ${ground(e)}`;
  }))];
}"""


def contrast(text: str, ground: str) -> float:
    """The ratio of two colours' relative luminances, as WCAG 2.2 defines it."""
    lighter, darker = sorted(map(luminance, (text, ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    channels = [int(c) / 255 for c in re.findall(r"\d+", color)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_print_is_whole_and_on_white(browser: Browser, folder: Path, name: str) -> None:
    shown = show(browser, written(name, folder), SHEET, color_scheme="dark")
    shown.page.locator("#theme").click()
    shown.page.locator("#theme").click()  # dark, because it was chosen
    shown.page.emulate_media(media="print")
    assert shown.js(PAPER) == "rgb(255, 255, 255)"
    assert shown.js("document.documentElement.scrollWidth") <= SHEET[0]
    assert shown.js(CUT) == []
    assert shown.page.locator(".listing pre").first.is_visible()
    assert not shown.page.locator("header").is_visible()
    assert {p: r for p in shown.js(COLORS) if (r := contrast(*p.split(" on "))) < READABLE} == {}
    assert shown.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


# what would scroll on a screen is cut off on paper
CUT = """() => [...document.querySelectorAll('body *')]
  .filter((e) => getComputedStyle(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1)
  .filter((e) => e.clientWidth > 0)
  .map((e) => e.outerHTML.slice(0, 120))"""


@pytest.mark.slow
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_without_scripts_everything_is_there(browser: Browser, folder: Path, size: tuple[int, int]) -> None:
    path = written(SMALL, folder)
    shown = show(browser, path, size, java_script_enabled=False)
    assert shown.page.locator("#module").is_visible()
    assert shown.page.locator("#step-7").is_visible()
    assert not shown.page.locator("#theme").is_visible()
    assert not shown.page.locator("#close").is_visible()
    assert shown.said == []


def test_a_worksheet_has_boxes_that_lead_to_answers_and_back(browser: Browser, folder: Path) -> None:
    shown = show(browser, written(SMALL, folder, Choices(worksheet=True)), PHONE)
    page = shown.page
    assert shown.js("document.documentElement.scrollWidth") <= PHONE[0]
    sizes = shown.js("[...document.querySelectorAll('.blank')].map(e => [e.offsetWidth, e.offsetHeight])")
    assert len(sizes) > 50
    assert min(width for width, _ in sizes) > 60
    assert min(height for _, height in sizes) > 20
    filled = page.locator("details.filled").first
    assert not filled.locator("math").is_visible()
    filled.locator("summary").click()
    assert filled.locator("math").is_visible()
    page.locator("#question-3").click()
    assert page.url.endswith("#answer-3")
    page.locator("#answer-3 > .number").click()
    assert page.url.endswith("#question-3")
    page.emulate_media(media="print")
    assert not filled.locator("math").is_visible(), "what was unfolded is not printed"
    assert page.locator("#question-3").is_visible()


@pytest.mark.slow
def test_texts_of_strangers_do_nothing(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(write(hostile(), "html"), encoding="utf-8")
    shown = show(browser, path)
    for selector in (".formula .math", ".passage", "nav a"):
        shown.page.locator(selector).first.click()
    assert shown.js("window.hit") is None
    assert shown.js("document.querySelectorAll('img, main script, main style, iframe').length") == 0
    assert shown.js("document.querySelector('main').innerText").count("<script>window.hit = 1</script>") >= 10
    assert shown.asked == [path.as_uri()]
    assert shown.said == []
    assert shown.js("document.documentElement.scrollWidth") <= DESK[0]
