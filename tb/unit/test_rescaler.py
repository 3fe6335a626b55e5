"""Each rounding mode against whole numbers of any size."""

import random
from fractions import Fraction

import numpy as np
import pytest
from convloom.spec import Rounding
from convloom_rtl.rescaler import Rescaler
from roles.big_rounding import float32_by_numpy, rescaled
from roles.rounding_cases import cases, near_ties, ties
from roles.unit import plain, simulate

LANES = 8


def run(dut, vectors):
    """The results of (accumulator, multiplier, shift, rounding), one vector to a lane, without gaps.

    The rounding of a cycle's first vector holds for its other lanes too, and is told a cycle before.
    """
    rows = [vectors[n : n + dut.lanes] for n in range(0, len(vectors), dut.lanes)]
    results = []

    async def testbench(ctx):
        ctx.set(dut.i_rounding, rows[0][0][3])
        await ctx.tick()
        for cycle in range(len(rows) + dut.latency):
            if cycle < len(rows):
                padded = rows[cycle] + [(0, 0, 0, 0)] * (dut.lanes - len(rows[cycle]))
                ports = (dut.i_accumulators, dut.i_multipliers, dut.i_shifts)
                for port, values in zip(
                    ports, zip(*(vector[:3] for vector in padded), strict=True), strict=True
                ):
                    ctx.set(port, list(values))
            if cycle + 1 < len(rows):
                ctx.set(dut.i_rounding, rows[cycle + 1][0][3])
            _, _, out = await ctx.tick().sample(dut.o)
            if cycle >= dut.latency:
                results.extend(plain(out)[: len(rows[cycle - dut.latency])])

    simulate(dut, testbench)
    return results


def cut(result):
    """What a result is to the clamps: beyond -255 and 254 only the side matters."""
    return min(max(result, -255), 255)


def mismatches(vectors, results):
    return [
        (vector, cut(rescaled(*vector)), cut(result))
        for vector, result in zip(vectors, results, strict=True)
        if cut(rescaled(*vector)) != cut(result)
    ]


@pytest.mark.parametrize("mode", Rounding, ids=lambda mode: mode.name.lower())
def test_every_mode(mode, seed):
    vectors = [(*case, mode) for case in cases(random.Random(seed), 2000)]
    assert not mismatches(vectors, run(Rescaler(LANES, tuple(Rounding)), vectors))


@pytest.mark.parametrize("mode", Rounding, ids=lambda mode: mode.name.lower())
def test_a_mode_alone(mode, seed):
    vectors = [(*case, mode) for case in cases(random.Random(seed), 300)]
    assert not mismatches(vectors, run(Rescaler(LANES, (mode,)), vectors))


def test_modes_in_turn(seed):
    """The mode changes from cycle to cycle, and each result has its own."""
    rng = random.Random(seed)
    drawn = ties(rng, 400) + near_ties(rng, 400)
    vectors = [(*case, Rounding(n // 2 % 4)) for n, case in enumerate(drawn)]
    assert not mismatches(vectors, run(Rescaler(2, tuple(Rounding)), vectors))


def test_four_modes_give_four_arrays(seed):
    drawn = ties(random.Random(seed), 400)
    answers = {
        tuple(run(Rescaler(LANES, tuple(Rounding)), [(*case, mode) for case in drawn])) for mode in Rounding
    }
    assert len(answers) == len(Rounding)


def test_the_second_rounding_of_float32_counts(seed):
    """Rounding the exact product once gives other results: the vectors hold such cases."""
    vectors = [(*case, Rounding.FLOAT32) for case in near_ties(random.Random(seed), 2000)]
    once = [round(Fraction(acc * multiplier, 2 ** (31 + shift))) for acc, multiplier, shift, _ in vectors]
    results = run(Rescaler(LANES, (Rounding.FLOAT32,)), vectors)
    assert [cut(number) for number in once] != [cut(number) for number in results]


def test_the_recipe_is_float32(seed):
    """The reference's whole numbers against float32 arithmetic."""
    with np.errstate(all="raise"):
        for case in cases(random.Random(seed), 2000):
            assert rescaled(*case, Rounding.FLOAT32) == float32_by_numpy(*case), case
