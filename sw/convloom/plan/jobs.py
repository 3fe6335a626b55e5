"""A cut makes jobs of a layer: which part of the input and of the kernels each one gets."""

from dataclasses import dataclass
from itertools import product

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
    """

    out_h: int
    out_w: int
    kernels: int
    channels: int
    taps: tuple[int, int]
    groups: int = 1
    folded: bool = False


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
    blocks = pieces(layer.groups, cut.groups)
    return [job for groups in blocks for job in block_jobs(layer, cut, config, range(layer.n), groups)]


def block_jobs(layer, cut, config, images, groups):
    """Those of some pictures and of some groups, (start, stop), that run together."""
    c, k = layer.c // layer.groups, layer.k // layer.groups
    parts = product(
        pieces(layer.y.taps, cut.taps[0]),
        pieces(layer.x.taps, cut.taps[1]),
        pieces(c, cut.channels, config.cin_lanes),
    )
    return [
        _job(layer, cut, groups, part, piece)
        for part in parts
        for piece in product(
            pieces(k, cut.kernels, config.cout_lanes),
            images,
            _axis_pieces(layer.y.part(part[0]), cut.out_h, MOST_TOP),
            _axis_pieces(layer.x.part(part[1]), cut.out_w, MOST_LEFT // layer.c),
        )
    ]


def _axis_pieces(axis, most, most_pad):
    """Ranges of an axis' outputs. Where padding is wider than `most_pad`, outputs wholly in it are apart."""
    lead = 0
    if axis.pad > most_pad:
        lead = min(max(-(-(axis.pad - axis.reach + 1) // axis.stride), 0), axis.out)
    ranges = [(0, lead), (lead, axis.out)]
    return [
        (first + start, first + stop)
        for first, end in ranges
        if end > first
        for start, stop in pieces(end - first, most)
    ]


def _job(layer, cut, groups, part, piece):
    (kernels, image, out_y, out_x), (taps_y, taps_x, channels) = piece, part
    c, k, count = layer.c // layer.groups, layer.k // layer.groups, groups[1] - groups[0]
    y, x = layer.y.part(taps_y), layer.x.part(taps_x)
    rows, columns = y.window(out_y), x.window(out_x)
    if not (rows.length and columns.length):
        rows = columns = Span(0, 0, 0)
    length = channels[1] - channels[0]
    counted = kernels[1] - kernels[0] - (layer.helper and kernels[1] == k)
    tile = Tile(
        rows.length or 1,  # padding alone is sent as one pixel of it: what lies behind is padding as well
        columns.length or 1,
        length * count,
        out_y[1] - out_y[0],
        out_x[1] - out_x[0],
        (kernels[1] - kernels[0]) * count,
        y.taps,
        x.taps,
        (y.stride, x.stride),
        (y.dilation, x.dilation),
        rows.pad,
        columns.pad,
        y.taps * x.taps * length * counted * count,
    )
    return Job(
        tile.folded() if cut.folded else tile,
        image,
        rows,
        columns,
        (groups[0] * c + channels[0], (groups[1] - 1) * c + channels[1]),
        (groups[0] * k + kernels[0], (groups[1] - 1) * k + kernels[1]),
        (taps_y, taps_x),
        out_y,
        out_x,
        is_first=(taps_y[0], taps_x[0], channels[0]) == (0, 0, 0),
        groups=count,
        folded=cut.folded,
    )
