"""Banks of named kernels: four small ones for a look, and a hundred to build on."""

from dataclasses import dataclass

import numpy as np

from convloom.demo.kernels import (
    COLOURS,
    blur,
    corner,
    edge,
    gabor,
    laws,
    line,
    line_end,
    paint,
    quantise,
    scharr,
    spot,
)


@dataclass(frozen=True)
class Bank:
    """Names of the kernels and their int8 weights `[kn, kh, kw, c]`."""

    names: tuple
    weights: np.ndarray

    @classmethod
    def of(cls, kernels):
        """From a dictionary of names and float kernels `[kh, kw, c]`."""
        return cls(tuple(kernels), quantise(list(kernels.values())))


def colours():
    """Eight colours, 3x3; nothing on the cat is blue."""
    names = ("light", "dark", "red", "orange", "yellow", "green", "blue", "magenta")
    return Bank.of({name: paint(blur(3, 0.8), name) for name in names})


def edges():
    """Eight directions of Scharr's edge, 3x3."""
    return Bank.of({f"edge {angle}": paint(scharr(angle), "light") for angle in range(0, 360, 45)})


def textures():
    """Four of Laws' masks and four Gabor filters, 5x5."""
    masks = (("edge", "edge"), ("spot", "spot"), ("level", "ripple"), ("ripple", "level"))
    kernels = {f"Laws' {down}-{across}": paint(laws(down, across), "light") for down, across in masks}
    stripes = {f"stripes {angle}": paint(gabor(angle, 3.2), "light") for angle in (0, 45, 90, 135)}
    return Bank.of(kernels | stripes)


def shapes():
    """Four corners, two line ends, a bright and a dark spot, 5x5."""
    kernels = {f"corner {angle}": paint(corner(angle), "light") for angle in (45, 135, 225, 315)}
    ends = {f"line end {angle}": paint(line_end(angle), "light") for angle in (0, 180)}
    spots = {f"{name} spot": paint(spot(1.0), name) for name in ("light", "dark")}
    return Bank.of(kernels | ends | spots)


def hundred():
    """A hundred 5x5 kernels in ten tens; the second layer finds its inputs in them by name."""
    turns, halves = range(0, 360, 36), range(0, 180, 18)
    kernels = {name: paint(blur(5, 1.2), name) for name in COLOURS}
    kernels |= {f"edge {angle}": paint(edge(angle), "light") for angle in turns}
    kernels |= {f"fine edge {angle}": paint(edge(angle, sigma=0.7), "light") for angle in turns}
    kernels |= {f"red edge {angle}": paint(edge(angle), "red") for angle in turns}
    kernels |= {f"blue edge {angle}": paint(edge(angle), "blue") for angle in turns}
    kernels |= {f"light line {angle}": paint(line(angle), "light") for angle in halves}
    kernels |= {f"dark line {angle}": paint(line(angle), "dark") for angle in halves}
    kernels |= {f"corner {angle}": paint(corner(angle), "light") for angle in turns}
    kernels |= {f"line end {angle}": paint(line_end(angle), "light") for angle in turns}
    spots = ("light", "dark", "red", "green", "yellow", "blue", "orange", "azure")
    kernels |= {f"{name} spot": paint(spot(0.8), name) for name in spots}
    kernels |= {f"stripes {angle}": paint(gabor(angle, 3.2), "light") for angle in (0, 90)}
    return Bank.of(kernels)
