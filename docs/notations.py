"""The table and the examples of docs/notations.md, written by the derivation itself.

    python -m docs.notations

writes what stands between the page's two marks: the conventions of every notation, and the equations of one network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from symbp.derive.derivation import Derivation
from symbp.explain import mathematics as m
from symbp.explain.choices import Choices
from symbp.explain.convention import example
from symbp.explain.document import Display, Document, Heading, Link, Paragraph
from symbp.explain.naming import Naming
from symbp.explain.notations import NOTATIONS, Notation
from symbp.explain.outline import explain
from symbp.pipeline import derive
from symbp.spec import parse_spec
from symbp.targets.latex.mathematics import write as latex
from symbp.targets.markdown.document import mathematics

PAGE = Path(__file__).with_suffix(".md")
BEGIN, END = "<!-- begin: python -m docs.notations -->\n", "<!-- end -->\n"
SPEC = {
    "name": "two_layers",
    "input": 4,
    "layers": [{"dense": {"units": 3, "activation": "tanh"}}, {"dense": {"units": 2, "activation": "sigmoid"}}],
    "loss": "own",
    "define": {"losses": {"own": {"formula": "C = mean[n](sum[j]((a[n,j] - y[n,j])**2) / 2)"}}},
}
HEADER = ("notation", "a layer of neurons", "W", "a batch", "error of z", "gradient of W", "cost")
BATCHES = {"rows": "rows", "columns": "columns", "one": "one example, a column"}


def written() -> str:
    """What stands between the marks."""
    derivation = derive(parse_spec(json.dumps(SPEC)))
    parts = ["\n".join(_table())]
    for name in NOTATIONS:
        shown = mathematics(Document("", (Display(tuple(_lines(derivation, name))),)))
        parts.append(f"### {name}\n\n{shown.strip()}")
    return "\n\n".join(parts) + "\n"


def _table() -> Iterator[str]:
    yield f"| {' | '.join(HEADER)} |"
    yield f"|{'---|' * len(HEADER)}"
    for notation in NOTATIONS.values():
        yield f"| {' | '.join(_row(notation))} |"


def _row(notation: Notation) -> Iterator[str]:
    naming, layer = example(notation)
    yield f"`{notation.name}`"
    yield f"${latex(layer)}$"
    yield f"({notation.weights}, {'outputs' if notation.weights == 'inputs' else 'inputs'})"
    yield BATCHES[notation.batch]
    yield f"${latex(_whole(naming, 'd_z', notation))}$"
    yield f"${latex(_whole(naming, 'd_W', notation))}$"
    yield f"${latex(naming.cost)}$, {_mean(notation)}"


def _whole(naming: Naming, tensor: str, notation: Notation) -> m.Math:
    """A tensor with indices where there are no matrices, else as a matrix or as the vector of one example."""
    if not notation.matrices:
        places = tuple(m.Name(index) for index in ("nj" if tensor == "d_z" else "ij"))
        return naming.tensor(tensor, places)
    plain = replace(naming, layout=replace(naming.layout, output=""))
    return plain.tensor(tensor, matrix=tensor == "d_W" or notation.batch != "one")


def _mean(notation: Notation) -> str:
    if notation.batch == "one":
        return "of the example"
    return "mean, its 1/m at gradients of parameters" if notation.mean == "parameters" else "mean over the batch"


def _lines(derivation: Derivation, notation: str) -> Iterator[m.Line]:
    """The forward pass of the second layer of neurons, then the whole backward pass."""
    section, layer = "", ""
    for part in explain(derivation, Choices(notation=notation)).parts:
        if isinstance(part, Heading) and part.level == 1:
            section = str(part.text[0])
        elif isinstance(part, Paragraph):
            layer = next((piece.text for piece in part.text if isinstance(piece, Link)), layer)
        elif isinstance(part, Display) and (section, layer) == ("Forward pass", "dense_2"):
            yield part.lines[-1]
        elif isinstance(part, Display) and section == "The backward pass":
            yield from part.lines


def main() -> None:
    """Write the page again."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{written()}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    print(PAGE.name)


if __name__ == "__main__":
    main()
