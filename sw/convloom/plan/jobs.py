"""A cut makes jobs of a layer: which part of the input and of the kernels each one gets."""

from collections import Counter
from dataclasses import dataclass
from itertools import product
from math import prod

from convloom.plan.layer import Span, pieces
from convloom.plan.tile import LIMITS, Tile

MOST_TOP, MOST_LEFT = LIMITS["pad_top"][1], LIMITS["pad_left_bytes"][1]  # rows, bytes


@dataclass(frozen=True)
class Cut:
    """How a layer is cut. Every number is the most that one job gets.

    Parameters
    ----------
    out_h, out_w : rows and columns of the output. Neighbours share the input columns that both need.
    kernels : of a group
    channels : of a group; where they are not all, int32 partial sums are added on the host
    taps : (rows, columns) of the kernel, likewise
    groups : that run as one dense job, whose weights are 0 where a kernel meets another group's channels
    folded : the rows of the window lie side by side as channels
    depthwise : the jobs are depthwise ones; `kernels` are then those of all groups
    """

    out_h: int
    out_w: int
    kernels: int
    channels: int
    taps: tuple[int, int]
    groups: int = 1
    folded: bool = False
    depthwise: bool = False


@dataclass(frozen=True)
class Job:
    """One job of a layer. Ranges are (start, stop).

    Members
    -------
    tile : its geometry
    image : number of the picture
    rows, columns : Span of the input, both empty where it is padding alone
    channels, kernels : ranges in the layer, all groups counted through
    taps : ranges of the kernel's rows and columns
    out_y, out_x : where the output lies
    is_first : whether it is the first of the parts whose sums make the output, the one with the bias
    groups, folded : as in Cut
    """

    tile: Tile
    image: int
    rows: Span
    columns: Span
    channels: tuple[int, int]
    kernels: tuple[int, int]
    taps: tuple[tuple[int, int], tuple[int, int]]
    out_y: tuple[int, int]
    out_x: tuple[int, int]
    is_first: bool = True
    groups: int = 1
    folded: bool = False


def make_jobs(layer, cut, config):
    """The jobs of a layer that is cut in that way, in the order in which they run; a list of Job.

    Those with the same weights follow each other.
    """
    group_c = layer.c // layer.groups
    parts = product(
        pieces(layer.y.taps, cut.taps[0]),
        pieces(layer.x.taps, cut.taps[1]),
        pieces(group_c, cut.channels, config.cin_lanes),
    )
    return [
        _job(layer, cut, groups, part, piece)
        for groups, part in product(pieces(layer.groups, cut.groups), list(parts))
        for piece in product(
            pieces(layer.k // layer.groups, cut.kernels, config.cout_lanes),
            range(layer.n),
            *output_pieces(layer, cut, part[0], part[1]),
        )
    ]


def count_tiles(layer, cut, config):
    """How many jobs there are of each Tile, a Counter, without making them all."""
    c, k = layer.c // layer.groups, layer.k // layer.groups
    groups = Counter(stop - start for start, stop in pieces(layer.groups, cut.groups))
    channels = Counter(stop - start for start, stop in pieces(c, cut.channels, config.cin_lanes))
    kernels = Counter((stop - start, stop == k) for start, stop in pieces(k, cut.kernels, config.cout_lanes))
    tiles = Counter()
    for taps in product(pieces(layer.y.taps, cut.taps[0]), pieces(layer.x.taps, cut.taps[1])):
        spans = [
            Counter((axis.part(part).window(out)._replace(start=0), out[1] - out[0]) for out in outs)
            for axis, part, outs in zip(
                (layer.y, layer.x), taps, output_pieces(layer, cut, *taps), strict=True
            )
        ]
        for alike in product(*(counter.items() for counter in (groups, channels, kernels, *spans))):
            what, counts = zip(*alike, strict=True)
            tiles[_tile(layer, cut, taps, *what)] += layer.n * prod(counts)
    return tiles


def output_pieces(layer, cut, taps_y, taps_x):
    """Ranges of output rows, and of columns, of the jobs of a part of the kernel."""
    return (
        _axis_pieces(layer.y.part(taps_y), cut.out_h, MOST_TOP),
        _axis_pieces(layer.x.part(taps_x), cut.out_w, MOST_LEFT // layer.c),
    )


def _axis_pieces(axis, most, most_pad):
    """Ranges of an axis' outputs. Where padding is wider than `most_pad`, outputs wholly in it are apart."""
    lead = 0
    if axis.pad > most_pad:
        lead = min(max(-(-(axis.pad - axis.reach + 1) // axis.stride), 0), axis.out)
    return [
        (first + start, first + stop)
        for first, end in ((0, lead), (lead, axis.out))
        if end > first
        for start, stop in pieces(end - first, most)
    ]


def _tile(layer, cut, taps, groups, channels, kernels, rows, columns):
    """The Tile of a job with so many groups and channels.

    Padding alone is sent as one pixel of it: what lies behind is padding as well.

    Parameters
    ----------
    kernels : (how many, whether the group's last one is among them)
    rows, columns : (Span, how many outputs)
    """
    (height, out_h), (width, out_w) = rows, columns
    if not (height.length and width.length):
        height = width = Span(0, 1, 0)
    y, x = layer.y.part(taps[0]), layer.x.part(taps[1])
    counted = kernels[0] - (layer.helper and kernels[1])
    tile = Tile(
        height.length,
        width.length,
        channels * groups,
        out_h,
        out_w,
        kernels[0] * groups,
        y.taps,
        x.taps,
        (y.stride, x.stride),
        (y.dilation, x.dilation),
        height.pad,
        width.pad,
        y.taps * x.taps * channels * counted * groups,
    )
    return tile.folded() if cut.folded else tile


def _job(layer, cut, groups, part, piece):
    (kernels, image, out_y, out_x), (taps_y, taps_x, channels) = piece, part
    c, k = layer.c // layer.groups, layer.k // layer.groups
    rows, columns = layer.y.part(taps_y).window(out_y), layer.x.part(taps_x).window(out_x)
    if not (rows.length and columns.length):
        rows = columns = Span(0, 0, 0)
    tile = _tile(
        layer,
        cut,
        (taps_y, taps_x),
        groups[1] - groups[0],
        channels[1] - channels[0],
        (kernels[1] - kernels[0], kernels[1] == k),
        (rows, out_y[1] - out_y[0]),
        (columns, out_x[1] - out_x[0]),
    )
    return Job(
        tile,
        image,
        rows,
        columns,
        (groups[0] * c + channels[0], (groups[1] - 1) * c + channels[1]),
        (groups[0] * k + kernels[0], (groups[1] - 1) * k + kernels[1]),
        (taps_y, taps_x),
        out_y,
        out_x,
        is_first=(taps_y[0], taps_x[0], channels[0]) == (0, 0, 0),
        groups=groups[1] - groups[0],
        folded=cut.folded,
    )
