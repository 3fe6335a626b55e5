"""The bench's tables, from entries as `utilisation.json` has them."""

from rich.table import Table

from convloom.bench.figures import LONG
from convloom.bench.predicted import predict_network
from convloom.bench.record import lost_cycles

WORST = 5  # layers that are shown
LEAST_SHARE = 0.01  # of a network's cycles, for a layer to be among the worst


def network_table(entries):
    """A row for each network on each configuration."""
    limited = any("limits" in entry for entry in entries)
    title = "Useful MACs / (multipliers x cycles): jobs back to back, and layers in turn"
    heads = ("cycles", "useful", "of bound", "in turn", "slower" if limited else "predicted")
    table = _table(title, ("network", "config"), heads)
    for entry in entries:
        shares = (f"{entry[key]:.2%}" for key in ("utilisation", "bound_ratio", "utilisation_dependent"))
        other = entry["cycles"] / entry["cycles_unlimited"] - 1 if limited else deviation(entry)
        table.add_row(entry["network"], entry["config"], f"{entry['cycles']:,}", *shares, f"{other:+z.2%}")
    return table


def bandwidth_table(entries):
    """Utilisation by the bytes per cycle of all streams together; the last column is all that they can move."""
    rates = sorted({point["bytes_per_cycle"] for entry in entries for point in entry["bandwidth"]})
    heads = [f"{rate:g}" for rate in rates]
    table = _table("Useful, by bytes per cycle of all streams together", ("network", "config"), heads)
    for entry in entries:
        points = {point["bytes_per_cycle"]: f"{point['utilisation']:.1%}" for point in entry["bandwidth"]}
        table.add_row(entry["network"], entry["config"], *(points.get(rate, "") for rate in rates))
    return table


def layer_table(entry):
    """The layers of a network that lose most cycles, with what they lose them to."""
    title = f"{entry['network']} on {entry['config']} loses cycles to: {causes(entry)}"
    table = _table(title, ("layer",), ("cycles", "useful", "lost"), ("to",))
    for layer in sorted(entry["layers"], key=lost_cycles, reverse=True)[:WORST]:
        cycles = f"{layer['cycles']:,}", f"{layer['utilisation']:.1%}", f"{lost_cycles(layer):,}"
        table.add_row(layer["name"], *cycles, causes(layer))
    return table


def worst_table(entries, config):
    """The least utilised layers of all networks on a configuration, those aside that hardly count.

    "of bound" is how close a layer is to what binds it, which is named.
    """
    title = f"Worst layers on {config} (of at least {LEAST_SHARE:.0%} of their network's cycles)"
    table = _table(title, ("network", "layer"), ("cycles", "useful", "of bound"), ("lost to",))
    for entry, layer in worst_layers(entries, config):
        bound = f"{layer['bound_ratio']:.0%} {layer['bound']}"
        shares = f"{layer['utilisation']:.1%}", bound
        table.add_row(entry["network"], layer["name"], f"{layer['cycles']:,}", *shares, causes(layer))
    return table


def worst_layers(entries, config):
    """[(entry, layer)] of the WORST layers on a configuration, the worst first."""
    layers = [
        (entry, layer)
        for entry in entries
        for layer in entry["layers"]
        if entry["config"] == config and layer["cycles"] >= LEAST_SHARE * entry["cycles"]
    ]
    return sorted(layers, key=lambda pair: pair[1]["utilisation"])[:WORST]


def causes(layer):
    """What the cycles of a layer or a network were lost to, as shares of them, the largest first.

    These are the causes of the counters, and lanes that had no work.
    """
    cycles = {"idle lanes": layer["idle_lanes"], **layer["lost"]}
    told = sorted(cycles.items(), key=lambda item: -item[1])
    return ", ".join(
        f"{name} {lost / layer['cycles']:.1%}" for name, lost in told if lost >= layer["cycles"] / 1000
    )


def prediction_table(names, configs):
    """A row for each network on each configuration, from the planner's cycle model."""
    table = _table(
        "Predicted, not measured: jobs back to back", ("network", "config"), ("MACs", "cycles", "useful")
    )
    for name in names:
        for config in configs:
            layers = predict_network(name, config)
            macs, cycles = sum(shape.macs for shape, _ in layers), sum(each for _, each in layers)
            share = f"{macs / (config.multipliers * cycles):.2%}"
            table.add_row(name, config.name, f"{macs:,}", f"{cycles:,}", share)
    return table


def deviation(entry):
    """What was predicted of an entry or a layer, relative to what was measured."""
    return entry["cycles_predicted"] / entry["cycles"] - 1


def predictor_line(entries):
    """How far the predicted cycles were off at most: of networks, and of long layers."""
    network = max(entries, key=lambda entry: abs(deviation(entry)))
    layers = [(entry, layer) for entry in entries for layer in entry["layers"] if layer["cycles"] > LONG]
    told = f"predicted cycles, furthest off: {_place(network)} {deviation(network):+z.2%}"
    if layers:
        entry, layer = max(layers, key=lambda pair: abs(deviation(pair[1])))
        told += f"; of layers above {LONG:,} cycles {_place(entry)} {layer['name']} {deviation(layer):+z.2%}"
    return told


def outputs_line(entries):
    """How many outputs were compared with the golden model."""
    checked, wrong = (sum(entry[key] for entry in entries) for key in ("outputs_checked", "mismatches"))
    return f"{checked:,} outputs compared with the golden model, {wrong:,} wrong"


def _place(entry):
    return f"{entry['network']} on {entry['config']}"


def _table(title, texts, numbers, last=()):
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1))
    for head in texts:
        table.add_column(head, no_wrap=True)
    for head in numbers:
        table.add_column(head, justify="right", no_wrap=True)
    for head in last:
        table.add_column(head)
    return table
