"""Windows over pictures: their geometry, and ONNX's pools."""

from convloom.models.onnx.arguments import flowing
from convloom.models.onnx.elementwise import pending
from convloom.models.onnx.movement import moved


def window(op, size, taps):
    """Stride, dilation and padding of a window over a picture."""
    stride, dilation = op.numbers("strides", 2, 1, 1), op.numbers("dilations", 2, 1, 1)
    return {"stride": stride, "dilation": dilation, "padding": _padding(op, size, taps, stride, dilation)}


def _padding(op, size, taps, stride, dilation):
    automatic = op.attribute("auto_pad", "NOTSET")
    if automatic == "NOTSET":
        top, left, bottom, right = op.numbers("pads", 4, 0)
        return (top, bottom), (left, right)
    names = {"SAME_UPPER": "same", "VALID": "valid"}
    op.require(automatic in (*names, "SAME_LOWER"), "its auto_pad must be one of ONNX's", automatic)
    if automatic in names:
        return names[automatic]
    pads = []
    for length, tap, step, apart in zip(size, taps, stride, dilation, strict=True):
        total = max((-(-length // step) - 1) * step + (tap - 1) * apart + 1 - length, 0)
        pads.append((total - total // 2, total // 2))
    return tuple(pads)


def max_pool(network, op, value):
    """MaxPool moves bytes: the greatest stays the greatest."""

    def move(stream):
        tensor = network.form(op, stream, True)
        out = network.emit(op, "MAX_POOL_2D", (tensor,), stream.scale, **_pool(op, stream))
        return network.stream(op, out, True, stream.scale)

    return moved(network, op, value, move)


def average_pool(network, op, value):
    """AveragePool."""
    value, options = flowing(op, value), _pool(op, value)
    options["count_pads"] = bool(op.attribute("count_include_pad", 0))
    return pending(network, op, "AVERAGE_POOL_2D", (value,), True, **options)


def _require_picture(op, value):
    op.require(len(value.shape) == 4, "its input must have 4 dimensions", list(value.shape))
    op.require(not op.attribute("channels_last", 0), "its channels_last must be 0", 1)


def _pool(op, value):
    _require_picture(op, value)
    taps, size = op.numbers("kernel_shape", 2, 0, 1), value.shape[2:]
    options = window(op, size, taps)
    op.require(options.pop("dilation") == (1, 1), "its dilations must be 1", "others")
    if op.attribute("ceil_mode", 0) and not isinstance(options["padding"], str):
        lengths = zip(options["padding"], size, taps, options["stride"], strict=True)
        options["padding"] = tuple(_rounded_up(*each) for each in lengths)
    return options | {"filter": taps, "activation": "NONE"}


def _rounded_up(pads, size, taps, step):
    """Pads with which a last window counts that begins in the picture, or before it, and leaves it."""
    before, behind = pads
    out = -((taps - size - before - behind) // step) + 1
    out -= (out - 1) * step >= size + before
    return before, (out - 1) * step + taps - size - before


def global_average(network, op, value):
    """GlobalAveragePool: the mean of each channel."""
    value = flowing(op, value)
    _require_picture(op, value)
    axes = network.numbers([1, 2])
    return pending(network, op, "MEAN", (value,), True, (axes,), keep_dims=True, real=False)


TRANSLATIONS = {"MaxPool": max_pool, "AveragePool": average_pool, "GlobalAveragePool": global_average}
