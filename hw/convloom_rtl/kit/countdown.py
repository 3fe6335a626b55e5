"""Counts steps, and knows a cycle ahead when a number of them is reached."""

from amaranth.hdl import Module, Signal


def countdown(m: Module, number, name, *, counts, rests):
    """A register that is high in the last of `number` steps: no comparison stands between it and its users.

    Parameters
    ----------
    number : steps, from 1 on; steady from a cycle before it is used
    rests : no steps are made: at least one such cycle before the first
    counts : a step is made, with the last of which the next `number` begin; or the first of all begins
    """
    coming = Signal.like(number, name=f"{name}_coming", init=1, reset_less=True)
    last = Signal(name=f"{name}_last", reset_less=True)
    is_last = coming == number
    with m.If(counts | rests):
        m.d.sync += [last.eq(is_last), coming.eq(coming + 1)]
        with m.If(is_last | ~counts):
            m.d.sync += coming.eq(1)
    return last
