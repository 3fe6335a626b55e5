"""Depthwise layers as jobs, by the roles.vectors.Layers that numbers them and draws their data."""

from convloom.plan.depthwise_packets import depthwise_packets
from convloom.spec import Rounding
from roles.vectors import Vector


def depthwise(layers, size, kernel, **options):
    """A job: `size` is (h, w, c), `kernel` (kh, kw). Options are those of `depthwise_packets`, else drawn."""
    (h, w, c), (kh, kw) = size, kernel
    data = layers.data(size, (c, kh, kw))
    options = data | {"w": data["w"].transpose(1, 2, 0)} | options
    job_id, layers.next_id = layers.next_id, (layers.next_id + 1) & 0xFFFF
    job, act = depthwise_packets(layers.config, job_id=job_id, **options)
    name = f"depthwise {h}x{w}x{c} with {kh}x{kw}"
    return Vector(job, act, job_id, f"{name}, stride {options.get('stride')}, pads {options.get('pads')}")


def random_depthwise(layers, steps=700):
    """A job of any shape that fits the configuration, of about so many steps at most; one in three is large."""
    while True:
        vector = depthwise(layers, **_random_shape(layers))
        if _fits(vector, layers.config, steps):
            return vector
        layers.next_id = vector.job_id


def _random_shape(layers):
    rng, cout = layers.rng, layers.config.cout_lanes
    kh, kw = (int(n) for n in rng.integers(1, (5, 5, 9)[rng.integers(3)], 2))
    h, w = (int(n) for n in rng.integers(1, 9, 2))
    stride = tuple(int(n) for n in rng.choice((1, 1, 2, 3), 2))
    pads = [int(n) for n in rng.integers(0, (kh + 2, kh + 2, kw + 2, kw + 2)) * rng.integers(2)]
    pads[1] = max(pads[1], kh - h - pads[0])  # at least one output each way
    pads[3] = max(pads[3], kw - w - pads[2])
    return {
        "size": (h, w, int(rng.integers(1, 3 * cout + 2))),
        "kernel": (kh, kw),
        "stride": stride,
        "pads": tuple(pads),
        "input_zero_point": int(rng.choice((-128, 0, 3, 127))),
        "rounding": Rounding(int(rng.choice(layers.config.roundings))),
        "raw": bool(rng.random() < 0.3),
        "output_zero_point": int(rng.integers(-128, 128)),
    }


def _fits(vector, config, steps):
    fields = vector.fields
    row_words = fields["out_w"] * fields["k_tiles"] * (4 if fields["raw"] else 1)
    each = max(fields["passes"], fields["stride_x"], config.passes * (4 if fields["raw"] else 1))
    return (
        fields["words_in_all"] <= config.weight_words
        and -(-min(fields["live_rows"], fields["in_h"]) // 4) * fields["slot"] <= config.bank_words
        and row_words <= config.output_words // 2
        and fields["out_h"] * fields["out_w"] * fields["k_tiles"] * each <= steps
    )
