"""AXI-Stream pins on one side, the engine's beats on the other: registers, and whole packets in spite of a soft reset.

Both are outside of what a soft reset resets, so that they know whether it came in the middle of a packet.
"""

from amaranth.hdl import Cat, Module, Mux, ResetInserter, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convloom_rtl.kit.stream import Queue, RoomRegister, SkidBuffer
from convloom_rtl.payloads import beat, input_beat


def axi_stream(lanes):
    """The pins of an AXI stream of `lanes` bytes, from the side that drives it; ready is apart."""
    return {"tdata": Out(8 * lanes), "tkeep": Out(lanes), "tlast": Out(1), "tvalid": Out(1)}


def _flipped(members):
    return {name: In(member.shape) for name, member in members.items()}


class InputPort(wiring.Component):
    """One beat per cycle, one cycle of latency; no path from pin to pin or into the engine, unless it is `direct`.

    TKEEP counts as all ones up to its highest bit, and as all ones before the last beat. A packet that stood open
    when `i_reset` came is dropped to its TLAST.

    Members
    -------
    tdata, tkeep, tlast, tvalid, tready : pins
    i_reset : level: the engine is being reset
    o : beats
    i_room : o.ready of the next cycle; it does not matter where the port is direct
    o_inside : a packet has begun at the pins and not ended, or has not been handed on to its end
    """

    def __init__(self, lanes, direct=False):
        self.lanes, self.direct = lanes, direct
        super().__init__(
            {
                **_flipped(axi_stream(lanes)),
                "tready": Out(1),
                "i_reset": In(1),
                "o": Out(stream.Signature(input_beat(lanes))),
                "i_room": In(1),
                "o_inside": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        inside, dropping = Signal(), Signal()  # the packet at the pins: has begun; is dropped
        beats = self.o
        if not self.direct:
            # What was taken and not handed on goes with the reset. The engine, which is in it too, takes nothing.
            register = RoomRegister(self.o.p.shape())
            m.submodules.register = ResetInserter(self.i_reset)(register)
            beats = register.i
            m.d.comb += register.i_room.eq(self.i_room)
            connect(m, register.o, flipped(self.o))
        m.d.comb += [
            beats.p.data.eq(self.tdata),
            beats.p.keep.eq(Cat(~self.tlast | self.tkeep[n:].any() for n in range(self.lanes))),
            beats.p.last.eq(self.tlast),
            beats.valid.eq(self.tvalid & ~dropping & ~self.i_reset),
            self.tready.eq(Mux(dropping, 1, beats.ready & ~self.i_reset)),
            self.o_inside.eq(inside | (0 if self.direct else self.o.valid)),
        ]
        with m.If(self.tvalid & self.tready):
            m.d.sync += inside.eq(~self.tlast)
        with m.If(self.i_reset & inside):
            m.d.sync += dropping.eq(1)
        with m.If(dropping & self.tvalid & self.tlast):
            m.d.sync += dropping.eq(0)
        return m


class OutputPort(wiring.Component):
    """One beat per cycle, one cycle of latency; all outputs are registers. Where it is `direct`, tready leads on.

    A packet that stands open when `i_reset` comes is closed with one beat of TKEEP = 1 and TLAST.

    Members
    -------
    i : beats
    o_room : i.ready of the next cycle; where the port is direct it says nothing
    i_reset : level: the engine is being reset
    tdata, tkeep, tlast, tvalid, tready : pins
    o_inside : a packet has begun at `i` and not ended at the pins
    """

    def __init__(self, lanes, direct=False):
        self.lanes, self.direct = lanes, direct
        super().__init__(
            {
                "i": In(stream.Signature(beat(lanes))),
                "o_room": Out(1),
                "i_reset": In(1),
                **axi_stream(lanes),
                "tready": In(1),
                "o_inside": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        inside = Signal()
        # The closing beat is on offer; is, and the output stalls; was, and stalls still.
        closing, stalls, waits = Signal(), Signal(), Signal()
        m.submodules.skid = skid = Queue(self._pins(), 1) if self.direct else SkidBuffer(self._pins())
        m.d.comb += [
            closing.eq(waits | (inside & self.i_reset)),
            skid.i.valid.eq(Mux(self.i_reset, inside, self.i.valid | closing)),
            skid.i.p.data.eq(self.i.p.data),
            skid.i.p.keep.eq(Mux(closing, 1, self._keep())),
            skid.i.p.last.eq(closing | self.i.p.last),
            # While the engine is being reset it does not matter what is said here of its beats.
            self.i.ready.eq(skid.i.ready & ~waits),
            self.o_inside.eq(inside | skid.o.valid),
        ]
        m.d.comb += stalls.eq(closing & ~skid.i.ready)
        m.d.sync += waits.eq(stalls)
        if not self.direct:  # as skid.o_room and stalls, without what only a reset changes
            flows, keeps = self.tready | ~self.tvalid, skid.i.ready & ~(self.i.valid | waits)
            m.d.comb += self.o_room.eq((flows | keeps) & (skid.i.ready | ~waits))
        with m.If(skid.i.valid & skid.i.ready):
            m.d.sync += inside.eq(~skid.i.p.last)
        m.d.comb += [
            self.tdata.eq(skid.o.p.data),
            self.tkeep.eq(skid.o.p.keep),
            self.tlast.eq(skid.o.p.last),
            self.tvalid.eq(skid.o.valid),
            skid.o.ready.eq(self.tready),
        ]
        return m

    def _pins(self):
        return data.StructLayout({"data": 8 * self.lanes, "keep": self.lanes, "last": 1})

    def _keep(self):
        return Cat(self.i.p.count > n for n in range(self.lanes))
