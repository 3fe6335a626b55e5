"""A network's input becomes a picture again."""

import numpy as np

from convloom.errors import ModelError
from convloom.models.metadata import BGR, DEFAULT
from convloom.models.pictures import layout_of


def shown(x, tensor, metadata=DEFAULT, layout=None):
    """uint8 [h, w, 3]: the array that `read_picture` made, as a picture from its least to its greatest value.

    None where the input is no picture.
    """
    try:
        layout = layout or layout_of(tensor)
    except ModelError:
        return None
    scale, zero_point = (tensor.scale, tensor.zero_point) if tensor.is_quantised else (1, 0)
    values = (last_channels(x, layout)[0] - zero_point) * np.float64(scale) * metadata.std + metadata.mean
    values = (values - values.min()) / max(np.ptp(values), 1e-9)
    values = values[..., ::-1] if metadata.order == BGR else values
    return np.rint(255 * np.broadcast_to(values, (*values.shape[:2], 3))).astype(np.uint8)


def last_channels(x, layout):
    """float64 [n, h, w, c] of an array in that layout."""
    return (x if layout == "nhwc" else x.transpose(0, 2, 3, 1)).astype(np.float64)
