"""Streams the two long sections of a job packet, parameters and weights, to their rings."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import ErrorCode

from convloom_rtl.payloads import DESCRIPTOR_SHAPES, RecordLayout, beat
from convloom_rtl.record_unpacker import RecordUnpacker


class SectionReader(wiring.Component):
    """One beat per cycle. What a packet lacks is completed with zeros, so that both sections always come whole.

    Members
    -------
    i_start : pulse: the sections of a job begin; i_k_tiles and i_words, its sizes, are held from then on
    i : beats; i_open: the packet goes on (low: nothing more comes)
    o_records, o_weights : the parameters, then the weights lane by lane
    o_done : pulse: the last weights are being taken
    o_code : with o_done: NONE, JOB_SHORT or JOB_LONG
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
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
        there, taken, unit, final = Signal(), Signal(), Signal(), Signal()
        short = Signal()
        beat_in = self.i.p
        content = Cat(
            Mux(self.i_open & (~beat_in.last | (n < beat_in.count)), byte, 0)
            for n, byte in enumerate(beat_in.data)
        )
        m.d.comb += [there.eq(self.i.valid | ~self.i_open), self.i.ready.eq(taken & self.i_open)]
        m.d.comb += [unpacker.i.p.eq(content), self.o_weights.p.eq(content), unpacker.i_final.eq(final)]
        m.d.comb += [self.o_records.p.eq(unpacker.o.p), unpacker.o.ready.eq(self.o_records.ready)]

        rows = Signal(DESCRIPTOR_SHAPES["words_in_all"])  # tiles of records, or words, still to come
        lane = Signal(range(self.config.cout_lanes))
        m.d.comb += final.eq((rows == 1) & (lane == self.config.cout_lanes - 1))
        with m.If(unit):
            m.d.sync += lane.eq(lane + 1)
            with m.If(lane == self.config.cout_lanes - 1):
                m.d.sync += [lane.eq(0), rows.eq(rows - 1)]

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [rows.eq(self.i_k_tiles), short.eq(0)]
                with m.If(self.i_start):
                    m.next = "RECORDS"
            with m.State("RECORDS"):
                m.d.comb += [unpacker.i.valid.eq(there), taken.eq(there & unpacker.i.ready)]
                m.d.comb += [
                    self.o_records.valid.eq(unpacker.o.valid),
                    unit.eq(unpacker.o.valid & self.o_records.ready),
                ]
                with m.If(unit & final):
                    m.d.sync += rows.eq(self.i_words)
                    m.next = "WEIGHTS"
            with m.State("WEIGHTS"):
                m.d.comb += [
                    self.o_weights.valid.eq(there),
                    taken.eq(there & self.o_weights.ready),
                    unit.eq(taken),
                ]
                with m.If(unit & final):
                    m.d.comb += self.o_done.eq(1)
                    m.next = "IDLE"

        lacking = ~self.i_open | (beat_in.last & (beat_in.count != self.config.cin_lanes))
        with m.If(taken & lacking):
            m.d.sync += short.eq(1)
        with m.If(short | lacking):
            m.d.comb += self.o_code.eq(ErrorCode.JOB_SHORT)
        with m.Elif(~beat_in.last):
            m.d.comb += self.o_code.eq(ErrorCode.JOB_LONG)
        return m
