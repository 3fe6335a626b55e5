"""Stages between streams that change nothing but the time: queues and a skid buffer."""

from amaranth.hdl import Cat, Module, Mux, Shape, Signal, Value
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.kit.pipeline import delay
from convloom_rtl.primitives.memory import BlockMemory


class Queue(wiring.Component):
    """A typed FIFO of `depth` payloads, the last of which is a register at `o`; one payload per cycle.

    What goes in can come out two cycles later. Without the register the read of a LUT RAM would stand in front of
    whatever is made of `o`. A queue of one is the register alone.
    """

    def __init__(self, shape, depth):
        self.shape, self.depth = shape, depth
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform):
        m = Module()
        payload, takes = Signal(self.shape, reset_less=True), Signal()
        m.d.comb += [takes.eq(self.o.ready | ~self.o.valid), self.o.p.eq(payload)]
        valid, word = self._queued(m, takes)
        with m.If(takes):
            m.d.sync += [self.o.valid.eq(valid), Value.cast(payload).eq(word)]
        return m

    def _queued(self, m, takes):
        """What stands in front of the register: whether it is there, and it."""
        if self.depth == 1:
            m.d.comb += self.i.ready.eq(takes)
            return self.i.valid, self.i.payload
        words = memory.Memory(
            shape=Shape.cast(self.shape).width, depth=1 << (self.depth - 2).bit_length(), init=[]
        )
        m.submodules.words = words
        write, read = words.write_port(), words.read_port(domain="comb")
        # Registers tell whether there is a word, or no room: of the level only what changes it stands before them.
        level, some, full = Signal(range(self.depth)), Signal(), Signal()
        arrives, leaves = Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(~full),
            arrives.eq(self.i.valid & ~full),
            leaves.eq(takes & some),
            write.en.eq(arrives),
            write.data.eq(self.i.payload),
        ]
        m.d.sync += [
            write.addr.eq(write.addr + arrives),
            read.addr.eq(read.addr + leaves),
            level.eq(level + arrives - leaves),
            some.eq(arrives | (some & ~(leaves & (level == 1)))),
            full.eq(~leaves & (full | (arrives & (level == self.depth - 2)))),
        ]
        return some, read.data


class BlockQueue(wiring.Component):
    """A typed FIFO of `depth` payloads, two or more, in block memory, the last of them a register at `o`.

    For wide payloads that come and go seldom: what goes in can come out LATENCY cycles later. The next one follows at
    once where it is the first for LATENCY cycles. It is written a cycle late, from registers: on a chip the memory lies
    where it finds a place.
    """

    LATENCY = BlockMemory.LATENCY + 3

    def __init__(self, shape, depth):
        self.shape, self.depth = shape, depth
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.words = words = BlockMemory(self.shape, 1 << (self.depth - 2).bit_length())
        level, full = Signal(range(self.depth)), Signal()
        put, taken = Signal.like(words.i_write_address), Signal.like(words.i_read_address)
        payload, arrives, leaves = Signal(self.shape, reset_less=True), Signal(), Signal()
        standing = Signal(BlockMemory.LATENCY + 1)  # cycles that the oldest word has been there, as ones
        m.d.comb += [
            self.i.ready.eq(~full),
            arrives.eq(self.i.valid & ~full),
            leaves.eq(standing[-1] & (self.o.ready | ~self.o.valid)),
            words.i_enable.eq(delay(m, arrives, 1, "writes", reset=True)),
            words.i_write_address.eq(delay(m, put, 1, "write_address")),
            words.i_data.eq(delay(m, Value.cast(self.i.payload), 1, "write_data")),
            words.i_read_address.eq(taken),
            self.o.p.eq(payload),
        ]
        m.d.sync += [
            put.eq(put + arrives),
            taken.eq(taken + leaves),
            level.eq(level + arrives - leaves),
            full.eq(~leaves & (full | (arrives & (level == self.depth - 2)))),
            standing.eq(Cat(level != 0, standing)),
        ]
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(leaves):
            m.d.sync += [self.o.valid.eq(1), Value.cast(payload).eq(words.o_data), standing.eq(0)]
        return m


class SkidBuffer(wiring.Component):
    """Cuts every path between its two sides: valid, payload and ready are all registers.

    Latency one cycle, one payload per cycle. `o` is a register that holds until it is taken; the payload that
    arrives in the cycle in which `o` stalls waits in a second one. `o_room`: i.ready a cycle ahead, for copies of it.
    """

    def __init__(self, shape):
        self.shape = shape
        super().__init__(
            {"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape)), "o_room": Out(1, init=1)}
        )

    def elaborate(self, platform):
        m = Module()
        skidded, full = Signal(self.shape, reset_less=True), Signal()
        payload, takes, room = Signal(self.shape, reset_less=True), Signal(), Signal(init=1)
        # `room` is ~full, in a register of its own: `full` has many users, and much may stand behind `ready`.
        m.d.comb += [self.i.ready.eq(room), self.o.p.eq(payload), takes.eq(self.o.ready | ~self.o.valid)]
        m.d.comb += self.o_room.eq(takes | ~(full | self.i.valid))
        m.d.sync += [full.eq(~self.o_room), room.eq(self.o_room)]
        with m.If(~full):  # whether or not `o` stalls: so o.ready enables one wide register only
            m.d.sync += skidded.eq(self.i.p)
        with m.If(takes):
            m.d.sync += [self.o.valid.eq(full | self.i.valid), payload.eq(Mux(full, skidded, self.i.p))]
        return m


class RoomRegister(wiring.Component):
    """A register in front of a stage that tells a cycle ahead whether it takes what is there.

    Cuts every path like a skid buffer, but holds one payload: ready is made in time from what is told. Latency one
    cycle, one payload per cycle.

    Members
    -------
    i, o : of streams
    i_room : o.ready of the next cycle
    """

    def __init__(self, shape):
        self.shape = shape
        super().__init__(
            {"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape)), "i_room": In(1)}
        )

    def elaborate(self, platform):
        m = Module()
        payload, ready = Signal(self.shape, reset_less=True), Signal(init=1)
        will_hold = self.i.valid | ~ready
        m.d.comb += [self.i.ready.eq(ready), self.o.p.eq(payload)]
        m.d.sync += [self.o.valid.eq(will_hold), ready.eq(self.i_room | ~will_hold)]
        with m.If(ready):
            m.d.sync += payload.eq(self.i.p)
        return m
