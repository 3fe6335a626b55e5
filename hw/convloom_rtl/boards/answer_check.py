"""Compares the checksum of every answer with the one that it must have."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import crc, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.packet_ports import axi_stream


class AnswerCheck(wiring.Component):
    """Takes a beat per cycle; two cycles after a packet's last beat its verdict is there.

    The checksum is the CRC-32 of zlib, of the packet filled up with zeros to whole beats. A packet whose checksum is
    another, or none for `patience` cycles, is a failure, and stays one until the reset.

    Parameters
    ----------
    lanes : bytes of a beat
    checksum : of a right answer
    patience : cycles from a reset or an answer to the next answer's end, at most
    blink : cycles; `o_beat` changes with the first answer after so many

    Members
    -------
    tdata, tkeep, tlast, tvalid, tready : pins of an AXI stream
    o_pass : one answer or more came, and all were right
    o_fail : an answer was wrong, or none came
    o_beat : alternates while answers come
    """

    def __init__(self, lanes, checksum, patience, blink):
        self.lanes, self.checksum, self.patience, self.blink = lanes, checksum, patience, blink
        pins = {name: In(member.shape) for name, member in axi_stream(lanes).items()}
        outputs = {name: Out(1) for name in ("tready", "o_pass", "o_fail", "o_beat")}
        super().__init__(pins | outputs)

    def elaborate(self, platform):
        m = Module()
        m.submodules.crc = check = crc.catalog.CRC32_ISO_HDLC(8 * self.lanes).create()
        begins, ended = Signal(init=1), Signal()
        m.d.comb += [
            self.tready.eq(1),
            check.start.eq(begins),
            check.valid.eq(self.tvalid),
            check.data.eq(
                Cat(self.tdata.word_select(n, 8) & self.tkeep[n].replicate(8) for n in range(self.lanes))
            ),
        ]
        m.d.sync += ended.eq(self.tvalid & self.tlast)
        with m.If(self.tvalid):
            m.d.sync += begins.eq(self.tlast)
        with m.If((ended & (check.crc != self.checksum)) | self._is_late(m, ended)):
            m.d.sync += [self.o_fail.eq(1), self.o_pass.eq(0)]
        with m.Elif(ended & ~self.o_fail):
            m.d.sync += self.o_pass.eq(1)
        self._blink(m, ended)
        return m

    def _is_late(self, m, ended):
        """Whether no answer has ended for `patience` cycles."""
        left = Signal(range(self.patience + 1), init=self.patience)
        m.d.sync += left.eq(Mux(ended, self.patience, left - (left != 0)))
        return left == 0

    def _blink(self, m, ended):
        left = Signal(range(self.blink + 1), init=self.blink)
        with m.If(left != 0):
            m.d.sync += left.eq(left - 1)
        with m.Elif(ended):
            m.d.sync += [left.eq(self.blink), self.o_beat.eq(~self.o_beat)]
