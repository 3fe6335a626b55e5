"""Runs planned layers on a device: all jobs are handed over before the first answer is waited for."""

from itertools import groupby

import numpy as np

from convloom.device.counters import LayerReport, difference, read_counters
from convloom.errors import DeviceError
from convloom.plan import plan
from convloom.plan.packets import job_packet
from convloom.plan.slices import activations, place, sections
from convloom.spec import Rounding


class Run:
    """One or more layers on their way through a device.

    Parameters
    ----------
    transport : of the device
    config : its Config
    first_id : number of the first job
    timeout : seconds for which an answer is waited for
    """

    def __init__(self, transport, config, first_id, timeout):
        self.transport, self.config, self.next_id, self.timeout = transport, config, first_id, timeout
        self._before, self._reported = read_counters(transport), len(transport.reports)
        self._waiting = []  # ticket, job, output, whether raw

    def submit(self, layer, x, w, bias, finish, input_zero_point):
        """Hands over all jobs of a layer. Returns the array [n, y, x, k] that `wait` fills, zeros as yet.

        Parameters
        ----------
        layer : a plan.Layer
        x : int8 [n, h, w, c]
        w : int8 [k, kh, kw, c/groups]
        bias : int32 [k]
        finish : what the device does with the accumulators, a Finish; None: the output is int32. It is int32
            too where the layer has to be cut into partial sums.
        """
        planned, shape = plan(layer, self.config), (layer.n, layer.y.out, layer.x.out, layer.k)
        layer = planned.layer
        x = x.reshape(layer.n, layer.y.size, layer.x.size, layer.c)
        raw = planned.raw or finish is None
        finish = Finish.raw(layer.k, self.config) if raw else finish
        out = np.zeros((layer.n, layer.y.out, layer.x.out, layer.k), np.int32 if raw else np.int8)
        same_weights = groupby(planned.jobs, lambda job: (job.kernels, job.channels, job.taps))
        for _, jobs in same_weights:
            jobs = list(jobs)
            packed = sections(layer, jobs[0], self.config, w, bias, *finish.scales, input_zero_point)
            for job in jobs:
                self._submit(layer, job, packed, x, finish, input_zero_point, out, raw)
        return out.reshape(shape)

    def _submit(self, layer, job, packed, x, finish, input_zero_point, out, raw):
        fields = {
            "raw": raw,
            "report": int(self.config.report_depth > 0),
            "job_id": self.next_id,
            "pad_value": input_zero_point,
        }
        packet = job_packet(self.config, job.tile, *packed, **fields, **finish.fields)
        act = activations(layer, job, x, input_zero_point)
        tile = job.tile
        ticket = self.transport.submit(packet, act, tile.out_h * tile.out_w * tile.out_c * (4 if raw else 1))
        self._waiting.append((ticket, job, out, raw))
        self.next_id = (self.next_id + 1) & 0xFFFF

    @property
    def submitted(self):
        """Jobs that were handed over."""
        return len(self._waiting)

    def wait(self, answered=lambda jobs: None):
        """Waits for all answers and puts them in place. Returns the LayerReport.

        `answered` is called after each answer with how many there are.

        Raises DeviceError for a job that failed, and where an answer does not come.
        """
        for count, (ticket, job, out, raw) in enumerate(self._waiting, 1):
            answer = self.transport.wait(ticket, self.timeout)
            expected = job.tile.out_h * job.tile.out_w * job.tile.out_c * (4 if raw else 1)
            if len(answer) != expected:
                raise DeviceError(
                    f"an answer must have {expected} bytes, not {len(answer)}: {self._failures()}"
                )
            place(job, answer, out, raw)
            answered(count)
        counted = difference(read_counters(self.transport), self._before)
        if counted["JOBS_FAILED"]:
            raise DeviceError(f"{counted['JOBS_FAILED']} jobs failed: {self._failures()}")
        return LayerReport.of(counted, self._reports(), self.config)

    def _reports(self):
        return self.transport.reports[self._reported :]

    def _failures(self):
        failed = [report for report in self._reports() if report.code]
        return ", ".join(f"job {report.job_id}: {report.code.name}" for report in failed) or "none reported"


class Finish:
    """What the device makes of accumulators: parameters for each channel, and those of the descriptor."""

    def __init__(self, multiplier, shift, **fields):
        self.scales, self.fields = (multiplier, shift), fields

    @classmethod
    def raw(cls, k, config):
        """The accumulators themselves; the descriptor's mode is one that is built in."""
        return cls(np.zeros(k, np.int64), np.zeros(k, np.int64), rounding=config.roundings[0])

    @classmethod
    def of(cls, requant, k, config):
        """That of a Requant for k channels, or None where the device cannot do it.

        That is a scale of 1 or more, or a mode that is not built in. uint8 is int8 with all numbers minus
        128.
        """
        multiplier, shift = requant.channels(k)
        if np.any(shift < 0) or requant.rounding not in config.roundings:
            return None
        offset = 128 if requant.dtype == "uint8" else 0
        low, high = requant.clamp
        return cls(
            multiplier,
            shift,
            rounding=Rounding(requant.rounding),
            output_zero_point=requant.output_zero_point - offset,
            clamp_low=low - offset,
            clamp_high=high - offset,
        )
