"""Stages between streams that change nothing but the time: a queue and a skid buffer."""

from amaranth.hdl import Module, Shape, Signal, Value
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out


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
        m.submodules.fifo = store = fifo.SyncFIFO(width=Shape.cast(self.shape).width, depth=self.depth - 1)
        m.d.comb += [
            store.w_data.eq(self.i.payload),
            store.w_en.eq(self.i.valid),
            self.i.ready.eq(store.w_rdy),
            store.r_en.eq(takes),
        ]
        return store.r_rdy, store.r_data


class SkidBuffer(wiring.Component):
    """Cuts every path between its two sides: valid, payload and ready are all registers.

    Latency one cycle, one payload per cycle. `o` is a register that holds until it is taken; the payload that
    arrives in the cycle in which `o` stalls waits in a second one.
    """

    def __init__(self, shape):
        self.shape = shape
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform):
        m = Module()
        skidded = Signal(self.shape, reset_less=True)
        full = Signal()
        payload = Signal(self.shape, reset_less=True)
        m.d.comb += [self.i.ready.eq(~full), self.o.p.eq(payload)]
        with m.If(self.o.ready | ~self.o.valid):
            m.d.sync += [self.o.valid.eq(full | self.i.valid), full.eq(0)]
            with m.If(full):
                m.d.sync += payload.eq(skidded)
            with m.Else():
                m.d.sync += payload.eq(self.i.p)
        with m.Elif(self.i.valid & self.i.ready):
            m.d.sync += [full.eq(1), skidded.eq(self.i.p)]
        return m
