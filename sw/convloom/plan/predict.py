"""Predicts the cycles of jobs that run back to back on an engine whose streams move a beat in every cycle."""

from dataclasses import dataclass
from math import ceil

from convloom.plan.cost import JOB_GAP, LEAST_JOB, act_cycles, cost
from convloom.spec import Op
from convloom.spec.config import ROW_BANKS
from convloom.spec.job import DESCRIPTOR_BYTES

DESCRIBE = 26  # cycles from a descriptor's last beat until all stages know of the job
FETCH = 6  # from the first window's last byte to the first issue
ANSWER = 42  # from a job's last issue until it is answered, and an engine of one job at a time reads the next
FREE = 16  # from a job's last issue until its weights' room can be written again


def predict(jobs, config):
    """Cycles of each job, from the end of issue of the job before to its own; the first one's from the first beat.

    Parameters
    ----------
    jobs : (tile, whether raw) of each job, in order
    """
    timeline, measured = _Timeline(config), {}
    for key in jobs:
        if key not in measured:
            measured[key] = _measure(*key, config)
        timeline.add(measured[key])
    return [end - start for start, end in zip([0, *timeline.ends[:-1]], timeline.ends, strict=True)]


@dataclass
class _Job:
    """What the timeline needs to know of a job, in cycles unless told otherwise."""

    head: int  # of the descriptor
    packet: int  # of the job packet behind it
    words: int  # of weights
    steps: int  # of the walk
    out: int
    act: int
    first: int  # of the activations, until the first window is there
    last: int  # of the walk, when all activations are there
    live: int  # rows of a window
    left: int  # rows of the last window, which may reach beyond the input
    leaving: int  # of the walk from the first window that holds the last row to the last one
    slot: int  # words of a row
    row: float  # of the activations, for a row
    rest: int  # of the walk, until the rows are there that found no room before it; 0 where all did


class _Timeline:
    """When each job ends. Each stream takes a beat a cycle; a job issues when the one before has ended, and its
    weights and first window are there; weights, rows and descriptors come as far ahead as there is room."""

    def __init__(self, config):
        self.config = config
        self.ends, self._words = [], [0]  # of each job; weight words of all before
        self._before = None
        self._packet_end = self._act_end = 0

    def add(self, job):
        """The next job."""
        before = self.ends[-1] if self.ends else 0
        act_start = max(self._act_end, self._describe(job))
        # What finds no room beside the job before comes when that has ended.
        ahead = self._ahead(job)
        delayed = before - ahead
        window_there = (max(act_start, delayed) if job.first > ahead else act_start) + job.first
        start = max(before + JOB_GAP, self._packet_end, window_there + FETCH)
        self._act_end = max(act_start, delayed) + job.act
        if job.rest:
            self._act_end = max(self._act_end, start + job.rest)
        end = max(start + max(job.steps, job.out), self._act_end + FETCH + job.last, before + LEAST_JOB)
        self.ends.append(end)
        self._before = job

    def _describe(self, job):
        """When the act loader knows of the job: one ahead of those in flight, where several are. Sets the end of its
        packet."""
        flight, number = self.config.jobs_in_flight, len(self.ends)
        leaving = self.ends[number - flight] if number >= flight else 0
        alone = leaving + ANSWER if flight == 1 and number else 0
        read = max(self._packet_end, alone) + job.head
        self._packet_end = max(max(read, leaving) + DESCRIBE + job.packet, self._last_words(job))
        return read + DESCRIBE

    def _last_words(self, job):
        """When its last weights find room: those of older jobs may have to go."""
        older = len(self.ends) - 1
        self._words.append(self._words[-1] + job.words)
        surplus = self._words[-1] - self.config.weight_words
        if surplus <= 0:
            return 0
        while older > 0 and self._words[older] >= surplus:
            older -= 1
        return self.ends[older] + FREE + (surplus - self._words[older]) * self.config.cout_lanes

    def _ahead(self, job):
        """Cycles of a job's activations that find room beside the last windows of the job before."""
        before = self._before
        if not before:
            return job.act
        return min(self._room(job, before.left), self._room(job, before.live) + before.leaving)

    def _room(self, job, live):
        """Cycles of a job's activations for which there is room beside so many rows of the job before."""
        rows = []
        for bank in range(ROW_BANKS):  # from that of the first row on; the last ones hold the window
            held = live // ROW_BANKS + (ROW_BANKS - 1 - bank < live % ROW_BANKS)
            free = (self.config.bank_words - held * self._before.slot) // job.slot
            rows.append(free * ROW_BANKS + bank)
        return int(min(rows) * job.row)


def _measure(tile, raw, config):
    lanes, each = config.cin_lanes, cost(tile, config, raw)
    head, row = ceil(DESCRIPTOR_BYTES / lanes), act_cycles(tile, lanes) / tile.in_h
    rows = min(max(tile.live_rows - tile.pad_top, 1), tile.in_h)
    whole_rows = tile.op is Op.DEPTHWISE
    window = (
        tile.row_bytes if whole_rows else min(max(tile.kw - tile.pad_left, 1) * tile.in_c, tile.row_bytes)
    )
    return _Job(
        head,
        each.job - head,
        tile.words(config),
        each.issue,
        each.out,
        each.act,
        first=ceil((rows - 1) * row + window / lanes),
        last=_tail(tile, each.issue, row),
        live=min(tile.live_rows, tile.in_h),
        left=tile.in_h - max((tile.out_h - 1) * tile.stride[0] - tile.pad_top, 0),
        leaving=ceil((_last_rows(tile) - 1) * each.issue / tile.out_h),
        slot=tile.slot(lanes),
        row=row,
        rest=_rest(tile, config, each.issue, row),
    )


def _rest(tile, config, issue, row):
    """Cycles of the walk until the rows are there that find no room before it begins.

    The first of them comes when the walk has left the first row behind, the others not before it goes on.
    """
    rows = tile.in_h - config.bank_words // tile.slot(config.cin_lanes) * ROW_BANKS
    if rows <= 0:
        return 0
    first = (tile.pad_top // tile.stride[0] + 1) * issue / tile.out_h
    return ceil(max(first + rows * row, issue * rows / tile.in_h))


def _tail(tile, issue, row):
    """Cycles of the walk when all activations are there: of the rows that need the input's last one.

    Dense windows begin while that row still comes, depthwise ones wait for it.
    """
    walk = issue / tile.out_h
    rows = _last_rows(tile) * walk
    return ceil(rows if tile.op is Op.DEPTHWISE else max(walk / tile.out_w, rows - row))


def _last_rows(tile):
    """Rows of the output that need the input's last one."""
    return tile.out_h - max(ceil((tile.in_h + tile.pad_top - tile.live_rows) / tile.stride[0]), 0)
