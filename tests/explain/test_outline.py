"""What an explanation says: its sections, its numbers, the three factors, the recursion, and one layer on its own."""

from __future__ import annotations

import re

import pytest
from explained import momentum, perceptron, with_activation, with_loss

from symbp.errors import UserError
from symbp.explain.choices import Choices
from symbp.explain.document import Code, Derived, Document, Equations, Paragraph
from symbp.explain.numbering import numbering, step_numbers
from symbp.explain.outline import explain
from symbp.explain.steps import step_parts
from symbp.explain.words.languages import LANGUAGES
from symbp.targets.explanation import render
from symbp.targets.text.mathematics import write

FULL = Choices(level="full")


def numbered(document: Document) -> dict[int, Derived | Equations]:
    return {part.number: part for part in document.parts if isinstance(part, Derived | Equations)}


def test_every_step_is_numbered_in_order_of_reading() -> None:
    derivation = perceptron()
    whole = list(range(1, len(numbering(derivation)) + 1))
    shown = [part for part in explain(derivation, FULL).parts if isinstance(part, Derived | Equations)]
    assert [part.number for part in shown] == whole
    told = [part for part in explain(derivation).parts if isinstance(part, Derived | Equations)]
    spans = [range(getattr(part, "since", 0) or part.number, part.number + 1) for part in told]
    assert [number for span in spans for number in span] == whole, "steps told as one have all their numbers"
    assert len(told) < len(whole)


def test_results_alone_keep_their_numbers() -> None:
    derivation = perceptron()
    document = explain(derivation, Choices(level="summary"))
    shown = {part.number for part in document.parts if isinstance(part, Equations)}
    assert shown >= set(step_numbers(derivation).values())
    assert not any(isinstance(part, Derived) for part in document.parts)


def test_the_numbers_that_code_quotes_lead_to_the_results() -> None:
    derivation = perceptron()
    parts = numbered(explain(derivation))
    numbers = step_numbers(derivation)
    for name, derived in derivation.formulas.items():
        computed = {e.target.tensor for e in derived.forward} | {g.equation.target.tensor for g in derived.backward}
        assert {tensor for formula, tensor in numbers if formula == name} >= computed
    last = parts[numbers["dense", "d_W"]].lines[-1]
    assert write(last.right) == "Σₙ δₙⱼ · xₙᵢ"
    stated = parts[numbers["dense", "z"]]
    assert isinstance(stated, Equations)
    assert write(stated.lines[0].right) == "Σᵢ xₙᵢ · Wᵢⱼ + bⱼ"


def test_a_layer_alone_keeps_the_numbers_of_the_whole() -> None:
    derivation = perceptron()
    whole, part = numbered(explain(derivation)), numbered(explain(derivation, Choices("dense_2")))
    assert part
    assert part.items() < whole.items()


def test_a_layer_alone_says_nothing_of_the_others() -> None:
    text = render(perceptron(), "text", Choices("dense_2"))
    assert "dense_2.W" in text
    assert "dense_1.W" not in text
    assert "flatten" not in text


def test_an_unknown_layer_is_named_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"no layer `dense_22`; did you mean `dense_2`\?"):
        render(perceptron(), "text", Choices("dense_22"))


def test_an_unknown_format_is_named_with_the_valid_ones() -> None:
    with pytest.raises(UserError, match="no format `epub`; the formats are `html`, `latex`, `markdown`, `text`"):
        render(perceptron(), "epub")  # type: ignore[arg-type]


def test_the_three_factors_are_named_and_found() -> None:
    text = render(perceptron(), "text")
    assert "∂C/∂w = ∂C/∂a · ∂a/∂z · ∂z/∂w" in text
    assert "∂C/∂W⁽¹⁾ᵢⱼ = Σₙ ∂C/∂a⁽¹⁾ₙⱼ · ∂a⁽¹⁾ₙⱼ/∂z⁽¹⁾ₙⱼ · ∂z⁽¹⁾ₙⱼ/∂W⁽¹⁾ᵢⱼ" in text
    assert "∂z⁽¹⁾ₙⱼ/∂W⁽¹⁾ᵢⱼ = y⁽⁰⁾ₙᵢ" in text
    assert "∂a⁽¹⁾ₙⱼ/∂z⁽¹⁾ₙⱼ = 𝟙[a⁽¹⁾ₙⱼ > 0]" in text
    assert "∂C/∂a⁽¹⁾ₙⱼ = Σⱼ′ δ⁽²⁾ₙⱼ′ · W⁽²⁾ⱼⱼ′" in text
    assert "∂C/∂W⁽¹⁾ᵢⱼ = Σₙ δ⁽¹⁾ₙⱼ · y⁽⁰⁾ₙᵢ" in text


def test_the_recursion_has_the_networks_own_tensors() -> None:
    text = render(perceptron(), "text")
    backward = re.sub(r" +", " ", text[text.index("The backward pass") :])
    assert "δ⁽³⁾ₙⱼ = (a⁽³⁾ₙⱼ − 𝟙[j = yₙ])/N" in backward
    assert "δ⁽²⁾ = (δ⁽³⁾·W⁽³⁾ᵀ) ⊙ 𝟙[A⁽²⁾ > 0]" in backward
    assert "∂C/∂W⁽²⁾ = A⁽¹⁾ᵀ·δ⁽²⁾" in backward
    assert "∂C/∂b⁽²⁾ = 𝟏ᵀ·δ⁽²⁾" in backward
    assert "∂C/∂x" not in backward, "nothing is trained behind the network's input"


def test_the_seam_is_shown_step_by_step() -> None:
    document = explain(perceptron())
    steps = [part for part in document.parts if isinstance(part, Derived)]
    assert [step.rule for step in steps[:2]] == ["Put in the formula", "Rewrite"]
    text = " ".join(render(perceptron(), "text").split())
    assert "(2) Rewrite. By log(u/v) = log(u) − log(v); log(exp(u)) = u." in text
    assert "cotangent (derivative of the cost by a tensor)" in text


def test_what_makes_predictions_alone_is_said_to() -> None:
    text = render(perceptron(), "text")
    assert "Used in prediction, by softmax behind the network’s output." in text
    assert "Used by softmax" not in text


def test_a_layer_without_parameters_says_nothing_of_the_network() -> None:
    text = render(perceptron(), "text", Choices(layer="relu_1"))
    assert "This layer has no parameters." in text
    assert "trainable" not in text


@pytest.mark.parametrize(
    ("activation", "slope"),
    [("sigmoid", "δ = ∂C/∂A ⊙ A ⊙ (1 − A)"), ("tanh", "δ = ∂C/∂A ⊙ (1 − A ⊙ A)"), ("relu", "δ = ∂C/∂A ⊙ 𝟙[A > 0]")],
)
def test_results_stand_in_saved_values_between_matrices(activation: str, slope: str) -> None:
    text = re.sub(r" +", " ", render(with_activation(activation), "text"))
    assert slope in text.replace("( ", "(").replace(" )", ")")


def test_an_activation_with_parameters_stays_in_its_layer() -> None:
    text = render(with_activation("prelu"), "text")
    assert "A⁽¹⁾" in text
    assert "A⁽²⁾" not in text


def test_a_cost_read_twice_tells_its_own_partial_derivative_from_the_whole() -> None:
    assert "∂C/∂aₙⱼ = (∂C/∂aₙⱼ at fixed p) + Σₙ′ ∂C/∂pₙ′ · ∂pₙ′/∂aₙⱼ" in render(with_loss("cosine"), "text")


def test_the_optimizer_ends_the_document() -> None:
    text = render(perceptron(), "text", updates=[momentum()])
    ending = re.sub(r" +", " ", text[text.index("The update") :])
    assert "v ← momentum · v + g" in ending
    assert "w ← w − η · v" in ending
    assert "momentum with η = 0.01, momentum = 0.5" in ending or "momentum with momentum = 0.5, η = 0.01" in ending


def test_the_convention_is_named() -> None:
    text = " ".join(render(perceptron(), "text").split())
    assert "z = Wᵀ·x + b" in text
    assert "Z = X·W + 𝟏·b" in text
    assert any(isinstance(part, Paragraph) for part in explain(perceptron()).parts)


def reasons(formula: str, rule: str) -> list[str]:
    """What is said of the steps of a rule in the derivation of the formula of a row."""
    derived = with_activation(formula).formulas[formula]
    parts = [
        part
        for gradient in derived.backward
        for part in step_parts(
            gradient.steps, range(1, len(gradient.steps) + 1), derived.formula, "steps", LANGUAGES["en"]
        )
    ]
    title = LANGUAGES["en"].text(f"{rule}.title")
    found = [part.reason for part in parts if isinstance(part, Derived) and part.rule == title]
    return ["".join(p if isinstance(p, str) else write(p) for p in r if not isinstance(p, Code)) for r in found]


def test_a_saved_value_is_named_with_its_equation_and_as_the_output() -> None:
    (said,) = reasons("softmax", "saved value")
    assert said == (
        "The forward pass has computed aₙⱼ = exp(zₙⱼ)/(Σₖ exp(zₙₖ)), so the derivative by z is written in terms of the "
        "output a itself."
    )


def test_deltas_that_follow_each_other_are_told_as_one() -> None:
    (said,) = reasons("relu", "contract delta")
    assert said == "The deltas pick j′ = j and n′ = n out of the sums over j′ and n′; every other term is 0."


def test_the_rules_of_calculus_are_named() -> None:
    (quotient,) = reasons("softmax", "differentiate")
    assert quotient.startswith("By the quotient rule numerator and denominator of a are both differentiated.")
    assert "∂exp(u)/∂u = exp(u)" in quotient
    assert quotient.endswith("so ∂zₙ′ⱼ′/∂zₙⱼ = 𝟙[n = n′] · 𝟙[j = j′].")
    (branches,) = reasons("relu", "differentiate")
    assert branches.startswith("Each branch is differentiated on its own")


def test_a_sum_is_said_to_be_the_matrix_product_that_it_is() -> None:
    text = re.sub(r" +", " ", render(perceptron(), "text"))
    assert "The sum over j is the matrix product δ·Wᵀ:\n\n ∂C/∂X = δ · Wᵀ\n N×Nᵢ N×Nⱼ Nⱼ×Nᵢ\n" in text
    assert "The sum over n is the matrix product Xᵀ·δ:\n\n ∂C/∂W = Xᵀ · δ\n Nᵢ×Nⱼ Nᵢ×N N×Nⱼ\n" in text
    latex = render(perceptron(), "latex")
    assert r"\underbrace{\delta}_{N \times N_{j}} \, \underbrace{W^{\top}}_{N_{j} \times N_{i}}" in latex


def test_each_form_of_a_result_is_stated_in_order() -> None:
    text = render(with_activation("sigmoid"), "text", Choices(level="summary"))
    text = text[text.index("\nsigmoid\n") :]
    places = [text.index(said) for said in ("In index form:", "In values that the forward pass has saved:", "⊙  A")]
    assert places == sorted(places)
