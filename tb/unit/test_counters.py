"""The counters: totals, and each job's share of them, against a count in Python."""

import random
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest
from amaranth.hdl import ResetInserter, Signal
from convloom.spec import preset
from convloom.spec.registers import Cause
from convloom_rtl.counters import COUNTED, ENDED_JOBS, Counters
from convloom_rtl.payloads import BEATS
from roles.unit import plain, simulate
from roles.unit_reports import read_report

SETTLE = len(COUNTED) + 8  # cycles until all totals have counted the last tag
NUMBERS = range(1, len(COUNTED) + 1)  # of the words of a share
CAUSES = [f"lost_{cause.name.lower()}" for cause in Cause]


def random_job(rng, macs_per_pixel=None, cycles=None):
    """A job: its CountJob, and its tags up to job_end; some cycles do not count, some have no issue."""
    report, discard = rng.random() < 0.7, rng.random() < 0.2
    macs = rng.choice((0, 1, 1000, 2**32 - 1)) if macs_per_pixel is None else macs_per_pixel
    tags = []
    for _ in range(cycles or rng.choice((24, 25, 60))):
        active = rng.random() < 0.9
        issue = active and not discard and rng.random() < 0.6
        cause = rng.randrange(len(Cause))
        tags.append(
            {"active": active, "issue": issue, "cause": cause, "pixel_end": issue and rng.random() < 0.7}
        )
    tags[-1] = {"active": 1, "issue": not discard, "cause": 5, "pixel_end": 1, "job_end": 1}
    return {"macs_per_pixel": macs, "report": report}, tags


def count(job, tags):
    """The counts of a job's tags, by the names of COUNTED; macs as one number."""
    counts = Counter()
    for tag in tags:
        counts["cycles"] += tag["active"]
        counts["busy"] += tag["issue"]
        counts["macs"] += job["macs_per_pixel"] * (tag["issue"] and tag["pixel_end"])
        if tag["active"] and not tag["issue"]:
            counts[CAUSES[tag["cause"]]] += 1
    return counts


def words(counts):
    """A job's counts as its report has them."""
    halves = {"macs_low": counts["macs"] % 2**32, "macs_high": counts["macs"] >> 32}
    return [halves.get(name, counts[name]) for name in COUNTED]


async def drive(ctx, dut, jobs, after=SETTLE):
    """Drives the tags of `jobs` one per cycle, then idle cycles that do not count."""
    for job, tags in jobs:
        ctx.set(dut.i_jobs.payload, job)
        ctx.set(dut.i_jobs.valid, 1)
        for tag in tags:
            ctx.set(dut.i_tag, tag)
            assert ctx.get(dut.i_jobs.ready) == tag.get("job_end", 0), "a job is taken with its last tag"
            await ctx.tick()
    ctx.set(dut.i_jobs.valid, 0)
    ctx.set(dut.i_tag, {})
    await ctx.tick().repeat(after)


def wide(halves):
    return halves["low"] | halves["high"] << 32


def wanted_shares(jobs):
    return [words(count(job, tags)) for job, tags in jobs if job["report"]]


def test_totals_and_shares(seed):
    """What is not wanted as a report is in the totals alone; each share begins where the job before ended."""
    rng, dut = random.Random(seed), Counters(preset("tiny"))
    jobs, shares, totals = [random_job(rng) for _ in range(20)], [], {}
    expected = wanted_shares(jobs)

    async def testbench(ctx):
        await drive(ctx, dut, jobs)
        totals.update(plain(ctx.get(dut.o_totals)))

    async def take(ctx):
        while len(shares) < len(expected):
            await ctx.tick().repeat(rng.choice((1, 1, 90)))
            if ctx.get(dut.o_counts.waiting):
                shares.append(await read_report(ctx, dut.o_counts, NUMBERS))

    simulate(dut, testbench, take)
    assert shares == expected
    counts = sum((count(job, tags) for job, tags in jobs), Counter())
    for name in ("cycles", "busy", "macs"):
        assert wide(totals[name]) == counts[name], name
    assert {f"lost_{name}": number for name, number in totals["lost"].items()} == {
        name: counts[name] for name in CAUSES
    }
    assert counts["cycles"] == counts["busy"] + sum(counts[name] for name in CAUSES)


@pytest.mark.parametrize("jobs_in_flight", (2, 4, 8))
def test_the_shares_of_all_jobs_that_can_wait_are_kept(jobs_in_flight, seed):
    """Nothing is lost when the answers are held up until no more jobs can be on chip."""
    rng, dut = random.Random(seed), Counters(replace(preset("tiny"), jobs_in_flight=jobs_in_flight))
    jobs, shares = [random_job(rng, cycles=24) for _ in range(jobs_in_flight + ENDED_JOBS)], []
    for job, _ in jobs:
        job["report"] = 1

    async def testbench(ctx):
        await drive(ctx, dut, jobs)
        assert ctx.get(dut.o_counts.waiting) == len(jobs)
        for _ in jobs:
            shares.append(await read_report(ctx, dut.o_counts, NUMBERS))

    simulate(dut, testbench)
    assert shares == wanted_shares(jobs)


def test_the_high_half_is_a_cycle_behind_the_low_one(seed):
    """So whoever reads it a cycle later has a number that was the total at some moment."""
    rng, dut = random.Random(seed), Counters(preset("tiny"))
    job, tags = random_job(rng, macs_per_pixel=2**32 - 3, cycles=60)
    seen = []

    async def watch(ctx):
        while True:
            seen.append(plain(ctx.get(dut.o_totals.macs)))
            await ctx.tick()

    simulate(dut, partial(drive, dut=dut, jobs=[(job, tags)]), watchers=[watch])
    moments = [low["low"] | high["high"] << 32 for low, high in zip(seen, seen[1:], strict=False)]
    assert all(
        (after - before) in (0, job["macs_per_pixel"])
        for before, after in zip(moments, moments[1:], strict=False)
    )
    assert moments[-1] == count(job, tags)["macs"] > 2**33


def test_a_reset_begins_anew(seed):
    """Totals are 0 behind it, and the first job's share does not know of what was before."""
    rng, counters, reset = random.Random(seed), Counters(preset("tiny")), Signal()
    dut = ResetInserter(reset)(counters)
    before, after = random_job(rng), random_job(rng)
    after[0]["report"], taken = 1, []

    async def testbench(ctx):
        await drive(ctx, counters, [before])
        ctx.set(reset, 1)
        await ctx.tick().repeat(SETTLE)
        ctx.set(reset, 0)
        assert wide(plain(ctx.get(counters.o_totals.cycles))) == 0
        await drive(ctx, counters, [after])
        taken.extend(await read_report(ctx, counters.o_counts, NUMBERS))

    simulate(dut, testbench)
    assert taken == words(count(*after))


def test_beats_of_each_stream(seed):
    rng, dut = random.Random(seed), Counters(preset("tiny"))
    cycles = [{name: rng.randrange(2) for name in BEATS} for _ in range(50)]

    async def testbench(ctx):
        for pulses in cycles:
            ctx.set(dut.i_beats, pulses)
            await ctx.tick()
        ctx.set(dut.i_beats, {})
        await ctx.tick()
        assert plain(ctx.get(dut.o_totals.beats)) == {name: sum(c[name] for c in cycles) for name in BEATS}

    simulate(dut, testbench)
