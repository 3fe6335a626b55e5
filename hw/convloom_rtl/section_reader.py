"""Streams the two long sections of a job packet, parameters and weights, to their rings."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import ErrorCode

from convloom_rtl.payloads import DESCRIPTOR_SHAPES, RecordLayout, beat
from convloom_rtl.record_unpacker import RecordUnpacker


class SectionReader(wiring.Component):
    """One beat per cycle and one cycle of latency. What a packet lacks is completed with zeros, so that both sections
    always come whole.

    Members
    -------
    i_ahead : a job's sections may follow: its first beat is read ahead, and forgotten if they do not
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
                "i_ahead": In(1),
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
        full, ends, short = Signal(), Signal(), Signal()
        wanted, leaves, unit, final = Signal(), Signal(), Signal(), Signal()
        room = leaves | ~full
        loads = wanted & room & (self.i.valid | ~self.i_open)
        content = self._content(m, room)
        m.d.comb += [
            self.i.ready.eq(loads & self.i_open),
            unpacker.i.p.eq(content),
            unpacker.i_final.eq(final),
            self.o_records.p.eq(unpacker.o.p),
            unpacker.o.ready.eq(self.o_records.ready),
            self.o_weights.p.eq(content),
        ]
        with m.If(loads):
            m.d.sync += [full.eq(1), ends.eq(self.i.p.last)]
            m.d.sync += short.eq(short | ~self.i_open | (self.i.p.count != self.config.cin_lanes))
        with m.Elif(leaves):
            m.d.sync += full.eq(0)

        # Of the tiles of records, or words: the number of the next one, from 1 on, and whether this one is the last.
        most = max(self.config.parameter_words // self.config.passes, self.config.weight_words)
        next_row, rows, is_last_row = Signal(range(most + 2), init=2), Signal(range(most + 1)), Signal()
        lanes = self.config.cout_lanes
        lane, is_last_lane = Signal(range(lanes)), Signal(init=lanes == 1)
        m.d.comb += final.eq(is_last_lane & is_last_row)
        with m.If(unit):
            m.d.sync += [lane.eq(lane + 1), is_last_lane.eq((lane + 2 == lanes) | (lanes == 1))]
            with m.If(is_last_lane):
                m.d.sync += [lane.eq(0), next_row.eq(next_row + 1), is_last_row.eq(next_row == rows)]
            with m.If(final):
                m.d.sync += [next_row.eq(2), is_last_row.eq(self.i_words[: len(rows)] == 1)]

        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += wanted.eq(self.i_ahead)
                m.d.sync += is_last_row.eq(self.i_k_tiles[: len(rows)] == 1)
                with m.If(self.i_start):
                    m.next = "RECORDS"
                with m.Elif(~self.i_ahead):
                    m.d.sync += [full.eq(0), short.eq(0)]
            with m.State("RECORDS"):
                m.d.comb += [
                    wanted.eq(1),
                    rows.eq(self.i_k_tiles),
                    unpacker.i.valid.eq(full),
                    leaves.eq(full & unpacker.i.ready),
                    self.o_records.valid.eq(unpacker.o.valid),
                    unit.eq(unpacker.o.valid & self.o_records.ready),
                ]
                with m.If(unit & final):
                    m.next = "WEIGHTS"
            with m.State("WEIGHTS"):
                m.d.comb += [
                    wanted.eq(~(full & final)),
                    rows.eq(self.i_words),
                    self.o_weights.valid.eq(full),
                    leaves.eq(full & self.o_weights.ready),
                    unit.eq(leaves),
                ]
                with m.If(unit & final):
                    m.d.comb += self.o_done.eq(1)
                    m.next = "IDLE"

        with m.If(short):
            m.d.comb += self.o_code.eq(ErrorCode.JOB_SHORT)
        with m.Elif(~ends):
            m.d.comb += self.o_code.eq(ErrorCode.JOB_LONG)
        return m

    def _content(self, m, room):
        """The beat that was read last; what is not there of it is zeros. Where none is read, it follows the input."""
        lanes = self.config.cin_lanes
        content = Signal(data.ArrayLayout(8, lanes), reset_less=True)
        valid = ~(Const(-1, lanes) << Mux(self.i_open, self.i.p.count, 0))
        with m.If(room):
            for n, byte in enumerate(self.i.p.data):
                m.d.sync += content[n].eq(Mux(valid[n], byte, 0))
        return content.as_value()
