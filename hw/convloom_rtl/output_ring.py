"""The output ring: where results wait for their turn, and where depthwise ones are put into NHWC order."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.kit.stream import Queue
from convloom_rtl.payloads import RAW_SLOTS, RingJob, piece, slot
from convloom_rtl.primitives.memory import BlockMemory


def row_job(config):
    """A RingJob's numbers as far as the descriptor's checks let them go, and what is known of them beforehand."""
    turns, half = range(2 * config.output_words), range(config.output_words // 2)
    return data.StructLayout(
        {
            "depthwise": 1,
            "raw": 1,
            "row_words": turns,  # 1 in a dense job: each slot is whole
            "hop": turns,
            "last_column": half,
            "last_group": half,
            "one_column": 1,
            "one_group": 1,
        }
    )


class OutputRing(wiring.Component):
    """Puts the requantiser's pieces together to slots. A piece per cycle in, a slot per cycle out.

    Slots of a dense job leave in the order in which they come. Those of a depthwise row come group by group: they
    are written k_tiles apart, a column each, and leave when the row is whole, pixel by pixel. There is no
    back-pressure on pieces: the issue gate reserves words before it lets the issues through that fill them.

    Members
    -------
    i_jobs : RingJob of each job, in order, there two cycles before the job's first piece; jobs end three cycles apart
        or more
    i_piece, i_valid : pieces, those of a slot one behind the other
    o : slots
    o_released : pulse: a word is free again
    """

    def __init__(self, config):
        self.config = config
        self.turns = range(2 * config.output_words)  # so that a full ring is told from an empty one
        super().__init__(
            {
                "i_jobs": In(stream.Signature(RingJob)),
                "i_piece": In(piece(config)),
                "i_valid": In(1),
                "o": Out(stream.Signature(slot(config))),
                "o_released": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.store = store = BlockMemory(
            slot(self.config), self.config.output_words, stands_still=True
        )
        written = self.i_piece.slot_end
        m.d.comb += [
            store.i_enable.eq(written),
            store.i_data.data.eq(self._gather(m)),
            store.i_data.count.eq(self.i_piece.count),
            store.i_data.last.eq(self.i_piece.last),
        ]
        place, whole, grows = self._place(m, written)
        m.d.comb += store.i_write_address.eq(place)
        self._read(m, store, whole, grows)
        return m

    def _gather(self, m):
        """The slot's bytes, complete with its last piece."""
        bytes_in = self.i_piece.data.as_value()
        earlier = Signal(8 * (self.config.cout_lanes - self.config.requant_lanes), reset_less=True)
        joined = Cat(earlier, bytes_in)
        with m.If(self.i_valid):
            m.d.sync += earlier.eq(joined[len(bytes_in) :])
        return joined

    def _place(self, m, written):
        """Where the slot goes, up to where all words are there, and whether those become more in this cycle."""
        place, whole = Signal(self.turns), Signal(self.turns)
        if self.config.depthwise:
            grows = self._place_by_column(m, written, self._next_job(m), place, whole)
        else:
            grows = written
            m.d.comb += self.i_jobs.ready.eq(self.i_piece.job_end)
            m.d.sync += [place.eq(place + written), whole.eq(place + written)]
        return place, whole, grows

    def _next_job(self, m):
        """The job whose slots come, out of a register: what depends on it alone is worked out in front of that."""
        m.submodules.job = register = Queue(row_job(self.config), 1)
        told, job = self.i_jobs.p, register.i.p
        m.d.comb += [
            *(job[name].eq(told[name]) for name in ("depthwise", "raw", "hop", "last_column", "last_group")),
            job.row_words.eq(Mux(told.depthwise, told.row_words, 1)),
            job.one_column.eq(told.last_column == 0),
            job.one_group.eq(told.last_group == 0),
            # The way back to where jobs wait is long: one that is taken leaves it a cycle later.
            register.i.valid.eq(self.i_jobs.valid & ~self.i_jobs.ready),
            register.o.ready.eq(self.i_piece.job_end),
        ]
        m.d.sync += self.i_jobs.ready.eq(register.i.valid & register.i.ready)
        return register.o.p

    def _place_by_column(self, m, written, job, place, whole):
        """`whole` is the row's first place, and `group` the one of its group's first slot. Returns whether it moves."""
        group, next_group, next_row = (
            Signal(self.turns, name=name) for name in ("group", "next_group", "next_row")
        )
        slot, tile_end = Signal(range(RAW_SLOTS)), Signal()
        m.d.comb += [
            tile_end.eq(~job.raw | (slot == RAW_SLOTS - 1)),
            next_group.eq(group + Mux(job.raw, RAW_SLOTS, 1)),
            next_row.eq(whole + job.row_words),
        ]
        steps = Signal()
        m.d.comb += steps.eq(written & job.depthwise & tile_end)
        group_end = self._is_last(m, job.last_column, job.one_column, steps, "column")
        row_end = self._is_last(m, job.last_group, job.one_group, steps & group_end, "group") & group_end
        with m.If(written & job.depthwise & job.raw):
            m.d.sync += slot.eq(slot + 1)
        ends = ~job.depthwise | (tile_end & row_end)
        with m.If(written):
            with m.If(ends):
                m.d.sync += [pointer.eq(next_row) for pointer in (place, whole, group)]
            with m.Elif(tile_end & group_end):
                m.d.sync += [pointer.eq(next_group) for pointer in (place, group)]
            with m.Elif(tile_end):
                m.d.sync += place.eq(place + job.hop)
            with m.Else():
                m.d.sync += place.eq(place + 1)
        return written & ends

    def _is_last(self, m, last, is_single, steps, name):
        """Whether the step is the one with number `last`, after which they count from 0 again."""
        following = Signal.like(last, name=f"following_{name}", init=1)
        is_first, follows_last = Signal(name=f"is_first_{name}", init=1), Signal(name=f"follows_last_{name}")
        is_last = Signal(name=f"is_last_{name}")
        m.d.comb += is_last.eq(Mux(is_first, is_single, follows_last))
        with m.If(steps):
            m.d.sync += [
                is_first.eq(is_last),
                follows_last.eq(following == last),
                following.eq(Mux(is_last, 1, following + 1)),
            ]
        return is_last

    def _read(self, m, store, whole, grows):
        """The memory's two steps are the way out: they stand still while the word at its end is not taken."""
        oldest, following = (
            Signal(self.turns, name=name, init=n) for n, name in enumerate(("oldest", "following"))
        )
        moves, reads, is_read, is_there = Signal(), Signal(), Signal(), Signal()
        # Compared with what is to come, for this word and the one behind it: no comparison stands before `reads`.
        m.d.sync += is_there.eq(grows | Mux(reads, following != whole, oldest != whole))
        m.d.comb += [
            moves.eq(self.o.ready | ~self.o.valid),
            reads.eq(moves & is_there),
            store.i_read.eq(moves),
            store.i_read_address.eq(oldest),
            self.o.p.eq(store.o_data),
            self.o_released.eq(reads),
        ]
        assert store.LATENCY == 2
        with m.If(moves):
            m.d.sync += [is_read.eq(reads), self.o.valid.eq(is_read)]
        with m.If(reads):
            m.d.sync += [oldest.eq(following), following.eq(following + 1)]
