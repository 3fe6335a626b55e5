"""The order of a dense job's walk: output row, output column, tile, window row, run, chunk."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.payloads import Levels, Turn, WalkJob


class DenseWalker(wiring.Component):
    """Says of each step what ends with it and where the next one lies. A discarded job is one step.

    The innermost level first: a run is `chunks` words; a window row has `runs` runs, a window kh rows, a pixel k_tiles
    windows. A window's byte offset may lie left of its row (negative) or beyond it: such lanes get the pad value.

    Members
    -------
    i_job : the job
    i_rests : the next step is a job's first
    i_moves : pulse: on to the next step
    i_last : of each level, whether the step is in its last round
    i_tile_end : ... and of a tile
    o_turn : the Turn of the step, but for what ends with it
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
        last, turn, discard, tile_end = self.i_last, self.o_turn, self.i_job.discard, self.i_tile_end
        line_end = last.chunks & last.runs
        pixel_end = tile_end & last.k_tiles
        row_end = pixel_end & last.out_w
        m.d.comb += [
            turn.is_issue.eq(~discard),
            turn.first.eq(self._begins(m, tile_end)),
            turn.advance.eq(~pixel_end & ~discard),
            turn.rewind.eq(pixel_end | discard),
            turn.moves_row.eq(line_end),
            turn.to_top.eq(tile_end),
            turn.moves_offset.eq(1),
            turn.by_run.eq(last.chunks),
            # ALONG, COLUMN, NEXT_COLUMN, BEGIN: the further out what ends, the higher.
            turn.offset.eq(Cat(row_end | (line_end & ~pixel_end), pixel_end)),
            turn.to_left.eq(1),
            turn.moves_weight.eq(1),
            turn.to_first_weight.eq(pixel_end),
        ]
        return m

    def _begins(self, m, tile_end):
        """Whether the step is a tile's first: the one after a tile's last."""
        begins = Signal(reset_less=True)
        with m.If(self.i_rests | self.i_moves):
            m.d.sync += begins.eq(self.i_rests | tile_end)
        return begins
