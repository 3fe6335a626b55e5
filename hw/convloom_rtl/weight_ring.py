"""The weights of the jobs in flight: a ring of words, each a vector for every dot product."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.kit.pipeline import copies
from convloom_rtl.kit.ring import count_spare, has_room
from convloom_rtl.primitives.memory import BlockMemory


class WeightRing(wiring.Component):
    """Takes weights a lane a cycle, gives them a word a cycle.

    What is taken is counted at once and written a cycle later, from registers by each lane's memory, which lie all over
    a chip; in the least engine at once.

    A word is written by cout_lanes beats, lane by lane, behind the word before. Words stay until they are freed,
    a job's at a time. A read takes `LATENCY` cycles, one word per cycle.

    Members
    -------
    i : stream of cin_lanes bytes, the next lane's part of a word
    o_room : in the next cycle there is room for one; it must not come otherwise
    i_last : with a transfer: those are a job's last
    o_loaded : pulse: a job's last weights are being written
    i_freed, i_free : in a cycle with i_free, i_freed words at the old end are given up
    i_address : word to read
    o_weights : cout_lanes vectors of cin_lanes int8
    """

    LATENCY = BlockMemory.LATENCY

    def __init__(self, config):
        self.config = config
        words, vector = config.weight_words, data.ArrayLayout(signed(8), config.cin_lanes)
        super().__init__(
            {
                "i": In(stream.Signature(8 * config.cin_lanes, always_ready=True)),
                "o_room": Out(1),
                "i_last": In(1),
                "o_loaded": Out(1),
                "i_freed": In(range(words + 1)),
                "i_free": In(1),
                "i_address": In(range(words)),
                "o_weights": Out(data.ArrayLayout(vector, config.cout_lanes)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        lanes, words = self.config.cout_lanes, self.config.weight_words
        lane, word = Signal(lanes, init=1), Signal(range(words))  # lane: one-hot
        completed, freed = Signal(), self._freed(m)
        # A word's last beat takes its room: what is not complete is free.
        m.d.comb += completed.eq(self.i.valid & lane[-1])
        if self.config.is_least:
            spare, _ = count_spare(m, words, freed, completed)
            m.d.comb += self.o_room.eq((spare >= 0) & ~((spare == 0) & completed))
        else:
            m.d.comb += self.o_room.eq(has_room(m, words, freed, completed))
        with m.If(self.i.valid):
            m.d.sync += lane.eq(lane.rotate_left(1))
        enables, written = (
            Signal(lanes),
            data.StructLayout({"word": word.shape(), "weights": self.i.p.shape()}),
        )
        write = Signal(written)
        m.d.comb += [write.word.eq(word), write.weights.eq(self.i.p)]
        registers, writes = (m.d.comb, [write] * lanes)
        if not self.config.is_least:
            registers, writes = m.d.sync, copies(m, write, lanes, "write")
        registers += [
            enables.eq(Mux(self.i.valid, lane, 0)),
            self.o_loaded.eq(self.i.valid & self.i_last),
        ]
        with m.If(completed):
            m.d.sync += word.eq(word + 1)
        for n in range(lanes):
            m.submodules[f"lane_{n}"] = store = BlockMemory(
                8 * self.config.cin_lanes, words, near=("products", n)
            )
            m.d.comb += [
                store.i_enable.eq(enables[n]),
                store.i_write_address.eq(writes[n].word),
                store.i_data.eq(writes[n].weights),
                store.i_read_address.eq(self.i_address),
                self.o_weights[n].eq(store.o_data),
            ]
        return m

    def _freed(self, m):
        """Words given up, less one, a register later: an adder of its own for each of the two steps."""
        freed = Signal(range(-1, self.config.weight_words), init=-1)
        with m.If(self.i_free):
            m.d.sync += freed.eq(self.i_freed - 1)
        with m.Else():
            m.d.sync += freed.eq(-1)
        return freed
