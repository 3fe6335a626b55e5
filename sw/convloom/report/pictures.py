"""A network's input becomes a picture again."""

import numpy as np

from convloom.errors import ModelError
from convloom.models.pictures import layout_of


def shown(x, tensor, mean=(0.0,), std=(1.0,), layout=None):
    """uint8 [h, w, 3]: the input's array as read_picture made it, from its least to its greatest value.

    None where the input is no picture.
    """
    try:
        layout = layout or layout_of(tensor)
    except ModelError:
        return None
    scale, zero_point = (tensor.scale, tensor.zero_point) if len(tensor.scales) else (1, 0)
    values = (last_channels(x, layout)[0] - zero_point) * np.float64(scale) * std + mean
    values = (values - values.min()) / max(np.ptp(values), 1e-9)
    return np.rint(255 * np.broadcast_to(values, (*values.shape[:2], 3))).astype(np.uint8)


def last_channels(x, layout):
    """float64 [n, h, w, c] of an array in that layout."""
    return (x if layout == "nhwc" else x.transpose(0, 2, 3, 1)).astype(np.float64)
