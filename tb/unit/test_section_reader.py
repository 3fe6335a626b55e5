"""The two long sections of a packet, whole, short or long. (Every cut is in test_job_reader.)"""

import random

import pytest
from convloom.spec import RECORD, Config, ErrorCode
from convloom.spec.job import RECORD_BYTES, unpack
from convloom_rtl.section_reader import SectionReader
from roles.stalls import Pauses
from roles.unit import RoomCollector, input_beats_of, send, simulate

CONFIG = Config(cin_lanes=8, cout_lanes=3, requant_lanes=1, weight_words=64)
RECORDS, LANE_WORDS = 2 * 3, 4 * 3  # two tiles, four words
PLAIN = Pauses()  # none
LENGTH = RECORDS * RECORD_BYTES + LANE_WORDS * 8


@pytest.mark.parametrize("ahead", (False, True))
@pytest.mark.parametrize(
    ("length", "code"),
    (
        (LENGTH, ErrorCode.NONE),
        (LENGTH - 1, ErrorCode.JOB_SHORT),
        (RECORD_BYTES + 3, ErrorCode.JOB_SHORT),
        (8, ErrorCode.JOB_SHORT),
        (LENGTH + 8, ErrorCode.JOB_LONG),
    ),
)
def test_always_whole(length, code, ahead, stalls, seed):
    """What is lacking is zeros; of what is too much one beat may be taken. One of a dropped job is forgotten."""
    packet, codes = random.Random(seed).randbytes(length), []
    dut = SectionReader(CONFIG)
    records = RoomCollector(dut.o_records, dut.i_records_room, RECORDS, stalls.output())
    weights = RoomCollector(dut.o_weights, dut.i_weights_room, LANE_WORDS, stalls.output())
    pauses = stalls.input()

    async def feed(ctx):
        beats = input_beats_of(packet, 8)[: LENGTH // 8]
        ctx.set(dut.i_k_tiles, 2)
        ctx.set(dut.i_words, 4)
        ctx.set(dut.i_open, 1)
        if ahead:
            ctx.set(dut.i_reads, 1)
            await send(ctx, dut.i, input_beats_of(b"dropped", 8), pauses)
            ctx.set(dut.i_reads, 0)
            await ctx.tick()
            ctx.set(dut.i_reads, 1)
            await send(ctx, dut.i, [beats.pop(0)], pauses)
        ctx.set(dut.i_open, bool(beats))
        ctx.set(dut.i_reads, 1)
        ctx.set(dut.i_start, 1)
        await ctx.tick()
        ctx.set(dut.i_start, 0)
        await send(ctx, dut.i, beats, pauses)
        await send(ctx, dut.i, input_beats_of(packet, 8)[LENGTH // 8 :], PLAIN)
        ctx.set(dut.i_open, 0)

    async def watch(ctx):
        while True:
            _, _, done, told = await ctx.tick().sample(dut.o_done, dut.o_code)
            codes.extend([told] * done)

    simulate(dut, feed, records.run, weights.run, watchers=[watch])
    whole = packet[:LENGTH].ljust(LENGTH, b"\0")
    starts = range(0, RECORDS * RECORD_BYTES, RECORD_BYTES)
    assert records.taken == [unpack(RECORD, whole[n : n + RECORD_BYTES]) for n in starts]
    rest = range(RECORDS * RECORD_BYTES, LENGTH, 8)
    assert weights.taken == [int.from_bytes(whole[n : n + 8], "little") for n in rest]
    assert codes == [code]


@pytest.mark.parametrize(("tiles", "words"), ((1, 1), (1, 3), (2, 1)))
def test_sections_of_one_row(tiles, words, seed):
    """One tile of records, or one word of weights, or both."""
    lanes = CONFIG.cout_lanes
    begin = -(-tiles * lanes * RECORD_BYTES // 8) * 8  # the weights begin with a beat of their own
    packet = random.Random(seed).randbytes(begin + words * lanes * 8)
    dut = SectionReader(CONFIG)
    records = RoomCollector(dut.o_records, dut.i_records_room, tiles * lanes, PLAIN)
    weights = RoomCollector(dut.o_weights, dut.i_weights_room, words * lanes, PLAIN)

    async def feed(ctx):
        ctx.set(dut.i_k_tiles, tiles)
        ctx.set(dut.i_words, words)
        for port in (dut.i_open, dut.i_reads):
            ctx.set(port, 1)
        await ctx.tick()
        ctx.set(dut.i_start, 1)
        await ctx.tick()
        ctx.set(dut.i_start, 0)
        await send(ctx, dut.i, input_beats_of(packet, 8), PLAIN)

    simulate(dut, feed, records.run, weights.run)
    starts = range(0, tiles * lanes * RECORD_BYTES, RECORD_BYTES)
    assert records.taken == [unpack(RECORD, packet[n : n + RECORD_BYTES]) for n in starts]
    assert weights.taken == [
        int.from_bytes(packet[n : n + 8], "little") for n in range(begin, len(packet), 8)
    ]


@pytest.mark.parametrize("lanes", (8, 16, 64))
def test_a_beat_or_record_in_every_cycle(lanes):
    """There is no gap where nobody stalls, not between the sections either, and of a packet too long no second beat
    is read."""
    config = Config(cin_lanes=lanes, cout_lanes=8, requant_lanes=1, line_bytes=1 << 14, weight_words=64)
    dut, done, record_cycles = SectionReader(config), [], 16 * max(1, RECORD_BYTES // lanes)
    beats = input_beats_of(bytes(16 * RECORD_BYTES + (32 + 3) * lanes), lanes)

    async def watch(ctx):
        async for _, _, starts, ends in ctx.tick().sample(dut.i_start, dut.o_done):
            done.extend([ends] if done or starts else [])

    async def feed(ctx):
        ctx.set(dut.i_k_tiles, 2)
        ctx.set(dut.i_words, 4)
        for port in (dut.i_open, dut.i_reads, dut.i_records_room, dut.i_weights_room):
            ctx.set(port, 1)
        await send(ctx, dut.i, beats[:1], PLAIN)
        ctx.set(dut.i_start, 1)
        ctx.set(dut.i.valid, 1)
        await ctx.tick()
        ctx.set(dut.i_start, 0)
        await send(ctx, dut.i, beats[1:-2], PLAIN)
        ctx.set(dut.i.valid, 1)
        for _ in range(10):
            await ctx.tick()
            assert not ctx.get(dut.i.ready)

    simulate(dut, feed, watchers=[watch])
    assert done.index(1) == record_cycles + 32 and sum(done) == 1
