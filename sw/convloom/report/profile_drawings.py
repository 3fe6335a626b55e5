"""The drawings of a profile's page as numbers for SVG: bars of cycles, and the network's graph."""

from itertools import accumulate

from convloom.models.profile import spent
from convloom.report.graph_lanes import edges

LONG, HIGH = 1000.0, 100.0  # a bar's length and the strip's height, of their own units
LAYER, HOST = 54, 34  # pixels: the height of a row
LANE, MARGIN = 13, 14  # pixels: the distance of lanes, room for a node
BEND = 20  # pixels: how far down a line has turned
LEAST, MOST = 4.0, 11.0  # pixels: radius of a node


def bar(report, longest):
    """Rectangles (x, width, use, cycles) of what a layer's cycles were spent on; `longest` of them are LONG."""
    left, found = 0.0, []
    for use, cycles in spent(report).items():
        if cycles > 0:
            width = LONG * cycles / longest
            found.append((left, width, use, cycles))
            left += width
    return found


def strip(profile):
    """Columns (x, width, its Step, its bar), one for each layer, as wide as its share of the cycles."""
    left, found = 0.0, []
    for step in profile.steps:
        if step.cycles:
            width = LONG * profile.share(step)
            found.append((left, width, step, bar(step.report, step.cycles)))
            left += width
    return found


def height(step):
    """Pixels of an operator's row; None is the row of the inputs."""
    return LAYER if step and step.report else HOST


def graph(profile):
    """The graph beside the rows: `width`, `height`, `paths` and `nodes` (x, y, radius, heat of 0 to 1)."""
    found = edges(profile.graph)
    across = MARGIN + LANE * max((edge.lane for edge in found), default=0)
    heights = [height(step) for step in (None, *profile.steps)]
    middles = [end - own / 2 for end, own in zip(accumulate(heights), heights, strict=True)]
    shares = [0.0, *map(profile.share, profile.steps)]
    heats = [share / (max(shares) or 1) for share in shares]
    return {
        "width": across + MARGIN,
        "height": sum(heights),
        "paths": [_path(middles[edge.start], middles[edge.end], across, edge.lane) for edge in found],
        "nodes": [
            (across, y, LEAST + (MOST - LEAST) * heat**0.5, heat)
            for y, heat in zip(middles, heats, strict=True)
        ],
    }


def _path(start, end, across, lane):
    """A straight line between neighbours; else out to the edge's lane, down, and back."""
    if not lane:
        return f"M{across} {start}V{end}"
    left = across - LANE * lane
    return (
        f"M{across} {start}C{left} {start} {left} {start} {left} {start + BEND}"
        f"V{end - BEND}C{left} {end} {left} {end} {across} {end}"
    )
