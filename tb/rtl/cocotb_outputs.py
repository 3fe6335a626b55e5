"""Raw and the rounding modes, numbers of kernels, the edges of the arithmetic. Cases 7 and 8."""

import numpy as np
from convloom.spec import Rounding
from roles.matrix import EVERYWHERE, bench_test
from roles.stalls import Pauses, toggling
from roles.vectors import SAME3

EDGES = (
    0,
    1,
    -1,
    2,
    -2,
    3,
    (1 << 24) - 1,
    1 << 24,
    (1 << 24) + 1,
    -(1 << 24) - 1,
    (1 << 25) + 2,
    (1 << 30) + 128,
)
INT32 = (2**31 - 1, -(2**31), 2**31 - 64, -(2**31) + 63)


@bench_test(on=EVERYWHERE)
async def numbers_of_kernels(bench):
    """Case 7: one tile per cycle; int8, raw int32, int8 in turn."""
    layer, cout = bench.layers.layer, bench.config.cout_lanes
    await bench.run(
        [
            layer((3, 3, bench.config.cin_lanes), (k, 1, 1), raw=raw)
            for k in (1, 10, cout + 1)
            for raw in (False, True, False)
        ]
    )


@bench_test(on=EVERYWHERE, stalls=("stalled", "both"))
async def ready_in_every_other_cycle(bench):
    """Case 7: TREADY toggles."""
    bench.out.pauses = bench.stalls.out = Pauses(toggling)
    layer = bench.layers.layer
    await bench.run([layer((4, 5, 3), (k, 1, 1), raw=raw) for k in (1, 3, 9) for raw in (False, True)])


@bench_test(on=EVERYWHERE)
async def modes_from_job_to_job(bench):
    """Case 8: the same layer in every mode that is built in, and raw, in turn."""
    layers = bench.layers
    data = layers.data((3, 3, 3), (3, 3, 3, 3))
    modes = [*bench.config.roundings, *reversed(bench.config.roundings)]
    await bench.run(
        [
            layers.layer((3, 3, 3), (3, 3, 3), pads=SAME3, rounding=mode, raw=raw, **data)
            for mode in modes
            for raw in (False, True)[: 1 + (mode == Rounding.SINGLE)]
        ]
    )


@bench_test(on=EVERYWHERE)
async def edges_of_the_accumulator(bench):
    """Case 8: each mode over int32's ends, the bounds of float32's mantissa, and a multiplier of 0."""
    values = np.array([*EDGES, *INT32])
    count = len(values)
    scales = (((1 << 30), 0), ((1 << 31) - 128, 1), ((1 << 30) + (1 << 20), 31), (0, 0), ((1 << 30), 23))
    await bench.run(
        [
            of_accumulators(bench, values, np.full(count, multiplier), np.full(count, shift), rounding=mode)
            for mode in bench.config.roundings
            for multiplier, shift in scales
        ]
    )


@bench_test(on=EVERYWHERE)
async def ties_of_both_signs(bench):
    """Case 8: halves exactly, where all modes differ."""
    values = np.array([1, -1, 3, -3, 5, -5, 7, -7, 2, -2, 6, -6, 127, -127, 255, -255])
    half, modes = np.full(16, 1 << 30), bench.config.roundings
    await bench.run(
        [
            of_accumulators(bench, values, half, np.full(16, shift), rounding=mode)
            for shift in (1, 0, 2)
            for mode in modes
        ]
    )
    assert len(set(bench.scoreboard.answers[: len(modes)])) == len(modes), "two modes gave the same"


@bench_test
async def clamps(bench):
    """A narrow one, one whose ends meet, and both output zero points' ends."""
    layer = bench.layers.layer
    await bench.run(
        [
            layer((3, 3, 2), (2, 1, 1), clamp=clamp, output_zero_point=zero_point)
            for clamp, zero_point in (((-5, 6), 0), ((7, 7), 3), ((-128, 127), -128), ((0, 127), 127))
        ]
    )


def of_accumulators(bench, values, multiplier, shift, **options):
    """A job whose accumulators are `values`: each the bias of a kernel with one weight, 0."""
    data = {"x": np.ones((1, 2, 1), int), "w": np.zeros((len(values), 1, 1, 1), int), "bias": values}
    return bench.layers.layer(
        (1, 2, 1), (len(values), 1, 1), multiplier=multiplier, shift=shift, **data, **options
    )
