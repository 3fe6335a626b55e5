"""The layers of the networks that the figures are about: shapes alone, from networks.csv."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from convloom.plan import Axis, Layer


@dataclass(frozen=True)
class Shape:
    """A layer: input h x w x c, k kernels of kh x kw, pads (top, bottom, left, right)."""

    name: str
    h: int
    w: int
    c: int
    k: int
    kh: int
    kw: int
    stride: int
    pads: tuple
    groups: int

    @property
    def out(self):
        """Rows and columns of the output."""
        top, bottom, left, right = self.pads
        return (
            (self.h + top + bottom - self.kh) // self.stride + 1,
            (self.w + left + right - self.kw) // self.stride + 1,
        )

    @property
    def macs(self):
        """Multiplications of an activation and a weight, those with padding included, as everybody counts them."""
        rows, columns = self.out
        return rows * columns * self.k * self.kh * self.kw * self.c // self.groups

    @property
    def weight_bytes(self):
        """Of all kernels, int8."""
        return self.k * self.kh * self.kw * self.c // self.groups

    @property
    def in_bytes(self):
        """Of the input, int8."""
        return self.h * self.w * self.c

    @property
    def out_bytes(self):
        """Of the output, int8."""
        rows, columns = self.out
        return rows * columns * self.k

    @property
    def kind(self):
        """What it is: "depthwise", "fully connected", "pointwise" or "convolution"."""
        if self.groups > 1:
            return "depthwise"
        if self.h == self.w == self.kh == self.kw == 1:
            return "fully connected"
        return "pointwise" if self.kh == self.kw == 1 else "convolution"

    @property
    def layer(self):
        """The same as the planner wants it."""
        rows, columns = self.out
        y = Axis(self.h, self.kh, rows, self.stride, pad=self.pads[0])
        x = Axis(self.w, self.kw, columns, self.stride, pad=self.pads[2])
        return Layer(y, x, self.c, self.k, groups=self.groups)


@cache
def networks():
    """All networks by name, each a tuple of Shape."""
    found = {}
    with files("convloom.bench").joinpath("networks.csv").open() as table:
        for row in csv.DictReader(table):
            numbers = {name: int(row[name]) for name in ("h", "w", "c", "k", "kh", "kw", "stride", "groups")}
            pads = tuple(int(row[side]) for side in ("top", "bottom", "left", "right"))
            found.setdefault(row["network"], []).append(Shape(row["layer"], pads=pads, **numbers))
    return {name: tuple(shapes) for name, shapes in found.items()}
