"""Choices among words: what takes most of an engine's LUTs, and takes half as many where a chip is told how."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.chips import chip_of


class Choice(wiring.Component):
    """One of `count` words, two or more. There is no register between the words and the chosen one.

    Members
    -------
    i_words : `count` words of `width` bits
    i_choice : which of them, a cycle ahead of the words
    o_word : that one, in the cycle of the words
    """

    LATENCY = 1  # from the choice

    def __init__(self, width, count):
        self.width, self.count = width, count
        super().__init__(
            {
                "i_words": In(data.ArrayLayout(width, count)),
                "i_choice": In(range(count)),
                "o_word": Out(width),
            }
        )

    def elaborate(self, platform):
        chip = chip_of(platform)
        form = chip.choice(self) if chip else None
        return self._portable() if form is None else form

    def _portable(self):
        m = Module()
        choice = Signal.like(self.i_choice, reset_less=True)
        m.d.sync += choice.eq(self.i_choice)
        with m.Switch(choice):
            for n in range(self.count):
                with m.Case(n):
                    m.d.comb += self.o_word.eq(self.i_words[n])
        return m


class Splice(wiring.Component):
    """Words put together of the lanes of a pair of words, which is one of `pairs`. Without a register, as Choice.

    Members
    -------
    i_words : the pairs' words, an even and an odd one each
    i_pair : which pair, a cycle ahead of the words
    i_odd : the bits that come from the odd word, likewise; those of a lane are alike
    o_word : the word, in the cycle of the words
    """

    LATENCY = 1  # from the choice

    def __init__(self, lanes, pairs):
        self.lanes, self.pairs = lanes, pairs
        super().__init__(
            {
                "i_words": In(data.ArrayLayout(8 * lanes, 2 * pairs)),
                "i_pair": In(range(pairs)),
                "i_odd": In(8 * lanes),
                "o_word": Out(8 * lanes),
            }
        )

    def elaborate(self, platform):
        chip = chip_of(platform)
        form = chip.splice(self) if chip else None
        return self._portable() if form is None else form

    def _portable(self):
        m = Module()
        pair, odd = Signal.like(self.i_pair, reset_less=True), Signal.like(self.i_odd, reset_less=True)
        m.d.sync += [pair.eq(self.i_pair), odd.eq(self.i_odd)]
        with m.Switch(pair):
            for n in range(self.pairs):
                with m.Case(n):
                    even_word, odd_word = self.i_words[2 * n], self.i_words[2 * n + 1]
                    m.d.comb += self.o_word.eq((odd_word & odd) | (even_word & ~odd))
        return m
