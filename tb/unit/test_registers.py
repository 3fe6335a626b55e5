"""The register bank, over AXI4-Lite: all that the spec declares, and nothing else."""

import random

import pytest
from convloom.spec import PRESETS, REGISTERS, ErrorCode, preset
from convloom.spec.registers import (
    CONFIGURATION,
    COUNTERS,
    REPORT,
    Access,
    configuration_from_words,
    configuration_words,
)
from convloom_rtl.registers import WRITABLE, Registers
from roles.unit import simulate
from roles.unit_axil import OKAY, SLVERR, read, write

WIDE = ("CYCLES", "BUSY", "MACS")
ADDRESSES = {register.address: register for register in REGISTERS.values()}


class Host:
    """Reads and writes registers by name, and tells the bank what goes on behind it."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut

    async def read(self, name):
        data, response = await read(self.ctx, self.dut, REGISTERS[name].address)
        assert response == OKAY, name
        return data

    async def parts(self, name):
        return REGISTERS[name].unpack(await self.read(name))

    async def write(self, name, word=None, strobe=0b1111, **parts):
        word = REGISTERS[name].pack(**parts) if word is None else word
        assert await write(self.ctx, self.dut, REGISTERS[name].address, word, strobe) == OKAY, name

    async def done(self, job_id, code=ErrorCode.NONE, irq=0):
        """A job is done."""
        self.ctx.set(self.dut.i_done, {"valid": 1, "job_id": job_id, "code": code, "irq": irq})
        await self.ctx.tick()
        self.ctx.set(self.dut.i_done, {"valid": 0})


class Turns:
    """The counters' side of the bank: a total in each cycle, all in turn, until a job's end or a reset begins anew.

    Parameters
    ----------
    count : count(name) -> what the counter of that name shows now
    """

    def __init__(self, dut, rng, count):
        self._dut, self._rng, self._count, self._word = dut, rng, count, 0xDEAD

    async def watch(self, ctx):
        while True:
            last = self._rng.choice((1, 2, 3, 7, 9, 15))  # of a round
            for number in range(last + 1):
                name = COUNTERS[number].name if number < len(COUNTERS) else None
                await self._show(ctx, valid=1, number=number, word=self._count(name) if name else 0xDEAD)
            for _ in range(2):
                await self._show(ctx, valid=0, number=self._rng.randrange(16), word=0xDEAD)

    async def _show(self, ctx, word, **total):
        ctx.set(self._dut.i_total, {**total, "word": self._word})
        self._word = word  # comes a cycle behind its number
        await ctx.tick()


def hosted(test):
    """Runs an async test(host, dut, ...) against the registers of `tiny`, while all counters show 0."""

    def run(**fixtures):
        dut = Registers(preset("tiny"))

        async def testbench(ctx):
            await test(Host(ctx, dut), dut, **fixtures)

        turns = Turns(dut, random.Random(0), lambda name: 0)
        simulate(dut, testbench, watchers=[turns.watch])

    return run


@pytest.mark.parametrize("name", PRESETS)
def test_the_configuration_reads_back(name):
    config, words = preset(name), {}
    dut = Registers(config)

    async def testbench(ctx):
        for register in CONFIGURATION:
            words[register.name] = await Host(ctx, dut).read(register.name)

    simulate(dut, testbench)
    assert words == configuration_words(config)
    assert type(config)(**configuration_from_words(words)).hash == config.hash


def test_what_is_not_there_is_refused():
    @hosted
    async def check(host, dut):
        for address in range(0, 256, 4):
            register = ADDRESSES.get(address)
            readable, writable = register is not None, register is not None and register.access in WRITABLE
            assert (await read(host.ctx, dut, address))[1] == (OKAY if readable else SLVERR), hex(address)
            assert await write(host.ctx, dut, address, 0) == (OKAY if writable else SLVERR), hex(address)

    check()
    assert {ADDRESSES[0].access, REGISTERS["STATUS"].access} == set(Access) - set(WRITABLE)


def test_every_counter_has_its_register(seed):
    rng, dut, seen = random.Random(seed), Registers(preset("tiny")), {}
    expected = {register.name: rng.getrandbits(32) for register in COUNTERS}

    async def testbench(ctx):
        host = Host(ctx, dut)
        seen.update({name: await host.read(name) for name in expected})

    simulate(dut, testbench, watchers=[Turns(dut, rng, expected.get).watch])
    assert seen == expected


class Running:
    """Three fast counters, whose halves are shown one behind the other, and the moments that were shown."""

    def __init__(self, rng):
        self._rng, self.moments = rng, {name: [5 << 32] for name in WIDE}

    def show(self, register):
        name, half = register.rsplit("_", 1)
        if half == "HIGH":
            return self.moments[name][-1] >> 32
        if half == "LOW":
            self.moments[name].append(self.moments[name][-1] + self._rng.choice((1, 2**32 // 3 * 2)))
            return self.moments[name][-1] & 0xFFFFFFFF
        return 0


def test_the_low_half_holds_the_high_half_still(seed):
    """Of each counter by itself: whatever is read in between, halves belong together, and are not from before."""
    rng, dut = random.Random(seed), Registers(preset("tiny"))
    running, seen = Running(rng), {name: [] for name in WIDE}

    async def testbench(ctx):
        host = Host(ctx, dut)
        for _ in range(30):
            lows, before = {}, {}
            for name in rng.sample(WIDE, rng.randint(1, 3)):
                before[name] = running.moments[name][-1]
                lows[name] = await host.read(f"{name}_LOW")
                await host.read(rng.choice(("BEATS_ACT", "LOST_DRAIN", "STATUS")))
                await ctx.tick().repeat(rng.choice((1, 40)))
            for name in rng.sample(sorted(lows), len(lows)):
                seen[name].append(lows[name] | await host.read(f"{name}_HIGH") << 32)
                assert seen[name][-1] >= before[name]

    simulate(dut, testbench, watchers=[Turns(dut, rng, running.show).watch])
    assert all(seen[name] and set(seen[name]) <= set(running.moments[name]) for name in WIDE)


def test_the_first_error_stays():
    @hosted
    async def check(host, dut):
        await host.done(1)
        assert await host.read("ERROR") == 0 and not (await host.parts("STATUS"))["error"]
        for job_id, code in ((7, ErrorCode.ROWS), (8, ErrorCode.NONE), (9, ErrorCode.ACT_LONG)):
            await host.done(job_id, code)
        assert await host.parts("ERROR") == {"code": ErrorCode.ROWS, "errors": 2, "job_id": 7}
        assert (await host.parts("STATUS"))["error"]
        for word, strobe in ((0, 0b1111), (0xFFFFFFFF, 0)):
            await host.write("ERROR", word, strobe)
            assert (await host.parts("ERROR"))["errors"] == 2, "a write without a one cleared it"
        await host.write("ERROR", 1 << 31)
        assert await host.read("ERROR") == 0 and not (await host.parts("STATUS"))["error"]
        await host.done(10, ErrorCode.FORMAT)
        assert await host.parts("ERROR") == {"code": ErrorCode.FORMAT, "errors": 1, "job_id": 10}
        assert (await host.read("JOBS_DONE"), await host.read("JOBS_FAILED")) == (5, 3)

    check()


def test_errors_stop_at_255():
    @hosted
    async def check(host, dut):
        for job_id in range(260):
            await host.done(job_id, ErrorCode.RANGE)
        assert await host.parts("ERROR") == {"code": ErrorCode.RANGE, "errors": 255, "job_id": 0}
        assert await host.read("JOBS_FAILED") == 260

    check()


@pytest.mark.parametrize("cycle", range(8))
def test_an_error_that_comes_while_the_last_is_cleared(cycle):
    """Is not lost: before the clearing it is counted and cleared, from then on it is the first."""

    @hosted
    async def check(host, dut):
        ctx = host.ctx
        await host.done(1, ErrorCode.RANGE)
        ctx.set(dut.awaddr, REGISTERS["ERROR"].address)
        ctx.set(dut.wdata, 1)
        ctx.set(dut.wstrb, 1)
        ctx.set(dut.bready, 1)
        for now in range(12):
            ctx.set(dut.awvalid, now == 3)
            ctx.set(dut.wvalid, now == 3)
            happens = now == cycle
            ctx.set(dut.i_done, {"valid": happens, "job_id": 2, "code": ErrorCode.ROWS})
            ctx.set(dut.reports.lost, happens)
            await ctx.tick()
        expected = (
            {"code": ErrorCode.ROWS, "errors": 1, "job_id": 2}
            if cycle >= 6
            else dict.fromkeys(("code", "errors", "job_id"), 0)
        )
        assert await host.parts("ERROR") == expected
        assert (await host.parts("STATUS"))["reports_lost"] == (cycle >= 6)

    check()


def test_interrupts_and_their_mask():
    @hosted
    async def check(host, dut):
        irq, ctx = dut.o_irq, host.ctx
        await host.done(1)
        assert await host.read("INTERRUPT") == 0
        await host.done(2, irq=1)
        assert await host.parts("INTERRUPT") == {"job_done": 1, "error": 0} and not ctx.get(irq)
        await host.write("INTERRUPT_MASK", error=1)
        await ctx.tick().repeat(2)
        assert not ctx.get(irq)
        await host.write("INTERRUPT_MASK", job_done=1)
        await ctx.tick().repeat(2)
        assert ctx.get(irq)
        await host.write("INTERRUPT", error=1)
        assert await host.parts("INTERRUPT") == {"job_done": 1, "error": 0}
        await host.done(3, ErrorCode.ROWS)
        await host.write("INTERRUPT", job_done=1)
        await ctx.tick().repeat(2)
        assert await host.parts("INTERRUPT") == {"job_done": 0, "error": 1} and not ctx.get(irq)

    check()


def test_a_strobe_keeps_bytes():
    @hosted
    async def check(host, dut):
        await host.write("INTERRUPT_MASK", 3)
        await host.write("INTERRUPT_MASK", 0, strobe=0b1110)
        assert await host.read("INTERRUPT_MASK") == 3
        await host.write("INTERRUPT_MASK", 0, strobe=0b0001)
        assert await host.read("INTERRUPT_MASK") == 0

    check()


def test_status_and_what_a_write_starts():
    """A pulse of one cycle each; other writes start nothing."""
    pulses = {"soft_reset": 0, "pop": 0}
    dut = Registers(preset("tiny"))

    async def watch(ctx):
        while True:
            pulses["soft_reset"] += ctx.get(dut.o_soft_reset)
            pulses["pop"] += ctx.get(dut.reports.pop)
            await ctx.tick()

    async def testbench(ctx):
        host = Host(ctx, dut)
        assert await host.read("STATUS") == 0
        ctx.set(dut.i_busy, 1)
        ctx.set(dut.reports.waiting, 9)
        status = await host.parts("STATUS")
        assert status == {"busy": 1, "error": 0, "reports_lost": 0, "reserved": 0, "reports": 9}
        for name, part in (("CONTROL", "soft_reset"), ("REPORT_POP", "pop")):
            before = dict(pulses)
            await host.write(name, 0xFFFFFFFE)
            await host.write(name, 1, strobe=0b1110)
            await host.write("INTERRUPT_MASK", 1)
            await ctx.tick().repeat(3)
            assert pulses == before
            await host.write(name, 1)
            await ctx.tick().repeat(3)
            assert pulses == {**before, part: before[part] + 1}
            assert await host.read(name) == 0

    simulate(dut, testbench, watchers=[watch])


def test_a_report_is_read_through_its_memory():
    """The words come two cycles behind their index."""
    dut = Registers(preset("tiny"))

    async def memory(ctx):
        indices = [0, 0]
        while True:
            ctx.set(dut.reports.word, 0xAB000000 | indices[-2])
            _, _, index = await ctx.tick().sample(dut.reports.index)
            indices.append(index)

    async def testbench(ctx):
        for number, register in enumerate(REPORT):
            assert await Host(ctx, dut).read(register.name) == 0xAB000000 | number

    simulate(dut, testbench, watchers=[memory])
