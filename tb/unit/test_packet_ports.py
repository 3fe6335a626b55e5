"""The ports between AXI-Stream pins and beats, and what a reset in the middle of a packet leaves."""

import random

import pytest
from convloom_rtl.packet_ports import InputPort, OutputPort
from roles.stalls import NAMES
from roles.unit import (
    Collector,
    StreamStalls,
    beats_of,
    in_front_of_a_stage,
    input_beats_of,
    seed_of,
    sender,
    simulate,
    watch_room,
)

LANES = 4


async def drive(ctx, port, packet, pauses=None, keep=None, beats=None):
    """Sends a packet's first beats at the pins; all of them where `beats` is None."""
    for beat in input_beats_of(packet, LANES)[:beats]:
        while pauses and pauses.paused:
            ctx.set(port.tvalid, 0)
            _, _, ready = await ctx.tick().sample(port.tready)
            pauses.waited(ready)
        ctx.set(port.tdata, int.from_bytes(beat["data"], "little"))
        ctx.set(port.tkeep, keep if keep is not None and beat["last"] else beat["keep"])
        ctx.set(port.tlast, beat["last"])
        ctx.set(port.tvalid, 1)
        await ctx.tick().until(port.tready)
        if pauses:
            pauses.transferred()
    ctx.set(port.tvalid, 0)


@pytest.mark.parametrize("stalls", NAMES)
def test_input(stalls):
    rng = random.Random(seed_of("input port"))
    packets = [rng.randbytes(rng.randint(1, 17)) for _ in range(20)]
    expected = [beat for packet in packets for beat in input_beats_of(packet, LANES)]
    pauses, port = StreamStalls(stalls, rng.random()), InputPort(LANES)
    dut, out = in_front_of_a_stage(port)
    inputs, collector = pauses.input(), Collector(out, len(expected), pauses.output())

    async def send(ctx):
        for packet in packets:
            await drive(ctx, port, packet, inputs)

    simulate(dut, send, collector.run)
    assert collector.taken == expected
    pauses.check()


@pytest.mark.parametrize(("keep", "kept"), [(0b0001, 1), (0b0101, 0b111), (0b1000, 0b1111), (0, 0)])
def test_keep_counts_up_to_its_highest_bit(keep, kept):
    port, pauses = InputPort(LANES), StreamStalls("none", 0)
    dut, out = in_front_of_a_stage(port)
    collector = Collector(out, 2, pauses.output())

    async def send(ctx):
        await drive(ctx, port, b"12345678", keep=keep)

    simulate(dut, send, collector.run)
    assert [beat["keep"] for beat in collector.taken] == [0b1111, kept]


@pytest.mark.parametrize("beats", [0, 1, 2, 3, None])
def test_a_reset_drops_the_open_packet(beats):
    """Whether none, some or all of a packet's beats went in before: the next packet comes whole."""
    port, pauses = InputPort(LANES), StreamStalls("none", 0)
    after = input_beats_of(b"the next", LANES)
    dut, out = in_front_of_a_stage(port, port.i_reset)
    collector = Collector(out, len(after), pauses.output())

    async def send(ctx):
        packet = b"0123456789abcd"
        await drive(ctx, port, packet, beats=beats)
        ctx.set(port.i_reset, 1)
        await ctx.tick().repeat(5)
        ctx.set(port.i_reset, 0)
        rest = packet[4 * beats :] if beats else b""
        if rest:
            assert ctx.get(port.o_inside)
            await drive(ctx, port, rest)
        await drive(ctx, port, b"the next")

    async def collect(ctx):
        ctx.set(out.ready, 1)  # what comes before the reset went its way
        await ctx.tick().until(port.i_reset)
        await ctx.tick().until(~port.i_reset)
        await collector.run(ctx)

    simulate(dut, send, collect)
    assert collector.taken == after


def test_a_reset_drops_beats_that_are_not_taken():
    """An engine that stalls when the reset comes: what the port holds for it is gone."""
    port, after = InputPort(LANES), input_beats_of(b"the next", LANES)
    dut, out = in_front_of_a_stage(port, port.i_reset)
    collector = Collector(out, len(after), StreamStalls("none", 0).output())

    async def send(ctx):
        await drive(ctx, port, b"0123456789abcd", beats=3)
        assert ctx.get(port.o.valid) and not ctx.get(port.tready)
        ctx.set(port.i_reset, 1)
        await ctx.tick().repeat(5)
        ctx.set(port.i_reset, 0)
        await drive(ctx, port, b"cd")
        await drive(ctx, port, b"the next")

    async def collect(ctx):
        await ctx.tick().until(port.i_reset)
        await ctx.tick().until(~port.i_reset)
        await collector.run(ctx)

    simulate(dut, send, collect)
    assert collector.taken == after


@pytest.mark.parametrize("stalls", NAMES)
def test_output(stalls):
    rng = random.Random(seed_of("output port"))
    expected = [beat for _ in range(20) for beat in beats_of(rng.randbytes(rng.randint(1, 17)), LANES)]
    pauses, port = StreamStalls(stalls, rng.random()), OutputPort(LANES)
    taken, outputs = [], pauses.output()

    async def take(ctx):
        while len(taken) < len(expected):
            ready = not outputs.paused
            ctx.set(port.tready, ready)
            _, _, *beat = await ctx.tick().sample(port.tvalid, port.tdata, port.tkeep, port.tlast)
            if not ready:
                outputs.waited(beat[0])
            elif beat[0]:
                outputs.transferred()
                taken.append(tuple(beat[1:]))

    simulate(port, sender(port.i, expected, pauses.input()), take, watchers=[watch_room(port)])
    assert taken == [
        (int.from_bytes(beat["data"], "little"), (1 << beat["count"]) - 1, beat["last"]) for beat in expected
    ]
    pauses.check()


@pytest.mark.parametrize("stalled", [7, 60])
@pytest.mark.parametrize("beats", [0, 1, 2, 3])
def test_a_reset_closes_the_open_packet(beats, stalled):
    """After whole beats of an open packet comes one with TLAST; none where no packet is open.

    Also where the output stalls for longer than the reset lasts; what the engine gives then comes behind.
    """
    port, taken = OutputPort(LANES), []

    async def send(ctx):
        for beat in beats_of(b"0123456789abcd", LANES)[:beats]:
            ctx.set(port.i.p, beat)
            ctx.set(port.i.valid, 1)
            await ctx.tick().until(port.i.ready)
        ctx.set(port.i.valid, 1)
        ctx.set(port.i_reset, 1)
        await ctx.tick().repeat(20)
        ctx.set(port.i_reset, 0)
        ctx.set(port.i.p, {"data": [9] * LANES, "count": 2, "last": 1})
        await ctx.tick().until(port.i.ready)
        ctx.set(port.i.valid, 0)
        await ctx.tick().repeat(stalled + 9)

    async def take(ctx):
        await ctx.tick().repeat(stalled)
        ctx.set(port.tready, 1)
        while True:
            _, _, valid, keep, last = await ctx.tick().sample(port.tvalid, port.tkeep, port.tlast)
            if valid:
                taken.append((keep, last))

    simulate(port, send, watchers=[take, watch_room(port)])
    assert taken == [(15, 0)] * beats + [(1, 1)] * (beats > 0) + [(3, 1)]
