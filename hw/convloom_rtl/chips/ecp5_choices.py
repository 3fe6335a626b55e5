"""The ECP5's wide multiplexers: of a slice's two LUTs by PFUMX, of two slices by L6MUX21 (FPGA-DS-02012, "Slice").

Synthesis knows them as halves of a LUT with five or six common inputs. As multiplexers they choose among four bits
with two LUTs, and among eight with four.
"""

from amaranth.hdl import Cat, Instance, Module, Signal

from convloom_rtl.kit.pipeline import copies

LUT_CHOICE = 0xCACA  # of a LUT4: B where C is high, A otherwise
USERS = 64  # multiplexers for each register that tells what to choose


def choice(component):
    """The module of a Choice of four or eight words."""
    m = Module()
    width, count = component.width, component.count
    each = _bits_for_each_register(count)
    chosen = []
    registers = copies(m, component.i_choice, -(-width // each), "choice")
    for bit in range(width):
        bits = [component.i_words[n][bit] for n in range(count)]
        chosen.append(_multiplexer(m, f"bit_{bit}", bits, registers[bit // each]))
    m.d.comb += component.o_word.eq(Cat(chosen))
    return m


def splice(component):
    """The module of a Splice of two or four pairs: a register for each lane tells even from odd."""
    m = Module()
    lanes, count = component.lanes, 2 * component.pairs
    each = max(_bits_for_each_register(count) // 8, 1)
    registers = copies(m, component.i_pair, -(-lanes // each), "pair")
    odd = Signal(lanes, reset_less=True)
    m.d.sync += odd.eq(Cat(component.i_odd[8 * lane] for lane in range(lanes)))
    chosen = []
    for bit in range(8 * lanes):
        bits = [component.i_words[n][bit] for n in range(count)]
        lane = bit // 8
        chosen.append(_multiplexer(m, f"bit_{bit}", bits, Cat(odd[lane], registers[lane // each])))
    m.d.comb += component.o_word.eq(Cat(chosen))
    return m


def _bits_for_each_register(count):
    return USERS // (count // 2)


def _multiplexer(m, name, bits, choice):
    """One of four or eight bits."""
    level, cells = bits, (_lut, _pfumx, _l6mux)
    for depth, cell in enumerate(cells[: len(choice)]):
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [cell(m, f"{name}_{depth}_{n}", *pair, choice[depth]) for n, pair in enumerate(pairs)]
    return level[0]


def _lut(m, name, low, high, choice):
    return _cell(m, name, "LUT4", "Z", p_INIT=LUT_CHOICE, i_A=low, i_B=high, i_C=choice, i_D=0)


def _pfumx(m, name, low, high, choice):
    return _cell(m, name, "PFUMX", "Z", i_BLUT=low, i_ALUT=high, i_C0=choice)


def _l6mux(m, name, low, high, choice):
    return _cell(m, name, "L6MUX21", "Z", i_D0=low, i_D1=high, i_SD=choice)


def _cell(m, name, kind, output, **parameters):
    out = Signal(name=f"{name}_out")
    m.submodules[name] = Instance(kind, **parameters, **{f"o_{output}": out})
    return out
