"""What a test sends: layers, each small enough for one job, as packets."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil, frexp, sqrt

import numpy as np
from convloom.plan.packets import tile_packets
from convloom.spec import DESCRIPTOR, Rounding
from convloom.spec.job import DESCRIPTOR_BYTES, unpack

SAME3 = (1, 1, 1, 1)  # top, bottom, left, right: a 3x3 kernel's output is as large as its input


@dataclass(frozen=True)
class Vector:
    """A job's two input packets.

    Members
    -------
    job, act : bytes of the job and of the activation packet
    job_id : the number in its descriptor
    name : what it is, for messages
    job_keep, act_keep : TKEEP of the packet's last beat; None marks the bytes that there are
    """

    job: bytes
    act: bytes
    job_id: int
    name: str = ""
    job_keep: int | None = None
    act_keep: int | None = None

    def __str__(self):
        return f"job {self.job_id} {self.name}".rstrip()

    @cached_property
    def fields(self):
        """The descriptor's numbers by name; nothing where the packet is too short to hold them."""
        whole = len(self.job) >= DESCRIPTOR_BYTES
        return unpack(DESCRIPTOR, self.job[:DESCRIPTOR_BYTES]) if whole else {"report": 1, "op": 2}


class Layers:
    """Makes jobs of layers, numbered from a first job id on. Data come from a seed.

    Parameters
    ----------
    config : of the engine that runs them
    rng : a numpy Generator
    first_id : job id of the first
    """

    def __init__(self, config, rng, first_id=0):
        self.config, self.rng, self.next_id = config, rng, first_id

    def layer(self, size, kernels, **options):
        """A job: `size` is (h, w, c) of the input, `kernels` is (k, kh, kw).

        Options are those of `tile_packets`, and x, w, bias, multiplier, shift as arrays. What is not given is
        drawn: data over all of int8, and a scale that keeps most outputs off the clamps.
        """
        (h, w, c), (k, kh, kw) = size, kernels
        options = self.data((h, w, c), (k, kh, kw, c)) | options
        job_id, self.next_id = self.next_id, (self.next_id + 1) & 0xFFFF
        job, act = tile_packets(self.config, job_id=job_id, **options)
        return Vector(bytes(job), bytes(act), job_id, f"{h}x{w}x{c} with {k} kernels of {kh}x{kw}")

    def data(self, picture, kernels):
        k, products = kernels[0], int(np.prod(kernels[1:]))
        mantissa, exponent = frexp(60 / (73 * 73 * sqrt(products)))  # 73: the spread of int8
        multiplier = np.full(k, round(mantissa * 2**31)) - self.rng.integers(0, 1 << 20, k)
        return {
            "x": self.rng.integers(-128, 128, picture),
            "w": self.rng.integers(-127, 128, kernels),
            "bias": self.rng.integers(-5000, 5000, k),
            "multiplier": multiplier & ~0x7F,  # float32 has 24 bits of it
            "shift": np.full(k, -exponent),
        }

    def random(self, issues=700, beats=250):
        """A job of any shape that fits the configuration, with at most so many issues and beats."""
        while True:
            options = self._random_shape()
            vector = self.layer(options.pop("size"), options.pop("kernels"), **options)
            if self._fits(vector.fields) and self._takes(vector, issues, beats):
                return vector
            self.next_id = vector.job_id

    def _random_shape(self):
        rng = self.rng
        h, w, kh, kw = (int(n) for n in rng.integers(1, (9, 9, 6, 6)))
        c, k = int(rng.integers(1, rng.choice((5, 40)))), int(rng.integers(1, 2 * self.config.cout_lanes + 3))
        stride, dilation = (tuple(int(n) for n in rng.choice((1, 1, 2, 3), 2)) for _ in range(2))
        reach = (kh - 1) * dilation[0] + 1, (kw - 1) * dilation[1] + 1
        pads = [int(n) for n in rng.integers(0, np.repeat(reach, 2) + 2) * rng.integers(2)]
        pads[1] = max(pads[1], reach[0] - h - pads[0])  # at least one output each way
        pads[3] = max(pads[3], reach[1] - w - pads[2])
        return {
            "size": (h, w, c),
            "kernels": (k, kh, kw),
            "stride": stride,
            "dilation": dilation,
            "pads": tuple(pads),
            "input_zero_point": int(rng.choice((-128, 0, 3, 127))),
            "rounding": Rounding(int(rng.choice(self.config.roundings))),
            "raw": bool(rng.random() < 0.2),
            "output_zero_point": int(rng.integers(-128, 128)),
        }

    def _fits(self, fields):
        config = self.config
        return (
            fields["words_in_all"] <= config.weight_words
            and fields["k_tiles"] * config.passes <= config.parameter_words
            and ceil(min(fields["live_rows"], fields["in_h"]) / 4) * fields["slot"] <= config.bank_words
        )

    def _takes(self, vector, issues, beats):
        fields, lanes = vector.fields, self.config.cin_lanes
        longest = max(len(vector.job), len(vector.act)) / lanes
        return fields["out_h"] * fields["out_w"] * fields["words_in_all"] <= issues and longest <= beats + 64
