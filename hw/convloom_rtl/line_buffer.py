"""The line buffer: four row banks, read at any byte offset of a row."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec.config import ROW_BANKS, TABLE_ROWS

from convloom_rtl.aligner import Aligner
from convloom_rtl.kit.pipeline import delay, delay_together
from convloom_rtl.payloads import issue, line_write, row_place, row_start
from convloom_rtl.primitives.choice import Choice, Splice
from convloom_rtl.primitives.memory import BlockMemory


class LineBuffer(wiring.Component):
    """Gives the cin_lanes bytes that an issue asks for, one issue per cycle, `latency` cycles later.

    The row table tells where the row starts; a byte offset from there is a word `a` and a lane. Words a and a + 1
    are read (each bank keeps even and odd words apart), spliced and rotated. Bytes outside the row, whatever they
    are, become pads: 0, as bytes are told by their difference (XOR) from the pad value. Nothing here waits: the
    walker asks only for what is there.

    Members
    -------
    i_start, i_started : where a row begins
    i_write, i_writes : a word to be stored; it can be read from the next cycle on
    i_issue : what to fetch
    o_activations : cin_lanes bytes
    o_column : where there is depthwise: cout_lanes int8 of each of the four rows from the issue's row on, the same
        bytes of each row; `column_latency` cycles later
    """

    ADDRESS, SELECT = 2, 1

    def __init__(self, config):
        self.config = config
        # Memories lie far apart on a chip: a register takes the way from them; not in the least engine, which is near.
        self.way = config.relay
        self.banks = BlockMemory.LATENCY + self.way
        self.table = 1 + self.banks
        self.last_read = (
            self.table + self.ADDRESS
        )  # cycles from an issue to the last read of what a row may give up
        words_there = self.last_read + self.banks
        self.latency = words_there + self.SELECT + Aligner.LATENCY
        self.column_latency = words_there + 2
        super().__init__(
            {
                "i_start": In(row_start(config)),
                "i_started": In(1),
                "i_write": In(line_write(config)),
                "i_writes": In(1),
                "i_issue": In(issue(config)),
                "o_activations": Out(data.ArrayLayout(8, config.cin_lanes)),
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
        words = self._banks(m, bytes_)
        self._dense(m, bytes_, words)
        if self.config.depthwise:
            self._column(m, bytes_, words)
        return m

    def _addresses(self, m):
        """For each row table the address of the issue's first byte in its bank, `table` + 1 cycles later.

        Dense issues read one row: one table for all is enough. Where there is depthwise each bank has its own, and
        gets the one row of the four from the issue's on that lies in it.
        """
        tables = ROW_BANKS if self.config.depthwise else 1
        bits = (tables - 1).bit_length()
        offset = delay(m, self.i_issue.offset, self.table, "offset")
        addresses = []
        for n in range(tables):
            table = BlockMemory(row_place(self.config), TABLE_ROWS // tables)
            m.submodules[f"table_{n}"] = table
            row = Signal(range(TABLE_ROWS // tables), name=f"row_{n}", reset_less=True)
            m.d.sync += row.eq((self.i_issue.row + (tables - 1 - n))[bits:])
            m.d.comb += [
                table.i_enable.eq(self.i_started & (self.i_start.number[:bits] == n)),
                table.i_write_address.eq(self.i_start.number[bits:]),
                table.i_data.eq(self.i_start.place),
                table.i_read_address.eq(row),
            ]
            place = delay(m, data.View(row_place(self.config), table.o_data), self.way, f"place_{n}")
            byte = Signal.like(self.i_issue.offset, name=f"byte_{n}", reset_less=True)
            # The phase is the low bits of the row's first byte address; all of it wraps with the bank.
            m.d.sync += byte.eq(Cat(place.phase, place.word) + offset)
            addresses.append(byte)
        return addresses

    def _banks(self, m, bytes_):
        """Each bank's words a and a + 1, as even and odd one."""
        lane_bits = (self.config.cin_lanes - 1).bit_length()
        words = []
        for n in range(ROW_BANKS):
            byte = bytes_[n % len(bytes_)]
            if n < len(bytes_):
                word, is_odd = byte[lane_bits:], byte[lane_bits]
                even = Signal(range(self.config.bank_words // 2), name=f"even_address_{n}", reset_less=True)
                odd = Signal.like(even, name=f"odd_address_{n}")
                m.d.sync += [odd.eq(word[1:]), even.eq(word[1:] + is_odd)]
            words.append(self._bank(m, n, even, odd))
        return words

    def _bank(self, m, n, even_address, odd_address):
        """A bank's two memories. Returns the words that they read, even and odd."""
        writes = Signal(name=f"writes_{n}")
        m.d.comb += writes.eq(self.i_writes & (self.i_write.bank == n))
        words = []
        for kind, parity, address in (("even", 0, even_address), ("odd", 1, odd_address)):
            place = "lines", 2 * n + parity
            store = BlockMemory(8 * self.config.cin_lanes, self.config.bank_words // 2, near=place)
            m.submodules[f"{kind}_{n}"] = store
            m.d.comb += [
                store.i_enable.eq(writes & (self.i_write.word[0] == parity)),
                store.i_write_address.eq(self.i_write.word[1:]),
                store.i_data.eq(self.i_write.data),
                store.i_read_address.eq(address),
            ]
            words.append(delay(m, store.o_data, self.way, f"{kind}_word_{n}"))
        return words

    def _dense(self, m, bytes_, words):
        """The bank's words spliced and rotated: lanes before the first byte's own take theirs from word a + 1."""
        lanes = self.config.cin_lanes
        lane_bits = (lanes - 1).bit_length()
        bank = self._bank_of_issue(m, self.table + 1, "bank")
        turn = Signal(lane_bits + 1, reset_less=True)  # the first byte within the two words
        with m.Switch(bank):
            for n in range(ROW_BANKS):
                with m.Case(n):
                    m.d.sync += turn.eq(bytes_[n % len(bytes_)])
        m.submodules.splice = splice = Splice(lanes, ROW_BANKS)
        m.submodules.aligner = aligner = Aligner(lanes)
        turn = delay(m, turn, self.banks - 1, "turn")
        spliced = Signal(8 * lanes, reset_less=True)
        m.d.comb += [
            Cat(splice.i_words).eq(Cat(words)),
            splice.i_pair.eq(delay(m, bank, self.banks, "bank_of_pair")),
            aligner.i_word.eq(spliced),
            aligner.i_rotate.eq(delay(m, turn[:lane_bits], 1, "rotate")),
            aligner.i_outside.eq(self._outside(m, lanes)),
            self.o_activations.eq(aligner.o_word),
        ]
        m.d.sync += spliced.eq(splice.o_word)
        ones = (1 << 8 * lanes) - 1
        with m.Switch(turn):
            for n in range(2 * lanes):
                with m.Case(n):
                    later = (1 << 8 * (n % lanes)) - 1
                    m.d.comb += splice.i_odd.eq(later if n < lanes else ones ^ later)

    def _outside(self, m, lanes):
        """A bit for each lane that lies outside of the picture, for the register that gives the word."""
        low, high = delay_together(m, (self.i_issue.pad_low, self.i_issue.pad_high), self.latency - 2, "pads")
        outside, ones = Signal(lanes, reset_less=True), Const(-1, lanes)
        m.d.sync += outside.eq(~(ones << low)[:lanes] | (ones << high)[:lanes])
        return outside

    def _bank_of_issue(self, m, cycles, name):
        return delay(m, self.i_issue.row[: (ROW_BANKS - 1).bit_length()], cycles, name)

    def _column(self, m, bytes_, words):
        """The four rows' channels: their bytes of each bank, then in row order, without those that are pad."""
        width = 8 * self.config.cout_lanes
        first = self._bank_of_issue(m, self.column_latency - 2, "column_bank")
        pads = delay(m, self.i_issue.pad_rows, self.column_latency - 1, "pad_rows")
        vectors = [Signal(width, name=f"vector_{n}", reset_less=True) for n in range(ROW_BANKS)]
        for n, vector in enumerate(vectors):
            m.d.sync += vector.eq(self._channels(m, n, bytes_[n], words[n]))
        for row in range(ROW_BANKS):
            m.submodules[f"order_{row}"] = order = Choice(width, ROW_BANKS)
            m.d.comb += order.i_choice.eq(first)
            m.d.comb += [order.i_words[n].eq(vectors[(n + row) % ROW_BANKS]) for n in range(ROW_BANKS)]
            channels = Signal(width, name=f"channels_of_row_{row}", reset_less=True)
            m.d.sync += channels.eq(Mux(pads[row], 0, order.o_word))
            m.d.comb += self.o_column[row].eq(channels)

    def _channels(self, m, bank, byte, words):
        """The bank's cout_lanes bytes from `byte` on: aligned, they lie within a word, or fill one or two."""
        cin, cout = self.config.cin_lanes, self.config.cout_lanes
        whole = Cat(words, words[0])
        count = max(2 * cin // cout, 2)
        first = byte[: (2 * cin - 1).bit_length()][-(count - 1).bit_length() :]
        m.submodules[f"channels_{bank}"] = choice = Choice(8 * cout, count)
        m.d.comb += choice.i_choice.eq(delay(m, first, self.banks, f"channel_{bank}"))
        m.d.comb += [choice.i_words[n].eq(whole[16 * cin // count * n :]) for n in range(count)]
        return choice.o_word
