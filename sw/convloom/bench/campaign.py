"""Which runs a bench makes of each network, and how much of the work is done."""

from dataclasses import dataclass

from convloom.bench.measure import measure, vectors
from convloom.bench.networks import networks
from convloom.bench.predicted import predicted_cycles
from convloom.bench.record import DIGITS, as_data

MEMORY = "memory"  # the limit of all streams together


@dataclass(frozen=True)
class Campaign:
    """Networks on configurations, each measured at least twice: jobs back to back, and layers in turn.

    Parameters
    ----------
    names : of networks
    configs : Configs
    limits : (stream, bytes per cycle, latency) of every run; what they cost is then measured too, by a run without
    rates : bytes per cycle of all streams together for which the utilisation is measured as well
    seed : of the data
    """

    names: tuple
    configs: tuple
    limits: tuple = ()
    rates: tuple = ()
    seed: int = 1

    @property
    def work(self):
        """What `run` has to do, in multiplier cycles, as predicted."""
        return sum(
            work(name, config, limits) * (1 + dependent)
            for name in self.names
            for config in self.configs
            for limits, dependent in self._runs(config)
        )

    def run(self, progress=lambda name, config, work: None):
        """The entry of each network on each configuration as it is measured.

        `progress` is called with the network, the Config, and how much of `work` is done.
        """
        done = 0
        for name in self.names:
            data = vectors(name, self.seed)
            for config in self.configs:
                measured = []
                for limits, dependent in self._runs(config):
                    told = _Told(progress, name, config, done)
                    measured.append(
                        measure(name, config, data, dependent=dependent, limits=limits, progress=told)
                    )
                    done += work(name, config, limits) * (1 + dependent)
                yield self._entry(config, *measured)

    def _runs(self, config):
        """(limits, whether layers are measured in turn too) of each run; the first one is what the entry tells."""
        runs = [(self.limits, True)]
        if self.limits:
            runs.append(((), False))
        return runs + [(((MEMORY, rate, 0),), False) for rate in self._rates(config)]

    def _rates(self, config):
        return [rate for rate in sorted(self.rates) if rate < most_bytes(config)]

    def _entry(self, config, first, *others):
        entry, others = as_data(first), list(others)
        entry["bytes"] = stream_bytes(first.network)[MEMORY]
        full = first
        if self.limits:
            full = others.pop(0)
            entry["limits"] = [
                dict(zip(("stream", "bytes_per_cycle", "latency"), each, strict=True)) for each in self.limits
            ]
            entry["cycles_unlimited"] = full.cycles
        if self.rates:
            points = [*zip(self._rates(config), others, strict=True), (most_bytes(config), full)]
            entry["bandwidth"] = [_point(rate, figures) for rate, figures in points]
        return entry


class _Told:
    """Turns the cycles that a measurement tells, from 0 on in each of its runs, into work that is done."""

    def __init__(self, progress, name, config, done):
        self.progress, self.name, self.config, self.done = progress, name, config, done
        self.cycles = 0

    def __call__(self, cycles):
        self.done += (cycles - self.cycles if cycles > self.cycles else cycles) * self.config.multipliers
        self.cycles = cycles
        self.progress(self.name, self.config, self.done)


def most_bytes(config):
    """Bytes that all streams together move in a cycle."""
    return 2 * config.cin_lanes + config.cout_lanes


def work(network, config, limits):
    """Multiplier cycles of a run: large engines take longer to simulate. Slow streams bound it by their bytes."""
    cycles, moved = predicted_cycles(network, config), stream_bytes(network)
    for stream, rate, _ in limits:
        if rate:
            cycles = max(cycles, moved[stream] / rate)
    return cycles * config.multipliers


def stream_bytes(network):
    """Bytes that a network has to move, at least: of each stream, and of all together."""
    shapes = networks()[network]
    moved = {
        "s_axis_job": sum(shape.weight_bytes for shape in shapes),
        "s_axis_act": sum(shape.in_bytes for shape in shapes),
        "m_axis_out": sum(shape.out_bytes for shape in shapes),
    }
    return {**moved, MEMORY: sum(moved.values())}


def _point(rate, figures):
    return {
        "bytes_per_cycle": rate,
        "cycles": figures.cycles,
        "utilisation": round(figures.utilisation, DIGITS),
        "mismatches": figures.mismatches,
    }
