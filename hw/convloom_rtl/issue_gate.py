"""The only place where the datapath waits: behind the gate nothing does."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec.registers import Cause

from convloom_rtl.kit.pipeline import delay
from convloom_rtl.payloads import ROW_NUMBER, Tag, WindowStep, cause_value, issue, row_progress, step

JOB_CYCLES = 24  # at least so many between the last issues of two jobs: a report is written in between
TILE_MARGIN = 8  # words: the count of free ones is a cycle old, and a raw tile takes four


class IssueGate(wiring.Component):
    """Lets a step through, one per cycle, when all it needs is there; one cycle from step to issue.

    - Its bytes have been written: at the gate the row's progress is compared on the way in and in each waiting cycle.
    - A tile's words of the output ring are reserved by its first issue, those of a depthwise output row by the row's
      first step, so that no result ever waits.
    - Results come at least as far apart as the requantiser takes for one: `passes` cycles, 4 * passes for a raw one.

    What a step gives up is told late enough that the last reads have been made: rows `row_delay` cycles after
    the issue, weights `weight_delay` cycles after it.

    Members
    -------
    i : steps; i_cause: why there is none
    i_progress : of the rows
    i_released : pulse: a word of the output ring is free again
    i_active : there is something to do, so this cycle counts
    o_issue : what the line buffer and the weight ring fetch (every cycle; only o_tag tells whether it is one)
    o_tag : the Tag of this cycle's issue or bubble
    o_window : what the depthwise window does with this cycle's column
    o_free_to : rows below this running number are needed no more
    o_free, o_freed : pulse and number of weight words that are needed no more
    """

    def __init__(self, config, *, row_delay, weight_delay):
        self.config, self.row_delay, self.weight_delay = config, row_delay, weight_delay
        super().__init__(
            {
                "i": In(stream.Signature(step(config))),
                "i_cause": In(range(len(Cause))),
                "i_progress": In(row_progress(config)),
                "i_released": In(1),
                "i_active": In(1),
                "o_issue": Out(issue(config)),
                "o_tag": Out(Tag),
                "o_window": Out(WindowStep),
                "o_free_to": Out(ROW_NUMBER),
                "o_freed": Out(range(config.weight_words + 1)),
                "o_free": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        waiting, there, valid = Signal(step(self.config), reset_less=True), Signal(), Signal()
        go, has_room, spaced, jobs_apart = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            go.eq(valid & there & has_room & (spaced | ~waiting.tile_end) & (jobs_apart | ~waiting.job_end)),
            self.i.ready.eq(go | ~valid),
        ]
        with m.If(self.i.ready):
            m.d.sync += [valid.eq(self.i.valid), waiting.eq(self.i.p), there.eq(self._is_there(self.i.p))]
        with m.Else():
            m.d.sync += there.eq(there | self._is_there(waiting))
        self._reserve(m, waiting, go, has_room)
        self._space(m, waiting, go, spaced, jobs_apart)
        self._issue(m, waiting, go)
        with m.If(~valid):
            m.d.sync += self.o_tag.cause.eq(Mux(self.i.valid, cause_value(Cause.ISSUE), self.i_cause))
        with m.Elif(~there):
            m.d.sync += self.o_tag.cause.eq(cause_value(Cause.ACTIVATIONS))
        with m.Elif(~has_room):
            m.d.sync += self.o_tag.cause.eq(cause_value(Cause.OUTPUT))
        with m.Else():
            m.d.sync += self.o_tag.cause.eq(cause_value(Cause.ISSUE))
        return m

    def _is_there(self, asked):
        """Whether the bytes that a step needs have been written."""
        ahead = (self.i_progress.rows - asked.row)[:ROW_NUMBER].as_signed()
        return (asked.needs == 0) | (ahead > 0) | ((ahead == 0) & (self.i_progress.bytes >= asked.needs))

    def _reserve(self, m, waiting, go, has_room):
        """Words of the output ring. What is free is compared a cycle before it is used, with the step to come."""
        words = self.config.output_words
        free, taken = Signal(range(words + 1), init=words), Signal(range(words + 1))
        room_for_tile, room_for_row, row_taken = Signal(), Signal(), Signal()
        with m.If(go & waiting.reserve_row):
            m.d.comb += taken.eq(waiting.row_words)
        with m.Elif(go):
            m.d.comb += taken.eq(waiting.reserve)
        m.d.sync += [
            free.eq(free - taken + self.i_released),
            room_for_tile.eq(free >= TILE_MARGIN),
            room_for_row.eq(Mux(self.i.ready, free >= self.i.p.row_words, free >= waiting.row_words)),
            row_taken.eq(taken != 0),
        ]
        m.d.comb += has_room.eq(
            Mux(waiting.reserve_row, room_for_row & ~row_taken, room_for_tile | (waiting.reserve == 0))
        )

    def _space(self, m, waiting, go, spaced, jobs_apart):
        passes = self.config.passes
        tile, job = Signal(range(4 * passes)), Signal(range(JOB_CYCLES))
        m.d.comb += [spaced.eq(tile == 0), jobs_apart.eq(job == 0)]
        with m.If(go & waiting.tile_end):
            m.d.sync += tile.eq(Mux(waiting.raw & waiting.is_issue, 4 * passes - 1, passes - 1))
        with m.Elif(~spaced):
            m.d.sync += tile.eq(tile - 1)
        with m.If(go & waiting.job_end):
            m.d.sync += job.eq(JOB_CYCLES - 1)
        with m.Elif(~jobs_apart):
            m.d.sync += job.eq(job - 1)

    def _issue(self, m, waiting, go):
        m.d.sync += [
            self.o_issue.eq(waiting.issue),
            self.o_tag.active.eq(self.i_active),
            self.o_tag.issue.eq(go & waiting.is_issue),
            *(self.o_tag[name].eq(waiting[name]) for name in ("first", "advance", "rewind")),
            *(self.o_tag[name].eq(go & waiting[name]) for name in ("tile_end", "pixel_end", "job_end")),
        ]
        m.d.sync += [self.o_window.eq(waiting.window), self.o_window.read.eq(go & waiting.window.read)]
        free_to, freed, free = Signal(ROW_NUMBER), Signal.like(self.o_freed), Signal()
        with m.If(go & waiting.row_end & waiting.is_issue):
            m.d.sync += free_to.eq(waiting.free_to)
        with m.If(go & waiting.job_end):
            m.d.sync += freed.eq(waiting.free_words)
        m.d.sync += free.eq(go & waiting.job_end & waiting.is_issue)
        # Jobs end further apart than the delay, so one number of words is enough.
        assert self.weight_delay < JOB_CYCLES
        m.d.comb += [
            self.o_free_to.eq(delay(m, free_to, self.row_delay, "free_to")),
            self.o_freed.eq(freed),
            self.o_free.eq(delay(m, free, self.weight_delay, "free")),
        ]
