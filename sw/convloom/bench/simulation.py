"""How fast the simulated device is: cycles per second of one core's time, and the seconds that a build takes."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

from convloom.device.golden_engine import answer
from convloom.device.sim import SimTransport
from convloom.device.toolchain import Toolchain
from convloom.plan.packets import tile_packets
from convloom.spec import preset

SEED = 7
# Rows, c, k, kernel: 3x3 layers, which the array bounds, and 1x1 ones, in which all streams move in most cycles.
TILES = ((28, 64, 64, 3), (28, 32, 32, 1), (28, 32, 32, 1), (28, 64, 64, 3))
TARGETS = {"small": 1_000_000, "large": 500_000}  # cycles per second
BUILD_TARGETS = {"small": 30, "large": 60}  # seconds


def measure(name, runs, builds, tell):
    """The figures of the preset of that name, as written to JSON; medians of so many runs and builds.

    tell : is called with a line as each figure comes
    """
    config = preset(name)
    build_seconds = []
    for _ in range(builds):
        build_seconds.append(build_once(name))
        tell(f"{name}: built in {build_seconds[-1]:.1f} s")
    rates = []
    for _ in range(runs):
        cycles, seconds = run_once(config)
        rates.append(cycles / seconds)
        tell(f"{name}: {cycles:,} cycles at {rates[-1]:,.0f} cycles/s")
    return {
        "config": name,
        "multipliers": config.multipliers,
        "cycles": cycles,
        "cycles_per_second": statistics.median(rates),
        "runs": rates,
        "build_seconds": statistics.median(build_seconds) if builds else None,
        "builds": build_seconds,
    }


def machine():
    """What the figures were measured on."""
    tools = Toolchain()
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "verilator": tools.verilator.version,
        "compiler": tools.compiler.version,
        "flags": tools.machine_flags,
    }


def build_once(name):
    """Seconds from nothing to a library, by a process of its own with an empty cache."""
    code = f"from convloom.device.sim_build import library; from convloom.spec import preset; library(preset({name!r}))"
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "XDG_CACHE_HOME": cache}
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began


def run_once(config):
    """(cycles, seconds of one core's time) of a queue of jobs, memory model included. Checks every answer."""
    jobs = [_packets(config, number, *tile) for number, tile in enumerate(TILES)]
    expected = [answer(job, act, config)[0] for job, act in jobs]
    device = SimTransport(config)
    device.limit("memory", 2 * config.cin_lanes + config.cout_lanes)  # all that the streams can move
    began = time.thread_time()
    tickets = [device.submit(*packets, len(out)) for packets, out in zip(jobs, expected, strict=True)]
    answers = [device.wait(ticket) for ticket in tickets]
    seconds, cycles = time.thread_time() - began, device.clock
    device.close()
    if [bytes(each) for each in answers] != expected:
        raise RuntimeError(f"{config.name} gave wrong bytes")
    return cycles, seconds


def _packets(config, number, size, c, k, kernel):
    rng = np.random.default_rng((SEED, number))
    return tile_packets(
        config,
        x=rng.integers(-128, 128, (size, size, c), dtype=np.int8),
        w=rng.integers(-128, 128, (k, kernel, kernel, c), dtype=np.int8),
        bias=rng.integers(-1000, 1000, k, dtype=np.int32),
        multiplier=np.full(k, 1 << 30),
        shift=np.full(k, 9),
        pads=(kernel // 2,) * 4,
        job_id=number,
    )
