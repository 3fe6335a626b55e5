"""The reporter: when a job is done, with which code, and what its report says."""

import random
from dataclasses import replace

import pytest
from convloom.spec import ErrorCode, preset
from convloom.spec.registers import REPORT_WORDS
from convloom_rtl.reporter import Reporter
from roles.unit import StreamStalls, plain, sender, simulate
from roles.unit_reports import Provider, read_report

WORDS = range(len(REPORT_WORDS))
COUNTS = len(REPORT_WORDS) - 1
DEPTHS = (1, 2, 16)
PARTS = ("job", "code", "counts", "answer")  # of what ends a job


def reporter(depth):
    return Reporter(replace(preset("tiny"), report_depth=depth))


def random_jobs(rng, number, report=None):
    """Jobs as the reporter is told of them: of the job packet, of the activation packet, and the counts."""
    jobs = []
    for job_id in rng.sample(range(1 << 16), number):
        code = rng.choice((ErrorCode.NONE, ErrorCode.NONE, ErrorCode.ROWS, ErrorCode.JOB_LONG))
        wanted = rng.randrange(2) if report is None else report
        job = {"job_id": job_id, "irq": rng.randrange(2), "report": wanted, "code": code}
        act_code = rng.choice((ErrorCode.NONE, ErrorCode.ACT_SHORT))
        jobs.append((job, act_code, [rng.getrandbits(32) for _ in range(COUNTS)] if wanted else []))
    return jobs


def done(job, act_code, _):
    """What the registers are to be told of a job."""
    return {"job_id": job["job_id"], "code": job["code"] or act_code, "irq": job["irq"]}


def report(job, act_code, counts):
    """The words of a job's report."""
    return [job["job_id"] | (job["code"] or act_code) << 16, *counts]


class Ends:
    """Watches a reporter: `done`, what it told of each job, and `lost`, the reports without a place."""

    def __init__(self, dut):
        self._dut, self.done, self.lost = dut, [], 0

    async def watch(self, ctx):
        while True:
            self.lost += ctx.get(self._dut.reports.lost)
            job = plain(ctx.get(self._dut.o_done))
            if job.pop("valid"):
                self.done.append(job)
            await ctx.tick()


def run(dut, jobs, stalls, rng, *testbenches, ends):
    """Runs `testbenches` while `dut` is told of the jobs and their counts, each at its own pace."""
    provider = Provider(dut.i_counts)

    async def count(ctx):
        for words in (counts for _, _, counts in jobs if counts):
            await ctx.tick().repeat(rng.choice((1, 20)))
            provider.add(dict(enumerate(words, start=1)))

    packets = sender(dut.i_jobs, [job for job, _, _ in jobs], stalls.input(), dut.o_busy)
    codes = sender(dut.i_codes, [code for _, code, _ in jobs], stalls.input(), dut.o_busy)
    simulate(dut, packets, codes, count, *testbenches, watchers=[ends.watch, provider.watch])


async def answer(ctx, dut):
    """A job's answer leaves."""
    ctx.set(dut.i_answered, 1)
    await ctx.tick()
    ctx.set(dut.i_answered, 0)


def answers(dut, number, rng):
    async def testbench(ctx):
        for _ in range(number):
            await ctx.tick().repeat(rng.choice((1, 1, 20)))
            await answer(ctx, dut)

    return testbench


@pytest.mark.parametrize("depth", DEPTHS)
def test_every_job_ends_once_and_in_order(depth, stalls, seed):
    """However its three streams and its answer come. Reports are drained meanwhile; some may be lost."""
    rng, dut = random.Random(seed), reporter(depth)
    jobs, ends, read = random_jobs(rng, 40), Ends(dut), []

    async def drain(ctx):
        while not (len(ends.done) == len(jobs) and ctx.get(dut.reports.waiting) == 0):
            await ctx.tick()
            if ctx.get(dut.reports.waiting):
                read.append(await read_report(ctx, dut.reports, WORDS))

    run(dut, jobs, stalls, rng, answers(dut, len(jobs), rng), drain, ends=ends)
    assert ends.done == [done(*job) for job in jobs]
    expected = iter([report(*job) for job in jobs if job[0]["report"]])
    assert all(words in expected for words in read), "a report that is wrong, or out of order"
    assert len(read) + ends.lost == sum(job[0]["report"] for job in jobs)
    assert depth < 16 or not ends.lost


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_newest_reports_are_dropped(depth, seed):
    """The oldest stay as they are, and after a pop the next one finds room."""
    rng, dut = random.Random(seed), reporter(depth)
    jobs, ends, read = random_jobs(rng, depth + 4, report=1), Ends(dut), []

    async def drain(ctx):
        while len(ends.done) < depth + 3:
            await ctx.tick()
        assert ends.lost == 3 and ctx.get(dut.reports.waiting) == depth
        read.append(await read_report(ctx, dut.reports, WORDS))
        await answer(ctx, dut)
        while len(ends.done) < depth + 4:
            await ctx.tick()
        while ctx.get(dut.reports.waiting):
            read.append(await read_report(ctx, dut.reports, WORDS))

    run(dut, jobs, StreamStalls("none", seed), rng, answers(dut, depth + 3, rng), drain, ends=ends)
    assert ends.lost == 3
    assert read == [report(*job) for job in (*jobs[:depth], jobs[-1])]


def test_an_answer_ends_one_job(seed):
    """Also where all else of the next one is there."""
    rng, dut = random.Random(seed), reporter(4)
    jobs, ends = random_jobs(rng, 2, report=0), Ends(dut)

    async def one_by_one(ctx):
        for number in (1, 2):
            await answer(ctx, dut)
            await ctx.tick().repeat(20)
            assert len(ends.done) == number

    run(dut, jobs, StreamStalls("none", seed), rng, one_by_one, ends=ends)


@pytest.mark.parametrize("missing", PARTS)
def test_a_job_is_not_done_before_all_of_it_is_there(missing, seed):
    rng, dut = random.Random(seed), reporter(4)
    job, ends, provider = random_jobs(rng, 1, report=1)[0], Ends(dut), Provider(dut.i_counts)

    async def tell(ctx, what):
        if what == "counts":
            provider.add(dict(enumerate(job[2], start=1)))
        elif what == "answer":
            await answer(ctx, dut)
        else:
            ctx.set(getattr(dut, f"i_{what}s").valid, 1)

    async def testbench(ctx):
        ctx.set(dut.i_jobs.payload, job[0])
        ctx.set(dut.i_codes.payload, job[1])
        for what in PARTS:
            if what != missing:
                await tell(ctx, what)
        await ctx.tick().repeat(40)
        assert not ends.done and ctx.get(dut.o_busy) == (missing != "answer")
        await tell(ctx, missing)
        await ctx.tick().repeat(40)
        assert ends.done == [done(*job)] and not ctx.get(dut.o_busy)

    simulate(dut, testbench, watchers=[ends.watch, provider.watch])


def test_a_pop_of_nothing_does_nothing(seed):
    rng, dut = random.Random(seed), reporter(2)
    jobs = random_jobs(rng, 1, report=1)

    async def testbench(ctx):
        ctx.set(dut.reports.pop, 1)
        await ctx.tick().repeat(3)
        assert ctx.get(dut.reports.waiting) == 0
        ctx.set(dut.reports.pop, 0)
        await answer(ctx, dut)
        await ctx.tick().until(dut.o_done.valid)
        assert await read_report(ctx, dut.reports, WORDS) == report(*jobs[0])

    run(dut, jobs, StreamStalls("none", seed), rng, testbench, ends=Ends(dut))


def test_two_cycles_for_a_job_without_a_report():
    dut, jobs = reporter(1), 20
    ends = Ends(dut)

    async def testbench(ctx):
        ctx.set(dut.i_codes.valid, 1)
        ctx.set(dut.i_jobs.valid, 1)
        ctx.set(dut.i_answered, 1)
        await ctx.tick().repeat(jobs)
        ctx.set(dut.i_answered, 0)
        await ctx.tick().repeat(jobs + 2)
        assert len(ends.done) == jobs

    simulate(dut, testbench, watchers=[ends.watch])
