"""Every product of two int8 numbers that is likely to be wrong."""

from itertools import product

from convloom_rtl.primitives.products import Products
from roles.unit import simulate

EDGES = (-128, -127, -64, -1, 0, 1, 2, 63, 127)


def test_edges_in_every_lane():
    """A new pair in each lane and cycle, LATENCY cycles later."""
    lanes, pairs = 3, list(product(EDGES, EDGES))
    dut, seen = Products(lanes), []

    async def testbench(ctx):
        for n in range(len(pairs) + dut.LATENCY):
            turned = [pairs[(n + lane) % len(pairs)] for lane in range(lanes)]
            ctx.set(dut.i_a, [a for a, _ in turned])
            ctx.set(dut.i_b, [b for _, b in turned])
            _, _, *products = await ctx.tick().sample(*dut.o)
            seen.append(products)

    simulate(dut, testbench)
    for n, products in enumerate(seen[dut.LATENCY :]):
        assert products == [a * b for a, b in (pairs[(n + lane) % len(pairs)] for lane in range(lanes))]
