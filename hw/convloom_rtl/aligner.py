"""Rotates a word so that the byte at any offset comes to lane 0."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.kit.pipeline import delay
from convloom_rtl.primitives.choice import Choice


class Aligner(wiring.Component):
    """The `lanes` bytes of `i_word` from byte `i_rotate` on, around its end. `LATENCY` cycles, one word per cycle.

    The first cycle moves by whole groups of four bytes, the second by single ones; each is one choice among whole
    words, which is fast in simulation and a wide multiplexer of few levels on a chip.

    Members
    -------
    i_word, i_rotate : the word and, a cycle ahead, by how many bytes
    i_outside : a bit for each lane of the outcome that is to be 0, a cycle behind the word
    o_word : the outcome
    """

    LATENCY = 2
    GROUP = 4

    def __init__(self, lanes):
        self.lanes = lanes
        super().__init__(
            {
                "i_word": In(8 * lanes),
                "i_rotate": In(range(lanes)),
                "i_outside": In(lanes),
                "o_word": Out(8 * lanes),
            }
        )

    def elaborate(self, platform):
        m = Module()
        bits = (self.GROUP - 1).bit_length()
        grouped = Signal(8 * self.lanes, reset_less=True)
        word = Signal(8 * self.lanes, reset_less=True)
        m.d.sync += grouped.eq(self._rotated(m, "groups", self.i_word, self.GROUP, self.i_rotate[bits:]))
        rotated = self._rotated(m, "bytes", grouped, 1, delay(m, self.i_rotate[:bits], 1, "single"))
        m.d.sync += word.eq(
            Cat(Mux(self.i_outside[n], 0, rotated.word_select(n, 8)) for n in range(self.lanes))
        )
        m.d.comb += self.o_word.eq(word)
        return m

    def _rotated(self, m, name, word, step, steps):
        """The word rotated by as many times `step` bytes as `steps` said a cycle before."""
        if not len(steps):
            return word
        count = 1 << len(steps)
        m.submodules[name] = choice = Choice(len(word), count)
        m.d.comb += choice.i_choice.eq(steps)
        m.d.comb += [choice.i_words[n].eq(word.rotate_right(8 * step * n)) for n in range(count)]
        return choice.o_word
