"""A test that fails on a stand-in with a fault built in, and one that does not: see test_roles."""

import cocotb
from roles.bench import Bench
from rtl.cocotb_roles import CONFIG, echo, packets


@cocotb.test
async def fails(dut):
    bench = await Bench(dut, CONFIG, "none", 1, echo).start()
    await bench.exchange(packets(bench.rng, (9, 9)))


@cocotb.test
async def passes(dut):
    await Bench(dut, CONFIG, "none", 1, echo).start()
