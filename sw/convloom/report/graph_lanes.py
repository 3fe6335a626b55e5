"""A network's graph drawn as rows from the top down: which edges there are, and in which lane each runs."""

from typing import NamedTuple


class Edge(NamedTuple):
    """From row to row. Lane 0 holds edges between neighbours, higher ones what passes other rows by."""

    start: int
    end: int
    lane: int


def edges(graph):
    """The Edges of a Graph whose inputs are row 0 and whose node n is row n + 1.

    Edges in one lane share no row but where one ends and the next begins: each takes the first lane that is free,
    shortest first, so that the longest runs outermost.
    """
    row = {tensor.number: 0 for tensor in graph.inputs}
    row |= {tensor.number: n for n, node in enumerate(graph.nodes, 1) for tensor in node.outputs}
    pairs = {
        (row[tensor.number], n)
        for n, node in enumerate(graph.nodes, 1)
        for tensor in node.inputs
        if tensor is not None and tensor.number in row
    }
    lanes = []  # the edges of lane 1, of lane 2 ...
    found = [Edge(start, end, 0) for start, end in sorted(pairs) if end - start == 1]
    for start, end in sorted(pairs, key=lambda pair: (pair[1] - pair[0], pair)):
        if end - start > 1:
            found.append(Edge(start, end, _place(lanes, start, end)))
    return found


def _place(lanes, start, end):
    for number, lane in enumerate(lanes, 1):
        if all(end <= first or last <= start for first, last in lane):
            lane.append((start, end))
            return number
    lanes.append([(start, end)])
    return len(lanes)
