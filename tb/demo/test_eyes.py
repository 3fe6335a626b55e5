"""Eyes are found where the response is, once each."""

import numpy as np
from convloom.demo.eyes import OFFSET, STEP, find


def response(*places):
    values = np.zeros((68, 106), np.float32)
    for row, column, strength in places:
        values[row : row + 2, column : column + 2] = strength
    return values


def place(row, column):
    return row * STEP + OFFSET, column * STEP + OFFSET


def test_middle_of_a_plateau():
    assert find(response((20, 30, 1.0))) == [place(20.5, 30.5)]


def test_two_eyes_the_stronger_first():
    assert find(response((20, 30, 0.9), (25, 70, 1.0))) == [place(25.5, 70.5), place(20.5, 30.5)]


def test_weak_and_near_ones_are_not_eyes():
    assert find(response((20, 30, 1.0), (24, 33, 0.9), (50, 90, 0.5))) == [place(20.5, 30.5)]


def test_none_at_all():
    assert find(response()) == []
