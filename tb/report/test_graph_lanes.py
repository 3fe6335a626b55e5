"""The graph beside a profile's rows: every edge once, and none that hides another."""

from itertools import combinations

from convloom.models.graph import Graph, Node, Tensor
from convloom.report.graph_lanes import Edge, edges
from roles.small_network import small_network


def graph(*inputs_of_nodes):
    """Nodes with these rows' outputs as inputs; row 0 is the network's input."""
    tensors = [Tensor(n, f"t{n}", (1,), "int8", ()) for n in range(len(inputs_of_nodes) + 1)]
    nodes = tuple(
        Node("ADD", n, tuple(tensors[row] for row in rows), (tensors[n + 1],))
        for n, rows in enumerate(inputs_of_nodes)
    )
    return Graph(tensors[:1], tensors[-1:], nodes)


def test_a_chain_is_one_line():
    assert edges(graph([0], [1], [2])) == [Edge(0, 1, 0), Edge(1, 2, 0), Edge(2, 3, 0)]


def test_a_skip_runs_beside():
    assert set(edges(graph([0], [1], [1, 2]))) == {Edge(0, 1, 0), Edge(1, 2, 0), Edge(2, 3, 0), Edge(1, 3, 1)}


def test_an_operator_with_one_input_twice():
    assert edges(graph([0, 0])) == [Edge(0, 1, 0)]


def test_skips_one_after_the_other_share_a_lane():
    found = {(edge.start, edge.end): edge.lane for edge in edges(graph([0], [0, 1], [2], [2, 3]))}
    assert found[0, 2] == found[2, 4] == 1


def test_the_longest_runs_outermost():
    found = {(edge.start, edge.end): edge.lane for edge in edges(graph([0], [1], [1, 2], [0, 3]))}
    assert found[1, 3] == 1 and found[0, 4] == 2


def test_no_two_edges_overlap_in_a_lane():
    found = edges(small_network().graph)
    assert len(found) == len({(edge.start, edge.end) for edge in found})
    for one, other in combinations(found, 2):
        if one.lane == other.lane:
            assert one.end <= other.start or other.end <= one.start
