"""A word, rotated by every number of bytes, and lanes that are to be 0."""

import random

import pytest
from convloom_rtl.aligner import Aligner
from roles.unit import simulate


@pytest.mark.parametrize("lanes", (4, 8, 16, 64))
def test_every_rotation(lanes, seed):
    dut, rng, word, seen = Aligner(lanes), random.Random(seed), bytes(range(1, lanes + 1)), []
    outside = [rng.getrandbits(lanes) for _ in range(lanes)]

    async def testbench(ctx):
        ctx.set(dut.i_word, int.from_bytes(word, "little"))
        for n in range(lanes + 3):  # the rotation a cycle ahead of its word, which is the same all the time
            ctx.set(dut.i_rotate, min(n, lanes - 1))
            ctx.set(dut.i_outside, outside[min(max(n - 2, 0), lanes - 1)])
            seen.append((await ctx.tick().sample(dut.o_word))[-1].to_bytes(lanes, "little"))

    simulate(dut, testbench)
    for rotate, came in enumerate(seen[1 + dut.LATENCY :]):
        rotated = (word * 2)[rotate:][:lanes]
        assert came == bytes(0 if outside[rotate] >> n & 1 else rotated[n] for n in range(lanes))
