"""Pictures of what a network sees: each layer's feature maps, and what its channels respond to."""

from dataclasses import dataclass

import numpy as np

from convloom.models.explain import project
from convloom.models.explain_rules import MOVING
from convloom.report.colours import scale
from convloom.report.pictures import last_channels
from convloom.report.profile_rows import name, size
from convloom.report.sheet import Sheet

WIDE = 1280  # pixels
MAPS, COLUMNS = 32, 8  # most feature maps on a sheet
CRISP = 420  # pixels: what is smaller is enlarged without blur
COLOURS = 128  # of a sheet of feature maps, of which there are many
LEAST = 12  # pixels of the input that a patch shows at least
FAINT = 0.05  # of the strongest: what is weaker does not widen a patch


@dataclass(frozen=True)
class Response:
    """What a channel responds to.

    Members
    -------
    channel : its number
    peak : its strongest activation
    projection : float64 [h, w, c], what that came from
    """

    channel: int
    peak: float
    projection: np.ndarray

    @property
    def strength(self):
        """[h, w], 0 to 1, gently brightened."""
        strength = np.abs(self.projection).max(-1)
        return np.clip(strength / max(_high(strength), 1e-30), 0, 1) ** 0.6

    @property
    def picture(self):
        """uint8 [h, w, 3]: grey where nothing came from, lighter and darker by the sign."""
        level = self.projection / max(_high(np.abs(self.projection)), 1e-30)
        pixels = np.broadcast_to(np.clip(0.5 + 0.5 * level, 0, 1), (*level.shape[:2], 3))
        return np.rint(255 * pixels).astype(np.uint8)

    @property
    def patch(self):
        """Slices (y, x) of the square that holds all but what is faint."""
        strength = np.abs(self.projection).max(-1)
        seen = np.argwhere(strength >= max(FAINT * strength.max(), 1e-30))
        if not len(seen):
            return slice(None), slice(None)
        centre, reach = (seen.min(0) + seen.max(0) + 1) / 2, np.ptp(seen, 0).max() + 3
        side = min(max(reach, LEAST), *strength.shape)
        corner = np.clip(np.rint(centre - side / 2), 0, np.array(strength.shape) - side).astype(int)
        return tuple(slice(first, first + int(side)) for first in corner)


def _high(values):
    """A value that few exceed, of those that are not zero."""
    values = values[values > 0]
    return np.percentile(values, 99) if len(values) else 0.0


def respond(traced, node, channel, device, layout, **options):
    """The Response of a node's channel; arguments and errors are those of `project`, the layout the input's."""
    projection = project(traced, node, channel, device, **options)
    peak = traced.real(node.outputs[0])[..., channel].max()
    return Response(channel, float(peak), last_channels(projection, layout)[0])


def has_maps(node):
    """Whether a node computes feature maps: [1, h, w, c] of more than one pixel."""
    shape = node.outputs[0].shape
    return len(shape) == 4 and shape[1] * shape[2] > 1 and node.operator not in MOVING


def feature_maps(traced, node, path):
    """A sheet of a node's feature maps, those with the largest activations first.

    Rectified ones are black at 0; others are dark at 0 and lighter both ways.
    """
    values = traced.real(node.outputs[0])[0]
    channels = traced.strongest(node, MAPS)
    head = f"{title(node)}: {len(channels)} of {values.shape[-1]} channels"
    sheet = Sheet(WIDE, head, f"{np.mean(values <= 0):.0%} silent" if values.min() >= 0 else "")
    sheet.rows([_map(values[..., c]) for c in channels], [f"{c}" for c in channels], COLUMNS)
    sheet.save(path, COLOURS)


def _map(values):
    level = values / max(np.abs(values).max(), 1e-30)
    return crisp(scale(0.5 + 0.5 * level, "balance") if values.min() < 0 else scale(level, "fire"))


def crisp(picture):
    """The picture with its pixels repeated until it is large enough for a sheet, so that small ones stay square."""
    times = max(CRISP // max(picture.shape[:2]), 1)
    return picture.repeat(times, 0).repeat(times, 1)


def title(node):
    """An operator as a heading."""
    return f"{node.number} {name(node)} {size(node.outputs[0].shape)}"


def channel_sheet(photo, node, responses, path):
    """The input beside the first Response's projection and both in one; then all, each patch above the input's."""
    first = responses[0]
    sheet = Sheet(WIDE, f"{title(node)}, channel {first.channel}", f"strongest activation {first.peak:.2f}")
    glow = np.maximum((photo * 0.45).astype(np.uint8), scale(first.strength, "fire"))
    sheet.row(
        [crisp(each) for each in (photo, first.picture, glow)],
        ["input", "projected back", "where in the input"],
    )
    _patches(sheet, photo, responses)
    sheet.save(path)


def overview(photo, responses, path):
    """A row of pairs, projection above input, for each of some layers; `responses`: node -> its Responses."""
    sheet = Sheet(WIDE, "what channels respond to", "projected back to the input, above the input itself")
    for node, found in responses.items():
        sheet.heading(title(node))
        _patches(sheet, photo, found)
    sheet.save(path)


def _patches(sheet, photo, responses):
    pairs = [crisp(np.vstack([each.picture[each.patch], photo[each.patch]])) for each in responses]
    sheet.row(pairs, [f"channel {each.channel}: {each.peak:.2f}" for each in responses])
