"""Full rings and wraps, in a configuration whose buffers a few beats fill. Cases 4 and 5."""

from roles.matrix import CRAMPED, bench_test
from roles.stalls import Pauses


@bench_test(on=CRAMPED)
async def live_rows_that_fill_the_line_buffer(bench):
    """Case 4: exactly full, again behind it (each bank wraps), then one word too many: error 6."""
    layer, words, cin = bench.layers.layer, bench.config.bank_words, bench.config.cin_lanes
    half = (words // 2) * cin  # bytes of a row that takes half a bank; eight of them fill all four
    await bench.run(
        [
            layer((11, half, 1), (1, 8, 3)),
            layer((8, half // 4, 4), (1, 8, 1)),
            layer((9, half + 1, 1), (1, 8, 1)),
            layer((9, half, 1), (1, 9, 1)),
            layer((3, words * cin, 1), (1, 3, 1)),
            layer((2, words * cin + 1, 1), (1, 1, 1)),
            layer((12, half - 1, 1), (2, 4, 2), stride=(3, 5)),
        ]
    )
    assert [code for _, code in bench.scoreboard.codes] == [0, 0, 6, 6, 0, 6, 0]


@bench_test(on=CRAMPED)
async def odd_rows_round_the_ring(bench):
    """Rows of changing size wrap at every place of the banks."""
    layer = bench.layers.layer
    pads = {"pads": (1, 0, 0, 0), "input_zero_point": -9}
    await bench.run([layer((5, width, 3), (2, 2, 1), **pads) for width in (5, 9, 3, 14, 7, 1, 11, 6)])


@bench_test(on=CRAMPED)
async def sixty_heavy_and_light_jobs_in_turn(bench):
    """Case 5: one pixel with half the weight ring, then one word, sixty times."""
    layer, half = bench.layers.layer, bench.config.weight_words // 2
    shapes = ((1, 1, bench.config.cin_lanes * half // 4), (4, 1, 1)), ((1, 1, 1), (1, 1, 1))
    await bench.run([layer(*shapes[n % 2], report=n % 6 == 0) for n in range(60)])


@bench_test(on=CRAMPED, stalls=("stalled",))
async def a_long_output_stall(bench):
    """The output ring fills and the array waits; then all goes on."""
    layer, words = bench.layers.layer, bench.config.output_words
    bench.out.pauses = bench.stalls.out = Pauses(lambda: (16 * words, 8 * words))
    await bench.run(
        [layer((10, 10, 2), (2, 1, 1)), layer((6, 6, 2), (1, 1, 1), raw=True), layer((3, 3, 2), (2, 1, 1))]
    )
    lost = (await bench.host.totals())["LOST_OUTPUT"]
    assert lost > 8 * words, f"the array waited for the output in {lost} cycles"


@bench_test(on=CRAMPED)
async def weights_and_parameters_that_just_fit(bench):
    """The whole weight ring, the whole parameter ring; one more is error 4 or 5."""
    layer, config = bench.layers.layer, bench.config
    row = config.bank_words * config.cin_lanes  # one row that fills a bank, times `full` kernels
    full = config.weight_words // config.bank_words
    await bench.run(
        [
            layer((1, 1, row), (full, 1, 1)),
            layer((1, 2, 1), (config.parameter_words, 1, 1)),
            layer((1, 1, row), (full + 1, 1, 1)),
            layer((1, 2, 1), (config.parameter_words + 1, 1, 1)),
            layer((1, 1, row), (full // 2, 1, 1)),
            layer((1, 1, row), (full // 2, 1, 1)),
        ]
    )
    assert [code for _, code in bench.scoreboard.codes] == [0, 0, 4, 5, 0, 0]


@bench_test(on=CRAMPED)
async def more_reports_than_there_is_room_for(bench):
    """The newest are dropped, and STATUS says so."""
    layer, depth = bench.layers.layer, bench.config.report_depth
    await bench.exchange([layer((1, 2, 1), (1, 1, 1)) for _ in range(depth + 3)])
    await bench.cycles(100)
    status = await bench.host.parts("STATUS")
    assert status["reports"] == depth and status["reports_lost"], status
    await bench.host.drain()
    assert [report.job_id for report in bench.host.reports] == list(range(depth))
    await bench.restart_counting()
    await bench.run([layer((1, 2, 1), (1, 1, 1))])


@bench_test(on=CRAMPED)
async def random_layers_close_to_the_limits(bench):
    """Any shapes that just fit, or just do not."""
    await bench.run([bench.layers.random(issues=400, beats=200) for _ in range(12)])
