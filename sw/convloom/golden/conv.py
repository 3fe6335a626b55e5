"""The int32 accumulators of a convolution, as integer matrix products.

numpy multiplies integer matrices without BLAS. Sums that floats hold exactly go through it all the same: in
float32 while the sum of |w| * |x| stays within 2**24, else in float64, whose 2**53 no layer reaches.
"""

from itertools import product

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from convloom import checks

BLOCK_VALUES = 1 << 21  # activations that are laid out for one matrix product
BLOCK_WEIGHTS = 1 << 24  # and weights: a fully connected layer may have a hundred million


def accumulate(
    x, w, bias=None, *, stride=(1, 1), pads=((0, 0), (0, 0)), dilation=(1, 1), groups=1, input_zero_point=0
):
    """bias[k] + the sum of w[k] * (x - zero point) over the window, modulo 2**32; int32 [n, ho, wo, kn].

    Parameters
    ----------
    x : int8 or uint8 [n, h, w, c]
    w : int8 [kn, kh, kw, c/groups]; group g has kernels g*kn/groups and on
    bias : int32 [kn], or None for zeros
    stride, dilation : (y, x), 1 or more
    pads : ((top, bottom), (left, right)), as large as the kernel and larger; they hold the zero point, so
        they contribute nothing
    groups : a divisor of c and kn; c for depthwise
    input_zero_point : in the range of x

    Raises ValueError with what was expected and what came.
    """
    checks.array("x", x, ("int8", "uint8"), ("n", "h", "w", "c"))
    checks.array("w", w, ("int8",), ("kn", "kh", "kw", "c/groups"))
    check_groups(x.shape[-1], w.shape[0], w.shape[-1], groups)
    stride, dilation = checks.pair("stride", stride, 1), checks.pair("dilation", dilation, 1)
    windows = _windows(_padded(x, checks.pads(pads), input_zero_point), w.shape[1:3], stride, dilation)
    sums = _depthwise(windows, w) if w.shape[-1] == 1 < groups else _dense(windows, w, groups)
    return sums if bias is None else sums + checks.array("bias", bias, ("int32",), (w.shape[0],))


def check_groups(c, kn, group_c, groups):
    """Raises ValueError unless `groups` divides c and kn and each kernel has c / groups channels."""
    checks.whole("groups", groups, 1, c)
    if c % groups or kn % groups:
        raise ValueError(f"groups must divide the {c} channels of x and the {kn} kernels, not be {groups}")
    if group_c != c // groups:
        raise ValueError(f"w must have {c} / {groups} = {c // groups} channels, not {group_c}")


def _padded(x, pads, zero_point):
    """x - zero point, int16, with zeros around."""
    limits = np.iinfo(x.dtype)
    zero_point = checks.whole("input_zero_point", zero_point, int(limits.min), int(limits.max))
    (top, bottom), (left, right) = pads
    n, h, w, c = x.shape
    padded = np.zeros((n, top + h + bottom, left + w + right, c), np.int16)
    np.subtract(x, np.int16(zero_point), out=padded[:, top : top + h, left : left + w], dtype=np.int16)
    return padded


def _windows(padded, kernel, stride, dilation):
    """A view [n, ho, wo, kh, kw, c] of the picture under each window."""
    spans = tuple((taps - 1) * step + 1 for taps, step in zip(kernel, dilation, strict=True))
    if spans[0] > padded.shape[1] or spans[1] > padded.shape[2]:
        raise ValueError(
            f"the kernel spans {spans[0]}x{spans[1]}, which must fit the padded input of "
            f"{padded.shape[1]}x{padded.shape[2]}"
        )
    (sy, sx), (dy, dx) = stride, dilation
    views = sliding_window_view(padded, spans, axis=(1, 2))[:, ::sy, ::sx, :, ::dy, ::dx]
    return views.transpose(0, 1, 2, 4, 5, 3)


def _dense(windows, w, groups):
    kernels, channels = w.shape[0] // groups, w.shape[-1]
    sums = np.empty((*windows.shape[:3], w.shape[0]), np.int32)
    step = max(1, BLOCK_WEIGHTS // w[0].size)
    for g in range(groups):
        group = windows[..., g * channels : (g + 1) * channels]
        for first in range(g * kernels, (g + 1) * kernels, step):
            part = slice(first, min(first + step, (g + 1) * kernels))
            _products(group, w[part], sums[..., part])
    return sums


def _products(windows, w, sums):
    """Writes the sums of some kernels of one group, a block of pixels at a time."""
    matrix = w.reshape(len(w), -1).T
    number = _exact_float(matrix)
    matrix = matrix.astype(number)
    for block in _blocks(sums.shape[:3], len(matrix)):
        rows = windows[block].astype(number).reshape(-1, len(matrix))
        sums[block] = (rows @ matrix).astype(np.int64).reshape(sums[block].shape)


def _exact_float(matrix):
    """The smaller float that holds all sums of products with |x - zero point| up to 255."""
    most = 255 * int(np.abs(matrix.astype(np.int16)).sum(axis=0, dtype=np.int64).max())
    return np.float32 if most <= 1 << 24 else np.float64


def _blocks(shape, taps):
    """Slices (images, rows, columns) of an output of that shape, each of few enough windows of `taps`."""
    room, sizes = max(BLOCK_VALUES // taps, 1), []
    for length in reversed(shape):
        sizes.insert(0, max(1, min(length, room)))
        room //= sizes[0]
    starts = (range(0, length, size) for length, size in zip(shape, sizes, strict=True))
    return [
        tuple(slice(start, start + size) for start, size in zip(corner, sizes, strict=True))
        for corner in product(*starts)
    ]


def _depthwise(windows, w):
    """One channel in each group: a product for each tap and pixel, no sum over channels."""
    n, ho, wo, kh, kw, c = windows.shape
    kernels = w.astype(np.int32).reshape(c, -1, kh, kw)
    sums = np.zeros((n, ho, wo, *kernels.shape[:2]), np.int32)
    for i in range(kh):
        for j in range(kw):
            sums += windows[:, :, :, i, j, :, None] * kernels[:, :, i, j]
    return sums.reshape(n, ho, wo, -1)
