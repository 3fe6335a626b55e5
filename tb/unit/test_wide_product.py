"""The product of an accumulator and a multiplier, at the ends of both ranges and in between."""

import random

from convloom_rtl.primitives.wide_product import WideProduct
from roles.unit import simulate


def test_products(seed):
    rng = random.Random(seed)
    ends = [(a, b) for a in (-(2**31), -1, 0, 1, 2**31) for b in (0, 1, 2**30, 2**31 - 1)]
    given = ends + [(rng.randint(-(2**31), 2**31), rng.randrange(2**31)) for _ in range(500)]
    dut, taken = WideProduct(), []

    async def testbench(ctx):
        for a, b in [*given, *[(0, 0)] * dut.LATENCY]:
            ctx.set(dut.i_a, a)
            ctx.set(dut.i_b, b)
            _, _, product = await ctx.tick().sample(dut.o)
            taken.append(product)

    simulate(dut, testbench)
    assert taken[dut.LATENCY :] == [a * b for a, b in given]
