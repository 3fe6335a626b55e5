"""Where the walk stands: rows, byte offset, weights. All of it is moved by adding, without a product."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from convloom.spec.config import ROW_BANKS

from convloom_rtl.payloads import POSITION, WINDOW_ROW, OffsetFrom, Turn, WalkJob, place


class WalkPosition(wiring.Component):
    """The place of the step that the walk is at; one step per cycle.

    Whatever may come next is added up beside what decides between it.

    Members
    -------
    i_job : the job
    i_weight_base : address of its first weights
    i_rests : the next step is a job's first; for two cycles or more
    i_moves, i_turn : pulse: on to the next step; where it lies. Before a job's first step: at the begin of all
    i_by_run : of the Turn that comes with this pulse
    o_place : place
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_job": In(WalkJob),
                "i_weight_base": In(range(config.weight_words)),
                "i_rests": In(1),
                "i_moves": In(1),
                "i_turn": In(Turn),
                "i_by_run": In(1),
                "o_place": Out(place(config)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        self._rows(m)
        self._offset(m)
        self._weight(m)
        return m

    def _rows(self, m):
        """Rows of the window and of the next output row's, which does not go further than beyond the picture.

        All comparisons are with what is there a step before.
        """
        job, turn, now = self.i_job, self.i_turn, self.o_place
        hop = job.dilation_y
        if self.config.depthwise:
            hop = self._of_job(m, Mux(job.depthwise, ROW_BANKS, hop), hop.shape(), "hop")
        next_limit = self._of_job(m, job.in_h - job.stride_y, WINDOW_ROW, "next_limit")
        top = Signal(WINDOW_ROW, reset_less=True)
        next_top, is_next_beyond = Signal(WINDOW_ROW, reset_less=True), Signal()
        m.d.comb += [now.next_top.eq(next_top), now.is_next_beyond.eq(is_next_beyond)]
        with m.If(self.i_moves & turn.moves_row):
            m.d.sync += now.row.eq(Mux(turn.row_end, next_top, Mux(turn.to_top, top, now.row + hop)))
        with m.If(self.i_moves & turn.row_end):
            m.d.sync += top.eq(next_top)
            with m.If(~is_next_beyond):
                m.d.sync += [next_top.eq(next_top + job.stride_y), is_next_beyond.eq(next_top > next_limit)]
        with m.If(self.i_rests):
            m.d.sync += [next_top.eq(-job.pad_top), is_next_beyond.eq(0)]
        if self.config.depthwise:
            to_last = self._of_job(m, job.kh - 1, job.kh.shape(), "to_last")
            limit = self._of_job(m, job.in_h - job.kh, WINDOW_ROW, "bottom_limit")
            with m.If(self.i_moves & turn.row_end):
                m.d.sync += [now.bottom.eq(next_top + to_last), now.is_bottom_beyond.eq(next_top > limit)]

    def _of_job(self, m, value, shape, name):
        """A number that stays the same for a job, from a register."""
        kept = Signal(shape, name=name, reset_less=True)
        m.d.sync += kept.eq(value)
        return kept

    def _offset(self, m):
        """Byte offset in the row. A run's end lies chunks - 1 words behind its begin."""
        job, turn, lanes = self.i_job, self.i_turn, self.config.cin_lanes
        offset, column, next_column = (
            self.o_place.offset,
            *(Signal(POSITION, name=name, reset_less=True) for name in ("column", "next_column")),
        )
        is_begin = turn.offset == OffsetFrom.BEGIN
        run = job.run_step + lanes - (job.chunks << (lanes - 1).bit_length())
        if self.config.depthwise:
            run = Mux(job.depthwise, job.run_step, run)
        to_run = self._of_job(m, run, POSITION, "to_run")
        step = Signal(POSITION, reset_less=True)  # chosen before: nothing but the sum is left
        with m.If(self.i_moves):
            m.d.sync += step.eq(Mux(self.i_by_run, to_run, lanes))
        new_column, restart = Signal(POSITION), Signal(POSITION)
        m.d.comb += [
            new_column.eq(Mux(is_begin, self._begin(m, is_begin), next_column)),
            restart.eq(Mux(turn.offset == OffsetFrom.COLUMN, column, new_column)),
        ]
        with m.If(self.i_moves & turn.moves_offset):
            m.d.sync += offset.eq(Mux(turn.offset == OffsetFrom.ALONG, offset + step, restart))
            # Of a window that slides nothing but its begin is asked for.
            with m.If(is_begin | (turn.offset == OffsetFrom.NEXT_COLUMN)):
                m.d.sync += [column.eq(new_column), next_column.eq(new_column + job.column_step)]

    def _begin(self, m, is_begin):
        """Byte offset of the row's first window; depthwise: or of the next group's."""
        left = self._of_job(m, -self.i_job.pad_left_bytes, POSITION, "left")
        if not self.config.depthwise:
            return left
        begin, next_group = Signal(POSITION), Signal(POSITION, reset_less=True)
        m.d.comb += begin.eq(Mux(self.i_turn.to_left, left, next_group))
        with m.If(self.i_moves & is_begin):
            m.d.sync += next_group.eq(begin + self.config.cout_lanes)
        return begin

    def _weight(self, m):
        """Address of the weights: through the job's words in order, and again from where it is told."""
        turn, weight = self.i_turn, self.o_place.weight
        new = Signal.like(weight)
        m.d.comb += new.eq(weight + 1)
        with m.If(turn.to_first_weight):
            m.d.comb += new.eq(self.i_weight_base)
        if self.config.depthwise:
            group = Signal.like(weight)
            with m.Elif(turn.to_group_weight):
                m.d.comb += new.eq(group)
            with m.If(self.i_moves & turn.group_end):
                m.d.sync += group.eq(new)
        with m.If(self.i_moves & turn.moves_weight):
            m.d.sync += weight.eq(new)
