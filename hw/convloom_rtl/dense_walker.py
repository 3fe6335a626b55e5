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
    o_counts : the levels that count it
    o_turn : the Turn of the step
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_job": In(WalkJob),
                "i_rests": In(1),
                "i_moves": In(1),
                "i_last": In(Levels),
                "o_counts": Out(Levels),
                "o_turn": Out(Turn),
            }
        )

    def elaborate(self, platform):
        m = Module()
        last, turn, discard = self.i_last, self.o_turn, self.i_job.discard
        run_end, line_end, tile_end, pixel_end, row_end, job_end = (
            Signal(name=name)
            for name in ("run_end", "line_end", "tile_end", "pixel_end", "row_end", "job_end")
        )
        inner = 1
        for end, level in (
            *((run_end, "chunks"), (line_end, "runs"), (tile_end, "kh")),
            *((pixel_end, "k_tiles"), (row_end, "out_w"), (job_end, "out_h")),
        ):
            m.d.comb += [self.o_counts[level].eq(inner), end.eq(inner & last[level])]
            inner = end
        m.d.comb += [
            *(
                turn[name].eq(end | discard)
                for name, end in (("tile_end", tile_end), ("pixel_end", pixel_end))
            ),
            *(turn[name].eq(end | discard) for name, end in (("row_end", row_end), ("job_end", job_end))),
            turn.is_issue.eq(~discard),
            turn.first.eq(self._begins(m, tile_end)),
            turn.advance.eq(~pixel_end & ~discard),
            turn.rewind.eq(pixel_end | discard),
            turn.moves_row.eq(line_end),
            turn.to_top.eq(tile_end),
            turn.moves_offset.eq(1),
            turn.by_run.eq(run_end),
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
