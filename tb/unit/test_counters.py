"""The counters: totals, and each job's share of them, against a count in Python."""

import random
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest
from amaranth.hdl import ResetInserter, Signal
from convloom.spec import preset
from convloom.spec.registers import Cause
from convloom_rtl.counters import COUNTED, ENDED_JOBS, SLOTS, TOTALS, Counters
from convloom_rtl.payloads import BEATS
from roles.stalls import Pauses
from roles.unit import plain, send, simulate
from roles.unit_reports import read_report

SETTLE = 3 * SLOTS  # cycles until all totals have counted the last tag and have been shown
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
    for _, tags in jobs:
        for tag in tags:
            ctx.set(dut.i_tag, tag)
            await ctx.tick()
    ctx.set(dut.i_tag, {})
    await ctx.tick().repeat(after)


def providing(dut, jobs):
    """A testbench that offers what the counters have to know of `jobs`, each when the one before was taken."""

    async def testbench(ctx):
        await send(ctx, dut.i_jobs, [job for job, _ in jobs], Pauses())

    return testbench


class Shown:
    """The totals as `dut` shows them, by name; 64-bit ones as one number.

    Members
    -------
    moments : of each 64-bit total, what was shown
    """

    def __init__(self, dut):
        self._dut, self._words, self.moments = dut, {}, {"cycles": [], "busy": [], "macs": []}

    async def watch(self, ctx):
        last = name = None
        while True:
            total = plain(ctx.get(self._dut.o_total))
            assert last is None or name == last.replace("_low", "_high"), "a low half without its high half"
            if name:
                self._words[name] = total["word"]
                if name.endswith("_high"):
                    self.moments[name.removesuffix("_high")].append(self[name.removesuffix("_high")])
            last = name if name and name.endswith("_low") else None
            name = TOTALS[total["number"]] if total["valid"] and total["number"] < len(TOTALS) else None
            await ctx.tick()

    def __getitem__(self, name):
        words = self._words
        return words[name] if name in words else words[f"{name}_low"] | words[f"{name}_high"] << 32


def wanted_shares(jobs):
    return [words(count(job, tags)) for job, tags in jobs if job["report"]]


def test_totals_and_shares(seed):
    """What is not wanted as a report is in the totals alone; each share begins where the job before ended."""
    rng, dut = random.Random(seed), Counters(preset("tiny"))
    jobs, shares, shown = [random_job(rng) for _ in range(40)], [], Shown(dut)
    expected = wanted_shares(jobs)

    async def take(ctx):
        while len(shares) < len(expected):
            await ctx.tick().repeat(rng.choice((1, 1, 90)))
            if ctx.get(dut.o_counts.waiting):
                shares.append(await read_report(ctx, dut.o_counts, NUMBERS))

    simulate(dut, partial(drive, dut=dut, jobs=jobs), providing(dut, jobs), take, watchers=[shown.watch])
    assert shares == expected
    counts = sum((count(job, tags) for job, tags in jobs), Counter())
    for name in ("cycles", "busy", "macs", *CAUSES):
        assert shown[name] == counts[name], name
    assert counts["cycles"] == counts["busy"] + sum(counts[name] for name in CAUSES)


def test_totals_without_shares(seed):
    rng, dut = random.Random(seed), Counters(preset("tiny-up5k"))
    jobs, shown = [random_job(rng) for _ in range(40)], Shown(dut)
    simulate(dut, partial(drive, dut=dut, jobs=jobs), providing(dut, jobs), watchers=[shown.watch])
    counts = sum((count(job, tags) for job, tags in jobs), Counter())
    for name in ("cycles", "busy", "macs", *CAUSES):
        assert shown[name] == counts[name], name


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

    simulate(dut, testbench, providing(dut, jobs))
    assert shares == wanted_shares(jobs)


@pytest.mark.parametrize("cycles", range(24, 41))
def test_events_in_every_cycle(cycles, seed):
    """No count of a few bits is full before its turn, wherever in a round the jobs' ends come."""
    rng, dut = random.Random(seed), Counters(preset("tiny"))
    jobs, shares, shown = [random_job(rng, 2**32 - 1, cycles) for _ in range(5)], [], Shown(dut)
    for job, tags in jobs:
        job["report"] = 1
        cause = rng.choice((None, *range(len(Cause))))
        for tag in tags:
            tag |= {"active": 1, "issue": cause is None, "pixel_end": 1, "cause": cause or 0}

    async def testbench(ctx):
        ctx.set(dut.i_beats, {"act": 1})
        await drive(ctx, dut, jobs, after=1)
        ctx.set(dut.i_beats, {})
        await ctx.tick().repeat(SETTLE)
        for _ in jobs:
            shares.append(await read_report(ctx, dut.o_counts, NUMBERS))

    simulate(dut, testbench, providing(dut, jobs), watchers=[shown.watch])
    assert shares == wanted_shares(jobs)
    assert shown["beats_act"] == 5 * cycles + 1


@pytest.mark.parametrize("name", ["tiny", "tiny-up5k"])
def test_halves_belong_together(name, seed):
    """A low half and the high half behind it are the total at some moment."""
    rng, dut = random.Random(seed), Counters(preset(name))
    jobs = [random_job(rng, macs_per_pixel=2**32 - 3, cycles=rng.randint(24, 60)) for _ in range(20)]
    shown = Shown(dut)
    simulate(dut, partial(drive, dut=dut, jobs=jobs), providing(dut, jobs), watchers=[shown.watch])
    moments = shown.moments["macs"]
    steps = [after - before for before, after in zip(moments, moments[1:], strict=False)]
    assert all(0 <= step <= 40 * (2**32 - 3) and step % (2**32 - 3) == 0 for step in steps)
    assert moments[-1] == sum(count(*job)["macs"] for job in jobs) > 2**33


def test_a_reset_begins_anew(seed):
    """Totals are 0 behind it, and the first job's share does not know of what was before."""
    rng, counters, reset = random.Random(seed), Counters(preset("tiny")), Signal()
    dut, shown, taken = ResetInserter(reset)(counters), Shown(counters), []
    before, after = random_job(rng), random_job(rng)
    before[0]["report"] = after[0]["report"] = 1

    async def testbench(ctx):
        await drive(ctx, counters, [before])
        ctx.set(counters.i_beats, {"job": 1})
        ctx.set(reset, 1)
        await ctx.tick().repeat(SETTLE)
        ctx.set(reset, 0)
        ctx.set(counters.i_beats, {})
        await ctx.tick().repeat(2 * SLOTS)
        assert all(shown[name] == 0 for name in ("cycles", "busy", "macs", *CAUSES, "beats_job"))
        await drive(ctx, counters, [after])
        taken.extend(await read_report(ctx, counters.o_counts, NUMBERS))

    simulate(dut, testbench, providing(counters, [before, after]), watchers=[shown.watch])
    assert taken == words(count(*after))


def test_beats_of_each_stream(seed):
    """Also those from the first cycle on."""
    rng, dut = random.Random(seed), Counters(preset("tiny"))
    cycles, shown = [{name: rng.randrange(2) for name in BEATS} for _ in range(80)], Shown(dut)

    async def testbench(ctx):
        for pulses in cycles:
            ctx.set(dut.i_beats, pulses)
            await ctx.tick()
        ctx.set(dut.i_beats, {})
        await ctx.tick().repeat(SETTLE)

    simulate(dut, testbench, watchers=[shown.watch])
    assert {name: shown[f"beats_{name}"] for name in BEATS} == {
        name: sum(c[name] for c in cycles) for name in BEATS
    }
