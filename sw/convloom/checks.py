"""Checks of what a caller hands in: each says what was expected and what came."""

import numpy as np


def whole(name, value, least, most):
    """`value` as an int. Raises ValueError unless it is a whole number from `least` to `most`."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool | np.bool_)
    if not is_whole or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return int(value)


def pair(name, value, least, most=1 << 31):
    """`value` as two ints (y, x). Raises ValueError unless it is a pair of whole numbers in that range."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise ValueError(f"{name} must be a pair (y, x), not {value!r}")
    return tuple(
        whole(f"{name} {axis}", number, least, most) for axis, number in zip("yx", value, strict=True)
    )


def pads(value):
    """`value` as ((top, bottom), (left, right)), none negative. Raises ValueError for anything else."""
    sides = isinstance(value, tuple | list) and len(value) == 2
    if not sides or not all(isinstance(side, tuple | list) and len(side) == 2 for side in value):
        raise ValueError(f"pads must be ((top, bottom), (left, right)), not {value!r}")
    return tuple(tuple(whole("a pad", number, 0, 1 << 31) for number in side) for side in value)


def array(name, value, dtypes, shape=None):
    """`value`, a numpy array. Raises ValueError unless its dtype is one of `dtypes` and its shape is `shape`.

    Parameters
    ----------
    dtypes : names, such as ("int8", "uint8")
    shape : a length or a name for each dimension; a name stands for any length but 0. None is any shape.
    """
    lengths = "" if shape is None else f" [{', '.join(map(str, shape))}]"
    expected = f"{name} must be a numpy array of {' or '.join(dtypes)}{lengths}"
    if not isinstance(value, np.ndarray):
        raise ValueError(f"{expected}, not {type(value).__name__}")
    fits = (
        shape is None
        or value.ndim == len(shape)
        and all(
            length == wanted if isinstance(wanted, int) else length > 0
            for length, wanted in zip(value.shape, shape, strict=True)
        )
    )
    if value.dtype.name not in dtypes or not fits:
        raise ValueError(f"{expected}, not {value.dtype.name} {list(value.shape)}")
    return value
