"""The board's top: it passes, and fails for ever once a weight in its memory has been wrong."""

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, First, RisingEdge

PATIENCE, BLINK = 20_000, 3000  # as test_self_test builds it


async def start(dut):
    """Presses the button. The clock runs."""
    dut.reset_n.value = 0
    Clock(dut.clk, 10, unit="ns", impl="gpi").start(start_high=False)
    await ClockCycles(dut.clk, 5)
    dut.reset_n.value = 1
    await ClockCycles(dut.clk, 4)


def leds(dut):
    """(pass, fail)"""
    return int(dut.led_pass.value), int(dut.led_fail.value)


async def soon(dut, edge):
    """Waits for an edge, for no longer than the watchdog does, and until all the LEDs show it."""
    late = ClockCycles(dut.clk, PATIENCE)
    assert await First(edge, late) is not late, f"no edge of {edge} in {PATIENCE} cycles"
    await RisingEdge(dut.clk)


@cocotb.test
async def passes_while_all_is_right(dut):
    """Answer after answer; the heartbeat shows that they go on."""
    await start(dut)
    assert leds(dut) == (0, 0)
    await soon(dut, RisingEdge(dut.led_pass))
    for _ in range(2):
        await soon(dut, RisingEdge(dut.led_beat))
    assert leds(dut) == (1, 0)


@cocotb.test
async def fails_for_ever_after_one_wrong_weight(dut):
    """A bit of a weight in the last word; put right again, it fails still, until the button is pressed."""
    await start(dut)
    await soon(dut, RisingEdge(dut.led_pass))
    words = dut.job.words
    last = words[len(words) - 1]
    right = int(last.value)
    last.value = right ^ 1
    await soon(dut, RisingEdge(dut.led_fail))
    assert leds(dut) == (0, 1)
    last.value = right
    for _ in range(2):
        await soon(dut, RisingEdge(dut.led_beat))
    assert leds(dut) == (0, 1)
    await start(dut)
    assert leds(dut) == (0, 0)
    await soon(dut, RisingEdge(dut.led_pass))
    assert leds(dut) == (1, 0)
