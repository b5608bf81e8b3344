"""Colours in the terminal: where they are shown, and that the text between them is the text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli.command import run

CODE = re.compile(r"\x1b\[[0-9;]*m")
CLAIMS = """
formula: norm2(X @ w - y)**2
claims: [grad_w = 2 * X.T @ (X @ w - y), grad_w = X.T @ (X @ w - y)]
"""
COMMANDS = [("derive", "small.yaml"), ("diff", "norm2(X @ w - y)**2", "--wrt", "w"), ("audit", "claims.yaml")]
UNREADABLE = {"0", "3", "4", "7"}  # black, yellow, blue and white vanish on a dark background or on a light one


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ordinary terminal's environment."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    Path("claims.yaml").write_text(CLAIMS, encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_without_its_codes_it_is_the_same_text(command: tuple[str, ...]) -> None:
    plain, coloured = run(*command).stdout, run(*command, "--color").stdout
    assert "\x1b" not in plain
    assert CODE.sub("", coloured) == plain
    assert "\x1b" not in CODE.sub("", coloured)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_environment_is_heeded(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in run(*command).stdout, "not a terminal"
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run(*command).stdout
    assert "\x1b" not in run(*command, "--no-color").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run(*command).stdout
    assert "\x1b[" in run(*command, "--color").stdout
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in run(*command).stdout


@pytest.mark.parametrize("form", ["html", "latex", "markdown", "text"])
def test_files_and_other_formats_have_none(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    path = Path(run("derive", "small.yaml", "--format", form, "--color", "-o", "out").stdout.strip())
    assert "\x1b" not in path.read_text()
    assert form == "text" or "\x1b" not in run("derive", "small.yaml", "--format", form, "--color").stdout


def test_headings_rules_results_and_code_stand_out() -> None:
    shown = run("derive", "small.yaml", "--color").stdout
    assert "\x1b[1mConvention\x1b[0m" in shown
    assert re.search(r"\x1b\[1;36m\(\d+\) Chain rule\.\x1b\[0m C depends on", shown)
    assert "    \x1b[32m∂C/∂Wᵢⱼ = Σₙ δₙⱼ · xₙᵢ\x1b[0m" in shown, "the last step gives the result"
    assert "    \x1b[32m∂C/∂W =  Xᵀ · δ\x1b[0m\n    \x1b[32mNᵢ×Nⱼ   Nᵢ×N N×Nⱼ\x1b[0m" in shown, "between matrices too"
    assert "      Z  =\x1b" not in shown
    assert "    ∂C/∂Wᵢⱼ = Σₙ Σⱼ′ δₙⱼ′ · ∂zₙⱼ′/∂Wᵢⱼ\n" in shown, "others are on the way"
    assert re.search(r"ws\.\w+\.reshape\(.*\x1b\[36m\d+\x1b\[0m", shown), "numbers of the code"


def test_colours_are_readable_on_light_and_on_dark() -> None:
    shown = "".join(run(*command, "--color").stdout for command in COMMANDS)
    codes = {code for found in CODE.findall(shown) for code in found[2:-1].split(";")}
    assert codes - {"0", "1", "2"} <= {f"3{colour}" for colour in set("0123456") - UNREADABLE}
    assert len(codes) > 4
