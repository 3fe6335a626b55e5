"""Cuts the parameter section of a job packet into its records."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec.job import RECORD_BYTES

from convloom_rtl.payloads import RecordLayout


class RecordUnpacker(wiring.Component):
    """Records of 16 bytes from beats of `lanes` bytes, a beat per cycle, or a record where a beat holds several.

    Members
    -------
    i : beats
    i_final : the record that comes next is the section's last: what follows it in the beat is filling
    o : records
    o_empties : within a section, a beat that comes, or stays, in the next cycle is then taken
    """

    def __init__(self, lanes):
        self.lanes = lanes
        super().__init__(
            {
                "i": In(stream.Signature(8 * lanes)),
                "i_final": In(1),
                "o": Out(stream.Signature(RecordLayout, always_ready=True)),
                "o_empties": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        if self.lanes <= RECORD_BYTES:
            self._gather(m, RECORD_BYTES // self.lanes)
        else:
            self._spread(m, self.lanes // RECORD_BYTES)
        return m

    def _gather(self, m, beats):
        earlier = Signal(8 * (RECORD_BYTES - self.lanes), reset_less=True)
        beat = Signal(range(beats))
        last = beat == beats - 1
        m.d.comb += [
            self.o.p.eq(Cat(earlier, self.i.p)),
            self.o.valid.eq(self.i.valid & last),
            self.i.ready.eq(1),
            self.o_empties.eq(1),
        ]
        with m.If(self.i.valid):
            m.d.sync += beat.eq(beat + 1)
            with m.Switch(beat):  # each part in its place, so that there is no register for what nobody reads
                for n in range(beats - 1):
                    with m.Case(n):
                        m.d.sync += earlier.word_select(n, 8 * self.lanes).eq(self.i.p)

    def _spread(self, m, records):
        record, following = Signal(range(records)), Signal(range(records))
        m.d.comb += [
            self.o.p.eq(self.i.p.word_select(record, 8 * RECORD_BYTES)),
            self.o.valid.eq(self.i.valid),
            self.i.ready.eq((record == records - 1) | self.i_final),
            following.eq(record + self.i.valid),
            self.o_empties.eq(following == records - 1),
        ]
        m.d.sync += record.eq(Mux(self.i.valid & self.i.ready, 0, following))
