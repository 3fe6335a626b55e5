"""The output slots and the writer: pieces of any count become dense packets."""

import random

import pytest
from convloom.spec import Config
from convloom_rtl.output_ring import OutputRing
from convloom_rtl.output_writer import OutputWriter
from roles.stalls import NAMES
from roles.unit import Collector, StreamStalls, beats_of, in_front_of_a_stage, seed_of, sender, simulate

LANES = (1, 2, 6, 8)


def slots_of(rng, lanes, packets):
    """(slots, packets): slots of any count, some empty, whose valid bytes are the packets."""
    slots = []
    for packet in packets:
        left = list(packet)
        while left:
            count = min(rng.choice((0, 1, rng.randint(0, lanes), lanes, lanes)), len(left))
            data, left = left[:count], left[count:]
            filling = [rng.randrange(256) for _ in range(lanes - count)]
            slots.append({"data": data + filling, "count": count, "last": int(not left)})
    return slots


@pytest.mark.parametrize("stalls", NAMES)
@pytest.mark.parametrize("lanes", LANES)
def test_writer(lanes, stalls):
    rng = random.Random(seed_of(f"writer {lanes}"))
    packets = [rng.randbytes(rng.choice((1, 2, lanes, lanes + 1, 5 * lanes, 40))) for _ in range(25)]
    slots, beats = slots_of(rng, lanes, packets), [b for packet in packets for b in beats_of(packet, lanes)]
    pauses = StreamStalls(stalls, rng.random())
    writer = OutputWriter(Config(cin_lanes=4, cout_lanes=lanes, requant_lanes=1))
    dut, out = in_front_of_a_stage(writer)
    collector = Collector(out, len(beats), pauses.output())
    simulate(dut, sender(writer.i, slots, pauses.input()), collector.run)
    for taken, expected in zip(collector.taken, beats, strict=True):
        count = expected["count"]
        assert (taken["count"], taken["last"]) == (count, expected["last"])
        assert taken["data"][:count] == expected["data"][:count]
    pauses.check()


@pytest.mark.parametrize(("lanes", "count", "room", "slots"), ((4, 3, 1, 20), (8, 1, 0, 7)))
def test_writer_takes_a_slot_in_each_cycle(lanes, count, room, slots):
    """Where the output has no room, those that leave the beat unfilled."""
    writer = OutputWriter(Config(cin_lanes=4, cout_lanes=lanes, requant_lanes=4))

    async def send(ctx):
        ctx.set(writer.i_room, room)
        await ctx.tick()
        ctx.set(writer.o.ready, room)
        ctx.set(writer.i.valid, 1)
        for n in range(slots):
            ctx.set(writer.i.p, {"data": [n] * lanes, "count": count, "last": 0})
            assert ctx.get(writer.i.ready)
            await ctx.tick()

    simulate(writer, send)


@pytest.mark.parametrize("passes", [1, 3])
def test_slots(passes):
    lanes, q = 2 * passes, 2
    rng = random.Random(seed_of(f"slots {passes}"))
    config = Config(cin_lanes=4, cout_lanes=lanes, requant_lanes=q)
    dut = OutputRing(config)
    slots = slots_of(rng, lanes, [rng.randbytes(3 * lanes) for _ in range(4)])
    assert len(slots) <= config.output_words
    released = []

    async def pieces(ctx):
        for slot in slots:
            for n in range(passes):
                end = n == passes - 1
                ctx.set(dut.i_valid, 1)
                ctx.set(dut.i_piece.data, slot["data"][q * n : q * n + q])
                ctx.set(dut.i_piece.slot_end, end)
                ctx.set(dut.i_piece.count, slot["count"] if end else rng.randrange(lanes))
                ctx.set(dut.i_piece.last, slot["last"] if end else rng.randrange(2))
                await ctx.tick()
                ctx.set(dut.i_valid, 0)
                ctx.set(dut.i_piece.slot_end, 0)
                if rng.randrange(2):
                    await ctx.tick()

    async def watch(ctx):
        while True:
            _, _, pulse = await ctx.tick().sample(dut.o_released)
            released.append(pulse)

    collector = Collector(dut.o, len(slots), StreamStalls("both", rng.random()).output())
    simulate(dut, pieces, collector.run, watchers=[watch])
    assert collector.taken == slots
    assert sum(released) == len(slots)
