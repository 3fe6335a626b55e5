"""A picture becomes a network's input."""

import numpy as np

from convloom.errors import ModelError
from convloom.models.metadata import BGR, DEFAULT
from convloom.requant import RANGES


def layout_of(tensor):
    """ "nhwc" or "nchw": which of the two has 1 or 3 channels. Raises ModelError where the input is no picture."""
    shape = tensor.shape
    if len(shape) == 4 and shape[0] == 1:
        for layout, channels in (("nhwc", shape[3]), ("nchw", shape[1])):
            if channels in (1, 3):
                return layout
    raise ModelError(f"input {tensor.name!r} must be a picture of 1 or 3 channels, not {list(shape)}")


def read_picture(path, tensor, metadata=DEFAULT, layout=None):
    """The array that a picture file is for the input `tensor`, of its shape and dtype.

    Cropped about its centre to the input's proportions, resized (bilinear), and then as `normalise` has it; so are
    the parameters and what is raised, and OSError for a file that is no picture.
    """
    layout = layout or layout_of(tensor)
    _, *size = np.array(tensor.shape)[[0, 1, 2, 3] if layout == "nhwc" else [0, 2, 3, 1]].tolist()
    return normalise(_pixels(path, *size), tensor, metadata, layout)


def normalise(pixels, tensor, metadata=DEFAULT, layout=None):
    """The array that pixels from 0 to 255 are for the input `tensor`: / 255, less the mean, by the std, and quantised
    by the input's scale.

    Parameters
    ----------
    pixels : array [h, w, c], of the input's size
    metadata : a Metadata, with mean, std and the channels' order
    layout : "nhwc" or "nchw"; None finds out by `layout_of`

    Raises ModelError where the input is no picture, ValueError for mean or std of another length or a std of 0.
    """
    layout = layout or layout_of(tensor)
    mean, std = (_each(name, getattr(metadata, name), pixels.shape[2]) for name in ("mean", "std"))
    if not std.all():
        raise ValueError(f"std must not be 0, not {std.tolist()}")
    if metadata.order == BGR:
        pixels = pixels[..., ::-1]
    values = (pixels / 255 - mean) / std
    values = values if layout == "nhwc" else values.transpose(2, 0, 1)
    if tensor.dtype == "float32":
        return values[None].astype(np.float32)
    whole = np.rint(values[None] / tensor.scale) + tensor.zero_point
    return np.clip(whole, *RANGES[tensor.dtype]).astype(tensor.dtype)


def _each(name, value, channels):
    if len(value) not in (1, channels):
        raise ValueError(f"{name} must have 1 or {channels} numbers, not {len(value)}")
    return np.array(value, np.float64)


def _pixels(path, height, width, channels):
    """The picture, float64 [height, width, channels], 0 to 255."""
    from PIL import Image, ImageOps

    with Image.open(path) as picture:
        picture = picture.convert("RGB" if channels == 3 else "L")
        picture = ImageOps.fit(picture, (width, height), Image.Resampling.BILINEAR)
        return np.asarray(picture, np.float64).reshape(height, width, channels)
