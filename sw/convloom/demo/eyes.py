"""Where the second layer's eye fires most, as places of the photograph."""

import numpy as np

from convloom.demo.arrangements import REACH

APART = 44  # pixels of the photograph: less, and it is the same eye
STEP, OFFSET = (
    4,
    2 * REACH + 2,
)  # two strides of 2; no padding, so the first output looks at the middle of its window
SURE = 0.75  # of the strongest response


def find(response):
    """(row, column) of each eye in the photograph, the strongest first, from the response [h, w]."""
    response, eyes = response.copy(), []
    strongest, apart = response.max(), APART // STEP
    while response.max() >= SURE * strongest > 0:
        plateau = np.argwhere(response == response.max())
        first = plateau[0]
        row, column = plateau[np.abs(plateau - first).max(axis=1) < apart // 2].mean(axis=0)
        eyes.append((round(row * STEP + OFFSET), round(column * STEP + OFFSET)))
        top, left = max(0, round(row) - apart), max(0, round(column) - apart)
        response[top : round(row) + apart + 1, left : round(column) + apart + 1] = 0
    return eyes
