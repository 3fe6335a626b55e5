"""The bench's figures as data for a JSON file."""

DIGITS = 5


def as_data(figures):
    """A network's figures as `utilisation.json` has them."""
    return {
        "network": figures.network,
        "config": figures.config,
        **_common(figures),
        "cycles_counted": figures.cycles_counted,
        "outputs_checked": sum(layer.outputs_checked for layer in figures.layers),
        "mismatches": figures.mismatches,
        "layers": [_layer(layer) for layer in figures.layers],
    }


def lost_cycles(layer):
    """Cycles of a layer's data above what its MACs take of all multipliers."""
    return layer["idle_lanes"] + sum(layer["lost"].values())


def _layer(layer):
    return {
        "name": layer.name,
        "kind": layer.kind,
        **_common(layer),
        "jobs": layer.jobs,
        "busy": layer.busy,
        "outputs_checked": layer.outputs_checked,
        "mismatches": layer.mismatches,
    }


def _common(figures):
    return {
        "macs": figures.macs,
        "cycles": figures.cycles,
        "multipliers": figures.multipliers,
        "utilisation": round(figures.utilisation, DIGITS),
        "bound": figures.bound,
        "bounds": {name: round(cycles) for name, cycles in figures.bounds.items()},
        "bound_ratio": round(figures.bound_ratio, DIGITS),
        "cycles_predicted": figures.predicted,
        "cycles_dependent": figures.cycles_dependent,
        "utilisation_dependent": round(figures.utilisation_dependent, DIGITS),
        "idle_lanes": round(figures.idle_lanes),
        "lost": figures.lost,
    }
