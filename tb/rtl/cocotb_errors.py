"""Bad packets between good ones: one answer each, the neighbours' bytes right, code and job number told."""

from convloom.spec import ErrorCode, Op, Rounding
from roles.damage import cut, field, fill_last_beat, hole_in_keep, lengthen
from roles.matrix import EVERYWHERE, bench_test

NOT_ZERO = (
    *("in_h", "in_w", "in_c", "out_h", "out_w", "out_c", "row_bytes", "slot", "live_rows", "kh", "runs"),
    *("run_length", "stride_y", "dilation_y", "chunks", "k_tiles", "words_per_tile", "words_in_all"),
    "last_tile_lanes",
)
OUT_OF_RANGE = (
    *({name: 0} for name in NOT_ZERO),
    {"reserved_flag": 1},
    {"reserved": 1},
    {"clamp_low": 5, "clamp_high": 4},
)


def good(bench, **options):
    return bench.layers.layer((3, 3, 3), (2, 2, 2), pads=(1, 0, 0, 1), input_zero_point=6, **options)


async def run_between_good_ones(bench, bad, codes=None):
    """Runs each bad job with a good one in front, and one good one at the end.

    The bad ones alone ask for reports: with more of them the host could not keep up.
    """
    vectors = [vector for each in bad for vector in (good(bench, report=False), each)] + [good(bench)]
    await bench.run(vectors)
    if codes is not None:
        assert [code for _, code in bench.scoreboard.codes[1::2]] == list(codes), bench.scoreboard.codes


@bench_test(on=EVERYWHERE)
async def one_of_each_error(bench):
    """Case 9: all codes of the dense path, between good jobs."""
    cin, big = bench.config.cin_lanes, 0xFFFFF
    bad = [
        field(good(bench), magic=0x4C44),
        field(good(bench), out_h=0),
        field(good(bench), op=3),
        field(good(bench), words_in_all=big),
        field(good(bench), k_tiles=4095, words_in_all=4095, words_per_tile=1),
        field(good(bench), slot=4095, live_rows=255, in_h=300),
        cut(good(bench), "job", -cin),
        lengthen(good(bench), "job", cin),
        cut(good(bench), "act", -cin),
        lengthen(good(bench), "act", cin),
    ]
    await run_between_good_ones(bench, bad)


@bench_test
async def formats(bench):
    """Error 1: magic, version, sum."""
    bad = [field(good(bench), **wrong) for wrong in ({"magic": 0}, {"version": 2}, {"sum": 0x1234})]
    await run_between_good_ones(bench, bad, [ErrorCode.FORMAT] * 3)


@bench_test(stalls=("none", "both"))
async def fields_out_of_range(bench):
    """Error 2: each field that may not be 0, bits that must be, and a clamp upside down."""
    bad = [field(good(bench), **wrong) for wrong in OUT_OF_RANGE]
    await run_between_good_ones(bench, bad, [ErrorCode.RANGE] * len(bad))


@bench_test(on=EVERYWHERE)
async def modes_and_operations_not_built_in(bench):
    """Error 3; and `none`, which is no error."""
    missing = [{"rounding": mode} for mode in Rounding if mode not in bench.config.roundings]
    bad = [
        field(good(bench), **fields)
        for fields in ({"op": 3}, *missing, {"op": Op.DEPTHWISE}, {"op": Op.NONE})
    ]
    # A dense job's descriptor lacks what a depthwise one says: where it is built in, that is what is wrong.
    depthwise = ErrorCode.RANGE if bench.config.depthwise else ErrorCode.NOT_BUILT_IN
    codes = [ErrorCode.NOT_BUILT_IN] * (1 + len(missing)) + [depthwise, ErrorCode.NONE]
    await run_between_good_ones(bench, bad, codes)


@bench_test
async def short_and_long_in_every_section(bench):
    """Case 9: the job packet cut at each of its beats, and up to three beats too long."""
    cin, length = bench.config.cin_lanes, len(good(bench).job)
    lengths = (cin, 60, 64, 64 + cin, 96 - cin, 96, length - cin)
    cuts = [cut(good(bench), "job", n) for n in lengths]
    longs = [lengthen(good(bench), "job", cin, beats) for beats in (1, 3)]
    await run_between_good_ones(bench, cuts + longs)
    codes = [code for _, code in bench.scoreboard.codes[1::2]]
    assert codes == [ErrorCode.JOB_SHORT] * len(cuts) + [ErrorCode.JOB_LONG] * len(longs), codes


@bench_test
async def short_and_long_activations(bench):
    """Case 9: cut to one beat, in mid-row, by one beat; and too long."""
    cin = bench.config.cin_lanes
    cuts = [cut(good(bench), "act", n) for n in (cin, 4 * cin, 27 - 3 - cin, -(27 % cin or cin))]
    longs = [lengthen(good(bench), "act", cin, beats) for beats in (1, 2, 30)]
    await run_between_good_ones(bench, cuts + longs)
    codes = [code for _, code in bench.scoreboard.codes[1::2]]
    assert codes == [ErrorCode.ACT_SHORT] * len(cuts) + [ErrorCode.ACT_LONG] * len(longs), codes


@bench_test(on=EVERYWHERE)
async def bad_jobs_in_a_row(bench):
    """Case 9: several bad jobs one behind the other, with errors on both streams of one job too."""
    cin = bench.config.cin_lanes
    await bench.run(
        [
            field(good(bench), magic=1),
            cut(good(bench), "job", 40),
            cut(cut(good(bench), "job", -cin), "act", cin),
            lengthen(lengthen(good(bench), "act", cin), "job", cin),
            lengthen(field(good(bench), kh=0), "act", cin, 9),
            good(bench),
            field(good(bench), op=Op.NONE),
            good(bench),
        ]
    )


@bench_test(on=EVERYWHERE)
async def last_beats_without_the_right_tkeep(bench):
    """Bytes past the end, and TKEEP with holes, are no errors."""
    lanes = bench.config.cin_lanes
    await bench.run([fill_last_beat(good(bench), lanes), hole_in_keep(good(bench), lanes), good(bench)])
    assert all(code == 0 for _, code in bench.scoreboard.codes), bench.scoreboard.codes
