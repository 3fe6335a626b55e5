"""How a dense layer is walked, in plain Python: what the engine's stages are compared with, step by step."""

from dataclasses import dataclass
from itertools import product
from math import ceil

ROWS = 1 << 17  # running row numbers are modulo this


@dataclass(frozen=True)
class Geometry:
    """A job's shape: `picture` is (h, w, c), `kernels` (k, kh, kw), `pads` (top, bottom, left, right)."""

    picture: tuple
    kernels: tuple
    stride: tuple = (1, 1)
    dilation: tuple = (1, 1)
    pads: tuple = (0, 0, 0, 0)

    @property
    def out(self):
        """Rows and columns of the output."""
        (h, w, _), (_, kh, kw) = self.picture, self.kernels
        top, bottom, left, right = self.pads
        return tuple(
            (size + pads - (kernel - 1) * dilation - 1) // stride + 1
            for size, pads, kernel, dilation, stride in zip(
                (h, w), (top + bottom, left + right), (kh, kw), self.dilation, self.stride, strict=True
            )
        )

    def fields(self, config):
        """The descriptor's fields that follow from the shape, by name (microarchitecture: the job packet)."""
        (_, w, c), (k, kh, kw), cin = self.picture, self.kernels, config.cin_lanes
        row_bytes, runs = w * c, 1 if self.dilation[1] == 1 else kw
        run_length = kw * c // runs
        chunks, k_tiles = ceil(run_length / cin), ceil(k / config.cout_lanes)
        return {
            **dict(zip(("in_h", "in_w", "in_c"), self.picture, strict=True)),
            **dict(zip(("out_h", "out_w", "out_c"), (*self.out, k), strict=True)),
            "row_bytes": row_bytes,
            "slot": ceil(row_bytes / cin) + (row_bytes % cin > 0),
            "live_rows": (kh - 1) * self.dilation[0] + 1,
            "kh": kh,
            "runs": runs,
            "run_length": run_length,
            "run_step": self.dilation[1] * c,
            "column_step": self.stride[1] * c,
            "stride_y": self.stride[0],
            "dilation_y": self.dilation[0],
            "pad_top": self.pads[0],
            "pad_left_bytes": self.pads[2] * c,
            "chunks": chunks,
            "k_tiles": k_tiles,
            "words_per_tile": kh * runs * chunks,
            "words_in_all": k_tiles * kh * runs * chunks,
            "last_tile_lanes": k - (k_tiles - 1) * config.cout_lanes,
            "macs_per_pixel": k * kh * kw * c,
        }

    def fits(self, config):
        """Whether the rows of a window and the weights fit."""
        fields = self.fields(config)
        rows = ceil(min(fields["live_rows"], fields["in_h"]) / 4) * fields["slot"]
        return (
            min(self.out) > 0 and rows <= config.bank_words and fields["words_in_all"] <= config.weight_words
        )

    def steps(self, config):
        """Each issue in order: (position, row, offset). position: y, x, tile, window row, run, chunk."""
        fields = self.fields(config)
        levels = ("out_h", "out_w", "k_tiles", "kh", "runs", "chunks")
        for position in product(*(range(fields[name]) for name in levels)):
            y, x, _, i, run, chunk = position
            row = y * self.stride[0] - self.pads[0] + i * self.dilation[0]
            offset = x * fields["column_step"] - fields["pad_left_bytes"]
            yield position, row, offset + run * fields["run_step"] + chunk * config.cin_lanes

    def freed(self, y):
        """Rows of the picture that are needed no more when output row `y` is done."""
        if y == self.out[0] - 1:
            return self.picture[0]
        return min(max((y + 1) * self.stride[0] - self.pads[0], 0), self.picture[0])


def random_geometry(rng, config, *, issues=150, beats=60, channels=20):
    """Any shape that fits the configuration, with at most so many issues and beats; odd ones are likely."""
    while True:
        h, w, kh, kw = (rng.randint(1, most) for most in (8, 8, 5, 5))
        c = rng.randint(1, rng.choice((4, channels)))
        stride, dilation = ((rng.choice((1, 1, 2, 3)), rng.choice((1, 1, 2, 3))) for _ in range(2))
        widest = (kh * dilation[0] + 1, kw * dilation[1] + 1) if rng.random() < 0.5 else (0, 0)
        pads = tuple(rng.randint(0, widest[n // 2]) for n in range(4))
        k = rng.randint(1, 3 * config.cout_lanes)
        geometry = Geometry((h, w, c), (k, kh, kw), stride, dilation, pads)
        fields = geometry.fields(config)
        if not geometry.fits(config) or h * w * c > beats * config.cin_lanes:
            continue
        if fields["out_h"] * fields["out_w"] * fields["words_in_all"] <= issues:
            return geometry
