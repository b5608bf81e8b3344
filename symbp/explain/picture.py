"""A picture of the network: its blocks in rows by their distance from the inputs, lanes beside each other.

A lane holds a chain of blocks, or a connection that passes by: a skip. The longest way to the cost stays in one lane.
Blocks that neither read nor are read (penalties are of parameters) are not in the picture, nor are targets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from symbp.explain.document import Node, Picture, Row, Stroke
from symbp.explain.layout import Layout
from symbp.forward.network import BATCH, Block, Network, NetworkTensor

Edge = tuple[str, str]  # names of nodes


PLAIN = Layout()


def picture(network: Network, called: Callable[[str], str] = str, layout: Layout = PLAIN) -> Picture:
    """The blocks and what they read; `called` says what a formula is called, `layout` how tensors lie."""
    graph = _graph(network, called, layout)
    return _Layout(graph).picture()


@dataclass(frozen=True)
class _Graph:
    """Nodes in order of evaluation, with what each one leads to, and the sizes of what it gives."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    sizes: Mapping[str, str]


def _graph(network: Network, called: Callable[[str], str], layout: Layout) -> _Graph:
    makers = {block.binding[block.formula.output.name]: block.name for block in network.blocks}
    makers |= {name: name for name in network.inputs}
    edges = tuple(dict.fromkeys(edge for block in network.blocks for edge in _reads(block, makers)))
    joined = {name for edge in edges for name in edge}
    blocks = [block for block in network.blocks if block.name in joined]
    nodes = {name: Node(name, "", "", "input") for name in network.inputs if name in joined}
    for b in blocks:
        reads = tuple(source for source, target in edges if target == b.name)
        nodes[b.name] = Node(b.name, called(b.formula.name), f"layer {b.name}", _role(b, network), reads)
    sizes = {maker: _size(network.tensors[tensor], layout) for tensor, maker in makers.items()}
    return _Graph(nodes, edges, sizes)


def _reads(block: Block, makers: Mapping[str, str]) -> Iterable[Edge]:
    read = (block.binding[tensor.name] for tensor in block.formula.with_role("input"))
    return ((makers[tensor], block.name) for tensor in read if tensor in makers and makers[tensor] != block.name)


def _role(block: Block, network: Network) -> Literal["layer", "cost"]:
    return "cost" if block.binding[block.formula.output.name] in network.costs else "layer"


def _size(tensor: NetworkTensor, layout: Layout) -> str:
    sizes = layout.shape(tensor.name, tensor.shape)
    return " × ".join(layout.notation.examples if dim == BATCH else str(dim) for dim in sizes)


@dataclass
class _Layout:
    """Rows and lanes. `taken` are the cells that hold a node or a connection that passes."""

    graph: _Graph
    rows: dict[str, int] = field(default_factory=dict)
    lanes: dict[str, int] = field(default_factory=dict)
    taken: set[tuple[int, int]] = field(default_factory=set)

    def picture(self) -> Picture:
        """The picture."""
        before: dict[str, list[str]] = {name: [] for name in self.graph.nodes}
        for source, target in self.graph.edges:
            before[target].append(source)
        for name in self.graph.nodes:
            self.rows[name] = max((self.rows[b] + 1 for b in before[name]), default=0)
        self._place(before)
        ways = {edge: self._way(edge) for edge in sorted(self.graph.edges, key=self._length)}
        return Picture(tuple(self._row(at, ways) for at in range(max(self.rows.values(), default=-1) + 1)))

    def _length(self, edge: Edge) -> int:
        return self.rows[edge[1]] - self.rows[edge[0]]

    def _place(self, before: Mapping[str, Sequence[str]]) -> None:
        """A lane for every node: that of the node before it of which it is the main way on, or a free one."""
        height: dict[str, int] = {}
        after: dict[str, list[str]] = {name: [] for name in self.graph.nodes}
        for source, target in self.graph.edges:
            after[source].append(target)
        for name in reversed(list(self.graph.nodes)):
            height[name] = max((height[a] + 1 for a in after[name]), default=0)
        on = {name: max(a, key=lambda n: (height[n], -self.rows[n])) for name, a in after.items() if a}
        for name in sorted(self.graph.nodes, key=lambda n: self.rows[n]):
            row = self.rows[name]
            inherited = [
                self.lanes[b] for b in before[name] if on[b] == name and (row, self.lanes[b]) not in self.taken
            ]
            self.lanes[name] = min(inherited, default=self._free(range(row, row + 1)))
            self.taken.add((row, self.lanes[name]))

    def _free(self, rows: range, preferred: Sequence[int] = ()) -> int:
        """A lane that is free in all of these rows."""
        lanes: list[int] = [*preferred, *range(len(self.taken) + 1)]
        return next(lane for lane in lanes if all((row, lane) not in self.taken for row in rows))

    def _way(self, edge: Edge) -> dict[int, int]:
        """The lane of a connection in every row from one end to the other."""
        first, last = (self.rows[name] for name in edge)
        ends = [self.lanes[name] for name in edge]
        between = range(first + 1, last)
        lane = self._free(between, ends) if between else 0
        self.taken |= {(row, lane) for row in between}
        return {first: ends[0], **dict.fromkeys(between, lane), last: ends[1]}

    def _row(self, at: int, ways: Mapping[Edge, Mapping[int, int]]) -> Row:
        nodes = {self.lanes[n]: node for n, node in self.graph.nodes.items() if self.rows[n] == at}
        here = {edge: way for edge, way in ways.items() if at in way and at - 1 in way}
        strokes = {(way[at - 1], way[at]): "" for way in here.values()}
        for edge, way in here.items():
            if self.rows[edge[0]] == at - 1:
                strokes[way[at - 1], way[at]] = self.graph.sizes[edge[0]]
        passing = {way[at] for edge, way in here.items() if self.rows[edge[1]] > at}
        drawn = tuple(Stroke(above, below, size) for (above, below), size in sorted(strokes.items()))
        sizes = {lane: self.graph.sizes[node.name] for lane, node in nodes.items()}
        return Row(drawn, dict(sorted(nodes.items())), tuple(sorted(passing)), sizes)
