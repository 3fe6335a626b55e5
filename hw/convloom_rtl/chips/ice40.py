"""Lattice iCE40 UltraPlus: SB_MAC16 and SB_RAM40_4K.

Sources: DSP usage guide FPGA-TN-02007, memory usage guide FPGA-TN-02002.
"""

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Mux, Signal, signed

from convloom_rtl.chips.block_memory import block_memory
from convloom_rtl.kit.pipeline import delay

# Which pins of a memory's sixteen carry its words of so many bits, and the number of that mode.
PINS = {16: range(16), 8: range(0, 16, 2), 4: range(1, 16, 4), 2: range(3, 16, 8)}
MODES = {16: 0, 8: 1, 4: 2, 2: 3}
MEMORY_SHAPES = tuple((4096 // bits, bits) for bits in PINS)
ADDRESS = 11


class Ice40:
    """An iCE40 UltraPlus as the platform to elaborate for.

    Its single-port RAM (SB_SPRAM256KA) has one address for reading and writing: it can be no BlockMemory.
    """

    def products(self, row):
        """One SB_MAC16 for each two lanes."""
        m = Module()
        for lane in range(0, row.lanes, 2):
            a, b = (Cat(i[n] for n in range(lane, min(lane + 2, row.lanes))) for i in (row.i_a, row.i_b))
            pair = _multiply_pair(m, f"multiplier_{lane // 2}", a, b)
            for n, product in enumerate(row.o[lane : lane + 2]):
                m.d.comb += product.eq(pair.word_select(n, 16))
        return m

    def wide_product(self, product):
        """Four SB_MAC16, all unsigned, and what a negative number's sign is worth.

        2^31, which 32 bits cannot hold with a sign, so costs nothing.
        """
        m = Module()
        half = 16
        a, b = product.i_a, product.i_b
        low_a, high_a, low_b, high_b = a[:half], a[half : 2 * half], b[:half], b[half:]
        pairs = {
            "low": (low_a, low_b),
            "first_cross": (high_a, low_b),
            "second_cross": (low_a, high_b),
            "high": (high_a, high_b),
        }
        whole = {name: _multiply_wide(m, name, *pair) for name, pair in pairs.items()}
        sign = delay(m, Mux(a[-1], b, 0), 3, "sign")
        middle, upper = Signal(33, reset_less=True), Signal(signed(31), reset_less=True)
        low = delay(m, whole["low"], 1, "low_product")
        m.d.sync += [
            middle.eq(whole["first_cross"] + whole["second_cross"]),
            upper.eq(whole["high"] - sign),
        ]
        total = Signal(signed(len(product.o) - half), reset_less=True)
        m.d.sync += total.eq(Cat(low[half:], upper).as_signed() + middle)
        m.d.comb += product.o.eq(Cat(delay(m, low[:half], 1, "lowest"), total))
        return m

    def memory(self, memory):
        """SB_RAM40_4K, with a register of the fabric behind it."""
        return block_memory(memory, MEMORY_SHAPES, _block, memory.LATENCY - 1)


def _mac16(m, name, a, b, **parameters):
    """The 32 bits that an SB_MAC16 gives. Its input registers are used; it adds nothing."""
    out = Signal(32, name=f"{name}_o")
    idle = (
        "AHOLD",
        "BHOLD",
        "CHOLD",
        "DHOLD",
        "IRSTTOP",
        "IRSTBOT",
        "ORSTTOP",
        "ORSTBOT",
        "OLOADTOP",
        "OLOADBOT",
    )
    idle += ("ADDSUBTOP", "ADDSUBBOT", "OHOLDTOP", "OHOLDBOT", "CI", "ACCUMCI", "SIGNEXTIN")
    m.submodules[name] = Instance(
        "SB_MAC16",
        p_A_REG=Const(1, 1),
        p_B_REG=Const(1, 1),
        **{f"p_{parameter}": value for parameter, value in parameters.items()},
        i_CLK=ClockSignal(),
        i_CE=Const(1),
        **{f"i_{port}": Const(0) for port in idle},
        i_A=Cat(a, Const(0, 16 - len(a))),
        i_B=Cat(b, Const(0, 16 - len(b))),
        i_C=Const(0, 16),
        i_D=Const(0, 16),
        o_O=out,
    )
    return out


def _multiply_pair(m, name, a, b):
    """Two signed 8x8 products, three cycles later: behind the multipliers, then behind adders that add zero."""
    halves = {
        f"{half}{parameter}": value
        for half in ("TOP", "BOT")
        for parameter, value in (
            ("_8x8_MULT_REG", Const(1, 1)),
            ("OUTPUT_SELECT", Const(1, 2)),  # the adder's register
            ("ADDSUB_LOWERINPUT", Const(1, 2)),  # the 8x8 product
            ("ADDSUB_UPPERINPUT", Const(1, 1)),  # C or D
        )
    }
    return _mac16(m, name, a, b, MODE_8x8=Const(1, 1), A_SIGNED=Const(1, 1), B_SIGNED=Const(1, 1), **halves)


def _multiply_wide(m, name, a, b):
    """An unsigned 16x16 product, three cycles later."""
    return _mac16(
        m,
        name,
        a,
        b,
        TOP_8x8_MULT_REG=Const(1, 1),
        BOT_8x8_MULT_REG=Const(1, 1),
        PIPELINE_16x16_MULT_REG1=Const(1, 1),
        PIPELINE_16x16_MULT_REG2=Const(1, 1),
        TOPOUTPUT_SELECT=Const(3, 2),  # the product, behind its second register
        BOTOUTPUT_SELECT=Const(3, 2),
    )


def _block(m, name, shape, enable, write_address, data, read_address):
    """One block RAM; a word a cycle behind its address."""
    _, bits = shape
    written, read = Signal(16, name=f"{name}_written"), Signal(16, name=f"{name}_read")
    m.d.comb += [written[pin].eq(data[n]) for n, pin in enumerate(PINS[bits])]
    m.submodules[name] = Instance(
        "SB_RAM40_4K",
        p_READ_MODE=MODES[bits],
        p_WRITE_MODE=MODES[bits],
        i_RCLK=ClockSignal(),
        i_RCLKE=Const(1),
        i_RE=Const(1),
        i_RADDR=Cat(read_address, Const(0, ADDRESS - len(read_address))),
        i_WCLK=ClockSignal(),
        i_WCLKE=enable,
        i_WE=Const(1),
        i_WADDR=Cat(write_address, Const(0, ADDRESS - len(write_address))),
        i_MASK=Const(0, 16),
        i_WDATA=written,
        o_RDATA=read,
    )
    return Cat(read[pin] for pin in PINS[bits])
