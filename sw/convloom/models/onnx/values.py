"""What ONNX's names stand for while a network is read. Constants are plain arrays."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from convloom.models.graph import Tensor

ANY = (-np.inf, np.inf)


class Scale(NamedTuple):
    """How bytes stand for real numbers.

    Members
    -------
    scales : float32 [1], or one for each index of dimension `axis`; None where an operator implies it
    zero_point : one, or int64 with one for each scale
    """

    scales: np.ndarray
    zero_point: int | np.ndarray
    dtype: str
    axis: int | None = 0

    def matches(self, other):
        """Whether both give every byte the same meaning."""
        same = np.array_equal(self.scales, other.scales) and np.array_equal(self.zero_point, other.zero_point)
        return same and self.dtype == other.dtype


@dataclass(frozen=True, eq=False)
class Stream:
    """Values that flow through the network.

    Members
    -------
    shape : ONNX's
    forms : Tensors by layout: False in ONNX's order, True with the channels last; one of them, or both
    scale : of bytes; None for float32
    """

    name: str
    shape: tuple[int, ...]
    forms: dict[bool, Tensor]
    scale: Scale | None = None


@dataclass(frozen=True, eq=False)
class Real:
    """Real numbers that bytes stand for: those of a Stream, or of a constant array."""

    bytes: Stream | np.ndarray
    scale: Scale

    @property
    def shape(self):
        """Of the values."""
        return self.bytes.shape

    @property
    def is_constant(self):
        """Whether they are in the file."""
        return isinstance(self.bytes, np.ndarray)


@dataclass(frozen=True, eq=False)
class Pending:
    """Real numbers that an operator will give as bytes, once a QuantizeLinear tells their scale.

    Members
    -------
    make : make(Scale, (least, greatest real number)) -> a Stream
    fold : fold(factor, addend) -> the Pending of a layer whose channels are multiplied and added to; None where it
        is no layer
    real : real() -> a float32 Stream, where they may stay real numbers; else None
    limits : what activations leave of them
    """

    make: Callable
    fold: Callable | None = None
    real: Callable | None = None
    limits: tuple[float, float] = ANY

    def finish(self, scale, limits=ANY):
        """The Stream with that scale, clipped to the limits."""
        return self.make(scale, within(self.limits, limits))

    def clipped(self, limits):
        """The same behind an activation."""
        return replace(self, fold=None, real=None, limits=within(self.limits, limits))


def within(inner, outer):
    """The limits that a value has which is clipped to `inner`, then to `outer`."""
    return tuple(min(max(limit, outer[0]), outer[1]) for limit in inner)
