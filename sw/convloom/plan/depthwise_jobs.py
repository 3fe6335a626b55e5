"""How a depthwise layer is cut into depthwise jobs, where the engine has them."""

from collections import Counter
from itertools import product
from math import prod

from convloom.plan.cuts import MOST, most_rows
from convloom.plan.depthwise import RAW_SLOTS, DepthwiseTile
from convloom.plan.jobs import Cut, Job, output_pieces
from convloom.plan.layer import Span, pieces
from convloom.spec.config import ROW_BANKS


def depthwise_cuts(layer, config):
    """All depthwise Cuts to be weighed: all channels at once, in two parts and so on; none where it cannot be.

    Half of the weight ring is left to the next job, and half of the output ring to the next row.
    """
    axes = (layer.y, layer.x)
    if not config.depthwise or not 1 < layer.groups == layer.c or any(a.dilation > 1 < a.taps for a in axes):
        return []
    vectors = -(-layer.k // config.cout_lanes)
    counts = sorted({-(-vectors // (n + 1)) for n in range(min(vectors, 64))}, reverse=True)
    found = (_cut(layer, config, count, ahead) for count in counts for ahead in (True, False))
    return list(dict.fromkeys(cut for cut in found if cut))


def _cut(layer, config, vectors, ahead):
    """The widest Cut with so many vectors of cout_lanes channels, or None."""
    y, x, channels = layer.y, layer.x, vectors * config.cout_lanes
    size = max(min(y.reach, y.size), 1), max(min(x.reach, x.size), 1)
    pixel = DepthwiseTile(*size, channels, 1, 1, channels, y.taps, x.taps)
    halves = vectors == 1 or (
        2 * pixel.words(config) <= config.weight_words
        and 2 * vectors * config.passes <= config.parameter_words
    )
    if not halves or pixel.misfit(config, layer.raw) or x.stride > MOST["stride_x"]:
        return None
    rows = max(min(y.taps + (y.stride if ahead else 0), y.size), 1)
    slot = min(config.bank_words // -(-rows // ROW_BANKS), MOST["slot"])
    width = min((slot - (channels % config.cin_lanes > 0)) * config.cin_lanes // channels, MOST["in_w"])
    out_w = x.out if x.size <= width else min((width - x.reach) // x.stride + 1, x.out)
    out_w = min(out_w, config.output_words // 2 // (vectors * (RAW_SLOTS if layer.raw else 1)), MOST["out_w"])
    return Cut(most_rows(y), out_w, channels, 1, (y.taps, x.taps), depthwise=True) if out_w > 0 else None


def depthwise_jobs(layer, cut, config):
    """The jobs of a layer that is cut in that way, those with the same weights behind each other; a list of Job."""
    taps = (0, layer.y.taps), (0, layer.x.taps)
    jobs = []
    for kernels, image, out_y, out_x in product(
        pieces(layer.k, cut.kernels, config.cout_lanes), range(layer.n), *output_pieces(layer, cut, *taps)
    ):
        rows, columns = layer.y.window(out_y), layer.x.window(out_x)
        if not (rows.length and columns.length):
            rows = columns = Span(0, 0, 0)
        outs = out_y[1] - out_y[0], out_x[1] - out_x[0]
        tile = _tile(layer, config, kernels, *zip((rows, columns), outs, strict=True))
        channels = kernels[0] * layer.c // layer.k, (kernels[1] - 1) * layer.c // layer.k + 1
        jobs.append(Job(tile, image, rows, columns, channels, kernels, taps, out_y, out_x))
    return jobs


def count_depthwise_tiles(layer, cut, config):
    """How many jobs there are of each tile, a Counter."""
    taps = (0, layer.y.taps), (0, layer.x.taps)
    spans = [
        Counter((axis.window(out)._replace(start=0), out[1] - out[0]) for out in outs)
        for axis, outs in zip((layer.y, layer.x), output_pieces(layer, cut, *taps), strict=True)
    ]
    kernels = Counter({piece: layer.n for piece in pieces(layer.k, cut.kernels, config.cout_lanes)})
    tiles = Counter()
    for alike in product(*(counter.items() for counter in (kernels, *spans))):
        what, counts = zip(*alike, strict=True)
        tiles[_tile(layer, config, *what)] += prod(counts)
    return tiles


def _tile(layer, config, kernels, rows, columns):
    """The DepthwiseTile of a range of kernels; rows and columns are (Span, how many outputs)."""
    (height, out_h), (width, out_w) = rows, columns
    if not (height.length and width.length):  # padding alone is sent as one pixel of it
        height = width = Span(0, 1, 0)
    count = kernels[1] - kernels[0]
    each = layer.k // layer.groups
    helpers = layer.helper * (kernels[1] // each - kernels[0] // each)
    return DepthwiseTile(
        height.length,
        width.length,
        count + -count % config.cout_lanes,
        out_h,
        out_w,
        count,
        layer.y.taps,
        layer.x.taps,
        (layer.y.stride, layer.x.stride),
        (1, 1),
        height.pad,
        width.pad,
        layer.y.taps * layer.x.taps * (count - helpers),
    )
