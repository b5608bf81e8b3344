"""Derivations to look at in a notebook, or in a console.

d = symbp.derivation("specs/mnist_mlp.yaml")
d                                    the whole, as mathematics
d.layer("dense_1")                   what belongs to one layer
d.steps[11]                          the step that the generated module quotes as (11)
d.choose(notation="nielsen")         written as another book does
print(d.code)                        the module
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from symbp import pipeline
from symbp.derive.derivation import Derivation
from symbp.errors import UserError
from symbp.explain.choices import DEFAULTS, Choices
from symbp.explain.document import Derived, Document, Equations, NoModule
from symbp.spec import read_spec
from symbp.spec.model import NetworkSpec
from symbp.spec.read import parse_spec
from symbp.targets.explanation import Format, write
from symbp.targets.notebook import Shown


def derivation(spec: str | Path, **choices: Any) -> Report:
    """The derivation of a spec, which is a path or, where it has line ends, the text itself.

    `choices` are those of `symbp derive`: `layer`, `level`, `notation`, `language`, `worksheet`. UserError for a spec
    or a choice that is not valid.
    """
    text = isinstance(spec, str) and "\n" in spec
    read = parse_spec(str(spec)) if text else read_spec(spec)
    derived, code = pipeline.derive_and_emit(read)
    return Report(read, derived, code).choose(**choices)


@dataclass(frozen=True, repr=False)
class Report(Shown):
    """A derivation as the reader has chosen to see it; `code` is the module, or why there is none."""

    spec: NetworkSpec
    derivation: Derivation
    code: str | NoModule
    choices: Choices = DEFAULTS

    @cached_property
    def shown(self) -> Document:
        return pipeline.document(self.spec, self.derivation, self.choices, code=self.code)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers, and of the loss."""
        return tuple(block.name for block in self.derivation.network.blocks)

    def layer(self, name: str) -> Report:
        """What belongs to one layer; UserError for one that there is not."""
        return self.choose(layer=name)

    def choose(self, **choices: Any) -> Report:
        """The same derivation with other choices; UserError for what there is not to choose."""
        unknown = choices.keys() - Choices.__dataclass_fields__.keys()
        if unknown:
            valid = ", ".join(f"`{name}`" for name in Choices.__dataclass_fields__)
            raise UserError(f"no choice `{min(unknown)}`; there are {valid}")
        chosen = replace(self, choices=replace(self.choices, **choices))
        _ = chosen.shown  # what there is not is told here, and not where a notebook would hide it
        return chosen

    @cached_property
    def steps(self) -> Steps:
        """Every equation and step by the number that the generated module quotes."""
        whole = replace(self, choices=replace(self.choices, level="full", worksheet=False)).shown
        numbered = (part for part in whole.parts if isinstance(part, Derived | Equations))
        return Steps(whole.title, {part.number: Step(part, whole.language) for part in numbered})

    def render(self, format: Format) -> str:
        """The derivation as text of a format, as `symbp derive` prints it."""
        return write(self.shown, format)


@dataclass(frozen=True, repr=False)
class Step(Shown):
    """One equation or step, with its number, its rule, and why it holds."""

    part: Derived | Equations
    language: str

    @property
    def shown(self) -> Document:
        return Document("", (self.part,), language=self.language)

    @property
    def number(self) -> int:
        """Its number."""
        return self.part.number

    @property
    def called(self) -> str:
        return f"step {self.number}"


@dataclass(frozen=True, repr=False)
class Steps(Shown, Mapping[int, Step]):
    """Steps by their numbers."""

    title: str
    numbered: Mapping[int, Step]

    @property
    def shown(self) -> Document:
        steps = tuple(self.numbered.values())
        return Document(self.title, tuple(step.part for step in steps), language=steps[0].language if steps else "en")

    def __getitem__(self, number: int) -> Step:
        if number not in self.numbered:
            raise KeyError(f"no step {number}; there are {min(self.numbered)} to {max(self.numbered)}")
        return self.numbered[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbered)

    def __len__(self) -> int:
        return len(self.numbered)
