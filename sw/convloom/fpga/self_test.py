"""What a board tests itself with: a job, and the checksum of its answer as the golden model has it."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from convloom.device.golden_engine import answer
from convloom.plan.packets import tile_packets
from convloom.requant import Requant

SIZE, TAPS = 7, 3  # rows and columns of the picture, of the kernels


@dataclass(frozen=True)
class SelfTestJob:
    """The packets of a job, bytes, and the CRC-32 of its answer, filled up with zeros to whole beats."""

    job: bytes
    act: bytes
    checksum: int


def self_test_job(config, seed=1):
    """A padded 3x3 layer that every multiplier of a Config has a part in, and whose data end within a beat.

    Two whole tiles of kernels and one more kernel, a channel more than a beat has bytes. Raises ValueError for a
    Config that cannot hold it.
    """
    random = np.random.default_rng(seed)
    channels, kernels = config.cin_lanes + 1, 2 * config.cout_lanes + 1
    x = random.integers(-128, 128, (SIZE, SIZE, channels))
    w = random.integers(-127, 128, (kernels, TAPS, TAPS, channels))
    spread = 73 * 73 * (TAPS * TAPS * channels) ** 0.5  # of the accumulators; an output's shall be 60
    scales = random.uniform(0.5, 1, kernels) * 60 / spread
    requant = Requant.from_scales(1.0, scales, 1.0, rounding=config.roundings[0].name.lower())
    multiplier, shift = requant.channels(kernels)
    job, act = tile_packets(
        config,
        x=x,
        w=w,
        bias=random.integers(-5000, 5000, kernels),
        multiplier=multiplier,
        shift=shift,
        pads=(1, 1, 1, 1),
        input_zero_point=5,
        rounding=requant.rounding,
        output_zero_point=-3,
        job_id=seed & 0xFFFF,
        report=False,
    )
    output, code = answer(job, act, config)
    if code:
        raise ValueError(f"config must hold the self-test's job, not fail with {code.name}: {config}")
    return SelfTestJob(job, act, crc32(output + bytes(-len(output) % config.cout_lanes)))
