"""The predicted cycles against the RTL: networks within 2 %, layers of more than 5,000 cycles within 5 %."""

import numpy as np
import pytest
from convloom.bench.networks import networks
from convloom.device.run import Finish, Run
from convloom.device.sim import SimTransport
from convloom.plan import Layer, plan
from convloom.plan.convolutions import convolution
from convloom.plan.predict import predict
from convloom.spec import preset

SEED, RANDOM_LAYERS = 31, 50
LONG = 5000  # cycles
CONFIG = preset("small")


def measured(layers):
    """Cycles of each layer, all of them back to back on the RTL, with data that do not matter."""
    transport = SimTransport(CONFIG)
    run, ends = Run(transport, CONFIG, 0, None), [0]
    for layer in layers:
        x = np.zeros((layer.n, layer.y.size, layer.x.size, layer.c), np.int8)
        w = np.zeros((layer.k, layer.y.taps, layer.x.taps, layer.c // layer.groups), np.int8)
        zeros = np.zeros(layer.k, np.int64)
        finish = Finish(zeros, zeros, rounding=0, output_zero_point=0, clamp_low=-128, clamp_high=127)
        run.submit(layer, x, w, zeros.astype(np.int32), finish, 0)
        ends.append(run.submitted)
    cycles = [report.cycles for report in run.wait().jobs]
    transport.close()
    return [sum(cycles[a:b]) for a, b in zip(ends[:-1], ends[1:], strict=True)]


def predicted(layers):
    """The same from the planner."""
    plans = [plan(layer, CONFIG) for layer in layers]
    cycles = predict([(job.tile, each.raw) for each in plans for job in each.jobs], CONFIG)
    ends = np.cumsum([0, *(len(each.jobs) for each in plans)])
    return [sum(cycles[a:b]) for a, b in zip(ends[:-1], ends[1:], strict=True)]


def random_layers():
    """Layers of all kinds that nothing was fitted to."""
    rng = np.random.default_rng(SEED)
    for _ in range(RANDOM_LAYERS):
        kind = rng.choice(("dense", "pointwise", "depthwise", "grouped"))
        groups, kernel = 1, rng.choice((1, 2, 3, 5, 7), 2)
        c, k = (int(number) for number in rng.integers(1, 200, 2))
        if kind == "pointwise":
            kernel = (1, 1)
        elif kind == "depthwise":
            groups = k = c = c + 1
        elif kind == "grouped":
            groups, c, k = 4, 4 * (c // 8 + 1), 4 * (k // 8 + 1)
        axes = (
            convolution(int(rng.integers(7, 40)), int(taps), int(rng.choice((1, 1, 2, 3))), 1, "same")
            for taps in kernel
        )
        yield Layer(*axes, c, k, groups=groups)


def compare(layers):
    """Ratios of predicted to measured, of all together and of the long ones. Raises AssertionError beyond bounds."""
    cycles, expected = measured(layers), predicted(layers)
    ratios = {layer: e / m for layer, m, e in zip(layers, cycles, expected, strict=True) if m > LONG}
    print(f"{len(layers)} layers, {sum(cycles)} cycles, {sum(expected) / sum(cycles) - 1:+.2%} predicted")
    assert sum(expected) == pytest.approx(sum(cycles), rel=0.02)
    wrong = {layer: ratio for layer, ratio in ratios.items() if abs(ratio - 1) > 0.05}
    assert not wrong, wrong
    return ratios


@pytest.mark.parametrize("network", ("mlperf_tiny_resnet8", "mlperf_tiny_dscnn", "mlperf_tiny_vww"))
def test_networks(network):
    compare([shape.layer for shape in networks()[network]])


def test_random_layers():
    print(f"seed {SEED}")
    assert len(compare(list(random_layers()))) > RANDOM_LAYERS // 3


def layer(rows, columns, c, k=None):
    """(size, taps, stride) of rows and columns, padding "same"; c channels alone where there is no k."""
    axes = (convolution(*axis, 1, "same") for axis in (rows, columns))
    return Layer(*axes, c, k or c, groups=1 if k else c)


LONG_LAYER = layer((20, 3, 1), (20, 3, 1), 64, 64)
BOUND_BY_ACTIVATIONS = {
    "the last row is walked behind its bytes": [layer((11, 1, 3), (38, 1, 1), 190, 16)],
    "they come several jobs ahead": [
        LONG_LAYER,
        Layer(convolution(36, 1, 3, 1, "same"), convolution(15, 1, 2, 1, "same"), 192, 192, groups=12),
    ],
    "a bank without room holds up the others": [
        layer((35, 2, 2), (38, 3, 3), 99, 61),
        layer((38, 1, 2), (34, 2, 1), 150),
    ],
    "no room until the window has left padding": [LONG_LAYER, layer((30, 7, 1), (34, 1, 3), 198)],
    "a window takes a column a cycle": [LONG_LAYER, layer((39, 3, 1), (36, 3, 3), 121)],
    "windows in padding leave room": [
        layer((30, 7, 1), (34, 1, 3), 198),
        layer((16, 1, 3), (16, 1, 3), 188, 77),
        layer((9, 1, 1), (37, 1, 1), 157, 2),
        layer((22, 7, 3), (16, 2, 2), 200),
    ],
}


@pytest.mark.parametrize("layers", BOUND_BY_ACTIVATIONS.values(), ids=BOUND_BY_ACTIVATIONS)
def test_activations(layers):
    """Where they bind a layer, it counts how far ahead they came."""
    assert compare(layers)
