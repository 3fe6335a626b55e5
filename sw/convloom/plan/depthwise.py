"""Depthwise jobs: each dot product of the array works across the taps of one channel's window.

A job's input has its channels filled up to whole vectors of cout_lanes. Windows up to 4x4 slide along a row: each
column of four rows is read once, and tap (i, j) meets lane 4 * (kw - 1 - j) + i. Of larger ones a word holds the
taps of four rows of one column in lanes 0 to 3.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from convloom.plan.tile import Tile
from convloom.spec import Op
from convloom.spec.config import ROW_BANKS

SLIDING = 4  # rows and columns of the largest window that slides
RAW_SLOTS = 4  # words of the output ring for a raw vector


@dataclass(frozen=True)
class DepthwiseTile(Tile):
    """A depthwise job: in_c is the padded number of channels, out_c the true one, dilation is 1."""

    op = Op.DEPTHWISE

    @property
    def slides(self):
        """Whether the window slides."""
        return max(self.kh, self.kw) <= SLIDING

    @property
    def runs(self):
        """Columns read for the first output of a row."""
        return max(1, self.kw - self.pad_left) if self.slides else self.kw

    def chunks(self, lanes):
        """Words for one column."""
        return 1 if self.slides else ceil(self.kh / ROW_BANKS)

    def passes(self, lanes):
        """Words for one output of cout_lanes channels."""
        return ceil(SLIDING * self.kw / lanes) if self.slides else self.kw * self.chunks(lanes)

    def words(self, config):
        """Weight words of the job."""
        return self.k_tiles(config.cout_lanes) * self.passes(config.cin_lanes)

    def row_words(self, config, raw):
        """Words of the output ring for an output row."""
        return self.k_tiles(config.cout_lanes) * self.out_w * (RAW_SLOTS if raw else 1)

    def steps(self, config, least):
        """Cycles of the walk.

        Where an output takes several words, the last one hides the next one's first column, but for the row's end.
        """
        passes = self.passes(config.cin_lanes)
        hidden = int(self.slides and passes > 1)
        # Columns that are read before an output's first word: of a group's first output, and of any other one.
        first, other = (max(columns - 1 - hidden, 0) * self.slides for columns in (self.runs, self.stride[1]))
        group = first + max(passes, least) + (self.out_w - 1) * max(other + passes, least)
        return self.out_h * (self.k_tiles(config.cout_lanes) * group + hidden)

    def fields(self, config):
        """The descriptor's numbers by name."""
        passes = self.passes(config.cin_lanes)
        left = max(self.pad_left - (self.kw - 1), 0) if self.slides else self.pad_left
        return super().fields(config) | {
            "kw": self.kw,
            "passes": passes,
            "run_length": self.in_c,
            "run_step": self.in_c,
            "stride_x": self.stride[1],
            "pad_left_bytes": left * self.in_c,
            "words_per_tile": passes,
        }

    def misfit(self, config, raw=False):
        """None where the engine can run the job, else the name of what is too large for it, or is missing."""
        if not config.depthwise:
            return "depthwise"
        if self.row_words(config, raw) > config.output_words // 2:
            return "output row"
        return super().misfit(config)


def weight_bytes(config, tile, w):
    """The weight words, uint8, of w, int8 [k, kh, kw, 1]: for each vector of channels `passes` words."""
    cin, cout, (k, kh, kw, _) = config.cin_lanes, config.cout_lanes, w.shape
    vectors = tile.k_tiles(cout)
    if tile.slides:
        taps = np.zeros((vectors * cout, kw, SLIDING), np.int8)
        taps[:k, :, :kh] = w[:, :, ::-1, 0].transpose(0, 2, 1)
        taps = taps.reshape(len(taps), 1, -1)
        taps = np.pad(taps, ((0, 0), (0, 0), (0, tile.passes(cin) * cin - taps.shape[2])))
    else:
        blocks = tile.chunks(cin)
        taps = np.zeros((vectors * cout, kw, blocks * ROW_BANKS), np.int8)
        taps[:k, :, :kh] = w[..., 0].transpose(0, 2, 1)
        taps = taps.reshape(len(taps), kw * blocks, ROW_BANKS)
        taps = np.pad(taps, ((0, 0), (0, 0), (0, cin - ROW_BANKS)))
    words = taps.reshape(vectors, cout, -1, cin).swapaxes(1, 2)
    return np.ascontiguousarray(words).view(np.uint8).ravel()
