"""Windows and rows of every shape: the cases 1 to 4 that break naive builds, and random layers."""

from roles.matrix import EVERYWHERE, bench_test
from roles.vectors import SAME3


@bench_test(on=EVERYWHERE)
async def channels_that_are_no_multiple_of_the_lanes(bench):
    """Case 1: windows whose rows begin at any byte."""
    layer = bench.layers.layer
    await bench.run([layer((3, 4, c), (2, 3, 3), pads=SAME3, input_zero_point=5) for c in (24, 3, 17)])


@bench_test(on=EVERYWHERE)
async def pads_of_every_size(bench):
    """Case 1: on one side only, as large as the kernel and larger, with the zero points at their ends."""
    layer = bench.layers.layer
    pads = ((0, 1, 0, 1), (4, 5, 1, 1), (3, 3, 3, 3), (5, 0, 0, 6), (0, 4, 7, 0))
    zero_points = (-128, 127, -128, 127, -1)
    await bench.run(
        [
            layer(
                (4, 3, 3),
                (2, 3, 3),
                pads=pad,
                stride=(2, 2),
                input_zero_point=zero_point,
                output_zero_point=-zero_point - 1,
            )
            for pad, zero_point in zip(pads, zero_points, strict=True)
        ]
    )


@bench_test
async def narrow_pictures(bench):
    """Case 1: pads on both sides in one vector; a kernel far wider than the picture."""
    layer = bench.layers.layer
    await bench.run(
        [
            layer((4, 1, 5), (1, 3, 3), pads=SAME3, input_zero_point=-7),
            layer((3, 2, 1), (3, 3, 3), pads=SAME3, input_zero_point=9),
            layer((2, 6, 2), (1, 1, 15), pads=(0, 0, 7, 7), input_zero_point=100),
            layer((1, 2, 3), (2, 1, 15), pads=(0, 0, 14, 14), stride=(1, 3)),
        ]
    )


@bench_test(on=EVERYWHERE)
async def rows_shorter_than_a_beat(bench):
    """Case 2: several row ends in one beat, and one byte in all."""
    layer = bench.layers.layer
    await bench.run(
        [
            layer((5, 1, 1), (2, 3, 1)),
            layer((3, 2, 3), (1, 2, 2)),
            layer((1, 1, 1), (1, 1, 1)),
            layer((9, 1, 1), (1, 1, 1), stride=(2, 1)),
            layer((7, 3, 1), (2, 3, 3), pads=SAME3),
        ]
    )


@bench_test(on=EVERYWHERE)
async def strides_beyond_the_kernel(bench):
    """Case 3: rows and columns that no window needs, and the next job right behind."""
    layer = bench.layers.layer
    await bench.run(
        [
            layer((9, 7, 2), (2, 1, 1), stride=(4, 3)),
            layer((8, 8, 1), (1, 2, 2), stride=(5, 5)),
            layer((3, 3, 4), (2, 1, 1), stride=(9, 9)),
            layer((2, 2, 3), (1, 2, 2)),
        ]
    )


@bench_test
async def windows_wholly_in_the_padding(bench):
    """Rows are given up before they are loaded."""
    layer = bench.layers.layer
    await bench.run(
        [
            layer((1, 1, 3), (1, 2, 2), pads=(5, 5, 5, 5), stride=(3, 3), input_zero_point=-3),
            layer((2, 3, 1), (2, 1, 1), pads=(0, 9, 0, 4), stride=(2, 2), input_zero_point=60),
            layer((3, 3, 2), (1, 3, 3)),
        ]
    )


@bench_test
async def dilated_windows(bench):
    """One run per kernel column, and rows that lie apart."""
    layer = bench.layers.layer
    await bench.run(
        [
            layer(
                (7, 7, 3), (2, 3, 3), dilation=(2, 2), pads=(2, 2, 2, 2), input_zero_point=4, stride=(2, 2)
            ),
            layer((5, 4, 2), (1, 2, 2), dilation=(3, 2)),
            layer((4, 5, 1), (1, 2, 3), dilation=(1, 2), pads=(0, 1, 2, 2)),
        ]
    )


@bench_test(on=EVERYWHERE)
async def random_layers(bench):
    """Any shapes, one behind the other."""
    layers = bench.layers
    await bench.run([layers.random(issues=300, beats=100) for _ in range(8)])
