"""The reset that outlasts the pipelines."""

from convloom_rtl.reset_control import FLUSH_CYCLES, ResetControl
from roles.unit import simulate


def test_at_the_start_and_after_each_request():
    """FLUSH_CYCLES from the last request on: one that comes meanwhile makes it longer."""
    dut, seen = ResetControl(), []

    async def testbench(ctx):
        for cycle in range(4 * FLUSH_CYCLES):
            ctx.set(dut.i_request, cycle in (FLUSH_CYCLES + 20, FLUSH_CYCLES + 50))
            seen.append((await ctx.tick().sample(dut.o_reset))[-1])

    simulate(dut, testbench)
    first, second = FLUSH_CYCLES, FLUSH_CYCLES + 21
    assert seen[:first] == [1] * first and seen[first:second] == [0] * 21
    end = FLUSH_CYCLES + 51 + FLUSH_CYCLES
    assert seen[second:end] == [1] * (end - second) and not any(seen[end:])
