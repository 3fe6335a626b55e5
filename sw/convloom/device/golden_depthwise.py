"""What the engine does with a depthwise job, from the golden model: each channel has a kernel of its own."""

import numpy as np

from convloom.golden import accumulate
from convloom.spec.config import ROW_BANKS

COLUMNS = 4  # of the sliding window


def depthwise_sums(x, weights, fields):
    """int32 [out_h, out_w, k], without bias.

    Parameters
    ----------
    x : int8 [in_h, row_bytes]
    weights : int8 [k_tiles, passes, cout, cin]
    fields : of the descriptor
    """
    groups, _, cout, _ = weights.shape
    k = (groups - 1) * cout + fields["last_tile_lanes"]
    slides = max(fields["kh"], fields["kw"]) <= min(ROW_BANKS, COLUMNS)
    kernels = (_sliding_kernels if slides else _large_kernels)(weights, fields)[:k]
    sums = accumulate(
        _picture(x, _columns(fields, slides, k), fields)[None],
        np.ascontiguousarray(kernels[..., None]),
        stride=(fields["stride_y"], fields["kw"]),
        groups=k,
    )
    return sums[0]


def _sliding_kernels(weights, fields):
    """int8 [c, kh, kw]. The column that is j columns older than the newest has its rows' taps from 4 * j on."""
    groups, passes, cout, cin = weights.shape
    kh, kw = fields["kh"], fields["kw"]
    taps = np.zeros((groups * cout, max(passes * cin, COLUMNS * ROW_BANKS)), np.int8)
    taps[:, : passes * cin] = weights.swapaxes(1, 2).reshape(groups * cout, -1)
    by_age = taps[:, : COLUMNS * ROW_BANKS].reshape(-1, COLUMNS, ROW_BANKS)
    return by_age[:, kw - 1 :: -1, :kh].swapaxes(1, 2)


def _large_kernels(weights, fields):
    """int8 [c, kh, kw]. Of each column there is a word for each four rows, with their taps in lanes 0 to 3."""
    groups, _, cout, _ = weights.shape
    kw, chunks = fields["kw"], fields["chunks"]
    taps = np.resize(weights[..., :ROW_BANKS].swapaxes(1, 2), (groups * cout, kw, chunks * ROW_BANKS))
    return taps.swapaxes(1, 2)[:, : fields["kh"]]


def _columns(fields, slides, k):
    """Where in a row the bytes lie that the windows see: a column for each of an output's taps, [out_w * kw, k].

    Below 0, or beyond the row, is padding. A sliding window begins with columns of it that nobody reads.
    """
    outputs, taps = np.arange(fields["out_w"])[:, None], np.arange(fields["kw"])
    if slides:
        read = outputs * fields["stride_x"] + taps - (fields["kw"] - fields["runs"])
        at = np.where(read < 0, -k, read * fields["run_step"] - fields["pad_left_bytes"])
    else:
        at = outputs * fields["column_step"] + taps * fields["run_step"] - fields["pad_left_bytes"]
    return at.reshape(-1, 1) + np.arange(k)


def _picture(x, columns, fields):
    """The columns of the rows under all windows, int8 [height, out_w * kw, k]."""
    rows = np.arange((fields["out_h"] - 1) * fields["stride_y"] + fields["kh"]) - fields["pad_top"]
    values = x[np.clip(rows, 0, len(x) - 1)][:, np.clip(columns, 0, x.shape[1] - 1)]
    in_picture = ((rows >= 0) & (rows < len(x)))[:, None, None]
    in_row = (columns >= 0) & (columns < x.shape[1])
    return np.where(in_picture & in_row, values, np.int8(fields["pad_value"]))
