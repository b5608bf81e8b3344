"""The picture of a network: rows by distance from the inputs, every connection drawn through."""

from __future__ import annotations

from functools import cache

import pytest

from symbp import pipeline
from symbp.explain.bundles import bundles
from symbp.explain.document import Picture
from symbp.explain.picture import picture
from symbp.forward.network import Network
from symbp.spec.read import parse_spec
from symbp.targets.html.picture import pieces
from symbp.targets.latex.picture import pictures as latex_pictures
from symbp.targets.text.picture import draw

CHAIN = "name: chain\ninput: 3\nlayers: [{dense: 4}, tanh, {dense: 2}]\nloss: mse\n"
SKIP = """\
name: skip
input: 4
layers:
  - dense: {name: stem, units: 4}
  - dense: {name: one, units: 4}
  - tanh
  - add: {inputs: [tanh_1, stem]}
  - dense: 1
loss: mse
"""
NESTED = """\
name: nested
input: 4
layers:
  - dense: {name: a, units: 4}
  - dense: {name: b, units: 4}
  - dense: {name: c, units: 4}
  - add: {name: inner, inputs: [c, b]}
  - add: {name: outer, inputs: [inner, a]}
  - concatenate: {name: both, inputs: [outer, x, a]}
  - dense: 1
loss: mse
"""


CROSSED = """\
name: crossed
input: 4
layers:
  - dense: {name: a, units: 4}
  - dense: {name: b, units: 4, input: x}
  - add: {name: p, inputs: [a, b]}
  - dense: {name: c, units: 4, input: a}
  - dense: {name: d, units: 4, input: b}
  - add: {name: q, inputs: [c, d]}
  - concatenate: {name: r, inputs: [p, q, a, b]}
  - dense: 1
loss: mse
"""
TWINS = """\
name: twins
input: {u: 4, v: 4}
layers:
  - dense: {name: a, units: 4, input: u}
  - dense: {name: b, units: 4, input: v}
  - dense: {name: c, units: 4, input: u}
  - dense: {name: d, units: 4, input: v}
  - concatenate: {name: both, inputs: [a, b, c, d]}
  - dense: 1
loss: mse
"""


@cache
def network(text: str) -> Network:
    return pipeline.derive(parse_spec(text)).network


def drawn(text: str) -> Picture:
    return picture(network(text))


def connections(shown: Picture) -> set[tuple[str, str]]:
    """The nodes that strokes join, followed from row to row."""
    found: set[tuple[str, str]] = set()
    carried: dict[int, set[str]] = {}
    for row in shown.rows:
        arriving: dict[int, set[str]] = {}
        for stroke in row.strokes:
            arriving.setdefault(stroke.below, set()).update(carried.get(stroke.above, set()))
        found |= {(source, node.name) for lane, node in row.nodes.items() for source in arriving.get(lane, ())}
        carried = {lane: {node.name} for lane, node in row.nodes.items()}
        carried |= {lane: arriving[lane] for lane in row.passing}
    return found


def test_a_chain_is_one_lane() -> None:
    shown = drawn(CHAIN)
    assert shown.lanes == 1
    assert [node.name for row in shown.rows for node in row.nodes.values()] == [
        "x",
        "dense_1",
        "tanh_1",
        "dense_2",
        "loss",
    ]
    assert draw(shown) == ["●   x  N × 3", "●   dense_1  N × 4", "●   tanh_1  N × 4", "●   dense_2  N × 2", "●   loss"]


def test_a_skip_passes_in_a_lane_of_its_own() -> None:
    assert [line.split(" N")[0].rstrip() for line in draw(drawn(SKIP))] == [
        "●      x",
        "●      stem",
        "├──╮",
        "●  │   one",
        "●  │   tanh_1",
        "├──╯",
        "●      add_1",
        "●      dense_3",
        "●      loss",
    ]


@pytest.mark.parametrize("text", [CHAIN, SKIP, NESTED, CROSSED, TWINS])
def test_every_connection_is_drawn_and_no_other(text: str) -> None:
    net = network(text)
    makers = {b.binding[b.formula.output.name]: b.name for b in net.blocks} | {name: name for name in net.inputs}
    reads = {(makers[b.binding[t.name]], b.name) for b in net.blocks for t in b.formula.with_role("input")}
    assert connections(drawn(text)) == reads


@pytest.mark.parametrize("text", [CHAIN, SKIP, NESTED, CROSSED, TWINS])
def test_no_two_things_are_in_one_place(text: str) -> None:
    for row in drawn(text).rows:
        cells = [*row.nodes, *row.passing]
        assert len(cells) == len(set(cells))
        assert len({stroke.size for stroke in row.strokes if stroke.size}) <= len(row.strokes)


@pytest.mark.parametrize("text", [CHAIN, SKIP, NESTED, CROSSED, TWINS])
def test_boxes_stand_apart_and_within_the_piece(text: str) -> None:
    for piece in pieces(drawn(text)):
        for box in piece.boxes:
            assert box.x - box.width / 2 >= 0
            assert box.x + box.width / 2 <= piece.width
            others = [other for other in piece.boxes if other is not box and other.y == box.y]
            assert all(abs(other.x - box.x) >= (other.width + box.width) / 2 for other in others)
        sizes = [line for line in piece.lines if line.size]
        assert all(line.x - 6 * len(line.size) >= 0 for line in sizes)


def test_connections_of_several_nodes_have_lines_of_their_own() -> None:
    assert [line.split(" N")[0].rstrip() for line in draw(drawn(TWINS))][:5] == [
        "●  ●         u",
        "├──│──╮",
        "│  ├──│──╮",
        "●  ●  ●  ●   a",
        "├──┴──┴──╯",
    ]
    (drawing,) = latex_pictures(drawn(TWINS))
    assert r"\put(2.5,25){\line(1,0){10}}" in drawing.commands
    assert r"\put(7.5,23){\line(1,0){10}}" in drawing.commands


def test_what_meets_in_crossing_is_said() -> None:
    lines = draw(drawn(CROSSED))
    assert "●  ●  ●  │  │   p  N × 4 ← a, b, c  N × 4 ← a, d  N × 4 ← b" in lines
    assert "●               r  N × 16 ← p, q, a, b" in lines
    assert "←" not in "".join(draw(drawn(NESTED)) + draw(drawn(TWINS)))


@pytest.mark.parametrize("text", [CHAIN, SKIP, NESTED, CROSSED, TWINS])
def test_bundles_hold_every_stroke_and_leave_lanes_before_they_are_taken(text: str) -> None:
    for row in drawn(text).rows:
        placed = bundles(row)
        bent = [s for s in row.strokes if s.above != s.below]
        assert {s for b in placed for s in b.strokes} >= set(bent)
        assert all(len(b.sources) == 1 or len(b.targets) == 1 for b in placed)


def test_what_reads_only_parameters_is_not_drawn() -> None:
    text = CHAIN + "penalty: {l2: 0.1}\n"
    shown = [node.name for row in drawn(text).rows for node in row.nodes.values()]
    assert len(shown) == 5
    assert len(network(text).blocks) > 4
