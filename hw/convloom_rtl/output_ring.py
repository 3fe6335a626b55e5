"""The output ring: where results wait for their turn, and where depthwise ones are put into NHWC order."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convloom_rtl.kit.pipeline import delay
from convloom_rtl.kit.stream import Queue
from convloom_rtl.payloads import RAW_SLOTS, RingJob, piece, slot
from convloom_rtl.primitives.memory import BlockMemory

READ_AHEAD = 8  # words between the ring and its output: the way from a read to the next one that it allows


class OutputRing(wiring.Component):
    """Puts the requantiser's pieces together to slots. A piece per cycle in, a slot per cycle out.

    Slots of a dense job leave in the order in which they come. Those of a depthwise row come group by group: they
    are written k_tiles apart, a column each, and leave when the row is whole, pixel by pixel. There is no
    back-pressure on pieces: the issue gate reserves words before it lets the issues through that fill them.

    Members
    -------
    i_jobs : RingJob of each job, in order, there before the job's first piece
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
        m.submodules.store = store = BlockMemory(slot(self.config), self.config.output_words)
        written = Signal()
        m.d.comb += [
            written.eq(self.i_valid & self.i_piece.slot_end),
            self.i_jobs.ready.eq(written & self.i_piece.job_end),
            store.i_enable.eq(written),
            store.i_data.data.eq(self._gather(m)),
            store.i_data.count.eq(self.i_piece.count),
            store.i_data.last.eq(self.i_piece.last),
        ]
        place, whole = self._place(m, written)
        m.d.comb += store.i_write_address.eq(place)
        self._read(m, store, whole)
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
        """Where the slot goes, and up to where all words are there."""
        place, whole = Signal(self.turns), Signal(self.turns)
        if self.config.depthwise:
            self._place_by_column(m, written, place, whole)
        else:
            m.d.sync += [place.eq(place + written), whole.eq(place + written)]
        return place, whole

    def _place_by_column(self, m, written, place, whole):
        job = self.i_jobs.p
        row, group = (
            Signal(self.turns),
            Signal(self.turns),
        )  # places of the row's, and of the group's first slot
        columns, groups = Signal.like(job.last_column), Signal.like(job.last_group)
        slots = Signal(range(RAW_SLOTS))
        next_group, next_row = (Signal(self.turns, name=name) for name in ("next_group", "next_row"))
        per_tile = Mux(job.raw, RAW_SLOTS, 1)
        m.d.comb += [next_group.eq(group + per_tile), next_row.eq(row + job.row_words)]
        with m.If(written & ~job.depthwise):
            m.d.sync += [pointer.eq(place + 1) for pointer in (place, whole, row, group)]
        with m.Elif(written & job.raw & (slots != RAW_SLOTS - 1)):
            m.d.sync += [place.eq(place + 1), slots.eq(slots + 1)]
        with m.Elif(written):
            m.d.sync += [place.eq(place + job.hop), slots.eq(0), columns.eq(columns + 1)]
            with m.If(columns == job.last_column):
                m.d.sync += [place.eq(next_group), group.eq(next_group), columns.eq(0), groups.eq(groups + 1)]
                with m.If(groups == job.last_group):
                    m.d.sync += [pointer.eq(next_row) for pointer in (place, whole, row, group)]
                    m.d.sync += groups.eq(0)

    def _read(self, m, store, whole):
        """Reads ahead as far as the queue behind the memory has room for."""
        m.submodules.ahead = ahead = Queue(slot(self.config), READ_AHEAD)
        connect(m, ahead.o, flipped(self.o))
        oldest, room = Signal(self.turns), Signal(range(READ_AHEAD + 1), init=READ_AHEAD)
        reads = Signal()
        m.d.comb += [
            reads.eq((oldest != whole) & (room != 0)),
            store.i_read_address.eq(oldest),
            ahead.i.p.eq(store.o_data),
            ahead.i.valid.eq(delay(m, reads, store.LATENCY, "reads", reset=True)),
            self.o_released.eq(reads),
        ]
        m.d.sync += [oldest.eq(oldest + reads), room.eq(room - reads + (self.o.valid & self.o.ready))]
