"""Where rows go and when there is room, against rings counted in plain Python."""

import random

from convloom.spec import Config
from convloom_rtl.row_space import RowSpace
from roles.stalls import Pauses
from roles.unit import sender, simulate

CONFIG = Config(cin_lanes=4, cout_lanes=1, requant_lanes=1, line_bytes=16 * 4 * 4)  # banks of 16 words


class Loader:
    """Begins a row when there is room, ends it some cycles later; gives rows up at random."""

    def __init__(self, dut, jobs, rng):
        self.dut, self.rng, self.jobs = dut, rng, jobs
        self.slots = [job["slot"] for job in jobs for _ in range(job["in_h"])]
        ends, total = [], 0
        for job in jobs:
            total += job["in_h"]
            ends += [total] * job["in_h"]
        self.job_end_of_row = ends
        self.next_words, self.free_to, self.waits = [0] * 4, 0, 0

    async def load(self, ctx):
        """All rows, each in the word that the model says, never more in a bank than fit."""
        for row, slot in enumerate(self.slots):
            if row == 0 or row in self.job_end_of_row:
                await ctx.tick()
                ctx.set(self.dut.i_slot, slot)
                await ctx.tick().repeat(3)
                has_room = False
            while not has_room:
                has_room = ctx.get(self.dut.o_room)
                self.waits += not has_room
                await ctx.tick()
            live = [n for n in range(self.free_to, row) if n % 4 == row % 4]
            assert slot + sum(self.slots[n] for n in live) <= CONFIG.bank_words, f"row {row} has no room"
            assert ctx.get(self.dut.o_next_word) == self.next_words[row % 4]
            assert ctx.get(self.dut.o_rows_done) == row
            self.next_words[row % 4] = (self.next_words[row % 4] + slot) % CONFIG.bank_words
            has_room = await self._store(ctx)

    async def _store(self, ctx):
        """Returns whether there is room behind the row."""
        cycles = self.rng.choice((1, 1, 3))
        for n in range(cycles):
            ctx.set(self.dut.i_row_begins, n == 0)
            ctx.set(self.dut.i_row_done, n == cycles - 1)
            has_room = ctx.get(self.dut.o_room_behind)
            await ctx.tick()
        ctx.set(self.dut.i_row_begins, 0)
        ctx.set(self.dut.i_row_done, 0)
        return has_room

    async def give_up(self, ctx):
        """Also rows that are not there yet; all of a job at its end, none of the next one before."""
        while True:
            for _ in range(self.rng.choice((1, 9, 30))):
                await ctx.tick()
            rows = ctx.get(self.dut.o_rows_done)
            if self.free_to < len(self.slots):
                end = self.job_end_of_row[self.free_to]
                self.free_to = min(self.free_to + self.rng.choice((1, 2, 6)), end)
                self.free_to = end if rows >= end else self.free_to
            ctx.set(self.dut.i_free_to, self.free_to)


def test_rows_of_many_jobs(seed):
    rng = random.Random(seed)
    jobs = [{"in_h": rng.randint(1, 12), "slot": rng.choice((1, 2, 5, 8, 16))} for _ in range(25)]
    dut = RowSpace(CONFIG)
    loader = Loader(dut, jobs, rng)
    simulate(dut, sender(dut.i_job, jobs, Pauses()), loader.load, watchers=[loader.give_up])
    assert loader.waits, "room was never short"
