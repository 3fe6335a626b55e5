"""The int32 accumulators of a transposed convolution, scattered as its definition says."""

import numpy as np

from convloom import checks
from convloom.golden.conv import accumulate


def conv_transpose2d(
    x,
    w,
    bias=None,
    *,
    stride=(1, 1),
    pads=((0, 0), (0, 0)),
    output_padding=(0, 0),
    dilation=(1, 1),
    groups=1,
    input_zero_point=0,
):
    """out[y*stride + i*dilation - pad] += (x[y] - zero point) * w[i], modulo 2**32; int32 [n, ho, wo, kn].

    ho = (h - 1) * stride + (kh - 1) * dilation + 1 - top - bottom + output padding, wo likewise.

    Parameters
    ----------
    x : int8 or uint8 [n, h, w, c]
    w : int8 [kn, kh, kw, c/groups], not flipped; group g has kernels g*kn/groups and on
    bias : int32 [kn], added to each output; None for zeros
    pads : ((top, bottom), (left, right)), cut off the output
    output_padding : (y, x), rows and columns more at the bottom and right
    stride, dilation, groups, input_zero_point : as in `accumulate`

    Raises ValueError with what was expected and what came.
    """
    checks.array("x", x, ("int8", "uint8"), ("n", "h", "w", "c"))
    checks.array("w", w, ("int8",), ("kn", "kh", "kw", "c/groups"))
    (sy, sx), (dy, dx) = checks.pair("stride", stride, 1), checks.pair("dilation", dilation, 1)
    more = checks.pair("output_padding", output_padding, 0)
    (n, h, width, _), (kernels, kh, kw, _) = x.shape, w.shape
    size = (h - 1) * sy + (kh - 1) * dy + 1 + more[0], (width - 1) * sx + (kw - 1) * dx + 1 + more[1]
    inside = _inside(size, checks.pads(pads))
    out = np.zeros((n, *size, kernels), np.int32)
    for i in range(kh):
        for j in range(kw):
            tap = accumulate(x, w[:, i : i + 1, j : j + 1], groups=groups, input_zero_point=input_zero_point)
            rows, columns = slice(i * dy, i * dy + h * sy, sy), slice(j * dx, j * dx + width * sx, sx)
            out[:, rows, columns] += tap
    out = np.ascontiguousarray(out[inside])
    return out if bias is None else out + checks.array("bias", bias, ("int32",), (kernels,))


def _inside(size, pads):
    """Index of what the pads leave of an output of that size."""
    for length, (before, after), name in zip(size, pads, ("rows", "columns"), strict=True):
        if before + after >= length:
            raise ValueError(f"pads must leave some of the {length} output {name}, not cut {before + after}")
    return (slice(None), *(slice(a, length - b) for length, (a, b) in zip(size, pads, strict=True)))
