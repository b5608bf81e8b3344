r"""The file of claims: which network or formula, in which convention, and what is claimed of it.

    network: spec.yaml            or a spec written here, or
    formula: norm2(X @ w - y)**2  or
    equations: |                  several, the last of them the cost
      z[j] = sum[i](W[j,i]*x[i])
    convention: nielsen           of a network: the name of a notation; article is the default
    deltas: mean                  or example: a delta is the derivative of the sum over examples
    one_hot: [y]                  of equations: rows with a single 1
    shapes: {y: [m]}              of a formula between matrices
    claims:
      - delta2 = (W3 @ delta3) * f'(z2)
      - {claim: grad_W2 = a1 @ delta2.T, note: "section 3.2"}
      - {claim: '\nabla_{W^l} C = a^{l-1} (\delta^l)^T', layers: hidden}
    complete: true                claims are to give the gradient of every parameter

A file may hold several such groups under `groups`, each with a `title`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from symbp.audit.layout import LAYOUTS, Layout
from symbp.errors import UserError
from symbp.spec.model import Place, Problem, SpecError
from symbp.spec.yaml import MAX_BYTES, Document, read_yaml

MAX_CLAIMS = 500
LAYERS = ("all", "hidden", "output")
SUBJECTS = ("network", "formula", "equations")
KEYS = (*SUBJECTS, "convention", "deltas", "one_hot", "shapes", "complete", "claims", "title")


@dataclass(frozen=True)
class Claim:
    """One claim as written, and where. `layers` of a claim about layer `l` may be the `hidden` ones alone."""

    text: str
    place: Place
    note: str = ""
    layers: str = "all"


@dataclass(frozen=True)
class Group:
    """Claims about one network or formula. Exactly one of `network`, `formula` and `equations` is given."""

    title: str
    place: Place
    claims: tuple[Claim, ...]
    layout: Layout
    deltas: str
    network: Document | Path | None = None
    formula: str = ""
    equations: str = ""
    one_hot: tuple[str, ...] = ()
    shapes: dict[str, Sequence[str]] = field(default_factory=dict)
    complete: bool = False


def read_claims(path: Path) -> tuple[Group, ...]:
    """The groups of a file; SpecError with every problem found, UserError where it cannot be read."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path}: cannot read the claims: {error.strerror or error}") from None
    return parse_claims(text, str(path))


def parse_claims(text: bytes, file: str = "<claims>") -> tuple[Group, ...]:
    """The groups of a text; `file` names it in messages, and specs are looked for beside it."""
    document = read_yaml(text, file)
    reading = _Reading(document)
    groups = tuple(reading.groups())
    if document.problems or reading.problems:
        raise SpecError(sorted([*document.problems, *reading.problems], key=lambda p: p.place.line))
    return groups


class _Reading:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.count = 0

    def problem(self, path: tuple[str | int, ...], message: str) -> None:
        self.problems.append(Problem(self.document.place(*path), message))

    def groups(self) -> Iterator[Group]:
        data = self.document.data
        if not isinstance(data, dict):
            self.problem((), "a file of claims is a mapping with `network` or `formula`, and `claims`")
        elif "groups" not in data:
            yield from self.group(data, ())
        elif not isinstance(data["groups"], list) or not data["groups"]:
            self.problem(("groups",), "expected a list of groups, each with `claims`")
        else:
            for key in data:
                if key not in ("groups", "title"):
                    self.problem((key,), f"`{key}` stands beside `groups`; it belongs into a group")
            for k, item in enumerate(data["groups"]):
                yield from self.group(item, ("groups", k))

    def group(self, data: Any, path: tuple[str | int, ...]) -> Iterator[Group]:
        if not isinstance(data, dict):
            self.problem(path, "a group is a mapping with `network` or `formula`, and `claims`")
            return
        before = len(self.problems)
        for key in data:
            if key not in KEYS:
                near = difflib.get_close_matches(key, KEYS, 1)
                self.problem(
                    (*path, key),
                    f"`{key}` is no key here"
                    + (f"; did you mean `{near[0]}`?" if near else f"; there are {', '.join(KEYS)}"),
                )
        given = [k for k in SUBJECTS if data.get(k) is not None]
        if len(given) != 1:
            self.problem(
                path, f"expected one of `network`, `formula` and `equations`, got {' and '.join(given) or 'none'}"
            )
        claims = tuple(self.claims(data.get("claims"), (*path, "claims")))
        layout = self.layout(data, path)
        deltas = data.get("deltas", layout.deltas)
        if deltas not in ("mean", "example"):
            self.problem((*path, "deltas"), "expected `mean` or `example`")
        texts = {k: self.text(data.get(k), (*path, k)) for k in ("formula", "equations", "title")}
        network = self.network(data.get("network"), (*path, "network"))
        hot = self.names(data.get("one_hot", []), (*path, "one_hot"))
        shapes = self.shapes(data.get("shapes", {}), (*path, "shapes"))
        if not isinstance(data.get("complete", False), bool):
            self.problem((*path, "complete"), "expected true or false")
        elif data.get("complete") and data.get("network") is None:
            self.problem((*path, "complete"), "parameters are a network's; of equations nothing says which they are")
        if len(self.problems) == before:
            place = self.document.place(*path, given[0])
            yield Group(
                texts["title"],
                place,
                claims,
                layout,
                deltas,
                network,
                texts["formula"],
                texts["equations"],
                hot,
                shapes,
                data.get("complete", False),
            )

    def text(self, value: Any, path: tuple[str | int, ...]) -> str:
        if value is None or isinstance(value, str):
            return value or ""
        self.problem(path, "expected a text")
        return ""

    def layout(self, data: dict[str, Any], path: tuple[str | int, ...]) -> Layout:
        name = data.get("convention", "article")
        if not isinstance(name, str) or name not in LAYOUTS:
            known = ", ".join(f"{x.name} ({x})" for x in LAYOUTS.values())
            self.problem((*path, "convention"), f"expected one of {known}")
            return LAYOUTS["article"]
        if "convention" in data and data.get("network") is None:
            self.problem(
                (*path, "convention"), "a convention is of a network; equations say themselves how they are laid out"
            )
        return LAYOUTS[name]

    def network(self, value: Any, path: tuple[str | int, ...]) -> Document | Path | None:
        if isinstance(value, str):
            return Path(self.document.file).parent / value
        if isinstance(value, dict):
            lines = {p[len(path) :]: n for p, n in self.document.lines.items() if p[: len(path)] == path}
            return Document(self.document.file, {"name": "network", **value}, lines)
        if value is not None:
            self.problem(path, "expected the path of a spec, or a spec")
        return None

    def names(self, value: Any, path: tuple[str | int, ...]) -> tuple[str, ...]:
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(v, str) for v in items):
            self.problem(path, "expected names of tensors")
            return ()
        return tuple(items)

    def shapes(self, value: Any, path: tuple[str | int, ...]) -> dict[str, Sequence[str]]:
        if not isinstance(value, dict) or not all(isinstance(v, list) for v in value.values()):
            self.problem(path, "expected shapes such as `{y: [m], X: [m, n]}`")
            return {}
        return {name: [str(axis) for axis in axes] for name, axes in value.items()}

    def claims(self, value: Any, path: tuple[str | int, ...]) -> Iterator[Claim]:
        if not isinstance(value, list) or not value:
            self.problem(path, "expected a list of claims, such as `- delta2 = (W3 @ delta3) * f'(z2)`")
            return
        self.count += len(value)
        if self.count > MAX_CLAIMS:
            self.problem(path, f"more than {MAX_CLAIMS} claims")
            return
        for k, item in enumerate(value):
            where = (*path, k)
            if isinstance(item, str):
                yield Claim(item.strip(), self.document.place(*where))
            elif (
                isinstance(item, dict)
                and isinstance(item.get("claim"), str)
                and set(item) <= {"claim", "note", "layers"}
            ):
                layers = item.get("layers", "all")
                if layers not in LAYERS:
                    self.problem((*where, "layers"), f"expected one of {', '.join(LAYERS)}")
                yield Claim(item["claim"].strip(), self.document.place(*where), str(item.get("note", "")), layers)
            else:
                self.problem(where, "a claim is a text, or a mapping with `claim`, `note` and `layers`")
