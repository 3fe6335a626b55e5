"""A memory with one write and one read port and a register behind it, as block RAMs have it."""

from amaranth.hdl import Module, Shape, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.chips import chip_of


class BlockMemory(wiring.Component):
    """`depth` words of one shape. A read takes two cycles: `o_data` is the word whose address came two cycles before.

    A word that is written in the cycle of its address or the next one comes as the old one or the new one: users keep
    apart what they write and what they read. Reset clears neither the words nor the registers.

    `near` tells a chip that has places for memories which one it is: ("products", n) holds what the n-th row of
    Products multiplies, ("lines", n) is the line buffer's n-th.

    Where it may stand still, both steps of a read do so in a cycle without `i_read`, which does not count; then only
    the word that is written in the cycle of its address is the old or the new one.
    """

    LATENCY = 2

    def __init__(self, shape, depth, stands_still=False, near=None):
        self.shape, self.depth, self.stands_still, self.near = shape, depth, stands_still, near
        super().__init__(
            {
                "i_enable": In(1),
                "i_write_address": In(range(depth)),
                "i_data": In(shape),
                "i_read": In(1, init=1),
                "i_read_address": In(range(depth)),
                "o_data": Out(shape),
            }
        )

    def elaborate(self, platform):
        chip = chip_of(platform)
        return chip.memory(self) if chip else self._portable()

    def _portable(self):
        m = Module()
        width = Shape.cast(self.shape).width
        m.submodules.words = words = memory.Memory(shape=width, depth=self.depth, init=[])
        write, read = words.write_port(), words.read_port()
        register = Signal(width, reset_less=True)
        m.d.comb += [
            write.addr.eq(self.i_write_address),
            write.data.eq(self.i_data),
            write.en.eq(self.i_enable),
            read.addr.eq(self.i_read_address),
            read.en.eq(self.i_read),
            self.o_data.eq(register),
        ]
        with m.If(self.i_read):
            m.d.sync += register.eq(read.data)
        return m


class DelayLine(wiring.Component):
    """`o` is what `i` was `cycles` before, from DelayLine.LEAST on, kept in a block memory instead of registers.

    Like registers without a reset it runs on during one: its place does not start anew.
    """

    LEAST = 2 * BlockMemory.LATENCY  # so that no word is read while it is written

    def __init__(self, width, cycles):
        self.cycles = cycles
        super().__init__({"i": In(width), "o": Out(width)})

    def elaborate(self, platform):
        m = Module()
        depth = 1 << self.cycles.bit_length()
        m.submodules.words = words = BlockMemory(self.i.shape(), depth)
        place = Signal(range(depth), reset_less=True)
        m.d.sync += place.eq(place + 1)
        m.d.comb += [
            words.i_enable.eq(1),
            words.i_write_address.eq(place),
            words.i_data.eq(self.i),
            words.i_read_address.eq(place - (self.cycles - BlockMemory.LATENCY)),
            self.o.eq(words.o_data),
        ]
        return m
