"""Weights in, lane by lane; words out, from any address that holds one; room as jobs give theirs up."""

import random
from collections import deque
from itertools import accumulate

import pytest
from convloom.spec import Config
from convloom_rtl.weight_ring import WeightRing
from roles.stalls import Pauses
from roles.unit import plain, send_into_room, simulate

CONFIGS = {
    "4x3": Config(cin_lanes=4, cout_lanes=3, requant_lanes=1, weight_words=8),
    "8x1": Config(cin_lanes=8, cout_lanes=1, requant_lanes=1, weight_words=16),
}


class Reader:
    """Jobs of a few words: waits until one is whole, reads its words in any order, and gives them up."""

    def __init__(self, dut, jobs, rng):
        self.dut, self.jobs, self.rng, self.there = dut, jobs, rng, 0  # there: jobs whose weights are
        self._expected = deque([None] * dut.LATENCY)

    async def count(self, ctx):
        """Tells of each job's last beat, and counts the jobs that the ring says are there."""
        taken, lanes = 0, self.dut.config.cout_lanes
        lasts = set(accumulate(len(job) * lanes for job in self.jobs))
        while True:
            ctx.set(self.dut.i_last, taken + 1 in lasts)
            _, _, valid, loaded = await ctx.tick().sample(self.dut.i.valid, self.dut.o_loaded)
            taken += valid
            self.there += loaded

    async def run(self, ctx):
        """Fails where a word that is live is not what was written."""
        first, depth = 0, self.dut.config.weight_words
        for number, job in enumerate(self.jobs):
            while self.there <= number:
                await self._cycle(ctx)
            for _ in range(self.rng.randint(1, 2 * len(job))):
                n = self.rng.randrange(len(job))
                await self._cycle(ctx, (first + n) % depth, job[n])
            for _ in range(self.dut.LATENCY):
                await self._cycle(ctx)
            ctx.set(self.dut.i_freed, len(job))
            ctx.set(self.dut.i_free, 1)
            await self._cycle(ctx)
            ctx.set(self.dut.i_free, 0)
            first += len(job)

    async def _cycle(self, ctx, address=0, expected=None):
        ctx.set(self.dut.i_address, address)
        self._expected.append(expected)
        _, _, weights = await ctx.tick().sample(self.dut.o_weights)
        wanted = self._expected.popleft()
        assert wanted is None or plain(weights) == wanted, f"{plain(weights)}, not {wanted}"


@pytest.mark.parametrize("name", CONFIGS)
def test_jobs_of_any_size(name, seed, stalls):
    """Up to the whole ring. A stalled output is a reader that is slow: it is, anyway."""
    rng, config = random.Random(seed), CONFIGS[name]

    def word():
        return [[rng.randint(-128, 127) for _ in range(config.cin_lanes)] for _ in range(config.cout_lanes)]

    sizes = [rng.choice((1, 2, config.weight_words, rng.randint(1, config.weight_words))) for _ in range(20)]
    jobs = [[word() for _ in range(size)] for size in sizes]
    beats = [bytes(n & 255 for n in lane) for job in jobs for each in job for lane in each]
    dut = WeightRing(config)
    reader = Reader(dut, jobs, rng)
    numbers = [int.from_bytes(beat, "little") for beat in beats]

    async def write(ctx):
        await send_into_room(ctx, dut.i, dut.o_room, numbers, stalls.input())

    simulate(dut, write, reader.run, watchers=[reader.count])


def test_a_full_ring_has_no_room():
    """Until words are given up, and then for so many more."""
    config, taken = CONFIGS["4x3"], []
    dut = WeightRing(config)

    async def testbench(ctx):
        for cycle in range(100):
            ctx.set(dut.i_free, cycle == 50)
            ctx.set(dut.i_freed, 2)
            _, _, room = await ctx.tick().sample(dut.o_room)
            ctx.set(dut.i.valid, room)
            taken.append(room)

    simulate(dut, testbench)
    assert taken[:24] == [1] * 24 and sum(taken[:50]) == 8 * 3 and sum(taken[50:]) == 2 * 3


@pytest.mark.parametrize("name", CONFIGS)
def test_a_word_can_be_read_in_the_cycle_after_it_is_told(name):
    config, number = CONFIGS[name], int.from_bytes(range(1, 1 + CONFIGS[name].cin_lanes), "little")
    dut, loaded, words = WeightRing(config), [], []

    async def watch(ctx):
        async for _, _, told, weights in ctx.tick().sample(dut.o_loaded, dut.o_weights):
            loaded.append(told)
            words.append(plain(weights))

    async def testbench(ctx):  # one word, at the address that is read all the time
        for lane in range(config.cout_lanes):
            ctx.set(dut.i_last, lane == config.cout_lanes - 1)
            await send_into_room(ctx, dut.i, dut.o_room, [number], Pauses())
        await ctx.tick().repeat(10)

    simulate(dut, testbench, watchers=[watch])
    assert sum(loaded) == 1
    first = words[loaded.index(1) + 1 + dut.LATENCY]
    assert first == [list(range(1, 1 + config.cin_lanes))] * config.cout_lanes
