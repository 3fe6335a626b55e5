"""Two words, rotated by every number of bytes."""

import pytest
from convloom_rtl.aligner import Aligner
from roles.unit import simulate


@pytest.mark.parametrize("lanes", (4, 8, 16, 64))
def test_every_rotation(lanes):
    dut, ring, seen = Aligner(lanes), bytes(range(1, 2 * lanes + 1)), []

    async def testbench(ctx):
        ctx.set(dut.i_words, int.from_bytes(ring, "little"))
        for rotate in [*range(2 * lanes), *[0] * dut.LATENCY]:
            ctx.set(dut.i_rotate, rotate)
            seen.append((await ctx.tick().sample(dut.o_word))[-1].to_bytes(lanes, "little"))

    simulate(dut, testbench)
    assert seen[dut.LATENCY :] == [(ring * 2)[n : n + lanes] for n in range(2 * lanes)]
