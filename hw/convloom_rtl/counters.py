"""Counts what every cycle was spent on, in all and for each job."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from convloom.spec.registers import COUNTERS, REPORT_WORDS, Cause

from convloom_rtl.kit.pipeline import delay
from convloom_rtl.payloads import BEATS, Beats, CountJob, ReportAccess, Tag, Total, cause_value
from convloom_rtl.primitives.memory import BlockMemory
from convloom_rtl.report_ring import ReportRing

TOTALS = tuple(register.name.lower() for register in COUNTERS)  # in the order of the visits
CARRYING = [TOTALS.index(f"{name}_low") for name in ("cycles", "busy", "macs")]  # into the total behind
SLOTS = 1 << (len(TOTALS) - 1).bit_length()  # cycles from visit to visit
PAUSE = 3  # cycles without a visit before those at a job's end: what is under way has to be written
FIRST_TAKEN = PAUSE + 1  # cycles from a job's last tag to when the first count is taken
COUNT_BITS = (2 * SLOTS + PAUSE).bit_length()  # a count is taken at least once in so many cycles
COUNTED = tuple(name for name, _ in REPORT_WORDS if name != "job")  # a job's counts, in its report's order
# The number of the total that a word of the report is the growth of.
SHARED = [TOTALS.index(name if name in TOTALS else f"{name}_low") for name in COUNTED]
ENDED_JOBS = 12  # besides those in flight, so many may have issued their last and wait for their answer

# What happens with a tag; `lost` is a Cause, counted from 1 on, or 0.
Happened = data.StructLayout(
    {"active": 1, "busy": 1, "pixel": 1, "job_end": 1, "lost": range(len(Cause) + 1)}
)
Visit = data.StructLayout(
    {
        "number": range(SLOTS),
        "valid": 1,
        "clears": 1,  # the first round after a reset: the memory holds what was before it
        "job_end": 1,  # one of the round in which a job's share ends, or of that first round
    }
)


class Counters(wiring.Component):
    """The running totals, and how much they have grown with each job that wants a report, word by word.

    A job's share goes from the end of issue of the job before to its own. The causes exclude each other: a
    cycle that counts is busy or lost to one of them, so they add up to the cycles.

    The totals lie in a memory with one adder, which visits one in each cycle; until then, what happens is counted
    in a few bits. At a job's end the visits begin anew with total 0, and what is taken of total n is what happened
    up to n cycles earlier: so all words of the share, which is what the totals have grown by since the last such
    round, end at the same moment. A low half is always followed by its high half, to which its carry goes.

    Members
    -------
    i_tag : Tag of the issue or bubble that leaves the array; job_end at least SLOTS + PAUSE + 6 cycles apart, and
        as many behind a reset
    i_jobs : CountJob of each job, there before the first of its tags; taken FIRST_TAKEN + 3 cycles behind job_end
    i_beats : pulses: a beat of that stream was transferred
    o_total : a total, three or four cycles after its count was taken; all in turn, in the order of TOTALS
    o_counts : the shares of jobs that want a report and are not yet answered; words from 1 on, as in a report
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_tag": In(Tag),
                "i_jobs": In(stream.Signature(CountJob)),
                "i_beats": In(Beats),
                "o_total": Out(Total),
                "o_counts": In(ReportAccess),
            }
        )

    def elaborate(self, platform):
        m = Module()
        reads = self._visit(m)
        takes = delay(m, reads, 1, "takes")
        # A register behind each memory, which lies where it finds a place.
        adds = delay(m, takes, 1 + self.config.relay, "adds")
        writes = delay(m, adds, 1, "writes")
        taken = self._take(m, reads if self.config.report_depth else takes)
        total = self._add(m, reads, adds, writes, taken)
        m.d.comb += [
            self.o_total.valid.eq(adds.valid),
            self.o_total.number.eq(adds.number),
            self.o_total.word.eq(total),
        ]
        if self.config.report_depth:
            self._tell_share(m, takes, writes, total)
        return m

    def _visit(self, m):
        """The total whose word is being read."""
        visit, number, job_end = Signal(Visit), Signal(range(SLOTS), init=SLOTS - PAUSE), self.i_tag.job_end
        pausing, ending, clearing = Signal(init=1), Signal(), Signal(init=1)
        m.d.sync += number.eq(number + 1)
        with m.If(number == SLOTS - 1):
            m.d.sync += [pausing.eq(0), ending.eq(pausing), clearing.eq(pausing & clearing)]
        with m.If(job_end):
            m.d.sync += [number.eq(SLOTS - PAUSE), pausing.eq(1)]
        m.d.comb += [
            visit.number.eq(number),
            # What a job's end cuts off is not a low half without its high half.
            visit.valid.eq(~pausing & (~job_end | number[0])),
            visit.clears.eq(clearing),
            visit.job_end.eq(ending),
        ]
        return visit

    def _is_taken(self, m, takes, name):
        number = TOTALS.index(name)
        is_it = takes.number == number
        if self.config.report_depth:  # compared a cycle ahead: what is valid comes one behind the other
            is_it = Signal(name=f"{name}_in_turn")
            m.d.sync += is_it.eq(takes.number == (number - 1) % SLOTS)
        return takes.valid & ~takes.clears & is_it

    def _count(self, m, name, takes, event):
        """The count of an event, this cycle's included.

        Where no share has to end with a job, only a carry's is, which belongs to what was taken the cycle before: it is
        less to build where a sum goes to its register alone.
        """
        count, more = Signal(COUNT_BITS, name=f"{name}_count"), Signal(COUNT_BITS, name=f"{name}_more")
        m.d.comb += more.eq(count + event)
        m.d.sync += count.eq(more)
        at_once = self.config.report_depth or name == "macs_high"
        with m.If(self._is_taken(m, takes, name)):
            m.d.sync += count.eq(0 if at_once else event)
        return more if at_once else count

    def _take(self, m, takes):
        """What the total grows by whose turn it is, two cycles later: chosen among four, and among those.

        Where no share has to end with a job it is one cycle, and one choice, which takes fewer registers.
        """
        at = self._happened(m)
        events = {"cycles_low": at["cycles_low"].active, "busy_low": at["busy_low"].busy}
        for cause in Cause:
            name = f"lost_{cause.name.lower()}"
            events[name] = at[name].lost == 1 + cause_value(cause)
        events = {name: delay(m, event, 1, name) for name, event in events.items()}
        beats = delay(m, self.i_beats, 1, "beats")  # far from the streams' ready
        events |= {f"beats_{name}": beats[name] for name in BEATS}
        macs, events["macs_high"] = self._count_macs(m, takes, at["macs_low"])
        counts = {name: self._count(m, name, takes, event) for name, event in events.items()}
        in_turn = [counts.get(name, macs if name == "macs_low" else 0) for name in TOTALS]
        taken, fours = Signal(32, reset_less=True), []
        if not self.config.report_depth:
            m.d.sync += taken.eq(Array(in_turn)[takes.number])
            return taken
        for n in range(0, len(TOTALS), 4):
            fours.append(Signal(32, name=f"taken_of_{n}", reset_less=True))
            m.d.sync += fours[-1].eq(Array(in_turn[n : n + 4])[takes.number[:2]])
        m.d.sync += taken.eq(Array(fours)[delay(m, takes.number[2:], 1, "taken_four")])
        return taken

    def _happened(self, m):
        """For each total what happened with the tag of the cycle that it has come to: with this one's if no share has
        to end with a job."""
        tag, now = self.i_tag, Signal(Happened)
        m.d.comb += [
            now.active.eq(tag.active),
            now.busy.eq(tag.active & tag.issue),
            now.pixel.eq(tag.pixel_end & tag.issue),
            now.job_end.eq(tag.job_end),
            now.lost.eq(Mux(tag.active & ~tag.issue, tag.cause + 1, 0)),
        ]
        if not self.config.report_depth:
            return dict.fromkeys(TOTALS, now)
        happened = [now]
        for n in range(1, FIRST_TAKEN + len(TOTALS)):
            happened.append(delay(m, happened[-1], 1, f"happened_{n}"))
        return {name: happened[FIRST_TAKEN + number - 1] for number, name in enumerate(TOTALS)}

    def _count_macs(self, m, takes, happened):
        """The MACs that wait for their visit, and whether they have just carried beyond 32 bits."""
        amount, waiting, carry = Signal(32, reset_less=True), Signal(32), Signal()
        if self.config.is_least:  # the amount need not wait in a register
            whole = waiting + self.i_jobs.p.macs_per_pixel
            more = Mux(happened.pixel, whole, waiting)
            m.d.sync += carry.eq(happened.pixel & whole[-1])
            with m.If(happened.pixel):
                m.d.sync += waiting.eq(whole)
        else:
            more = waiting + amount
            m.d.sync += [amount.eq(0), Cat(waiting, carry).eq(more)]
            with m.If(happened.pixel):
                m.d.sync += amount.eq(self.i_jobs.p.macs_per_pixel)
        with m.If(self._is_taken(m, takes, "macs_low")):
            m.d.sync += waiting.eq(0)
        m.d.comb += self.i_jobs.ready.eq(happened.job_end)
        return more[:32], carry

    def _add(self, m, reads, adds, writes, taken):
        """The totals, which are written one after the other; returns the one that is being written."""
        m.submodules.totals = totals = BlockMemory(32, SLOTS)
        total, carry = Signal(32, reset_less=True), Signal()
        # The carry comes in at the adder's lower end, from a bit 1 that it is added to.
        relay = self.config.relay
        so_far, taken = delay(m, totals.o_data, relay, "so_far"), delay(m, taken, relay, "taken_then")
        grown = Cat(Const(1, 1), so_far) + Cat(carry, taken)
        m.d.sync += Cat(total, carry).eq(grown[1:])
        with m.If(~adds.number.matches(*CARRYING)):
            m.d.sync += carry.eq(0)
        with m.If(adds.clears):
            m.d.sync += total.eq(0)
        m.d.comb += [
            totals.i_read_address.eq(reads.number),
            totals.i_enable.eq(writes.valid),
            totals.i_write_address.eq(writes.number),
            totals.i_data.eq(total),
        ]
        return total

    def _tell_share(self, m, takes, writes, total):
        """Subtracts what the totals were at the end of the job before, and keeps the share."""
        m.submodules.before = before = BlockMemory(32, SLOTS)
        m.submodules.shares = shares = ReportRing(self._most_shares(), first=1)
        connect(m, shares.o, flipped(self.o_counts))
        wanted = Signal()
        with m.If(self.i_tag.job_end):
            m.d.sync += wanted.eq(self.i_jobs.p.report)
        m.d.comb += [
            before.i_read_address.eq(takes.number),
            before.i_enable.eq(writes.valid & writes.job_end),
            before.i_write_address.eq(writes.number),
            before.i_data.eq(total),
        ]
        borrow, share = Signal(), Signal(32, reset_less=True)
        then = delay(m, before.o_data, self.config.relay, "then")
        grown = Cat(Const(0, 1), total) - Cat(borrow, then)
        m.d.sync += Cat(share, borrow).eq(grown[1:])
        with m.If(writes.number != TOTALS.index("macs_low")):
            m.d.sync += borrow.eq(0)
        told, ended, word = Signal(), Signal(), Signal(range(SLOTS))
        told_now = writes.valid & writes.job_end & wanted
        m.d.sync += [told.eq(0), ended.eq(told & (word == len(COUNTED)))]
        with m.Switch(writes.number):
            for n, number in enumerate(SHARED, start=1):
                with m.Case(number):
                    m.d.sync += [told.eq(told_now), word.eq(n)]
        m.d.comb += [
            shares.i_write.eq(told),
            shares.i_number.eq(word),
            shares.i_word.eq(share),
            shares.i_ended.eq(ended),
        ]

    def _most_shares(self):
        """A power of two that jobs with their issue ended, but not yet answered, never exceed."""
        return 1 << (self.config.jobs_in_flight + ENDED_JOBS - 1).bit_length()
