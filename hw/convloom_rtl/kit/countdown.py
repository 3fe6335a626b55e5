"""Counts down to one, and knows a cycle ahead when it is there."""

from amaranth.hdl import Module, Signal


def countdown(m: Module, number, name, *, restart, counts):
    """A register that is high in the last of `number` steps: no comparison stands between it and its users.

    Parameters
    ----------
    number : steps, from 1 on; steady from a cycle before it is used
    restart : starts anew, whatever `counts` says
    counts : a step is made; with the last one the next `number` begin
    """
    left, last = Signal.like(number, name=f"{name}_left", reset_less=True), Signal(name=f"{name}_last")
    with m.If(restart | (counts & last)):
        m.d.sync += [left.eq(number), last.eq(number == 1)]
    with m.Elif(counts):
        m.d.sync += [left.eq(left - 1), last.eq(left == 2)]
    return last
