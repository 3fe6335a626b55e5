"""Delay lines and adder trees: the value, and the cycle in which it comes."""

import random

import pytest
from amaranth.hdl import Module, Signal, signed
from convloom_rtl.kit.pipeline import copies, delay, delay_together, registered_sum, tree_levels
from roles.unit import simulate


def outputs(m, ports, inputs, results):
    """`results` in each cycle, with one row of `inputs` at `ports` per cycle."""
    seen = []

    async def testbench(ctx):
        for row in inputs:
            for port, value in zip(ports, row, strict=True):
                ctx.set(port, value)
            seen.append((await ctx.tick().sample(*results))[2:])

    simulate(m, testbench)
    return seen


@pytest.mark.parametrize("cycles", (1, 3))
def test_delays(cycles, seed):
    """Alone and together; signs are kept."""
    rng = random.Random(seed)
    m, ports = Module(), (Signal(5), Signal(signed(8)), Signal(1))
    alone = delay(m, ports[1], cycles, "alone")
    together = delay_together(m, ports, cycles, "together")
    rows = [(rng.randrange(32), rng.randint(-128, 127), rng.randrange(2)) for _ in range(20)]
    seen = outputs(m, ports, rows, [alone + 0, *(value + 0 for value in together)])
    for row, (alone, *together) in zip(rows, seen[cycles:], strict=False):
        assert alone == row[1] and tuple(together) == row


def test_copies_are_kept_apart(seed):
    rng = random.Random(seed)
    m, port = Module(), Signal(signed(4))
    each = copies(m, port, 3, "copy")
    rows = [(rng.randint(-8, 7),) for _ in range(10)]
    seen = outputs(m, (port,), rows, [copy + 0 for copy in each])
    assert seen[1:] == [row * 3 for row in rows[:-1]]
    assert all(copy.attrs["keep"] == 1 for copy in each)


@pytest.mark.parametrize("count", (2, 3, 5, 8))
def test_sums(count, seed):
    """`tree_levels` cycles, no overflow at the ends of the range."""
    rng = random.Random(seed)
    m, ports = Module(), [Signal(signed(8)) for _ in range(count)]
    total = registered_sum(m, ports, "sum")
    rows = [[-128] * count, [127] * count] + [[rng.randint(-128, 127) for _ in ports] for _ in range(20)]
    seen = outputs(m, ports, rows, [total + 0])
    levels = tree_levels(count)
    assert levels == {2: 1, 3: 2, 5: 3, 8: 3}[count]
    assert [value for (value,) in seen[levels:]] == [sum(row) for row in rows[: len(rows) - levels]]


def test_nothing_to_do():
    """No cycle, or one value: no register."""
    value = Signal(signed(8))
    assert delay(None, value, 0, "none") is value
    assert registered_sum(None, [value], "one") is value and tree_levels(1) == 0
