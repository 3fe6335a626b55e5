"""ECP5: adders with a choice in front, in the LUTs that the adders are made of.

Source: the model of CCU2C in Yosys, which nextpnr's bitstreams follow.
"""

from amaranth.hdl import Cat, Const, Instance, Module, Signal

# Bit n is a LUT's output where its inputs A to D are n's bits. A is the addend, B the choice, C and D are what is
# chosen from: the exclusive or of the addend and that. Where it is 0, the carry is what the lowest four bits make
# of A and B, which is A: both summands are alike.
ADDEND_AND_CHOSEN = sum(((n & 1) ^ (n >> (3 if n & 2 else 2) & 1)) << n for n in range(16))


def chosen_sum(component):
    """A ChosenSum: a CCU2C for each two bits."""
    m = Module()
    pairs = (component.width + 1) // 2
    unused = Const(0, 2 * pairs - component.width)
    addend, first, second = (
        Cat(port, unused) for port in (component.i_addend, component.i_first, component.i_second)
    )
    sums, carries = Signal(2 * pairs), Signal(pairs)
    for n in range(pairs):
        inputs = {
            f"i_{pin}{half}": value
            for half in range(2)
            for pin, value in zip(
                "ABCD",
                (addend[2 * n + half], component.i_choice, first[2 * n + half], second[2 * n + half]),
                strict=True,
            )
        }
        m.submodules[f"adder_{n}"] = Instance(
            "CCU2C",
            p_INIT0=Const(ADDEND_AND_CHOSEN, 16),
            p_INIT1=Const(ADDEND_AND_CHOSEN, 16),
            p_INJECT1_0="NO",
            p_INJECT1_1="NO",
            **inputs,
            i_CIN=carries[n - 1] if n else Const(0),
            o_S0=sums[2 * n],
            o_S1=sums[2 * n + 1],
            o_COUT=carries[n],
        )
    m.d.comb += component.o.eq(sums)
    return m
