"""Room in the line buffer: which words of which bank the next row takes, and when they are free again."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec.config import ROW_BANKS, TABLE_ROWS

from convloom_rtl.kit.stream import Queue
from convloom_rtl.payloads import DESCRIPTOR_SHAPES, ROW_NUMBER

SlotJob = data.StructLayout({"in_h": DESCRIPTOR_SHAPES["in_h"], "slot": DESCRIPTOR_SHAPES["slot"]})


class RowSpace(wiring.Component):
    """Each bank is a ring of words; a row takes the next `slot` words of its bank, whichever job it is of.

    Rows are given up in order, one per cycle: each row below `i_free_to`, but none that is not written yet. So a
    row that no window needs takes its place in the ring like any other and is free as soon as it is there.
    `i_free_to` never passes the end of the job whose windows are being read, so it cannot free the next job's rows.

    Members
    -------
    i_job : rows and slot of each job, in order, for those rows to be given up in their time
    i_slot : words of a row of the job being loaded; steady from two cycles before its first row begins to one
        behind its last
    i_row_begins, i_row_done : the row takes its slot; all its bytes are there
    o_room : there is room for a row to begin
    o_next_word : where it would
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
                "o_next_word": Out(range(config.bank_words)),
                "o_rows_done": Out(ROW_NUMBER),
            }
        )

    def elaborate(self, platform):
        m = Module()
        rows_done, bank = self.o_rows_done, self.o_rows_done[: (ROW_BANKS - 1).bit_length()]
        m.d.sync += rows_done.eq(rows_done + self.i_row_done)
        freed, slot, free_bank = self._free_rows(m)

        live = Signal(
            range(TABLE_ROWS + 1)
        )  # the row table's entries: rows that have begun and are not given up
        m.d.sync += live.eq(live + self.i_row_begins - freed)
        # Taken and given back a register later. Between two rows of one bank lie three others, so that room is
        # compared, three cycles behind a row's begin, before the bank's next row asks for it.
        begun_bank, freed_bank = Signal(ROW_BANKS), Signal(ROW_BANKS)
        credit = Signal(slot.shape(), reset_less=True)
        for n in range(ROW_BANKS):
            m.d.sync += [
                begun_bank[n].eq(self.i_row_begins & (bank == n)),
                freed_bank[n].eq(freed & (free_bank == n)),
            ]
        m.d.sync += credit.eq(slot)
        rooms = Signal(ROW_BANKS)
        m.d.comb += self.o_room.eq(rooms.bit_select(bank, 1) & (live != TABLE_ROWS - 1))
        for n in range(ROW_BANKS):
            free = Signal(range(self.config.bank_words + 1), init=self.config.bank_words, name=f"free_{n}")
            next_word = Signal(range(self.config.bank_words), name=f"next_word_{n}")
            with m.If(bank == n):
                m.d.comb += self.o_next_word.eq(next_word)
            with m.If(begun_bank[n]):
                m.d.sync += [next_word.eq(next_word + self.i_slot), free.eq(free - self.i_slot)]
            with m.If(freed_bank[n]):
                m.d.sync += free.eq(free + credit)
            with m.If(begun_bank[n] & freed_bank[n]):
                m.d.sync += free.eq(free + (credit - self.i_slot))
            m.d.sync += rooms[n].eq(free >= self.i_slot)
        return m

    def _free_rows(self, m):
        """Goes behind the windows, a row per cycle. Returns: a row is given up, its slot, its bank."""
        m.submodules.jobs = jobs = Queue(SlotJob, 8)
        m.d.comb += [
            jobs.i.p.eq(self.i_job.p),
            jobs.i.valid.eq(self.i_job.valid),
            self.i_job.ready.eq(jobs.i.ready),
        ]
        row, row_in_job = Signal(ROW_NUMBER), Signal(16)
        free, last = Signal(), Signal()
        m.d.comb += [
            free.eq(jobs.o.valid & (row != self.i_free_to) & (row != self.o_rows_done)),
            last.eq(row_in_job + 1 == jobs.o.p.in_h),
            jobs.o.ready.eq(free & last),
        ]
        with m.If(free):
            m.d.sync += [row.eq(row + 1), row_in_job.eq(row_in_job + 1)]
            with m.If(last):
                m.d.sync += row_in_job.eq(0)
        return free, jobs.o.p.slot, row[: (ROW_BANKS - 1).bit_length()]
