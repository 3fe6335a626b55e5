"""The packets of a depthwise job, from a layer's arrays."""

import numpy as np

from convloom.plan.depthwise import DepthwiseTile, weight_bytes
from convloom.plan.packets import fold_bias, job_packet, record_bytes
from convloom.spec import Rounding


def depthwise_packets(
    config,
    *,
    x,
    w,
    bias,
    multiplier,
    shift,
    stride=(1, 1),
    pads=(0, 0, 0, 0),
    input_zero_point=0,
    rounding=Rounding.DOUBLE,
    raw=False,
    output_zero_point=0,
    clamp=(-128, 127),
    job_id,
    irq=False,
    report=True,
):
    """A layer as one depthwise job, whether it fits or not: (job packet, activation packet), bytes.

    Parameters
    ----------
    x : whole numbers of int8 [h, w, c]; sent with channels of zeros up to a multiple of cout_lanes
    w : whole numbers of int8 [kh, kw, c]
    bias, multiplier, shift : [c]; -input_zero_point * sum(w) is folded into the bias here
    pads : (top, bottom, left, right)

    Raises ValueError for a number that the descriptor cannot carry.
    """
    x, w = np.asarray(x, np.int8), np.asarray(w, np.int8)
    (h, columns, c), (kh, kw, _), (top, bottom, left, right) = x.shape, w.shape, pads
    out_h, out_w = (h + top + bottom - kh) // stride[0] + 1, (columns + left + right - kw) // stride[1] + 1
    missing = -c % config.cout_lanes
    tile = DepthwiseTile(
        h, columns, c + missing, out_h, out_w, c, kh, kw, tuple(stride), (1, 1), top, left, kh * kw * c
    )
    kernels = np.ascontiguousarray(w.transpose(2, 0, 1))[..., None]
    job = job_packet(
        config,
        tile,
        record_bytes(config, fold_bias(bias, kernels, input_zero_point), multiplier, shift),
        weight_bytes(config, tile, kernels),
        rounding=rounding,
        raw=raw,
        irq=irq,
        report=report,
        job_id=job_id,
        pad_value=input_zero_point,
        output_zero_point=output_zero_point,
        clamp_low=clamp[0],
        clamp_high=clamp[1],
    )
    return job.tobytes(), np.pad(x, ((0, 0), (0, 0), (0, missing))).tobytes()
