"""The geometry of one job: what the descriptor says of it, and whether it fits an engine."""

from dataclasses import dataclass, replace
from math import ceil

from convloom.spec import DESCRIPTOR, Op
from convloom.spec.config import ROW_BANKS

LIMITS = {field.name: field.limits for field in DESCRIPTOR}


@dataclass(frozen=True)
class Tile:
    """A dense job: input [in_h, in_w, in_c], out_c kernels [kh, kw, in_c], output [out_h, out_w, out_c].

    Pads on the right and at the bottom follow from the output's size. Formulas as in the job format of
    docs/registers.md.

    Parameters
    ----------
    stride, dilation : (y, x)
    pad_top, pad_left : in pixels
    useful : useful MACs of one output pixel, by default kh * kw * in_c * out_c
    """

    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    out_c: int
    kh: int
    kw: int
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    pad_top: int = 0
    pad_left: int = 0
    useful: int | None = None

    def __post_init__(self):
        """A single tap has no dilation, a single output no stride."""
        for name, counts in (("dilation", (self.kh, self.kw)), ("stride", (self.out_h, self.out_w))):
            steps = tuple(
                step if count > 1 else 1 for step, count in zip(getattr(self, name), counts, strict=True)
            )
            object.__setattr__(self, name, steps)

    def folded(self):
        """The same with the rows of each window side by side as channels, pad rows included."""
        return replace(
            self,
            in_h=self.out_h,
            in_c=self.kh * self.in_c,
            kh=1,
            stride=(1, self.stride[1]),
            dilation=(1, self.dilation[1]),
            pad_top=0,
            useful=self.macs_per_pixel,
        )

    op = Op.DENSE

    @property
    def row_bytes(self):
        """Bytes of an input row."""
        return self.in_w * self.in_c

    @property
    def live_rows(self):
        """Rows from the first to the last of a window."""
        return (self.kh - 1) * self.dilation[0] + 1

    @property
    def runs(self):
        """Stretches of bytes under one row of the window."""
        return 1 if self.dilation[1] == 1 else self.kw

    @property
    def run_length(self):
        """Bytes of a run."""
        return self.in_c if self.dilation[1] > 1 else self.kw * self.in_c

    @property
    def macs_per_pixel(self):
        """Useful MACs of one output pixel."""
        return self.kh * self.kw * self.in_c * self.out_c if self.useful is None else self.useful

    @property
    def macs(self):
        """Useful MACs of the job."""
        return self.out_h * self.out_w * self.macs_per_pixel

    def slot(self, lanes):
        """Words that one row takes in its bank: one more where they are no multiple of the lanes."""
        return ceil(self.row_bytes / lanes) + (self.row_bytes % lanes > 0)

    def bank_words(self, lanes):
        """Words of the fullest bank while a window's rows are in the line buffer."""
        return ceil(min(self.live_rows, self.in_h) / ROW_BANKS) * self.slot(lanes)

    def chunks(self, lanes):
        """Words per run."""
        return ceil(self.run_length / lanes)

    def k_tiles(self, lanes):
        """Tiles of `lanes` output channels."""
        return ceil(self.out_c / lanes)

    def words(self, config):
        """Weight words of the job, and so cycles per output pixel."""
        return self.k_tiles(config.cout_lanes) * self.kh * self.runs * self.chunks(config.cin_lanes)

    def steps(self, config, least):
        """Cycles of the walk over the tile, where the results of cout_lanes channels lie `least` cycles apart."""
        k_tiles = self.k_tiles(config.cout_lanes)
        return self.out_h * self.out_w * k_tiles * max(self.words(config) // k_tiles, least)

    def fields(self, config):
        """The descriptor's numbers by name, all that follow from the geometry."""
        k_tiles, chunks = self.k_tiles(config.cout_lanes), self.chunks(config.cin_lanes)
        return {
            **{name: getattr(self, name) for name in ("in_h", "in_w", "in_c", "out_h", "out_w", "out_c")},
            **{name: getattr(self, name) for name in ("row_bytes", "live_rows", "runs", "run_length")},
            "slot": self.slot(config.cin_lanes),
            "kh": self.kh,
            "run_step": self.dilation[1] * self.in_c,
            "column_step": self.stride[1] * self.in_c,
            "stride_y": self.stride[0],
            "dilation_y": self.dilation[0],
            "pad_top": self.pad_top,
            "pad_left_bytes": self.pad_left * self.in_c,
            "chunks": chunks,
            "k_tiles": k_tiles,
            "words_per_tile": self.kh * self.runs * chunks,
            "words_in_all": self.words(config),
            "last_tile_lanes": self.out_c - (k_tiles - 1) * config.cout_lanes,
            "macs_per_pixel": self.macs_per_pixel,
            "op": self.op,
        }

    def misfit(self, config, raw=False):
        """None where the engine can run the job, with accumulators `raw`, else the name of what is too large."""
        if self.words(config) > config.weight_words:
            return "weights"
        if self.k_tiles(config.cout_lanes) * config.passes > config.parameter_words:
            return "channels"
        if self.bank_words(config.cin_lanes) > config.bank_words:
            return "rows"
        fields = self.fields(config)
        return next((name for name, value in fields.items() if value > LIMITS[name][1]), None)
