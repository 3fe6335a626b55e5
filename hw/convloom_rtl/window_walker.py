"""Walks the windows of a dense job: output row, output column, tile, window row, run, chunk."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convloom.spec.registers import Cause
from convloom_rtl.payloads import ROW_NUMBER, WalkJob, cause_value, step

POSITION = signed(26)  # a row of the picture, or a byte of a row, also far outside of it
ROW_BITS = 16


class WindowWalker(wiring.Component):
    """One step per cycle without a bubble inside a job; three cycles from a job's last step to the next one's first.

    Everything is counted up by adding what the descriptor brings: no products. The innermost counters first: a run
    is `chunks` words; a window row has `runs` runs, a window kh rows, a pixel k_tiles windows. A window's byte
    offset may lie left of its row (negative) or beyond it: such lanes get the pad value.

    A job begins when its weights are all there and the rows of the job before have all arrived: its own can
    come no earlier, so that costs nothing, and the running row numbers of the two cannot be confused.

    Members
    -------
    i_jobs : WalkJob of each job, in order
    i_loaded : pulse: the weights of one more job are all there
    i_rows_done : running number of the row being loaded
    i_expecting : a job packet is on its way in
    o : steps, latency two cycles
    o_cause : why there is no step
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_jobs": In(stream.Signature(WalkJob)),
                "i_loaded": In(1),
                "i_rows_done": In(ROW_NUMBER),
                "i_expecting": In(1),
                "o": Out(stream.Signature(step(config))),
                "o_cause": Out(range(len(Cause))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        job = Signal(WalkJob, reset_less=True)
        base = Signal(ROW_NUMBER)  # running number of the job's row 0
        walking, stepped, starting = Signal(), Signal(), Signal()
        loaded = Signal(range(16))  # jobs whose weights are there, the current one too
        counters = self._count(m, job, stepped, starting)
        position = self._move(m, job, counters, stepped, starting)
        weight = self._weights(m, job, counters, stepped)

        rows_behind = Signal(signed(ROW_NUMBER))
        weights_there, rows_there = Signal(), Signal()
        m.d.comb += rows_behind.eq(self.i_rows_done - base)
        m.d.sync += rows_there.eq(rows_behind >= 0)
        m.d.comb += weights_there.eq((loaded != 0) | job.discard)
        m.d.sync += loaded.eq(loaded + self.i_loaded - (starting & ~job.discard))
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.i_jobs.ready.eq(1)
                m.d.comb += self.o_cause.eq(
                    Mux(self.i_expecting, *map(cause_value, (Cause.DESCRIPTOR, Cause.DRAIN)))
                )
                m.d.sync += job.eq(self.i_jobs.p)
                with m.If(self.i_jobs.valid):
                    m.next = "PREPARE"
            with m.State("PREPARE"):  # the first cycle also lets rows_there settle on this job's base
                m.d.comb += self.o_cause.eq(cause_value(Cause.ISSUE))
                m.next = "START"
            with m.State("START"):
                m.d.comb += self.o_cause.eq(
                    Mux(weights_there, *map(cause_value, (Cause.ACTIVATIONS, Cause.WEIGHTS)))
                )
                with m.If(weights_there & rows_there):
                    m.d.comb += starting.eq(1)
                    m.next = "WALK"
            with m.State("WALK"):
                m.d.comb += [walking.eq(1), self.o_cause.eq(cause_value(Cause.ISSUE))]
                with m.If(stepped & (counters.job_end | job.discard)):
                    m.next = "IDLE"
                    with m.If(~job.discard):
                        m.d.sync += base.eq(base + job.in_h)
        self._emit(m, job, base, counters, position, weight, walking, stepped)
        return m

    def _count(self, m, job, stepped, starting):
        """The six nested counters, each from its number down to 1. Returns for each level whether it ends here."""
        ends = Signal(
            data.StructLayout(
                {name: 1 for name in ("run_end", "line_end", "tile_end", "pixel_end", "row_end", "job_end")}
            )
        )
        inner = 1
        for name, number in zip(
            ("run_end", "line_end", "tile_end", "pixel_end", "row_end", "job_end"),
            (job.chunks, job.runs, job.kh, job.k_tiles, job.out_w, job.out_h),
            strict=True,
        ):
            left = Signal.like(number, name=f"left_to_{name}", reset_less=True)
            m.d.comb += ends[name].eq(inner & (left == 1))
            with m.If(starting | (stepped & ends[name])):
                m.d.sync += left.eq(number)
            with m.Elif(stepped & inner):
                m.d.sync += left.eq(left - 1)
            inner = ends[name]
        return ends

    def _move(self, m, job, ends, stepped, starting):
        """Row and byte offset of the step, and where the window's rows end that the next output row does without."""
        row, top, next_top = (
            Signal(POSITION, name=name, reset_less=True) for name in ("row", "top", "next_top")
        )
        offset, run, column = (
            Signal(POSITION, name=name, reset_less=True) for name in ("offset", "run", "column")
        )
        next_run, next_column = Signal(POSITION), Signal(POSITION)
        m.d.comb += [next_run.eq(run + job.run_step), next_column.eq(column + job.column_step)]
        with m.If(starting):
            m.d.sync += [row.eq(-job.pad_top), top.eq(-job.pad_top), next_top.eq(job.stride_y - job.pad_top)]
            m.d.sync += [
                offset.eq(-job.pad_left_bytes),
                run.eq(-job.pad_left_bytes),
                column.eq(-job.pad_left_bytes),
            ]
        with m.Elif(stepped):
            with m.If(~ends.run_end):
                m.d.sync += offset.eq(offset + self.config.cin_lanes)
            with m.Elif(~ends.line_end):
                m.d.sync += [offset.eq(next_run), run.eq(next_run)]
            with m.Elif(~ends.pixel_end):
                m.d.sync += [
                    offset.eq(column),
                    run.eq(column),
                    row.eq(Mux(ends.tile_end, top, row + job.dilation_y)),
                ]
            with m.Elif(~ends.row_end):
                m.d.sync += [offset.eq(next_column), run.eq(next_column), column.eq(next_column), row.eq(top)]
            with m.Else():
                left = -job.pad_left_bytes
                m.d.sync += [offset.eq(left), run.eq(left), column.eq(left)]
                m.d.sync += [row.eq(next_top), top.eq(next_top), next_top.eq(next_top + job.stride_y)]
        return row, offset, next_top

    def _weights(self, m, job, ends, stepped):
        """Address of the step's weights: through the job's words in order, and again for each pixel."""
        base, weight = (
            Signal(range(self.config.weight_words), name=name) for name in ("weight_base", "weight")
        )
        with m.If(stepped & ~job.discard):
            with m.If(ends.job_end):
                m.d.sync += [base.eq(base + job.words_in_all), weight.eq(base + job.words_in_all)]
            with m.Elif(ends.pixel_end):
                m.d.sync += weight.eq(base)
            with m.Else():
                m.d.sync += weight.eq(weight + 1)
        return weight

    def _emit(self, m, job, base, ends, position, weight, walking, stepped):
        """A register between the counters and the step: sums and comparisons first, clamps behind it."""
        row, offset, next_top = position
        lanes = self.config.cin_lanes
        at = Signal(step(self.config), reset_less=True)
        at_base, freed_rows = Signal(ROW_NUMBER, reset_less=True), Signal(ROW_BITS, reset_less=True)
        before, after = (
            Signal(POSITION, reset_less=True),
            Signal(signed(27), reset_less=True),
        )  # bytes to the row's two ends
        inside = Signal(reset_less=True)
        m.d.comb += stepped.eq(walking & (self.o.ready | ~self.o.valid))
        end = offset + lanes
        begins = self._begins(m, ends, job, stepped)
        with m.If(self.o.ready | ~self.o.valid):
            m.d.sync += self.o.valid.eq(walking)
            m.d.sync += [
                at[name].eq(ends[name] | job.discard)
                for name in ("tile_end", "pixel_end", "row_end", "job_end")
            ]
            m.d.sync += [
                at.advance.eq(~ends.pixel_end & ~job.discard),
                at.rewind.eq(ends.pixel_end | job.discard),
                at.is_issue.eq(~job.discard),
                at.first.eq(begins),
                at.raw.eq(job.raw),
                at.row.eq(base + row),
                at.needs.eq(Mux(end > job.row_bytes, job.row_bytes, end)),
                at.free_words.eq(job.words_in_all),
                at.issue.row.eq(base + row),
                at.issue.offset.eq(offset),
                at.issue.pad_value.eq(job.pad_value),
                at.issue.weight.eq(weight),
                inside.eq((row >= 0) & (row < job.in_h) & ~job.discard),
                before.eq(-offset),
                after.eq(job.row_bytes - offset),
                at_base.eq(base),
                freed_rows.eq(
                    Mux(
                        ends.job_end | (next_top > job.in_h),
                        job.in_h,
                        Mux(next_top < 0, 0, next_top[:ROW_BITS]),
                    )
                ),
            ]
            with m.If(job.discard):
                m.d.sync += freed_rows.eq(0)
        m.d.comb += [
            self.o.p.eq(at),
            self.o.p.needs.eq(Mux(inside & (after > 0) & (before < lanes), at.needs, 0)),
            self.o.p.free_to.eq(at_base + freed_rows),
            self.o.p.issue.pad_low.eq(
                Mux(before <= 0, 0, Mux(before > lanes, lanes, before[: lanes.bit_length()]))
            ),
            self.o.p.issue.pad_high.eq(
                Mux((after <= 0) | ~inside, 0, Mux(after > lanes, lanes, after[: lanes.bit_length()]))
            ),
        ]

    def _begins(self, m, ends, job, stepped):
        """Whether the step is a tile's first: the one after a tile's last, or after a discarded job's only one."""
        begins = Signal(init=1)
        with m.If(stepped):
            m.d.sync += begins.eq(ends.tile_end | job.discard)
        return begins
