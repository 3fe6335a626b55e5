"""What one job is sent of a layer's arrays, and where its output goes."""

import numpy as np

from convloom.plan import depthwise
from convloom.plan.packets import fold_bias, record_bytes, weight_bytes
from convloom.spec import Op


def activations(layer, job, x, input_zero_point):
    """The activation packet, uint8: the job's part of x, int8 [n, y, x, c], in order.

    Folded, the window's rows lie side by side as channels, those of padding filled with the zero point.
    """
    rows, columns, channels = job.rows, job.columns, slice(*job.channels)
    if not rows.length:
        tile = job.tile
        return np.full(tile.in_h * tile.in_w * tile.in_c, input_zero_point, np.int8).view(np.uint8)
    part = x[
        job.image,
        rows.start : rows.start + rows.length,
        columns.start : columns.start + columns.length,
        channels,
    ]
    if job.folded:
        part = _fold(layer, job, part, input_zero_point)
    if job.tile.op is Op.DEPTHWISE:
        part = _repeat(layer, job, part)
    return np.ascontiguousarray(part).view(np.uint8).ravel()


def _fold(layer, job, part, input_zero_point):
    """[out_h, w, kh * c]: channel i * c + j of row y is channel j of the row that tap i meets there."""
    axis, (first, stop) = layer.y.part(job.taps[0]), job.out_y
    height = (stop - first - 1) * axis.stride + axis.reach
    around = np.full((height, *part.shape[1:]), input_zero_point, np.int8)
    around[job.rows.pad : job.rows.pad + len(part)] = part
    starts = range(0, axis.taps * axis.dilation, axis.dilation)
    end = (stop - first - 1) * axis.stride + 1
    return np.concatenate([around[start : start + end : axis.stride] for start in starts], axis=2)


def _repeat(layer, job, part):
    """[h, w, c]: each kernel's own channel, which several may share, filled up with zeros to whole vectors."""
    each = layer.k // layer.groups
    if each > 1:
        part = part[..., np.arange(*job.kernels) // each - job.channels[0]]
    return np.pad(part, ((0, 0), (0, 0), (0, job.tile.in_c - part.shape[2])))


def kernels(layer, job, w):
    """The job's part of w, int8 [k, kh, kw, c/groups], as its tile has it: int8 [k, kh, kw, c].

    Where groups run together, a kernel's weights for the channels of the others are 0.
    """
    if job.tile.op is Op.DEPTHWISE:
        return w[slice(*job.kernels)]
    group_c, (taps_y, taps_x) = layer.c // layer.groups, job.taps
    own = slice(job.channels[0] % group_c, (job.channels[1] - 1) % group_c + 1)
    part = w[slice(*job.kernels), slice(*taps_y), slice(*taps_x), own]
    if job.groups > 1:
        k, kh, kw, c = part.shape
        apart = np.zeros((job.groups, k // job.groups, kh, kw, job.groups, c), np.int8)
        each = np.arange(job.groups)
        apart[each, :, :, :, each] = part.reshape(job.groups, -1, kh, kw, c)
        part = apart.reshape(k, kh, kw, -1)
    return part.transpose(0, 2, 1, 3).reshape(len(part), 1, part.shape[2], -1) if job.folded else part


def sections(layer, job, config, w, bias, multiplier, shift, input_zero_point):
    """The records and the weights of a job packet, uint8 each.

    Parameters
    ----------
    w : int8 [k, kh, kw, c/groups]
    bias, multiplier, shift : [k]; the bias goes with the first part of a sum, each part has its own zero
        point's
    """
    part, own = np.ascontiguousarray(kernels(layer, job, w)), slice(*job.kernels)
    folded = fold_bias(bias[own] if job.is_first else 0, part, input_zero_point)
    pack = depthwise.weight_bytes if job.tile.op is Op.DEPTHWISE else weight_bytes
    return record_bytes(config, folded, multiplier[own], shift[own]), pack(config, job.tile, part)


def place(job, answer, out, raw):
    """Writes an output packet, uint8, into `out` [n, y, x, k]; raw ones, parts of sums, are added."""
    tile = job.tile
    values = answer.view("<i4" if raw else np.int8).reshape(tile.out_h, tile.out_w, tile.out_c)
    where = job.image, slice(*job.out_y), slice(*job.out_x), slice(*job.kernels)
    if raw:
        out[where] += values
    else:
        out[where] = values
