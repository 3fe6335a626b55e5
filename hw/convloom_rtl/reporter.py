"""Ends jobs: joins what the stages know of each one, and keeps its report until the host has read it."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from convloom.spec import ErrorCode
from convloom.spec.registers import REPORT_WORDS

from convloom_rtl.kit.pipeline import delay
from convloom_rtl.payloads import JobDone, ReportAccess, ReportJob
from convloom_rtl.primitives.memory import BlockMemory
from convloom_rtl.report_ring import ReportRing

MOST_ANSWERED = 64  # answers ahead of what else ends a job; more jobs are never on chip


class Reporter(wiring.Component):
    """A job is done when its packets have been read and its answer has left. Three cycles, and 15 for a report.

    `o_done` comes behind the report's last word: whoever is told of a job can read its report.

    Members
    -------
    i_jobs : ReportJob of each job, with the error code of its job packet
    i_codes : the error code of its activation packet, which counts where that of the job packet is none
    i_counts : the counters' words, of the jobs that want a report
    i_answered : pulse: a job's output packet has left
    o_done : JobDone, when the report can be read
    o_busy : a job has been answered and is not yet done
    reports : for the registers
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_jobs": In(stream.Signature(ReportJob)),
                "i_codes": In(stream.Signature(range(len(ErrorCode)))),
                "i_counts": Out(ReportAccess),
                "i_answered": In(1),
                "o_done": Out(JobDone),
                "o_busy": Out(1),
                "reports": In(ReportAccess),
            }
        )

    def elaborate(self, platform):
        m = Module()
        job = Signal(ReportJob, reset_less=True)
        answered, complete, has_answer = Signal(range(MOST_ANSWERED)), Signal(), Signal()
        taken, done = Signal(), Signal()  # registers behind `complete`, and in DONE
        m.d.sync += [
            answered.eq(answered + self.i_answered - taken),
            # A cycle old; jobs end two cycles apart.
            has_answer.eq(answered[1:].any() | (answered[0] & ~taken)),
            taken.eq(complete),
            done.eq(0),
        ]
        m.d.comb += [
            self.i_jobs.ready.eq(taken),
            self.i_codes.ready.eq(taken),
            self.o_done.valid.eq(done),
            *(self.o_done[name].eq(job[name]) for name in ("job_id", "code", "irq")),
        ]
        # Where no report is written a job is done in the cycle in which it leaves the streams.
        stays = self.config.is_least and not self.config.report_depth
        if stays:
            self._take(m.d.comb, m, job)
        with m.FSM() as fsm:
            m.d.comb += self.o_busy.eq((answered != 0) | ~fsm.ongoing("WAIT"))
            with m.State("WAIT"):
                m.d.comb += complete.eq(self.i_jobs.valid & self.i_codes.valid & has_answer)
                if not stays:
                    self._take(m.d.sync, m, job)
                with m.If(complete):
                    m.d.sync += done.eq(1)
                    m.next = "DONE"
                    if self.config.report_depth:
                        with m.If(self.i_jobs.p.report):
                            m.d.sync += done.eq(0)
                            m.next = "COUNTS"
            with m.State("DONE"):
                m.next = "WAIT"
            if self.config.report_depth:
                self._report(m, job, done)
        return m

    def _take(self, domain, m, job):
        domain += job.eq(self.i_jobs.p)
        with m.If(self.i_jobs.p.code == ErrorCode.NONE):
            domain += job.code.eq(self.i_codes.p)

    def _report(self, m, job, done):
        """The states from COUNTS to DONE, in which the report is written."""
        m.submodules.ring = ring = ReportRing(self.config.report_depth)
        connect(m, ring.o, flipped(self.reports))
        number, copying, has_counts = Signal(range(len(REPORT_WORDS))), Signal(), Signal()
        m.d.sync += has_counts.eq(self.i_counts.waiting != 0)  # a cycle old; the next job asks later
        m.d.comb += [
            # The words come as late as a block memory gives them.
            self.i_counts.index.eq(number),
            ring.i_write.eq(delay(m, copying, BlockMemory.LATENCY, "written")),
            ring.i_number.eq(delay(m, number, BlockMemory.LATENCY, "write_number")),
            ring.i_word.eq(Mux(ring.i_number == 0, Cat(job.job_id, job.code), self.i_counts.word)),
        ]
        with m.State("COUNTS"):
            m.d.sync += number.eq(0)
            with m.If(has_counts):
                m.next = "COPY"
        with m.State("COPY"):
            m.d.comb += copying.eq(1)
            m.d.sync += number.eq(number + 1)
            with m.If(number == len(REPORT_WORDS) - 1):
                m.d.sync += number.eq(number)
                m.next = "SETTLE"
        with m.State("SETTLE"):
            with m.If(~ring.i_write):
                m.d.comb += [ring.i_ended.eq(1), self.i_counts.pop.eq(1)]
                m.d.sync += done.eq(1)
                m.next = "DONE"
