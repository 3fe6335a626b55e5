"""Predicts the cycles of jobs that run back to back on an engine whose streams move a beat in every cycle."""

from dataclasses import dataclass
from math import ceil

from convloom.plan.cost import JOB_GAP, LEAST_JOB, act_cycles, cost
from convloom.spec import Op
from convloom.spec.config import ROW_BANKS
from convloom.spec.job import DESCRIPTOR_BYTES

DESCRIBE = 26  # cycles from a descriptor's last beat until all stages know of the job
FETCH = 6  # from the last weights, or the first window's last byte, to the first issue
FREE = 16  # from a job's last issue until its weights' room can be written again


@dataclass
class _Job:
    """What the recurrence needs to know of a job, in cycles but for `words`."""

    head: int  # of the descriptor
    packet: int  # of the job packet behind it
    words: int
    steps: int
    out: int
    act: int
    first: int  # of the activations, until the first window is there
    last: int  # of the walk, when all activations are there
    ahead: int  # of the next job's activations, that find room beside this one's last window
    kept: float  # the share of the input for which there is room


def predict(jobs, config):
    """Cycles of each job, from the end of issue of the job before to its own; the first one's from the first beat.

    Each stream takes a beat a cycle; a job issues when the one before has ended, and its weights and first window
    are there. Weights, rows and descriptors come as far ahead as the rings, the line buffer and jobs_in_flight allow.

    Parameters
    ----------
    jobs : (tile, whether raw) of each job, in order
    """
    known, ends, words_before = {}, [], [0]
    packet_end = act_end = 0
    for number, key in enumerate(jobs):
        if key not in known:
            known[key] = _measure(*key, config)
        job, before = known[key], ends[-1] if ends else 0
        in_flight = ends[number - config.jobs_in_flight] if number >= config.jobs_in_flight else 0
        told = max(packet_end + job.head, in_flight) + DESCRIBE
        words_before.append(words_before[-1] + job.words)
        packet_end = told + job.packet
        surplus = (
            words_before[-1] - config.weight_words
        )  # words that must have gone before all of its own are there
        if surplus > 0:
            packet_end = max(packet_end, _room(surplus, words_before, ends, number, config))
        act_start = max(act_end, told)
        # What finds no room beside the job before comes when that has ended.
        delayed = before - known[jobs[number - 1]].ahead if ends else act_start
        window_there = max(act_start, delayed * (job.first > before - delayed)) + job.first
        start = max(before + JOB_GAP, packet_end, window_there + FETCH)
        act_end = max(max(act_start, delayed) + job.act, start + int(job.steps * (1 - job.kept)))
        end = max(start + max(job.steps, job.out), act_end + FETCH + job.last, before + LEAST_JOB)
        ends.append(end)
    return [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _room(surplus, words_before, ends, number, config):
    """When the last of a job's weights are there, of which `surplus` words wait for older ones to go."""
    older = number - 1
    while older > 0 and words_before[older] >= surplus:
        older -= 1
    return ends[older] + FREE + (surplus - words_before[older]) * config.cout_lanes


def _measure(tile, raw, config):
    lanes, each = config.cin_lanes, cost(tile, config, raw)
    head = ceil(DESCRIPTOR_BYTES / lanes)
    rows = min(max(tile.live_rows - tile.pad_top, 1), tile.in_h)
    row_act = act_cycles(tile, lanes) / tile.in_h
    whole_rows = tile.op is Op.DEPTHWISE
    window = (
        tile.row_bytes if whole_rows else min(max(tile.kw - tile.pad_left, 1) * tile.in_c, tile.row_bytes)
    )
    first = ceil((rows - 1) * row_act + window / lanes)
    pixels = tile.out_w if whole_rows else 1
    room = config.bank_words // tile.slot(lanes) * ROW_BANKS  # rows
    last = ceil(each.issue / (tile.out_h * tile.out_w) * pixels)
    return _Job(
        head,
        each.job - head,
        tile.words(config),
        each.issue,
        each.out,
        each.act,
        first,
        last,
        ahead=max(room - min(tile.live_rows, tile.in_h), 0) * tile.slot(lanes),
        kept=min(room / tile.in_h, 1.0),
    )
