"""An AXI4-Lite port: the five channels on one side, reads and writes of 32-bit words on the other."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

ReadAnswer = data.StructLayout({"valid": 1, "data": 32, "error": 1})


def axi_lite_pins(address_bits):
    """The pins of a subordinate, by their AXI names in lower case without a prefix."""
    return {
        **{"awaddr": In(address_bits), "awprot": In(3), "awvalid": In(1), "awready": Out(1)},
        **{"wdata": In(32), "wstrb": In(4), "wvalid": In(1), "wready": Out(1)},
        **{"bresp": Out(2), "bvalid": Out(1), "bready": In(1)},
        **{"araddr": In(address_bits), "arprot": In(3), "arvalid": In(1), "arready": Out(1)},
        **{"rdata": Out(32), "rresp": Out(2), "rvalid": Out(1), "rready": In(1)},
    }


class AxiLitePort(wiring.Component):
    """One read at a time, answered two cycles and what the words take after its request; a write every third cycle.

    No path leads from pin to pin. A transfer in error is answered with SLVERR. Reads and writes do not
    wait for each other, and an address's two lowest bits do not matter.

    Members
    -------
    the pins of `axi_lite_pins`
    o_read : pulse: a word is to be read
    o_read_word : its number, held until the answer
    i_read : with `valid`, a pulse, what it holds, or that there is no such word; from the cycle of o_read on
    o_write, o_write_word : pulse and number of the word that is written
    o_write_data, o_write_mask : bits to write, and which bits are written; the others of o_write_data are 0
    i_write_error : the word cannot be written; in the cycle of o_write
    """

    def __init__(self, address_bits):
        number = address_bits - 2
        super().__init__(
            {
                **axi_lite_pins(address_bits),
                "o_read": Out(1),
                "o_read_word": Out(number),
                "i_read": In(ReadAnswer),
                "o_write": Out(1),
                "o_write_word": Out(number),
                "o_write_data": Out(32),
                "o_write_mask": Out(32),
                "i_write_error": In(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        self._read(m)
        self._write(m)
        return m

    def _read(self, m):
        busy = Signal()
        m.d.comb += self.arready.eq(~busy)
        m.d.sync += self.o_read.eq(self.arvalid & self.arready)
        with m.If(self.arvalid & self.arready):
            m.d.sync += [busy.eq(1), self.o_read_word.eq(self.araddr[2:])]
        with m.If(self.i_read.valid):
            m.d.sync += [
                self.rvalid.eq(1),
                self.rdata.eq(self.i_read.data),
                self.rresp.eq(Cat(0, self.i_read.error)),
            ]
        with m.If(self.rvalid & self.rready):
            m.d.sync += [self.rvalid.eq(0), busy.eq(0)]

    def _write(self, m):
        """Address and data come in any order, and each waits for the other."""
        address_there, data_there = Signal(), Signal()
        m.d.comb += [
            self.awready.eq(~address_there),
            self.wready.eq(~data_there),
        ]
        # A register: behind it the word's number is decoded.
        m.d.sync += self.o_write.eq(address_there & data_there & ~self.bvalid & ~self.o_write)
        with m.If(self.awvalid & self.awready):
            m.d.sync += [address_there.eq(1), self.o_write_word.eq(self.awaddr[2:])]
        mask = Cat(strobe.replicate(8) for strobe in self.wstrb)
        with m.If(self.wvalid & self.wready):
            m.d.sync += [
                data_there.eq(1),
                self.o_write_data.eq(self.wdata & mask),
                self.o_write_mask.eq(mask),
            ]
        with m.If(self.bready):
            m.d.sync += self.bvalid.eq(0)
        with m.If(self.o_write):
            m.d.sync += [address_there.eq(0), data_there.eq(0)]
            m.d.sync += [self.bvalid.eq(1), self.bresp.eq(Cat(0, self.i_write_error))]
