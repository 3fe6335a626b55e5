"""The walk of depthwise jobs and the window that it moves: with the columns it asks for, every output comes right."""

import random
from math import ceil

import numpy as np
import pytest
from convloom.spec import Config
from convloom_rtl.depthwise_window import DepthwiseWindow
from convloom_rtl.payloads import LEVELS
from convloom_rtl.window_walker import WindowWalker
from roles.stalls import Pauses
from roles.unit import Collector, plain, sender, simulate

CONFIGS = {
    "8x4": Config(cin_lanes=8, cout_lanes=4, requant_lanes=4, weight_words=256, depthwise=True),
    "4x8": Config(cin_lanes=4, cout_lanes=8, requant_lanes=2, weight_words=256, depthwise=True),
    "16x1": Config(cin_lanes=16, cout_lanes=1, requant_lanes=1, weight_words=256, depthwise=True),
}
PAD, JUNK = -3, 85
SLIDING, ROWS = 4, 4  # the largest window that slides; rows of a column


class Job:
    """A depthwise layer: x [h, w, c] with whole vectors of channels, w [kh, kw, c], pads (top, left)."""

    def __init__(self, config, x, w, stride, pads, out):
        self.config, self.x, self.w, self.stride, self.pads, self.out = config, x, w, stride, pads, out
        self.kh, self.kw, self.slides = *w.shape[:2], max(w.shape[:2]) <= SLIDING
        self.groups = x.shape[2] // config.cout_lanes
        self.chunks = 1 if self.slides else ceil(self.kh / ROWS)
        self.passes = ceil(SLIDING * self.kw / config.cin_lanes) if self.slides else self.kw * self.chunks

    @property
    def walk_job(self):
        """Its fields, as in the descriptor."""
        h, w, c = self.x.shape
        top, left = self.pads
        unread = min(left, self.kw - 1) if self.slides else 0
        job = {
            **{"in_h": h, "row_bytes": w * c, "out_h": self.out[0], "out_w": self.out[1]},
            **{"kh": self.kh, "kw": self.kw, "runs": self.kw - unread, "run_step": c},
            **{"column_step": self.stride[1] * c, "stride_x": self.stride[1], "stride_y": self.stride[0]},
            **{"dilation_y": 1, "pad_top": top, "pad_left_bytes": (left - unread) * c, "chunks": self.chunks},
            **{"passes": self.passes, "k_tiles": self.groups, "words_in_all": self.groups * self.passes},
            **{
                "pad_value": PAD,
                "raw": 0,
                "discard": 0,
                "depthwise": 1,
                "slides": self.slides,
                "row_words": self.groups * self.out[1],
            },
        }
        numbers = {level: job[level] for level in LEVELS} | {"runs": self.passes}
        return job | {"single": {level: number == 1 for level, number in numbers.items()}}

    @property
    def weights(self):
        """int8 [words, cout_lanes, cin_lanes], in the order in which they are eaten."""
        words = np.zeros((self.groups, self.passes, self.config.cout_lanes, self.config.cin_lanes), np.int64)
        for i, j, channel in np.ndindex(*self.w.shape):
            group, lane = divmod(channel, self.config.cout_lanes)
            word, tap = divmod(4 * (self.kw - 1 - j) + i, self.config.cin_lanes)
            if not self.slides:
                word, tap = j * self.chunks + i // ROWS, i % ROWS
            words[group, word, lane, tap] = self.w[i, j, channel]
        return words.reshape(-1, *words.shape[2:])

    def column(self, row, offset):
        """int8 [4, cout_lanes]: bytes of four rows, junk where there are none."""
        flat, column = self.x.reshape(len(self.x), -1), np.full((ROWS, self.config.cout_lanes), JUNK)
        for n in range(ROWS):
            if 0 <= row + n < len(flat) and 0 <= offset < flat.shape[1]:
                column[n] = flat[row + n, offset : offset + self.config.cout_lanes]
        return column

    def expected(self):
        """Sums in the order of the walk: y, group, x; cout_lanes channels each."""
        c, (top, left) = self.x.shape[2], self.pads
        bottom, right = (self.out[n] * self.stride[n] + self.w.shape[n] for n in range(2))
        around = np.pad(self.x, ((top, bottom), (left, right), (0, 0)), constant_values=PAD)
        sums = np.zeros((self.out[0], self.out[1], c), np.int64)
        for y, x in np.ndindex(*self.out):
            at = around[y * self.stride[0] :, x * self.stride[1] :][: self.kh, : self.kw]
            sums[y, x] = (at * self.w).sum((0, 1))
        return sums.reshape(*self.out, self.groups, -1).swapaxes(1, 2).reshape(-1, self.config.cout_lanes)


def walked(config, jobs, pauses):
    """The walker's steps, up to each job's last."""
    dut, steps = WindowWalker(config), []
    out = Collector(dut.o, 1, pauses)

    async def run(ctx):
        ctx.set(dut.i_rows_done, sum(len(job.x) for job in jobs))
        ctx.set(dut.i_loaded, 1)
        await ctx.tick().repeat(len(jobs))
        ctx.set(dut.i_loaded, 0)
        while sum(step["job_end"] for step in steps) < len(jobs):
            await out.run(ctx)
            steps.extend(out.taken)

    simulate(dut, sender(dut.i_jobs, [job.walk_job for job in jobs], Pauses()), run)
    return steps


def windows(config, columns):
    """The taps [cout_lanes, 16] after each step. columns: (window step, column); the step is told a cycle ahead.

    The window has bytes by their difference from the pad value.
    """
    dut, seen = DepthwiseWindow(config), []

    async def run(ctx):
        steps, given = ([*each] for each in zip(*columns, strict=True))
        for step, column in zip([*steps, {}, {}], [given[0], *given, given[-1]], strict=True):
            ctx.set(
                dut.i_column,
                [int.from_bytes(bytes((n ^ PAD) & 255 for n in row.tolist()), "little") for row in column],
            )
            ctx.set(dut.i_step, step)
            window = (await ctx.tick().sample(*dut.o_columns))[2:]
            rows = [row.to_bytes(config.cout_lanes, "little") for each in window for row in plain(each)]
            taps = np.array([list(row) for row in rows]).T
            seen.append((taps ^ (PAD & 255)).astype(np.uint8).astype(np.int8).astype(np.int64))

    simulate(dut, run)
    return seen[2:]


def sums_of(job, steps, base, weight_base):
    """What the array makes of the job's steps; rows that a step does not wait for are junk."""
    config, columns, sums, total = job.config, [], [], 0
    window_end = job.kh - 1 - job.pads[0]  # the window's last row
    for step in steps:
        issue, row = step["issue"], (step["issue"]["row"] - base + 128) % 256 - 128
        column = job.column(row, issue["offset"])
        last_there = (step["row"] - base) if step["needs"] else -1
        assert last_there <= max(window_end, -1), "waits for a row that no step needs yet"
        window_end += job.stride[0] * step["row_end"]
        for n in range(ROWS):
            if issue["pad_rows"] >> n & 1:
                column[n] = PAD
            elif row + n > last_there:
                column[n] = JUNK
        columns.append((step["window"], column))
    for step, taps in zip(steps, windows(config, columns), strict=True):
        if not step["is_issue"]:
            continue
        first = step["window"]["word"] * config.cin_lanes
        lanes = np.zeros((config.cout_lanes, config.cin_lanes), np.int64)
        used = taps[:, first : first + config.cin_lanes]
        lanes[:, : used.shape[1]] = used
        products = (lanes * job.weights[step["issue"]["weight"] - weight_base]).sum(1)
        total = products if step["first"] else total + products
        if step["tile_end"]:
            sums.append(total)
    return np.array(sums)


def random_job(config, rng, kernel=None):
    """A layer of any shape, outputs 1 and 2 wide among them; pads beyond the kernel at times."""
    kh, kw = kernel or (rng.randint(1, 6), rng.randint(1, 6))
    h, w, groups = rng.randint(1, 7), rng.randint(1, 6), rng.randint(1, 3)
    stride, pads = (rng.randint(1, 3), rng.randint(1, 3)), (rng.randint(0, kh), rng.randint(0, kw + 1))
    out = rng.randint(1, 3), rng.randint(1, 5)
    draw = np.random.default_rng(rng.randrange(1 << 32))
    channels = groups * config.cout_lanes
    x, taps = draw.integers(-128, 128, (h, w, channels)), draw.integers(-127, 128, (kh, kw, channels))
    return Job(config, x, taps, stride, pads, out)


def check(config, jobs, pauses):
    """Every sum of every job."""
    steps, base, weight_base = walked(config, jobs, pauses), 0, 0
    for job in jobs:
        end = next(n for n, step in enumerate(steps) if step["job_end"]) + 1
        sums = sums_of(job, steps[:end], base, weight_base)
        assert np.array_equal(sums, job.expected()), f"{job.x.shape}, {job.w.shape}, {job.stride}, {job.pads}"
        steps, base, weight_base = steps[end:], base + len(job.x), weight_base + job.groups * job.passes


@pytest.mark.parametrize("name", CONFIGS)
def test_random_jobs(name, stalls, seed):
    rng, config = random.Random(seed), CONFIGS[name]
    check(config, [random_job(config, rng) for _ in range(5)], stalls.output())


@pytest.mark.parametrize("kernel", ((1, 1), (1, 3), (3, 1), (3, 3), (4, 4), (5, 5), (10, 8)))
def test_kernels(kernel, seed):
    """Case 6: both kinds of windows, and the steps that sliding ones may take."""
    rng, config = random.Random(seed), CONFIGS["8x4"]
    check(config, [random_job(config, rng, kernel) for _ in range(3)], Pauses())
