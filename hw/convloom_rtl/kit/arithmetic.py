"""Sums of which synthesis makes a single adder."""

from amaranth.hdl import Cat, Const


def add_carry(a, b, carry):
    """a + b + carry of two signed numbers and a bit: the bit enters an adder at its lower end."""
    return (Cat(Const(1), a).as_signed() + Cat(carry, b).as_signed()) >> 1
