"""The kernels are what their names say."""

import numpy as np
import pytest
from convloom.demo import arrangements, banks, kernels

BANKS = (banks.colours, banks.edges, banks.textures, banks.shapes, banks.hundred)


@pytest.mark.parametrize("make", BANKS, ids=lambda make: make.__name__)
def test_bank_is_named_int8_that_uses_its_range(make):
    bank = make()
    assert len(bank.names) == len(set(bank.names)) == len(bank.weights)
    assert bank.weights.dtype == np.int8
    assert (np.abs(bank.weights.astype(int)).max(axis=(1, 2, 3)) == 127).all()


def test_there_are_a_hundred():
    assert banks.hundred().weights.shape == (100, 5, 5, 3)


@pytest.mark.parametrize("make", (banks.edges, banks.textures, banks.shapes), ids=lambda make: make.__name__)
def test_even_areas_say_nothing(make):
    """Up to the rounding of the weights, a kernel that looks for change sums to 0."""
    bank = make()
    assert (np.abs(bank.weights.sum(axis=(1, 2, 3), dtype=int)) <= 0.5 * bank.weights[0].size).all()


@pytest.mark.parametrize("angle, row, column", [(0, 2, 4), (90, 0, 2), (180, 2, 0), (270, 4, 2)])
def test_edges_and_corners_point_where_they_say(angle, row, column):
    for kernel in (kernels.edge(angle), kernels.corner(angle)):
        assert kernel[row, column] > 0 > kernel[4 - row, 4 - column]


def test_line_runs_along_its_angle():
    assert kernels.line(0)[2, 4] > 0 > kernels.line(0)[4, 2]
    assert kernels.line(90)[4, 2] > 0 > kernels.line(90)[2, 4]


def test_arrangement_fires_only_when_enough_is_there():
    names = (
        "dark",
        "green",
        "light",
        *{term[0] for each in arrangements.ARRANGEMENTS.values() for term in each[0]},
    )
    bank, bias = arrangements.bank(names)
    eye = bank.weights[bank.names.index("eye")].astype(int)
    there = np.zeros((3, 3, len(names)), int)
    there[arrangements.CENTRE][names.index("dark")] = 255
    threshold = bias[bank.names.index("eye")]
    assert (eye * there).sum() + threshold < eye[eye > 0].sum() * 255 * 0.2
    for tap in arrangements.RING:
        there[tap][names.index("green")] = 255
    assert (eye * there).sum() + threshold > eye[eye > 0].sum() * 255 * 0.5
