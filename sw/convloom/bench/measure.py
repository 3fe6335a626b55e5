"""Runs a network's layers on the simulated RTL and measures them."""

from dataclasses import dataclass, field
from math import frexp, sqrt

import numpy as np

from convloom import golden
from convloom.bench.networks import networks
from convloom.device.run import Finish, Run
from convloom.device.sim import SimTransport
from convloom.requant import Requant
from convloom.spec.registers import Cause

PAUSE = (
    100  # cycles between a layer's last output and the next one's first input, where each waits for the other
)
SPREAD = 73  # standard deviation of numbers drawn from all of int8


@dataclass
class LayerFigures:
    """What was measured of a layer. `cycles`: from the end of issue of the layer before to the end of its own."""

    name: str
    macs: int
    cycles: int
    multipliers: int
    bounds: dict
    lost: dict
    jobs: int
    outputs_checked: int = 0
    mismatches: int = 0
    cycles_dependent: int = 0

    @property
    def utilisation(self):
        return self.macs / (self.multipliers * self.cycles)

    @property
    def utilisation_dependent(self):
        return self.macs / (self.multipliers * self.cycles_dependent) if self.cycles_dependent else 0.0

    @property
    def bound_ratio(self):
        """How close to its bound the layer is."""
        return self.bounds[self.bound] / self.cycles

    @property
    def bound(self):
        """What takes longest: "multipliers", or a stream."""
        return max(self.bounds, key=self.bounds.get)


@dataclass
class NetworkFigures:
    """What was measured of a network. `cycles`: from the first beat in to the last beat out, by the harness' clock."""

    network: str
    config: str
    multipliers: int
    cycles: int
    counted_cycles: int
    cycles_dependent: int
    layers: list = field(default_factory=list)
    streams: dict = field(default_factory=dict)

    @property
    def macs(self):
        return sum(layer.macs for layer in self.layers)

    @property
    def utilisation(self):
        return self.macs / (self.multipliers * self.cycles)

    @property
    def utilisation_dependent(self):
        return self.macs / (self.multipliers * self.cycles_dependent) if self.cycles_dependent else 0.0

    @property
    def bound_ratio(self):
        """How close to the largest of the sums of its layers' bounds the network is."""
        return max(self.streams.values()) / self.cycles


class Vectors:
    """Seeded random data for a layer, with a scale that keeps its outputs off the clamps."""

    def __init__(self, shape, seed):
        rng = np.random.default_rng(seed)
        taps = shape.kh * shape.kw * shape.c // shape.groups
        self.x = rng.integers(-128, 128, (1, shape.h, shape.w, shape.c), np.int8)
        self.w = rng.integers(-127, 128, (shape.k, shape.kh, shape.kw, shape.c // shape.groups), np.int8)
        self.bias = rng.integers(-1000, 1000, shape.k, np.int32)
        self.input_zero_point = int(rng.integers(-128, 128))
        mantissa, exponent = frexp(50 / (SPREAD * SPREAD * sqrt(taps) * 1.5))
        self.requant = Requant(round(mantissa * 2**31), -exponent)
        self.shape = shape

    def expected(self):
        """The golden model's output."""
        shape, (top, bottom, left, right) = self.shape, self.shape.pads
        sums = golden.accumulate(
            self.x,
            self.w,
            self.bias,
            stride=(shape.stride, shape.stride),
            pads=((top, bottom), (left, right)),
            groups=shape.groups,
            input_zero_point=self.input_zero_point,
        )
        return sums, golden.requantise(sums, self.requant)


def measure(network, config, *, seed=1, dependent=True, limits=(), progress=lambda *_: None):
    """NetworkFigures of a network's layers on the RTL of a Config; every output compared with the golden model.

    Parameters
    ----------
    network : its name in networks.csv
    dependent : whether to measure a second time with each layer waiting for the one before
    limits : (stream, bytes per cycle, latency) for SimTransport.limit
    progress : called with (jobs done, jobs in all) of each of the one or two runs
    """
    shapes = networks()[network]
    vectors = [Vectors(shape, [seed, n]) for n, shape in enumerate(shapes)]
    reports, span, counted, outputs = _run(shapes, vectors, config, limits, False, progress)
    waited = _run(shapes, vectors, config, limits, True, progress) if dependent else None
    figures = NetworkFigures(
        network, config.name, config.multipliers, span, counted, waited[1] if waited else 0
    )
    bounds = [_streams(shape, config) for shape in shapes]
    for n, shape in enumerate(shapes):
        figures.layers.append(_layer(shape, config, reports[n], bounds[n]))
        _compare(figures.layers[-1], vectors[n], outputs[n])
        if waited:
            figures.layers[-1].cycles_dependent = sum(report.cycles for report in waited[0][n])
    figures.streams = {name: sum(bound[name] for bound in bounds) for name in bounds[0]}
    return figures


def _run(shapes, vectors, config, limits, dependent, progress):
    """Reports of each layer's jobs, cycles by the harness, cycles by the device's counter, outputs."""
    transport = SimTransport(config)
    for limit in limits:
        transport.limit(*limit)
    run, outputs, ends = Run(transport, config, 0, None), [], []
    for n, data in enumerate(vectors):
        layer = data.shape.layer
        if dependent and n:
            transport.depend(PAUSE)
        finish = Finish.of(data.requant, layer.k, config)
        outputs.append(run.submit(layer, data.x, data.w, data.bias, finish, data.input_zero_point))
        ends.append(run.submitted)
    report = run.wait(lambda jobs: progress(jobs, run.submitted))
    starts = [0, *ends[:-1]]
    return (
        [transport.reports[a:b] for a, b in zip(starts, ends, strict=True)],
        transport.span,
        report.cycles,
        outputs,
    )


def _streams(shape, config):
    """Cycles that a layer takes at least: of the array, and of each stream at full width."""
    rows, columns = shape.out
    weights = shape.k * shape.kh * shape.kw * shape.c // shape.groups
    return {
        "multipliers": shape.macs / config.multipliers,
        "job": weights / config.cin_lanes,
        "act": shape.h * shape.w * shape.c / config.cin_lanes,
        "out": rows * columns * shape.k / config.cout_lanes,
    }


def _layer(shape, config, reports, bounds):
    lost = {cause.name.lower(): sum(report.lost[cause.name] for report in reports) for cause in Cause}
    cycles = sum(report.cycles for report in reports)
    return LayerFigures(shape.name, shape.macs, cycles, config.multipliers, bounds, lost, len(reports))


def _compare(figures, vectors, output):
    sums, expected = vectors.expected()
    expected = sums if output.dtype == np.int32 else expected
    figures.outputs_checked = expected.size
    figures.mismatches = int((output != expected).sum())
