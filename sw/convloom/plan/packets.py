"""The packets of a job: descriptor, channel parameters and weight words, and the activations."""

import numpy as np

from convloom.plan.tile import Tile
from convloom.spec import RECORD, Rounding
from convloom.spec.job import RECORD_BYTES, pack_descriptor

_NUMBER = {(8, False): "u1", (32, False): "<u4", (32, True): "<i4"}


def record_type():
    """A record of the job format as a numpy dtype."""
    offsets, formats, offset = {}, {}, 0
    for field in RECORD:
        if (field.bits, field.signed) in _NUMBER:
            offsets[field.name], formats[field.name] = offset, _NUMBER[field.bits, field.signed]
        offset += field.bits // 8
    return np.dtype(
        {
            "names": list(formats),
            "formats": list(formats.values()),
            "offsets": list(offsets.values()),
            "itemsize": RECORD_BYTES,
        }
    )


def fold_bias(bias, w, input_zero_point):
    """bias - zero point * sum of each kernel, modulo 2^32, for an engine that multiplies x itself. int32 [k].

    Parameters
    ----------
    bias : whole numbers [k], or a number for all
    w : int8 [k, ...]
    """
    sums = w.reshape(len(w), -1).sum(axis=1, dtype=np.int64)
    return (np.asarray(bias, np.int64) - input_zero_point * sums).astype(np.int32)


def record_bytes(config, bias, multiplier, shift):
    """The channel parameters, uint8: one record for each channel, filled up to whole tiles and beats.

    Parameters
    ----------
    bias : int32 [k], as the engine adds it
    multiplier, shift : [k], or a number for all
    """
    k = len(bias)
    records = np.zeros(k + -k % config.cout_lanes, record_type())
    records["bias"][:k], records["multiplier"][:k], records["shift"][:k] = bias, multiplier, shift
    section = records.view(np.uint8)
    return np.pad(section, (0, -section.size % config.cin_lanes))


def weight_bytes(config, tile, w):
    """The weight words, uint8, in the order of k tile, window row, run, chunk; w is int8 [k, kh, kw, c]."""
    cin, cout = config.cin_lanes, config.cout_lanes
    runs = w.reshape(len(w), tile.kh, tile.runs, tile.run_length)
    words = np.zeros((tile.k_tiles(cout) * cout, tile.kh, tile.runs, tile.chunks(cin) * cin), np.int8)
    words[: len(w), :, :, : tile.run_length] = runs
    words = words.reshape(-1, cout, tile.words(config) // tile.k_tiles(cout), cin).swapaxes(1, 2)
    return np.ascontiguousarray(words).view(np.uint8).ravel()


def job_packet(config, tile, records, weights, **fields):
    """A job packet, uint8: `fields` are the descriptor's that do not follow from the geometry of `tile`.

    Raises ValueError for a number that a field cannot carry.
    """
    head = pack_descriptor(**tile.fields(config), **fields)
    return np.concatenate([np.frombuffer(head, np.uint8), records, weights])


def tile_packets(
    config,
    *,
    x,
    w,
    bias,
    multiplier,
    shift,
    stride=(1, 1),
    dilation=(1, 1),
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
    """A layer as one dense job, whether it fits or not: (job packet, activation packet), bytes.

    Parameters
    ----------
    x : whole numbers of int8 [h, w, c]
    w : whole numbers of int8 [k, kh, kw, c]
    bias, multiplier, shift : [k]; -input_zero_point * sum(w) is folded into the bias here
    pads : (top, bottom, left, right)

    Raises ValueError for a number that the descriptor cannot carry.
    """
    x, w = np.asarray(x, np.int8), np.asarray(w, np.int8)
    (h, columns, c), (k, kh, kw, _), (top, bottom, left, right) = x.shape, w.shape, pads
    spans = (kh - 1) * dilation[0] + 1, (kw - 1) * dilation[1] + 1
    out_h = (h + top + bottom - spans[0]) // stride[0] + 1
    out_w = (columns + left + right - spans[1]) // stride[1] + 1
    tile = Tile(h, columns, c, out_h, out_w, k, kh, kw, tuple(stride), tuple(dilation), top, left)
    records = record_bytes(config, fold_bias(bias, w, input_zero_point), multiplier, shift)
    job = job_packet(
        config,
        tile,
        records,
        weight_bytes(config, tile, w),
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
    return job.tobytes(), x.tobytes()
