"""The only place where the datapath waits: behind the gate nothing does."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec.registers import Cause

from convloom_rtl.kit.pipeline import delay
from convloom_rtl.payloads import ROW_NUMBER, Tag, WindowStep, cause_value, issue, row_progress, step

JOB_CYCLES = 24  # at least so many between the last issues of two jobs: a report is written in between
TILE_MARGIN = 8  # words: the count of free ones is two cycles old, and a raw tile takes four


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
        go, there, has_room, spaced = Signal(), Signal(), Signal(), Signal()
        waiting, valid = self.i.p, self.i.valid
        if not self.config.is_least:
            waiting, valid = Signal(step(self.config), reset_less=True), Signal()
            with m.If(self.i.ready):
                m.d.sync += [valid.eq(self.i.valid), waiting.eq(self.i.p)]
        rows_apart = Signal(init=1)
        m.d.comb += [
            go.eq(valid & there & has_room & spaced & rows_apart),
            self.i.ready.eq(go | ~valid),
        ]
        entered = Signal()  # the step that waits came in the cycle before
        m.d.sync += entered.eq(self.i.ready)
        m.d.comb += there.eq(self._of_waiting(m, waiting, entered, self._is_there))
        self._rows_under_way = Signal(self.row_delay)
        self._reserve(m, waiting, entered, go, has_room)
        if self.config.is_least:
            m.d.comb += rows_apart.eq(~waiting.row_end | ~self._rows_under_way.any())
        self._space(m, waiting, go, spaced)
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

    def _of_waiting(self, m, waiting, entered, holds):
        """What `holds(domain, step, name)` says of the step that waits, from registers behind the comparisons.

        So both the step that waits and the one that may come are compared, with what was true a cycle ago. In the
        least engine the step waits at the port, and is compared there.
        """
        if self.config.is_least:
            return holds(m.d.comb, waiting, "waiting")
        return Mux(entered, holds(m.d.sync, self.i.p, "coming"), holds(m.d.sync, waiting, "waiting"))

    def _is_there(self, domain, asked, name):
        """Whether the bytes that a step needs have been written."""
        is_there = Signal(name=f"{name}_is_there")
        passed = (asked.row - self.i_progress.rows)[ROW_NUMBER - 1]  # a later row is being loaded
        here = (self.i_progress.rows == asked.row) & (self.i_progress.bytes >= asked.needs)
        domain += is_there.eq((asked.needs == 0) | passed | here)
        return is_there

    def _reserve(self, m, waiting, entered, go, has_room):
        """Words of the output ring. What is free is compared two cycles after it was taken."""
        words = self.config.output_words
        free, taken = Signal(range(words + 1), init=words), Signal(range(words + 1))
        room_for_tile, takes, took, recent = Signal(), Signal(), Signal(), Signal()
        with m.If(~go):
            m.d.sync += taken.eq(0)
        with m.Else():
            m.d.sync += taken.eq(Mux(waiting.reserve_row, waiting.row_words, waiting.reserve))
        m.d.sync += [
            free.eq(free - taken + self.i_released),
            room_for_tile.eq(free >= TILE_MARGIN),
            took.eq(takes),
            recent.eq(takes | took),
        ]
        m.d.comb += takes.eq(go & (waiting.reserve_row | (waiting.reserve != 0)))

        def row_fits(domain, asked, name):
            fits = Signal(name=f"{name}_fits")
            domain += fits.eq(free >= asked.row_words)
            return fits

        room_for_row = self._of_waiting(m, waiting, entered, row_fits)
        m.d.comb += has_room.eq(
            Mux(waiting.reserve_row, room_for_row & ~recent, room_for_tile | (waiting.reserve == 0))
        )

    def _space(self, m, waiting, go, spaced):
        """Whether tiles and jobs are far enough apart for the step to be the last of one."""
        passes = self.config.passes
        tile, job = Signal(range(4 * passes)), Signal(range(JOB_CYCLES))
        tiles_apart, jobs_apart = Signal(init=1), Signal(init=1)
        m.d.comb += spaced.eq((tiles_apart | ~waiting.tile_end) & (jobs_apart | ~waiting.job_end))
        for left, apart, ends, cycles in (
            (tile, tiles_apart, waiting.tile_end, Mux(waiting.raw & waiting.is_issue, 4 * passes, passes)),
            (job, jobs_apart, waiting.job_end, JOB_CYCLES),
        ):
            with m.If(go & ends):
                m.d.sync += [left.eq(cycles - 1), apart.eq(cycles == 1)]
            with m.Elif(~apart):
                m.d.sync += [left.eq(left - 1), apart.eq(left == 1)]

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
        frees_rows = go & waiting.row_end & waiting.is_issue
        with m.If(frees_rows):
            m.d.sync += free_to.eq(waiting.free_to)
        with m.If(go & waiting.job_end):
            m.d.sync += freed.eq(waiting.free_words)
        m.d.sync += free.eq(go & waiting.job_end & waiting.is_issue)
        # Jobs end further apart than the delay, so one number of words is enough.
        assert self.weight_delay < JOB_CYCLES
        m.d.comb += [
            self.o_free_to.eq(self._delay_rows(m, frees_rows, free_to)),
            self.o_freed.eq(freed),
            self.o_free.eq(delay(m, free, self.weight_delay, "free")),
        ]

    def _delay_rows(self, m, frees_rows, free_to):
        """What rows are free, when the last reads of the others have been made.

        In the least engine one number at a time is on its way: a row's end waits for that of the row before.
        """
        if not self.config.is_least:
            return delay(m, free_to, self.row_delay, "free_to")
        told = Signal.like(free_to)
        m.d.sync += self._rows_under_way.eq(Cat(frees_rows, self._rows_under_way))
        with m.If(self._rows_under_way[-1]):
            m.d.sync += told.eq(free_to)
        return told
