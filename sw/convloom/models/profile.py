"""Where a network's time goes: what the device counted in each layer, and how long the host's operators take."""

from dataclasses import dataclass
from functools import partial
from time import perf_counter

from convloom.device.counters import LayerReport
from convloom.models.graph import Graph, Node
from convloom.spec import Config
from convloom.spec.registers import Cause

RUNS = 5  # of the host's operators
LAYERS = ("conv2d", "depthwise_conv2d", "conv_transpose2d", "fully_connected")  # of a Device
# What a cycle may be spent on.
USES = {
    "useful": "multiplications of the network",
    "lanes": "multipliers without a tap, counted in cycles of all of them",
} | {cause.name.lower(): cause.value for cause in Cause}


@dataclass(frozen=True)
class Step:
    """One operator as it ran.

    Members
    -------
    node : the operator
    report : what the device counted, None for an operator of the host
    seconds : that the host takes for it, 0 for a layer of the device
    """

    node: Node
    report: LayerReport | None
    seconds: float

    @property
    def cycles(self):
        """Of the device, 0 for an operator of the host."""
        return self.report.cycles if self.report else 0


@dataclass(frozen=True)
class Profile:
    """A run of a network, operator by operator; each layer waits for the one before.

    Members
    -------
    graph : the network
    steps : its operators as they ran, in order
    config : of the engine
    """

    graph: Graph
    steps: tuple[Step, ...]
    config: Config

    @property
    def total(self):
        """The layers' LayerReports as one."""
        return _together([step.report for step in self.steps if step.report], self.config)

    @property
    def host_seconds(self):
        """What the host's operators take together."""
        return sum(step.seconds for step in self.steps)

    def share(self, step):
        """A layer's part of the device's cycles, 0 to 1."""
        return step.cycles / max(self.total.cycles, 1)

    def latency(self, mhz, host=True):
        """Seconds for one run with the engine at a clock of `mhz`, with or without the host's operators."""
        return self.total.cycles / (mhz * 1e6) + (self.host_seconds if host else 0)


def spent(report):
    """A LayerReport's cycles by what they were spent on, by the names in USES. They add up to all of them."""
    useful = report.macs / report.multipliers
    lost = {name.lower(): cycles for name, cycles in report.lost.items()}
    return {"useful": useful, "lanes": report.busy - useful} | lost


def profile(model, x, device, rounding=None):
    """The Profile of a Model's run on `x`; arguments and errors are those of Model.run.

    The device runs once. The host's operators run again and again on what it gave, and the least time of each
    counts: what else the machine does should not.
    """
    recorder, reports = Recorder(device), []
    model.run(x, recorder, rounding, lambda *_: reports.append(recorder.take_reports()))
    runs = [_host_seconds(model, x, recorder, rounding) for _ in range(RUNS)]
    steps = (
        Step(node, _together(found, device.info), 0.0) if found else Step(node, None, min(seconds))
        for node, found, *seconds in zip(model.nodes, reports, *runs, strict=True)
    )
    return Profile(model.graph, tuple(steps), device.info)


class Recorder:
    """A Device that remembers the outputs of its layers, and after `rewind` gives them again, at once."""

    def __init__(self, device):
        self._device, self._outputs, self._again, self._reports = device, [], None, []

    def __getattr__(self, name):
        found = getattr(self._device, name)
        return partial(self._layer, found) if name in LAYERS else found

    def take_reports(self):
        """The reports of the layers since the last call."""
        taken, self._reports = self._reports, []
        return taken

    def rewind(self):
        """From here on the layers' outputs come again, from the first on."""
        self._again = iter(self._outputs)

    def _layer(self, run, *operands, **options):
        if self._again is not None:
            return next(self._again)
        self._outputs.append(run(*operands, **options))
        self._reports.append(self._device.last_report)
        return self._outputs[-1]


def _host_seconds(model, x, recorder, rounding):
    """What the host needed for each operator in a run without a device."""
    recorder.rewind()
    marks = [perf_counter()]
    model.run(x, recorder, rounding, lambda *_: marks.append(perf_counter()))
    return [end - start for start, end in zip(marks[:-1], marks[1:], strict=True)]


def _together(reports, config):
    """LayerReports as one."""
    macs, cycles, busy = (sum(getattr(r, name) for r in reports) for name in ("macs", "cycles", "busy"))
    lost = {cause.name: sum(report.lost[cause.name] for report in reports) for cause in Cause}
    beats = {name: sum(report.beats[name] for report in reports) for name in ("job", "act", "out")}
    jobs = tuple(job for report in reports for job in report.jobs)
    return LayerReport(macs, cycles, busy, lost, beats, config.multipliers, jobs)
