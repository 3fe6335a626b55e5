"""What one job costs the engine's parts, in cycles, when jobs run back to back."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, gcd

from convloom.spec import Op
from convloom.spec.config import ROW_BANKS
from convloom.spec.job import DESCRIPTOR_BYTES, RECORD_BYTES

JOB_GAP = 3  # cycles from the last issue of a job to the first of the next
LEAST_JOB = 25  # cycles between the last issues of two jobs, at least
RAW_SLOTS = 4  # output slots of a raw tile


@dataclass(frozen=True)
class Cost:
    """Cycles for which one job holds each part of the engine.

    Members
    -------
    issue : of the array, with the pauses that the requantiser's lanes ask for, and those for rows that find no
        room before the window has moved on
    job, act, out : of the three streams
    exposed : of the job stream that no computation hides: weights that find no room beside those of the job
        before, where both are alike; all where one job at a time is on chip
    """

    issue: int
    job: int
    act: int
    out: int
    exposed: int

    @property
    def cycles(self):
        """Cycles from the end of issue of a job to that of the next one, of the same kind."""
        busiest = max(self.issue + JOB_GAP, self.job - self.exposed, self.act, self.out)
        return max(busiest + self.exposed, LEAST_JOB)


@lru_cache(maxsize=4096)
def cost(tile, config, raw):
    """The Cost of a Tile."""
    cin, cout = config.cin_lanes, config.cout_lanes
    k_tiles, words, slots = tile.k_tiles(cout), tile.words(config), RAW_SLOTS if raw else 1
    records = ceil(k_tiles * cout * RECORD_BYTES / cin)
    pixels = tile.out_h * tile.out_w
    job = ceil(DESCRIPTOR_BYTES / cin) + records + words * cout
    return Cost(
        issue=_walk(tile, config, slots),
        job=job,
        act=act_cycles(tile, cin),
        out=pixels * k_tiles * slots,
        exposed=job if config.jobs_in_flight == 1 else max(0, 2 * words - config.weight_words) * cout,
    )


def _walk(tile, config, slots):
    """Cycles of the walk. What does not fit beside a window's rows is loaded between two output rows.

    A dense window begins while its last row still comes, a depthwise one waits for it.
    """
    steps = tile.steps(config, slots * config.passes)
    rows = config.bank_words // tile.slot(config.cin_lanes) * ROW_BANKS
    ahead = min(rows - tile.live_rows, tile.stride[0])
    between = tile.stride[0] - ahead - (tile.op is Op.DENSE)
    if tile.in_h <= rows or between <= 0:
        return steps
    row = act_cycles(tile, config.cin_lanes) / tile.in_h
    return ceil(tile.out_h * (max(steps / tile.out_h, ahead * row) + between * row))


def act_cycles(tile, lanes):
    """Cycles in which the activations are written.

    A beat each, and one more for each row but the last that ends within a beat.
    """
    rows = tile.in_h - 1
    whole = rows // (lanes // gcd(tile.row_bytes, lanes))
    return ceil(tile.in_h * tile.row_bytes / lanes) + rows - whole
