"""Counts steps, and knows a cycle ahead when a number of them is reached."""

from amaranth.hdl import Module, Mux, Signal


def countdown(m: Module, number, single, name, *, counts, rests):
    """A register that is high in the last of `number` steps, and what it becomes: no comparison stands before either.

    Parameters
    ----------
    number : steps, from 1 on; steady from a cycle before it is used, as is `single`, whether it is 1
    counts : a step is made, with the last of which the next `number` begin
    rests : no steps are made, for two cycles or more
    """
    last, follows, becomes = (
        Signal(name=f"{name}_{which}", reset_less=True) for which in ("last", "follows", "becomes")
    )
    # Number of the step behind the one to come; `follows`: that one is the last.
    behind = Signal.like(number, name=f"{name}_behind", init=3, reset_less=True)
    is_last = (behind ^ rests) == number  # 2 in the place of 3: the first one comes
    m.d.comb += becomes.eq(Mux(rests, single, Mux(counts, follows, last)))
    m.d.sync += last.eq(becomes)
    with m.If(counts):
        m.d.sync += [follows.eq(Mux(follows, single, is_last)), behind.eq(behind + 1)]
    with m.If(follows):  # all through the step: so what counts need not stand before a reset too
        m.d.sync += behind.eq(2)
    with m.If(rests):
        m.d.sync += [follows.eq(single | is_last), behind.eq(3)]
    return last, becomes
