"""A ring of reports in a block memory."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from convloom.spec.registers import REPORT_STRIDE

from convloom_rtl.payloads import ReportAccess
from convloom_rtl.primitives.memory import BlockMemory


class ReportRing(wiring.Component):
    """Keeps `depth` reports of REPORT_STRIDE words. One that is begun when all places are taken is dropped.

    Parameters
    ----------
    depth : a power of two

    Members
    -------
    i_write, i_number, i_word : a word of the newest report and its number; word `first` comes first
    i_ended : pulse: the newest report is complete
    o : the oldest report; a pop of none does nothing
    """

    def __init__(self, depth, first=0):
        self.depth, self.first = depth, first
        super().__init__(
            {
                "i_write": In(1),
                "i_number": In(range(REPORT_STRIDE)),
                "i_word": In(32),
                "i_ended": In(1),
                "o": In(ReportAccess),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.words = words = BlockMemory(32, REPORT_STRIDE * self.depth)
        oldest, newest = Signal(range(self.depth)), Signal(range(self.depth))
        waiting = Signal(range(self.depth + 1))
        begins, place, had_place, kept, popped = Signal(), Signal(), Signal(), Signal(), Signal()
        # A place that is free for the first word stays so: pops only make more room.
        m.d.comb += [
            begins.eq(self.i_number == self.first),
            place.eq(Mux(begins, waiting != self.depth, had_place)),
            kept.eq(self.i_ended & had_place),
            popped.eq(self.o.pop & (waiting != 0)),
            words.i_read_address.eq(Cat(self.o.index, oldest)),
            self.o.word.eq(words.o_data),
            self.o.waiting.eq(waiting),
            self.o.lost.eq(self.i_ended & ~had_place),
        ]
        with m.If(self.i_write):
            m.d.sync += had_place.eq(place)
        m.d.sync += [  # written a cycle later, still before anyone is told
            words.i_enable.eq(self.i_write & place),
            words.i_write_address.eq(Cat(self.i_number, newest)),
            words.i_data.eq(self.i_word),
        ]
        m.d.sync += [
            newest.eq(newest + kept),
            oldest.eq(oldest + popped),
            waiting.eq(waiting + kept - popped),
        ]
        return m
