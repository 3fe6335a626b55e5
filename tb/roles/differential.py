"""Drawn layers on devices, each against the reference that it brings, and what was drawn of each class."""

from collections import Counter

from hypothesis import HealthCheck, given, seed, settings
from roles.any_layer import CLASSES
from roles.layer_space import any_layers

ROUND = 15  # layers; those that hypothesis draws in one go resemble each other
# Kinds and sizes of kernels, apart: how often hypothesis draws one depends on what else is imported.
LAYERS = (
    *(("conv2d", "small"), ("conv2d", "large"), ("depthwise_conv2d", "large"), ("conv_transpose2d", "large")),
    *(("conv2d", "small"), ("conv2d", "large"), ("depthwise_conv2d", "small"), ("conv_transpose2d", "small")),
    ("fully_connected", "small"),
)
ROUNDS = [(*layers, usual) for usual in (True, False) for layers in LAYERS]


class Counts:
    """How many layers of each class were compared by each device and runtime.

    Parameters
    ----------
    beyond : {name: classes of which it cannot have any}
    """

    def __init__(self, beyond):
        self.beyond, self.columns = beyond, {name: Counter() for name in beyond}

    def add(self, name, layer, outputs):
        """Counts a layer that was compared."""
        self.columns[name].update(["layers", *layer.classes()], outputs=outputs)

    def table(self):
        """Lines: a class in each, a device or a runtime in each column; "-" where it cannot have any."""
        yield f"{'':<25}" + "".join(f"{name:>{_width(name)}}" for name in self.columns)
        for each in ("layers", *CLASSES, "outputs"):
            numbers = {name: counts[each] for name, counts in self.columns.items()}
            shown = (f"{self._shown(name, each, number):>{_width(name)}}" for name, number in numbers.items())
            yield f"{each:<25}" + "".join(shown)

    def _shown(self, name, each, number):
        return "-" if each in self.beyond[name] else str(number)

    def check(self):
        """Raises AssertionError where a class has no layer."""
        for name, counts in self.columns.items():
            missing = set(CLASSES) - set(self.beyond[name]) - set(counts)
            assert not missing, f"{name}: no layer of {', '.join(sorted(missing))}"


def _width(name):
    """Characters of a column."""
    return max(len(name), 8) + 2


def compare_any_layers(devices, count, of_seed, references=()):
    """Runs `count` layers on each device, and on the references that can express them.

    Raises AssertionError where one's bytes, MACs or cycles differ, or a class has none.
    """
    beyond = {device.info.name: () for device in devices}
    counts = Counts(beyond | {reference.name: reference.beyond for reference in references})
    for number in range(max(-(-count // ROUND), len(ROUNDS))):
        layers, size = ROUNDS[number % len(ROUNDS)], min(ROUND, count // len(ROUNDS))
        _compare(devices, references, layers, size, f"{of_seed}, {number}", counts)
    print(f"seed {of_seed}, no mismatch", *counts.table(), sep="\n")
    counts.check()


def _compare(devices, references, layers, count, of_seed, counts):
    """Runs `count` layers of a kind and size of kernels, and counts their classes."""

    @seed(of_seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=False,  # hypothesis sets it where CI is, and forgets the seed
        suppress_health_check=list(HealthCheck),
    )
    @given(any_layers(*layers))
    def compare(layer):
        for device in devices:
            on_device(device, layer)
            counts.add(device.info.name, layer, layer.expected().size)
        for reference in references:
            if reference.takes(layer):
                counts.add(reference.name, layer, reference.compare(layer))

    compare()


def on_device(device, layer):
    """Raises AssertionError where the device's bytes, MACs or cycles are wrong."""
    expected, macs = layer.expected(), layer.sums[1]
    out, report = layer.run(device), device.last_report
    assert out.dtype == expected.dtype and out.shape == expected.shape
    wrong = (out != expected).sum()
    assert not wrong, f"{device.info.name}: {wrong} of {out.size} outputs differ"
    assert report.macs == macs, device.info.name
    if device.info.report_depth:
        assert macs == sum(job.macs for job in report.jobs), device.info.name
    assert report.cycles == report.busy + sum(report.lost.values()), device.info.name
