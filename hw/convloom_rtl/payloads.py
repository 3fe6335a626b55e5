"""What travels between the stages. Layouts of job fields come from the spec; each stage gets the fields it needs."""

from amaranth.hdl import signed, unsigned
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import DESCRIPTOR, RECORD, ErrorCode
from convloom.spec.config import ROW_BANKS, TABLE_ROWS
from convloom.spec.registers import COUNTERS, REPORT_STRIDE, Cause


def _shapes(fields):
    return {field.name: signed(field.bits) if field.signed else unsigned(field.bits) for field in fields}


DESCRIPTOR_SHAPES = _shapes(DESCRIPTOR)
DescriptorLayout = data.StructLayout(DESCRIPTOR_SHAPES)
RecordLayout = data.StructLayout(_shapes(RECORD))


def _job(*names, **more):
    """A layout of descriptor fields by name, and of what else a stage has to know of a job."""
    return data.StructLayout({**{name: DESCRIPTOR_SHAPES[name] for name in names}, **more})


# What a walk counts to, by field; depthwise: passes in the place of runs.
LEVELS = ("chunks", "runs", "kh", "k_tiles", "out_w", "out_h")
Levels = data.StructLayout(dict.fromkeys(LEVELS, 1))

RAW_SLOTS = 4  # words of the output ring that a raw tile takes

# `discard`: the job is not run (op none, or a bad descriptor); its act packet is dropped, one beat answers it.
LoadJob = _job("in_h", "row_bytes", "slot", "pad_value", discard=1)
WalkJob = _job(
    *(
        "in_h",
        "row_bytes",
        "out_h",
        "out_w",
        "kh",
        "kw",
        "runs",
        "run_step",
        "column_step",
        "stride_x",
        "stride_y",
    ),
    *(
        "dilation_y",
        "pad_top",
        "pad_left_bytes",
        "chunks",
        "passes",
        "k_tiles",
        "words_in_all",
        "pad_value",
        "raw",
    ),
    discard=1,
    depthwise=1,
    single=Levels,  # is one step all that the walk counts to
    slides=1,  # depthwise: the window is no larger than the columns that are kept
    row_words=16,  # ... words of the output ring that an output row takes
)
QuantiseJob = _job(
    *("raw", "rounding", "output_zero_point", "clamp_low", "clamp_high", "last_tile_lanes", "k_tiles"),
    discard=1,
)
# `hop`: words from a depthwise tile's last slot to the next column's first. Columns and groups count from 0.
RingJob = _job("raw", depthwise=1, row_words=16, hop=16, last_column=16, last_group=12)
CountJob = _job("macs_per_pixel", "report")
# Pushed when the job packet's end and its error code are known.
ReportJob = _job("job_id", "irq", "report", code=range(len(ErrorCode)))


def beat(lanes):
    """A beat of a packet: `lanes` bytes of which the first `count` are valid, and whether it ends the packet.

    Only a last beat may hold fewer than `lanes` bytes; it may hold none.
    """
    return data.StructLayout({"data": data.ArrayLayout(8, lanes), "count": range(lanes + 1), "last": 1})


def input_beat(lanes):
    """A beat of a packet that comes in: `keep` has a one for each of its valid bytes, which are its first ones.

    Only a last beat may have fewer than `lanes`; it may have none. Each byte has its own bit, from a register: nobody
    has to decode a number.
    """
    return data.StructLayout({"data": data.ArrayLayout(8, lanes), "keep": lanes, "last": 1})


def tile(config):
    """A tile's accumulators as they leave the array; the rest is as in Tag."""
    return data.StructLayout(
        {
            "accumulators": data.ArrayLayout(signed(32), config.cout_lanes),
            "pixel_end": 1,
            "job_end": 1,
            "advance": 1,
            "rewind": 1,
        }
    )


def piece(config):
    """Bytes as they leave the requantiser; the pieces of an output slot come one behind the other.

    A slot is cout_lanes bytes, `count` of which are valid (none or more); `last` marks the packet's last slot that
    holds any, `job_end` the job's very last: no piece but a slot's last has it. Count and `last` are to be read with
    `slot_end`, which is low where there is no piece.
    """
    return data.StructLayout(
        {
            "data": data.ArrayLayout(8, config.requant_lanes),
            "slot_end": 1,
            "count": range(config.cout_lanes + 1),
            "last": 1,
            "job_end": 1,
        }
    )


def slot(config):
    """An output slot: the first `count` of its bytes are valid; `last` marks the packet's last that holds any."""
    return data.StructLayout(
        {"data": data.ArrayLayout(8, config.cout_lanes), "count": range(config.cout_lanes + 1), "last": 1}
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
        # With tile_end: the next tile's channels are the ones behind this tile's, or the job's first (or the same).
        "advance": 1,
        "rewind": 1,
        "cause": range(len(Cause)),  # where there is no issue: why
    }
)

POSITION = signed(26)  # a byte of a row, also far outside of it
# A row of the picture, or the first one beyond it at which a window begins, and that window's rows.
WINDOW_ROW = signed(18)
ROW_NUMBER = 17  # bits of a running row number: counts the rows of all jobs, modulo 2^17


def row_progress(config):
    """How far the rows have come: `rows` is the running number of the row being loaded, `bytes` what is there of it."""
    return data.StructLayout({"rows": ROW_NUMBER, "bytes": row_count(config)})


def row_count(config):
    """A number of bytes of a row. No row that finds its place has more than a bank."""
    return range(2 * config.bank_words * config.cin_lanes)


def row_place(config):
    """Where a row starts: the word in its bank and the lane of its first byte."""
    return data.StructLayout({"word": range(config.bank_words), "phase": range(config.cin_lanes)})


def row_start(config):
    """A row's place, told when its first beat is written."""
    return data.StructLayout({"number": range(TABLE_ROWS), "place": row_place(config)})


def line_write(config):
    """A word for the line buffer."""
    return data.StructLayout(
        {"bank": range(ROW_BANKS), "word": range(config.bank_words), "data": 8 * config.cin_lanes}
    )


def issue(config):
    """A word of activations to fetch: `offset` bytes from the start of the row with this running number on.

    Lanes below `pad_low`, and from `pad_high` on, get the pad value.
    """
    lanes = range(config.cin_lanes + 1)
    return data.StructLayout(
        {
            "row": range(TABLE_ROWS),
            "offset": range(config.bank_words * config.cin_lanes),
            "pad_low": lanes,
            "pad_high": lanes,
            "pad_value": signed(8),
            "pad_rows": ROW_BANKS,  # depthwise: a bit for each of the four rows that is all pad
            "weight": range(config.weight_words),
        }
    )


# What the depthwise window is to do with a column of four rows of cout_lanes bytes, and the array with the window.
WindowStep = data.StructLayout(
    {
        "read": 1,  # a column comes
        "stage": 1,  # ... which enters together with the next one
        "begin": 1,  # ... which is the group's first to enter: all before it is pad
        "taps": 1,  # the array works across the window's taps
        "word": 2,  # ... of which those are meant: cin_lanes of them from word * cin_lanes on
    }
)


class OffsetFrom(enum.Enum, shape=2):
    """What the next step's byte offset is made from."""

    ALONG = 0  # this step's: on by a word, or to the next run
    COLUMN = 1  # the window's first column
    NEXT_COLUMN = 2  # that of the next window
    BEGIN = 3  # the row's first window; depthwise: or that of the next group


# What a step of the walk is, and where the next one lies. Each order of the walk has a walker that says so.
Turn = data.StructLayout(
    {
        **{name: 1 for name in ("is_issue", "first", "tile_end", "pixel_end", "row_end", "job_end")},
        **{name: 1 for name in ("advance", "rewind", "row_begins")},
        "window": WindowStep,
        # Rows: to the next one of the window, or back to its first; with row_end to the next window's.
        "moves_row": 1,
        "to_top": 1,
        "moves_offset": 1,
        "offset": OffsetFrom,
        "by_run": 1,  # along by a run
        "to_left": 1,  # to the row's first window
        # Weights: to the next word, or back to the first of the job, or of the group.
        "moves_weight": 1,
        "to_first_weight": 1,
        "to_group_weight": 1,
        "group_end": 1,  # what comes next is of the next group
    }
)


def place(config):
    """Where a step lies: rows of the job's picture, bytes of a row."""
    return data.StructLayout(
        {
            "row": WINDOW_ROW,  # the first that is read
            "bottom": WINDOW_ROW,  # the window's last (depthwise)
            "is_bottom_beyond": 1,  # ... lies below the picture
            "next_top": WINDOW_ROW,  # the first of the next output row's window
            "is_next_beyond": 1,
            "offset": POSITION,
            "weight": range(config.weight_words),
        }
    )


def step(config):
    """A step of the walk through the windows: an issue, what it has to wait for, and what it gives up."""
    return data.StructLayout(
        {
            "issue": issue(config),
            "is_issue": 1,  # not so for a discarded job's only step, and for one that only reads a column
            "row": ROW_NUMBER,  # running number of the row
            "needs": row_count(
                config
            ),  # bytes of that row that must be there, or all where it has fewer; 0: none
            "raw": 1,
            "reserve": range(5),  # words of the output ring that the step's tile will fill
            "reserve_row": 1,  # so many: row_words
            "row_words": 16,
            "window": WindowStep,
            "first": 1,
            "tile_end": 1,
            "pixel_end": 1,
            "row_end": 1,
            "job_end": 1,
            "advance": 1,  # with tile_end, as in Tag
            "rewind": 1,
            "free_to": ROW_NUMBER,  # with row_end: rows below this running number are needed no more
            "free_words": range(
                config.weight_words + 1
            ),  # with job_end: weight words that are needed no more
        }
    )


def cause_value(cause):
    """The number by which a Cause travels in a Tag."""
    return list(Cause).index(cause)


BEATS = ("job", "act", "out")  # the streams whose beats are counted
Beats = data.StructLayout(dict.fromkeys(BEATS, 1))

# The running counters, one in each cycle, in the order of convloom.spec.registers.COUNTERS; behind a valid low half
# comes the high half that belongs to it, but in a reset. The word is a cycle behind its number.
Total = data.StructLayout({"valid": 1, "number": range(len(COUNTERS)), "word": 32})

# A job has been answered, and its report, if it has one, can be read.
JobDone = data.StructLayout({"valid": 1, "job_id": 16, "code": range(len(ErrorCode)), "irq": 1})

# How the registers read the oldest report.
ReportAccess = wiring.Signature(
    {
        "index": Out(range(REPORT_STRIDE)),  # of the word to read
        "word": In(32),  # two cycles behind its index
        "pop": Out(1),  # pulse: the oldest report has been read
        "waiting": In(8),  # reports to be read
        "lost": In(1),  # pulse: a report found no room
    }
)
