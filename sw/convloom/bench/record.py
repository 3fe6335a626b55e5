"""The bench's figures as data for a JSON file, and as a table."""

from rich.table import Table

DIGITS = 5


def as_data(figures):
    """A network's figures as `utilisation.json` has them."""
    layers = [_layer(layer) for layer in figures.layers]
    return {
        "network": figures.network,
        "config": figures.config,
        "macs": figures.macs,
        "cycles": figures.cycles,
        "cycles_counted": figures.counted_cycles,
        "multipliers": figures.multipliers,
        "utilisation": round(figures.utilisation, DIGITS),
        "bound_ratio": round(figures.bound_ratio, DIGITS),
        "cycles_dependent": figures.cycles_dependent,
        "utilisation_dependent": round(figures.utilisation_dependent, DIGITS),
        "outputs_checked": sum(layer.outputs_checked for layer in figures.layers),
        "mismatches": sum(layer.mismatches for layer in figures.layers),
        "layers": layers,
    }


def _layer(layer):
    return {
        "name": layer.name,
        "macs": layer.macs,
        "cycles": layer.cycles,
        "multipliers": layer.multipliers,
        "utilisation": round(layer.utilisation, DIGITS),
        "bound": layer.bound,
        "bounds": {name: round(cycles) for name, cycles in layer.bounds.items()},
        "bound_ratio": round(layer.bound_ratio, DIGITS),
        "cycles_dependent": layer.cycles_dependent,
        "utilisation_dependent": round(layer.utilisation_dependent, DIGITS),
        "jobs": layer.jobs,
        "lost": layer.lost,
        "outputs_checked": layer.outputs_checked,
        "mismatches": layer.mismatches,
    }


def network_table(entries):
    """A row per network and configuration."""
    table = Table(
        title="Useful MACs / (multipliers x cycles): jobs back to back, and layers waiting in turn",
        box=None,
        pad_edge=False,
    )
    for head in ("network", "config"):
        table.add_column(head, no_wrap=True)
    for head in ("cycles", "useful", "in turn", "outputs", "wrong"):
        table.add_column(head, justify="right", no_wrap=True)
    for entry in entries:
        table.add_row(
            entry["network"],
            entry["config"],
            f"{entry['cycles']:,}",
            f"{entry['utilisation']:.2%}",
            f"{entry['utilisation_dependent']:.2%}",
            f"{entry['outputs_checked']:,}",
            str(entry["mismatches"]),
        )
    return table


def layer_table(entry, worst=5):
    """The layers of a network that lose most cycles, with what they lose them to."""
    table = Table(
        title=f"{entry['network']} on {entry['config']}: where most is lost", box=None, pad_edge=False
    )
    table.add_column("layer")
    for head in ("cycles", "utilisation", "lost"):
        table.add_column(head, justify="right")
    table.add_column("to")
    for layer in sorted(entry["layers"], key=_lost)[: -worst - 1 : -1]:
        causes = sorted(layer["lost"].items(), key=lambda item: -item[1])
        told = ", ".join(f"{cause} {cycles:,}" for cause, cycles in causes if cycles)
        table.add_row(
            layer["name"], f"{layer['cycles']:,}", f"{layer['utilisation']:.1%}", f"{_lost(layer):,.0f}", told
        )
    return table


def _lost(layer):
    """Cycles above what the layer's MACs need."""
    return layer["cycles"] - layer["macs"] / layer["multipliers"]
