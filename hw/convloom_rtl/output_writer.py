"""Packs slots of any number of valid bytes into the dense beats of an output packet."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.payloads import beat, slot

FOURS = 2  # bits of a lane's number below the fours


class OutputWriter(wiring.Component):
    """A slot per cycle in, a beat of cout_lanes bytes per cycle out; `LATENCY` cycles.

    Three steps, a register behind each: where the slot's first byte comes to lie in the beat, and a rotation by
    whole fours of lanes; by the lanes left of it; what fits the beat joined with the rest of earlier slots. What does
    not fit is the new rest; the last slot of a packet, where it leaves one, is followed by a flush.

    Members
    -------
    i : slots
    o : beats; a packet ends with the slot that is marked last
    """

    LATENCY = 3

    def __init__(self, config):
        self.lanes = config.cout_lanes
        self.slot = slot(config)
        super().__init__({"i": In(stream.Signature(self.slot)), "o": Out(stream.Signature(beat(self.lanes)))})

    def elaborate(self, platform):
        m = Module()
        moves = Signal()
        m.d.comb += moves.eq(self.o.ready | ~self.o.valid)
        place, placed = self._place(m, moves)
        rotated = Signal(8 * self.lanes, reset_less=True)
        turned, joins = Signal.like(place, reset_less=True), Signal()
        with m.If(moves):
            m.d.sync += [
                joins.eq(placed),
                turned.eq(place),
                rotated.eq(_rotate(place.data, place.at, range(FOURS))),
            ]
        self._join(m, moves, turned, rotated, joins)
        return m

    def _place(self, m, moves):
        """The slot, and where its first byte comes to lie in the beat that is being filled."""
        lanes = self.lanes
        place = Signal(_place(lanes), reset_less=True)
        placed, flushing = Signal(), Signal()
        at, end = Signal(range(lanes)), Signal(range(2 * lanes + 1))
        fills, leaves_rest = Signal(), Signal()
        m.d.comb += [
            end.eq(at + self.i.p.count),
            fills.eq(end >= lanes),
            leaves_rest.eq(self.i.p.last & (end > lanes)),
            self.i.ready.eq(moves & ~flushing),
        ]
        with m.If(moves):
            m.d.sync += [
                placed.eq(self.i.valid | flushing),
                place.data.eq(_rotate(self.i.p.data, at, range(FOURS, len(at)))),
                place.at.eq(at),
                place.flush.eq(flushing),
            ]
            with m.If(flushing):
                m.d.sync += [
                    at.eq(0),
                    flushing.eq(0),
                    place.count.eq(at),
                    place.last.eq(1),
                    place.emits.eq(1),
                ]
            with m.Elif(self.i.valid):
                m.d.sync += [
                    at.eq(Mux(self.i.p.last & ~leaves_rest, 0, Mux(fills, end - lanes, end))),
                    flushing.eq(leaves_rest),
                    place.count.eq(Mux(fills, lanes, end)),
                    place.last.eq(self.i.p.last & ~leaves_rest),
                    place.emits.eq(fills | self.i.p.last),
                ]
        return place, placed

    def _join(self, m, moves, turned, rotated, joins):
        """The rest of earlier slots below lane `at`, the slot from there on; its wrapped bytes are the next rest."""
        rest = Signal(data.ArrayLayout(8, self.lanes), reset_less=True)
        result = Signal(self.o.p.shape(), reset_less=True)
        m.d.comb += self.o.p.eq(result)
        with m.If(moves):
            m.d.sync += self.o.valid.eq(joins & turned.emits)
        # Without a slot it keeps what it has: what a memory holds that was never written must not leave.
        with m.If(moves & joins):
            m.d.sync += [result.count.eq(turned.count), result.last.eq(turned.last)]
        for n in range(self.lanes):
            is_filled, byte = (turned.at > n) | turned.flush, rotated.word_select(n, 8)
            with m.If(moves & joins):
                m.d.sync += result.data[n].eq(Mux(is_filled, rest[n], byte))
            with m.If(moves & joins & (turned.emits | ~is_filled)):
                m.d.sync += rest[n].eq(byte)


def _rotate(lanes, at, exponents):
    """The lanes moved up by what these bits of `at` say; those beyond the top come in again below."""
    word = Value.cast(lanes)
    for exponent in exponents:
        if exponent < len(at):
            word = Mux(at[exponent], word.rotate_left(8 << exponent), word)
    return word


def _place(lanes):
    """A slot on its way into a beat."""
    return data.StructLayout(
        {
            "data": data.ArrayLayout(8, lanes),
            "at": range(lanes),
            "count": range(lanes + 1),  # valid bytes of the beat
            "emits": 1,
            "last": 1,
            "flush": 1,
        }
    )
