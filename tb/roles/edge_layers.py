"""Seeded layers at the ends of what scales and biases can be."""

from dataclasses import replace

import numpy as np
from roles.layers import draw

ONE = np.float32(1)


def dead_channels(rng, kind, **options):
    """Biases around 2**30 + 128 and tiny scales, some flushed to 0: what trained networks hold."""
    layer = draw(rng, kind, **{**options, "activation": "none"})
    scales = np.exp2(rng.uniform(-36, -23.5, layer.kernels)).astype(np.float32)
    bias = (rng.integers(0, 257, layer.kernels) + (1 << 30)) * rng.choice([-1, 1], layer.kernels)
    return replace(layer, bias=bias.astype(np.int32), weight_scales=scales, input_scale=ONE, output_scale=ONE)


def magnified(rng, kind, **options):
    """Small sums and scales of one half to 30, most of them left shifts."""
    layer = draw(rng, kind, **{**options, "activation": "none"})
    limits = np.iinfo(layer.x.dtype)
    zero_point = int(np.clip(layer.input_zero_point, limits.min + 1, limits.max - 1))
    nonzero = rng.random(layer.w.shape) * layer.w[0].size < 2
    return replace(
        layer,
        x=(zero_point + rng.integers(-1, 2, layer.x.shape)).astype(layer.x.dtype),
        w=(nonzero * rng.choice([-1, 1], layer.w.shape)).astype(np.int8),
        bias=rng.integers(-1, 2, layer.kernels).astype(np.int32),
        weight_scales=rng.uniform(0.5, 30, layer.kernels).astype(np.float32),
        input_zero_point=zero_point,
        output_zero_point=int(limits.min) + 128,
        input_scale=ONE,
        output_scale=ONE,
    )
