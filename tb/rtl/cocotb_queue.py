"""Jobs in flight: long and short in turn, one stream far ahead of the other. Cases 5 and 10."""

from roles.matrix import EVERYWHERE, bench_test

AHEAD = 600  # cycles in which a stream goes as far ahead as it can


def four_jobs(bench):
    layer, cin = bench.layers.layer, bench.config.cin_lanes
    return [
        layer((4, 4, 3), (2, 2, 2)),
        layer((1, 1, cin), (1, 1, 1)),
        layer((3, 5, 2), (3, 3, 3), pads=(1, 1, 1, 1), raw=True),
        layer((2, 2, 1), (1, 1, 1)),
        layer((6, 2, 3), (2, 3, 1)),
        layer((1, 1, 2 * cin), (2, 1, 1)),
    ]


@bench_test(on=EVERYWHERE)
async def all_jobs_before_any_activations(bench):
    """Case 10: descriptors and weights run ahead as far as there is room, and stop there."""
    vectors = four_jobs(bench)
    bench.expect(vectors)
    for vector in vectors:
        bench.job.send(vector.job)
    await bench.cycles(AHEAD)
    assert bench.out.beats == 0, "an answer before there were activations"
    assert bench.job.busy, "more jobs in flight than can be"
    for vector in vectors:
        bench.act.send(vector.act)
    await bench.answered()


@bench_test(on=EVERYWHERE)
async def all_activations_before_any_job(bench):
    """Case 10: activations wait until their descriptor is there."""
    vectors = four_jobs(bench)
    bench.expect(vectors)
    for vector in vectors:
        bench.act.send(vector.act)
    await bench.cycles(AHEAD // 4)
    assert bench.act.busy, "activations were taken for no job"
    for vector in vectors:
        bench.job.send(vector.job)
    await bench.answered()


@bench_test
async def heavy_and_light_jobs_in_turn(bench):
    """Case 5: one pixel with half the weight ring, then one word. (Sixty of them run in `cramped`.)"""
    layer, half = bench.layers.layer, bench.config.weight_words // 2
    words = min(half, 192)  # of `tiny`'s 4096; more takes too long
    shapes = ((1, 1, bench.config.cin_lanes * words // 2), (2, 1, 1)), ((1, 1, 1), (1, 1, 1))
    await bench.run([layer(*shapes[n % 2]) for n in range(8)])


@bench_test
async def reports_and_interrupts_of_some_jobs_only(bench):
    """Flags are the job's own."""
    layer = bench.layers.layer
    await bench.run([layer((2, 3, 2), (1, 1, 1), report=n % 3 == 0, irq=n % 4 == 1) for n in range(12)])
