"""Operators that move bytes and compute nothing."""

import numpy as np

from convloom.models.graph import MOST_VALUES


def _require_equal_scales(node):
    y, (first, *_) = node.outputs[0], node.inputs
    node.require(first.dtype == y.dtype, f"its output must be {first.dtype}", y.dtype)
    for tensor in node.inputs:
        if tensor.is_quantised:
            equal = (tensor.scale, tensor.zero_point) == (y.scale, y.zero_point)
            node.require(equal, "its inputs and output must have equal scales and zero points", tensor.scale)


def _pads(node):
    numbers, rank = node.constant(1), len(node.inputs[0].shape)
    fits = len(numbers) == 2 * rank and min(numbers) >= 0 and max(numbers) < MOST_VALUES
    node.require(fits, f"its pads must be {rank} pairs of 0 or more", list(numbers))
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def pad_shape(node):
    """The input's with its pads."""
    _require_equal_scales(node)
    pads = _pads(node)
    return tuple(length + sum(pad) for length, pad in zip(node.inputs[0].shape, pads, strict=True))


def pad(node, arrays, _):
    """PAD, with zeros: the zero point."""
    return np.pad(arrays[0], _pads(node), constant_values=node.outputs[0].zero_point)


def reshape_shape(node):
    """The output's, which must hold as many values; the file's own request is the same."""
    _require_equal_scales(node)
    x, y = node.inputs[0], node.outputs[0]
    node.require(x.size == y.size, f"its output must hold {x.size} values", y.size)
    return y.shape


def reshape(node, arrays, _):
    """RESHAPE."""
    return arrays[0].reshape(node.outputs[0].shape)


def transpose_shape(node):
    """The input's, in the new order."""
    _require_equal_scales(node)
    order, shape = node.constant(1), node.inputs[0].shape
    node.require(sorted(order) == list(range(len(shape))), f"it must order {len(shape)} dimensions", order)
    return tuple(shape[axis] for axis in order)


def transpose(node, arrays, _):
    """TRANSPOSE."""
    return np.ascontiguousarray(arrays[0].transpose(node.constant(1)))


def _slices(node):
    """A slice for each dimension; a number for one that is dropped."""
    options, shape = node.options, node.inputs[0].shape
    plain = not (options.get("ellipsis") or options.get("new_axes"))
    node.require(plain, "it must not have an ellipsis or new dimensions", "such masks")
    begins, ends, steps = (node.constant(index) for index in (1, 2, 3))
    whole = len(shape) == len(begins) == len(ends) == len(steps) and all(steps)
    node.require(whole, f"its begins, ends and strides must be {len(shape)} each, no stride 0", steps)
    return tuple(
        _cut(node, place, *each) for place, each in enumerate(zip(shape, begins, ends, steps, strict=True))
    )


def _cut(node, place, length, begin, end, step):
    def masked(name):
        return bool(node.options.get(name, 0) >> place & 1)

    begin = 0 if masked("dropped") and masked("open_begins") else begin
    if masked("dropped"):
        node.require(-length <= begin < length, f"its begins must be below {length}", begin)
        return begin % length
    return slice(None if masked("open_begins") else begin, None if masked("open_ends") else end, step)


def slice_shape(node):
    """What is left of each dimension."""
    _require_equal_scales(node)
    cuts = zip(_slices(node), node.inputs[0].shape, strict=True)
    shape = [len(range(*cut.indices(length))) for cut, length in cuts if isinstance(cut, slice)]
    node.require(all(shape), "something must be left of each dimension", shape)
    return tuple(shape)


def cut_out(node, arrays, _):
    """STRIDED_SLICE."""
    return np.array(arrays[0][_slices(node)])


def concatenation_shape(node):
    """The inputs', added along the axis."""
    _require_equal_scales(node)
    node.require(
        node.options["activation"] == "NONE", "its activation must be NONE", node.options["activation"]
    )
    shapes, axis = [tensor.shape for tensor in node.inputs], node.options["axis"]
    rank = len(shapes[0])
    node.require(-rank <= axis < rank, f"its axis must be one of {rank} dimensions", axis)
    rests = {shape[: axis % rank] + shape[axis % rank + 1 :] for shape in shapes if len(shape) == rank}
    alike = len(rests) == 1 and all(len(shape) == rank for shape in shapes)
    node.require(alike, f"its inputs must be alike but for dimension {axis}", shapes)
    length = sum(shape[axis] for shape in shapes)
    return *shapes[0][: axis % rank], length, *shapes[0][axis % rank + 1 :]


def concatenate(node, arrays, _):
    """CONCATENATION."""
    return np.concatenate(arrays, node.options["axis"])
