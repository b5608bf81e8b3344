"""`symbp list`: every row with its formula and options, a single row by any of its names, a hint for a wrong one."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner, Result

from symbp.catalog import entries
from symbp.catalog.entry import Entry, lines
from symbp.cli import main
from symbp.spec.listing import GROUPS


def listed(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["list", *arguments])


def joined(text: str) -> str:
    """The text without the line ends that wrapping put in."""
    return re.sub(r"\s+", " ", text)


def paragraphs(text: str) -> dict[str, str]:
    """The first paragraph of each name; those of groups are headings alone."""
    found: dict[str, str] = {}
    for paragraph in text.strip().split("\n\n"):
        found.setdefault(paragraph.splitlines()[0], joined(paragraph))
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_shows_every_row_in_full(group: str) -> None:
    result = listed(group)
    assert result.exit_code == 0
    shown = paragraphs(result.stdout)
    for entry in entries(GROUPS[group]):
        paragraph = shown[entry.name]
        for part in (*lines(entry.equations), entry.summary, entry.source, *entry.every_alias()):
            assert joined(part) in paragraph
        for option in entry.options:
            default = option.default
            if isinstance(default, tuple) and len(set(default)) == 1:  # one number for all axes
                default = default[0]
            assert f"option: {option.name} {'(required)' if default is None else f'= {default}'}" in paragraph


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("multi_head_attention", "inputs: x, context (optional), mask (optional)"),
        ("add", "inputs: x_1, x_2, ..."),
        ("nll", "option: weight (optional), a list of numbers"),
    ],
)
def test_what_a_row_reads_and_takes_beside_its_options(name: str, part: str) -> None:
    assert part in joined(listed(name).stdout)


def test_everything_is_all_groups_in_order() -> None:
    assert listed().stdout == "".join(listed(group).stdout for group in GROUPS)


@pytest.mark.parametrize(
    ("kind", "entry"),
    [(kind, entry) for kind in GROUPS.values() for entry in entries(kind)],
    ids=lambda v: getattr(v, "name", v),
)
def test_a_row_is_found_by_each_of_its_names(kind: str, entry: Entry) -> None:
    for name in (entry.name, *entry.every_alias()):
        assert entry.name in paragraphs(listed(name).stdout)


def test_lines_fit_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, listed().stdout.splitlines())) <= 60


def test_a_name_that_is_not_there() -> None:
    result = listed("geluu")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "nothing called 'geluu'; did you mean `gelu`?" in result.stderr
