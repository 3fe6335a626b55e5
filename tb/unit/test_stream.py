"""The stream kit: everything that goes in comes out, in order, at full speed where nothing stalls."""

import random

import pytest
from amaranth.hdl import unsigned
from amaranth.lib import data
from convloom_rtl.kit.stream import BlockQueue, Queue, RoomRegister, SkidBuffer
from roles.unit import Collector, in_front_of_a_stage, sender, simulate

PAIR = data.StructLayout({"a": unsigned(5), "b": 3})
MAKERS = {
    "skid": lambda shape: SkidBuffer(shape),
    "queue": lambda shape: Queue(shape, 4),
    "block queue": lambda shape: BlockQueue(shape, 4),
    "queue of one": lambda shape: Queue(shape, 1),
    "queue of two": lambda shape: Queue(shape, 2),
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("shape", (unsigned(8), PAIR), ids=("number", "struct"))
def test_order_is_kept(kind, shape, stalls, seed):
    rng = random.Random(seed)
    numbers = [rng.randrange(256) for _ in range(120)]
    sent = numbers if shape is not PAIR else [{"a": n & 31, "b": n >> 5} for n in numbers]
    dut = MAKERS[kind](shape)
    out = Collector(dut.o, len(sent), stalls.output())
    simulate(dut, sender(dut.i, sent, stalls.input()), out.run)
    assert out.taken == sent


@pytest.mark.parametrize("kind", ("skid", "queue"))
def test_one_payload_per_cycle(kind):
    dut, cycles = MAKERS[kind](unsigned(8)), []

    async def testbench(ctx):
        ctx.set(dut.i.valid, 1)
        ctx.set(dut.o.ready, 1)
        for cycle in range(50):
            ctx.set(dut.i.payload, cycle)
            _, _, ready, valid = await ctx.tick().sample(dut.i.ready, dut.o.valid)
            assert ready
            cycles.append(valid)

    simulate(dut, testbench)
    assert all(cycles[3:]), "a bubble in a stream that nothing stalls"


def test_a_room_register_keeps_the_order(stalls, seed):
    rng = random.Random(seed)
    numbers, register = [rng.randrange(256) for _ in range(120)], RoomRegister(unsigned(8))
    dut, end = in_front_of_a_stage(register)
    out = Collector(end, len(numbers), stalls.output())
    simulate(dut, sender(register.i, numbers, stalls.input()), out.run)
    assert out.taken == numbers


def test_a_room_register_holds_one_payload():
    """And takes one per cycle where the stage behind it does."""
    dut = RoomRegister(unsigned(8))

    async def testbench(ctx):
        ctx.set(dut.i.valid, 1)
        await ctx.tick()
        assert ctx.get(dut.o.valid) and not ctx.get(dut.i.ready)
        ctx.set(dut.i_room, 1)
        await ctx.tick()
        for number in range(20):
            assert ctx.get(dut.o.valid) and ctx.get(dut.i.ready)
            ctx.set(dut.i.payload, number)
            await ctx.tick()
            assert ctx.get(dut.o.payload) == number

    simulate(dut, testbench)


@pytest.mark.parametrize(("kind", "depth"), (("queue", 4), ("queue of two", 2), ("queue of one", 1)))
def test_a_queue_holds_its_depth(kind, depth):
    """However often it is filled and emptied."""
    dut = MAKERS[kind](unsigned(8))

    async def testbench(ctx):
        ctx.set(dut.i.valid, 1)
        await ctx.tick().repeat(20)
        ctx.set(dut.i.valid, 0)
        for _ in range(3):
            taken = 0
            ctx.set(dut.o.ready, 1)
            while ctx.get(dut.o.valid):
                await ctx.tick()
                taken += 1
            assert taken == depth
            ctx.set(dut.o.ready, 0)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().repeat(20)
            ctx.set(dut.i.valid, 0)

    simulate(dut, testbench)


def test_a_skid_buffer_has_no_path_from_side_to_side():
    """Ready and valid at one side do not follow the other side within the cycle."""
    dut = SkidBuffer(unsigned(8))

    async def testbench(ctx):
        ctx.set(dut.i.valid, 1)
        assert not ctx.get(dut.o.valid)
        await ctx.tick().repeat(3)
        before = ctx.get(dut.i.ready)
        ctx.set(dut.o.ready, 1)
        assert not before and not ctx.get(dut.i.ready)

    simulate(dut, testbench)
