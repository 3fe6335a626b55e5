"""The line buffer: four row banks, read at any byte offset of a row."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec.config import ROW_BANKS, TABLE_ROWS

from convloom_rtl.aligner import Aligner
from convloom_rtl.kit.pipeline import delay, delay_together
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
    o_column : where there is depthwise: cout_lanes int8 of each of the four rows from the issue's row on, the same
        bytes of each row; COLUMN_LATENCY cycles later. Told by their difference (XOR) from the pad value
    """

    TABLE, ADDRESS = BlockMemory.LATENCY, 2
    BANKS, SELECT, PAD = BlockMemory.LATENCY, 1, 1
    LATENCY = TABLE + ADDRESS + BANKS + SELECT + Aligner.LATENCY + PAD
    COLUMN_LATENCY = TABLE + ADDRESS + BANKS + SELECT + 2
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
                **(
                    {"o_column": Out(data.ArrayLayout(8 * config.cout_lanes, ROW_BANKS))}
                    if config.depthwise
                    else {}
                ),
            }
        )

    def elaborate(self, platform):
        m = Module()
        bytes_ = self._addresses(m)
        pair, rotate = self._read(m, bytes_)
        m.submodules.aligner = aligner = Aligner(self.config.cin_lanes)
        m.d.comb += [aligner.i_words.eq(pair), aligner.i_rotate.eq(rotate)]
        self._substitute_pads(m, aligner.o_word)
        return m

    def _addresses(self, m):
        """For each row table the address of the issue's first byte in its bank, TABLE + 1 cycles later.

        Dense issues read one row: one table for all is enough. Where there is depthwise each bank has its own, and
        gets the one row of the four from the issue's on that lies in it.
        """
        tables = ROW_BANKS if self.config.depthwise else 1
        bits = (tables - 1).bit_length()
        offset = delay(m, self.i_issue.offset, self.TABLE, "offset")
        addresses = []
        for n in range(tables):
            table = BlockMemory(row_place(self.config), TABLE_ROWS // tables)
            m.submodules[f"table_{n}"] = table
            m.d.comb += [
                table.i_enable.eq(self.i_started & (self.i_start.number[:bits] == n)),
                table.i_write_address.eq(self.i_start.number[bits:]),
                table.i_data.eq(self.i_start.place),
                table.i_read_address.eq((self.i_issue.row + (tables - 1 - n))[bits:]),
            ]
            place = data.View(row_place(self.config), table.o_data)
            byte = Signal.like(self.i_issue.offset, name=f"byte_{n}", reset_less=True)
            # The phase is the low bits of the row's first byte address; all of it wraps with the bank.
            m.d.sync += byte.eq(Cat(place.phase, place.word) + offset)
            addresses.append(byte)
        return addresses

    def _read(self, m, bytes_):
        """Words a and a + 1 as even and odd word, and by how many bytes to rotate the two."""
        half = self.config.bank_words // 2
        lane_bits = (self.config.cin_lanes - 1).bit_length()
        addresses, rotates = [], []
        for n, byte in enumerate(bytes_):
            word, is_odd = byte[lane_bits:], byte[lane_bits]
            even = Signal(range(half), name=f"even_address_{n}", reset_less=True)
            odd = Signal(range(half), name=f"odd_address_{n}", reset_less=True)
            m.d.sync += [odd.eq(word[1:]), even.eq(word[1:] + is_odd)]
            addresses.append((even, odd))
            rotates.append(delay(m, byte[: lane_bits + 1], 1 + self.BANKS, f"rotate_{n}"))
        pairs = [self._bank(m, n, *addresses[n % len(addresses)]) for n in range(ROW_BANKS)]
        bank_bits = (ROW_BANKS - 1).bit_length()
        bank = delay(m, self.i_issue.row[:bank_bits], self.TABLE + self.ADDRESS + self.BANKS, "bank")
        pair, rotate = (
            Signal(16 * self.config.cin_lanes, reset_less=True),
            Signal(lane_bits + 1, reset_less=True),
        )
        with m.Switch(bank):
            for n in range(ROW_BANKS):
                with m.Case(n):
                    m.d.sync += [pair.eq(pairs[n]), rotate.eq(rotates[n % len(rotates)])]
        if self.config.depthwise:
            self._column(m, bank, pairs, rotates)
        return pair, rotate

    def _bank(self, m, n, even_address, odd_address):
        """A bank's two memories. Returns the words that they read, even and odd."""
        writes = Signal(name=f"writes_{n}")
        m.d.comb += writes.eq(self.i_writes & (self.i_write.bank == n))
        words = []
        for kind, parity, address in (("even", 0, even_address), ("odd", 1, odd_address)):
            store = BlockMemory(8 * self.config.cin_lanes, self.config.bank_words // 2)
            m.submodules[f"{kind}_{n}"] = store
            m.d.comb += [
                store.i_enable.eq(writes & (self.i_write.word[0] == parity)),
                store.i_write_address.eq(self.i_write.word[1:]),
                store.i_data.eq(self.i_write.data),
                store.i_read_address.eq(address),
            ]
            words.append(store.o_data)
        return Cat(words)

    def _column(self, m, bank, pairs, rotates):
        """The four rows' channels: their bytes of each bank, then in row order, then pads."""
        cout = self.config.cout_lanes
        order = delay(m, bank, 1, "column_order")
        pads = delay(m, self.i_issue.pad_rows, self.COLUMN_LATENCY - 1, "pad_rows")
        value = delay(m, self.i_issue.pad_value, self.COLUMN_LATENCY - 1, "column_pad")
        vectors = [Signal(8 * cout, name=f"vector_{n}", reset_less=True) for n in range(ROW_BANKS)]
        m.d.sync += [
            vector.eq(self._channels(pair, rotate))
            for vector, pair, rotate in zip(vectors, pairs, rotates, strict=True)
        ]
        for row in range(ROW_BANKS):
            chosen = Signal(8 * cout, name=f"row_{row}", reset_less=True)
            with m.Switch(order):
                for n in range(ROW_BANKS):
                    with m.Case(n):
                        m.d.sync += chosen.eq(vectors[(n + row) % ROW_BANKS])
            m.d.sync += self.o_column[row].eq(Mux(pads[row], 0, chosen ^ value.replicate(cout)))

    def _channels(self, pair, rotate):
        """The cout_lanes bytes that `rotate` points to: aligned, they lie within a word, or fill one or two."""
        cin, cout = self.config.cin_lanes, self.config.cout_lanes
        if cout > cin:
            return Mux(rotate[-1], Cat(pair[8 * cin :], pair[: 8 * cin]), pair)
        return pair.word_select(rotate[(cout - 1).bit_length() :], 8 * cout)

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
