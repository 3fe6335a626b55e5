"""The order of a depthwise job's walk: output row, group of channels, output column."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.payloads import Levels, OffsetFrom, Turn, WalkJob


class DepthwiseWalker(wiring.Component):
    """A step reads a column of four rows, or multiplies a word of taps, or both.

    Windows up to 4x4 slide: each column of a group is read once. A group's first output needs `runs` columns, every
    other one stride_x more; with the last of them its first word is multiplied, then one word a step. The first
    column of what comes next is read ahead, with an output's last word where that is not its first, except from one
    output row to the next. An output takes max(stride_x, passes) steps, or one less read where passes is above 1.

    Larger windows keep nothing: for each output and each of its `runs` columns, `chunks` blocks of four rows, with a
    word of taps each.

    Members are those of DenseWalker. `o_turn.is_issue` comes from a register, and is high in other jobs.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_job": In(WalkJob),
                "i_rests": In(1),
                "i_moves": In(1),
                "i_last": In(Levels),
                "i_tile_end": In(1),
                "o_turn": Out(Turn),
            }
        )

    def elaborate(self, platform):
        m = Module()
        job, last, turn, tile_end = self.i_job, self.i_last, self.o_turn, self.i_tile_end
        slides, stages, reads = (Signal(name=name) for name in ("slides", "stages", "reads"))
        group_end, row_end, group_read = Signal(), Signal(), Signal()
        m.d.sync += slides.eq(job.slides)
        issues, reads_one = self._count_reads(m, stages, group_end)
        word, first, begins, row_begins = self._progress(m, issues, reads, group_end, row_end)
        m.d.comb += [
            group_end.eq(tile_end & last.out_w),
            row_end.eq(group_end & last.k_tiles),
            stages.eq(tile_end & ~first & ~reads_one & ~row_end),
            reads.eq(~slides | first | stages),
            # The next column to read is another group's.
            group_read.eq(Mux(slides, first & issues & last.out_w, group_end)),
        ]
        m.d.comb += [
            turn.is_issue.eq(issues),
            turn.first.eq(first),
            turn.advance.eq(group_end & ~last.k_tiles),
            turn.rewind.eq(row_end),
            turn.row_begins.eq(row_begins),
            turn.window.read.eq(reads),
            turn.window.stage.eq(stages),
            turn.window.begin.eq(begins & ~stages),
            turn.window.taps.eq(1),
            turn.window.word.eq(Mux(slides, word, 0)),
            turn.moves_row.eq(1),
            turn.to_top.eq(last.chunks),
            turn.moves_offset.eq(group_read | Mux(slides, reads, tile_end | last.chunks)),
            turn.by_run.eq(1),
            turn.offset.eq(
                Mux(
                    group_read,
                    OffsetFrom.BEGIN,
                    Mux(slides | ~tile_end, OffsetFrom.ALONG, OffsetFrom.NEXT_COLUMN),
                )
            ),
            turn.to_left.eq(last.k_tiles),
            turn.moves_weight.eq(issues),
            turn.to_first_weight.eq(row_end),
            turn.to_group_weight.eq(tile_end & ~group_end),
            turn.group_end.eq(group_end),
        ]
        return m

    def _progress(self, m, issues, reads, group_end, row_end):
        """Word of the output, whether it is the first; no column of the group has entered; no step of the row."""
        last_word = self.i_last.runs
        word, first = Signal.like(self.o_turn.window.word, reset_less=True), Signal()
        begins, row_begins = Signal(), Signal()
        with m.If(self.i_rests):
            m.d.sync += [word.eq(0), first.eq(1), begins.eq(1), row_begins.eq(1)]
        with m.Elif(self.i_moves):
            m.d.sync += row_begins.eq(row_end)
            m.d.sync += begins.eq(group_end | (begins & ~reads))
            with m.If(issues):
                m.d.sync += [word.eq(word + 1), first.eq(last_word)]
                with m.If(last_word):
                    m.d.sync += word.eq(0)
        return word, first, begins, row_begins

    def _count_reads(self, m, stages, group_end):
        """Whether a word goes with this step: no column is read before it. And whether the next output reads one.

        A column that is read ahead counts for the output to come. What its comparisons need is there a cycle before. Of
        windows that do not slide each step has its word and its one column.
        """
        job = self.i_job
        reads, last = Signal.like(job.runs, reset_less=True), Signal()
        # Of a group's first output and of any other one: its columns, and one less.
        numbers = (job.stride_x, job.runs)
        less = [Signal.like(reads, name=f"less_{n}", reset_less=True) for n in range(2)]
        are_one, are_two = (Cat(~job.slides | (number == n) for number in numbers) for n in (1, 2))
        ones, twos = Signal(2), Signal(2)
        m.d.sync += [
            *(register.eq(number - 1) for register, number in zip(less, numbers, strict=True)),
            *(ones.eq(are_one), twos.eq(are_two)),
        ]
        is_one, is_two = (Mux(group_end, flags[1], flags[0]) for flags in (ones, twos))
        with m.If(self.i_rests):
            m.d.sync += [reads.eq(job.runs), last.eq(are_one[1])]
        with m.Elif(self.i_moves & self.i_tile_end):
            others, first = (Mux(stages, *pair) for pair in zip(less, numbers, strict=True))
            m.d.sync += [reads.eq(Mux(group_end, first, others)), last.eq(Mux(stages, is_two, is_one))]
        with m.Elif(self.i_moves & ~last):
            m.d.sync += [reads.eq(reads - 1), last.eq(reads == 2)]
        return last, is_one
