"""Walks the windows of job after job: when a job may begin, and which walker makes its steps."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec.registers import Cause

from convloom_rtl.dense_walker import DenseWalker
from convloom_rtl.depthwise_walker import DepthwiseWalker
from convloom_rtl.payloads import ROW_NUMBER, WalkJob, cause_value, step


class WindowWalker(wiring.Component):
    """One step per cycle without a bubble inside a job; three cycles from a job's last step to the next one's first.

    A job begins when its weights are all there and the rows of the job before have all arrived: its own can
    come no earlier, so that costs nothing, and the running row numbers of the two cannot be confused.

    Members
    -------
    i_jobs : WalkJob of each job, in order; taken with its last step
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
        job = self.i_jobs.p
        base, weight_base = (
            Signal(ROW_NUMBER),
            Signal(range(self.config.weight_words)),
        )  # of the job's first ones
        walking, starting, done = Signal(), Signal(), Signal()
        ready = self._join_walkers(m, job, base, weight_base, starting, walking, done)

        loaded = Signal(range(16))  # jobs whose weights are there, the current one too
        rows_behind = Signal(signed(ROW_NUMBER))
        weights_there, rows_there = Signal(), Signal()
        m.d.comb += rows_behind.eq(self.i_rows_done - base)
        m.d.sync += rows_there.eq(rows_behind >= 0)
        m.d.comb += weights_there.eq((loaded != 0) | job.discard)
        m.d.sync += loaded.eq(loaded + self.i_loaded - (starting & ~job.discard))
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.o_cause.eq(
                    Mux(self.i_expecting, *map(cause_value, (Cause.DESCRIPTOR, Cause.DRAIN)))
                )
                with m.If(self.i_jobs.valid):
                    m.next = "PREPARE"
            with m.State("PREPARE"):  # the first cycle also lets rows_there settle on this job's base
                m.d.comb += self.o_cause.eq(cause_value(Cause.ISSUE))
                m.next = "START"
            with m.State("START"):
                m.d.comb += self.o_cause.eq(
                    Mux(weights_there, *map(cause_value, (Cause.ACTIVATIONS, Cause.WEIGHTS)))
                )
                with m.If(weights_there & rows_there & ready):
                    m.d.comb += starting.eq(1)
                    m.next = "WALK"
            with m.State("WALK"):
                m.d.comb += [walking.eq(1), self.o_cause.eq(cause_value(Cause.ISSUE))]
                m.d.comb += self.i_jobs.ready.eq(done)
                with m.If(done):
                    m.next = "IDLE"
                    with m.If(~job.discard):
                        m.d.sync += [base.eq(base + job.in_h), weight_base.eq(weight_base + job.words_in_all)]
        return m

    def _join_walkers(self, m, job, base, weight_base, starting, walking, done):
        """One walker for each operation that is built in. Returns whether the job's one may start.

        It may when the other's last step has been taken: one step at a time stands at `o`.
        """
        m.submodules.dense = dense = DenseWalker(self.config)
        walkers = [(dense, ~job.depthwise)]
        if self.config.depthwise:
            m.submodules.depthwise = depthwise = DepthwiseWalker(self.config)
            walkers.append((depthwise, job.depthwise))
        ready = 1
        for walker, is_meant in walkers:
            m.d.comb += [
                walker.i_job.eq(job),
                walker.i_base.eq(base),
                walker.i_weight_base.eq(weight_base),
                walker.i_start.eq(starting),
                walker.i_walking.eq(walking & is_meant),
                walker.o.ready.eq(self.o.ready),
            ]
            ready &= is_meant | ~walker.o.valid
            with m.If(walker.o.valid):
                m.d.comb += [self.o.p.eq(walker.o.p), self.o.valid.eq(1)]
            with m.If(walker.o_done):
                m.d.comb += done.eq(1)
        return ready
