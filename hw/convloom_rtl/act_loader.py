"""Takes the activation packets: cuts dense NHWC bytes into rows and says where in the line buffer each one lies."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import ErrorCode
from convloom.spec.config import TABLE_ROWS

from convloom_rtl.payloads import LoadJob, beat, line_write, row_progress, row_start
from convloom_rtl.row_space import RowSpace


class ActLoader(wiring.Component):
    """Writes each beat whole into the bank of the row whose bytes it holds, and again for each row that begins in it.

    One beat per cycle, and one cycle more for each row that ends before a beat's last byte (the packet's last row
    excepted). A beat reaches `o_write` in the cycle after it was taken; `o_progress` tells of it in that same cycle,
    so whoever reads two cycles after seeing it reads what was written.

    A packet that ends early is filled up with the pad value, one that goes on is dropped to its end.

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
        self.space = RowSpace(config)
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
        lanes = self.config.cin_lanes
        job, beat_in = Signal(LoadJob, reset_less=True), self.i.p
        short, code = Signal(), Signal(range(len(ErrorCode)))
        rows_left, last_row = Signal(16), Signal()
        begun = Signal()  # the row has its first beat
        lane = Signal(range(lanes))  # where the row's next byte lies in the beat
        # Where the row ends, in bytes from the beat's lane 0: a beat further on only its upper bits change.
        end, ends_here, ends_beat = Signal(25), Signal(), Signal()
        lane_bits = (lanes - 1).bit_length()

        # What this beat does for this row.
        row_ends, packet_ends, taken, written = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            ends_here.eq(end[lane_bits:] == 0),
            ends_beat.eq(end == lanes),
            row_ends.eq(ends_here | ends_beat),
            packet_ends.eq(row_ends & last_row),
            taken.eq(written & (~ends_here | last_row)),
            space.i_slot.eq(job.slot),
            space.i_free_to.eq(self.i_free_to),
            space.i_row_done.eq(written & row_ends),
            self.o_progress.rows.eq(space.o_rows_done),
        ]
        cut_off = beat_in.last & ~(packet_ends & (beat_in.count >= end[: lane_bits + 1]))

        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.i_jobs.ready.eq(space.i_job.ready)
                m.d.comb += space.i_job.valid.eq(self.i_jobs.valid & ~self.i_jobs.p.discard)
                m.d.sync += [
                    job.eq(self.i_jobs.p),
                    code.eq(ErrorCode.NONE),
                    short.eq(0),
                    lane.eq(0),
                    begun.eq(0),
                ]
                m.d.sync += [rows_left.eq(self.i_jobs.p.in_h), end.eq(self.i_jobs.p.row_bytes)]
                m.d.sync += last_row.eq(self.i_jobs.p.in_h == 1)
                with m.If(self.i_jobs.valid & self.i_jobs.ready):
                    m.next = "SETTLE"
            with m.State("SETTLE"):  # the job's slot reaches the comparisons for room
                m.next = "ROWS"
                with m.If(job.discard):
                    m.next = "DROP"
            with m.State("ROWS"):
                m.d.comb += written.eq((self.i.valid | short) & (begun | space.o_room))
                m.d.comb += [self.i.ready.eq(taken & ~short), space.i_row_begins.eq(written & ~begun)]
                with m.If(written):
                    m.d.sync += [begun.eq(~row_ends), end.eq(end - lanes), lane.eq(0)]
                    m.d.sync += self.o_progress.bytes.eq(self.o_progress.bytes + (lanes - lane))
                    with m.If(row_ends):
                        m.d.sync += [
                            rows_left.eq(rows_left - 1),
                            last_row.eq(rows_left == 2),
                            end.eq(job.row_bytes + end[:lane_bits]),
                            lane.eq(end),
                            self.o_progress.bytes.eq(0),
                        ]
                with m.If(taken):
                    with m.If(cut_off & ~short):
                        m.d.sync += [short.eq(1), code.eq(ErrorCode.ACT_SHORT)]
                    with m.If(packet_ends):
                        m.next = "END"
                        with m.If(~short & ~beat_in.last):
                            m.d.sync += code.eq(ErrorCode.ACT_LONG)
                            m.next = "DROP"
            with m.State("DROP"):
                m.d.comb += self.i.ready.eq(1)
                with m.If(self.i.valid & beat_in.last):
                    m.next = "END"
            with m.State("END"):
                m.d.comb += self.o_codes.valid.eq(1)
                with m.If(self.o_codes.ready):
                    m.next = "IDLE"

        m.d.comb += [space.i_job.p.in_h.eq(self.i_jobs.p.in_h), space.i_job.p.slot.eq(self.i_jobs.p.slot)]
        m.d.comb += self.o_codes.p.eq(code)
        self._write(m, job, short, begun, lane, written)
        return m

    def _write(self, m, job, short, begun, lane, written):
        """The word and the row's place, a register behind the decision."""
        space, lanes, beat_in = self.space, self.config.cin_lanes, self.i.p
        word, first_word = Signal(range(self.config.bank_words)), Signal(range(self.config.bank_words))
        words = Signal(12)  # words of the row written so far
        m.d.comb += first_word.eq(Mux(begun, word, space.o_next_word))
        with m.If(written):
            m.d.sync += [word.eq(first_word + 1), words.eq(Mux(begun, words, 0) + 1)]
        kept = [
            Mux(short | (beat_in.last & (beat_in.count <= n)), job.pad_value, beat_in.data[n])
            for n in range(lanes)
        ]
        m.d.sync += [
            # A slot that is too small for its row spoils that row, never the neighbour behind it.
            self.o_writes.eq(written & (~begun | (words < job.slot))),
            self.o_write.bank.eq(space.o_rows_done),
            self.o_write.word.eq(first_word),
            self.o_write.data.eq(Cat(byte[:8] for byte in kept)),
            self.o_started.eq(written & ~begun),
            self.o_start.number.eq(space.o_rows_done[: (TABLE_ROWS - 1).bit_length()]),
            self.o_start.place.word.eq(first_word),
            self.o_start.place.phase.eq(lane),
        ]
