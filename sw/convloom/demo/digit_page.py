"""The picture of the demo's end: a seven through the network layer by layer, more digits, and how many are right."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from convloom.demo import digits
from convloom.digits import network
from convloom.report.colours import scale
from convloom.report.sheet import FAINT, INK, PAPER

WIDTH, HEIGHT, MARGIN = 1280, 660, 30  # pixels
TILE, APART = 170, 40  # a picture, or all maps of a layer; between two of them
SMALL, CARD = 120, 250  # a held-out digit, and from one to the next
GOOD, BAD, TRACK = (54, 168, 151), (224, 92, 60), (30, 36, 48)  # bars
# Of the network's tensors those that are drawn: what they are, and maps side by side.
MAPS = {
    "strokes": ("8 maps: 3x3 kernels", 3),
    "mix pooled": ("16 maps: 3x3 of each, mixed", 4),
    "parts": ("16 maps: 3x3 over all", 4),
}
OTHERS = ("double_up", "single", "float32")  # modes that are compared with double


class Page:
    """A dark page to draw on."""

    def __init__(self):
        self.image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def text(self, place, words, size=14, colour=FAINT, anchor="la"):
        """Words at a place."""
        self.draw.text(place, words, colour, font=ImageFont.load_default(size), anchor=anchor)

    def tile(self, place, pixels, size=TILE):
        """Pixels, uint8 [h, w] or [h, w, 3], as squares that stay sharp where they grow."""
        grows = pixels.shape[0] < size
        way = Image.Resampling.NEAREST if grows else Image.Resampling.LANCZOS
        self.image.paste(Image.fromarray(pixels).convert("RGB").resize((size, size), way), place)

    def arrow(self, x, y):
        """From left to right, ending at x."""
        self.draw.line((x - 16, y, x - 4, y), FAINT, 2)
        self.draw.polygon(((x, y), (x - 7, y - 5), (x - 7, y + 5)), FAINT)

    def bars(self, place, reading, width, height):
        """The chances of the ten digits, in a box of that width and height."""
        (left, top), step = place, height // len(reading.chances)
        for digit, chance in enumerate(reading.chances):
            y = top + digit * step
            best = digit == reading.digit
            colour = (GOOD if digit == reading.label else BAD) if best else FAINT
            self.text((left, y + step // 2), str(digit), 2 + 2 * step // 3, INK if best else FAINT, "lm")
            box = (left + 16, y + step // 6, left + width, y + step - step // 6 - 1)
            self.draw.rectangle(box, TRACK)
            if chance >= 0.005:
                self.draw.rectangle((*box[:2], box[0] + round(chance * (width - 16)), box[3]), colour)


def grid(maps, columns):
    """The maps [1, h, w, c] of a layer as one picture [n, n, 3]: rows of so many, each apart from the next."""
    _, height, width, channels = maps.shape
    rows, gap = -(-channels // columns), 1
    canvas = np.zeros((max(rows, columns) * (height + gap) - gap,) * 2 + (3,), np.uint8) + np.uint8(PAPER)
    fired = maps[0].astype(np.float32) + 128
    colours = scale(fired / max(fired.max(), 1), "fire")
    for channel in range(channels):
        top, left = (place * (height + gap) for place in divmod(channel, columns))
        canvas[top : top + height, left : left + width] = colours[:, :, channel]
    return canvas


def way(page, reading, top):
    """A picture from left to right through the network."""
    x8 = (reading.x.astype(int) + 128).astype(np.uint8)
    tiles = [("the picture", reading.picture), ("what the network takes: 8x8", x8)]
    tiles += [(words, grid(reading.maps[name], columns)) for name, (words, columns) in MAPS.items()]
    left = MARGIN
    for words, pixels in tiles:
        page.tile((left, top), pixels, TILE)
        page.text((left, top + TILE + 8), words, 13)
        page.arrow(left + TILE + APART - 8, top + TILE // 2)
        left += TILE + APART
    page.bars((left, top), reading, TILE, TILE)
    page.text((left, top + TILE + 6), digits.said(reading), 20, INK)


def card(page, reading, left, top):
    """A held-out digit and what the network takes it for."""
    page.tile((left, top), reading.picture, SMALL)
    page.bars((left + SMALL + 14, top), reading, CARD - SMALL - 44, SMALL)
    right = reading.digit == reading.label
    words = "" if right else f" (it is a {network.METADATA.labels[reading.label]})"
    page.text((left, top + SMALL + 10), digits.said(reading) + words, 15, INK if right else BAD)


def accuracies(page, expected, top):
    """The share of right answers in float and in each mode."""
    left, step = MARGIN, (WIDTH - 2 * MARGIN) // 5
    for name, share in expected.right().items():
        page.text((left, top), f"{share:.1%}", 30, INK)
        unlike = f"{expected.unlike(name)} bytes are not double's" if name in OTHERS else ""
        page.text((left, top + 42), name, 15)
        page.text((left, top + 62), unlike, 13)
        left += step


def draw(readings, expected, path):
    """Writes the page."""
    page = Page()
    seven, *others = readings
    page.text((MARGIN, 22), "From picture to probability", 22, INK)
    command = "convloom run digits --image build/demo/seven.png"
    page.text((WIDTH - MARGIN, 28), command, 14, anchor="ra")
    way(page, seven, 70)
    page.text(
        (MARGIN, 310),
        "Held-out digits that no training has seen; the last is the one it is least sure of",
        15,
    )
    for number, reading in enumerate(others):
        card(page, reading, MARGIN + number * CARD, 345)
    count = len(expected.labels)
    page.text(
        (MARGIN, 522), f"How many of all {count} it reads right: in float, and in int8 by rounding mode", 15
    )
    accuracies(page, expected, 552)
    page.image.save(path)
