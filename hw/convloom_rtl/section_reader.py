"""Streams the two long sections of a job packet, parameters and weights, to their rings."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import ErrorCode

from convloom_rtl.payloads import DESCRIPTOR_SHAPES, RecordLayout, input_beat
from convloom_rtl.record_unpacker import RecordUnpacker


class SectionReader(wiring.Component):
    """One beat per cycle and one cycle of latency. What a packet lacks is completed with zeros, so that both sections
    always come whole.

    The rings tell a cycle ahead whether they have room, so that registers alone say what moves.

    Members
    -------
    i_reads : a job's sections may follow, or have begun: high up to o_done. The first beat is read ahead, and forgotten
        if they do not follow, as is one that is read too many behind them. Where it is low, each beat is taken and
        forgotten from the second cycle on
    i_start : pulse: the sections of a job begin; i_k_tiles and i_words, its sizes, which have been found to fit the
        rings, are held from a cycle before on
    i : beats; i_open: the packet goes on (low: what comes is another's)
    o_takes : i.ready of the next cycle if the packet goes on in it
    i_records_room, i_weights_room : in the next cycle one more can be taken
    o_records, o_weights : the parameters, then the weights lane by lane. Where nothing has been read ahead, the
        payload of o_weights is the input's of the cycle before, whether or not it is read; what is not there is zeros
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
                "i": In(stream.Signature(input_beat(config.cin_lanes))),
                "o_takes": Out(1),
                "i_open": In(1),
                "i_records_room": In(1),
                "i_weights_room": In(1),
                "o_records": Out(stream.Signature(RecordLayout, always_ready=True)),
                "o_weights": Out(stream.Signature(8 * config.cin_lanes, always_ready=True)),
                "o_done": Out(1),
                "o_code": Out(range(len(ErrorCode))),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.unpacker = unpacker = RecordUnpacker(self.config.cin_lanes)
        in_records, in_weights = Signal(), Signal()  # the section that is being read, if one is
        next_records, next_weights = Signal(), Signal()  # ... in the next cycle
        record_goes, weights_go = Signal(), Signal()  # what there is of it leaves: there is room
        full, ends, short = Signal(), Signal(), Signal()
        takes = Signal(init=1)  # from the input
        comes, leaves, stays_full = Signal(), Signal(), Signal()
        record_will_go, weights_will_go = Signal(), Signal()
        unit, final, section_ends = Signal(), Signal(), Signal()
        content = self._content(m, takes)
        m.d.comb += [
            comes.eq(self.i.valid | ~self.i_open),
            leaves.eq(weights_go | (record_goes & unpacker.i.ready)),
            self.i.ready.eq(self.i_open & takes),
            unpacker.i.p.eq(content),
            unpacker.i.valid.eq(record_goes & full),
            unpacker.i_final.eq(final),
            self.o_records.p.eq(unpacker.o.p),
            self.o_records.valid.eq(unpacker.o.valid),
            self.o_weights.p.eq(content),
            self.o_weights.valid.eq(weights_go & full),
            unit.eq(self.o_records.valid | self.o_weights.valid),
            final.eq(self._count(m, unit, next_weights)),
            section_ends.eq(unit & final),
            self.o_done.eq(self.o_weights.valid & final),
            next_records.eq(self.i_start | (in_records & ~section_ends)),
            next_weights.eq(Mux(section_ends, in_records, in_weights)),
            record_will_go.eq(next_records & self.i_records_room),
            weights_will_go.eq(next_weights & self.i_weights_room),
            stays_full.eq(self.i_reads & Mux(takes, comes, full & ~leaves)),
            self.o_takes.eq(~stays_full | weights_will_go | (record_will_go & unpacker.o_empties)),
        ]
        m.d.sync += [
            in_records.eq(next_records),
            in_weights.eq(next_weights),
            full.eq(stays_full),
            record_goes.eq(record_will_go),
            weights_go.eq(weights_will_go),
        ]
        if self.config.is_least:
            m.d.comb += takes.eq(~full | leaves)
        else:  # the same, but from a register
            m.d.sync += takes.eq(self.o_takes)
        with m.If(takes):
            m.d.sync += ends.eq(self.i.p.last)
        is_whole = self.i_open & self.i.p.keep[-1]
        m.d.sync += short.eq(self.i_reads & (short | (takes & comes & ~is_whole)))
        with m.If(short):
            m.d.comb += self.o_code.eq(ErrorCode.JOB_SHORT)
        with m.Elif(~ends):
            m.d.comb += self.o_code.eq(ErrorCode.JOB_LONG)
        return m

    def _count(self, m, unit, next_weights):
        """Whether the record, or the word's lane, on its way is the section's last; `unit`: it leaves.

        What the rows are compared with is chosen and compared with 1 in front of registers: those of a job stand long.
        """
        # Of the tiles of records, or words: the number of the next one, from 1 on, and whether this one is the last.
        most = max(self.config.parameter_words // self.config.passes, self.config.weight_words)
        next_row, is_last_row = Signal(range(most + 2), init=2), Signal()
        tiles, words = (size[: most.bit_length()] for size in (self.i_k_tiles, self.i_words))
        rows, is_one_tile, is_one_word = Signal.like(next_row, reset_less=True), Signal(), Signal()
        m.d.sync += [
            rows.eq(Mux(next_weights, words, tiles)),
            is_one_tile.eq(tiles == 1),
            is_one_word.eq(words == 1),
        ]
        lane = Signal(self.config.cout_lanes, init=1)  # one-hot
        final = lane[-1] & is_last_row
        with m.If(unit):
            m.d.sync += lane.eq(lane.rotate_left(1))
            with m.If(lane[-1]):
                m.d.sync += [next_row.eq(next_row + 1), is_last_row.eq(next_row == rows)]
            with m.If(final):
                m.d.sync += [next_row.eq(2), is_last_row.eq(is_one_word)]
        with m.If(self.i_start):
            m.d.sync += is_last_row.eq(is_one_tile)
        return final

    def _content(self, m, takes):
        """The beat that was read last; what is not there of it is zeros. Where none is read, it follows the input."""
        lanes = self.config.cin_lanes
        content = Signal(data.ArrayLayout(8, lanes), reset_less=True)
        with m.If(takes):
            for n in range(lanes):
                is_there = self.i_open & self.i.p.keep[n]
                m.d.sync += content[n].eq(Mux(is_there, self.i.p.data[n], 0))
        return content.as_value()
