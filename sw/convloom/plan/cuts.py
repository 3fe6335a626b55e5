"""The cuts of a layer that fit an engine."""

from dataclasses import replace
from itertools import product

from convloom.plan.jobs import Cut
from convloom.plan.tile import LIMITS, Tile
from convloom.spec.config import ROW_BANKS

MOST = {name: most for name, (_, most) in LIMITS.items()}


def cuts(layer, config):
    """All cuts to be weighed, the plainest first; each one's jobs fit the engine.

    Folded windows or not, groups one by one or several as one dense job; jobs that take half of the rings, so
    that the next one's weights load meanwhile, or all; columns narrow enough that the rows of the next
    windows load meanwhile, or not. What does not fit is cut: output columns, kernels, input channels, at last
    the kernel itself.
    """
    folds = (False, True) if layer.y.taps > 1 else (False,)
    ways = product(folds, _group_counts(layer, config), (2, 1), (True, False))
    found = (_cut(layer, config, *way) for way in ways)
    return list(dict.fromkeys(cut for cut in found if cut))


def _group_counts(layer, config):
    """Numbers of groups that may run as one dense job: around what fills the lanes."""
    c, k = layer.c // layer.groups, layer.k // layer.groups
    most = min(layer.groups, max(4 * config.cin_lanes // c, 4 * config.cout_lanes // k, 1))
    likely = {config.cin_lanes // c, config.cout_lanes // k, *(1 << n for n in range(most.bit_length()))}
    return sorted(count for count in likely if 1 <= count <= most)


def _cut(layer, config, folded, groups, share, ahead):
    """The widest Cut that takes a `share`th of the rings and leaves room for rows `ahead`, or None."""
    words = config.weight_words // share
    pixel = _pixel(layer, config, folded, groups, words)
    if not pixel:
        return None
    tile = pixel.folded() if folded else pixel
    tiles = min(
        words // (tile.kh * tile.runs * tile.chunks(config.cin_lanes)), _parameter_tiles(config, share)
    )
    out_w = _columns(layer, pixel, config, folded, groups, ahead)
    if not out_w or (groups > 1 and tiles < tile.k_tiles(config.cout_lanes)):
        return None
    group_k = layer.k // layer.groups
    kernels = group_k if groups > 1 else min(tiles * config.cout_lanes, group_k)
    taps = pixel.kh, pixel.kw
    return Cut(most_rows(layer.y, folded), out_w, kernels, pixel.in_c // groups, taps, groups, folded)


def _parameter_tiles(config, share):
    return max(config.parameter_words // config.passes // share, 1)


def _pixel(layer, config, folded, groups, words):
    """The Tile of one output pixel with the largest part of one tile of kernels that fits, or None.

    It takes at most `words` weight words. Groups that run together stay whole.
    """
    c, k = layer.c // layer.groups * groups, layer.k // layer.groups * groups
    k = k if groups > 1 else min(k, config.cout_lanes)

    def fitting(kh, kw, channels):
        y, x = layer.y.part((0, kh)), layer.x.part((0, kw))
        rows, columns = max(min(y.reach, y.size), 1), max(min(x.reach, x.size), 1)
        tile = Tile(rows, columns, channels, 1, 1, k, kh, kw, (1, 1), (y.dilation, x.dilation))
        placed = tile.folded() if folded else tile
        if placed.words(config) > words or placed.misfit(config):
            return None
        is_cut = (kh, channels) != (layer.y.taps, c)
        rows = min(placed.live_rows, placed.in_h)
        return tile if columns <= _width(placed, config, rows, is_cut) else None

    if groups > 1:
        return fitting(layer.y.taps, layer.x.taps, c)
    return next(
        filter(None, (_most_channels(fitting, *taps, c, config.cin_lanes) for taps in _taps(layer))), None
    )


def _taps(layer):
    """Sizes of a part of the kernel: all of it, then ever fewer rows, then ever fewer columns of one row."""
    kh, kw = layer.y.taps, layer.x.taps
    yield kh, kw
    while kh > 1:
        kh = -(-kh // 2)
        yield kh, kw
    while kw > 1:
        kw = -(-kw // 2)
        yield kh, kw


def _most_channels(fitting, kh, kw, c, lanes):
    """The Tile with the most channels that fits, where these are cut into equal parts of whole words."""
    units = -(-c // lanes)
    least, most = 1, units  # parts
    while least < most:
        middle = (least + most) // 2
        if fitting(kh, kw, min(-(-units // middle) * lanes, c)):
            most = middle
        else:
            least = middle + 1
    return fitting(kh, kw, min(-(-units // least) * lanes, c))


def _width(tile, config, rows, is_cut):
    """Columns of an input of which so many rows fit a bank; at least the tile's own where these fit.

    Rows that end within a word take one more, so that narrower ones may need more than wider ones. Where the
    channels of a row are cut, some of the parts may be such.
    """
    slot = min(config.bank_words // -(-rows // ROW_BANKS), MOST["slot"])
    words = slot - (is_cut or tile.in_c % config.cin_lanes > 0)
    own = tile.in_w if tile.slot(config.cin_lanes) <= slot and not is_cut else 0
    return min(max(words * config.cin_lanes // tile.in_c, own), MOST["in_w"])


def _columns(layer, pixel, config, folded, groups, ahead):
    """The most output columns whose rows fit: those of a window and, with `ahead`, of the next one."""
    live, step, height = (1, 1, layer.y.out) if folded else (pixel.live_rows, layer.y.stride, layer.y.size)
    rows = max(min(live + (step if ahead else 0), height), 1)
    is_cut = (pixel.kh, pixel.in_c) != (layer.y.taps, layer.c // layer.groups * groups)
    axis = layer.x.part((0, pixel.kw))
    placed = pixel.folded() if folded else pixel
    whole = replace(placed, in_w=max(layer.x.window((0, layer.x.out)).length, 1))
    is_whole = pixel.kw == layer.x.taps and whole.in_w <= _width(whole, config, rows, is_cut)
    if axis.stride * placed.in_c > MOST["column_step"]:
        return 1
    if is_whole:
        return min(layer.x.out, MOST["out_w"])
    width = _width(replace(placed, in_w=1), config, rows, is_cut)
    if axis.size > width:
        return min(max((width - axis.reach) // axis.stride + 1, 0), layer.x.out, MOST["out_w"])
    return min(layer.x.out, MOST["out_w"])


def most_rows(axis, folded=False):
    """The most output rows that a descriptor can say; the buffers ask for no fewer."""
    if folded:
        return min(MOST["in_h"], axis.out)
    if axis.stride > MOST["stride_y"]:
        return 1
    return max(min((MOST["in_h"] - axis.reach) // axis.stride + 1, MOST["out_h"], axis.out), 1)
