"""Drawn layers on devices, each against the reference that it brings, and what was drawn of each class."""

from collections import Counter, defaultdict

from hypothesis import HealthCheck, given, seed, settings
from roles.any_layer import CLASSES
from roles.layer_space import any_layers

# How many of each; apart, because how often hypothesis draws one depends on what else is imported.
SHARES = {
    ("conv2d", "small"): 3,
    ("conv2d", "large"): 2,
    ("depthwise_conv2d", "small"): 1,
    ("depthwise_conv2d", "large"): 1,
    ("conv_transpose2d", "small"): 1,
    ("conv_transpose2d", "large"): 1,
    ("fully_connected", "small"): 2,
}


class Counts:
    """How many layers of each class were drawn, and how many each runtime took.

    Members
    -------
    columns : {name: Counter of classes, "layers" and "outputs"}
    """

    def __init__(self):
        self.columns = defaultdict(Counter)

    def add(self, name, layer, outputs):
        """Counts a layer that was compared."""
        self.columns[name].update(["layers", *layer.classes()], outputs=outputs)

    def table(self):
        """Lines: a class in each, a device or a runtime in each column."""
        yield " " * 25 + "".join(f"{name:>{len(name) + 2}}" for name in self.columns)
        for name in ("layers", *CLASSES, "outputs"):
            numbers = (f"{counts[name]:>{len(column) + 2}}" for column, counts in self.columns.items())
            yield f"{name:<25}" + "".join(numbers)

    def check(self, name, beyond=()):
        """Raises AssertionError where a class that is not `beyond` it has no layer."""
        missing = set(CLASSES) - set(beyond) - set(self.columns[name])
        assert not missing, f"{name}: no layer of {', '.join(sorted(missing))}"


def compare_any_layers(devices, count, of_seed, references=()):
    """Runs `count` layers on each device, and on the references that can express them.

    Raises AssertionError where one's bytes, MACs or cycles differ, or a class has none.
    """
    counts = Counts()
    for layers, share in SHARES.items():
        _compare(devices, references, layers, count * share // sum(SHARES.values()), of_seed, counts)
    print(f"seed {of_seed}, no mismatch", *counts.table(), sep="\n")
    for device in devices:
        counts.check(device.info.name)
    for reference in references:
        counts.check(reference.name, reference.beyond)


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
    assert report.macs == macs == sum(job.macs for job in report.jobs), device.info.name
    assert report.cycles == report.busy + sum(report.lost.values()), device.info.name
