"""A layer as the planner sees it: a convolution along two axes, without its data."""

from dataclasses import dataclass, replace
from typing import NamedTuple


class Span(NamedTuple):
    """Positions of the input that windows touch; where `length` is 0 all they touch is padding."""

    start: int
    length: int
    pad: int  # positions of padding in front


@dataclass(frozen=True)
class Axis:
    """One dimension of a convolution: output o meets input o * stride + tap * dilation - pad.

    Parameters
    ----------
    size, out : length of the input and of the output
    taps : of the kernel
    stride, dilation : 1 or more
    pad : in front of the input; negative where the input is cropped. What lies behind follows from `out`.
    """

    size: int
    taps: int
    out: int
    stride: int = 1
    dilation: int = 1
    pad: int = 0

    @property
    def reach(self):
        """Positions from a window's first tap to its last."""
        return (self.taps - 1) * self.dilation + 1

    def part(self, taps):
        """The axis as the taps of a range (start, stop) see it."""
        pad = self.pad - taps[0] * self.dilation
        return Axis(self.size, taps[1] - taps[0], self.out, self.stride, self.dilation, pad)

    def window(self, out):
        """The Span of the input that the outputs of a range (start, stop) need."""
        first = out[0] * self.stride - self.pad
        start = max(first, 0)
        length = min((out[1] - 1) * self.stride - self.pad + self.reach, self.size) - start
        return Span(start, length, start - first) if length > 0 else Span(0, 0, 0)


@dataclass(frozen=True)
class Layer:
    """A convolution: x [n, y.size, x.size, c] with k kernels [y.taps, x.taps, c/groups].

    Parameters
    ----------
    y, x : the axes
    c, k : channels and kernels of all groups together
    n : pictures
    groups : group g has channels g*c/groups and on, kernels g*k/groups and on
    raw : whether the int32 accumulators are wanted
    helper : whether the last kernel of each group is one of ones, whose MACs do not count
    """

    y: Axis
    x: Axis
    c: int
    k: int
    n: int = 1
    groups: int = 1
    raw: bool = False
    helper: bool = False

    @property
    def macs(self):
        """Multiplications of an activation and a weight, those with padding included."""
        kernels = self.k - self.groups * self.helper
        taps = self.y.taps * self.x.taps * self.c // self.groups
        return self.n * self.y.out * self.x.out * kernels * taps

    def stacked(self):
        """The same with all pictures on top of each other, where no window reaches from one to the next."""
        if self.n == 1 or any(axis != Axis(axis.size, 1, axis.size) for axis in (self.y, self.x)):
            return self
        height = self.n * self.y.size
        return replace(self, n=1, y=Axis(height, 1, height))


def pieces(total, most, unit=1):
    """[0, total) in as few (start, stop) as can be, each at most `most` long and all about as long.

    Boundaries are multiples of `unit`; `most` is at least one unit, or all of `total`.
    """
    units = -(-total // unit)
    count = -(-units // max(most // unit, 1)) if most < total else 1
    bounds = [min(n * units // count * unit, total) for n in range(count + 1)]
    return list(zip(bounds[:-1], bounds[1:], strict=True))
