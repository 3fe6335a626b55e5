"""Lattice iCE40 UltraPlus: SB_MAC16 and SB_RAM40_4K.

Sources: DSP usage guide FPGA-TN-02007, memory usage guide FPGA-TN-02002.
"""

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Mux, Signal, signed

from convloom_rtl.chips.block_memory import block_memory
from convloom_rtl.kit.pipeline import delay, registered_sum

# Which pins of a memory's sixteen carry its words of so many bits, and the number of that mode.
PINS = {16: range(16), 8: range(0, 16, 2), 4: range(1, 16, 4), 2: range(3, 16, 8)}
MODES = {16: 0, 8: 1, 4: 2, 2: 3}
MEMORY_SHAPES = tuple((4096 // bits, bits) for bits in PINS)
ADDRESS = 11
# What an SB_MAC16 gives: the register behind its multiplier, or the next one, behind adders.
PRODUCT, PLUS_ZERO = 3, 1
# Its inputs that do nothing here.
IDLE = (
    *(f"{port}HOLD" for port in "ABCD"),
    *(f"{port}{half}" for port in ("IRST", "ORST", "OLOAD", "OHOLD", "ADDSUB") for half in ("TOP", "BOT")),
    *("CI", "ACCUMCI", "SIGNEXTIN"),
)


class Ice40:
    """An iCE40 UltraPlus as the platform to elaborate for.

    Its single-port RAM (SB_SPRAM256KA) has one address for reading and writing: it can be no BlockMemory.
    """

    def summed_products(self, row):
        """One SB_MAC16 for each two lanes, and adders."""
        m = Module()
        products = []
        for pair in range(row.lanes // 2):
            a, b = (i.as_value().word_select(pair, 16) for i in (row.i_a, row.i_b))
            both = _multiply_pair(m, f"multiplier_{pair}", a, b)
            products += [both[:16].as_signed(), both[16:].as_signed()]
        for n, port in enumerate(row.o):
            total = registered_sum(m, products[row.SUMMED * n :][: row.SUMMED], f"sum_{n}")
            m.d.comb += port.eq(delay(m, total, 1, f"sum_{n}_behind"))
        return m

    def accumulator(self, accumulator):
        """None: there is nothing better than what synthesis makes of the portable form."""

    def choice(self, choice):
        """Likewise."""

    def splice(self, splice):
        """Likewise."""

    def wide_product(self, product):
        """Four SB_MAC16; the upper half of the first number has its sign."""
        m = Module()
        half = 16
        a, b = product.i_a, product.i_b
        low_a, high_a, low_b, high_b = a[:half], a[half : 2 * half], b[:half], b[half:]
        low = _multiply_wide(m, "low", low_a, low_b, PLUS_ZERO)
        high = _multiply_wide(m, "high", high_a, high_b, PLUS_ZERO, A_SIGNED=Const(1, 1))
        low_high = _multiply_wide(m, "low_high", low_a, high_b, PRODUCT)
        high_low = _multiply_wide(m, "high_low", high_a, low_b, PRODUCT, A_SIGNED=Const(1, 1))
        middle = Signal(signed(33), reset_less=True)
        m.d.sync += middle.eq(high_low.as_signed() + low_high)
        upper = high
        if len(a) > 2 * half:
            # 2^31 has no such sign: its 32 bits count as -2^31, 2^32 too little.
            upper = high + delay(m, Mux(a[2 * half - 1] & ~a[-1], b, 0), 4, "missing")
        total = Signal(signed(len(product.o) - half), reset_less=True)
        m.d.sync += total.eq(Cat(low[half:], upper[: 2 * half]).as_signed() + middle)
        m.d.comb += product.o.eq(Cat(delay(m, low[:half], 1, "lowest"), total))
        return m

    def chosen_sum(self, component):
        """None: its adders have no room for a choice."""

    def memory(self, memory):
        """SB_RAM40_4K, with a register of the fabric for its address, which has fewer bits than its words."""
        return block_memory(memory, MEMORY_SHAPES, _block, memory.LATENCY - 1)


def _mac16(m, name, a, b, output, summand, **parameters):
    """The 32 bits that an SB_MAC16 gives, of its lower and its upper half alike; all registers on the way are used.

    output : what it gives, PRODUCT or PLUS_ZERO, which is a cycle later
    summand : what zero is added to, 1: the two 8x8 products, 2: the 16x16 product
    """
    out = Signal(32, name=f"{name}_o")
    alike = {
        "_8x8_MULT_REG": 1,
        "OUTPUT_SELECT": output,
        "ADDSUB_LOWERINPUT": summand,
        "ADDSUB_UPPERINPUT": 1,
    }
    bits = {"_8x8_MULT_REG": 1, "OUTPUT_SELECT": 2, "ADDSUB_LOWERINPUT": 2, "ADDSUB_UPPERINPUT": 1}
    m.submodules[name] = Instance(
        "SB_MAC16",
        p_A_REG=Const(1, 1),
        p_B_REG=Const(1, 1),
        **{f"p_{half}{key}": Const(alike[key], bits[key]) for half in ("TOP", "BOT") for key in alike},
        **{f"p_{parameter}": value for parameter, value in parameters.items()},
        i_CLK=ClockSignal(),
        i_CE=Const(1),
        **{f"i_{port}": Const(0) for port in IDLE},
        i_A=Cat(a, Const(0, 16 - len(a))),
        i_B=Cat(b, Const(0, 16 - len(b))),
        i_C=Const(0, 16),
        i_D=Const(0, 16),
        o_O=out,
    )
    return out


def _multiply_pair(m, name, a, b):
    """Two signed 8x8 products, three cycles later."""
    signs = {"MODE_8x8": Const(1, 1), "A_SIGNED": Const(1, 1), "B_SIGNED": Const(1, 1)}
    return _mac16(m, name, a, b, PLUS_ZERO, 1, **signs)


def _multiply_wide(m, name, a, b, output, **signs):
    """A 16x16 product, three cycles later, or four."""
    pipeline = {f"PIPELINE_16x16_MULT_REG{n}": Const(1, 1) for n in (1, 2)}
    return _mac16(m, name, a, b, output, 2, **pipeline, **signs)


def _block(m, name, _place, shape, enable, write_address, data, read, read_address):
    """One block RAM; a word a cycle behind its address."""
    _, bits = shape
    written, word = Signal(16, name=f"{name}_written"), Signal(16, name=f"{name}_word")
    m.d.comb += [written[pin].eq(data[n]) for n, pin in enumerate(PINS[bits])]
    m.submodules[name] = Instance(
        "SB_RAM40_4K",
        p_READ_MODE=MODES[bits],
        p_WRITE_MODE=MODES[bits],
        i_RCLK=ClockSignal(),
        i_RCLKE=read,
        i_RE=Const(1),
        i_RADDR=Cat(read_address, Const(0, ADDRESS - len(read_address))),
        i_WCLK=ClockSignal(),
        i_WCLKE=enable,
        i_WE=Const(1),
        i_WADDR=Cat(write_address, Const(0, ADDRESS - len(write_address))),
        i_MASK=Const(0, 16),
        i_WDATA=written,
        o_RDATA=word,
    )
    return Cat(word[pin] for pin in PINS[bits])
