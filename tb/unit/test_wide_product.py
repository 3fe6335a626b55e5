"""The product of an accumulator and a multiplier, at the ends of both ranges and in between."""

import random

import pytest
from amaranth.hdl import signed
from convloom_rtl.primitives.wide_product import WideProduct
from roles.unit import simulate


@pytest.mark.parametrize("bits, most", [(32, 2**31 - 1), (33, 2**31)])
def test_products(seed, bits, most):
    rng = random.Random(seed)
    ends = [(a, b) for a in (-(2**31), -1, 0, 1, most) for b in (0, 1, 2**30, 2**31 - 1)]
    given = ends + [(rng.randint(-(2**31), most), rng.randrange(2**31)) for _ in range(500)]
    dut, taken = WideProduct(signed(bits)), []

    async def testbench(ctx):
        for a, b in [*given, *[(0, 0)] * dut.LATENCY]:
            ctx.set(dut.i_a, a)
            ctx.set(dut.i_b, b)
            _, _, product = await ctx.tick().sample(dut.o)
            taken.append(product)

    simulate(dut, testbench)
    assert taken[dut.LATENCY :] == [a * b for a, b in given]
