"""Takes the activation packets: cuts dense NHWC bytes into rows and says where in the line buffer each one lies."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import ErrorCode
from convloom.spec.config import TABLE_ROWS

from convloom_rtl.payloads import LoadJob, beat, line_write, row_progress, row_start
from convloom_rtl.row_space import OneJobSpace, RowSpace


def row_in_beat(lanes):
    """What a beat of `lanes` bytes is to the row that is being loaded."""
    return data.StructLayout(
        {
            "lane": range(lanes),  # of the row's next byte
            "end_lane": range(lanes),  # ... of the one behind its last, in the beat where that is
            "ends_before": 1,  # the row ends before the beat's last byte
            "ends_with": 1,  # ... with it
            "ends": 1,
            "bytes": range(lanes + 1),  # of the row in the beat, where it does not end
            "is_last": 1,  # of the packet
            "bytes_written": 24,
        }
    )


class ActLoader(wiring.Component):
    """Writes each beat whole into the bank of the row whose bytes it holds, and again for each row that begins in it.

    One beat per cycle, and one cycle more for each row that ends before a beat's last byte (the packet's last row
    excepted). A beat reaches `o_write` in the cycle after it was taken; `o_progress` tells of it in that same cycle,
    so whoever reads two cycles after seeing it reads what was written.

    A packet that ends early is filled up with the pad value, one that goes on is dropped to its end. Bytes are told
    by their difference (XOR) from the pad value from here on to the array: a pad is 0, the reset of a register.

    Members
    -------
    i_jobs : one LoadJob per job, in order
    i : beats of the activation packets, one packet per job
    i_free_to : running number of the oldest row that is still needed
    o_start, o_started : the place of a row that begins
    o_write, o_writes : a word for the line buffer
    o_progress : rows and bytes written so far
    o_codes : for each job, in order: NONE, ACT_SHORT or ACT_LONG
    """

    def __init__(self, config):
        self.config = config
        self.space = OneJobSpace(config) if config.is_least else RowSpace(config)
        super().__init__(
            {
                "i_jobs": In(stream.Signature(LoadJob)),
                "i": In(stream.Signature(beat(config.cin_lanes))),
                "i_free_to": In(row_progress(config).members["rows"]),
                "o_start": Out(row_start(config)),
                "o_started": Out(1),
                "o_write": Out(line_write(config)),
                "o_writes": Out(1),
                "o_progress": Out(row_progress(config)),
                "o_codes": Out(stream.Signature(range(len(ErrorCode)))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.space = space = self.space
        beat_in = self.i.p
        job, short, long = self.i_jobs.p, Signal(), Signal()
        if not self.config.is_least:  # the next one is at the port while this one is loaded
            job = Signal(LoadJob, reset_less=True)
        begun = Signal()  # the row has its first beat
        loading, dropping = Signal(), Signal()  # states that stand before the enables of wide registers
        prepares, starts, taken, written = Signal(), Signal(), Signal(), Signal()
        row = self._row(m, job, prepares, starts, written)
        packet_ends = row.ends & row.is_last
        cut_off = beat_in.last & ~(packet_ends & self._holds_row_end(row.end_lane))
        goes_on = begun | space.o_room
        beat_ends = ~row.ends_before | row.is_last
        m.d.comb += [
            written.eq(loading & (self.i.valid | short) & goes_on),
            taken.eq(written & beat_ends),
            self.i.ready.eq((loading & ~short & goes_on & beat_ends) | dropping),
            space.i_slot.eq(job.slot),
            space.i_free_to.eq(self.i_free_to),
            space.i_job.p.in_h.eq(job.in_h),
            space.i_job.p.slot.eq(job.slot),
            space.i_row_begins.eq(written & ~begun),
            space.i_row_done.eq(written & row.ends),
            self.o_progress.rows.eq(space.o_rows_done),
            self.o_progress.bytes.eq(row.bytes_written),
            self.o_codes.p.eq(Mux(short, ErrorCode.ACT_SHORT, Mux(long, ErrorCode.ACT_LONG, ErrorCode.NONE))),
        ]
        with m.If(written):
            m.d.sync += begun.eq(~row.ends)
        settle = Signal(range(RowSpace.SETTLE))
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [short.eq(0), long.eq(0)]
                if not self.config.is_least:
                    m.d.comb += self.i_jobs.ready.eq(1)
                    m.d.sync += job.eq(self.i_jobs.p)
                with m.If(self.i_jobs.valid):
                    m.next = "SETTLE"
            with m.State("SETTLE"):  # the job's slot reaches the comparisons for room
                m.d.comb += [prepares.eq(settle == 0), space.i_job.valid.eq(prepares & ~job.discard)]
                m.d.sync += settle.eq(settle + 1)
                with m.If(job.discard):
                    m.d.sync += [settle.eq(0), dropping.eq(1)]
                    m.next = "DROP"
                with m.Elif(prepares & ~space.i_job.ready):
                    m.d.sync += settle.eq(0)
                with m.Elif(settle == RowSpace.SETTLE - 1):
                    m.d.comb += starts.eq(1)
                    m.d.sync += [settle.eq(0), loading.eq(1)]
                    m.next = "ROWS"
            with m.State("ROWS"):
                with m.If(taken):
                    with m.If(cut_off & ~short):
                        m.d.sync += short.eq(1)
                    with m.If(packet_ends):
                        m.d.sync += loading.eq(0)
                        m.next = "END"
                        with m.If(~short & ~beat_in.last):
                            m.d.sync += [long.eq(1), dropping.eq(1)]
                            m.next = "DROP"
            with m.State("DROP"):
                with m.If(self.i.valid & beat_in.last):
                    m.d.sync += dropping.eq(0)
                    m.next = "END"
            with m.State("END"):
                m.d.comb += self.o_codes.valid.eq(1)
                if self.config.is_least:
                    m.d.comb += self.i_jobs.ready.eq(self.o_codes.ready)
                with m.If(self.o_codes.ready):
                    m.next = "IDLE"
        self._write(m, job, short, begun, row.lane, written)
        return m

    def _row(self, m, job, prepares, starts, written):
        """Where in the beat the row lies, all of it from registers: what is asked of a beat is there before it.

        A row's end, in bytes from the beat's lane 0, has the same low bits in all of its beats.
        """
        lanes = self.config.cin_lanes
        lane_bits = (lanes - 1).bit_length()
        row = Signal(row_in_beat(lanes))
        low, beats = row.end_lane, Signal(24 - lane_bits, reset_less=True)
        rows_left = Signal.like(job.in_h)
        next_low, carry = Signal(lane_bits), Signal()  # of the row that comes next
        whole_beats, part = job.row_bytes[lane_bits:], job.row_bytes[:lane_bits]
        is_none, is_one = Signal(), Signal()  # whole beats in a row's length
        m.d.sync += [is_none.eq(whole_beats == 0), is_one.eq(whole_beats == 1)]
        m.d.comb += [
            row.ends.eq(row.ends_before | row.ends_with),
        ]
        with m.If(starts | (written & row.ends)):
            m.d.sync += [
                low.eq(next_low),
                Cat(next_low, carry).eq(next_low + part),
                beats.eq(whole_beats + carry),
                row.lane.eq(low),
                row.bytes.eq(lanes - low),
                row.ends_before.eq(is_none & ~carry),
                row.ends_with.eq(Mux(carry, is_none, is_one) & (next_low == 0)),
                row.bytes_written.eq(0),
            ]
        with m.Elif(written):
            m.d.sync += [
                beats.eq(beats - 1),
                row.lane.eq(0),
                row.bytes.eq(lanes),
                row.ends_before.eq(beats == 1),
                row.ends_with.eq((beats == 2) & (low == 0)),
                row.bytes_written.eq(row.bytes_written + row.bytes),
            ]
        with m.If(prepares):
            m.d.sync += [low.eq(0), Cat(next_low, carry).eq(part)]
        with m.If(starts):
            m.d.sync += [rows_left.eq(job.in_h), row.is_last.eq(job.in_h == 1)]
        with m.Elif(written & row.ends):
            m.d.sync += [rows_left.eq(rows_left - 1), row.is_last.eq(rows_left == 2)]
        return row

    def _holds_row_end(self, end_lane):
        """Whether the beat has all bytes up to the row's end, if that is in it; at lane 0: behind the last."""
        count, lane_bits = self.i.p.count, len(end_lane)
        return count[lane_bits] | ((end_lane != 0) & (count[:lane_bits] >= end_lane))

    def _write(self, m, job, short, begun, lane, written):
        """The word and the row's place, a register behind the decision."""
        space, lanes, beat_in = self.space, self.config.cin_lanes, self.i.p
        word, first_word = Signal(range(self.config.bank_words)), Signal(range(self.config.bank_words))
        left, fits = Signal.like(job.slot), Signal()  # words of the slot that are left; are there any
        slot_left = Mux(begun, left, job.slot)
        m.d.comb += first_word.eq(Mux(begun, word, space.o_next_word))
        with m.If(written):
            m.d.sync += [
                word.eq(first_word + 1),
                left.eq(slot_left - 1),
                fits.eq((~begun | fits) & (slot_left != 1)),
            ]
        data_out, absent = Signal(8 * lanes, reset_less=True), Const(-1, lanes) << beat_in.count
        kept = [Mux(short | absent[n], 0, beat_in.data[n] ^ job.pad_value) for n in range(lanes)]
        m.d.comb += self.o_write.data.eq(data_out)
        m.d.sync += [
            # A slot that is too small for its row spoils that row, never the neighbour behind it.
            self.o_writes.eq(written & (~begun | fits)),
            self.o_write.bank.eq(space.o_rows_done),
            self.o_write.word.eq(first_word),
            data_out.eq(Cat(byte[:8] for byte in kept)),
            self.o_started.eq(written & ~begun),
            self.o_start.number.eq(space.o_rows_done[: (TABLE_ROWS - 1).bit_length()]),
            self.o_start.place.word.eq(first_word),
            self.o_start.place.phase.eq(lane),
        ]
