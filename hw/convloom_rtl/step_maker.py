"""Makes steps for the issue gate: from where the walk stands, what a step reads, waits for and gives up."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from convloom.spec.config import ROW_BANKS

from convloom_rtl.kit.pipeline import copies
from convloom_rtl.kit.stream import SkidBuffer
from convloom_rtl.payloads import RAW_SLOTS, ROW_NUMBER, WINDOW_ROW, Turn, WalkJob, place, step

FLAGS = ("is_issue", "first", "tile_end", "pixel_end", "row_end", "job_end", "advance", "rewind")


class StepMaker(wiring.Component):
    """A step per cycle, in two of them: comparisons and differences first, clamps behind. A skid buffer follows.

    All that walks moves when the skid buffer has room, whether or not there is a step: that is known from a register.
    The least engine has none of those registers.

    Members
    -------
    i_job : the job
    i_base : running number of its row 0
    i_turn, i_place : the step that the walk is at
    i_walking : there is one
    o_moves, o_place_moves : pulse: it is made, and the walk goes on; the same from another register, for the place
    o : steps, latency two cycles
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_job": In(WalkJob),
                "i_base": In(ROW_NUMBER),
                "i_turn": In(Turn),
                "i_place": In(place(config)),
                "i_walking": In(1),
                "o_moves": Out(1),
                "o_place_moves": Out(1),
                "o": Out(stream.Signature(step(config))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        is_least, moves = self.config.is_least, self.o_moves

        def keep(value, name):
            """The value as it was when the step was made; in the least engine the step is where the walk stands."""
            if is_least:
                return value
            kept = Signal(value.shape(), name=name, reset_less=True)
            with m.If(makes):
                m.d.sync += kept.eq(value)
            return kept

        if is_least:
            made = self.o
            m.d.comb += [made.valid.eq(self.i_walking), moves.eq(made.ready | ~made.valid)]
            m.d.comb += self.o_place_moves.eq(moves)
        else:
            m.submodules.buffer = buffer = SkidBuffer(self.o.p.shape())
            connect(m, buffer.o, flipped(self.o))
            made, (makes, walks, goes) = buffer.i, copies(m, buffer.o_room, 3, "room")  # each is made.ready
            m.d.comb += [moves.eq(walks), self.o_place_moves.eq(goes)]
            with m.If(makes):
                m.d.sync += made.valid.eq(self.i_walking)
        m.d.comb += made.p.eq(keep(self._of_turn(m), "at"))
        is_row_there, row_inside = self._rows(m, keep, made.p)
        self._bytes(m, keep, made.p, is_row_there, row_inside)
        return m

    def _of_turn(self, m):
        """What of the step is known without looking at its place."""
        job, turn, here, now = self.i_job, self.i_turn, self.i_place, Signal(step(self.config))
        m.d.comb += [
            *(now[name].eq(turn[name]) for name in FLAGS),
            now.raw.eq(job.raw),
            now.reserve.eq(self._reserved()),
            now.free_words.eq(job.words_in_all),
            now.issue.pad_value.eq(job.pad_value),
            now.issue.weight.eq(here.weight),
            now.issue.offset.eq(here.offset),
        ]
        if self.config.depthwise:
            m.d.comb += [
                now.reserve_row.eq(turn.row_begins),
                now.row_words.eq(job.row_words),
                now.window.eq(turn.window),
            ]
        return now

    def _reserved(self):
        """Words of the output ring for a tile, with its first step. A depthwise row's are reserved together."""
        job = self.i_job
        return Mux(self.i_turn.first & ~job.depthwise, Mux(job.raw & ~job.discard, RAW_SLOTS, 1), 0)

    def _rows(self, m, keep, step_out):
        """Running numbers of rows. Returns whether there is one to wait for, and whether that which is read is one."""
        job, here = self.i_job, self.i_place
        base, row = keep(self.i_base, "base"), keep(here.row, "row")
        done_with = Mux(here.next_top < 0, 0, here.next_top[:16])
        freed = Mux(self.i_turn.job_end | here.is_next_beyond, job.in_h, done_with)
        freed = keep(Mux(job.discard, 0, freed), "freed")
        inside = keep((here.row >= 0) & (here.row < job.in_h) & ~job.discard, "inside")
        number = (base + row)[:ROW_NUMBER]
        m.d.comb += [
            step_out.free_to.eq(base + freed),
            step_out.issue.row.eq(number),
            step_out.row.eq(number),
        ]
        if not self.config.depthwise:
            return inside, inside
        # Whole rows: up to the last of the window that there is.
        last_of_job = Signal(WINDOW_ROW, reset_less=True)
        m.d.sync += last_of_job.eq(job.in_h - 1)
        last = Mux(here.is_bottom_beyond, last_of_job, here.bottom)
        awaited = keep(Mux(job.depthwise, last, here.row), "awaited")
        m.d.comb += step_out.row.eq(base + awaited)
        return Mux(keep(job.depthwise, "depthwise"), awaited >= 0, inside), inside

    def _bytes(self, m, keep, step_out, is_row_there, row_inside):
        """What of the word lies outside of its row: left of it, or beyond its last byte."""
        job, here, lanes = self.i_job, self.i_place, self.config.cin_lanes
        lane_bits = (lanes - 1).bit_length()
        lane, is_near = keep(here.offset[:lane_bits], "lane"), keep(here.offset[lane_bits:].all(), "is_near")
        is_left = keep(here.offset < 0, "is_left")
        after = keep(job.row_bytes + ~here.offset, "after")  # bytes of the row behind the word's first one
        needs = keep((here.offset + lanes)[: len(step_out.needs)], "needs")
        is_beyond = after < 0
        starts_inside = ~is_left & ~is_beyond
        is_needed = ~is_beyond & (~is_left | is_near)  # near: 0 bytes where it ends as the row begins
        m.d.comb += [
            step_out.issue.pad_low.eq(Mux(is_left, Mux(is_near, lanes - lane, lanes), 0)),
            step_out.issue.pad_high.eq(
                Mux(
                    is_beyond | ~row_inside,
                    0,
                    Mux(after[lane_bits:].any(), lanes, after[:lane_bits] + 1),
                )
            ),
            step_out.needs.eq(Mux(is_row_there & is_needed, needs, 0)),
        ]
        if self.config.depthwise:
            with m.If(keep(job.depthwise, "whole_row")):
                m.d.comb += step_out.needs.eq(Mux(is_row_there & starts_inside, ~0, 0))
            m.d.comb += step_out.issue.pad_rows.eq(self._pad_rows(keep, starts_inside))

    def _pad_rows(self, keep, is_column_there):
        """Which of the four rows are all pad."""
        job, row = self.i_job, self.i_place.row
        row_bits = (ROW_BANKS - 1).bit_length()
        low, is_above = keep(row[:row_bits], "row_in_four"), keep(row < 0, "is_above")
        reaches_in = keep(
            row[row_bits:].all(), "reaches_in"
        )  # of those above: four rows earlier than row 0 or less
        below = keep(job.in_h + ~row, "rows_below")
        return Cat(
            ~is_column_there
            | (is_above & ~(reaches_in & (low >= ROW_BANKS - n)))
            | (below < 0)
            | (((below[row_bits:] == 0) & (below[:row_bits] < n)) if n else 0)
            for n in range(ROW_BANKS)
        )
