"""ECP5: the engine's products, out of blocks of multipliers and their adders."""

from amaranth.hdl import Cat, Const, Module, Signal, signed

from convloom_rtl.chips.ecp5_blocks import (
    ALU_INPUT,
    BITS,
    Levels,
    multiply,
    multiply_and_add,
    registers_beside,
)
from convloom_rtl.kit.pipeline import delay, registered_sum

WIDE = 63  # bits of a WideProduct


def summed_products(row, place):
    """The module of SummedProducts: a MULT18X18D for each lane, added up in their blocks where these have places.

    Where they have none nextpnr would have to move three cells together, and fails at that on a full chip.
    """
    m = Module()
    for n, port in enumerate(row.o):
        lanes = range(row.SUMMED * n, row.SUMMED * (n + 1))
        places = {lane: place(row.number, lane) for lane in lanes}
        add = _add_in_blocks if all(places.values()) else _add_in_slices
        m.d.comb += port.eq(add(m, row, n, places))
    return m


def _add_in_blocks(m, row, number, places):
    """For each two lanes an ALU54B, one adding to another's sum: each gets its operands as many cycles later as that
    takes to it."""
    total, levels = Const(0, len(row.o[number])), Levels(m, number)
    for pair, first in enumerate(range(min(places), max(places), 2)):
        a, b = (i.as_value()[8 * first :][:16] for i in (row.i_a, row.i_b))
        a, b = (delay(m, word, ALU_INPUT * pair, f"{name}_{first}") for name, word in (("a", a), ("b", b)))
        beside = [places[first], places[first + 1]]
        total = _multiply_bytes_and_add(m, f"pair_{first}", a, b, beside, levels, total)
    return registers_beside(m, f"sum_{number}", total, beside).as_signed()


def _add_in_slices(m, row, number, places):
    """A registered tree, and a register for the way from the multipliers."""
    low, levels, products = Const(0, BITS - 8), Levels(m, number), []
    for lane, place in places.items():
        a, b = (Cat(low, i[lane]).as_signed() for i in (row.i_a, row.i_b))
        whole = multiply(m, f"multiplier_{lane}", a, b, place, levels)
        products.append(delay(m, whole[2 * len(low) :].as_signed(), 1, f"product_{lane}"))
    return registered_sum(m, products, f"sum_{number}")


def wide_product(product, multipliers, place):
    """The module of a WideProduct: three or four MULT18X18D and what joins their products."""
    m = Module()
    join = _three_products if multipliers == 3 else _four_products
    low, upper = join(m, product.i_a, product.i_b, place, Levels(m))
    m.d.comb += product.o.eq(Cat(low, upper))
    return m


def _multiply_bytes_and_add(m, name, a, b, places, levels, more):
    """The sum of the products of two int8 each and of `more`, which comes ALU_INPUT cycles later; as wide as that.

    Operands and products lie in the upper bits of what a block takes and gives: the lower ones are zero.
    """
    low = Const(0, BITS - 8)
    factors = [[Cat(low, word.word_select(n, 8)).as_signed() for word in (a, b)] for n in range(2)]
    whole = multiply_and_add(m, name, factors, places, levels, Cat(low, low, more))
    return whole[2 * len(low) :][: len(more)]


def _four_products(m, a, b, place, levels):
    """The lowest bits and all above them of a WideProduct: the two crossed products' sum, added to the other two.

    Halves of 17 bits: what lies beside each other then needs no adder, and low ones are positive with 18.
    """
    half = BITS - 1
    low_a, high_a, low_b, high_b = a[:half], a[half:].as_signed(), b[:half], b[half:]
    low, high = (
        multiply(m, "low", low_a, low_b, place(0), levels),
        multiply(m, "high", high_a, high_b, place(1), levels),
    )
    places, factors = [place(2), place(3)], [(high_a, low_b), (low_a, high_b)]
    if all(places):
        crossed = multiply_and_add(m, "crossed", factors, places, levels, Const(0))
        middle = registers_beside(m, "middle", crossed[: 2 * half - 1], places).as_signed()
    else:
        pair = [
            multiply(m, name, *each, None, levels) for name, each in zip(("c", "d"), factors, strict=True)
        ]
        middle = Signal(signed(2 * half - 1), reset_less=True)
        m.d.sync += middle.eq(pair[0] + pair[1])
    outer = delay(m, Cat(low[: 2 * half], high), 1, "outer")
    upper = Signal(signed(WIDE - half), reset_less=True)
    m.d.sync += upper.eq(outer[half:].as_signed() + middle)
    return delay(m, outer[:half], 1, "lowest"), upper


def _three_products(m, a, b, place, levels):
    """The same by Karatsuba: (high a + low a) * (high b + low b) is the crossed products and the other two.

    The two sums take a cycle. In it those other two get ahead, and are taken from themselves, half a word further
    up, before the third product arrives.
    """
    half = 16
    low_a, high_a, low_b, high_b = a[:half], a[half:].as_signed(), b[:half], b[half:]
    sum_a, sum_b = Signal(signed(BITS), reset_less=True), Signal(BITS - 1, reset_less=True)
    m.d.sync += [sum_a.eq(high_a + low_a), sum_b.eq(high_b + low_b)]
    low, high = (
        multiply(m, "low", low_a, low_b, place(0), levels),
        multiply(m, "high", high_a, high_b, place(1), levels),
    )
    sums = multiply(m, "sums", sum_a, sum_b, place(2), levels)
    outer = Cat(low[: 2 * half], high)
    rest, upper = (Signal(signed(WIDE - half), name=name, reset_less=True) for name in ("rest", "upper"))
    m.d.sync += [rest.eq(outer[half:].as_signed() - high - low), upper.eq(rest + sums)]
    return delay(m, low[:half], 2, "lowest"), upper
