"""ONNX operators that move values and compute nothing: on bytes at once, on real numbers when their scale is known."""

import numpy as np

from convloom.models.onnx.arguments import axes_of, described, flowing, real_constant, whole_numbers
from convloom.models.onnx.network import CHANNELS_FIRST, CHANNELS_LAST, place_of
from convloom.models.onnx.values import Pending, Real, Stream


def moved(network, op, value, move):
    """What a movement of bytes makes of a value: `move` maps Stream to Stream, at once, or when a scale is known."""
    if isinstance(value, Pending):
        return Pending(lambda scale, limits: move(value.finish(scale, limits)))
    if isinstance(value, Real):
        return Real(move(flowing(op, value).bytes), value.scale)
    op.require(isinstance(value, Stream), "input 0 must be computed", described(value))
    return move(value)


def reshape_to(shape_of):
    """Reshape, Flatten, Squeeze, Unsqueeze: `shape_of(op, shape, *arguments)` is the new shape."""

    def translate(network, op, value, *arguments):
        def move(stream):
            shape = shape_of(op, stream.shape, *arguments)
            tensor = network.form(op, stream, False)
            out = network.emit(op, "RESHAPE", (tensor,), stream.scale, shape)
            return Stream(op.outputs[0], shape, {False: out}, stream.scale)

        return moved(network, op, value, move)

    return translate


def _reshaped(op, shape, wanted=None):
    wanted, size = whole_numbers(op, 1, wanted, "shape"), int(np.prod(shape))
    if not op.attribute("allowzero", 0):
        wanted = [shape[i] if not n and i < len(shape) else n for i, n in enumerate(wanted)]
    known = int(np.prod([length for length in wanted if length != -1]))
    open_ = wanted.count(-1) == 1 and known > 0 and size % known == 0
    op.require(
        open_ or known == size and min(wanted, default=1) > 0, f"its shape must hold {size} values", wanted
    )
    return tuple(size // known if length == -1 else length for length in wanted)


def _flattened(op, shape):
    axis = op.attribute("axis", 1)
    op.require(-len(shape) <= axis <= len(shape), f"its axis must be one of {len(shape)} dimensions", axis)
    axis = axis if axis >= 0 else axis + len(shape)
    return int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))


def _squeezed(op, shape, axes=None):
    single = [axis for axis, length in enumerate(shape) if length == 1]
    if axes is None and "axes" not in op.attributes:
        axes = np.array(single)
    axes = axes_of(op, len(shape), whole_numbers(op, 1, axes, "axes"))
    op.require(axes <= set(single), "its axes must have length 1", sorted(axes))
    return tuple(length for axis, length in enumerate(shape) if axis not in axes)


def _unsqueezed(op, shape, axes=None):
    axes = whole_numbers(op, 1, axes, "axes")
    axes, lengths = axes_of(op, len(shape) + len(axes), axes), iter(shape)
    return tuple(1 if axis in axes else next(lengths) for axis in range(len(shape) + len(axes)))


def transpose(network, op, value):
    """Transpose. From channels first to last, or back, is another view of the same Stream."""

    def move(stream):
        rank = len(stream.shape)
        order = tuple(op.attribute("perm", tuple(reversed(range(rank)))))
        op.require(sorted(order) == list(range(rank)), f"its perm must order {rank} dimensions", order)
        shape = tuple(stream.shape[axis] for axis in order)
        if order == CHANNELS_LAST:
            forms = {False: network.form(op, stream, True)}
        elif order == CHANNELS_FIRST:
            forms = {True: network.form(op, stream, False)}
        else:
            tensors = network.form(op, stream, False), network.numbers(order)
            forms = {False: network.emit(op, "TRANSPOSE", tensors, stream.scale)}
        return Stream(op.outputs[0], shape, forms, stream.scale)

    return moved(network, op, value, move)


def cut_out(network, op, value, starts=None, ends=None, axes=None, steps=None):
    """Slice."""

    def move(stream):
        rank, last = len(stream.shape), True in stream.forms
        begins, stops = whole_numbers(op, 1, starts, "starts"), whole_numbers(op, 2, ends, "ends")
        given = axes is not None or "axes" in op.attributes
        places = whole_numbers(op, 3, axes, "axes") if given else list(range(len(begins)))
        strides = [1] * len(begins) if steps is None else whole_numbers(op, 4, steps)
        alike = len(begins) == len(stops) == len(places) == len(strides)
        op.require(alike, "its starts, ends, axes and steps must be alike many", len(begins))
        axes_of(op, rank, places)
        cuts = np.array([[0] * rank, stream.shape, [1] * rank])
        cuts[:, [axis % rank for axis in places]] = begins, stops, strides
        cuts = cuts[:, [CHANNELS_LAST[place] for place in range(rank)]] if last else cuts
        tensors = network.form(op, stream, last), *map(network.numbers, cuts)
        out = network.emit(op, "STRIDED_SLICE", tensors, stream.scale)
        return network.stream(op, out, last, stream.scale)

    return moved(network, op, value, move)


def pad(network, op, value, pads=None, fill=None, axes=None):
    """Pad with the real number 0."""
    op.require(
        op.attribute("mode", "constant") == "constant",
        "its mode must be 'constant'",
        op.attribute("mode", ""),
    )
    fill = real_constant(op.attribute("value", 0.0) if fill is None else fill)
    op.require(fill is not None and not fill.any(), "it must pad with 0", "another number")

    def move(stream):
        rank, last = len(stream.shape), True in stream.forms
        numbers = whole_numbers(op, 1, pads, "pads")
        places = list(range(rank)) if axes is None else whole_numbers(op, 3, axes)
        axes_of(op, rank, places)
        op.require(len(numbers) == 2 * len(places), f"its pads must be {len(places)} pairs", numbers)
        pairs = np.zeros((rank, 2), np.int64)
        pairs[places] = np.array(numbers).reshape(2, -1).T
        pairs = pairs[list(CHANNELS_LAST)] if last else pairs
        out = network.emit(op, "PAD", (network.form(op, stream, last), network.numbers(pairs)), stream.scale)
        return network.stream(op, out, last, stream.scale)

    made = moved(network, op, value, move)
    if not isinstance(made, Pending):
        return made

    def make(scale, limits):
        op.require(limits[0] <= 0 <= limits[1], "a Clip behind it must let 0 through", limits)
        return made.make(scale, limits)

    return Pending(make)


def join(network, op, *values):
    """Concat: all at the output's scale."""
    for index, value in enumerate(values):
        fits = isinstance(value, Real | Pending)
        op.require(
            fits, f"input {index} must be quantised values (DequantizeLinear before it)", described(value)
        )

    def make(scale, limits):
        streams = [network.bytes(op, value, scale, limits) for value in values]
        rank = len(streams[0].shape)
        (axis,) = axes_of(op, rank, [op.attribute("axis")])
        last = rank == 4 and any(True in stream.forms for stream in streams)
        tensors = [network.form(op, stream, last) for stream in streams]
        options = {"axis": place_of(axis, last), "activation": "NONE"}
        out = network.emit(op, "CONCATENATION", tensors, scale, **options)
        return network.stream(op, out, last, scale)

    return Pending(make)


TRANSLATIONS = {
    "Reshape": reshape_to(_reshaped),
    "Flatten": reshape_to(_flattened),
    "Squeeze": reshape_to(_squeezed),
    "Unsqueeze": reshape_to(_unsqueezed),
    "Transpose": transpose,
    "Slice": cut_out,
    "Pad": pad,
    "Concat": join,
}
