"""Block memory: what was written comes out two cycles after its address."""

import random

import pytest
from amaranth.hdl import ResetInserter, Signal
from convloom_rtl.primitives.memory import BlockMemory, DelayLine
from roles.unit import simulate


def test_random_reads_and_writes(seed):
    """Apart from reads of the word that is being written, of which nothing is promised."""
    rng, depth = random.Random(seed), 16
    dut, words, reads, seen = BlockMemory(9, depth, stands_still=True), [0] * depth, [], []

    async def testbench(ctx):
        for _ in range(300):
            write, read, value = rng.randrange(depth), rng.randrange(depth), rng.randrange(512)
            enable, moves = rng.random() < 0.5, rng.random() < 0.8
            for port, number in (
                (dut.i_enable, enable),
                (dut.i_write_address, write),
                (dut.i_read, moves),
                (dut.i_read_address, read),
                (dut.i_data, value),
            ):
                ctx.set(port, number)
            value_read = (await ctx.tick().sample(dut.o_data))[-1]
            if moves:
                reads.append(None if enable and read == write else words[read])
                seen.append(value_read)
            if enable:
                words[write] = value

    simulate(dut, testbench)
    pairs = list(zip(reads, seen[dut.LATENCY :], strict=False))
    assert all(value in (wanted, value if wanted is None else wanted) for wanted, value in pairs)


@pytest.mark.parametrize("cycles", [DelayLine.LEAST, 7, 8, 9])
def test_delay_line(cycles, seed):
    """Through a reset, too: a word comes out when registers without one would have it."""
    rng, dut, reset, seen = random.Random(seed), DelayLine(9, cycles), Signal(), []
    words = [rng.randrange(512) for _ in range(100)]

    async def testbench(ctx):
        for n, word in enumerate(words):
            ctx.set(dut.i, word)
            ctx.set(reset, n in range(40, 43))
            seen.append((await ctx.tick().sample(dut.o))[-1])

    simulate(ResetInserter(reset)(dut), testbench)
    assert seen[cycles:] == words[:-cycles]
