"""The planner: of all cuts of a layer that fit an engine, the one that takes the fewest cycles."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache

from convloom.plan.cost import cost
from convloom.plan.cuts import cuts
from convloom.plan.depthwise_jobs import count_depthwise_tiles, depthwise_cuts, depthwise_jobs
from convloom.plan.jobs import Cut, Job, count_tiles, make_jobs
from convloom.plan.layer import Layer
from convloom.plan.predict import predict
from convloom.spec import Config


@dataclass(frozen=True)
class Plan:
    """How a layer runs on an engine.

    Members
    -------
    layer, config : what was planned, and for what
    cut : the chosen one
    weighed : all cuts that were weighed, cheapest first: (cycles, Cut) each
    """

    layer: Layer
    config: Config
    cut: Cut
    weighed: tuple[tuple[int, Cut], ...]

    @cached_property
    def jobs(self) -> list[Job]:
        """The jobs, in the order in which they run."""
        make = depthwise_jobs if self.cut.depthwise else make_jobs
        return make(self.layer, self.cut, self.config)

    @cached_property
    def cycles(self) -> list[int]:
        """Predicted cycles of each job, the first one's from the first beat of its packet; see predict."""
        return predict([(job.tile, self.raw) for job in self.jobs], self.config)

    @cached_property
    def tiles(self) -> Counter:
        """How many jobs there are of each tile, without making them."""
        return _tiles(self.layer, self.cut, self.config)

    @property
    def is_partial(self):
        """Whether jobs give partial sums, which the host adds."""
        return _is_partial(self.layer, self.cut)

    @property
    def raw(self):
        """Whether the jobs give int32 accumulators."""
        return self.layer.raw or self.is_partial


def _is_partial(layer, cut):
    if cut.depthwise:
        return False
    channels = layer.c // layer.groups * cut.groups
    return cut.channels * cut.groups < channels or cut.taps != (layer.y.taps, layer.x.taps)


@lru_cache(maxsize=256)
def plan(layer, config):
    """The Plan of a Layer for a Config. Pictures of a pointwise layer become one, see Layer.stacked."""
    layer = layer.stacked()
    cycles = [
        (_cycles(layer, cut, config), n, cut)
        for n, cut in enumerate(depthwise_cuts(layer, config) + cuts(layer, config))
    ]
    weighed = tuple((each, cut) for each, _, cut in sorted(cycles))
    return Plan(layer, config, weighed[0][1], weighed)


def _cycles(layer, cut, config):
    """Cycles of all jobs, back to back."""
    raw = layer.raw or _is_partial(layer, cut)
    tiles = _tiles(layer, cut, config)
    return sum(number * cost(tile, config, raw).cycles for tile, number in tiles.items())


def _tiles(layer, cut, config):
    return (count_depthwise_tiles if cut.depthwise else count_tiles)(layer, cut, config)
