"""Blocks: what a spec defines as one, and the layers that a use of one stands for.

define:
  blocks:
    residual:
      options: {units: 32}                     # of a block; null: one that every use gives
      layers:
        - dense: {units: units, activation: relu}
        - dense: {units: units, name: change}
        - add: [x, change]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from symbp.catalog.entry import Entry, EntryKind, Option
from symbp.formula.grammar import NAME
from symbp.spec.model import Use
from symbp.spec.names import SHAPE, hint, quoted, shortened, shown
from symbp.spec.yaml import Document, Path, read_yaml

KEYS = ("layers", "options", "inputs", "summary", "source")


def catalog_layers(use: Use, inputs: Mapping[str, str]) -> list[Any]:
    """The layers of a block of the catalog, with these options and inputs."""
    return _read(use.entry.variant({**use.options, **inputs}).equations)


@cache
def _read(text: str) -> list[Any]:
    items: list[Any] = read_yaml(text.encode(), "the catalog").data
    return items


def own_layers(document: Document, name: str) -> list[Any]:
    """The layers of a block that the spec defines."""
    items: list[Any] = document.data["define"]["blocks"][name]["layers"]
    return items


def read_block(kind: EntryKind, name: str, row: Any, path: Path, problem: Callable[[Path, str], None]) -> Entry | None:
    """The entry that a row under `define.blocks` states; None where `problem` was told of anything."""
    if isinstance(row, dict) and row.get("layers") == []:
        problem((*path, "layers"), "the list is empty: a block has one layer at least")
        return None
    if not isinstance(row, dict) or not isinstance(row.get("layers"), list):
        problem(path, f"expected a mapping with `layers`, a list as that of the network; got {shown(row)}")
        return None
    found: list[tuple[Path, str]] = [
        ((key,), f"{quoted(key)} is not a key of a block{hint(key, KEYS)}") for key in row if key not in KEYS
    ]
    inputs, options = row.get("inputs") or ["x"], row.get("options") or {}
    if not isinstance(inputs, list) or not all(isinstance(i, str) and NAME.fullmatch(i) for i in inputs):
        found.append((("inputs",), f"expected a list of names; got {shown(inputs)}"))
        inputs = []
    if not isinstance(options, dict):
        found.append((("options",), f"expected a mapping of names to defaults; got {shown(options)}"))
        options = {}
    for option, default in options.items():
        if not NAME.fullmatch(option):
            found.append((("options", option), f"{shortened(option)!r} is not a name; {SHAPE}"))
        elif option in inputs:
            found.append((("options", option), f"`{option}` is an input; use another name"))
        elif default is not None and not isinstance(default, bool | int | float | str):
            found.append((("options", option), f"expected a number, a word, true or false; got {shown(default)}"))
    texts = {key: row.get(key, "") for key in ("summary", "source")}
    found += [
        ((key,), f"expected a text; got {shown(text)}") for key, text in texts.items() if not isinstance(text, str)
    ]
    for where, message in found:
        problem((*path, *where), message)
    if found:
        return None
    return Entry(
        name=name,
        kind=kind,
        equations="",
        summary=texts["summary"] or "defined by the spec",
        source=texts["source"],
        options=tuple(Option(option, default, "any") for option, default in options.items()),
        inputs=tuple(inputs) if inputs != ["x"] else (),
    )
