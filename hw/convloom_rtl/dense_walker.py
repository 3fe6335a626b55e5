"""Walks the windows of a dense job: output row, output column, tile, window row, run, chunk."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.kit.countdown import countdown
from convloom_rtl.payloads import POSITION, ROW_NUMBER, WalkJob, rows_done_with, step


class DenseWalker(wiring.Component):
    """One step per cycle, without a bubble; two cycles from `i_start` to the first one. A discarded job is one step.

    Everything is counted up by adding what the descriptor brings: no products. The innermost counters first: a run
    is `chunks` words; a window row has `runs` runs, a window kh rows, a pixel k_tiles windows. A window's byte
    offset may lie left of its row (negative) or beyond it: such lanes get the pad value.

    Members
    -------
    i_job : the job, held from i_start to o_done
    i_base, i_weight_base : running number of its row 0, address of its first weights; held likewise
    i_start : pulse, the cycle before i_walking goes up for the job
    i_walking : level: steps are wanted
    o : steps
    o_done : the job's last step was made, and stands at `o` from the next cycle on
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_job": In(WalkJob),
                "i_base": In(ROW_NUMBER),
                "i_weight_base": In(range(config.weight_words)),
                "i_start": In(1),
                "i_walking": In(1),
                "o": Out(stream.Signature(step(config))),
                "o_done": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        job, stepped, starting = self.i_job, Signal(), self.i_start
        counters = self._count(m, job, stepped, starting)
        position = self._move(m, job, counters, stepped, starting)
        weight = self._weights(m, job, counters, stepped, starting)
        m.d.comb += self.o_done.eq(stepped & (counters.job_end | job.discard))
        self._emit(m, job, self.i_base, counters, position, weight, self.i_walking, stepped)
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
            last = countdown(m, number, name, restart=starting, counts=stepped & inner)
            m.d.comb += ends[name].eq(inner & last)
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

    def _weights(self, m, job, ends, stepped, starting):
        """Address of the step's weights: through the job's words in order, and again for each pixel."""
        weight = Signal(range(self.config.weight_words))
        with m.If(starting | (stepped & ends.pixel_end)):
            m.d.sync += weight.eq(self.i_weight_base)
        with m.Elif(stepped):
            m.d.sync += weight.eq(weight + 1)
        return weight

    def _emit(self, m, job, base, ends, position, weight, walking, stepped):
        """A register between the counters and the step: sums and comparisons first, clamps behind it."""
        row, offset, next_top = position
        lanes = self.config.cin_lanes
        at = Signal(step(self.config), reset_less=True)
        at_base, freed_rows = Signal(ROW_NUMBER, reset_less=True), Signal(16, reset_less=True)
        before, after = (
            Signal(POSITION, reset_less=True),
            Signal(signed(27), reset_less=True),
        )  # bytes to the row's two ends
        inside = Signal(reset_less=True)
        m.d.comb += stepped.eq(walking & (self.o.ready | ~self.o.valid))
        # The step's last byte lies beyond the row where `offset` does beyond this.
        whole_until = Signal(POSITION, reset_less=True)
        m.d.sync += whole_until.eq(job.row_bytes - lanes)
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
                at.reserve.eq(Mux(begins, Mux(job.raw & ~job.discard, 4, 1), 0)),
                at.row.eq(base + row),
                at.needs.eq(Mux(offset > whole_until, job.row_bytes, offset + lanes)),
                at.free_words.eq(job.words_in_all),
                at.issue.row.eq(base + row),
                at.issue.offset.eq(offset),
                at.issue.pad_value.eq(job.pad_value),
                at.issue.weight.eq(weight),
                inside.eq((row >= 0) & (row < job.in_h) & ~job.discard),
                before.eq(-offset),
                after.eq(job.row_bytes - offset),
                at_base.eq(base),
                freed_rows.eq(rows_done_with(job, next_top, ends.job_end)),
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
