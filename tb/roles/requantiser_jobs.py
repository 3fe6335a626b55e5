"""Jobs for the requantiser alone: their parameters, their tiles, and the pieces that have to come out."""

from dataclasses import dataclass

from roles.big_rounding import requantised
from roles.rounding_cases import anywhere, near_ties, ties


@dataclass(frozen=True)
class Job:
    """A job as the requantiser sees it.

    Members
    -------
    settings : the numbers of its QuantiseJob
    channels : (bias, multiplier, shift) of each, as many as its tiles have lanes
    pixels : for each pixel an int32 accumulator per channel, without bias
    """

    settings: dict
    channels: list
    pixels: list

    @property
    def is_raw(self):
        """Whether its tiles take four times as long."""
        return bool(self.settings["raw"] and not self.settings["discard"])

    @property
    def records(self):
        """The payloads for i_records, none for a discarded job."""
        if self.settings["discard"]:
            return []
        return [{"bias": b, "multiplier": m, "shift": s, "reserved": 0} for b, m, s in self.channels]

    def tiles(self, lanes):
        """The payloads for i_tile, in order."""
        if self.settings["discard"]:
            noise = [-1 << 31] * lanes
            return [{"accumulators": noise, "pixel_end": 1, "job_end": 1, "advance": 0, "rewind": 1}]
        tiles = []
        for pixel in self.pixels:
            for first in range(0, len(pixel), lanes):
                ends = first + lanes == len(pixel)
                flags = {"pixel_end": ends, "job_end": 0, "advance": not ends, "rewind": ends}
                tiles.append({"accumulators": pixel[first : first + lanes], **flags})
        tiles[-1]["job_end"] = 1
        return tiles

    def slots(self, lanes):
        """What has to come out: (valid bytes, last) for each slot."""
        if self.settings["discard"]:
            return [(b"\0", True)]
        slots = []
        for pixel in self.pixels:
            values = [self._bytes(*values) for values in zip(pixel, self.channels, strict=True)]
            for first in range(0, len(values), lanes):
                is_last_tile = first + lanes == len(values)
                kept = self.settings["last_tile_lanes"] if is_last_tile else lanes
                tile = b"".join(values[first : first + kept])
                starts = range(0, lanes * len(values[0]), lanes)
                slots.extend((tile[start : start + lanes], False) for start in starts)
        last = max(n for n, (content, _) in enumerate(slots) if content)
        slots[last] = (slots[last][0], True)
        return slots

    def _bytes(self, accumulator, channel):
        bias, multiplier, shift = channel
        total = wrapped(accumulator + bias)
        settings = self.settings
        if settings["raw"]:
            return total.to_bytes(4, "little", signed=True)
        clamp = settings["clamp_low"], settings["clamp_high"]
        zero_point, rounding = settings["output_zero_point"], settings["rounding"]
        result = requantised(total, multiplier, shift, rounding, zero_point, clamp)
        return result.to_bytes(1, "little", signed=True)


def make_job(config, rng, sums, scales, *, k=None, discard=0, **settings):
    """A job of `k` channels (by default all) whose accumulators come to `sums` when their bias is added.

    Parameters
    ----------
    sums : for each pixel a number per channel, whole tiles of them, modulo 2^32
    scales : (multiplier, shift) of each channel
    settings : numbers of the QuantiseJob; by default `double` without zero point and clamp
    """
    lanes, defaults = config.cout_lanes, {"raw": 0, "rounding": 0, "output_zero_point": 0}
    k_tiles = len(scales) // lanes
    settings = defaults | {"clamp_low": -128, "clamp_high": 127} | settings
    settings |= {"k_tiles": k_tiles, "discard": discard}
    settings["last_tile_lanes"] = (len(scales) if k is None else k) - (k_tiles - 1) * lanes
    biases = [rng.choice((0, (1 << 30) + 128, rng.randrange(-(2**31), 2**31))) for _ in scales]
    pixels = [[wrapped(total - bias) for total, bias in zip(pixel, biases, strict=True)] for pixel in sums]
    return Job(settings, [(bias, *scale) for bias, scale in zip(biases, scales, strict=True)], pixels)


def random_job(config, rng):
    """A job of any kind and mode: a few tiles, a few pixels, results near ties or anywhere."""
    lanes = config.cout_lanes
    k_tiles = rng.randint(1, min(4, config.parameter_words // config.passes))
    cases = rng.choice((ties, near_ties, anywhere))(rng, k_tiles * lanes)
    sums = [[acc + rng.randint(-n, n) for acc, _, _ in cases] for n in range(rng.randint(1, 4))]
    low, high = rng.choice(
        ((-128, 127), (-128, 127), sorted((rng.randint(-128, 127), rng.randint(-128, 127))))
    )
    return make_job(
        config,
        rng,
        sums,
        [case[1:] for case in cases],
        k=(k_tiles - 1) * lanes + rng.randint(1, lanes),
        raw=int(rng.random() < 0.3),
        discard=int(rng.random() < 0.2),
        rounding=int(rng.choice(config.roundings)),
        output_zero_point=rng.randint(-128, 127),
        clamp_low=low,
        clamp_high=high,
    )


def wrapped(number):
    """The int32 that is the same modulo 2^32."""
    return (number + 2**31) % 2**32 - 2**31
