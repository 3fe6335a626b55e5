"""Ends jobs: joins what the stages know of each one, and keeps its report until the host has read it."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import ErrorCode
from convloom.spec.registers import REPORT_STRIDE, REPORT_WORDS

from convloom_rtl.payloads import JobDone, ReportAccess, ReportJob
from convloom_rtl.primitives.memory import BlockMemory

MOST_ANSWERED = 64  # answers ahead of what else ends a job; more jobs are never on chip


class Reporter(wiring.Component):
    """A job is done when its packets have been read and its answer has left. Two cycles, and 11 for a report.

    Reports lie in one block memory, REPORT_STRIDE words for each. One that finds all places taken is dropped.
    o_done and the codes of a job come after all its words, so whoever is told of a job can read its report.

    Members
    -------
    i_jobs : ReportJob of each job, with the error code of its job packet
    i_codes : the error code of its activation packet, which counts where that of the job packet is none
    i_counts : the counters' words, of each job that wants a report
    i_answered : pulse: a job's output packet has left
    o_done : JobDone, when the report can be read
    o_busy : a job has been answered and is not yet done
    reports : for the registers
    """

    def __init__(self, config):
        self.depth = config.report_depth
        super().__init__(
            {
                "i_jobs": In(stream.Signature(ReportJob)),
                "i_codes": In(stream.Signature(range(len(ErrorCode)))),
                "i_counts": In(stream.Signature(32)),
                "i_answered": In(1),
                "o_done": Out(JobDone),
                "o_busy": Out(1),
                "reports": In(ReportAccess),
            }
        )

    def elaborate(self, platform):
        m = Module()
        job, number = Signal(ReportJob), Signal(range(len(REPORT_WORDS)))
        answered, complete = Signal(range(MOST_ANSWERED)), Signal()
        word, written = Signal(32), Signal()
        has_place, kept = self._store(m, number, word, written)
        m.d.sync += answered.eq(answered + self.i_answered - complete)
        m.d.comb += [
            self.i_jobs.ready.eq(complete),
            self.i_codes.ready.eq(complete),
            *(self.o_done[name].eq(job[name]) for name in ("job_id", "code", "irq")),
        ]
        with m.FSM() as fsm:
            m.d.comb += self.o_busy.eq((answered != 0) | ~fsm.ongoing("WAIT"))
            with m.State("WAIT"):
                m.d.comb += complete.eq(self.i_jobs.valid & self.i_codes.valid & (answered != 0))
                m.d.sync += [
                    job.eq(self.i_jobs.p),
                    number.eq(0),
                    has_place.eq(self.reports.waiting != self.depth),
                ]
                with m.If(self.i_jobs.p.code == ErrorCode.NONE):
                    m.d.sync += job.code.eq(self.i_codes.p)
                with m.If(complete):
                    m.next = "DONE"
                    with m.If(self.i_jobs.p.report):
                        m.next = "JOB"
            with m.State("JOB"):
                m.d.comb += [word.eq(Cat(job.job_id, job.code)), written.eq(1)]
                m.d.sync += number.eq(1)
                m.next = "COUNTS"
            with m.State("COUNTS"):
                m.d.comb += [
                    self.i_counts.ready.eq(1),
                    word.eq(self.i_counts.p),
                    written.eq(self.i_counts.valid),
                ]
                with m.If(written):
                    m.d.sync += number.eq(number + 1)
                    with m.If(number == len(REPORT_WORDS) - 1):
                        m.d.comb += [kept.eq(has_place), self.reports.lost.eq(~has_place)]
                        m.next = "DONE"
            with m.State("DONE"):
                m.d.comb += self.o_done.valid.eq(1)
                m.next = "WAIT"
        return m

    def _store(self, m, number, word, written):
        """The ring of reports. Returns whether a place is kept for one more, and the pulse that ends it."""
        m.submodules.words = words = BlockMemory(32, REPORT_STRIDE * self.depth)
        oldest, newest = Signal(range(self.depth)), Signal(range(self.depth))
        waiting = Signal(range(self.depth + 1))
        has_place, kept, popped = Signal(), Signal(), Signal()
        # A place is looked for before the first word: it stays free, since pops only make more room.
        m.d.comb += [
            popped.eq(self.reports.pop & (waiting != 0)),
            words.i_write_address.eq(Cat(number, newest)),
            words.i_data.eq(word),
            words.i_enable.eq(written & has_place),
            words.i_read_address.eq(Cat(self.reports.index, oldest)),
            self.reports.word.eq(words.o_data),
            self.reports.waiting.eq(waiting),
        ]
        m.d.sync += [
            newest.eq(newest + kept),
            oldest.eq(oldest + popped),
            waiting.eq(waiting + kept - popped),
        ]
        return has_place, kept
