"""The door to YAML: plain data, and the line on which everything stands. A spec is data from strangers.

Refused, with the line: aliases and anchors, tags, duplicate keys, several documents, keys that are not text, numbers
that are not finite, control characters however they are written, and texts that are too large, too deep or not UTF-8.
YAML 1.2: `1e-3` is a number and `no` a word.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tokens import (
    AliasToken,
    AnchorToken,
    BlockEndToken,
    BlockMappingStartToken,
    BlockSequenceStartToken,
    DirectiveToken,
    FlowMappingEndToken,
    FlowMappingStartToken,
    FlowSequenceEndToken,
    FlowSequenceStartToken,
    ScalarToken,
    TagToken,
)

from symbp.spec.model import Place, Problem, SpecError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 24
MAX_VALUES = 10_000  # names and values together
MAX_KEY = 120  # characters
CONTROL = re.compile(  # what steers a terminal or an editor, and halves of characters; spaces and line ends are none
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_OPENING = (
    BlockMappingStartToken, BlockSequenceStartToken, FlowMappingStartToken, FlowSequenceStartToken
)  # fmt: skip
_CLOSING = (BlockEndToken, FlowMappingEndToken, FlowSequenceEndToken)
_REFUSED: dict[type, str] = {
    AliasToken: "anchors and aliases (& and *) are not read; write the value out",
    AnchorToken: "anchors and aliases (& and *) are not read; write the value out",
    TagToken: "tags (!) are not read; write plain values",
    DirectiveToken: "directives (%) are not read; a spec is YAML 1.2",
}
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A text as plain data; `lines` gives the line of every key and item, by its path.

    `problems` are those that leave the rest readable: a key that stands twice keeps its first value, and a number that
    is not finite is None.
    """

    file: str
    data: Any
    lines: dict[Path, int]
    problems: tuple[Problem, ...] = ()

    def place(self, *path: str | int) -> Place:
        """Where a path stands; a path that is not there has the place of its nearest parent."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return Place(self.file, self.lines.get(known, 1), spelt(path))


def spelt(path: Path) -> str:
    """`layers[2].dense.units`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read_yaml(text: bytes, file: str) -> Document:
    """The data of a text; SpecError where YAML or this door refuses the whole of it."""

    def refuse(line: int, message: str) -> SpecError:
        return SpecError([Problem(Place(file, line, ""), message)])

    if len(text) > MAX_BYTES:
        raise refuse(1, f"the spec has more than {MAX_BYTES} bytes")
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise refuse(line, f"byte {error.start} is not UTF-8; save the file as UTF-8") from None
    odd = CONTROL.search(decoded)
    if odd is not None:
        raise refuse(decoded.count("\n", 0, odd.start()) + 1, f"the control character {odd[0]!r} is not allowed")
    try:
        _check_tokens(decoded, refuse)
        nodes = [n for n in YAML(typ="rt", pure=True).compose_all(decoded) if n is not None]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        column = f" (column {mark.column + 1})" if mark else ""
        raise refuse(line, f"not YAML{column}: {error.problem or error.context}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise refuse(1, f"not YAML: {str(error)[:200]}") from None
    if len(nodes) != 1:
        line = nodes[1].start_mark.line + 1 if nodes else 1
        raise refuse(line, f"the file holds {len(nodes)} documents; expected one" if nodes else "the file is empty")
    reader = _Reader(file)
    data = reader.convert(nodes[0], ())
    return Document(file, data, reader.lines, tuple(reader.problems))


def _check_tokens(text: str, refuse: Callable[[int, str], SpecError]) -> None:
    """What is refused whatever it says, and depth: scanning is a loop, composing is recursive."""
    level = values = 0
    for token in YAML(typ="rt", pure=True).scan(text):
        line = token.start_mark.line + 1
        values += isinstance(token, ScalarToken)
        if values > MAX_VALUES:
            raise refuse(line, f"the spec has more than {MAX_VALUES} names and values")
        if type(token) in _REFUSED:
            raise refuse(line, _REFUSED[type(token)])
        level += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if level > MAX_DEPTH:
            raise refuse(line, f"the spec is nested deeper than {MAX_DEPTH}")


class _Reader:
    """Turns nodes into plain data and notes lines and problems."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []

    def problem(self, node: Node, path: Path, message: str) -> None:
        self.problems.append(Problem(Place(self.file, node.start_mark.line + 1, spelt(path)), message))

    def convert(self, node: Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.convert(item, (*path, k)) for k, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self.scalar(node, path)

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.convert_key(key_node, path)
            if key is None:
                continue
            line = key_node.start_mark.line + 1
            if key in found:
                first = self.lines[(*path, key)]
                self.problem(key_node, (*path, key), f"`{key}` stands twice; the first is on line {first}")
                continue
            self.lines[(*path, key)] = line
            found[key] = self.convert(value_node, (*path, key))
        return found

    def convert_key(self, node: Node, path: Path) -> str | None:
        if not isinstance(node, ScalarNode) or str(node.tag).endswith((":null", ":float")):
            self.problem(node, path, "a key must be a name")
            return None
        key = str(node.value)
        odd = CONTROL.search(key) or re.search(r"[\n\r\t]", key)
        if odd is not None:
            self.problem(node, path, f"the control character {odd[0]!r} is not allowed in a key")
            return None
        if len(key) > MAX_KEY:
            self.problem(node, path, f"a key must be a name; this one has {len(key)} characters, at most {MAX_KEY}")
            return None
        return key

    def scalar(self, node: ScalarNode, path: Path) -> Any:
        tag, text = str(node.tag).rpartition(":")[2], str(node.value)
        if node.style == ">":
            text = text.replace("\a", "")  # ruamel.yaml marks there where a line was folded
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() == "true"
        if tag in ("int", "float"):
            try:
                plain = text.replace("_", "")
                value = (
                    int(plain, 0)
                    if tag == "int" and len(plain) < 40
                    else float(plain.replace(".inf", "inf").replace(".nan", "nan"))
                )
            except ValueError:
                return text
            if isinstance(value, float) and not math.isfinite(value):
                self.problem(node, path, f"{text[:40]} is not a finite number")
                return None
            return value
        odd = CONTROL.search(text)
        if odd is not None:
            self.problem(node, path, f"the control character {odd[0]!r} is not allowed")
            return None
        return text
