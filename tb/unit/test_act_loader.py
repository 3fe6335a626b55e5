"""The act loader's pace and error codes. (What it writes is read back in test_line_buffer.)"""

import random

import pytest
from convloom.spec import Config, ErrorCode
from convloom_rtl.act_loader import ActLoader
from roles.pictures import Picture, act_beats, load_jobs, random_picture
from roles.stalls import Pauses
from roles.unit import Collector, sender, simulate, watch_room

CONFIG = Config(cin_lanes=8, cout_lanes=1, requant_lanes=1, line_bytes=64 * 4 * 8)


def load(pictures, pauses=None, codes_pauses=None):
    """Codes, and the cycles of the writes; rows are given up as they come."""
    dut, writes = ActLoader(CONFIG), []
    codes = Collector(dut.o_codes, len(pictures), codes_pauses or Pauses())

    async def give_up(ctx):
        while True:
            _, _, written, progress = await ctx.tick().sample(dut.o_writes, dut.o_progress)
            writes.append(written)
            ctx.set(dut.i_free_to, progress.rows)

    async def take_codes(ctx):
        await codes.run(ctx)
        await ctx.tick().repeat(2)  # what was written last is still on its way

    beats = sender(dut.i, act_beats(pictures, 8), pauses or Pauses())
    jobs = sender(dut.i_jobs, load_jobs(pictures, 8), Pauses())
    simulate(dut, beats, jobs, take_codes, watchers=[give_up, watch_room(dut)])
    return codes.taken, writes


def whole(rows, row_bytes):
    """A packet that is as it should be."""
    data = bytes(n & 255 for n in range(rows * row_bytes))
    return Picture(rows, row_bytes, data, data, 0)


@pytest.mark.parametrize(
    ("rows", "row_bytes", "cycles"),
    (
        (10, 16, 20),  # rows of whole beats
        (8, 12, 12 + 4),  # every other row ends in mid-beat
        (5, 3, 2 + 4),  # rows shorter than a beat
        (16, 1, 2 + 14),  # eight rows in a beat
        (1, 1, 1),
    ),
)
def test_cycles(rows, row_bytes, cycles):
    """One per beat, and one for each row that ends before a beat's last byte, the packet's last excepted."""
    codes, writes = load([whole(rows, row_bytes)])
    first, last = writes.index(1), len(writes) - writes[::-1].index(1)
    assert last - first == sum(writes) == cycles
    assert codes == [ErrorCode.NONE]


def test_a_job_of_longer_rows_waits_for_room():
    """For as much as its own rows take: there is still some for rows like those of the job before."""
    dut, pictures, starts = ActLoader(CONFIG), [whole(60, 32), whole(1, 40)], []
    codes = Collector(dut.o_codes, 2, Pauses())

    async def watch(ctx):
        while True:
            _, _, started = await ctx.tick().sample(dut.o_started)
            starts.append(started)

    async def give_up(ctx):
        await ctx.tick().repeat(400)
        assert sum(starts) == 60
        ctx.set(dut.i_free_to, 60)

    beats = sender(dut.i, act_beats(pictures, 8), Pauses())
    jobs = sender(dut.i_jobs, load_jobs(pictures, 8), Pauses())

    simulate(dut, beats, jobs, give_up, codes.run, watchers=[watch])
    assert sum(starts) == 61


def test_codes(stalls, seed):
    """Short, long, discarded, bytes beyond the end of the last beat; one code for each job, in order."""
    rng = random.Random(seed)
    pictures = [random_picture(rng, CONFIG) for _ in range(45)]
    codes, _ = load(pictures, stalls.input(), stalls.output())
    assert codes == [picture.code(8) for picture in pictures]
    assert {ErrorCode.NONE, ErrorCode.ACT_SHORT, ErrorCode.ACT_LONG} <= set(codes)
