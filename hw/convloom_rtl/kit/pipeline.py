"""Registers on the way of a value: delay lines, copies for many users, registered adder trees."""

from amaranth.hdl import Cat, Module, ShapeCastable, Signal, Value


def delay(m: Module, value, cycles, name, *, reset=False):
    """`value`, `cycles` later. Datapath: the registers are not reset unless told so."""
    shape = value.shape()
    for n in range(1, cycles + 1):
        later = Signal(shape, name=f"{name}_{n}", reset_less=not reset)
        m.d.sync += later.eq(value)
        value = later
    return value


def delay_together(m: Module, values, cycles, name):
    """Like `delay` for several values: they travel as one word, which simulates faster."""
    packed = delay(m, Cat(*values), cycles, name)
    parts, offset = [], 0
    for value in values:
        shape, width = value.shape(), len(Value.cast(value))
        part = packed[offset : offset + width]
        if isinstance(shape, ShapeCastable):
            parts.append(shape(part))
        else:
            parts.append(part.as_signed() if shape.signed else part)
        offset += width
    return parts


def copies(m: Module, value, count, name):
    """`count` registers with the same `value`, a cycle later: each for a part of its many users.

    Synthesis merges equal registers unless it is told by the attribute to keep them.
    """
    each = [
        Signal(value.shape(), name=f"{name}_{n}", reset_less=True, attrs={"keep": 1}) for n in range(count)
    ]
    m.d.sync += [copy.eq(value) for copy in each]
    return each


def tree_levels(count):
    """Levels, and so cycles, of a registered adder tree over `count` values."""
    return (count - 1).bit_length()


def registered_sum(m: Module, values, name):
    """The sum of signed `values`, `tree_levels(len(values))` cycles later; a balanced tree, a register per adder."""
    level = 0
    while len(values) > 1:
        pairs = [values[n : n + 2] for n in range(0, len(values), 2)]
        sums = []
        for n, pair in enumerate(pairs):
            total = pair[0] + pair[1] if len(pair) == 2 else pair[0]
            register = Signal(total.shape(), name=f"{name}_{level}_{n}", reset_less=True)
            m.d.sync += register.eq(total)
            sums.append(register)
        values, level = sums, level + 1
    return values[0]
