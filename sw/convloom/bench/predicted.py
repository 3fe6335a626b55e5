"""A network's figures from the planner's cycle model, in seconds and for any configuration."""

from itertools import accumulate

from rich.table import Table

from convloom.bench.networks import networks
from convloom.plan import plan
from convloom.plan.predict import predict


def predict_network(network, config):
    """Predicted cycles of each of a network's layers, jobs back to back: [(Shape, cycles)]."""
    shapes = networks()[network]
    plans = [plan(shape.layer, config) for shape in shapes]
    cycles = predict([(job.tile, each.raw) for each in plans for job in each.jobs], config)
    ends = list(accumulate((len(each.jobs) for each in plans), initial=0))
    return [(shape, sum(cycles[a:b])) for shape, a, b in zip(shapes, ends[:-1], ends[1:], strict=True)]


def prediction_table(names, configs):
    """A row per network and configuration."""
    table = Table(title="Predicted, not measured: jobs back to back", box=None, pad_edge=False)
    for head in ("network", "config"):
        table.add_column(head, no_wrap=True)
    for head in ("MACs", "cycles", "useful"):
        table.add_column(head, justify="right", no_wrap=True)
    for config in configs:
        for name in names:
            layers = predict_network(name, config)
            macs, cycles = sum(shape.macs for shape, _ in layers), sum(each for _, each in layers)
            share = f"{macs / (config.multipliers * cycles):.2%}"
            table.add_row(name, config.name, f"{macs:,}", f"{cycles:,}", share)
    return table
