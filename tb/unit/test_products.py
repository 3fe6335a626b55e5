"""Sums of products of int8 numbers that are likely to be wrong."""

from itertools import product

from convloom_rtl.primitives.products import SummedProducts
from roles.unit import simulate

EDGES = (-128, -127, -64, -1, 0, 1, 2, 63, 127)


def test_edges_in_every_lane():
    """New pairs in each lane and cycle, LATENCY cycles later, four lanes in a sum."""
    lanes, pairs = 8, list(product(EDGES, EDGES))
    dut, seen = SummedProducts(lanes), []

    def turned(n):
        return [pairs[(n * (lane + 1) + lane) % len(pairs)] for lane in range(lanes)]

    async def testbench(ctx):
        for n in range(len(pairs) + dut.LATENCY):
            ctx.set(dut.i_a, [a for a, _ in turned(n)])
            ctx.set(dut.i_b, [b for _, b in turned(n)])
            _, _, *sums = await ctx.tick().sample(*dut.o)
            seen.append(sums)

    simulate(dut, testbench)
    for n, sums in enumerate(seen[dut.LATENCY :]):
        products = [a * b for a, b in turned(n)]
        assert sums == [sum(products[:4]), sum(products[4:])]
