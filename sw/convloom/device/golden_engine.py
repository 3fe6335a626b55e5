"""What the engine does with one job's packets, from the golden model: the reference for every device."""

from math import ceil

import numpy as np

from convloom.device.golden_depthwise import depthwise_sums
from convloom.golden import accumulate, rescale
from convloom.plan.packets import record_type
from convloom.spec import DESCRIPTOR, ErrorCode, Op, Rounding
from convloom.spec.config import ROW_BANKS
from convloom.spec.job import (
    DESCRIPTOR_BYTES,
    FORMAT_VERSION,
    MAGIC,
    RECORD_BYTES,
    descriptor_sum,
    unpack,
)

DISCARDED = b"\0"  # the answer to a job that is not run
RAW_SLOTS = 4  # words of the output ring that a raw tile takes
DEPTHWISE_NOT_ZERO = ("kw", "passes", "stride_x")


def answer(job, act, config):
    """The output packet and the ErrorCode of a job: (bytes, code).

    The descriptor's fields are taken one by one, as the engine does; where they disagree with each other, the
    output has the engine's length but not its bytes.

    Parameters
    ----------
    job, act : bytes-like, the packets of the job
    config : of the engine
    """
    job, act = (np.frombuffer(packet, np.uint8) for packet in (job, act))
    if job.size < DESCRIPTOR_BYTES:
        return DISCARDED, ErrorCode.JOB_SHORT
    head = job[:DESCRIPTOR_BYTES].tobytes()
    fields = unpack(DESCRIPTOR, head)
    code = check(head, fields, config)
    if code or fields["op"] == Op.NONE:
        return DISCARDED, code
    records, weights, job_code = _sections(job[DESCRIPTOR_BYTES:], fields, config)
    x, act_code = _picture(act, fields, config)
    accumulate_job = depthwise_sums if fields["op"] == Op.DEPTHWISE else _accumulate
    sums = accumulate_job(x, weights, fields) + records["bias"]
    return _packet(sums, records, fields), job_code or act_code


def check(head, fields, config):
    """The ErrorCode of a descriptor, of which the first that holds counts."""
    is_depthwise = fields["op"] == Op.DEPTHWISE
    rows = ceil(min(fields["live_rows"], fields["in_h"]) / ROW_BANKS)
    row_words = fields["out_w"] * fields["k_tiles"] * (RAW_SLOTS if fields["raw"] else 1)
    wrong = {
        ErrorCode.FORMAT: (fields["magic"], fields["version"], fields["sum"])
        != (MAGIC, FORMAT_VERSION, descriptor_sum(head)),
        ErrorCode.NOT_BUILT_IN: not _is_built_in(fields, config),
        ErrorCode.RANGE: _is_out_of_range(fields, config),
        ErrorCode.WEIGHTS: fields["words_in_all"] > config.weight_words,
        ErrorCode.CHANNELS: fields["k_tiles"] > config.parameter_words // config.passes,
        ErrorCode.ROWS: rows * fields["slot"] > config.bank_words,
        ErrorCode.REORDER: is_depthwise and row_words > config.output_words // 2,
        ErrorCode.LANES: is_depthwise and fields["in_c"] % config.cout_lanes > 0,
    }
    return next((code for code, holds in wrong.items() if holds), ErrorCode.NONE)


def _is_built_in(fields, config):
    if fields["op"] == Op.NONE:
        return True
    if fields["op"] not in (Op.DENSE, *[Op.DEPTHWISE] * config.depthwise):
        return False
    return bool(fields["raw"]) or fields["rounding"] in [int(mode) for mode in config.roundings]


def _is_out_of_range(fields, config):
    return (
        any(fields[field.name] < field.least for field in DESCRIPTOR if not field.signed)
        or (fields["op"] == Op.DEPTHWISE and not all(fields[name] for name in DEPTHWISE_NOT_ZERO))
        or any(fields[field.name] > field.most for field in DESCRIPTOR if field.most is not None)
        or fields["clamp_low"] > fields["clamp_high"]
        or fields["last_tile_lanes"] > config.cout_lanes
        or fields["live_rows"] != (fields["kh"] - 1) * fields["dilation_y"] + 1
    )


def _filled(packet, length, lanes, value, short, long):
    """`length` bytes of a packet of beats, filled up with `value`; and the code of its length."""
    if packet.size < length:
        return np.pad(packet, (0, length - packet.size), constant_values=value), short
    return packet[:length], long if ceil(packet.size / lanes) > ceil(length / lanes) else ErrorCode.NONE


def _sections(sections, fields, config):
    """The records [k], the weights int8 [k_tiles, words_per_tile, cout, cin], and the packet's code."""
    cin, cout = config.cin_lanes, config.cout_lanes
    records = fields["k_tiles"] * cout
    start = ceil(records * RECORD_BYTES / cin) * cin
    length = start + fields["words_in_all"] * cin * cout
    sections, code = _filled(sections, length, cin, 0, ErrorCode.JOB_SHORT, ErrorCode.JOB_LONG)
    k = (fields["k_tiles"] - 1) * cout + fields["last_tile_lanes"]
    dense_words = fields["kh"] * fields["runs"] * fields["chunks"]
    words = fields["passes"] if fields["op"] == Op.DEPTHWISE else dense_words
    shape = fields["k_tiles"], words, cout, cin
    weights = np.resize(sections[start:].view(np.int8), shape)
    return sections[: records * RECORD_BYTES].view(record_type())[:k], weights, code


def _picture(act, fields, config):
    """The rows int8 [in_h, row_bytes], and the packet's code."""
    length, pad = fields["in_h"] * fields["row_bytes"], fields["pad_value"] & 0xFF
    act, code = _filled(act, length, config.cin_lanes, pad, ErrorCode.ACT_SHORT, ErrorCode.ACT_LONG)
    return act.view(np.int8).reshape(fields["in_h"], fields["row_bytes"]), code


def _accumulate(x, weights, fields):
    """int32 [out_h, out_w, k], without bias. Each run is a convolution over the bytes of the rows."""
    k_tiles, _, cout, cin = weights.shape
    k = (k_tiles - 1) * cout + fields["last_tile_lanes"]
    kh, runs, chunks = (fields[name] for name in ("kh", "runs", "chunks"))
    kernels = weights.swapaxes(1, 2).reshape(k_tiles * cout, kh, runs, chunks * cin)[:k]
    width = (fields["out_w"] - 1) * fields["column_step"] + chunks * cin
    height = (fields["out_h"] - 1) * fields["stride_y"] + fields["live_rows"]
    sums = 0
    for run in range(runs):
        left = fields["pad_left_bytes"] - run * fields["run_step"]
        around = _around(x, (height, width), (fields["pad_top"], left), fields["pad_value"])
        sums = sums + accumulate(
            around[None, :, :, None],
            np.ascontiguousarray(kernels[:, :, run, :, None]),
            stride=(fields["stride_y"], max(fields["column_step"], 1)),
            dilation=(fields["dilation_y"], 1),
        )
    return sums[0]


def _around(x, shape, corner, value):
    """The bytes under all windows, int8 `shape`: x with its first byte at `corner`, pads around it."""
    around = np.full(shape, value, np.int8)
    inside, source = [], []
    for length, start, size in zip(shape, corner, x.shape, strict=True):
        first, end = max(start, 0), max(min(start + size, length), 0)
        inside.append(slice(first, max(end, first)))
        source.append(slice(first - start, max(end, first) - start))
    around[tuple(inside)] = x[tuple(source)]
    return around


def _packet(sums, records, fields):
    if fields["raw"]:
        return sums.astype("<i4").tobytes()
    rounding = Rounding(fields["rounding"])
    multiplier, shift = (records[name].astype(np.int64) for name in ("multiplier", "shift"))
    out = rescale(sums, multiplier & 0x7FFFFFFF, shift & 31, rounding) + fields["output_zero_point"]
    return np.clip(out, fields["clamp_low"], fields["clamp_high"]).astype(np.int8).tobytes()
