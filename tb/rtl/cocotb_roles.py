"""The roles against a stand-in that keeps the rules, and one that breaks them one at a time."""

import cocotb
from cocotb.task import bridge
from cocotb.triggers import ClockCycles, select
from convloom.spec import Config
from roles.axil import AxilError, HostRegisters
from roles.bench import Bench
from roles.stalls import NAMES, Stalls
from roles.stream_monitor import ProtocolError
from roles.vectors import Vector

CONFIG = Config("stand-in", cin_lanes=4, cout_lanes=4, requant_lanes=4)
STREAM_FAULTS = {
    "VALID_FALLS": "TVALID fell",
    "PAYLOAD_CHANGES": "payload changed",
    "KEEP_HOLE": "has holes",
    "KEEP_EMPTY": "is empty",
    "KEEP_PARTIAL": "partial before the last beat",
    "DATA_UNKNOWN": "m_axis_out_tdata is",
    "READY_UNKNOWN": "s_axis_job_tready is",
    "BYTE_WRONG": "bytes differ, first byte 0",
    "LAST_LOST": "stuck before all answers",
}
AXIL_FAULTS = {
    "RESPONSE_TWICE": "a response on b to no request",
    "RESPONSE_EARLY": "a response on r to no request",
    "RESPONSE_CHANGES": "r payload changed",
}
FAULTS = (
    *("NONE", "VALID_FALLS", "PAYLOAD_CHANGES", "KEEP_HOLE", "KEEP_PARTIAL", "DATA_UNKNOWN", "READY_UNKNOWN"),
    *("BYTE_WRONG", "LAST_LOST", "RESPONSE_TWICE", "RESPONSE_EARLY", "RESPONSE_CHANGES", "KEEP_EMPTY"),
)


def echo(job, act, config):
    """What the stand-in answers."""
    return act, 0


async def start(dut, stalls, fault="NONE"):
    dut.fault.value = 0
    bench = await Bench(dut, CONFIG, stalls, cocotb.RANDOM_SEED, echo).start()
    dut.fault.value = FAULTS.index(fault)
    return bench


def packets(rng, lengths):
    return [Vector(rng.randbytes(9), rng.randbytes(length), job_id) for job_id, length in enumerate(lengths)]


@cocotb.test
@cocotb.parametrize(stalls=list(NAMES))
async def echoes_with_all_stalls(dut, stalls):
    bench = await start(dut, stalls)
    await bench.exchange(packets(bench.rng, (1, 2, 3, 4, 5, 31, 32, 33, 1)))
    bench.scoreboard.finish()
    bench.stalls.check()
    assert [monitor.packets for monitor in bench.stream_monitors] == [9, 9, 9]
    assert bench.stream_monitors[2].beats == bench.out.beats == bench.act.beats == 32
    bench.stop()


@cocotb.test
@cocotb.parametrize(fault=[cocotb.Param(fault, fault) for fault in STREAM_FAULTS])
async def stream_faults_are_seen(dut, fault):
    bench = await start(dut, "stalled", fault)
    try:
        await select(bench.running, bench.exchange(packets(bench.rng, (8, 8)), stuck=500))
    except AssertionError as seen:
        assert STREAM_FAULTS[fault] in str(seen), seen
    else:
        raise AssertionError(f"{fault} was not seen")


@cocotb.test
@cocotb.parametrize(fault=[cocotb.Param(fault, fault) for fault in AXIL_FAULTS])
async def axil_faults_are_seen(dut, fault):
    bench = await start(dut, "none", fault)

    async def use():
        for value in range(8):
            await bench.axil.write(0, value)
            await bench.axil.read(0)
            await bench.cycles(4)

    try:
        await select(bench.running, use())
    except ProtocolError as seen:
        assert AXIL_FAULTS[fault] in str(seen), seen
    else:
        raise AssertionError(f"{fault} was not seen")


@cocotb.test
async def an_unanswered_request_is_seen(dut):
    bench = await start(dut, "none")
    bench.axil_monitor.taken["ar"] += 1
    try:
        bench.axil_monitor.finish()
    except ProtocolError as seen:
        assert "reads and their responses differ" in str(seen)
    else:
        raise AssertionError("a read without a response was not seen")
    bench.stop()


@cocotb.test
async def the_host_reads_and_writes(dut):
    bench = await start(dut, "none")
    registers = HostRegisters(bench.axil)

    def driver():
        registers.write(0, 0x12345678)
        return registers.read(0)

    assert await bridge(driver)() == 0x12345678
    await bench.axil.write(0, 0xAABBCCDD, strobe=0b0101)
    assert await bench.axil.read(0) == 0x12BB56DD
    assert (await bench.axil.transfer(4))[1] == 2
    try:
        await bench.axil.write(4, 1)
    except AxilError as seen:
        assert "0x4" in str(seen)
    else:
        raise AssertionError("an error response was not seen")
    bench.axil_monitor.finish()
    bench.stop()


@cocotb.test
async def stalls_that_never_hit_are_seen(dut):
    bench = await start(dut, "none")
    bench.stalls = Stalls("both", 1)  # which nobody uses
    await bench.exchange(packets(bench.rng, (4,)))
    try:
        bench.stalls.check()
    except AssertionError as seen:
        assert "never hit the inputs" in str(seen)
    else:
        raise AssertionError("stalls without a hit were not seen")
    bench.stop()


@cocotb.test
async def nothing_compared_is_seen(dut):
    bench = await start(dut, "none")
    await ClockCycles(dut.aclk, 2)
    try:
        bench.scoreboard.finish()
    except AssertionError as seen:
        assert "no output packet" in str(seen)
    else:
        raise AssertionError("an idle test passed")
    bench.stop()
