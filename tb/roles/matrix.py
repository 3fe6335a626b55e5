"""Makes a cocotb test of a function that takes a bench: once with each pattern of stalls."""

import functools
import os
from dataclasses import replace

import cocotb
from convloom.device.golden_engine import answer
from convloom.spec import PRESETS, Config
from roles.bench import Bench
from roles.stalls import NAMES

# Buffers that a few beats fill.
CRAMPED_CONFIG = Config(
    "cramped",
    cin_lanes=4,
    cout_lanes=1,
    requant_lanes=1,
    line_bytes=256,
    weight_words=64,
    parameter_words=16,
    output_words=8,
    jobs_in_flight=2,
    report_depth=8,  # short jobs end faster than the host drains their reports
)
# A vector of channels takes two words of a row, its results four passes of the requantiser.
CRAMPED_DEPTHWISE_CONFIG = Config(
    "cramped-depthwise",
    cin_lanes=4,
    cout_lanes=8,
    requant_lanes=2,
    line_bytes=1024,
    weight_words=64,
    parameter_words=64,
    output_words=32,
    jobs_in_flight=2,
    depthwise=True,
)
# One job at a time on chip, and room for its report while the host drains the others.
ALONE_CONFIG = replace(PRESETS["tiny-up5k"], name="alone", report_depth=8)
MORE_CONFIGS = (CRAMPED_CONFIG, CRAMPED_DEPTHWISE_CONFIG, ALONE_CONFIG)
CONFIGS = {**PRESETS, **{config.name: config for config in MORE_CONFIGS}}
TINY, EVERYWHERE, CRAMPED = ("tiny",), ("tiny", "alone", "small", "odd-8x6"), ("cramped",)
WIDE = ("small", "odd-8x6")  # so slow to simulate that each test runs with its last pattern alone
DEPTHWISE, NO_DEPTHWISE, CRAMPED_DEPTHWISE = ("tiny", "small"), ("odd-8x6",), ("cramped-depthwise",)


def bench_test(function=None, *, on=TINY, stalls=NAMES):
    """Decorates ``async def test(bench)``. The bench's seed is made of the run's and the test's name.

    Parameters
    ----------
    on : names of the configurations in which it runs; `tiny` simulates fastest
    stalls : the patterns to run with, the hardest last
    """
    if function is None:
        return functools.partial(bench_test, on=on, stalls=stalls)
    config = CONFIGS[os.environ["CONVLOOM_CONFIG"]]
    if config.name not in on:
        return function
    patterns = stalls[-1:] if config.name in WIDE else stalls
    # Without the pattern: all of them send the same jobs.
    seed = f"{os.environ['COCOTB_RANDOM_SEED']} {function.__name__}"

    async def run(dut, stalls):
        dut._log.info("%s, stalls %s, seed %r", config.name, stalls, seed)
        bench = await Bench(dut, config, stalls, seed, answer).start()
        await function(bench)
        await bench.finish()

    run.__qualname__, run.__module__, run.__doc__ = function.__name__, function.__module__, function.__doc__
    return cocotb.test(cocotb.parametrize(stalls=list(patterns))(run))
