"""Claims from strangers: nothing is executed, nothing takes long, and what cannot be read is told so."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from audited import judged

from symbp.audit.build import settings_of
from symbp.audit.claims import parse_claims, read_claims
from symbp.audit.judge import judge
from symbp.audit.points import random_points
from symbp.audit.read import read_claim
from symbp.errors import UserError

HERE = Path(__file__).parent
NEURON = "equations: |\n  z = w*x + b\n  a = sigmoid(z)\n  C = (a - y)**2 / 2\n"


@pytest.fixture(scope="module")
def neuron():
    (group,) = parse_claims(f"{NEURON}claims: [da/dz = a * (1 - a)]\n".encode())
    setting, _ = settings_of(group)
    return setting, random_points(setting)[0]


@pytest.mark.parametrize(
    "claim",
    [
        "delta = __import__('os').system('true')",
        "delta = ().__class__.__bases__",
        "delta = [a for a in (1, 2)]",
        "delta = (lambda: a)()",
        "delta = a if y else z",
        "delta = f'{a}'",
        "delta = a.real",
        "delta = a ** a",
        "delta = 9**9**9",
        "delta = a ** 1000000",
        "delta = 1e400",
        "delta = " + "(" * 200 + "a" + ")" * 200,
        "delta = " + "-" * 900 + "a",
        "delta = " + "+".join(["a"] * 400),
        "delta = a" + " " * 2000,
        "delta = eval(a)",
        "delta = exec",
        "(a, z) = y",
        "a[0] = y",
        "delta",
        "=",
        "",
        "C = C = ",
        "da/da = 1",
        "x = y",
        r"\delta = \input{/etc/passwd}",
        r"\delta = \def\a{\a}\a",
        r"\delta = a^{999}",
        r"\delta = \frac{1}{",
        r"\delta^{99} = a",
        r"\delta = " + r"\frac{1}{" * 100 + "a" + "}" * 100,
        "\\delta = \\sum a",
    ],
)
def test_what_claims_do_not_say_is_refused(neuron, claim: str) -> None:
    setting, points = neuron

    def judged_all() -> None:
        for statement in read_claim(claim, setting):
            judge(statement, setting, points)

    with pytest.raises(UserError):
        judged_all()


@pytest.mark.parametrize(
    "claim", ["delta = 1 / 0", "delta = log(-1)", "delta = exp(exp(exp(exp(9))))", "delta = 0 * y"]
)
def test_what_is_no_number_is_wrong(neuron, claim: str) -> None:
    setting, points = neuron
    (statement,) = read_claim(claim, setting)
    assert judge(statement, setting, points).status == "wrong"


def test_many_indices_are_not_multiplied_out() -> None:
    letters = "abcdefghijklmopqrstu"
    product = "*".join(f"x[{c}]" for c in letters)
    (group,) = parse_claims(f"formula: sum[i](x[i]**2)\nclaims: ['C = sum[{','.join(letters)}]({product})']".encode())
    setting, _ = settings_of(group)
    with pytest.raises(UserError, match="too many values"):
        judge(read_claim(group.claims[0].text, setting)[0], setting, random_points(setting)[0])


def test_a_formula_of_many_indices_is_refused() -> None:
    letters = ",".join("abcdefghijklmopqrstu")
    (group,) = parse_claims(f"formula: 'sum[{letters}](x[{letters}])'\nclaims: [C = C]".encode())
    setting, _ = settings_of(group)
    with pytest.raises(UserError, match="too many indices"):
        random_points(setting)


def test_a_network_of_too_many_layers_is_refused(tmp_path: Path) -> None:
    layers = "".join("    - dense: 3\n" for _ in range(60))
    with pytest.raises(UserError, match="at most 40"):
        judged(f"network:\n  input: 3\n  layers:\n{layers}  loss: mse\nclaims: [delta1 = 0]\n", tmp_path)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("[conv2d: {filters: 2, kernel_size: 3}, flatten, dense: 2]", "state the network as `equations`"),
        ("[flatten, dense: 2]", "state"),
    ],
)
def test_a_network_that_is_no_chain_of_vectors_says_so(layers: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        judged(f"network:\n  input: [1, 5, 5]\n  layers: {layers}\n  loss: mse\nclaims: [delta1 = 0]\n", tmp_path)


def test_mutations_of_the_corpus_are_judged_or_refused() -> None:
    draw = random.Random(0)
    token = re.compile(r"\\[A-Za-z]+|[A-Za-z0-9_']+|\S")
    for group in read_claims(HERE / "wrong.yaml"):
        setting, network = settings_of(group)
        points, _ = random_points(setting)
        for claim in draw.sample(group.claims, min(2, len(group.claims))):
            parts = token.findall(claim.text)
            place, other = draw.randrange(len(parts)), draw.randrange(len(parts))
            parts[place] = parts[other]
            try:
                for statement in read_claim(" ".join(parts), setting):
                    judge(statement, setting, points, network)
            except UserError:
                pass  # anything else is a defect
