"""The second layer: kernels that look for an arrangement in space of what the first layer found."""

import numpy as np

from convloom.demo.banks import Bank

REACH = 6  # pixels of the first layer's output between taps: nine taps span 13, which is 26 of the photograph
LEFT, RIGHT = (1, 0), (1, 2)
ABOVE, BELOW = (0, 1), (2, 1)
CENTRE = (1, 1)
CORNERS = ((0, 0), (0, 2), (2, 0), (2, 2))
RING = (ABOVE, BELOW, LEFT, RIGHT, *CORNERS)
ALL = (CENTRE, *RING)
OUTWARDS = {
    **{RIGHT: (0,), (0, 2): (36,), ABOVE: (72, 108), (0, 0): (144,)},
    **{LEFT: (180,), (2, 0): (216,), BELOW: (252, 288), (2, 2): (324,)},
}  # the edges' angles that point away from the centre

# For each arrangement: what adds or, with a negative weight, forbids, as (channel, taps, weight); and how
# much of all that adds must be there before it fires at all, from 0 to 1.
ARRANGEMENTS = {
    "eye": (
        [("dark", (CENTRE,), 4), ("green", RING, 1), ("green", (CENTRE,), -2), ("light", ALL, -0.5)],
        0.4,
    ),
    "nose": ([("red", ALL, 1), ("magenta", ALL, 1), ("dark", ALL, 0.5)], 0.5),
    "whisker": (
        [(f"light line {angle}", (LEFT, CENTRE, RIGHT), 1) for angle in (0, 18, 162)]
        + [("fine edge 0", RING, -0.3), ("fine edge 180", RING, -0.3)],
        0.15,
    ),
    "stripe": ([(f"dark line {angle}", (ABOVE, CENTRE, BELOW), 1) for angle in (72, 90, 108)], 0.25),
    "dark disc": (
        [(f"edge {angle}", (tap,), 1) for tap, angles in OUTWARDS.items() for angle in angles]
        + [("dark", (CENTRE,), 2)],
        0.3,
    ),
    "corner": (
        [
            ("edge 108", (RIGHT,), 1),
            ("edge 72", (RIGHT,), 1),
            ("edge 180", (BELOW,), 2),
            ("dark", ((2, 2),), 2),
        ],
        0.35,
    ),
    "fur": ([(f"fine edge {angle}", ALL, 1) for angle in (0, 72, 144, 216, 288)], 0.15),
    "calm": ([("light", ALL, 1)] + [(f"fine edge {angle}", ALL, -0.5) for angle in range(0, 360, 36)], 0.2),
}


def bank(channels):
    """The kernels as a Bank over the channels of these names, and int32 biases: minus the thresholds."""
    kernels, biases = {}, []
    for name, (terms, threshold) in ARRANGEMENTS.items():
        kernel = np.zeros((3, 3, len(channels)))
        for channel, taps, weight in terms:
            for tap in taps:
                kernel[*tap, channels.index(channel)] = weight
        kernels[name] = kernel
        scale = 127 / np.abs(kernel).max()
        biases.append(-threshold * 255 * scale * kernel[kernel > 0].sum())
    return Bank.of(kernels), np.rint(biases).astype(np.int32)
