"""The sections `loss`, `losses` and `output`: what the network computes, and what it is compared with.

loss: mean_squared_error                                                  of the last layer, with the target `y`
losses:
  - {loss: softmax_cross_entropy, on: digit, target: label}
  - {loss: {huber: {delta: 2}}, on: angle, target: degrees, weight: 0.1}
  - {loss: mean_squared_error, on: decoder, target: image}                a target may be an input, or a layer
output: [digit, code]                                                     what `forward` returns; else what losses read
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symbp.spec.model import LossSpec, Use
from symbp.spec.names import hint, objection, quoted, shown
from symbp.spec.uses import Uses
from symbp.spec.wiring import Wiring
from symbp.spec.yaml import Path

KEYS = ("loss", "on", "target", "weight")
ONLY = "y"  # the name of a target that has none
MOST_LOSSES = 32
LARGEST = 1e9


class Losses:
    """One reading of the sections; problems are told."""

    def __init__(self, data: dict[str, Any], uses: Uses, wiring: Wiring, problem: Callable[[Path, str], None]) -> None:
        self.data = data
        self.uses = uses
        self.wiring = wiring
        self.problem = problem

    def outputs(self) -> tuple[tuple[str, str], ...]:
        """The names that `output` lists, each with the layer it means."""
        value = self.data.get("output")
        if value is None:
            return ()
        names = value if isinstance(value, list) else [value]
        if not names or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
            self.problem(("output",), f"expected the name of a layer, or a list of different ones; got {shown(value)}")
            return ()
        found = [(name, self.layer(name, ("output",))) for name in names]
        return tuple((name, label) for name, label in found if label)

    def losses(self, outputs: tuple[tuple[str, str], ...]) -> tuple[LossSpec, ...]:
        """The costs, each with what it reads."""
        several = self.data.get("losses")
        if "loss" in self.data:
            if several is not None:
                self.problem(("losses",), "`loss` and `losses` both state the cost; give one of them")
            return self.single(outputs)
        if several is None:
            self.problem(("loss",), "`loss` is missing: the cost; or `losses`, a list of them")
            return ()
        if not isinstance(several, list) or not 0 < len(several) <= MOST_LOSSES:
            self.problem(("losses",), f"expected a list of 1 to {MOST_LOSSES} losses; got {shown(several)}")
            return ()
        return tuple(spec for k, item in enumerate(several) if (spec := self.item(item, ("losses", k), len(several))))

    def single(self, outputs: tuple[tuple[str, str], ...]) -> tuple[LossSpec, ...]:
        read = self.uses.read("loss", self.data["loss"], ("loss",))
        if read is None:
            return ()
        if len(outputs) > 1:
            self.problem(("loss",), "the network has several outputs; `losses` says on which layer each cost is")
            return ()
        name = outputs[0][0] if outputs else self.wiring.previous
        return self.checked(read[0], [name], ONLY, 1.0, ("loss",))

    def item(self, item: Any, path: Path, count: int) -> LossSpec | None:
        if not isinstance(item, dict) or "loss" not in item:
            self.problem(path, f"expected a mapping with `loss`; got {shown(item)}")
            return None
        for key in item:
            if key not in KEYS:
                self.problem((*path, key), f"{quoted(key)} is not a key of a loss among several{hint(key, KEYS)}")
        read = self.uses.read("loss", item["loss"], (*path, "loss"))
        on = item.get("on", self.wiring.previous)
        on = on if isinstance(on, list) else [on]
        if not on or not all(isinstance(name, str) for name in on):
            self.problem((*path, "on"), f"expected the name of a layer, or a list of them; got {shown(item['on'])}")
            return None
        weight = item.get("weight", 1.0)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= LARGEST:
            self.problem((*path, "weight"), f"expected a number from 0 to {LARGEST:g}; got {shown(weight)}")
            return None
        if read is None:
            return None
        use, target = read[0], item.get("target", ONLY if count == 1 else "")
        if use.entry.targeted and not target:
            self.problem(path, "several losses say each what it compares with, as in `target: label`")
            return None
        found = self.checked(use, on, target, float(weight), path)
        return found[0] if found else None

    def checked(self, use: Use, on: list[str], target: Any, weight: float, path: Path) -> tuple[LossSpec, ...]:
        """The loss, where what it reads is there."""
        wanted = use.entry.required
        where = (*path, "on") if path[0] == "losses" else path
        if len(on) != len(wanted):
            self.problem(where, f"`{use.name}` reads {len(wanted)} ({', '.join(wanted)}); got {len(on)}")
            return ()
        layers = [self.layer(name, where) for name in on]
        if not use.entry.targeted:
            target = ""
        elif not isinstance(target, str):
            self.problem((*path, "target"), f"expected a name; got {shown(target)}")
            return ()
        elif target in self.wiring.meant:
            self.wiring.read.add(self.wiring.meant[target])
        elif target != ONLY and (reason := objection(target)):
            self.problem((*path, "target"), reason)
            return ()
        meant = self.wiring.meant.get(target, "")
        if not all(layers):
            return ()
        return (LossSpec(use, dict(zip(wanted, layers, strict=True)), target, meant, weight, on[0]),)

    def layer(self, name: str, path: Path) -> str:
        """The layer that a name means; empty where there is none."""
        if not name:  # no layer could be read
            return ""
        if name not in self.wiring.meant:
            self.problem(path, f"no layer is named {quoted(name)}{hint(name, list(self.wiring.meant))}")
            return ""
        self.wiring.read.add(self.wiring.meant[name])
        return self.wiring.meant[name]
