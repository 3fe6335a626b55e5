"""The counters: totals, and each job's share of them, against a count in Python."""

import random
from collections import Counter
from functools import partial

import pytest
from amaranth.hdl import ResetInserter, Signal
from convloom.spec import preset
from convloom.spec.registers import Cause
from convloom_rtl.counters import COUNTED, Counters
from convloom_rtl.payloads import BEATS
from roles.unit import Collector, plain, simulate

SETTLE = len(COUNTED) + 8  # cycles until all totals have counted the last tag
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


def test_totals_and_shares(stalls, seed):
    """What is not wanted as a report is in the totals alone; each share begins where the job before ended."""
    rng, dut = random.Random(seed), Counters(preset("tiny"))
    jobs = [random_job(rng) for _ in range(20)]
    expected = [word for job, tags in jobs if job["report"] for word in words(count(job, tags))]
    shares = Collector(dut.o_counts, len(expected), stalls.output())
    totals = {}

    async def testbench(ctx):
        await drive(ctx, dut, jobs)
        totals.update(plain(ctx.get(dut.o_totals)))

    simulate(dut, testbench, shares.run)
    assert shares.taken == expected
    counts = sum((count(job, tags) for job, tags in jobs), Counter())
    assert {name: wide(totals[name]) for name in ("cycles", "busy", "macs")} == {
        name: counts[name] for name in ("cycles", "busy", "macs")
    }
    assert [totals["lost"][name.removeprefix("lost_")] for name in CAUSES] == [
        counts[name] for name in CAUSES
    ]
    assert counts["cycles"] == counts["busy"] + sum(counts[name] for name in CAUSES)


@pytest.mark.parametrize("jobs_in_flight", (2, 4, 8))
def test_the_queue_holds_the_shares_of_all_jobs_that_can_wait(jobs_in_flight, seed):
    """Nothing is lost when the answers are held up until no more jobs can be on chip."""
    rng, config = random.Random(seed), preset("tiny")
    dut = Counters(type(config)(cin_lanes=4, cout_lanes=1, requant_lanes=1, jobs_in_flight=jobs_in_flight))
    jobs = [random_job(rng, cycles=24) for _ in range(jobs_in_flight + 12)]
    for job, _ in jobs:
        job["report"] = 1
    taken = []

    async def testbench(ctx):
        await drive(ctx, dut, jobs)
        ctx.set(dut.o_counts.ready, 1)
        for _ in range(len(jobs) * len(COUNTED)):
            _, _, valid, word = await ctx.tick().sample(dut.o_counts.valid, dut.o_counts.payload)
            assert valid
            taken.append(word)

    simulate(dut, testbench)
    assert taken == [word for job, tags in jobs for word in words(count(job, tags))]


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
        ctx.set(counters.o_counts.ready, 1)
        for _ in COUNTED:
            taken.append(ctx.get(counters.o_counts.payload))
            await ctx.tick()

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
