"""The AXI4-Lite port: one response per request, whatever the order and the stalls."""

import random

import pytest
from convloom_rtl.kit.axi_lite import AxiLitePort
from roles.stalls import Pauses, ragged
from roles.unit import simulate
from roles.unit_axil import OKAY, SLVERR, read, write

ADDRESS_BITS = 8
BAD = 0x30  # from this word on there is nothing


class Words:
    """What lies behind the port: word n holds a number made of n, and what is written is written down.

    An answer takes so many cycles, as `delay()` says.
    """

    def __init__(self, dut, delay=lambda: 1):
        self._dut, self.written, self._delay = dut, [], delay

    async def watch(self, ctx):
        dut, left = self._dut, 0
        while True:
            writes, target = ctx.get(dut.o_write), ctx.get(dut.o_write_word)
            ctx.set(dut.i_write_error, target >= BAD)
            if writes:
                self.written.append((target, ctx.get(dut.o_write_data), ctx.get(dut.o_write_mask)))
            if ctx.get(dut.o_read):
                assert not left, "a read before the answer to the last one"
                left = 1 + self._delay()
            left -= left > 0
            word = ctx.get(dut.o_read_word)
            ctx.set(dut.i_read, {"valid": left == 1, "data": held(word) ^ (left != 1), "error": word >= BAD})
            await ctx.tick()


def held(word):
    return word * 0x01010101


async def offer(ctx, valid, ready, pins, values, pauses):
    """One channel's transfers: `values` are tuples for `pins`."""
    for value in values:
        while pauses.paused:
            pauses.waited(True)
            await ctx.tick()
        for pin, number in zip(pins, value, strict=True):
            ctx.set(pin, number)
        ctx.set(valid, 1)
        await ctx.tick().until(ready)
        ctx.set(valid, 0)
        pauses.transferred()


@pytest.fixture(params=range(4))
def channels(request, seed):
    """Pauses for each channel, each time other ones, and a generator."""
    rng = random.Random(seed)
    return rng, [Pauses(ragged(random.Random(rng.random()))) if request.param else Pauses() for _ in range(5)]


async def responses(ctx, valid, ready, pins, count, pauses):
    """What a response channel delivers, which has to hold until it is taken."""
    taken, last = [], None
    while len(taken) < count:
        willing = not pauses.paused
        ctx.set(ready, willing)
        _, _, there, *values = await ctx.tick().sample(valid, *pins)
        assert last is None or (there and values == last), "a response was withdrawn"
        last = values if there and not willing else None
        if not willing:
            pauses.waited(there)
        elif there:
            taken.append(tuple(values))
            pauses.transferred()
    ctx.set(ready, 0)
    return taken


def test_reads(channels):
    rng, pauses = channels
    dut = AxiLitePort(ADDRESS_BITS)
    addresses, taken = [rng.randrange(256) for _ in range(150)], []

    async def ask(ctx):
        await offer(ctx, dut.arvalid, dut.arready, [dut.araddr], [(a,) for a in addresses], pauses[0])

    async def take(ctx):
        taken.extend(
            await responses(ctx, dut.rvalid, dut.rready, (dut.rdata, dut.rresp), len(addresses), pauses[1])
        )

    simulate(dut, ask, take, watchers=[Words(dut, lambda: rng.randint(1, 4)).watch])
    assert taken == [(held(a >> 2), SLVERR if a >> 2 >= BAD else OKAY) for a in addresses]


def test_writes(channels):
    """Address and data each come when they like."""
    rng, pauses = channels
    dut = AxiLitePort(ADDRESS_BITS)
    words, taken = Words(dut), []
    addresses = [rng.randrange(256) for _ in range(150)]
    contents = [(rng.getrandbits(32), rng.randrange(16)) for _ in addresses]

    async def ask(ctx):
        await offer(ctx, dut.awvalid, dut.awready, [dut.awaddr], [(a,) for a in addresses], pauses[0])

    async def give(ctx):
        await offer(ctx, dut.wvalid, dut.wready, (dut.wdata, dut.wstrb), contents, pauses[1])

    async def take(ctx):
        taken.extend(await responses(ctx, dut.bvalid, dut.bready, (dut.bresp,), len(addresses), pauses[2]))

    simulate(dut, ask, give, take, watchers=[words.watch])
    assert taken == [(SLVERR if a >> 2 >= BAD else OKAY,) for a in addresses]
    masks = [sum(0xFF << 8 * n for n in range(4) if strobe >> n & 1) for _, strobe in contents]
    assert words.written == [
        (address >> 2, data & mask, mask)
        for address, (data, _), mask in zip(addresses, contents, masks, strict=True)
    ]


def test_an_answer_at_once():
    """The response is there in the cycle behind the answer, and the next request is taken behind the response."""
    dut, cycles = AxiLitePort(ADDRESS_BITS), []

    async def testbench(ctx):
        ctx.set(dut.arvalid, 1)
        ctx.set(dut.rready, 1)
        ctx.set(dut.i_read, {"valid": 0})
        for _ in range(40):
            ctx.set(dut.i_read, {"valid": ctx.get(dut.o_read)})
            _, _, ready, valid = await ctx.tick().sample(dut.arready, dut.rvalid)
            cycles.append((ready, valid))

    simulate(dut, testbench)
    assert cycles[:6] == [(1, 0), (0, 0), (0, 1)] * 2 and cycles[6:9] == cycles[:3]


def test_no_path_from_pin_to_pin():
    """The outputs do not follow the inputs within the cycle."""
    dut = AxiLitePort(ADDRESS_BITS)
    inputs = (dut.arvalid, dut.rready, dut.awvalid, dut.wvalid, dut.bready)
    outputs = (dut.arready, dut.rvalid, dut.awready, dut.wready, dut.bvalid)

    async def testbench(ctx):
        for _ in range(20):
            for pin in inputs:
                before = [ctx.get(output) for output in outputs]
                ctx.set(pin, not ctx.get(pin))
                assert [ctx.get(output) for output in outputs] == before
            await ctx.tick()

    simulate(dut, testbench)


def test_single_transfers():
    dut = AxiLitePort(ADDRESS_BITS)

    async def testbench(ctx):
        for word in (0, 5, BAD, 63, 1):
            answer = SLVERR if word >= BAD else OKAY
            assert await read(ctx, dut, 4 * word) == (held(word), answer)
            assert await write(ctx, dut, 4 * word, 1) == answer

    simulate(dut, testbench, watchers=[Words(dut).watch])
