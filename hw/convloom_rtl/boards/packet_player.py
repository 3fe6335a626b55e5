"""A packet in a memory, sent over and over."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In

from convloom_rtl.packet_ports import axi_stream


class PacketPlayer(wiring.Component):
    """Sends one packet without end, a beat per cycle; the first comes a cycle after the reset.

    The word on offer is read anew in every cycle in which it waits. So it does not matter that an iCE40's block RAM
    gives zeros for some microseconds after it is configured: the engine takes nothing in its first 64 cycles.

    Parameters
    ----------
    packet : its bytes, one or more
    lanes : bytes of a beat

    Members
    -------
    tdata, tkeep, tlast, tvalid, tready : pins of an AXI stream
    """

    def __init__(self, packet, lanes):
        self.lanes = lanes
        beats = [packet[n : n + lanes] for n in range(0, len(packet), lanes)]
        self.words, self.last_bytes = [int.from_bytes(beat, "little") for beat in beats], len(beats[-1])
        super().__init__({**axi_stream(lanes), "tready": In(1)})

    def elaborate(self, platform):
        m = Module()
        depth = len(self.words)
        m.submodules.words = words = memory.Memory(shape=8 * self.lanes, depth=depth, init=self.words)
        read, beat = words.read_port(), Signal(range(depth))
        m.d.comb += [
            self.tdata.eq(read.data),
            self.tlast.eq(beat == depth - 1),
            self.tkeep.eq(Mux(self.tlast, (1 << self.last_bytes) - 1, (1 << self.lanes) - 1)),
            read.addr.eq(beat),
        ]
        with m.If(self.tvalid & self.tready):
            m.d.comb += read.addr.eq(Mux(self.tlast, 0, beat + 1))
        m.d.sync += [beat.eq(read.addr), self.tvalid.eq(1)]
        return m
