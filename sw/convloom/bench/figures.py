"""What the bench measures of a layer and of a network, and what follows from it."""

from dataclasses import dataclass

LONG = 5000  # cycles of a layer from which on its predicted cycles are judged


class Figures:
    """What layers and networks have in common: `macs`, `multipliers`, `cycles`, `cycles_dependent`, `bounds`."""

    @property
    def utilisation(self):
        """Useful MACs / (multipliers * cycles), jobs back to back."""
        return self.macs / (self.multipliers * self.cycles)

    @property
    def utilisation_dependent(self):
        """The same with each layer waiting for the one before; 0 where that was not measured."""
        return self.macs / (self.multipliers * self.cycles_dependent) if self.cycles_dependent else 0.0

    @property
    def bound(self):
        """What takes longest: "multipliers", or a stream."""
        return max(self.bounds, key=self.bounds.get)

    @property
    def bound_ratio(self):
        """How close to its bound it is."""
        return self.bounds[self.bound] / self.cycles


@dataclass
class LayerFigures(Figures):
    """What was measured of a layer, in cycles unless told otherwise.

    Members
    -------
    name, kind, macs : of its Shape
    multipliers : of the engine
    cycles : from the end of issue of the layer before to the end of its own
    predicted : what the planner expects of `cycles`
    bounds : the least cycles of the array and of each stream
    lost : cycles in which the array did not work, by cause
    jobs : their number
    cycles_dependent : with each layer waiting for the one before; 0 where that was not measured
    outputs_checked, mismatches : outputs that were compared with the golden model, and those that differ
    """

    name: str
    kind: str
    macs: int
    multipliers: int
    cycles: int
    predicted: int
    bounds: dict
    lost: dict
    jobs: int
    cycles_dependent: int = 0
    outputs_checked: int = 0
    mismatches: int = 0

    @property
    def busy(self):
        """Cycles in which the array worked."""
        return self.cycles - sum(self.lost.values())

    @property
    def idle_lanes(self):
        """Busy cycles that full lanes would have saved: lanes without a tap, a channel or a kernel."""
        return self.busy - self.macs / self.multipliers


@dataclass
class NetworkFigures(Figures):
    """What was measured of a network.

    Members
    -------
    network, config : names
    multipliers : of the engine
    cycles : from the first beat in to the last beat out, by the harness' clock
    cycles_counted : by the device's counter
    cycles_dependent : with each layer waiting for the one before; 0 where that was not measured
    layers : LayerFigures in order
    """

    network: str
    config: str
    multipliers: int
    cycles: int
    cycles_counted: int
    cycles_dependent: int
    layers: list

    @property
    def macs(self):
        """Of all layers."""
        return sum(layer.macs for layer in self.layers)

    @property
    def predicted(self):
        """What the planner expects of `cycles`."""
        return sum(layer.predicted for layer in self.layers)

    @property
    def bounds(self):
        """The sums of the layers' bounds."""
        return {name: sum(layer.bounds[name] for layer in self.layers) for name in self.layers[0].bounds}

    @property
    def lost(self):
        """Cycles in which the array did not work, by cause, of all layers."""
        return {cause: sum(layer.lost[cause] for layer in self.layers) for cause in self.layers[0].lost}

    @property
    def idle_lanes(self):
        """Busy cycles that full lanes would have saved, of all layers."""
        return sum(layer.idle_lanes for layer in self.layers)

    @property
    def mismatches(self):
        """Wrong outputs of all layers."""
        return sum(layer.mismatches for layer in self.layers)


def ideal_cycles(shape, config):
    """Cycles that a layer takes at least: of the array, and of each stream at full width."""
    return {
        "multipliers": shape.macs / config.multipliers,
        "job": shape.weight_bytes / config.cin_lanes,
        "act": shape.in_bytes / config.cin_lanes,
        "out": shape.out_bytes / config.cout_lanes,
    }
