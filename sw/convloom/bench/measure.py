"""Runs a network's layers on the simulated RTL and measures them."""

from functools import cached_property
from math import frexp, sqrt

import numpy as np

from convloom import golden
from convloom.bench.figures import LayerFigures, NetworkFigures, ideal_cycles
from convloom.bench.networks import networks
from convloom.bench.predicted import predict_network
from convloom.device.run import Finish, Run
from convloom.device.sim import SimTransport
from convloom.requant import Requant
from convloom.spec.registers import Cause

# Cycles between a layer's last output and the next one's first input, where each waits for the other.
PAUSE = 100
SPREAD = 73  # standard deviation of numbers drawn from all of int8


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

    @cached_property
    def expected(self):
        """The golden model's output, by dtype: the int32 accumulators, and int8."""
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
        return {np.dtype(np.int32): sums, np.dtype(np.int8): golden.requantise(sums, self.requant)}


def vectors(network, seed):
    """The Vectors of each of a network's layers."""
    return [Vectors(shape, [seed, number]) for number, shape in enumerate(networks()[network])]


def measure(network, config, data, *, dependent=True, limits=(), progress=lambda cycles: None):
    """NetworkFigures of a network's layers on the RTL of a Config; every output compared with the golden model.

    Parameters
    ----------
    network : its name in networks.csv
    data : its `vectors`
    dependent : whether to measure a second time with each layer waiting for the one before
    limits : (stream, bytes per cycle, latency) for SimTransport.limit
    progress : called with the cycles that have run, from 0 on in each of the one or two runs
    """
    reports, cycles, counted, outputs = _run(data, config, limits, False, progress)
    waited, cycles_dependent = [], 0
    if dependent:
        waited, cycles_dependent, *_ = _run(data, config, limits, True, progress)
    layers = []
    for number, (shape, predicted) in enumerate(predict_network(network, config)):
        layers.append(_layer(shape, config, reports[number], predicted))
        if waited:
            layers[-1].cycles_dependent = sum(report.cycles for report in waited[number])
        _compare(layers[-1], data[number], outputs[number])
    return NetworkFigures(network, config.name, config.multipliers, cycles, counted, cycles_dependent, layers)


def _run(data, config, limits, dependent, progress):
    """Reports of each layer's jobs, cycles by the harness, cycles by the device's counter, outputs."""
    transport = SimTransport(config)
    for limit in limits:
        transport.limit(*limit)
    run, outputs, ends = Run(transport, config, 0, None), [], [0]
    for number, each in enumerate(data):
        layer = each.shape.layer
        if dependent and number:
            transport.depend(PAUSE)
        finish = Finish.of(each.requant, layer.k, config)
        outputs.append(run.submit(layer, each.x, each.w, each.bias, finish, each.input_zero_point))
        ends.append(run.submitted)
    report = run.wait(lambda jobs: progress(transport.clock))
    cycles = transport.span
    transport.close()
    parts = [report.jobs[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True)]
    return parts, cycles, report.cycles, outputs


def _layer(shape, config, reports, predicted):
    lost = {cause.name.lower(): sum(report.lost[cause.name] for report in reports) for cause in Cause}
    return LayerFigures(
        shape.name,
        shape.kind,
        shape.macs,
        config.multipliers,
        sum(report.cycles for report in reports),
        predicted,
        ideal_cycles(shape, config),
        lost,
        len(reports),
    )


def _compare(figures, data, output):
    figures.outputs_checked = output.size
    figures.mismatches = int((output != data.expected[output.dtype]).sum())
