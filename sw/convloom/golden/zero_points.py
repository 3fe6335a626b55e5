"""Exact ways to int8 with symmetric weights, from uint8 data and from weights with a zero point."""

import numpy as np

from convloom import checks


def signed(array, zero_point):
    """(array - 128 as int8, zero point - 128) of uint8 data; int8 data and its zero point as they are."""
    if checks.array("array", array, ("int8", "uint8")).dtype == np.int8:
        return array, zero_point
    return (array ^ np.uint8(0x80)).view(np.int8), np.asarray(zero_point, np.int64) - 128


def subtract_weight_zero_points(acc, window_sums, zero_points):
    """The accumulators for w - zero point, from those for w: acc - zero point * window sum, modulo 2**32.

    Parameters
    ----------
    acc : int32 [..., kn]
    window_sums : int32 [..., groups], the accumulators of one kernel of ones per group, without bias
    zero_points : of the weights, one or [kn]

    Raises ValueError where kn is no multiple of the groups.
    """
    checks.array("acc", acc, ("int32",))
    checks.array("window_sums", window_sums, ("int32",), (*acc.shape[:-1], "groups"))
    kernels, groups = acc.shape[-1], window_sums.shape[-1]
    if kernels % groups:
        raise ValueError(f"window_sums must have a divisor of {kernels} channels, not {groups}")
    own_sum = np.repeat(window_sums.astype(np.int64), kernels // groups, axis=-1)
    return (acc - own_sum * np.asarray(zero_points, np.int64)).astype(np.int32)
