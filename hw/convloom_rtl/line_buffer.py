"""The line buffer: four row banks, read at any byte offset of a row."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convloom.spec.config import ROW_BANKS, TABLE_ROWS
from convloom_rtl.aligner import Aligner
from convloom_rtl.kit.pipeline import delay_together
from convloom_rtl.payloads import issue, line_write, row_place, row_start
from convloom_rtl.primitives.memory import BlockMemory


class LineBuffer(wiring.Component):
    """Gives the cin_lanes bytes that an issue asks for, one issue per cycle, `LATENCY` cycles later.

    The row table tells where the row starts; a byte offset from there is a word `a` and a lane. Words a and a + 1
    are read (each bank keeps even and odd words apart) and rotated. Bytes outside the row, whatever they are, give
    way to the pad value at the end. Nothing here waits: the walker asks only for what is there.

    Members
    -------
    i_start, i_started : where a row begins
    i_write, i_writes : a word to be stored; it can be read from the next cycle on
    i_issue : what to fetch
    o_activations : cin_lanes int8
    """

    TABLE, ADDRESS = BlockMemory.LATENCY, 2
    BANKS, SELECT, PAD = BlockMemory.LATENCY, 1, 1
    LATENCY = TABLE + ADDRESS + BANKS + SELECT + Aligner.LATENCY + PAD
    LAST_READ = TABLE + ADDRESS  # cycles from an issue to the last read of what a row's end may give up

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_start": In(row_start(config)),
                "i_started": In(1),
                "i_write": In(line_write(config)),
                "i_writes": In(1),
                "i_issue": In(issue(config)),
                "o_activations": Out(data.ArrayLayout(signed(8), config.cin_lanes)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        bank, word, lane = self._address(m)
        pair, rotate = self._read(m, bank, word, lane)
        m.submodules.aligner = aligner = Aligner(self.config.cin_lanes)
        m.d.comb += [aligner.i_words.eq(pair), aligner.i_rotate.eq(rotate)]
        self._substitute_pads(m, aligner.o_word)
        return m

    def _address(self, m):
        """Bank, word and lane of the issue's first byte, TABLE + 1 cycles later."""
        m.submodules.table = table = BlockMemory(row_place(self.config), TABLE_ROWS)
        m.d.comb += [
            table.i_enable.eq(self.i_started),
            table.i_write_address.eq(self.i_start.number),
            table.i_data.eq(self.i_start.place),
            table.i_read_address.eq(self.i_issue.row),
        ]
        offset, row = self.i_issue.offset, self.i_issue.row[: (ROW_BANKS - 1).bit_length()]
        offset, row = delay_together(m, (offset, row), self.TABLE, "offset_and_bank")
        place = data.View(row_place(self.config), table.o_data)
        byte = Signal.like(self.i_issue.offset, name="byte", reset_less=True)
        bank = Signal(range(ROW_BANKS), reset_less=True)
        # The phase is the low bits of the row's first byte address; all of it wraps with the bank.
        m.d.sync += [byte.eq(Cat(place.phase, place.word) + offset), bank.eq(row)]
        lane_bits = (self.config.cin_lanes - 1).bit_length()
        return bank, byte[lane_bits:], byte[:lane_bits]

    def _read(self, m, bank, word, lane):
        """Words a and a + 1 as even and odd word, and by how many bytes to rotate the two."""
        half = self.config.bank_words // 2
        even_address = Signal(range(half), reset_less=True)
        odd_address = Signal(range(half), reset_less=True)
        is_odd = word[0]
        m.d.sync += [odd_address.eq(word[1:]), even_address.eq(word[1:] + is_odd)]
        reads = {}
        for n in range(ROW_BANKS):
            writes = Signal(name=f"writes_{n}")
            m.d.comb += writes.eq(self.i_writes & (self.i_write.bank == n))
            for kind, parity, address in (("even", 0, even_address), ("odd", 1, odd_address)):
                m.submodules[f"{kind}_{n}"] = store = BlockMemory(8 * self.config.cin_lanes, half)
                m.d.comb += [
                    store.i_enable.eq(writes & (self.i_write.word[0] == parity)),
                    store.i_write_address.eq(self.i_write.word[1:]),
                    store.i_data.eq(self.i_write.data),
                    store.i_read_address.eq(address),
                ]
                reads[kind, n] = store.o_data
        bank, rotate = delay_together(m, (bank, Cat(lane, is_odd)), 1 + self.BANKS, "bank_and_rotate")
        pair, rotate_pair = (
            Signal(16 * self.config.cin_lanes, reset_less=True),
            Signal.like(rotate, reset_less=True),
        )
        with m.Switch(bank):
            for n in range(ROW_BANKS):
                with m.Case(n):
                    m.d.sync += pair.eq(Cat(reads["even", n], reads["odd", n]))
        m.d.sync += rotate_pair.eq(rotate)
        return pair, rotate_pair

    def _substitute_pads(self, m, word):
        """The pad value in each lane that lies outside of the picture, told by what travelled with the issue."""
        lanes = self.config.cin_lanes
        low, high, value = delay_together(
            m, (self.i_issue.pad_low, self.i_issue.pad_high, self.i_issue.pad_value), self.LATENCY - 2, "pads"
        )
        inside, padded, pad = (
            Signal(lanes, reset_less=True),
            Signal(reset_less=True),
            Signal(8, reset_less=True),
        )
        m.d.sync += [inside[n].eq((low <= n) & (n < high)) for n in range(lanes)]
        m.d.sync += [padded.eq((low != 0) | (high != lanes)), pad.eq(value)]
        activations = Signal(8 * lanes, reset_less=True)
        m.d.sync += activations.eq(word)
        with m.If(padded):  # a path of its own: most issues have no pads, and simulation skips it
            m.d.sync += activations.eq(Cat(Mux(inside[n], word.word_select(n, 8), pad) for n in range(lanes)))
        m.d.comb += self.o_activations.eq(activations)
