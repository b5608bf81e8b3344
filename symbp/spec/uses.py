"""One use of a catalog entry: the name resolved, every option checked against its type and interval."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from symbp.catalog import aliases, lookup, names, preset
from symbp.catalog.entry import Entry, EntryKind, Option
from symbp.spec.model import OptionValue, Problem, Use
from symbp.spec.yaml import Document, Path

KIND_WORDS: Mapping[str, str] = {"clipping": "way of clipping"}

LARGEST = 1e15  # of any number in a spec


class Uses:
    """Reads uses from a document; what is wrong is collected in `problems`. `own` holds the spec's own definitions."""

    def __init__(self, document: Document, own: Mapping[tuple[EntryKind, str], Entry]) -> None:
        self.document = document
        self.own = own
        self.problems: list[Problem] = []

    def problem(self, path: Path, message: str) -> None:
        self.problems.append(Problem(self.document.place(*path), message))

    def read(
        self, kind: EntryKind, value: Any, path: Path, extra: tuple[str, ...] = ()
    ) -> tuple[Use, dict[str, Any]] | None:
        """The use that `name`, `{name: options}` or `{name: value}` states, and the keys of `extra` that it gives."""
        if isinstance(value, str):
            name, given = value, dict[str, Any]()
        elif isinstance(value, dict) and len(value) == 1:
            name, given = next(iter(value.items()))
            path = (*path, name)
        else:
            self.problem(path, f"expected the name of a {self.word(kind)}, or `name: {{options}}`; got {_shown(value)}")
            return None
        entry = self.entry(kind, name)
        if entry is None:
            self.problem(path, f"`{name}` is not a {self.word(kind)}{self.nearest(kind, name)}")
            return None
        return self.options(kind, entry, name, given, path, extra)

    def word(self, kind: EntryKind) -> str:
        return KIND_WORDS.get(kind, kind)

    def entry(self, kind: EntryKind, name: str) -> Entry | None:
        for each in ("layer", "activation") if kind == "layer" else (kind,):
            if (each, name) in self.own:
                return self.own[each, name]
        return lookup(kind, name)

    def nearest(self, kind: EntryKind, name: str) -> str:
        kinds: tuple[EntryKind, ...] = ("layer", "activation") if kind == "layer" else (kind,)
        valid = [n for k in kinds for n in (*names(k), *aliases(k), *(o for w, o in self.own if w == k))]
        near = difflib.get_close_matches(name, valid, 1, 0.5)
        return f"; did you mean `{near[0]}`?" if near else f" (known: {', '.join(n for k in kinds for n in names(k))})"

    def options(
        self, kind: EntryKind, entry: Entry, name: str, given: Any, path: Path, extra: tuple[str, ...]
    ) -> tuple[Use, dict[str, Any]] | None:
        start = len(self.problems)
        fixed = preset(kind, name).options if (kind, name) not in self.own else ()
        chosen: dict[str, OptionValue] = {}
        stated: set[str] = set()
        aside: dict[str, Any] = {}
        if given is None:
            given = {}
        if not isinstance(given, dict):
            sole = self.sole(entry)
            if sole is None:
                self.problem(
                    path, f"`{name}` takes options by name, as in `{name}: {{option: value}}`; got {_shown(given)}"
                )
                return None
            given = {sole: given}
        for key, value in given.items():
            option = entry.option(key)
            if key in extra:
                aside[key] = value
            elif option is not None:
                read = self.value(option, value, (*path, key))
                if option.name in stated:
                    self.problem((*path, key), f"`{option.name}` is given twice, under two names")
                elif read is not None:
                    chosen[option.name] = read
                stated.add(option.name)
            elif key in entry.accepts():
                chosen[key] = self.numbers(value, (*path, key))
                stated.add(key)
            else:
                valid = [*entry.accepts(), *(a for o in entry.options for a in o.aliases), *extra]
                near = difflib.get_close_matches(key, valid, 1, 0.5)
                known = (
                    f" (options: {', '.join(dict.fromkeys((*entry.accepts(), *extra)))})"
                    if valid
                    else "; it has no options"
                )
                hint = f"; did you mean `{near[0]}`?" if near else known
                self.problem((*path, key), f"`{entry.name}` has no option `{key}`{hint}")
        for key, fixed_value in fixed:
            chosen.setdefault(key, fixed_value)
        for option in entry.options:
            if option.name not in chosen and option.name not in stated:
                if option.default is None:
                    self.problem(path, f"`{entry.name}` needs `{option.name}`: {option.summary or 'it has no default'}")
                else:
                    chosen[option.name] = option.default
        if len(self.problems) > start:
            return None
        return Use(entry, chosen, frozenset(stated | {k for k, _ in fixed}), self.document.place(*path)), aside

    def sole(self, entry: Entry) -> str | None:
        """The option that a bare value means: the one that is required, or the only one there is."""
        required = [o.name for o in entry.options if o.default is None]
        if len(required) == 1:
            return required[0]
        return entry.options[0].name if len(entry.options) == 1 else None

    def numbers(self, value: Any, path: Path) -> tuple[float, ...]:
        if isinstance(value, list) and value and all(_is_number(v) for v in value):
            return tuple(float(v) for v in value)
        self.problem(path, f"expected a list of numbers, got {_shown(value)}")
        return ()

    def value(self, option: Option, value: Any, path: Path) -> OptionValue | None:
        """The option's value, or None where it is refused."""
        if option.type == "boolean" and isinstance(value, bool):
            return value
        if option.type == "choice" and value in option.choices:
            return str(value)
        if option.type == "shape":
            items = value if isinstance(value, list) else [value]
            if items and all(isinstance(v, int) and not isinstance(v, bool) and v >= 1 for v in items):
                return tuple(items)
        if option.type == "integer" and _is_number(value) and float(value).is_integer() and self.inside(option, value):
            return int(value)
        if option.type == "real" and _is_number(value) and self.inside(option, value):
            return float(value)
        size = f", of magnitude {LARGEST:g} at most" if _is_number(value) and abs(value) > LARGEST else ""
        self.problem(path, f"expected {expected(option)}{size}, got {_shown(value)}")
        return None

    def inside(self, option: Option, value: float) -> bool:
        below = option.low is not None and (value < option.low or (option.low_open and value == option.low))
        above = option.high is not None and (value > option.high or (option.high_open and value == option.high))
        return not (below or above) and abs(value) <= LARGEST


def expected(option: Option) -> str:
    """What an option accepts, in words."""
    if option.type == "choice":
        return "one of " + ", ".join(option.choices)
    if option.type == "boolean":
        return "true or false"
    if option.type == "shape":
        return "a list of whole numbers from 1 up"
    noun = "a whole number" if option.type == "integer" else "a number"
    parts = []
    if option.low is not None:
        parts.append(f"{'greater than' if option.low_open else 'at least'} {option.low:g}")
    if option.high is not None:
        parts.append(f"{'less than' if option.high_open else 'at most'} {option.high:g}")
    return f"{noun} {' and '.join(parts)}".rstrip()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, dict | list) else "a mapping" if isinstance(value, dict) else "a list"
    return text if len(text) <= 60 else text[:57] + "..."
