"""Counts steps, and knows a cycle ahead when a number of them is reached."""

from amaranth.hdl import Cat, Module, Mux, Signal


def countdown(m: Module, number, name, *, counts, rests):
    """A register that is high in the last of `number` steps: no comparison stands between it and its users.

    Parameters
    ----------
    number : steps, from 1 on; steady from a cycle before it is used
    counts : a step is made, with the last of which the next `number` begin
    rests : no steps are made, for two cycles or more
    """
    coming = Signal.like(number, name=f"{name}_coming", init=2, reset_less=True)  # number of the step to come
    # Whether a round's first step is its last: so the comparison decides of nothing but the step to come.
    last, one = (Signal(name=f"{name}_{which}", reset_less=True) for which in ("last", "one"))
    is_last = (coming ^ Cat(rests, rests)) == number  # 1 in the place of 2: the first one comes
    with m.If(counts):
        m.d.sync += [last.eq(Mux(last, one, is_last)), coming.eq(coming + 1)]
    with m.If(last | rests):  # all through the last step: so what counts need not stand before a reset too
        m.d.sync += coming.eq(2)
    with m.If(rests):
        m.d.sync += [last.eq(is_last), one.eq(is_last)]
    return last
