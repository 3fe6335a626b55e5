"""The output slots: where results wait for their turn on the output stream."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convloom_rtl.kit.stream import Queue
from convloom_rtl.payloads import piece, slot


class OutputSlots(wiring.Component):
    """Puts the requantiser's pieces together to slots and queues these. A piece per cycle in, a slot per cycle out.

    There is no back-pressure on pieces: the issue gate reserves a slot before it lets a tile's first issue through.

    Members
    -------
    i_piece, i_valid : pieces, those of a slot one behind the other
    o : slots, in order
    o_released : pulse: a slot is free again
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_piece": In(piece(config)),
                "i_valid": In(1),
                "o": Out(stream.Signature(slot(config))),
                "o_released": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = Queue(slot(self.config), self.config.output_slots, block=True)
        connect(m, queue.o, flipped(self.o))
        m.d.comb += [
            queue.i.valid.eq(self.i_valid & self.i_piece.slot_end),
            queue.i.p.data.eq(self._gather(m)),
            queue.i.p.count.eq(self.i_piece.count),
            queue.i.p.last.eq(self.i_piece.last),
            self.o_released.eq(self.o.valid & self.o.ready),
        ]
        return m

    def _gather(self, m):
        """The slot's bytes, complete with its last piece."""
        bytes_in = self.i_piece.data.as_value()
        earlier = Signal(8 * (self.config.cout_lanes - self.config.requant_lanes), reset_less=True)
        whole = Cat(earlier, bytes_in)
        with m.If(self.i_valid):
            m.d.sync += earlier.eq(whole[len(bytes_in) :])
        return whole
