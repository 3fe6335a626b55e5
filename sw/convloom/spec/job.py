"""The job packet: descriptor, then one record per output channel, then weight words.

Every number is little endian. Each of the three sections starts on a beat of its own. The order of the fields
is their order in the packet; they lie without gaps from bit 0 of byte 0.
"""

from dataclasses import dataclass
from enum import IntEnum

MAGIC = 0x4C43  # "CL"
FORMAT_VERSION = 1
DESCRIPTOR_BYTES = 64
RECORD_BYTES = 16


class Op(IntEnum):
    """What a job does."""

    DENSE = 0
    DEPTHWISE = 1
    NONE = 2


@dataclass(frozen=True)
class Field:
    """A field of `bits` bits. `least` and `most` are the range that the engine accepts in a dense job."""

    name: str
    bits: int
    meaning: str
    least: int = 0
    most: int | None = None
    signed: bool = False

    @property
    def limits(self):
        """(least, most) that the field can carry at all."""
        if self.signed:
            return -(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1
        return 0, (1 << self.bits) - 1


DESCRIPTOR = (
    Field("magic", 16, "0x4C43"),
    Field("version", 8, "format version"),
    Field("op", 2, "0 dense, 1 depthwise, 2 none: the activations are dropped and one beat is answered"),
    Field("rounding", 2, "0 double, 1 double_up, 2 single, 3 float32"),
    Field("raw", 1, "give the int32 accumulators"),
    Field("irq", 1, "raise the interrupt when the job is done"),
    Field("report", 1, "write a report when the job is done"),
    Field("reserved_flag", 1, "0", most=0),
    Field("job_id", 16, "any number; comes back in reports and errors"),
    Field("in_h", 16, "rows of the input tile", least=1),
    Field("in_w", 16, "columns of the input tile", least=1),
    Field("in_c", 16, "channels of the input tile", least=1),
    Field("out_h", 16, "rows of the output tile", least=1),
    Field("out_w", 16, "columns of the output tile", least=1),
    Field("out_c", 16, "channels of the output tile", least=1),
    Field("row_bytes", 24, "in_w * in_c", least=1),
    Field("slot", 12, "words that one row takes in its bank", least=1),
    Field("live_rows", 8, "rows from the first to the last of a window: (kh - 1) * dilation_y + 1", least=1),
    Field("kw", 8, "kernel columns (depthwise)"),
    Field("passes", 8, "depthwise: words per output, ceil(4 * kw / cin_lanes); above 4x4 runs * chunks"),
    Field("kh", 8, "kernel rows", least=1),
    Field(
        "runs",
        8,
        "runs per window row: 1, or kw where dilation_x is above 1 (depthwise: columns read for a group's first "
        "output, max(1, kw - pad_left); above 4x4 kw)",
        least=1,
    ),
    Field("run_length", 16, "bytes of a run: kw * in_c, or in_c where dilation_x is above 1", least=1),
    Field("run_step", 24, "bytes from run to run: dilation_x * in_c (depthwise: in_c)"),
    Field("column_step", 24, "bytes from output column to output column: stride_x * in_c"),
    Field("stride_x", 8, "column stride (depthwise)"),
    Field("stride_y", 8, "row stride", least=1),
    Field("dilation_y", 8, "row dilation", least=1),
    Field("pad_top", 8, "rows of padding above the tile"),
    Field("pad_left_bytes", 24, "bytes of padding left of the first column read: pad_left * in_c (see runs)"),
    Field("chunks", 12, "words per run, rounded up (depthwise: 1; above 4x4 ceil(kh / 4))", least=1),
    Field("k_tiles", 12, "tiles of cout_lanes output channels (depthwise: groups)", least=1),
    Field("words_per_tile", 16, "weight words of a tile: kh * runs * chunks", least=1),
    Field("words_in_all", 20, "weight words of the job", least=1),
    Field("last_tile_lanes", 8, "output channels of the last tile", least=1),
    Field("pad_value", 8, "the input's zero point", signed=True),
    Field("output_zero_point", 8, "added after requantising", signed=True),
    Field("clamp_low", 8, "least output; at most clamp_high", signed=True),
    Field("clamp_high", 8, "greatest output", signed=True),
    Field("macs_per_pixel", 32, "useful MACs of one output pixel: kh * kw * c * k"),
    Field("reserved", 24, "0", most=0),
    Field("sum", 16, "sum modulo 2^16 of the other 31 16-bit words"),
)

RECORD = (
    Field("bias", 32, "added to the accumulator", signed=True),
    Field("multiplier", 32, "0 to 2^31 - 1"),
    Field("shift", 8, "right shift, 0 to 31"),
    Field("reserved", 56, "0"),
)

OFFSETS = {field.name: sum(f.bits for f in DESCRIPTOR[:n]) for n, field in enumerate(DESCRIPTOR)}


def pack(fields, values):
    """The little-endian bytes of `values` (name to number) laid out by `fields`; missing ones are 0.

    Raises ValueError for a name that there is not, or a number that the field cannot carry.
    """
    unknown = set(values) - {field.name for field in fields}
    if unknown:
        raise ValueError(
            f"fields must be among {', '.join(f.name for f in fields)}, not {', '.join(sorted(unknown))}"
        )
    packed, offset = 0, 0
    for field in fields:
        value, (least, most) = int(values.get(field.name, 0)), field.limits
        if not least <= value <= most:
            raise ValueError(f"{field.name} must be {least} to {most}, not {value}")
        packed |= (value & ((1 << field.bits) - 1)) << offset
        offset += field.bits
    return packed.to_bytes(offset // 8, "little")


def unpack(fields, data):
    """The numbers by name in `data`, bytes that `pack` made."""
    packed, values = int.from_bytes(data, "little"), {}
    for field in fields:
        value = packed & ((1 << field.bits) - 1)
        values[field.name] = (
            value - (1 << field.bits) if field.signed and value >> (field.bits - 1) else value
        )
        packed >>= field.bits
    return values


def descriptor_sum(data):
    """Sum modulo 2^16 of the first 31 16-bit words of a descriptor."""
    return sum(int.from_bytes(data[n : n + 2], "little") for n in range(0, DESCRIPTOR_BYTES - 2, 2)) & 0xFFFF


def pack_descriptor(**values):
    """A descriptor's 64 bytes. Magic, version and sum are put in unless they are given."""
    data = pack(DESCRIPTOR, {"magic": MAGIC, "version": FORMAT_VERSION, **values})
    if "sum" in values:
        return data
    return data[:-2] + descriptor_sum(data).to_bytes(2, "little")
