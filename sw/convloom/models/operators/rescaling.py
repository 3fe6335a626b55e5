"""How the host's operators go from one scale to another: in "double", as TFLite's reference kernels do."""

import numpy as np

from convloom.golden import rescale
from convloom.requant import Requant


def rescaled(values, scale, to=1.0, unit=1.0):
    """round(values * scale * unit / to), int64; whole numbers within int32, scales taken as float32."""
    parameters = Requant.from_scales(scale, unit, to)
    return rescale(values.astype(np.int32), parameters.multiplier, parameters.shift, "double")


def centred(array, tensor):
    """The int8 array less its zero point, int64."""
    return array.astype(np.int64) - tensor.zero_point


def placed(values, tensor, clamp=(-128, 127)):
    """int8 of whole numbers: plus the tensor's zero point, clamped."""
    return np.clip(values + tensor.zero_point, *clamp).astype(np.int8)
