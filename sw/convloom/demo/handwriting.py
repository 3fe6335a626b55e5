"""A seven as a pen would write it: ink on paper, as large as a photograph of a note."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = 320  # pixels
PAPER, INK = (244, 240, 228), (34, 43, 92)
GRAIN, SEED = 3.0, 7  # of the paper, in steps of brightness
FINE = 3  # drawn so many times larger, then scaled down: smooth edges
# Each stroke: points (x, y) from 0 to 1 that the pen passes, and how broad it is there, of the picture's side.
STROKES = (
    ((0.25, 0.17, 0.085), (0.42, 0.14, 0.095), (0.60, 0.15, 0.10), (0.76, 0.12, 0.11)),
    ((0.76, 0.12, 0.11), (0.66, 0.32, 0.10), (0.55, 0.55, 0.115), (0.47, 0.74, 0.11), (0.42, 0.92, 0.09)),
)
STEPS = 40  # between two points


def curve(points):
    """[n, 3]: a Catmull-Rom spline through the points."""
    points = np.array(points)
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, STEPS)[:, None]
    parts = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        parts.append(b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.concatenate(parts)


def seven():
    """The picture, RGB."""
    ink = Image.new("L", (SIZE * FINE, SIZE * FINE))
    draw = ImageDraw.Draw(ink)
    for stroke in STROKES:
        for x, y, breadth in curve(stroke) * SIZE * FINE:
            draw.circle((x, y), breadth / 2, fill=255)
    ink = ink.resize((SIZE, SIZE), Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(0.6))
    grain = np.random.default_rng(SEED).normal(0, GRAIN, (SIZE, SIZE, 1))
    paper = np.clip(np.array(PAPER) + grain, 0, 255).astype(np.uint8)
    return Image.composite(Image.new("RGB", ink.size, INK), Image.fromarray(paper), ink)
