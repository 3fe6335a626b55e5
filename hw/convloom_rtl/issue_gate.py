"""The only place where the datapath waits: behind the gate nothing does."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out
from convloom.spec.registers import Cause

from convloom_rtl.kit.pipeline import copies, delay
from convloom_rtl.payloads import ROW_NUMBER, Tag, WindowStep, cause_value, issue, row_progress, step

JOB_CYCLES = 25  # at least so many between the last issues of two jobs: a report is written in between
# Words: the count of free ones is two cycles old, and a raw tile takes four. So many are there if a higher bit is set.
TILE_BITS = 3
TILE_MARGIN = 1 << TILE_BITS
# What the steps before leave to the next one.
Limits = data.StructLayout(
    {
        "took": 2,  # words of the output ring were taken in the cycle before; in the one before that
        "recent": 1,  # ... or so lately that what a depthwise row is compared with is older
        "room_for_tile": 1,
        "tiles_apart": 1,  # the last tile ended long enough ago for the next one to end
        "jobs_apart": 1,
    }
)

# Of a step: have the bytes that it needs been written, has it room, has it to stay even where they have.
Checked = data.StructLayout({"is_there": 1, "has_room": 1, "stays": 1})


def _holds(checked):
    return checked.stays | ~checked.is_there


def _row_fits(free, step):
    return free >= step.row_words


class IssueGate(wiring.Component):
    """Lets a step through, one per cycle, when all it needs is there; one cycle from step to issue.

    - Its bytes have been written: at the gate the row's progress is compared on the way in and in each waiting cycle.
    - A tile's words of the output ring are reserved by its first issue, those of a depthwise output row by the row's
      first step, so that no result ever waits.
    - Results come at least as far apart as the requantiser takes for one: `passes` cycles, 4 * passes for a raw one.

    What a step gives up is told late enough that the last reads have been made: rows `row_delay` cycles after
    the issue, weights `weight_delay` cycles after it.

    Members
    -------
    i : steps; i_cause: why there is none
    i_progress : of the rows
    i_released : pulse: a word of the output ring is free again
    i_active : there is something to do, so this cycle counts
    o_issue : what the line buffer and the weight ring fetch (every cycle; only o_tag tells whether it is one)
    o_tag : the Tag of this cycle's issue or bubble
    o_window : what the depthwise window does with this cycle's column
    o_free_to : rows below this running number are needed no more
    o_free, o_freed : pulse and number of weight words that are needed no more
    """

    def __init__(self, config, *, row_delay, weight_delay):
        self.config, self.row_delay, self.weight_delay = config, row_delay, weight_delay
        super().__init__(
            {
                "i": In(stream.Signature(step(config))),
                "i_cause": In(range(len(Cause))),
                "i_progress": In(row_progress(config)),
                "i_released": In(1),
                "i_active": In(1),
                "o_issue": Out(issue(config)),
                "o_tag": Out(Tag),
                "o_window": Out(WindowStep),
                "o_free_to": Out(ROW_NUMBER),
                "o_freed": Out(range(config.weight_words + 1)),
                "o_free": Out(1),
            }
        )

    def elaborate(self, platform):
        m, is_least = Module(), self.config.is_least
        go, self._went, valid, waiting = Signal(), Signal(), Signal(), self.i.p
        holds = Signal()  # there is a step and it does not pass
        if is_least:
            m.d.comb += valid.eq(self.i.valid)
        else:
            waiting = Signal(step(self.config), reset_less=True)
            with m.If(~holds):
                m.d.sync += [valid.eq(self.i.valid), waiting.eq(self.i.p)]
        m.d.comb += go.eq(valid & ~holds)
        m.d.sync += self._went.eq(go)
        free = self._free_words(m, waiting)
        limits, limits_after = self._limits(m, waiting, free)
        m.d.sync += [limits[name].eq(value) for name, value in limits_after(go).items()]
        self._rows_under_way = Signal(self.row_delay)
        if is_least:
            step_now = self._check(m, waiting, valid, _row_fits(free, waiting), limits, "waiting")
            rows_meet = waiting.row_end & self._rows_under_way.any()
            m.d.comb += [holds.eq(_holds(step_now) | rows_meet), self.i.ready.eq(~holds)]
        else:
            # A cycle ahead, and both at once: the step that may come and the one that may have to wait on. So what
            # stops many registers is made of five, and of five others for those in front of the gate alone.
            checked = Signal(data.StructLayout({"entered": 1, "coming": Checked, "staying": Checked}))
            coming_fits, staying_fits = self._rows_fit(m, free, waiting, ~holds)
            m.d.comb += [
                checked.entered.eq(~holds),
                checked.coming.eq(
                    self._check(m, self.i.p, self.i.valid, coming_fits, limits_after(valid), "coming")
                ),
                checked.staying.eq(self._check(m, waiting, valid, staying_fits, limits_after(0), "staying")),
            ]
            here, before = copies(m, checked, 2, "checked")
            step_now, step_before = (
                View(Checked, Mux(each.entered, each.coming.as_value(), each.staying.as_value()))
                for each in (here, before)
            )
            m.d.comb += [holds.eq(_holds(step_now)), self.i.ready.eq(~_holds(step_before))]
        self._issue(m, waiting, go, limits.jobs_apart)
        with m.If(~valid):
            m.d.sync += self.o_tag.cause.eq(Mux(self.i.valid, cause_value(Cause.ISSUE), self.i_cause))
        with m.Elif(~step_now.is_there):
            m.d.sync += self.o_tag.cause.eq(cause_value(Cause.ACTIVATIONS))
        with m.Elif(~step_now.has_room):
            m.d.sync += self.o_tag.cause.eq(cause_value(Cause.OUTPUT))
        with m.Else():
            m.d.sync += self.o_tag.cause.eq(cause_value(Cause.ISSUE))
        return m

    def _rows_fit(self, m, free, waiting, enters):
        """Whether the depthwise row of the step that may come has room, and that of the one that waits.

        Of the cycle before, from registers: nothing else is behind the comparisons. What was at the input then is the
        step that waits now, or that which is there still; or one before it, but of the same job, whose rows are alike,
        unless it was a job's last, or none: then the step has to enter before it is known.
        """
        at_input, stayed, entered, is_same_job = Signal(), Signal(), Signal(), Signal()
        m.d.sync += [
            at_input.eq(_row_fits(free, self.i.p)),
            stayed.eq(_row_fits(free, waiting)),
            entered.eq(enters),
            is_same_job.eq(self.i.valid & ~(enters & self.i.p.job_end)),
        ]
        return at_input & is_same_job, Mux(entered, at_input, stayed)

    def _check(self, m, asked, valid, row_fits, limits, name):
        """What is Checked of a step, and of none that it need not stay.

        The rows' progress comes from afar: nothing else is behind its comparison.
        """
        checked = Signal(Checked, name=f"{name}_checked")
        # Running row numbers are modulo: the row being loaded is never half of them ahead of one that is needed.
        ahead = Cat(self.i_progress.bytes, self.i_progress.rows) - Cat(asked.needs, asked.row)
        there = (asked.needs == 0) | ~ahead[len(asked.needs) + ROW_NUMBER - 1]
        row_fits = ~asked.reserve_row | (row_fits & ~limits["recent"])
        tile_fits = (asked.reserve == 0) | limits["room_for_tile"]
        spaced = (~asked.tile_end | limits["tiles_apart"]) & (~asked.job_end | limits["jobs_apart"])
        m.d.comb += [
            checked.is_there.eq(there),
            checked.has_room.eq(row_fits & tile_fits),
            checked.stays.eq(~(row_fits & tile_fits & spaced)),
        ]
        with m.If(~valid):
            m.d.comb += [checked.is_there.eq(1), checked.stays.eq(0)]
        return checked

    def _free_words(self, m, waiting):
        """How many words of the output ring are free; what was taken is seen in the second cycle."""
        words = self.config.output_words
        free, asked = Signal(range(words + 1), init=words), Signal(range(words + 1))
        m.d.sync += [
            asked.eq(Mux(waiting.reserve_row, waiting.row_words, waiting.reserve)),
            free.eq(free - Mux(self._went, asked, 0) + self.i_released),
        ]
        return free

    def _limits(self, m, waiting, free):
        """The Limits, to be kept, and `after(passes)`: those of the next cycle, if what waits passes or does not."""
        passes = self.config.passes
        tile_cycles = Mux(waiting.raw & waiting.is_issue, 4 * passes, passes)
        limits = Signal(Limits, init={"tiles_apart": 1, "jobs_apart": 1})
        ends = {  # what ends, cycles until the next one may, and those of them that are left
            "tiles_apart": (waiting.tile_end, tile_cycles, Signal(range(4 * passes), name="tile_left")),
            "jobs_apart": (waiting.job_end, JOB_CYCLES, Signal(range(JOB_CYCLES), name="job_left")),
        }
        for name, (_, cycles, left) in ends.items():
            m.d.sync += left.eq(Mux(limits[name], cycles - 1, left - 1))

        def after(passes):
            takes = passes & (waiting.reserve_row | (waiting.reserve != 0))
            return {
                "took": Cat(takes, limits.took[0]),
                "recent": takes | (limits.took[0] if self.config.is_least else limits.took.any()),
                "room_for_tile": free[TILE_BITS:].any(),
                **{
                    name: Mux(limits[name], ~(passes & is_end) | (cycles == 1), left == 1)
                    for name, (is_end, cycles, left) in ends.items()
                },
            }

        return limits, after

    def _if_it_goes(self, m, go, flag, name):
        """The flag of a step that goes, a cycle later. Outside of the least engine `go`, which is late, has a register
        of its own behind which it decides.
        """
        if self.config.is_least:
            return delay(m, go & flag, 1, name, reset=True)
        return self._went & delay(m, flag, 1, name)

    def _issue(self, m, waiting, go, jobs_apart):
        m.d.sync += [
            self.o_issue.eq(waiting.issue),
            self.o_tag.active.eq(self.i_active),
            *(self.o_tag[name].eq(waiting[name]) for name in ("first", "advance", "rewind")),
        ]
        m.d.comb += [
            self.o_tag.issue.eq(self._if_it_goes(m, go, waiting.is_issue, "issues")),
            *(
                self.o_tag[name].eq(self._if_it_goes(m, go, waiting[name], name))
                for name in ("tile_end", "pixel_end", "job_end")
            ),
        ]
        window = delay(m, waiting.window, 1, "window")
        reads = self._if_it_goes(m, go, waiting.window.read, "reads")
        m.d.comb += [self.o_window.eq(window), self.o_window.read.eq(reads)]
        freed = Signal.like(self.o_freed)
        # Jobs end further apart than the delay, so one number of words is enough: it changes when the next job may end.
        assert self.weight_delay < JOB_CYCLES
        with m.If(waiting.job_end & jobs_apart):
            m.d.sync += freed.eq(waiting.free_words)
        free = self._if_it_goes(m, go, waiting.job_end & waiting.is_issue, "frees")
        m.d.comb += [
            self.o_free_to.eq(self._delay_rows(m, go, waiting.row_end & waiting.is_issue, waiting.free_to)),
            self.o_freed.eq(freed),
            self.o_free.eq(delay(m, free, self.weight_delay, "free")),
        ]

    def _delay_rows(self, m, go, ends_row, free_to):
        """What rows are free, when the last reads of the others have been made.

        In the least engine one number at a time is on its way: a row's end waits for that of the row before.
        """
        told, last = Signal(ROW_NUMBER), Signal(ROW_NUMBER, reset_less=True)
        if not self.config.is_least:
            m.d.sync += last.eq(free_to)
            with m.If(self._if_it_goes(m, go, ends_row, "frees_rows")):
                m.d.sync += told.eq(last)
            return delay(m, told, self.row_delay - 1, "free_to")
        frees = go & ends_row
        m.d.sync += self._rows_under_way.eq(Cat(frees, self._rows_under_way))
        with m.If(frees):
            m.d.sync += last.eq(free_to)
        with m.If(self._rows_under_way[-1]):
            m.d.sync += told.eq(last)
        return told
