"""A formula that a step or a seam restates keeps the letters of its sums."""

from __future__ import annotations

import re

import pytest

from symbp import pipeline
from symbp.explain.choices import Choices
from symbp.spec import parse_spec

SPEC = "name: restated\ninput: 5\nlayers: [dense: 4]\nloss: {loss}\n"
LINES = {  # the cost as it is stated, and as its stable form begins
    "gaussian_nll": "1/(N · Nⱼ) · Σₙ Σₖ ((mₙₖ − yₙₖ)² · exp(−sₙₖ)/2 + sₙₖ/2)",
    "softmax_cross_entropy": "1/N · Σₙ (log(Σₖ exp(zₙₖ)) − z[n,yₙ])",
}


@pytest.mark.parametrize("loss", sorted(LINES))
def test_a_stable_form_has_the_letters_of_its_formula(loss: str) -> None:
    spec = parse_spec(SPEC.format(loss=loss))
    text = pipeline.explain(spec, pipeline.derive(spec), "text", Choices())
    cost = re.escape(LINES[loss])
    assert re.search(rf"^\(\d+\) C = {cost}$", text, re.MULTILINE)
    after = re.search(rf"^    C = {cost}\n      = (.*)$", text.split("Stable form", 1)[1], re.MULTILINE)
    assert after
    assert "Σₖ" in after[1]
    assert "Σⱼ" not in after[1]
