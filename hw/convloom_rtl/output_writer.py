"""Packs slots of any number of valid bytes into the dense beats of an output packet."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.kit.pipeline import copies
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
    i_room : o.ready of the next cycle; the least engine's does not ask
    o : beats; a packet ends with the slot that is marked last
    """

    LATENCY = 3

    def __init__(self, config):
        self.config, self.lanes = config, config.cout_lanes
        super().__init__(
            {
                "i": In(stream.Signature(slot(config))),
                "i_room": In(1),
                "o": Out(stream.Signature(beat(self.lanes))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        # All steps go on together, or none does. That stands before wide enables, so it is known a cycle ahead.
        if self.config.is_least:
            places = turns = joins = self.o.ready | ~self.o.valid
        else:
            will_move = Signal()
            places, turns, joins = copies(m, will_move, 3, "moves")
        place, placed = self._place(m, places)
        rotated = Signal(8 * self.lanes, reset_less=True)
        turned, is_turned = Signal.like(place, reset_less=True), Signal()
        filled = Signal(self.lanes, reset_less=True)  # of the lanes those of earlier slots
        with m.If(turns):
            m.d.sync += [
                is_turned.eq(placed),
                turned.eq(place),
                filled.eq(Cat((place.at > n) | place.flush for n in range(self.lanes))),
                rotated.eq(_rotate(place.data, place.at, range(FOURS))),
            ]
        will_be_valid = self._join(m, joins, is_turned, turned, filled, rotated)
        if not self.config.is_least:
            m.d.comb += will_move.eq(self.i_room | ~will_be_valid)
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

    def _join(self, m, moves, is_turned, turned, filled, rotated):
        """The rest of earlier slots in the lanes that it fills, the slot from there on; its wrapped bytes are the next
        rest. Returns o.valid of the next cycle.
        """
        rest = Signal(data.ArrayLayout(8, self.lanes), reset_less=True)
        result = Signal(self.o.p.shape(), reset_less=True)
        m.d.comb += self.o.p.eq(result)
        will_be_valid = Mux(moves, is_turned & turned.emits, self.o.valid)
        m.d.sync += self.o.valid.eq(will_be_valid)
        # Without a slot it keeps what it has: what a memory holds that was never written must not leave.
        with m.If(moves & is_turned):
            m.d.sync += [result.count.eq(turned.count), result.last.eq(turned.last)]
        for n in range(self.lanes):
            byte = rotated.word_select(n, 8)
            with m.If(moves & is_turned):
                m.d.sync += result.data[n].eq(Mux(filled[n], rest[n], byte))
            with m.If(moves & is_turned & (turned.emits | ~filled[n])):
                m.d.sync += rest[n].eq(byte)
        return will_be_valid


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
