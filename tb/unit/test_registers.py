"""The register bank, over AXI4-Lite: all that the spec declares, and nothing else."""

import random

import pytest
from convloom.spec import PRESETS, REGISTERS, ErrorCode, preset
from convloom.spec.registers import (
    CONFIGURATION,
    REPORT,
    Access,
    Cause,
    configuration_from_words,
    configuration_words,
)
from convloom_rtl.payloads import BEATS
from convloom_rtl.registers import WIDE, WRITABLE, Registers
from roles.unit import simulate
from roles.unit_axil import OKAY, SLVERR, read, write

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


def hosted(test):
    """Runs an async test(host, dut, ...) against the registers of `tiny`."""

    def run(**fixtures):
        dut = Registers(preset("tiny"))

        async def testbench(ctx):
            await test(Host(ctx, dut), dut, **fixtures)

        simulate(dut, testbench)

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
    rng = random.Random(seed)
    expected = {f"LOST_{cause.name}": rng.getrandbits(32) for cause in Cause}
    expected |= {f"BEATS_{name.upper()}": rng.getrandbits(32) for name in BEATS}
    expected |= {f"{name.upper()}_{half}": rng.getrandbits(32) for name in WIDE for half in ("LOW", "HIGH")}

    @hosted
    async def check(host, dut):
        totals = {
            name: {"low": expected[f"{name.upper()}_LOW"], "high": expected[f"{name.upper()}_HIGH"]}
            for name in WIDE
        }
        totals["lost"] = {cause.name.lower(): expected[f"LOST_{cause.name}"] for cause in Cause}
        totals["beats"] = {name: expected[f"BEATS_{name.upper()}"] for name in BEATS}
        host.ctx.set(dut.i_totals, totals)
        assert {name: await host.read(name) for name in expected} == expected

    check()


@pytest.mark.parametrize("name", WIDE)
def test_the_low_half_holds_the_high_half_still(name, seed):
    """Of a counter that runs fast, and whose high half is a cycle behind: read when it may just carry."""
    rng = random.Random(seed)
    dut, seen = Registers(preset("tiny")), []
    counter = getattr(dut.i_totals, name)
    start, step = 5 << 32, (1 << 32) // 3 * 2
    moments = [start]

    async def count(ctx):
        while True:
            ctx.set(counter.low, moments[-1] & 0xFFFFFFFF)
            ctx.set(counter.high, moments[-2 if len(moments) > 1 else -1] >> 32)
            await ctx.tick()
            moments.append(moments[-1] + step + 1)

    async def testbench(ctx):
        host = Host(ctx, dut)
        for _ in range(40):
            await ctx.tick().repeat(rng.randint(1, 4))
            low = await host.read(f"{name.upper()}_LOW")
            await ctx.tick().repeat(rng.choice((1, 10)))
            seen.append(low | await host.read(f"{name.upper()}_HIGH") << 32)

    simulate(dut, testbench, watchers=[count])
    assert set(seen) <= set(moments) and len(set(seen)) == len(seen)


def test_a_pipelined_read_of_both_halves():
    """The request for the high half may come before the low half's response."""
    dut, data = Registers(preset("tiny")), []

    async def testbench(ctx):
        ctx.set(dut.i_totals, {"macs": {"low": 1, "high": 2}})
        ctx.set(dut.rready, 1)
        for half in ("LOW", "HIGH"):
            ctx.set(dut.araddr, REGISTERS[f"MACS_{half}"].address)
            ctx.set(dut.arvalid, 1)
            await ctx.tick().until(dut.arready)
            ctx.set(dut.arvalid, 0)
        while len(data) < 2:
            _, _, valid, word = await ctx.tick().sample(dut.rvalid, dut.rdata)
            data.extend([word] if valid else [])

    simulate(dut, testbench)
    assert data == [1, 2]


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
            if cycle >= 4
            else dict.fromkeys(("code", "errors", "job_id"), 0)
        )
        assert await host.parts("ERROR") == expected
        assert (await host.parts("STATUS"))["reports_lost"] == (cycle >= 4)

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
