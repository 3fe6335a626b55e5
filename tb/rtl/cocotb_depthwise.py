"""Depthwise jobs: windows that slide and windows that do not, the output ring's rows, their errors. Case 6."""

from convloom.spec import ErrorCode, Op
from roles.damage import cut, field, lengthen
from roles.depthwise import depthwise, random_depthwise
from roles.matrix import CRAMPED_DEPTHWISE, DEPTHWISE, NO_DEPTHWISE, bench_test
from roles.stalls import Pauses
from roles.vectors import SAME3

KERNELS = ((1, 1), (1, 3), (3, 1), (3, 3), (4, 4), (2, 4), (5, 5), (1, 5), (5, 1), (10, 8))


def codes_of(bench):
    return [code for _, code in bench.scoreboard.codes]


@bench_test(on=DEPTHWISE)
async def kernels(bench):
    """Both kinds of windows, with and without padding, channels that fill no tile."""
    cout = bench.config.cout_lanes
    await bench.run(
        [
            depthwise(bench.layers, (kh + 1, kw + 1, c), (kh, kw), pads=pads, input_zero_point=zero_point)
            for kh, kw in KERNELS
            for c, pads, zero_point in ((cout + 1, (0, 0, 0, 0), 0), (2, (kh // 2, 0, 1, kw // 2), -77))
        ]
    )


@bench_test(on=DEPTHWISE)
async def narrow_outputs(bench):
    """One and two columns, one column of input, groups of channels that begin before the one before has ended."""
    channels = 3 * bench.config.cout_lanes
    await bench.run(
        [
            depthwise(bench.layers, (5, w, channels), (3, kw), pads=(1, 1, left, left), input_zero_point=9)
            for w, kw, left in ((3, 3, 0), (4, 3, 0), (1, 3, 1), (2, 3, 1), (1, 1, 0), (2, 4, 2), (1, 5, 2))
        ]
    )


@bench_test(on=DEPTHWISE)
async def strides(bench):
    """TFLite's "same" of even pictures, strides beyond the kernel and unequal ones."""
    layers, channels = bench.layers, bench.config.cout_lanes + 1
    await bench.run(
        [
            depthwise(
                layers, (6, 6, channels), (3, 3), stride=(2, 2), pads=(0, 1, 0, 1), input_zero_point=-9
            ),
            depthwise(layers, (7, 5, channels), (2, 2), stride=(3, 3)),
            depthwise(layers, (5, 9, channels), (1, 1), stride=(2, 4)),
            depthwise(layers, (6, 7, channels), (3, 4), stride=(1, 3), pads=(1, 1, 3, 2), input_zero_point=5),
            depthwise(layers, (9, 7, channels), (5, 6), stride=(3, 2), pads=(2, 2, 2, 2), input_zero_point=7),
        ]
    )


@bench_test(on=DEPTHWISE)
async def pads_beyond_the_kernel(bench):
    """Windows wholly in the padding, on each side; the columns that take no time and those that do."""
    pads = ((5, 0, 0, 0), (0, 5, 0, 0), (0, 0, 6, 0), (0, 0, 0, 6), (4, 4, 4, 4), (1, 0, 2, 1))
    await bench.run(
        [
            depthwise(bench.layers, (3, 3, 2), kernel, pads=each, input_zero_point=-128 if n % 2 else 127)
            for n, each in enumerate(pads)
            for kernel in ((3, 3), (3, 2))
        ]
    )


@bench_test(on=DEPTHWISE)
async def raw_and_int8_in_turn(bench):
    """Accumulators take four words of the ring each."""
    channels = 2 * bench.config.cout_lanes + 1
    await bench.run(
        [
            depthwise(bench.layers, (4, 5, channels), kernel, pads=SAME3, input_zero_point=3, raw=raw)
            for kernel in ((3, 3), (5, 4))
            for raw in (False, True, True, False)
        ]
    )


@bench_test(on=DEPTHWISE)
async def dense_and_depthwise_in_turn(bench):
    """As networks have them; what the ring and the walkers keep of one job must not reach the next."""
    layers, cout = bench.layers, bench.config.cout_lanes
    vectors = []
    for n in range(4):
        vectors += [
            layers.layer((4, 4, cout), (2 * cout, 1, 1), raw=n == 2),
            depthwise(layers, (4, 4, 2 * cout), (3, 3), pads=SAME3, stride=(1 + n % 2,) * 2, raw=n == 3),
        ]
    vectors.insert(3, field(depthwise(layers, (3, 3, cout), (3, 3)), op=Op.NONE))
    vectors.insert(6, field(depthwise(layers, (3, 3, cout), (3, 3)), magic=0))
    await bench.run(vectors)


@bench_test(on=DEPTHWISE)
async def errors(bench):
    """Error 8, fields that only depthwise jobs need, packets too short and too long; good jobs between them."""
    layers, config = bench.layers, bench.config
    cin, size = config.cin_lanes, (3, 3, 2 * config.cout_lanes)

    def good(**options):
        return depthwise(layers, size, (2, 2), input_zero_point=4, **options)

    bad = {
        ErrorCode.RANGE: [field(good(), **{name: 0}) for name in ("kw", "passes", "stride_x", "runs")],
        ErrorCode.WEIGHTS: [field(good(), words_in_all=config.weight_words + 1)],
        ErrorCode.LANES: [field(good(), in_c=size[2] + 1)] if config.cout_lanes > 1 else [],
        ErrorCode.JOB_SHORT: [cut(good(), "job", -cin)],
        ErrorCode.JOB_LONG: [lengthen(good(), "job", cin)],
        ErrorCode.ACT_SHORT: [cut(good(raw=True), "act", cin)],
        ErrorCode.ACT_LONG: [lengthen(good(), "act", cin)],
    }
    await bench.run(
        [vector for each in bad.values() for wrong in each for vector in (good(), wrong)] + [good()]
    )
    assert codes_of(bench)[1::2] == [code for code, each in bad.items() for _ in each], codes_of(bench)


@bench_test(on=NO_DEPTHWISE, stalls=("none", "both"))
async def an_engine_without_it(bench):
    """Error 3."""
    layers = bench.layers
    await bench.run([depthwise(layers, (3, 3, 6), (3, 3)), layers.layer((3, 3, 6), (3, 3, 3))])
    assert codes_of(bench) == [ErrorCode.NOT_BUILT_IN, ErrorCode.NONE]


@bench_test(on=CRAMPED_DEPTHWISE)
async def rows_of_half_the_ring(bench):
    """The widest row that may be, behind each other and raw, and one column more: error 7."""
    layers, config = bench.layers, bench.config
    half, c = config.output_words // 2, 2 * config.cout_lanes
    await bench.run(
        [
            depthwise(layers, (4, half // 2, c), (3, 3), pads=SAME3, input_zero_point=-3),
            depthwise(layers, (3, half // 2 + 1, c), (1, 1)),
            depthwise(layers, (4, half // 4, config.cout_lanes), (3, 3), pads=SAME3, raw=True),
            depthwise(layers, (3, half // 4 + 1, config.cout_lanes), (1, 1), raw=True),
            depthwise(layers, (5, half // 2, c), (1, 1)),
            layers.layer((3, 9, 2), (3, 1, 1)),
            depthwise(layers, (2, 1, c), (1, 1)),
        ]
    )
    assert codes_of(bench) == [0, ErrorCode.REORDER, 0, ErrorCode.REORDER, 0, 0, 0]


@bench_test(on=CRAMPED_DEPTHWISE, stalls=("stalled",))
async def a_long_output_stall(bench):
    """The ring fills, of both kinds of jobs, and the array waits; then all goes on."""
    layers, words = bench.layers, bench.config.output_words
    bench.out.pauses = bench.stalls.out = Pauses(lambda: (16 * words, 16 * words))
    c = bench.config.cout_lanes
    await bench.run(
        [
            depthwise(layers, (6, 4, 2 * c), (3, 3), pads=SAME3),
            layers.layer((5, 5, 2), (c, 1, 1)),
            depthwise(layers, (4, 2, c), (5, 2), pads=(2, 2, 1, 0), raw=True),
            layers.layer((5, 5, 2), (c, 1, 1)),
        ]
    )


@bench_test(on=CRAMPED_DEPTHWISE)
async def rows_that_fill_the_line_buffer(bench):
    """Eight live rows of half a bank each, and one too many: error 6."""
    layers, config = bench.layers, bench.config
    width = config.bank_words * config.cin_lanes // 2 // config.cout_lanes
    wide = {"size": (9, width, 1), "stride": (1, 16)}
    await bench.run(
        [
            depthwise(layers, kernel=(8, 3), **wide),
            depthwise(layers, kernel=(9, 3), **wide),
            depthwise(layers, (9, 2 * width, 1), (4, 3), stride=(2, 32)),
            depthwise(layers, kernel=(8, 1), **wide),
        ]
    )
    assert codes_of(bench) == [0, ErrorCode.ROWS, 0, 0]


@bench_test(on=DEPTHWISE + CRAMPED_DEPTHWISE)
async def random_layers(bench):
    """Any shapes, one behind the other, with a dense job now and then."""
    layers = bench.layers
    await bench.run(
        [random_depthwise(layers, 400) if n % 3 else layers.random(issues=200, beats=100) for n in range(16)]
    )
