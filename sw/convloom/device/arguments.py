"""Geometry as callers write it: one number or a pair, padding by name or in numbers."""

from convloom import checks

MOST = 1 << 31


def steps(name, value):
    """`value`, 1 or more or (y, x) of such, as a pair. Raises ValueError for anything else."""
    return (
        checks.pair(name, value, 1)
        if isinstance(value, tuple | list)
        else (checks.whole(name, value, 1, MOST),) * 2
    )


def padding(value):
    """(y, x), each "same", "valid" or (before, behind). Raises ValueError for anything else."""
    if value in ("same", "valid"):
        return value, value
    sides = isinstance(value, tuple | list) and len(value) == 2
    if not sides or not all(isinstance(side, tuple | list) and len(side) == 2 for side in value):
        raise ValueError(f"padding must be 'same', 'valid' or ((top, bottom), (left, right)), not {value!r}")
    return tuple(tuple(checks.whole("a pad", number, -MOST, MOST) for number in side) for side in value)
