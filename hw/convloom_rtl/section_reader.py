"""Streams the two long sections of a job packet, parameters and weights, to their rings."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import ErrorCode

from convloom_rtl.payloads import DESCRIPTOR_SHAPES, RecordLayout, beat
from convloom_rtl.record_unpacker import RecordUnpacker


class SectionReader(wiring.Component):
    """One beat per cycle and one cycle of latency. What a packet lacks is completed with zeros, every other cycle, so
    that both sections always come whole.

    Members
    -------
    i_reads : a job's sections may follow, or have begun: high up to o_done. The first beat is read ahead, and forgotten
        if they do not follow, as is one that is read too many behind them
    i_start : pulse: the sections of a job begin; i_k_tiles and i_words, its sizes, which have been found to fit the
        rings, are held from then on
    i : beats; i_open: the packet goes on (low: nothing more comes)
    o_records, o_weights : the parameters, then the weights lane by lane
    o_done : pulse: the last weights are being taken
    o_code : with o_done: NONE, JOB_SHORT or JOB_LONG
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_reads": In(1),
                "i_start": In(1),
                "i_k_tiles": In(DESCRIPTOR_SHAPES["k_tiles"]),
                "i_words": In(DESCRIPTOR_SHAPES["words_in_all"]),
                "i": In(stream.Signature(beat(config.cin_lanes))),
                "i_open": In(1),
                "o_records": Out(stream.Signature(RecordLayout)),
                "o_weights": Out(stream.Signature(8 * config.cin_lanes)),
                "o_done": Out(1),
                "o_code": Out(range(len(ErrorCode))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.unpacker = unpacker = RecordUnpacker(self.config.cin_lanes)
        in_records, in_weights = Signal(), Signal()  # the section that is being read, if one is
        full, ends, short = Signal(), Signal(), Signal()
        goes, whole, room, comes = Signal(), Signal(), Signal(), Signal()
        unit, final = Signal(), Signal()
        content = self._content(m, full, goes)
        m.d.comb += [
            whole.eq(self.i_open & self.i.p.count[-1]),  # lanes are a power of two
            # A beat that is not whole waits until there is no other, so that its zeros need not know which leaves.
            goes.eq((in_records & unpacker.i.ready) | (in_weights & self.o_weights.ready)),
            room.eq(~full | (goes & whole)),
            comes.eq(self.i.valid | ~self.i_open),
            self.i.ready.eq(self.i_reads & self.i_open & room),
            unpacker.i.p.eq(content),
            unpacker.i.valid.eq(in_records & full),
            unpacker.i_final.eq(final),
            self.o_records.p.eq(unpacker.o.p),
            self.o_records.valid.eq(unpacker.o.valid),
            unpacker.o.ready.eq(self.o_records.ready),
            self.o_weights.p.eq(content),
            self.o_weights.valid.eq(in_weights & full),
            unit.eq(
                (self.o_records.valid & self.o_records.ready) | (self.o_weights.valid & self.o_weights.ready)
            ),
            final.eq(self._count(m, unit, in_weights)),
            self.o_done.eq(in_weights & unit & final),
        ]
        with m.If(self.i_start):
            m.d.sync += in_records.eq(1)
        with m.If(unit & final):
            m.d.sync += [in_records.eq(0), in_weights.eq(in_records)]
        with m.If(~self.i_reads):
            m.d.sync += [full.eq(0), short.eq(0)]
        with m.Elif(room):
            m.d.sync += [full.eq(comes), ends.eq(self.i.p.last)]
            with m.If(comes & ~whole):
                m.d.sync += short.eq(1)
        with m.Elif(goes):
            m.d.sync += full.eq(0)
        with m.If(short):
            m.d.comb += self.o_code.eq(ErrorCode.JOB_SHORT)
        with m.Elif(~ends):
            m.d.comb += self.o_code.eq(ErrorCode.JOB_LONG)
        return m

    def _count(self, m, unit, in_weights):
        """Whether the record, or the word's lane, on its way is the section's last; `unit`: it leaves."""
        # Of the tiles of records, or words: the number of the next one, from 1 on, and whether this one is the last.
        most = max(self.config.parameter_words // self.config.passes, self.config.weight_words)
        next_row, is_last_row = Signal(range(most + 2), init=2), Signal()
        tiles, words = (size[: most.bit_length()] for size in (self.i_k_tiles, self.i_words))
        lane = Signal(self.config.cout_lanes, init=1)  # one-hot
        final = lane[-1] & is_last_row
        with m.If(unit):
            m.d.sync += lane.eq(lane.rotate_left(1))
            with m.If(lane[-1]):
                m.d.sync += [
                    next_row.eq(next_row + 1),
                    is_last_row.eq(next_row == Mux(in_weights, words, tiles)),
                ]
            with m.If(final):
                m.d.sync += [next_row.eq(2), is_last_row.eq(words == 1)]
        with m.If(self.i_start):
            m.d.sync += is_last_row.eq(tiles == 1)
        return final

    def _content(self, m, full, goes):
        """The beat that was read last; what is not there of it is zeros. Where none is read, it follows the input."""
        lanes = self.config.cin_lanes
        content = Signal(data.ArrayLayout(8, lanes), reset_less=True)
        there = ~(Const(-1, lanes) << Mux(self.i_open, self.i.p.count, 0))
        with m.If(~full | goes):
            m.d.sync += content.eq(self.i.p.data)
        for n in range(lanes):
            with m.If(~full & ~there[n]):
                m.d.sync += content[n].eq(0)
        return content.as_value()
