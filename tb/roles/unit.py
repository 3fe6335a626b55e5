"""One stage in Amaranth's simulator: streams driven and collected with seeded stalls, for a limited time."""

import random
from zlib import crc32

from amaranth.hdl import Module, ResetInserter
from amaranth.lib import data
from amaranth.lib.wiring import connect
from amaranth.sim import Simulator
from convloom_rtl.kit.stream import SkidBuffer
from roles.stalls import Pauses, ragged


def seed_of(name):
    """A test's seed, of its name, so that each repeats exactly. Printed: pytest shows it of a failure."""
    seed = crc32(name.encode())
    print(f"seed {seed} of {name}")
    return seed


def simulate(dut, *testbenches, watchers=(), limit=20_000):
    """Runs `dut` until all `testbenches` have returned; `watchers` run along. Fails after `limit` cycles."""

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    for testbench in testbenches:
        simulator.add_testbench(testbench)
    for watcher in watchers:
        simulator.add_testbench(watcher, background=True)
    for _ in range(2 * limit):  # a cycle has two edges
        if not simulator.advance():
            return
    raise AssertionError(f"not finished after {limit} cycles")


def plain(value):
    """A sampled value as numbers: structs become dicts, arrays lists."""
    if not isinstance(value, data.Const):
        return value
    layout = value.shape()
    if isinstance(layout, data.ArrayLayout):
        return [plain(value[n]) for n in range(layout.length)]
    return {name: plain(value[name]) for name in layout.members}


class StreamStalls:
    """The pauses of a stage's streams, by one of roles.stalls.NAMES, and a seed."""

    def __init__(self, name, seed):
        self.name = name
        self._idle, self._stalled = name in ("idle", "both"), name in ("stalled", "both")
        self.rng = random.Random(seed)
        self._inputs, self._outputs = [], []

    def input(self):
        """Pauses for one more input stream."""
        return self._add(self._inputs, self._idle)

    def output(self):
        """Pauses for one more output stream."""
        return self._add(self._outputs, self._stalled)

    def _add(self, side, active):
        side.append(Pauses(ragged(random.Random(self.rng.random())) if active else None))
        return side[-1]

    def check(self):
        """Raises AssertionError where stalls were asked for and kept nobody waiting: a test of nothing."""
        for side, active in ((self._inputs, self._idle), (self._outputs, self._stalled)):
            assert not (active and side) or sum(pauses.hits for pauses in side), "the stalls hit nothing"


async def send(ctx, port, payloads, pauses, waiting=None):
    """Drives the input stream `port` with each of `payloads`, and then leaves it idle.

    A pause has hit when its payload is taken at once: the stage had been waiting (its ready may depend on valid).
    Of a stage that takes what it has done with, `waiting` tells it.
    """
    waiting = port.ready if waiting is None else waiting
    for payload in payloads:
        paused = pauses.paused
        while pauses.paused:
            ctx.set(port.valid, 0)
            await ctx.tick()
            pauses.waited(False)
        ctx.set(port.payload, payload)
        ctx.set(port.valid, 1)
        pauses.hits += bool(paused and ctx.get(waiting))
        await ctx.tick().until(port.ready)
        pauses.transferred()
    ctx.set(port.valid, 0)


async def collect(ctx, port, count, pauses):
    """`count` payloads of the output stream `port`, which has to hold what it offers until it is taken.

    A pause lasts so many cycles with something on offer: so it hits slow streams too.
    """
    taken, held = [], None
    while len(taken) < count:
        ready = not pauses.paused
        ctx.set(port.ready, ready)
        _, _, valid, payload = await ctx.tick().sample(port.valid, port.payload)
        payload = plain(payload)
        assert held is None or (valid and payload == held), f"{held} was withdrawn for {valid}, {payload}"
        held = payload if valid and not ready else None
        if valid and not ready:
            pauses.waited(True)
        elif valid:
            taken.append(payload)
            pauses.transferred()
    ctx.set(port.ready, 0)
    return taken


def sender(port, payloads, pauses, waiting=None):
    """`send` as a testbench."""

    async def testbench(ctx):
        await send(ctx, port, payloads, pauses, waiting)

    return testbench


class Collector:
    """`collect`, with `run` as the testbench: what was taken is in `taken` when the simulation is over."""

    def __init__(self, port, count, pauses):
        self._port, self._count, self._pauses = port, count, pauses
        self.taken = []

    async def run(self, ctx):
        self.taken = await collect(ctx, self._port, self._count, self._pauses)


def in_front_of_a_stage(register, reset=None):
    """A component with i_room in front of one that tells it, a skid buffer. Returns both, and the stream behind."""
    m = Module()
    stage = SkidBuffer(register.o.p.shape())
    m.submodules.register = register
    m.submodules.stage = stage if reset is None else ResetInserter(reset)(stage)
    connect(m, register.o, stage.i)
    m.d.comb += register.i_room.eq(stage.o_room)
    return m, stage.o


def watch_room(stage):
    """A watcher: what a stage tells as o_room is its i.ready of the next cycle."""

    async def watch(ctx):
        told = None
        while True:
            _, _, room, ready = await ctx.tick().sample(stage.o_room, stage.i.ready)
            assert told is None or ready == told, f"room {told} was told, ready is {ready}"
            told = room

    return watch


async def send_into_room(ctx, port, room, payloads, pauses):
    """`send` for a stream without ready: each payload comes in the cycle behind one in which there was `room`."""
    for payload in payloads:
        while True:
            _, _, has_room = await ctx.tick().sample(room)
            ctx.set(port.valid, 0)
            if has_room and not pauses.paused:
                break
            if pauses.paused:
                pauses.waited(has_room)
        ctx.set(port.payload, payload)
        ctx.set(port.valid, 1)
        pauses.transferred()
    await ctx.tick()
    ctx.set(port.valid, 0)


class RoomCollector:
    """Collects `count` payloads of a stream without ready, telling it a cycle ahead, in `room`, whether one may come.

    A pause has hit when a payload comes as soon as it may: it had been waiting.
    """

    def __init__(self, port, room, count, pauses):
        self._port, self._room, self._count, self._pauses = port, room, count, pauses
        self.taken = []

    async def run(self, ctx):
        had_room = had_pause = False
        while len(self.taken) < self._count:
            room = not self._pauses.paused
            ctx.set(self._room, room)
            _, _, valid, payload = await ctx.tick().sample(self._port.valid, self._port.payload)
            assert had_room or not valid, f"{plain(payload)} came without room"
            if valid:
                self.taken.append(plain(payload))
                self._pauses.hits += had_pause
            if not room:
                self._pauses.waited(False)
            elif valid:
                self._pauses.transferred()
            had_room, had_pause = room, room and not had_room
        ctx.set(self._room, 0)


def input_beats_of(packet, lanes):
    """`beats_of` as payloads.input_beat."""
    return [
        {"data": beat["data"], "keep": (1 << beat["count"]) - 1, "last": beat["last"]}
        for beat in beats_of(packet, lanes)
    ]


def beats_of(packet, lanes):
    """The beats, as payloads.beat, of a packet of bytes. An empty packet is one beat that holds nothing."""
    chunks = [packet[n : n + lanes] for n in range(0, len(packet), lanes)] or [b""]
    return [
        {"data": [*chunk, *[0xEE] * (lanes - len(chunk))], "count": len(chunk), "last": n == len(chunks) - 1}
        for n, chunk in enumerate(chunks)
    ]
