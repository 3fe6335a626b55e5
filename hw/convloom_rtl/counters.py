"""Counts what every cycle was spent on, in all and for each job."""

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from convloom.spec.registers import REPORT_WORDS, Cause

from convloom_rtl.kit.pipeline import delay, delay_together
from convloom_rtl.payloads import BEATS, Beats, CountJob, ReportAccess, Tag, Totals, cause_value
from convloom_rtl.primitives.memory import BlockMemory
from convloom_rtl.report_ring import ReportRing

COUNTED = tuple(
    name for name, _ in REPORT_WORDS if name != "job"
)  # a job's counts, in the order of its report
ENDED_JOBS = 12  # besides those in flight, so many may have issued their last and wait for their answer


class Counters(wiring.Component):
    """The running totals, and how much they have grown with each job that wants a report, word by word.

    A job's share goes from the end of issue of the job before to its own. The causes exclude each other: a
    cycle that counts is busy or lost to one of them, so they add up to the cycles.

    No job has counters of its own: its share is the difference of two readings of the totals. They are read
    one per cycle, and total n counts what happened n cycles earlier, so that all words of a share end at the
    same moment. A total follows its tag by two cycles and its number in COUNTED.

    Members
    -------
    i_tag : Tag of the issue or bubble that leaves the array; job_end at least len(COUNTED) + 5 cycles apart
    i_jobs : CountJob of each job, there before the first of its tags; taken with job_end
    i_beats : pulses: a beat of that stream was transferred
    o_totals : Totals
    o_counts : the shares of jobs that want a report and are not yet answered; words from 1 on, as in a report
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_tag": In(Tag),
                "i_jobs": In(stream.Signature(CountJob)),
                "i_beats": In(Beats),
                "o_totals": Out(Totals),
                "o_counts": In(ReportAccess),
            }
        )

    def elaborate(self, platform):
        m = Module()
        tag, totals = self.i_tag, self.o_totals
        lost = tag.active & ~tag.issue
        self._count_wide(m, "cycles", totals.cycles, tag.active)
        self._count_wide(m, "busy", totals.busy, tag.active & tag.issue)
        self._add_macs(m, tag.pixel_end & tag.issue)
        for cause in Cause:
            name = cause.name.lower()
            happened = self._at_stage(m, f"lost_{name}", lost & (tag.cause == cause_value(cause)))
            m.d.sync += totals.lost[name].eq(totals.lost[name] + happened)
        for name in BEATS:
            m.d.sync += totals.beats[name].eq(totals.beats[name] + self.i_beats[name])
        m.d.comb += self.i_jobs.ready.eq(tag.job_end)
        self._tell_share(m, *self._read(m))
        return m

    def _at_stage(self, m, name, event):
        """What happens with this cycle's tag, in the cycle in which the total of that name is to count it."""
        return delay(m, event, 1 + COUNTED.index(name), name)

    def _count_wide(self, m, name, total, event, amount=1):
        """Adds to a 64-bit total. The carry is a register, so the high half is a cycle behind."""
        carry = Signal(name=f"{name}_carry")
        m.d.sync += Cat(total.low, carry).eq(total.low + Mux(self._at_stage(m, name, event), amount, 0))
        m.d.sync += total.high.eq(total.high + carry)

    def _add_macs(self, m, pixel_end):
        macs = self._at_stage(m, "macs_low", self.i_jobs.p.macs_per_pixel)
        self._count_wide(m, "macs_low", self.o_totals.macs, pixel_end, macs)

    def _read(self, m):
        """Reads the totals when a job has ended. Returns whether this cycle reads, which word, and it."""
        totals = self.o_totals
        reading, number = Signal(), Signal(range(len(COUNTED)))
        with m.If(delay(m, self.i_tag.job_end, 1, "job_end")):
            m.d.sync += [reading.eq(1), number.eq(0)]
        with m.Elif(number == len(COUNTED) - 1):
            m.d.sync += reading.eq(0)
        with m.Else():
            m.d.sync += number.eq(number + 1)
        words = {"cycles": totals.cycles.low, "busy": totals.busy.low}
        words |= {"macs_low": totals.macs.low, "macs_high": totals.macs.high}
        words |= {f"lost_{cause.name.lower()}": totals.lost[cause.name.lower()] for cause in Cause}
        return reading, number, Array(words[name] for name in COUNTED)[number]

    def _tell_share(self, m, reading, number, total):
        """Subtracts what the totals were at the end of the job before, and keeps the share."""
        m.submodules.before = before = BlockMemory(32, len(COUNTED))
        m.submodules.shares = shares = ReportRing(self._most_shares(), first=1)
        connect(m, shares.o, flipped(self.o_counts))
        wanted = Signal()
        with m.If(self.i_tag.job_end):
            m.d.sync += wanted.eq(self.i_jobs.p.report)
        written, write_number, new = delay_together(m, (reading, number, total), 1, "written")
        compared, compare_number, new_then = delay_together(m, (written, write_number, new), 1, "compared")
        m.d.comb += [
            before.i_read_address.eq(number),
            before.i_enable.eq(written),
            before.i_write_address.eq(write_number),
            before.i_data.eq(new),
        ]
        begun = Signal()  # the memory holds a reading: after a reset the totals were 0
        borrow, share = Signal(), Signal(32, reset_less=True)
        old, borrowed = Mux(begun, before.o_data, 0), borrow & (compare_number == COUNTED.index("macs_high"))
        m.d.sync += Cat(share, borrow).eq(new_then - old - borrowed)
        ends = compared & (compare_number == len(COUNTED) - 1)
        with m.If(ends):
            m.d.sync += begun.eq(1)
        m.d.comb += [
            shares.i_write.eq(delay(m, compared, 1, "told") & wanted),
            shares.i_number.eq(delay(m, compare_number + 1, 1, "told_number")),
            shares.i_word.eq(share),
            shares.i_ended.eq(delay(m, ends, 2, "ended") & wanted),
        ]

    def _most_shares(self):
        """A power of two that jobs with their issue ended, but not yet answered, never exceed."""
        return 1 << (self.config.jobs_in_flight + ENDED_JOBS - 1).bit_length()
