"""Every language says every phrase, with the same places, and the code asks for no other."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

import symbp.explain
import symbp.expression
from symbp.derive.derivation import Rule
from symbp.errors import UserError
from symbp.explain import mathematics as m
from symbp.explain.choices import Choices
from symbp.explain.document import Code
from symbp.explain.notations import NOTATIONS
from symbp.explain.words.called import QUALIFIERS
from symbp.explain.words.language import Language, places
from symbp.explain.words.languages import LANGUAGES
from symbp.expression.result import Kind
from symbp.formula.equation import Distribution, Role
from symbp.targets.html.document import WORDS

ENGLISH = LANGUAGES["en"].phrases
BARE = ("implicit", "expand", "move to the left", "factor out", "stable form", "inline", "substitute", "rewrite")
ROOMS = tuple(Path(room.__file__).parent for room in (symbp.explain, symbp.expression))


def asked() -> list[tuple[str, frozenset[str] | None]]:
    """The phrases that the code names, each with the places it fills; None where they are not written out."""
    found: list[tuple[str, frozenset[str] | None]] = []
    for path in sorted(path for room in ROOMS for path in room.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("say", "text")
            ):
                given = [k.arg for k in node.keywords]
                filled = None if None in given else frozenset(name for name in given if name)
                if node.args and isinstance(node.args[0], ast.Constant):
                    found.append((str(node.args[0].value), filled))
    return found


def composed() -> set[str]:
    """The phrases whose names are put together: by rule, role, distribution or column."""
    rules = {f"{rule}.title" for rule in get_args(Rule)} | {
        f"{rule}.{kind}" for rule in BARE for kind in ("of", "bare")
    }
    roles = {f"role.{role}" for role in get_args(Role)}
    drawn = {f"{room}.{kind}" for kind in get_args(Distribution) if kind for room in ("role", "forward")}
    columns = {f"network.{column}" for column in ("block", "formula", "reads", "output", "values")}
    columns |= {f"network.{column}" for column in ("symbol", "tensor", "shape", "role")}
    forms = {f"form.{form}" for form in ("index", "saved", "stable")}
    notations = {f"notation.{name}" for name in NOTATIONS}
    notations |= {f"convention.{kind}_of_examples" for kind in ("mean", "sum")}
    page = {f"page.{word}" for word in WORDS}
    kinds = {f"diff.{kind}" for kind in get_args(Kind)}
    lists = {f"list.{name}" for name in ("comma", "and", "sentence", "semicolon")}
    names = {f"name.{kind}" for kind in QUALIFIERS}
    names |= {f"word.{word}" for word in ("and", "or", "not", "always", "never")}
    single = {"role.integers", "forward.drawn"}
    return {*rules, *roles, *kinds, *notations, *drawn, *columns, *forms, *lists, *page, *names, *single}


def test_the_code_names_phrases_and_fills_their_places() -> None:
    calls = asked()
    assert len(calls) > 40
    for phrase, filled in calls:
        assert phrase in ENGLISH, phrase
        assert filled is None or filled == places(ENGLISH[phrase]), phrase


def test_no_phrase_is_left_over_or_missing() -> None:
    assert ENGLISH.keys() == {phrase for phrase, _ in asked()} | composed()


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_says_every_phrase_with_the_same_places(code: str) -> None:
    phrases = LANGUAGES[code].phrases
    assert phrases.keys() == ENGLISH.keys()
    assert {name: places(text) for name, text in phrases.items()} == {n: places(t) for n, t in ENGLISH.items()}
    assert list(phrases) == list(ENGLISH), "in the same order, to be read side by side"


@pytest.mark.parametrize("rule", BARE)
def test_rules_told_by_their_detail_have_a_sentence_with_it_and_one_without(rule: str) -> None:
    assert places(ENGLISH[f"{rule}.of"]) == {"detail"}
    assert not places(ENGLISH[f"{rule}.bare"])


def test_places_are_filled_in_the_phrases_order() -> None:
    language = Language("xx", {"p": "{b} after {a}.", "list.comma": ", ", "list.and": " and "})
    letter, code = m.Name("x"), Code("f")
    assert language.say("p", a=letter, b=(code, "!")) == (code, "! after ", letter, ".")
    assert language.listed(["a", letter, (code,)]) == ("a, ", letter, " and ", code)


@pytest.mark.parametrize("given", [{}, {"a": "1"}, {"a": "1", "b": "2", "c": "3"}])
def test_a_missing_or_an_extra_place_is_an_error(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="other places"):
        Language("xx", {"p": "{b} after {a}."}).say("p", **given)


def test_an_unknown_language_is_named_with_those_there_are() -> None:
    with pytest.raises(UserError, match="no language `ens`; did you mean `en`"):
        Choices(language="ens")
