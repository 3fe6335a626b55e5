"""How the host's operators go from one scale to another: in "double", as TFLite's reference kernels do."""

import numpy as np

from convloom.golden import rescale
from convloom.requant import RANGES, Requant


def rescaled(values, scale, to=1.0, unit=1.0):
    """round(values * scale * unit / to), int64; whole numbers within int32, scales taken as float32."""
    parameters = Requant.from_scales(scale, unit, to)
    return rescale(values.astype(np.int32), parameters.multiplier, parameters.shift, "double")


def centred(array, tensor):
    """The array less its tensor's zero point, int64."""
    return array.astype(np.int64) - tensor.zero_point


def placed(values, tensor, clamp=None):
    """The tensor's bytes of whole numbers: plus its zero point, clamped."""
    return np.clip(values + tensor.zero_point, *(clamp or RANGES[tensor.dtype])).astype(tensor.dtype)
