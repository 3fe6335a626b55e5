"""Stages between streams that change nothing but the time: a queue and a skid buffer."""

from amaranth.hdl import Module, Shape, Signal, Value
from amaranth.lib import fifo, stream, wiring
from amaranth.lib.wiring import In, Out


class Queue(wiring.Component):
    """A typed FIFO of `depth` payloads; what goes in can come out in the next cycle. One payload per cycle.

    Parameters
    ----------
    shape : shape of the payload
    depth : payloads that it holds
    block : keep them in block RAM (a cycle more from in to out) rather than in LUT RAM
    """

    def __init__(self, shape, depth, *, block=False):
        self.shape, self.depth, self.block = shape, depth, block
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform):
        m = Module()
        kind = fifo.SyncFIFOBuffered if self.block else fifo.SyncFIFO
        m.submodules.fifo = store = kind(width=Shape.cast(self.shape).width, depth=self.depth)
        m.d.comb += [
            store.w_data.eq(self.i.payload),
            store.w_en.eq(self.i.valid),
            self.i.ready.eq(store.w_rdy),
            Value.cast(self.o.p).eq(store.r_data),
            self.o.valid.eq(store.r_rdy),
            store.r_en.eq(self.o.ready),
        ]
        return m


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
