"""Room in a ring whose words are given up many at a time."""

from amaranth.hdl import Module, Mux, Signal

from convloom_rtl.kit.arithmetic import add_carry
from convloom_rtl.kit.pipeline import delay


def count_spare(m: Module, words, freed, completed, used=0):
    """Free words less one, so that the sign says that there is none: of a ring of `words`, `used` of them for good.

    Returns it as a register, and what that becomes.

    Parameters
    ----------
    freed : words that are given up, less one
    completed : a word is taken
    """
    spare = Signal(range(-1 - used, words - used), name=f"spare_{used}", init=words - 1 - used)
    left = add_carry(spare, freed, ~completed)
    m.d.sync += spare.eq(left)
    return spare, left


def has_room(m: Module, words, freed, completed):
    """Whether a ring has a free word in the next cycle; what is freed now counts a cycle later.

    No sum is behind `completed`, which comes late: a register behind it is what counts.
    """
    before = delay(m, completed, 1, "completed", reset=True)
    none, one, two = (count_spare(m, words, freed, before, used)[0] >= 0 for used in range(3))
    return Mux(completed & before, two, Mux(completed | before, one, none))


def has_room_at_times(m: Module, words, freed, completed):
    """Likewise, from registers alone: where two words or less are left, only when nothing can be on its way.

    What comes has been told of room the cycle before, and what is completed counts two cycles later.
    """
    room, told, told_before = Signal(), Signal(), Signal()
    completed = delay(m, completed, 1, "completed", reset=True)
    none, two = (count_spare(m, words, freed, completed, used)[0] >= 0 for used in (0, 2))
    m.d.comb += room.eq(two | (none & ~told & ~told_before))
    m.d.sync += [told.eq(room), told_before.eq(told)]
    return room
