"""Walks the windows of job after job: when a job may begin, and which walker makes its steps."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from convloom.spec.registers import Cause

from convloom_rtl.dense_walker import DenseWalker
from convloom_rtl.depthwise_walker import DepthwiseWalker
from convloom_rtl.kit.countdown import countdown
from convloom_rtl.kit.pipeline import copies, delay_together
from convloom_rtl.payloads import LEVELS, ROW_NUMBER, Levels, OffsetFrom, Turn, WalkJob, cause_value, step
from convloom_rtl.step_maker import StepMaker
from convloom_rtl.walk_position import WalkPosition

# Between jobs: to the begin of all.
TO_BEGIN = Turn.const(
    {
        **dict.fromkeys(("row_end", "moves_row", "moves_offset", "moves_weight"), 1),
        **dict.fromkeys(("to_left", "to_first_weight", "group_end"), 1),
        "offset": OffsetFrom.BEGIN,
    }
)


class WindowWalker(wiring.Component):
    """One step per cycle without a bubble inside a job; three cycles from a job's last step to the next one's first.

    A job begins when its weights are all there and the rows of the job before have all arrived: its own can
    come no earlier, so that costs nothing, and the running row numbers of the two cannot be confused.

    Members
    -------
    i_jobs : WalkJob of each job, in order; taken in the cycle after its last step is made
    i_loaded : pulse: the weights of one more job are all there
    i_rows_done : running number of the row being loaded
    i_expecting : a job packet is on its way in
    o : steps, latency three cycles; in the least engine one
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
        m.submodules.position = position = WalkPosition(self.config)
        m.submodules.maker = maker = StepMaker(self.config)
        connect(m, maker.o, flipped(self.o))
        job, moves = self.i_jobs.p, maker.o_moves
        # Of the job's first ones.
        base, weight_base = Signal(ROW_NUMBER), Signal(range(self.config.weight_words))
        walking, starting, ends = Signal(), Signal(), Signal()
        # What a step is and where the next one lies is decided a step before it is made.
        coming, turn, has_turn = Signal(Turn), Signal(Turn, reset_less=True), Signal()
        m.d.comb += [
            coming.eq(self._order(m, moves, rests=~walking)),
            *(port.eq(job) for port in (position.i_job, maker.i_job)),
            *(port.eq(turn) for port in (position.i_turn, maker.i_turn)),
            position.i_moves.eq(maker.o_place_moves),
            position.i_by_run.eq(coming.by_run),
            maker.i_base.eq(base),
            maker.i_place.eq(position.o_place),
            maker.i_walking.eq(has_turn),
            position.i_weight_base.eq(weight_base),
            position.i_rests.eq(~walking),
            ends.eq(moves & has_turn & ~walking),  # the job's last step is made
        ]
        with m.If(moves):
            m.d.sync += [has_turn.eq(walking), turn.eq(coming)]
            with m.If(~walking):
                m.d.sync += turn.eq(TO_BEGIN)
        with m.If(starting):
            m.d.sync += walking.eq(1)
        with m.Elif(moves & coming.job_end):
            m.d.sync += walking.eq(0)
        leaves = Signal()  # a job that had rows and weights is being taken
        next_base, next_weight_base = delay_together(
            m,
            ((base + job.in_h)[:ROW_NUMBER], (weight_base + job.words_in_all)[: len(weight_base)]),
            self.config.relay,
            "next_base",
        )
        with m.If(leaves):
            m.d.sync += [base.eq(next_base), weight_base.eq(next_weight_base)]

        loaded = Signal(range(16))  # jobs whose weights are there, the current one too
        weights_there, rows_there = Signal(), Signal()
        if self.config.is_least:  # the job before is answered
            m.d.comb += rows_there.eq(1)
        else:
            before, behind = ((self.i_rows_done - each)[ROW_NUMBER - 1] for each in (base, next_base))
            m.d.sync += rows_there.eq(~Mux(leaves, behind, before))
        has_loaded, uses = Signal(), Signal()
        m.d.comb += [weights_there.eq(has_loaded | job.discard), uses.eq(starting & ~job.discard)]
        m.d.sync += [
            loaded.eq(loaded + self.i_loaded - uses),
            has_loaded.eq(self.i_loaded | Mux(uses, loaded > 1, loaded != 0)),
        ]
        with m.FSM():
            with m.State("IDLE"):
                with m.If(~self.i_jobs.valid):
                    m.d.comb += self.o_cause.eq(
                        Mux(self.i_expecting, *map(cause_value, (Cause.DESCRIPTOR, Cause.DRAIN)))
                    )
                with m.Elif(~weights_there):
                    m.d.comb += self.o_cause.eq(cause_value(Cause.WEIGHTS))
                with m.Elif(~rows_there):
                    m.d.comb += self.o_cause.eq(cause_value(Cause.ACTIVATIONS))
                with m.Else():
                    m.d.comb += [starting.eq(1), self.o_cause.eq(cause_value(Cause.ISSUE))]
                    m.next = "WALK"
            with m.State("WALK"):
                m.d.comb += self.o_cause.eq(cause_value(Cause.ISSUE))
                with m.If(ends):
                    m.next = "TAKE"
            with m.State("TAKE"):  # a cycle in which rows_there settles on the next job's base
                m.d.comb += [self.i_jobs.ready.eq(1), self.o_cause.eq(cause_value(Cause.ISSUE))]
                m.d.comb += leaves.eq(~job.discard)
                m.next = "IDLE"
        return m

    def _order(self, m, moves, *, rests):
        """The Turn of the step that comes next, from the walker for the job's operation; counts its levels."""
        job, turn, last, becomes = self.i_jobs.p, Signal(Turn, name="ordered"), Signal(Levels), Signal(Levels)
        m.submodules.dense = dense = DenseWalker(self.config)
        walkers, numbers = [dense], {level: job[level] for level in LEVELS}
        is_depthwise, issues = Const(0), Const(1)
        m.d.comb += turn.eq(dense.o_turn)
        if self.config.depthwise:
            m.submodules.depthwise = depthwise = DepthwiseWalker(self.config)
            walkers.append(depthwise)
            issues = depthwise.o_turn.is_issue
            numbers["runs"] = Mux(job.depthwise, job.passes, job.runs)
            is_depthwise, turns_depthwise = copies(m, job.depthwise, 2, "depthwise")
            with m.If(turns_depthwise):
                m.d.comb += turn.eq(depthwise.o_turn)
        # What ends is made once for both orders: a choice between two of it would be a longer way to the counters.
        tile_end, pixel_end, row_end = (Signal(name=name) for name in ("tile_end", "pixel_end", "row_end"))
        # Much is behind a tile's end: it comes from registers, the window's own and whether a read puts it off.
        ends_window = Signal(reset_less=True)
        m.d.sync += ends_window.eq(becomes.runs & ((becomes.chunks & becomes.kh) | job.depthwise))
        m.d.comb += [
            tile_end.eq(ends_window & issues),
            pixel_end.eq(tile_end & last.k_tiles),
            row_end.eq(pixel_end & last.out_w),
            turn.tile_end.eq(tile_end | job.discard),
            turn.pixel_end.eq(pixel_end | job.discard),
            turn.row_end.eq(row_end | job.discard),
            turn.job_end.eq((row_end & last.out_h) | job.discard),
        ]
        for walker in walkers:
            m.d.comb += [
                walker.i_job.eq(job),
                walker.i_rests.eq(rests),
                walker.i_moves.eq(moves),
                walker.i_last.eq(last),
                walker.i_tile_end.eq(tile_end),
            ]
        counts = {
            "chunks": 1,
            "runs": issues & (last.chunks | is_depthwise),
            "kh": last.chunks & last.runs,  # which nobody asks of a depthwise job
            "k_tiles": tile_end & (last.out_w | ~is_depthwise),
            "out_w": tile_end & (last.k_tiles | is_depthwise),
            "out_h": row_end,
        }
        for level, number in numbers.items():
            known = countdown(m, number, job.single[level], level, counts=moves & counts[level], rests=rests)
            m.d.comb += [flags[level].eq(flag) for flags, flag in zip((last, becomes), known, strict=True)]
        return turn
