"""A delta that picks a place outside the range of a summed index leaves nothing, and a derivation says so."""

from __future__ import annotations

from symbp import pipeline
from symbp.explain.choices import Choices
from symbp.spec import parse_spec


def steps(spec: str) -> str:
    read = parse_spec(spec)
    return " ".join(pipeline.explain(read, pipeline.derive(read), "text", Choices()).split())


def test_a_part_of_a_tensor_gives_nothing_outside_it() -> None:
    said = steps("name: halves\ninput: 5\nlayers: [dense: 4]\nloss: gaussian_nll\n")
    assert "of the sum over j′′. Outside the ranges of j′ and j′′ nothing remains." in said


def test_a_step_back_in_time_gives_nothing_at_the_end() -> None:
    said = steps("name: steps\ninput: [4, 3]\nlayers: [lstm: 2]\nloss: mse\n")
    assert "of the sum over t′. Outside the range of t′ nothing remains." in said


def test_whole_axes_have_no_outside() -> None:
    assert "nothing remains" not in steps("name: whole\ninput: 5\nlayers: [dense: 4]\nloss: mse\n")
