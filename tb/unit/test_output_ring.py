"""The output ring: slots of dense jobs in the order in which they come, depthwise ones in rows of whole pixels."""

import random

import pytest
from convloom.spec import Config
from convloom_rtl.output_ring import OutputRing
from convloom_rtl.primitives.memory import BlockMemory
from roles.stalls import Pauses
from roles.unit import Collector, sender, simulate

WORDS, RAW_SLOTS = 32, 4
JOBS_APART = 3  # cycles between the ends of two jobs; in the engine more
CONFIGS = {
    "one pass": Config(cin_lanes=4, cout_lanes=2, requant_lanes=2, output_words=WORDS, depthwise=True),
    "four passes": Config(cin_lanes=4, cout_lanes=4, requant_lanes=1, output_words=WORDS, depthwise=True),
    "no depthwise": Config(cin_lanes=4, cout_lanes=3, requant_lanes=1, output_words=WORDS),
}


class Job:
    """A job's slots: those of `rows` rows of out_w pixels of k_tiles tiles, each slot with data of its own."""

    def __init__(self, config, rng, *, depthwise, raw, rows, out_w, k_tiles):
        self.depthwise, self.raw, self.rows, self.out_w, self.k_tiles = depthwise, raw, rows, out_w, k_tiles
        self.per_tile = RAW_SLOTS if raw else 1
        shape = rows, out_w, k_tiles, self.per_tile
        self.slots = {}
        for place in [(y, x, k, n) for y, x, k, n in _places(shape)]:
            data = [rng.randrange(256) for _ in range(config.cout_lanes)]
            last = int(place == tuple(size - 1 for size in shape))
            self.slots[place] = {"data": data, "count": rng.randint(0, config.cout_lanes), "last": last}

    @property
    def row_words(self):
        """Words of the ring for an output row."""
        return self.out_w * self.k_tiles * self.per_tile

    @property
    def fields(self):
        """What the ring is told of it."""
        names = ("raw", "depthwise", "row_words")
        return {name: int(getattr(self, name)) for name in names} | {
            "hop": self.k_tiles * self.per_tile - self.per_tile + 1,
            "last_column": self.out_w - 1,
            "last_group": self.k_tiles - 1,
        }

    def coming(self):
        """(words to reserve in front of it, slot) in the order in which results come."""
        for place in sorted(self.slots, key=self._walk if self.depthwise else None):
            y, x, k, n = place
            if self.depthwise:
                yield self.row_words if (x, k, n) == (0, 0, 0) else 0, self.slots[place]
            else:
                yield self.per_tile if n == 0 else 0, self.slots[place]

    @staticmethod
    def _walk(place):
        y, x, k, n = place
        return y, k, x, n

    def leaving(self):
        """The slots in the order of the output packet."""
        return [self.slots[place] for place in sorted(self.slots)]


def _places(shape):
    places = [()]
    for size in shape:
        places = [(*place, n) for place in places for n in range(size)]
    return places


def random_job(config, rng):
    """Of any kind; rows of exactly half the ring are likely."""
    depthwise, raw = config.depthwise and rng.random() < 0.6, rng.random() < 0.4
    half = WORDS // 2 // (RAW_SLOTS if raw else 1)
    k_tiles = rng.choice([n for n in (1, 1, 2, 3, 4) if n <= half])
    out_w = half // k_tiles if rng.random() < 0.4 else rng.randint(1, half // k_tiles)
    return Job(
        config, rng, depthwise=depthwise, raw=raw, rows=rng.randint(1, 4), out_w=out_w, k_tiles=k_tiles
    )


class Ring:
    """The ring, fed with pieces as soon as there is room for them; `free` counts as the issue gate does."""

    def __init__(self, config, jobs, rng, gaps):
        self.config, self.jobs, self.rng, self.gaps = config, jobs, rng, gaps
        self.dut, self.free, self.cycles = OutputRing(config), config.output_words, 0

    async def feed(self, ctx):
        """All pieces of all jobs."""
        await ctx.tick().repeat(2)
        for job in self.jobs:
            coming = list(job.coming())
            for number, (words, slot) in enumerate(coming):
                while self.free < words or (self.gaps and self.rng.random() < 0.2):
                    await ctx.tick()
                self.free -= words
                await self._slot(ctx, slot, number == len(coming) - 1)
            if len(coming) < JOBS_APART:
                await ctx.tick().repeat(JOBS_APART - len(coming))

    async def _slot(self, ctx, slot, is_last):
        lanes = self.config.requant_lanes
        for n in range(self.config.passes):
            end = n == self.config.passes - 1
            piece = {"data": slot["data"][lanes * n : lanes * n + lanes], "slot_end": int(end)}
            told = slot if end else {"count": self.rng.randrange(2), "last": self.rng.randrange(2)}
            piece |= {"count": told["count"], "last": told["last"], "job_end": int(is_last and end)}
            ctx.set(self.dut.i_piece, piece)
            ctx.set(self.dut.i_valid, 1)
            await ctx.tick()
            ctx.set(self.dut.i_valid, 0)
            junk = {"data": self.rng.choices(range(256), k=lanes), "count": self.rng.randrange(2), "last": 1}
            ctx.set(self.dut.i_piece, junk)

    async def count(self, ctx):
        """Words that come free again, and cycles."""
        while True:
            _, _, released = await ctx.tick().sample(self.dut.o_released)
            self.free, self.cycles = self.free + released, self.cycles + 1


def run(config, jobs, rng, pauses, gaps=True):
    """Feeds the jobs and compares the slots that leave. Returns the Ring."""
    ring = Ring(config, jobs, rng, gaps)
    expected = [slot for job in jobs for slot in job.leaving()]
    out = Collector(ring.dut.o, len(expected), pauses)
    told = sender(ring.dut.i_jobs, [job.fields for job in jobs], Pauses())
    simulate(ring.dut, told, ring.feed, out.run, watchers=[ring.count])
    assert out.taken == expected
    assert ring.free == config.output_words, "a word was lost"
    return ring


def test_jobs_of_one_slot(seed):
    """Each is treated as it is, as close behind the other as jobs may end."""
    config, rng = CONFIGS["one pass"], random.Random(seed)
    kinds = [bool(rng.randrange(2)) for _ in range(30)]
    jobs = [Job(config, rng, depthwise=kind, raw=False, rows=1, out_w=1, k_tiles=1) for kind in kinds]
    run(config, jobs, rng, Pauses(), gaps=False)


@pytest.mark.parametrize("name", CONFIGS)
def test_jobs_of_all_kinds(name, stalls, seed):
    config, rng = CONFIGS[name], random.Random(seed)
    run(config, [random_job(config, rng) for _ in range(20)], rng, stalls.output(), gaps=rng.random() < 0.5)


def test_rows_of_half_the_ring_follow_each_other_without_a_pause(seed):
    """One is computed while the one before leaves: a slot in and a slot out in each cycle."""
    config, rng = CONFIGS["one pass"], random.Random(seed)
    job = Job(config, rng, depthwise=True, raw=False, rows=8, out_w=WORDS // 4, k_tiles=2)
    ring = run(config, [job], rng, Pauses(), gaps=False)
    fill = WORDS // 2 + BlockMemory.LATENCY + 6
    assert ring.cycles <= 8 * WORDS // 2 + fill, f"{ring.cycles} cycles"


def test_nothing_of_a_row_leaves_before_it_is_whole(seed):
    config, rng = CONFIGS["one pass"], random.Random(seed)
    job = Job(config, rng, depthwise=True, raw=False, rows=1, out_w=3, k_tiles=2)
    ring = Ring(config, [job], rng, gaps=False)

    async def all_but_the_last(ctx):
        ctx.set(ring.dut.i_jobs.payload, job.fields)
        ctx.set(ring.dut.i_jobs.valid, 1)
        await ctx.tick().repeat(2)
        *coming, (_, last) = job.coming()
        for _, slot in coming:
            await ring._slot(ctx, slot, False)
        await ctx.tick().repeat(20)
        assert not ctx.get(ring.dut.o.valid)
        await ring._slot(ctx, last, True)
        await ctx.tick().until(ring.dut.o.valid)

    simulate(ring.dut, all_but_the_last)
