"""Walks the windows of a depthwise job: output row, group of channels, output column."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec.config import ROW_BANKS

from convloom_rtl.kit.countdown import countdown
from convloom_rtl.payloads import POSITION, ROW_NUMBER, WalkJob, rows_done_with, step


class DepthwiseWalker(wiring.Component):
    """A step reads a column of four rows, or multiplies a word of taps, or both; one step per cycle.

    Windows up to 4x4 slide: each column of a group is read once. A group's first output needs `runs` columns, every
    other one stride_x more; with the last of them its first word is multiplied, then one word a step. The first
    column of what comes next is read ahead, with an output's last word where that is not its first, except from one
    output row to the next. An output takes max(stride_x, passes) steps, or one less read where passes is above 1.

    Larger windows keep nothing: for each output and each of its `runs` columns, `chunks` blocks of four rows, with a
    word of taps each.

    Members are those of DenseWalker.
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
        job, stepped = self.i_job, Signal()
        now = self._count(m, job, stepped)
        rows = self._rows(m, job, now, stepped)
        offset = self._columns(m, job, now, stepped)
        weight = self._weights(m, job, now, stepped)
        m.d.comb += [
            stepped.eq(self.i_walking & (self.o.ready | ~self.o.valid)),
            self.o_done.eq(stepped & now.job_end),
        ]
        self._emit(m, job, now, rows, offset, weight)
        return m

    def _count(self, m, job, stepped):
        """What the step does, and what ends with it."""
        now = Signal(
            data.StructLayout(
                {
                    **{
                        name: 1
                        for name in ("slides", "reads", "stages", "begins", "issues", "first", "row_begins")
                    },
                    **{name: 1 for name in ("block_end", "tile_end", "group_end", "row_end", "job_end")},
                    "last_group": 1,
                    "group_read": 1,  # the next column to read is another group's
                    "word": job.passes.shape(),
                }
            )
        )
        starting = self.i_start
        slides = Signal()
        m.d.sync += slides.eq((job.kh <= ROW_BANKS) & (job.kw <= ROW_BANKS))
        last_read = self._count_reads(m, job, now, stepped)
        last_column, last_row = (
            countdown(m, job[name], name, restart=starting, counts=stepped & ends)
            for name, ends in (("out_w", now.tile_end), ("out_h", now.row_end))
        )
        last_word = countdown(m, job.passes, "passes", restart=starting, counts=stepped & now.issues)
        word, first = Signal.like(job.passes, reset_less=True), Signal()
        begins, row_begins = (
            Signal(),
            Signal(),
        )  # no column of the group has entered; no step of the row was made
        m.d.comb += [
            now.slides.eq(slides),
            now.word.eq(word),
            now.first.eq(first),
            now.issues.eq(~slides | last_read),
            now.block_end.eq(countdown(m, job.chunks, "chunks", restart=starting, counts=stepped)),
            now.tile_end.eq(now.issues & last_word),
            now.last_group.eq(
                countdown(m, job.k_tiles, "k_tiles", restart=starting, counts=stepped & now.group_end)
            ),
            now.group_end.eq(now.tile_end & last_column),
            now.group_read.eq(Mux(slides, first & now.issues & last_column, now.group_end)),
            now.row_end.eq(now.group_end & now.last_group),
            now.job_end.eq(now.row_end & last_row),
            now.reads.eq(~slides | first | now.stages),
            now.begins.eq(begins & ~now.stages),
            now.row_begins.eq(row_begins),
        ]
        with m.If(starting):
            m.d.sync += [word.eq(0), first.eq(1), begins.eq(1), row_begins.eq(1)]
        with m.Elif(stepped):
            m.d.sync += row_begins.eq(now.row_end)
            m.d.sync += begins.eq(now.group_end | (begins & ~now.reads))
            with m.If(now.issues):
                m.d.sync += [word.eq(Mux(last_word, 0, word + 1)), first.eq(last_word)]
        return now

    def _count_reads(self, m, job, now, stepped):
        """Whether the output's first word goes with this step: no column is read before it.

        A column that is read ahead counts for the output to come. What its comparisons need is there a cycle before.
        """
        number, reads, last = Signal.like(job.runs), Signal.like(job.runs, reset_less=True), Signal()
        is_one, is_two = Signal(), Signal()
        ones, twos = Signal(2), Signal(2)  # of the columns of a group's first output, and of any other one
        m.d.sync += [
            ones.eq(Cat(job.stride_x == 1, job.runs == 1)),
            twos.eq(Cat(job.stride_x == 2, job.runs == 2)),
        ]
        m.d.comb += [
            number.eq(Mux(now.group_end, job.runs, job.stride_x)),
            is_one.eq(Mux(now.group_end, ones[1], ones[0])),
            is_two.eq(Mux(now.group_end, twos[1], twos[0])),
            now.stages.eq(now.slides & now.tile_end & ~now.first & ~is_one & ~now.row_end),
        ]
        with m.If(self.i_start):
            m.d.sync += [reads.eq(job.runs), last.eq(ones[1])]
        with m.Elif(stepped & now.tile_end):
            m.d.sync += [reads.eq(number - now.stages), last.eq(Mux(now.stages, is_two, is_one))]
        with m.Elif(stepped & ~now.issues):
            m.d.sync += [reads.eq(reads - 1), last.eq(reads == 2)]
        return last

    def _rows(self, m, job, now, stepped):
        """First rows of the window, of the four that are read, and of the next output row's window."""
        block, top, next_top = (
            Signal(POSITION, name=name, reset_less=True) for name in ("block", "top", "next_top")
        )
        with m.If(self.i_start):
            m.d.sync += [pointer.eq(-job.pad_top) for pointer in (block, top)]
            m.d.sync += next_top.eq(job.stride_y - job.pad_top)
        with m.Elif(stepped & now.row_end):
            m.d.sync += [block.eq(next_top), top.eq(next_top), next_top.eq(next_top + job.stride_y)]
        with m.Elif(stepped):
            m.d.sync += block.eq(Mux(now.block_end, top, block + ROW_BANKS))
        return top, block, next_top

    def _columns(self, m, job, now, stepped):
        """Byte offset of the column that is read next."""
        offset, column, group = (
            Signal(POSITION, name=name, reset_less=True) for name in ("offset", "column", "group")
        )
        left, next_group, next_column, next_read = (
            Signal(POSITION, name=name) for name in ("left", "next_group", "next_column", "next_read")
        )
        m.d.comb += [
            left.eq(-job.pad_left_bytes),
            next_group.eq(Mux(now.last_group, left, group + self.config.cout_lanes)),
            next_column.eq(column + job.column_step),
            next_read.eq(offset + job.run_step),
        ]
        with m.If(self.i_start):
            m.d.sync += [pointer.eq(left) for pointer in (offset, column, group)]
        with m.Elif(stepped & now.group_read):
            m.d.sync += [pointer.eq(next_group) for pointer in (offset, column, group)]
        with m.Elif(stepped & now.slides & now.reads):
            m.d.sync += offset.eq(next_read)
        with m.Elif(stepped & ~now.slides & now.tile_end):
            m.d.sync += [offset.eq(next_column), column.eq(next_column)]
        with m.Elif(stepped & ~now.slides & now.block_end):
            m.d.sync += offset.eq(next_read)
        return offset

    def _weights(self, m, job, now, stepped):
        """Address of the step's taps: the group's words again for each output, the job's for each row."""
        weight, group = (
            Signal(range(self.config.weight_words), name=name) for name in ("weight", "group_weight")
        )
        behind = Signal.like(weight)
        m.d.comb += behind.eq(weight + 1)
        with m.If(self.i_start | (stepped & now.row_end)):
            m.d.sync += [weight.eq(self.i_weight_base), group.eq(self.i_weight_base)]
        with m.Elif(stepped & now.group_end):
            m.d.sync += [weight.eq(behind), group.eq(behind)]
        with m.Elif(stepped & now.tile_end):
            m.d.sync += weight.eq(group)
        with m.Elif(stepped & now.issues):
            m.d.sync += weight.eq(behind)
        return weight

    def _emit(self, m, job, now, rows, offset, weight):
        """A register between the counters and the step: sums first, comparisons and clamps behind it."""
        top, block, next_top = rows
        at = Signal(step(self.config), reset_less=True)
        inside, at_base = Signal(reset_less=True), Signal(ROW_NUMBER, reset_less=True)
        freed_rows, last_of_job = Signal(16, reset_less=True), Signal(16, reset_less=True)
        above, below, last_row = (
            Signal(POSITION, name=name, reset_less=True) for name in ("above", "below", "last_row")
        )
        with m.If(self.o.ready | ~self.o.valid):
            m.d.sync += self.o.valid.eq(self.i_walking)
            m.d.sync += [
                *(at[name].eq(now[name]) for name in ("first", "tile_end", "row_end", "job_end")),
                at.pixel_end.eq(now.tile_end & now.last_group),
                at.advance.eq(now.group_end & ~now.last_group),
                at.rewind.eq(now.row_end),
                at.is_issue.eq(now.issues),
                at.raw.eq(job.raw),
                at.reserve_row.eq(now.row_begins),
                at.row_words.eq(job.row_words),
                at.needs.eq(job.row_bytes),
                at.free_words.eq(job.words_in_all),
                at.issue.row.eq(self.i_base + block),
                at.issue.offset.eq(offset),
                at.issue.pad_value.eq(job.pad_value),
                at.issue.weight.eq(weight),
                at.window.read.eq(now.reads),
                at.window.stage.eq(now.stages),
                at.window.begin.eq(now.begins),
                at.window.taps.eq(1),
                at.window.word.eq(Mux(now.slides, now.word, 0)),
                inside.eq((offset >= 0) & (offset < job.row_bytes)),
                above.eq(-block),
                below.eq(job.in_h - block),
                last_row.eq(top + job.kh - 1),
                last_of_job.eq(job.in_h - 1),
                at_base.eq(self.i_base),
                freed_rows.eq(rows_done_with(job, next_top, now.job_end)),
            ]
        m.d.comb += [
            self.o.p.eq(at),
            # Whole rows: the last of the window that there is.
            self.o.p.row.eq(at_base + Mux(last_row > last_of_job, last_of_job, last_row)),
            self.o.p.needs.eq(Mux(inside & (last_row >= 0), at.needs, 0)),
            self.o.p.free_to.eq(at_base + freed_rows),
            self.o.p.issue.pad_rows.eq(Cat(~inside | (above > n) | (below <= n) for n in range(ROW_BANKS))),
        ]
