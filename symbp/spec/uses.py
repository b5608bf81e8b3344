"""One use of a catalog entry: the name resolved, every option checked against its type and interval."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from symbp.catalog import KINDS, LAYERS, aliases, entries, lookup, names, preset
from symbp.catalog.entry import Entry, EntryKind, Option
from symbp.spec.model import OptionValue, Problem, Use
from symbp.spec.names import hint, nearest, quoted, shown
from symbp.spec.yaml import Document, Path

KIND_WORDS: Mapping[str, str] = {"clipping": "way of clipping"}

_FOLLOWS = "it follows from the shape of what is read"
UNNEEDED: Mapping[str, str] = {  # what libraries ask for, and no row does
    **dict.fromkeys(("in_features", "in_channels", "num_features", "num_channels", "normalized_shape"), _FOLLOWS),
    **dict.fromkeys(("input_size", "input_shape", "embed_dim", "key_dim", "kdim", "vdim"), _FOLLOWS),
    **dict.fromkeys(("dim", "axis"), "its formula says over which axes it goes"),
    "batch_first": "a sequence is (n, t, d)",
    "return_sequences": "`returns`, all or last, says so",
    "num_layers": "layers stand one after the other, each an item of its own",
}

LARGEST = 1e15  # of any number in a spec


class Uses:
    """Reads uses from a document; what is wrong is collected in `problems`.

    `own` holds the spec's own definitions; `broken` names those that cannot be used, of which nothing more is said.
    """

    def __init__(
        self,
        document: Document,
        own: Mapping[tuple[EntryKind, str], Entry],
        broken: Collection[tuple[EntryKind, str]] = (),
    ) -> None:
        self.document = document
        self.own = own
        self.broken = broken
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
        elif isinstance(value, dict) and value:
            self.problem(path, self.crowded(kind, value, extra))
            return None
        else:
            word = self.word(kind)
            self.problem(path, f"expected the name of {word}, or `name: {{options}}`; got {shown(value)}")
            return None
        entry = self.entry(kind, name)
        if entry is None:
            if not any((each, name) in self.broken for each in _kinds(kind)):
                self.problem(path, f"{quoted(name)} is not {self.word(kind)}{self.nearest(kind, name)}")
            return None
        return self.options(kind, entry, name, given, path, extra)

    def word(self, kind: EntryKind) -> str:
        word = KIND_WORDS.get(kind, kind)
        return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"

    def crowded(self, kind: EntryKind, value: Mapping[str, Any], extra: tuple[str, ...]) -> str:
        """What to say of `{dense: 3, activation: relu}`, whose second key belongs below the first."""
        first, *others = value
        entry = self.entry(kind, first)
        if entry is not None and all(o in extra or o in entry.accepts() or entry.option(o) for o in others):
            inner = value[first] if isinstance(value[first], dict) else {self.sole(entry) or "option": value[first]}
            within = ", ".join(f"{k}: {shown(v)}" for k, v in {**inner, **{o: value[o] for o in others}}.items())
            return f"{quoted(others[0])} stands beside {quoted(first)} and belongs below it: `{first}: {{{within}}}`"
        each = "; every layer is an item of its own, after `- `" if kind == "layer" else ""
        return f"expected one name with its options below it; got {shown(value)}{each}"

    def entry(self, kind: EntryKind, name: str) -> Entry | None:
        for each in _kinds(kind):
            if (each, name) in self.own:
                return self.own[each, name]
        return lookup(kind, name)

    def nearest(self, kind: EntryKind, name: str) -> str:
        other = next((entry for k in KINDS if (entry := lookup(k, name)) is not None), None)
        if other is not None:
            return f" but {self.word(other.kind)}; `symbp list` shows every kind"
        kinds = _kinds(kind)
        mine = [n for k in kinds for n in (*(o for w, o in self.own if w == k), *names(k))]
        return hint(name, [*mine, *(a for k in kinds for a in aliases(k))], mine)

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
                first = next((f"takes options by name, as in `{name}: {{{o.name}: ...}}`" for o in entry.options), "")
                self.problem(path, f"`{name}` {first or 'has no options'}; got {shown(given)}")
                return None
            given = {sole: given}
        for key, value in given.items():
            option = entry.option(key)
            if key in extra:
                aside[key] = value
            elif option is not None and value is None and option.null:
                if option.null in stated:
                    self.problem((*path, key), f"`{option.null}` is given twice, under two names")
                chosen[option.null] = True
                stated.add(option.null)
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
                if key in UNNEEDED:
                    why = f"{UNNEEDED[key]}; leave it out"
                    self.problem((*path, key), f"`{entry.name}` has no option {quoted(key)}: {why}")
                    continue
                elsewhere = key in _every_option()  # no misspelling of what stands beside options
                valid = [
                    *entry.accepts(),
                    *(a for o in entry.options for a in o.aliases),
                    *(() if elsewhere else extra),
                ]
                all_ = dict.fromkeys((*entry.accepts(), *extra))
                meant = nearest(key, valid)
                stated |= {o.name for o in entry.options if meant in o.aliases}  # not asked for by another name
                known = hint(key, valid, all_) if all_ else "; it has no options"
                self.problem((*path, key), f"`{entry.name}` has no option {quoted(key)}{known}")
        for key, fixed_value in fixed:
            chosen.setdefault(key, fixed_value)
        for option in entry.options:
            if option.name not in chosen and option.name not in stated:
                if option.default is None:
                    self.problem(path, f"`{entry.name}` needs `{option.name}`: {option.summary or 'it has no default'}")
                else:
                    chosen[option.name] = option.default
        for option in entry.options:
            if option.null and chosen.get(option.null) and option.name in stated:
                self.problem((*path, option.name), f"`{option.name}` has no effect with `{option.null}`; leave one out")
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
        self.problem(path, f"expected a list of numbers; got {shown(value)}")
        return ()

    def value(self, option: Option, value: Any, path: Path) -> OptionValue | None:
        """The option's value, or None where it is refused."""
        if option.type == "boolean" and isinstance(value, bool):
            return value
        if option.type == "any" and isinstance(value, bool | str | int | float):
            return value
        if option.type == "choice" and value in option.choices:
            return str(value)
        if option.type == "shape":
            if isinstance(value, str) and value in dict(option.words):
                return value
            items = value if isinstance(value, list) else [value] * max(len(option.names), 1)
            whole = all(isinstance(v, int) and not isinstance(v, bool) for v in items)
            fits = len(items) == len(option.names) if option.names else len(items) > 0
            if fits and whole and all(self.inside(option, v) for v in items):
                return tuple(items)
        if option.type == "integer" and _is_number(value) and float(value).is_integer() and self.inside(option, value):
            return int(value)
        if option.type == "real" and _is_number(value) and self.inside(option, value):
            return float(value)
        size = f", of magnitude {LARGEST:g} at most" if _is_number(value) and abs(value) > LARGEST else ""
        words = [word for word, _ in option.words] or list(option.choices)
        meant = next((word for word in words if isinstance(value, str) and word == value.lower()), "")
        near = f"; did you mean `{meant}`?" if meant else ""
        self.problem(path, f"expected {expected(option)}{size}; got {shown(value)}{near}")
        return None

    def inside(self, option: Option, value: float) -> bool:
        below = option.low is not None and (value < option.low or (option.low_open and value == option.low))
        above = option.high is not None and (value > option.high or (option.high_open and value == option.high))
        return not (below or above) and abs(value) <= LARGEST


@cache
def _every_option() -> frozenset[str]:
    """The names of options of any row of the catalog."""
    return frozenset(o.name for kind in KINDS for entry in entries(kind) for o in entry.options)


def expected(option: Option) -> str:
    """What an option accepts, in words."""
    if option.type == "choice":
        return "one of " + ", ".join(option.choices)
    if option.type == "boolean":
        return "true or false"
    if option.type == "any":
        return "a number, a word, true or false"
    if option.type == "shape":
        number = f"whole number{'' if option.names else 's'} from {option.low or 0:g} up"
        each = f", or a list of {len(option.names)}" if len(option.names) > 1 else ""
        words = "".join(f", or {word}" for word, _ in option.words)
        return f"a {number}{each}{words}" if option.names else f"a list of {number}"
    null = ", or null" if option.null else ""
    return f"{'a whole number' if option.type == 'integer' else 'a number'} {option.interval}".rstrip() + null


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kinds(kind: EntryKind) -> tuple[EntryKind, ...]:
    """Blocks and activations may stand wherever a layer may."""
    return LAYERS if kind == "layer" else (kind,)
