"""Adders out of the ECP5's carry cell, whose LUTs have more inputs than a sum needs (FPGA-DS-02012, "Slice")."""

from amaranth.hdl import Cat, Const, Instance, Module, Signal

# Of A, a bit of the number, C, one of the sum, and D, which leaves the sum out: A xor (C and not D). With C and D
# low it is A alone, which the cell also takes for the carry where the two do not differ.
SUM_UNLESS_D = 0xAA5A


def accumulator(component):
    """The module of an Accumulator."""
    m = Module()
    bits = component.BITS
    value, old = component.i_value, Signal(bits, name="total", reset_less=True)
    extended = Cat(value, value[-1].replicate(bits - len(value)))
    total, carries = Signal(bits, name="next_total"), Signal(bits // 2)
    for n in range(bits // 2):
        low, high = 2 * n, 2 * n + 1
        m.submodules[f"bits_{n}"] = Instance(
            "CCU2C",
            p_INIT0=SUM_UNLESS_D,
            p_INIT1=SUM_UNLESS_D,
            p_INJECT1_0="NO",
            p_INJECT1_1="NO",
            i_CIN=carries[n - 1] if n else Const(0),
            **_half(0, extended[low], old[low], component.i_starts, total[low]),
            **_half(1, extended[high], old[high], component.i_starts, total[high]),
            o_COUT=carries[n],
        )
    with m.If(component.i_adds):
        m.d.sync += old.eq(total)
    m.d.comb += component.o.eq(old)
    return m


def _half(number, a, c, d, s):
    return {
        f"i_A{number}": a,
        f"i_B{number}": Const(0),
        f"i_C{number}": c,
        f"i_D{number}": d,
        f"o_S{number}": s,
    }
