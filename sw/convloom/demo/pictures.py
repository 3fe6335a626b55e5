"""The demo's pictures: a sheet for each layer, the eyes on the photograph, and all at a glance."""

import re

import numpy as np
from PIL import Image, ImageDraw

from convloom.demo import eyes as eyes_at
from convloom.report.colours import scale, tint, wheel
from convloom.report.sheet import Sheet

WIDE, SMALL = 1280, 1080  # pixels
COLOURS = dict(colours="own", edges="balance", textures="sea", shapes="fire", arrangements="fire")
TINTS = {
    **{"light": "cfd8e3", "dark": "7b6fb8", "red": "d9383a", "orange": "f08a24", "yellow": "e5c72e"},
    **{"green": "56b947", "blue": "3d7edb", "magenta": "c74fb5"},
}
SCALES = ("fire", "sea")
LEGENDS = {
    "colours": "bright where that colour is",
    "edges": "warm where it grows brighter towards that angle (0°: right), blue where darker",
    "textures": "bright where that texture is",
    "shapes": "bright where that shape is",
    "hundred": "bright where a neuron fires",
    "arrangements": "over the hundred maps: bright where such an arrangement of them is",
}
MARK = (255, 214, 64)
EYE_RADIUS = 34  # pixels of the photograph


def maps(result, colours):
    """Each channel as a picture, by the colour scale of that name."""
    return [scale(result.channel(name), colours) for name in result.layer.bank.names]


def title(result):
    """What stands above a sheet: the layer, in words."""
    layer, (kernels, *sizes) = result.layer, result.layer.bank.weights.shape
    steps = [
        f"{name} {step}"
        for name, step in (("stride", layer.stride), ("dilation", layer.dilation))
        if step > 1
    ]
    return ", ".join([f"{layer.kind}: {kernels} kernels {'x'.join(map(str, sizes))}", *steps])


def note(result):
    """What stands at the right above a sheet: what one sees, and the figures."""
    silent = "" if result.silent is None else f", {result.silent:.0%} of them silent: black"
    return f"{LEGENDS[result.layer.kind]}; {result.outputs:,} outputs{silent}"


def captions(names):
    """Names of channels, angles marked as such."""
    return [re.sub(r"\d+$", r"\g<0>°", name) for name in names]


def orientation(result):
    """The edges' directions as hue and their strength as brightness, from opposite pairs of channels."""
    signed = {name: 2 * result.channel(name) - 1 for name in ("edge 0", "edge 90", "edge 180", "edge 270")}
    right, up = signed["edge 0"] - signed["edge 180"], signed["edge 90"] - signed["edge 270"]
    return wheel(np.arctan2(up, right), 0.9 * np.hypot(right, up) ** 0.7)


def marked(photo, eyes):
    """The photograph with a ring around each eye."""
    zoom = 3
    image = Image.fromarray(photo).resize(
        (photo.shape[1] * zoom, photo.shape[0] * zoom), Image.Resampling.LANCZOS
    )
    draw = ImageDraw.Draw(image)
    for row, column in eyes:
        centre = np.array((column, row)) * zoom
        draw.circle(centre, EYE_RADIUS * zoom, outline=MARK, width=6)
        draw.circle(centre, 9, fill=MARK)
    return np.asarray(image)


def whole(picture, photo, offset, step):
    """A feature map on black of the photograph's size: outputs without padding start inside it."""
    canvas = np.zeros(photo.shape, np.uint8)
    large = picture.repeat(step, 0).repeat(step, 1)[: photo.shape[0] - offset, : photo.shape[1] - offset]
    canvas[offset : offset + large.shape[0], offset : offset + large.shape[1]] = large
    return canvas


def look(result, path, colours, columns=4):
    """A sheet of one layer with few channels."""
    names = result.layer.bank.names
    pictures = (
        [tint(result.channel(n), TINTS[n]) for n in names] if colours == "own" else maps(result, colours)
    )
    sheet = Sheet(WIDE, title(result), note(result))
    sheet.rows(pictures, captions(names), columns)
    sheet.save(path)


def contact_sheet(result, path):
    """A hundred feature maps, ten by ten; each ten of a kind in its own colours."""
    sheet = Sheet(2 * WIDE, title(result), note(result))
    sheet.rows(hundred_maps(result), captions(result.layer.bank.names), 10)
    sheet.save(path)


def hundred_maps(result):
    """The channels as pictures: tens by turns in two colour scales."""
    return [
        scale(result.channel(name) ** 0.8, SCALES[n // 10 % 2])
        for n, name in enumerate(result.layer.bank.names)
    ]


def overview(photo, results, eyes, path):
    """All at a glance, small enough for a README."""
    colours, edges, textures, shapes, hundred, found = results
    eye = whole(scale(found.channel("eye"), "fire"), photo, eyes_at.OFFSET, eyes_at.STEP)
    sheet = Sheet(SMALL)
    sheet.row(
        [photo, orientation(edges), np.maximum(marked(photo, eyes)[::3, ::3], eye)],
        ["photograph", "edges: the hue is the direction", "second layer: eyes"],
    )
    picks = {name: tint(colours.channel(name), TINTS[name]) for name in ("orange", "green")}
    picks |= {name: scale(textures.channel(name), "sea") for name in ("stripes 90", "Laws' spot-spot")}
    picks |= {name: scale(shapes.channel(name), "fire") for name in ("corner 45", "light spot")}
    sheet.row(list(picks.values()), captions(picks))
    sheet.heading(
        "a hundred kernels 5x5x3 in one layer: colours, edges, lines, corners, line ends, spots, stripes"
    )
    sheet.rows(hundred_maps(hundred), None, 20)
    sheet.save(path, colours=256)


def draw(photo, results, eyes, folder):
    """Writes all pictures into the folder and returns their paths."""
    names = [result.layer.kind for result in results]
    paths = [folder / f"{name}.png" for name in ("overview", "eyes", *names)]
    overview(photo, results, eyes, paths[0])
    Image.fromarray(marked(photo, eyes)).save(paths[1])
    for result, name, path in zip(results, names, paths[2:], strict=True):
        if name in COLOURS:
            look(result, path, COLOURS[name])
        else:
            contact_sheet(result, path)
    return paths
