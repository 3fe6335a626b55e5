"""What travels between the stages. Layouts of job fields come from the spec; each stage gets the fields it needs."""

from amaranth.hdl import signed, unsigned
from amaranth.lib import data

from convloom.spec import DESCRIPTOR, RECORD, ErrorCode
from convloom.spec.registers import Cause


def _shapes(fields):
    return {field.name: signed(field.bits) if field.signed else unsigned(field.bits) for field in fields}


DESCRIPTOR_SHAPES = _shapes(DESCRIPTOR)
DescriptorLayout = data.StructLayout(DESCRIPTOR_SHAPES)
RecordLayout = data.StructLayout(_shapes(RECORD))


def _job(*names, **more):
    """A layout of descriptor fields by name, and of what else a stage has to know of a job."""
    return data.StructLayout({**{name: DESCRIPTOR_SHAPES[name] for name in names}, **more})


# `discard`: the job is not run (op none, or a bad descriptor); its act packet is dropped, one beat answers it.
LoadJob = _job("in_h", "row_bytes", "slot", "pad_value", discard=1)
WalkJob = _job(
    *("in_h", "row_bytes", "out_h", "out_w", "kh", "runs", "run_step", "column_step", "stride_y", "dilation_y"),
    *("pad_top", "pad_left_bytes", "chunks", "k_tiles", "words_in_all", "pad_value", "raw"),
    discard=1,
)
QuantiseJob = _job(
    *("raw", "rounding", "output_zero_point", "clamp_low", "clamp_high", "last_tile_lanes", "k_tiles"),
    discard=1,
)
CountJob = _job("macs_per_pixel", "report")
# Pushed when the job packet's end and its error code are known.
ReportJob = _job("job_id", "irq", code=range(len(ErrorCode)))


def beat(lanes):
    """A beat of a packet: `lanes` bytes of which the first `count` are valid, and whether it ends the packet.

    Only a last beat may hold fewer than `lanes` bytes; it may hold none.
    """
    return data.StructLayout({"data": data.ArrayLayout(8, lanes), "count": range(lanes + 1), "last": 1})


def tile(config):
    """A tile's accumulators as they leave the array."""
    return data.StructLayout(
        {"accumulators": data.ArrayLayout(signed(32), config.cout_lanes), "pixel_end": 1, "job_end": 1}
    )


def piece(config):
    """Bytes as they leave the requantiser; the pieces of an output slot come one behind the other.

    A slot is cout_lanes bytes, `count` of which are valid (none or more); `last` marks the packet's last slot that
    holds any. Both are to be read with `slot_end`.
    """
    return data.StructLayout(
        {
            "data": data.ArrayLayout(8, config.requant_lanes),
            "slot_end": 1,
            "count": range(config.cout_lanes + 1),
            "last": 1,
        }
    )


# What accompanies an issue, or a bubble, through the array to the counters and the requantiser.
Tag = data.StructLayout(
    {
        "active": 1,  # the cycle counts: there is something to do
        "issue": 1,  # a word of activations meets a word of weights
        "first": 1,  # the first issue of a tile: the accumulators start anew
        "tile_end": 1,  # the last issue of a tile: the accumulators are a result
        "pixel_end": 1,  # ... of the pixel's last tile
        "job_end": 1,  # ... of the job's last pixel
        "cause": range(len(Cause)),  # where there is no issue: why
    }
)
