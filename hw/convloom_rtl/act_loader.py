"""Takes the activation packets: cuts dense NHWC bytes into rows and says where in the line buffer each one lies."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import ErrorCode

from convloom_rtl.kit.pipeline import delay, delay_together
from convloom_rtl.payloads import LoadJob, input_beat, line_write, row_progress, row_start
from convloom_rtl.row_space import OneJobSpace, RowSpace

# One at a time, and `starts` in the last cycle of `prepares`: registers, as they stand before wide enables.
LoaderState = data.StructLayout(
    {"idle": 1, "prepares": 1, "starts": 1, "loading": 1, "dropping": 1, "ended": 1}
)


def row_in_beat(lanes):
    """What a beat of `lanes` bytes is to the row that is being loaded."""
    return data.StructLayout(
        {
            "lane": range(lanes),  # of the row's next byte
            "end_lane": range(lanes),  # ... of the one behind its last, in the beat where that is
            "ends": 1,
            "shares": 1,  # ... and the next one begins: the beat is written again
            "bytes": range(lanes + 1),  # of the row in the beat, where it does not end
            "is_last": 1,  # of the packet
            "bytes_written": 24,
        }
    )


class ActLoader(wiring.Component):
    """Writes each beat whole into the bank of the row whose bytes it holds, and again for each row that begins in it.

    One beat per cycle, and one cycle more for each row that ends before a beat's last byte (the packet's last row
    excepted). `o_progress` tells of a beat in the cycle after it was taken, and it reaches `o_write` no more than a
    cycle later, so whoever reads two cycles after seeing it reads what was written.

    A packet that ends early is filled up with the pad value, one that goes on is dropped to its end. Bytes are told
    by their difference (XOR) from the pad value from here on to the array: a pad is 0, the reset of a register.

    Members
    -------
    i_jobs : one LoadJob per job, in order
    i : beats of the activation packets, one packet per job
    o_room : i.ready of the next cycle
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
                "i": In(stream.Signature(input_beat(config.cin_lanes))),
                "o_room": Out(1),
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
        job, slot, short, long = self.i_jobs.p, self.i_jobs.p.slot, Signal(), Signal()
        # The packet's last beat was taken the cycle before; it should hold the last row's end; it holds a row's.
        over, ends_last_row, holds_end = Signal(), Signal(), Signal()
        lacks = ~(ends_last_row & holds_end)
        reads, fills = Signal(), Signal()  # there is a place for a beat, or for what the packet lacks
        state = Signal(LoaderState, init={"idle": 1})
        if self.config.is_least:
            m.d.comb += self.i_jobs.ready.eq(state.ended & self.o_codes.ready)
        else:  # the next one is at the port while this one is loaded
            job = Signal(LoadJob, reset_less=True)
            m.d.comb += self.i_jobs.ready.eq(state.idle)
            with m.If(state.idle):
                m.d.sync += job.eq(self.i_jobs.p)
            slot = Mux(state.idle, slot, job.slot)  # a cycle earlier: it reaches the comparisons for room
        placed, begins = Signal(), Signal()  # the row has its place; since this cycle
        taken, written, row_done, packet_ends = Signal(), Signal(), Signal(), Signal()
        row, shares_behind, shares_on = self._row(m, job, state, written, row_done)
        m.d.comb += [
            written.eq(fills | (reads & self.i.valid)),
            taken.eq(written & ~row.shares),
            row_done.eq(written & row.ends),
            packet_ends.eq(row_done & row.is_last),
            space.i_slot.eq(slot),
            space.i_free_to.eq(self.i_free_to),
            space.i_job.valid.eq(state.prepares & ~state.starts & ~job.discard),
            space.i_job.p.in_h.eq(job.in_h),
            space.i_job.p.slot.eq(job.slot),
            space.i_row_begins.eq(begins),
            space.i_row_done.eq(row_done),
            self.o_progress.rows.eq(space.o_rows_done),
            self.o_progress.bytes.eq(row.bytes_written),
            self.o_codes.valid.eq(state.ended),
        ]
        with m.If(long):
            m.d.comb += self.o_codes.p.eq(ErrorCode.ACT_LONG)
        with m.If(short | (over & lacks)):
            m.d.comb += self.o_codes.p.eq(ErrorCode.ACT_SHORT)
        # A row has its place before its first byte is asked for: what stands before wide enables is decided.
        will_be_placed = Signal()
        m.d.comb += will_be_placed.eq(placed)
        m.d.sync += begins.eq(will_be_placed & (row_done | ~placed))
        with m.If(row_done):
            m.d.comb += will_be_placed.eq(space.o_room_behind & ~row.is_last)
        with m.Elif(~placed):
            m.d.comb += will_be_placed.eq(space.o_room & state.loading)
        m.d.sync += placed.eq(will_be_placed)
        m.d.sync += [
            over.eq(taken & beat_in.last),
            ends_last_row.eq(row.ends & row.is_last),
            holds_end.eq(self._holds_row_end(row.end_lane)),
        ]
        will_be_short = short | (over & lacks)
        m.d.sync += [
            short.eq(will_be_short & ~state.idle),
            reads.eq(will_be_placed & ~will_be_short & ~(taken & beat_in.last)),
            fills.eq(will_be_placed & will_be_short),
        ]
        goes_on = ~short & ~beat_in.last
        with m.If(packet_ends):
            m.d.sync += long.eq(goes_on)
        with m.If(state.idle):
            m.d.sync += long.eq(0)
        dropped = self.i.valid & beat_in.last & state.dropping
        if not self.config.is_least:
            dropped &= self.i.ready
        self._steer(m, job, state, packet_ends, goes_on, dropped)
        # i.ready of the next cycle: what it would be with a beat and without, and then whether there is one. Behind the
        # packet's last beat the row has ended, or is filled up. The first beat to be dropped waits for a cycle: that
        # there is one is found out late.
        placed_behind = space.o_room_behind & ~row.is_last & ~shares_behind
        if_written = Mux(row.ends, placed_behind, ~shares_on) & (row.shares | ~beat_in.last)
        if_not = (placed | (space.o_room & state.loading)) & ~row.shares
        goes_in = Mux(reads & self.i.valid, if_written, if_not) & ~(short | over)
        m.d.comb += self.o_room.eq(goes_in | (state.dropping & ~dropped))
        if self.config.is_least:
            m.d.comb += self.i.ready.eq((placed & ~(short | over) & ~row.shares) | state.dropping)
        else:
            m.d.sync += self.i.ready.eq(self.o_room)
        self._write(m, job, short, begins, row.lane, written)
        return m

    def _steer(self, m, job, state, packet_ends, goes_on, dropped):
        """From one state to the next: idle, prepares, loading, perhaps dropping, ended."""
        coming = Signal(LoaderState, name="coming")
        # For two cycles or more: the slot reaches the comparisons for room.
        waits = state.prepares & ~state.starts & ~job.discard
        drops = state.prepares & ~state.starts & job.discard
        # A sum of products each, where a Switch would be a chain of choices: packet_ends comes late.
        m.d.comb += [
            coming.idle.eq((state.idle & ~self.i_jobs.valid) | (state.ended & self.o_codes.ready)),
            coming.prepares.eq((state.idle & self.i_jobs.valid) | waits),
            coming.starts.eq(waits & self.space.i_job.ready),
            coming.loading.eq(state.starts | (state.loading & ~packet_ends)),
            coming.dropping.eq(drops | (packet_ends & goes_on) | (state.dropping & ~dropped)),
            coming.ended.eq((packet_ends & ~goes_on) | dropped | (state.ended & ~self.o_codes.ready)),
        ]
        m.d.sync += state.eq(coming)

    def _row(self, m, job, state, written, row_done):
        """Where in the beat the row lies, all of it from registers: what is asked of a beat is there before it.

        A row's end, in bytes from the beat's lane 0, has the same low bits in all of its beats. Also returns whether
        the beat that comes behind this one shares, if the row ends in this one, and if it does not.
        """
        lanes = self.config.cin_lanes
        lane_bits = (lanes - 1).bit_length()
        row = Signal(row_in_beat(lanes))
        low, beats = row.end_lane, Signal(24 - lane_bits, reset_less=True)
        rows_left, one_left = Signal.like(job.in_h), Signal()  # behind this one
        next_low, carry = Signal(lane_bits), Signal()  # of the row that comes next
        whole_beats, part = job.row_bytes[lane_bits:], job.row_bytes[:lane_bits]
        is_none, is_one = Signal(), Signal()  # whole beats in a row's length
        m.d.sync += [is_none.eq(whole_beats == 0), is_one.eq(whole_beats == 1)]
        ends_first, ends_soon = is_none & ~carry, beats == 1  # before the last byte of the next beat
        next_comes = state.prepares | row_done
        with m.If(next_comes):
            with m.If(state.prepares & ~state.starts):
                # As if a row had been that ends where the first one begins.
                m.d.sync += [low.eq(0), Cat(next_low, carry).eq(part)]
                m.d.sync += [rows_left.eq(job.in_h), one_left.eq(job.in_h == 1)]
            with m.Else():
                m.d.sync += [low.eq(next_low), Cat(next_low, carry).eq(next_low + part)]
                m.d.sync += [rows_left.eq(rows_left - 1), one_left.eq(rows_left == 2)]
            m.d.sync += row.is_last.eq(one_left)
        shares_behind, shares_on = ends_first & ~one_left, ends_soon & ~row.is_last
        # Chosen by a register: of what stands before `row_done` only the enable is made.
        with m.If(state.prepares | written):
            with m.If(row.ends):
                m.d.sync += [
                    beats.eq(whole_beats + carry),
                    row.lane.eq(low),
                    row.bytes.eq(lanes - low),
                    row.ends.eq(ends_first | (Mux(carry, is_none, is_one) & (next_low == 0))),
                ]
                m.d.sync += row.shares.eq(shares_behind)
            with m.Else():
                m.d.sync += [
                    beats.eq(beats - 1),
                    row.lane.eq(0),
                    row.bytes.eq(lanes),
                    row.ends.eq(ends_soon | ((beats == 2) & (low == 0))),
                ]
                m.d.sync += row.shares.eq(shares_on)
            with m.If(state.prepares & ~state.starts):
                m.d.sync += row.ends.eq(1)
            m.d.sync += row.bytes_written.eq(Mux(row.ends | state.prepares, 0, row.bytes_written + row.bytes))
        return row, shares_behind, shares_on

    def _holds_row_end(self, end_lane):
        """Whether the beat has all bytes up to the row's end, if that is in it; at lane 0: behind the last."""
        return self.i.p.keep.rotate_left(1).bit_select(end_lane, 1)

    def _write(self, m, job, short, begins, lane, written):
        """The word and the row's place, a register behind the decision, or one more: which bytes are absent is
        decoded in between."""
        space, lanes, beat_in = self.space, self.config.cin_lanes, self.i.p
        between = self.config.relay
        number, lane, next_word = delay_together(
            m, (space.o_rows_done, lane, space.o_next_word), between, "place"
        )
        written, begins = (
            delay(m, pulse, between, name, reset=True)
            for pulse, name in ((written, "written"), (begins, "begins"))
        )
        word, first_word = (
            Signal(range(self.config.bank_words), name=name) for name in ("word", "first_word")
        )
        left, fits = Signal.like(job.slot), Signal()  # words of the slot that are left; are there any
        slot_left = Mux(begins, job.slot, left)
        m.d.comb += first_word.eq(Mux(begins, next_word, word))
        m.d.sync += [
            word.eq(first_word + written),
            left.eq(slot_left - written),
            fits.eq((begins | fits) & ~(written & (slot_left == 1))),
        ]
        absent = short.replicate(lanes) | ~beat_in.keep
        absent = delay(m, absent, between, "absent")
        bytes_in = delay(m, Cat(beat_in.data), between, "bytes")
        data_out = Signal(8 * lanes, reset_less=True)
        kept = [Mux(absent[n], 0, bytes_in.word_select(n, 8) ^ job.pad_value) for n in range(lanes)]
        m.d.comb += self.o_write.data.eq(data_out)
        m.d.sync += [
            # A slot that is too small for its row spoils that row, never the neighbour behind it.
            self.o_writes.eq(written & (begins | fits)),
            data_out.eq(Cat(byte[:8] for byte in kept)),
            self.o_started.eq(begins),
            self.o_write.bank.eq(number),
            self.o_write.word.eq(first_word),
            self.o_start.number.eq(number),
            self.o_start.place.word.eq(first_word),
            self.o_start.place.phase.eq(lane),
        ]
