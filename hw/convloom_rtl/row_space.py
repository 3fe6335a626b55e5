"""Room in the line buffer: which words of which bank the next row takes, and when they are free again."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec.config import ROW_BANKS, TABLE_ROWS

from convloom_rtl.kit.pipeline import delay, delay_together
from convloom_rtl.kit.stream import Queue
from convloom_rtl.payloads import DESCRIPTOR_SHAPES, ROW_NUMBER

SlotJob = data.StructLayout({"in_h": DESCRIPTOR_SHAPES["in_h"], "slot": DESCRIPTOR_SHAPES["slot"]})
BANK_BITS = (ROW_BANKS - 1).bit_length()
# Rows that can begin before the first of them is seen in the comparison of the row table's entries.
UNSEEN = 4
NEAR = 2 * UNSEEN  # entries: with no more left, each row waits until the one before is counted


class RowSpace(wiring.Component):
    """Each bank is a ring of words; a row takes the next `slot` words of its bank, whichever job it is of.

    Rows are given up in order, one per cycle: each row below `i_free_to`, but none that is not written yet. So a
    row that no window needs takes its place in the ring like any other and is free as soon as it is there.
    `i_free_to` never passes the end of the job whose windows are being read, so it cannot free the next job's rows.

    Members
    -------
    i_job : rows and slot of each job, in order, for those rows to be given up in their time
    i_slot : words of a row of the job being loaded; steady from three cycles before its first row is asked for to one
        behind the last one's beginning
    i_row_begins, i_row_done : the row takes its slot; all its bytes are there
    o_room : the row that comes next can begin in the next cycle, if none has begun and is not done
    o_room_behind : ... if the one before it is done in this cycle
    o_next_word : where the next row begins
    o_rows_done : running number of the row that is being loaded, or comes next
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_job": In(stream.Signature(SlotJob)),
                "i_slot": In(SlotJob.members["slot"]),
                "i_row_begins": In(1),
                "i_row_done": In(1),
                "i_free_to": In(ROW_NUMBER),
                "o_room": Out(1),
                "o_room_behind": Out(1),
                "o_next_word": Out(range(config.bank_words)),
                "o_rows_done": Out(ROW_NUMBER),
            }
        )

    def elaborate(self, platform):
        m = Module()
        next_row = Signal(ROW_NUMBER, init=1)
        # The number's low bits, counted apart: the number itself goes far; the same one-hot.
        bank, is_bank = Signal(BANK_BITS), Signal(ROW_BANKS, init=1)
        with m.If(self.i_row_done):  # which comes late: no sum is behind it
            m.d.sync += [self.o_rows_done.eq(next_row), next_row.eq(next_row + 1)]
            m.d.sync += [bank.eq(bank + 1), is_bank.eq(is_bank.rotate_left(1))]
        freed, slot, free_bank = self._free_rows(m)
        fits = self._fits(m, is_bank, freed, slot, free_bank)
        has_entry, has_another = self._has_entry(m, freed)
        # Three rows lie between two of one bank, so its room is compared again, and chosen, before it is asked for.
        in_turn = [fits.rotate_right(n).bit_select(bank, 1) for n in range(3)]
        here, behind = Signal(), Signal()
        m.d.sync += Cat(here, behind).eq(Mux(self.i_row_done, Cat(in_turn[1:]), Cat(in_turn[:2])))
        m.d.comb += [self.o_room.eq(here & has_entry), self.o_room_behind.eq(behind & has_another)]
        return m

    def _fits(self, m, is_bank, freed, slot, free_bank):
        """For each bank whether its next row has room; a row that begins is seen in it two cycles later.

        `limit` is where the bank's ring is full.
        """
        words = self.config.bank_words
        # A slot is at most a whole bank: what lies between two of these numbers is at most twice that.
        pointer = range(4 * words)
        fits = Signal(ROW_BANKS)
        for n in range(ROW_BANKS):
            next_word, end, limit = (
                Signal(pointer, name=f"{name}_{n}", init=init)
                for name, init in (("next_word", 0), ("end", 0), ("limit", words))
            )
            begins = is_bank[n] & self.i_row_begins
            with m.If(is_bank[n]):
                m.d.comb += self.o_next_word.eq(next_word)
            with m.If(begins):
                m.d.sync += next_word.eq(end)
            with m.If(freed & (free_bank == n)):
                m.d.sync += limit.eq(limit + slot)
            m.d.sync += end.eq(Mux(begins, end, next_word) + self.i_slot)
            m.d.sync += fits[n].eq(~(limit - end)[len(end) - 1])
        return fits

    def _has_entry(self, m, freed):
        """Whether the row table has an entry for a row of the next cycle: where none begins in this one, where one may.

        One stays free, so that its TABLE_ROWS numbers tell the oldest row from the one that comes next.
        """
        live, begun = Signal(range(TABLE_ROWS + 1)), Signal()  # rows that have begun and are not given up
        is_near, is_full, has_entry = Signal(), Signal(), Signal()
        unseen = Signal(UNSEEN - 1)
        m.d.sync += [
            begun.eq(self.i_row_begins),
            live.eq(live + begun - freed),
            is_near.eq(live >= TABLE_ROWS - NEAR),
            is_full.eq(live == TABLE_ROWS - 1),
            unseen.eq((unseen << 1) | self.i_row_begins),
            has_entry.eq(~is_near | ~(is_full | self.i_row_begins | unseen.any())),
        ]
        return has_entry, has_entry & ~(is_near & self.i_row_begins)

    def _free_rows(self, m):
        """Goes behind the windows, a row per cycle. Returns: a row is given up, its slot, its bank."""
        m.submodules.jobs = jobs = Queue(SlotJob, 8)
        m.d.comb += [
            jobs.i.p.eq(self.i_job.p),
            jobs.i.valid.eq(self.i_job.valid),
            self.i_job.ready.eq(jobs.i.ready),
        ]
        # The oldest, and those behind it.
        rows = [Signal(ROW_NUMBER, name=f"row_{n}", init=n) for n in range(3)]
        free, freed, is_needed = Signal(), Signal(), Signal(2, init=0b11)
        has_job, last, left = Signal(), Signal(), Signal.like(jobs.o.p.in_h)
        slot = Signal.like(jobs.o.p.slot, reset_less=True)
        m.d.comb += [free.eq(has_job & ~is_needed.any()), jobs.o.ready.eq(~has_job)]
        # Compared two cycles before it is asked, for the row that may be the oldest then: no comparison stands before
        # `free`. The row table's numbers tell rows that are there apart.
        there = (TABLE_ROWS - 1).bit_length()
        for n, (end, bits) in enumerate(((self.i_free_to, ROW_NUMBER), (self.o_rows_done, there))):
            meets = Signal(len(rows), name=f"meets_{n}", reset_less=True)
            m.d.sync += meets.eq(Cat(row[:bits] == end[:bits] for row in rows))
            now, then = (Mux(freed, meets[k + 1], meets[k]) for k in range(2))
            m.d.sync += is_needed[n].eq(Mux(free, then, now))
        m.d.sync += freed.eq(free)
        with m.If(~has_job):
            m.d.sync += [
                has_job.eq(jobs.o.valid),
                left.eq(jobs.o.p.in_h),
                last.eq(jobs.o.p.in_h == 1),
                slot.eq(jobs.o.p.slot),
            ]
        with m.If(free):
            m.d.sync += [row.eq(behind) for row, behind in zip(rows, [*rows[1:], rows[-1] + 1], strict=True)]
            m.d.sync += [left.eq(left - 1), last.eq(left == 2)]
            with m.If(last):
                m.d.sync += has_job.eq(0)
        # The windows are far from the banks.
        slot, bank = delay_together(m, (slot, rows[0][:BANK_BITS]), 1, "free_slot")
        return delay(m, free, 1, "freed", reset=True), slot, bank


class OneJobSpace(wiring.Component):
    """RowSpace of an engine of one job at a time: a job's rows begin when all of the one before are given up.

    So all rows there are have the same slot, and all banks lie alike: what the next row's bank holds is a slot for
    each four rows, and one count of words is enough.
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_job": In(stream.Signature(SlotJob)),
                "i_slot": In(SlotJob.members["slot"]),
                "i_row_begins": In(1),
                "i_row_done": In(1),
                "i_free_to": In(ROW_NUMBER),
                "o_room": Out(1),
                "o_room_behind": Out(1),
                "o_next_word": Out(range(config.bank_words)),
                "o_rows_done": Out(ROW_NUMBER),
            }
        )

    def elaborate(self, platform):
        m = Module()
        words, rows, slot = self.config.bank_words, self.o_rows_done, self.i_slot
        row, freed = Signal(ROW_NUMBER), Signal()  # the oldest; it is given up
        m.d.comb += freed.eq((row != self.i_free_to) & (row != rows))
        m.d.sync += [row.eq(row + freed), rows.eq(rows + self.i_row_done)]

        live, used, recent = Signal(range(TABLE_ROWS)), Signal(range(words + 1)), Signal()
        more, less = Signal(), Signal()  # begun rows of four, and given up
        m.d.comb += [
            self.i_job.ready.eq(live == 0),
            more.eq(self.i_row_begins & ~freed & live[:BANK_BITS].all()),
            less.eq(freed & ~self.i_row_begins & ~live[:BANK_BITS].any()),
        ]
        m.d.sync += [
            live.eq(live + self.i_row_begins - freed),
            recent.eq(self.i_row_begins),
        ]
        # A row that begins counts a cycle later, so the next one has to wait for two.
        m.d.comb += [
            self.o_room.eq((used + slot <= words) & ~live.all() & ~self.i_row_begins & ~recent),
            self.o_room_behind.eq(self.o_room),
        ]
        with m.If(more | less):
            m.d.sync += used.eq(used + (slot ^ less.replicate(len(slot)).as_signed()) + less)
        with m.If(self.i_row_begins & rows[:BANK_BITS].all()):
            m.d.sync += self.o_next_word.eq(self.o_next_word + slot)
        return m
