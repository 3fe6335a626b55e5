"""Accumulators with multipliers and shifts, from the edges and from where the rounding modes differ."""

from itertools import product

EDGES = (
    0,
    1,
    2,
    3,
    127,
    128,
    255,
    1 << 24,
    (1 << 24) + 1,
    (1 << 25) + 2,
    (1 << 30) + 128,
    (1 << 31) - 64,
    (1 << 31) - 1,
)
ACCUMULATORS = (*EDGES, *(-edge for edge in EDGES), -(1 << 31), 63 - (1 << 31))
MULTIPLIERS = (0, 1, 1 << 30, (1 << 30) + 128, 3 << 29, (1 << 31) - 128, (1 << 31) - 1)
SHIFTS = (0, 1, 2, 7, 8, 15, 16, 23, 24, 25, 30, 31)


def at_the_edges():
    """Every pair of edges: (accumulator, multiplier, shift)."""
    return list(product(ACCUMULATORS, MULTIPLIERS, SHIFTS))


def ties(rng, count):
    """Results exactly between two whole numbers, or the least bit beside: multipliers are powers of two."""
    cases = []
    while len(cases) < count:
        shift, half = rng.randrange(32), 2 * rng.randrange(-260, 260) + 1
        acc = (half << shift) + rng.choice((0, 0, 1, -1))
        if -(2**31) <= acc < 2**31:
            cases.append((acc, 1 << 30, shift))
    return cases


def near_ties(rng, count):
    """Any multiplier, and results that lie next to a half: where float32's second rounding counts."""
    cases = []
    while len(cases) < count:
        multiplier, shift = rng.randrange(1 << 23, 1 << 24) << 7, rng.randrange(32)
        acc = ((2 * rng.randrange(-260, 260) + 1) << (30 + shift)) // multiplier + rng.randrange(2)
        if -(2**31) <= acc < 2**31:
            cases.append((acc, multiplier, shift))
    return cases


def anywhere(rng, count):
    """Any accumulator of any size, multiplier and shift; two in three with a result within int8."""
    cases = []
    for _ in range(count):
        acc = rng.randrange(-(2**31), 2**31) >> rng.randrange(32)
        fitting = min(max(abs(acc).bit_length() - rng.randrange(1, 10), 0), 31)
        cases.append(
            (acc, rng.randrange(1 << rng.randrange(1, 32)), rng.choice((fitting, fitting, rng.randrange(32))))
        )
    return cases


def cases(rng, count):
    """All of these, `count` of each kind that is drawn."""
    return [*at_the_edges(), *ties(rng, count), *near_ties(rng, count), *anywhere(rng, count)]
