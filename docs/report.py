"""The pictures of docs/report.md: the HTML page of a derivation, in a real browser.

    python -m docs.report

writes `docs/images/report-light.png` and `report-dark.png` from specs/mnist_mlp.yaml: a formula under the pointer, the
code that it became lit beside it. The files are those of one browser and its fonts; another draws a little differently.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser

from docs.browser import chromium
from symbp import pipeline
from symbp.spec import read_spec

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "specs" / "mnist_mlp.yaml"
IMAGES = ROOT / "docs" / "images"
MODES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTH, HEIGHT = 1460, 720
COLORS = 128


def page() -> str:
    """The derivation as HTML, beside its module."""
    spec = read_spec(SPEC)
    derivation, code = pipeline.derive_and_emit(spec)
    return pipeline.explain(spec, derivation, "html", code=code)


def take(browser: Browser, path: Path, mode: Literal["light", "dark"], to: Path) -> None:
    """A picture of the page in one mode."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=mode, offline=True)
    shown = context.new_page()
    shown.goto(path.as_uri())
    step = shown.locator("#formula-dense ~ .step[data-code]").nth(1)
    step.evaluate("element => element.scrollIntoView({block: 'center'})")
    step.click()
    step.hover()
    picture = Image.open(BytesIO(shown.screenshot()))
    picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(to, optimize=True)
    context.close()


def main() -> None:
    """Write both modes."""
    with TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder, "page.html")
        path.write_text(page(), encoding="utf-8")
        for mode in MODES:
            to = IMAGES / f"report-{mode}.png"
            take(browser, path, mode, to)
            print(to.relative_to(ROOT))


if __name__ == "__main__":
    main()
