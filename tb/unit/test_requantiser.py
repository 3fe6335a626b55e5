"""The requantiser: jobs of every kind, tile behind tile, at every width."""

import random

import pytest
from convloom.spec import Config, Rounding
from convloom_rtl.requantiser import Requantiser
from roles.requantiser_jobs import Job, make_job, random_job
from roles.rounding_cases import cases, ties
from roles.stalls import Pauses, ragged
from roles.unit import plain, send_into_room, sender, simulate

MODES = tuple(Rounding)
WIDTHS = ((1, 1), (6, 2), (6, 6), (8, 1), (8, 2), (8, 8))  # cout_lanes, requant_lanes
PLAIN = Pauses()  # none


def requantiser(cout_lanes, requant_lanes, parameter_words=32, roundings=MODES):
    return Requantiser(
        Config(
            cin_lanes=4,
            cout_lanes=cout_lanes,
            requant_lanes=requant_lanes,
            parameter_words=parameter_words,
            roundings=roundings,
        )
    )


class Run:
    """Runs jobs through a requantiser: tiles as close as they may come, or `gap()` cycles further apart.

    Members
    -------
    slots : (valid bytes, last) of each slot that came
    pieces : cycle of each piece; due : the cycle in which it should come
    """

    def __init__(self, dut, jobs, *, gap=lambda: 0, pauses=PLAIN):
        self.dut, self.jobs, self._gap = dut, jobs, gap
        self.slots, self.pieces, self.due = [], [], []
        self._records = self._cycle = 0
        settings = sender(dut.i_jobs, [job.settings for job in jobs], PLAIN)
        simulate(dut, self._drive, self._send(pauses), watchers=(settings, self._watch))

    def _send(self, pauses):
        async def testbench(ctx):
            for record in (record for job in self.jobs for record in job.records):
                await send_into_room(ctx, self.dut.i_records, self.dut.o_records_room, [record], pauses)
                self._records += 1

        return testbench

    async def _drive(self, ctx):
        needed = 0
        for job in self.jobs:
            needed += len(job.records)
            while self._records < needed:
                await self._wait(ctx)
            pieces = self.dut.config.passes * (4 if job.is_raw else 1)
            for tile in job.tiles(self.dut.config.cout_lanes):
                self.due += range(self._cycle + self.dut.latency, self._cycle + self.dut.latency + pieces)
                ctx.set(self.dut.i_tile, tile)
                ctx.set(self.dut.i_valid, 1)
                ctx.set(self.dut.i_load, 1)
                await self._wait(ctx)
                ctx.set(self.dut.i_valid, 0)
                ctx.set(self.dut.i_load, 0)
                await self._wait(ctx, pieces - 1 + self._gap())
        await self._wait(ctx, self.dut.latency)

    async def _wait(self, ctx, cycles=1):
        for _ in range(cycles):
            await ctx.tick()
            self._cycle += 1

    async def _watch(self, ctx):
        """Puts pieces together to slots."""
        content, cycle = b"", 0
        async for _, _, valid, piece in ctx.tick().sample(self.dut.o_valid, self.dut.o_piece):
            piece = plain(piece)
            assert valid >= piece["slot_end"] >= piece["job_end"]
            if valid:
                self.pieces.append(cycle)
                content += bytes(piece["data"])
                if piece["slot_end"]:
                    self.slots.append((content[: piece["count"]], bool(piece["last"])))
                    content = b""
            cycle += 1


def check(run):
    expected = [slot for job in run.jobs for slot in job.slots(run.dut.config.cout_lanes)]
    assert run.slots == expected
    assert run.pieces == run.due


@pytest.mark.parametrize("cout_lanes, requant_lanes", WIDTHS)
@pytest.mark.parametrize("spread", (False, True), ids=("close", "spread"))
def test_jobs_of_every_kind(cout_lanes, requant_lanes, spread, seed):
    """Raw or not, discarded or not, modes in turn, through a ring that wraps and fills."""
    rng = random.Random(seed)
    dut = requantiser(cout_lanes, requant_lanes)
    jobs = [random_job(dut.config, rng) for _ in range(60)]
    gap, pauses = (lambda: rng.choice((0, 1, 5)), Pauses(ragged(rng))) if spread else (lambda: 0, PLAIN)
    check(Run(dut, jobs, gap=gap, pauses=pauses))


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("cout_lanes, requant_lanes", ((1, 1), (6, 2), (8, 8)))
def test_every_mode(cout_lanes, requant_lanes, mode, seed):
    """The edges of the arithmetic and ties, with both ends of the output zero point."""
    rng = random.Random(seed)
    dut = requantiser(cout_lanes, requant_lanes, parameter_words=256)
    drawn = rng.sample(cases(rng, 1000), 600)
    jobs = [
        job_of(
            dut.config, rng, drawn[n : n + 120], rounding=mode, output_zero_point=rng.choice((-128, 0, 127))
        )
        for n in range(0, len(drawn), 120)
    ]
    check(Run(dut, jobs))


def job_of(config, rng, drawn, **settings):
    """A job of one pixel, whose channels are the (accumulator, multiplier, shift) of `drawn`."""
    return make_job(config, rng, [[case[0] for case in drawn]], [case[1:] for case in drawn], **settings)


def test_four_modes_give_four_answers(seed):
    rng = random.Random(seed)
    dut, drawn = requantiser(8, 8), ties(rng, 256)
    run = Run(dut, [job_of(dut.config, rng, drawn, rounding=mode) for mode in MODES])
    check(run)
    assert len({tuple(run.slots[n : n + 32]) for n in range(0, 128, 32)}) == len(MODES)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name.lower())
def test_a_mode_alone(mode, seed):
    """The other modes are not built in; raw and discarded jobs may still name them."""
    rng = random.Random(seed)
    dut = requantiser(6, 2, roundings=(mode,))
    jobs = [random_job(dut.config, rng) for _ in range(20)]
    jobs += [job_of(dut.config, rng, ties(rng, 12), rounding=other, raw=1) for other in MODES]
    check(Run(dut, jobs))


def test_a_job_may_fill_the_ring(seed):
    """Jobs as long as the ring, each of which waits until the one before has ended."""
    rng = random.Random(seed)
    dut = requantiser(4, 2, parameter_words=8)
    check(Run(dut, [job_of(dut.config, rng, ties(rng, 16), k=13 + n) for n in range(4)]))


def test_no_room_while_the_ring_is_full(seed):
    rng = random.Random(seed)
    dut = requantiser(4, 2, parameter_words=8)
    job = job_of(dut.config, rng, ties(rng, 16))

    async def testbench(ctx):
        taken = 0
        for _ in range(2 * len(job.records)):
            _, _, room = await ctx.tick().sample(dut.o_records_room)
            ctx.set(dut.i_records.valid, room)
            taken += room
        assert taken == len(job.records)
        ctx.set(dut.i_jobs.payload, job.settings)
        for tile in job.tiles(4):
            assert not ctx.get(dut.o_records_room)
            ctx.set(dut.i_tile, tile)
            ctx.set(dut.i_valid, 1)
            ctx.set(dut.i_load, 1)
            await ctx.tick()
            ctx.set(dut.i_valid, 0)
            ctx.set(dut.i_load, 0)
            await ctx.tick()
        await ctx.tick().repeat(3)
        assert ctx.get(dut.o_records_room)

    simulate(dut, testbench)


class Repeated(Job):
    """Two pixels of two tiles in a depthwise job's order: both first tiles, then both second ones."""

    def tiles(self, lanes):
        tiles = [super(Repeated, self).tiles(lanes)[n] for n in (0, 2, 1, 3)]
        return [tile | {"advance": int(n == 1), "rewind": 0} for n, tile in enumerate(tiles)]

    def slots(self, lanes):
        return [super(Repeated, self).slots(lanes)[n] for n in (0, 2, 1, 3)]


@pytest.mark.parametrize("requant_lanes", (2, 4))
def test_a_tile_may_be_followed_by_one_of_its_channels(requant_lanes, seed):
    """Neither `advance` nor `rewind`: the same parameters once more."""
    rng = random.Random(seed)
    dut = requantiser(4, requant_lanes)
    sums = [rng.choices(range(-1000, 1000), k=8) for _ in range(2)]
    job = make_job(dut.config, rng, sums, [(1 << 30, n) for n in range(8)])
    check(Run(dut, [Repeated(job.settings, job.channels, job.pixels), job_of(dut.config, rng, ties(rng, 8))]))
