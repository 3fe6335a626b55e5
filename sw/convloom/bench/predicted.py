"""A network's figures from the planner's cycle model, in seconds and for any configuration."""

from functools import cache
from itertools import accumulate

from convloom.bench.networks import networks
from convloom.plan import plan
from convloom.plan.predict import predict


@cache
def predict_network(network, config):
    """Predicted cycles of each of a network's layers, jobs back to back: [(Shape, cycles)]."""
    shapes = networks()[network]
    plans = [plan(shape.layer, config) for shape in shapes]
    cycles = predict([(job.tile, each.raw) for each in plans for job in each.jobs], config)
    ends = list(accumulate((len(each.jobs) for each in plans), initial=0))
    return [(shape, sum(cycles[a:b])) for shape, a, b in zip(shapes, ends[:-1], ends[1:], strict=True)]


def predicted_cycles(network, config):
    """Of all layers together."""
    return sum(cycles for _, cycles in predict_network(network, config))
