"""The walk through a job's windows, step by step, against the six loops in plain Python."""

import random
from dataclasses import replace

import pytest
from convloom.spec import Config
from convloom.spec.registers import Cause
from convloom_rtl.payloads import LEVELS, WalkJob, cause_value
from convloom_rtl.window_walker import WindowWalker
from roles.geometry import ROWS, Geometry, random_geometry
from roles.unit import Collector, sender, simulate

CONFIG = Config(cin_lanes=4, cout_lanes=2, requant_lanes=2, line_bytes=1 << 10, weight_words=64)
DISCARD = None  # in a list of geometries: a job that is not run
DIRECTED = {
    "the smallest": Geometry((1, 1, 1), (1, 1, 1)),
    "pads larger than the kernel": Geometry((2, 2, 3), (2, 2, 2), pads=(4, 3, 5, 4)),
    "pads at the end": Geometry((4, 4, 3), (1, 3, 3), pads=(0, 1, 0, 1), stride=(2, 2)),
    "stride beyond the kernel": Geometry((7, 7, 2), (3, 1, 1), stride=(3, 3)),
    "dilated": Geometry((5, 6, 3), (2, 2, 3), dilation=(3, 2), pads=(1, 1, 1, 1)),
    "narrower than the kernel": Geometry((3, 1, 1), (2, 3, 5), pads=(1, 1, 2, 2)),
    "windows outside of the picture": Geometry((1, 1, 4), (1, 1, 1), pads=(3, 2, 3, 2)),
}


def expected_steps(jobs, config, pad_values, raws):
    """The steps of `jobs` one behind the other, as payloads.step; what does not matter is left out."""
    base = weight = 0
    for geometry, pad_value, raw in zip(jobs, pad_values, raws, strict=True):
        if geometry is DISCARD:
            yield dict.fromkeys(("first", "tile_end", "pixel_end", "row_end", "job_end"), 1) | {"is_issue": 0}
            continue
        fields = geometry.fields(config)
        for number, (position, row, offset) in enumerate(geometry.steps(config)):
            ends = _ends(fields, position)
            if ends["row_end"]:
                ends["free_to"] = (base + geometry.freed(position[0])) % ROWS
            yield {
                **_access(config, fields, base, row, offset),
                **ends,
                "pad_value": pad_value,
                "weight": (weight + number % fields["words_in_all"]) % config.weight_words,
                "is_issue": 1,
                "raw": raw,
                "free_words": fields["words_in_all"],
            }
        base, weight = base + geometry.picture[0], weight + fields["words_in_all"]


def _access(config, fields, base, row, offset):
    lanes, row_bytes = config.cin_lanes, fields["row_bytes"]
    inside = [0 <= row < fields["in_h"] and 0 <= offset + lane < row_bytes for lane in range(lanes)]
    # Beyond the picture one row is as good as another.
    rows = {"row": (base + row) % ROWS, "issue_row": (base + row) % 256} if row < fields["in_h"] else {}
    return {
        **rows,
        "offset": offset % (config.bank_words * lanes),
        "inside": inside,
        "needs": offset + lanes if any(inside) else 0,
    }


def _ends(fields, position):
    levels = ("out_h", "out_w", "k_tiles", "kh", "runs", "chunks")
    last = [at == fields[name] - 1 for at, name in zip(position, levels, strict=True)]
    names = ("job_end", "row_end", "pixel_end", "tile_end")
    ends = {name: int(all(last[n:])) for n, name in enumerate(names)}
    return ends | {
        "first": int(not any(position[3:])),
        "advance": int(ends["tile_end"] and not ends["pixel_end"]),
        "rewind": ends["pixel_end"],
    }


def flat(step, config):
    """A step that was sampled, in the form of `expected_steps`."""
    issue = step.pop("issue")
    lanes = [issue["pad_low"] <= lane < issue["pad_high"] for lane in range(config.cin_lanes)]
    step["advance"] &= step["tile_end"]
    step["rewind"] &= step["tile_end"]
    return (
        step
        | {name: issue[name] for name in ("offset", "pad_value", "weight")}
        | {
            "issue_row": issue["row"],
            "inside": lanes,
        }
    )


def walk_jobs(jobs, config, pad_values, raws):
    """What the walker gets of each job."""
    for geometry, pad_value, raw in zip(jobs, pad_values, raws, strict=True):
        if geometry is DISCARD:
            yield {"discard": 1, "in_h": 7, "words_in_all": 5}  # of which none come
        else:
            fields = geometry.fields(config)
            job = {name: fields[name] for name in WalkJob.members if name in fields}
            single = {level: fields[level] == 1 for level in LEVELS}
            yield job | {"pad_value": pad_value, "raw": raw, "discard": 0, "single": single}


def check(jobs, stalls, rng, config=CONFIG):
    """Runs the jobs and compares each step."""
    pad_values, raws = [rng.randint(-128, 127) for _ in jobs], [rng.randrange(2) for _ in jobs]
    expected = list(expected_steps(jobs, config, pad_values, raws))
    dut = WindowWalker(config)
    out = Collector(dut.o, len(expected), stalls.output())

    async def load(ctx):
        rows = 0
        for geometry in jobs:
            if geometry is DISCARD:
                continue
            await ctx.tick().repeat(rng.choice((1, 1, 30)))
            ctx.set(dut.i_loaded, 1)
            await ctx.tick()
            ctx.set(dut.i_loaded, 0)
            rows += geometry.picture[0]
            ctx.set(dut.i_rows_done, rows)

    simulate(
        dut,
        sender(dut.i_jobs, walk_jobs(jobs, config, pad_values, raws), stalls.input(), ~dut.o.valid),
        load,
        out.run,
    )
    for number, (step, wanted) in enumerate(zip(out.taken, expected, strict=True)):
        step = flat(step, config)
        wrong = {name: (step[name], value) for name, value in wanted.items() if step[name] != value}
        assert not wrong, f"step {number}: came, expected: {wrong}"


@pytest.mark.parametrize("depthwise", (False, True))
def test_random_jobs(depthwise, stalls, seed):
    """Also where the other walker is built in, with which `o` is shared."""
    rng, config = random.Random(seed), replace(CONFIG, depthwise=depthwise)
    jobs = [random_geometry(rng, config, issues=120) for _ in range(10)]
    jobs[5:5] = [DISCARD, DISCARD]
    check([DISCARD, *jobs], stalls, rng, config)


@pytest.mark.parametrize("shape", DIRECTED)
def test_odd_shapes(shape, stalls, seed):
    check([DIRECTED[shape], DIRECTED["dilated"], DIRECTED[shape]], stalls, random.Random(seed))


def test_one_step_per_cycle_and_three_cycles_between_jobs():
    geometry, valids = Geometry((3, 3, 2), (3, 2, 2)), []
    job, *_ = walk_jobs([geometry], CONFIG, [0], [0])
    steps = len(list(geometry.steps(CONFIG)))
    dut = WindowWalker(CONFIG)

    async def testbench(ctx):
        for port, value in ((dut.i_jobs.payload, job), (dut.i_jobs.valid, 1), (dut.o.ready, 1)):
            ctx.set(port, value)
        ctx.set(dut.i_loaded, 1)
        await ctx.tick().repeat(3)
        ctx.set(dut.i_loaded, 0)
        ctx.set(dut.i_rows_done, 100)
        while sum(valids) < 2 * steps:
            valids.append((await ctx.tick().sample(dut.o.valid))[-1])

    simulate(dut, testbench)
    first = valids.index(1)
    assert valids[first:] == [1] * steps + [0] * 3 + [1] * steps


def test_a_job_waits_for_its_weights_and_the_rows_before():
    """And tells meanwhile what it is that it waits for."""
    jobs = list(walk_jobs([DIRECTED["the smallest"]] * 2, CONFIG, [0, 0], [0, 0]))
    dut = WindowWalker(CONFIG)

    async def waits(ctx, cause):
        valid, told = await ctx.tick().sample(dut.o.valid, dut.o_cause).repeat(6)
        assert not valid and told == cause_value(cause), f"{valid}, {told} in the place of {cause}"

    async def testbench(ctx):
        ctx.set(dut.o.ready, 1)
        await waits(ctx, Cause.DRAIN)
        ctx.set(dut.i_expecting, 1)
        await waits(ctx, Cause.DESCRIPTOR)
        ctx.set(dut.i_jobs.payload, jobs[0])
        ctx.set(dut.i_jobs.valid, 1)
        await waits(ctx, Cause.WEIGHTS)
        ctx.set(dut.i_loaded, 1)
        await ctx.tick().repeat(2)
        ctx.set(dut.i_loaded, 0)
        await ctx.tick().until(dut.o.valid)
        await ctx.tick().repeat(4)
        await waits(ctx, Cause.ACTIVATIONS)
        ctx.set(dut.i_rows_done, 1)
        await ctx.tick().until(dut.o.valid)

    simulate(dut, testbench)
