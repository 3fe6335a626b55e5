"""Room in a ring: never more is told than there is, and all of it in the end."""

import random

import pytest
from amaranth.hdl import Elaboratable, Module, Signal
from convloom_rtl.kit.ring import has_room, has_room_at_times
from roles.unit import simulate


class Ring(Elaboratable):
    """Counts nothing but room: `completed` takes a word, `freed` gives back so many, less one."""

    def __init__(self, words, form):
        self.words, self.form = words, form
        self.freed, self.completed, self.room = Signal(range(-1, words), init=-1), Signal(), Signal()

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.room.eq(self.form(m, self.words, self.freed, self.completed))
        return m


@pytest.mark.parametrize("pace", (1, 0.5))
@pytest.mark.parametrize("words", (1, 2, 3, 4, 8))
@pytest.mark.parametrize("form", (has_room, has_room_at_times))
def test_a_ring_is_filled_and_never_too_full(form, words, pace, seed):
    """A word is taken in the cycle after room was told, at once or not; now and then some are given up."""
    rng, dut, fullest = random.Random(seed), Ring(words, form), []

    async def run(ctx):
        used = told = 0
        for cycle in range(600):
            takes = told and rng.random() < pace
            given = rng.randint(0, used) if cycle % 40 == 39 else 0
            used += takes - given
            assert used <= words, f"{used} of {words} in cycle {cycle}"
            fullest.append(used)
            ctx.set(dut.completed, takes)
            ctx.set(dut.freed, given - 1)
            told = (await ctx.tick().sample(dut.room))[-1]

    simulate(dut, run)
    assert all(words in fullest[n : n + 40] for n in range(40, 600, 40))
