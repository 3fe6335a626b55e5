"""A layer's arrays, checked and as the engine takes them: int8 with weights whose zero point is 0."""

import numpy as np

from convloom import checks, golden
from convloom.device.run import Finish
from convloom.golden.conv import check_groups
from convloom.plan.layer import Layer
from convloom.requant import RANGES, Requant

UNSIGNED = 128  # uint8 is int8 with all numbers, zero points too, minus this


class Operands:
    """What a layer is computed from. Nothing is cast that has another type; arrays are made contiguous.

    Where weights have a zero point z, sum((w - z) * x) is sum(w * x) - z * sum(x): each group gets a helper,
    one more kernel of ones, whose sums the host takes z times away.

    Parameters
    ----------
    As the layers of Device have them. Raises ValueError with what was expected and what came.
    """

    def __init__(self, x, w, bias, groups, input_zero_point, weight_zero_point, requant):
        checks.array("x", x, tuple(RANGES), ("n", "h", "w", "c"))
        checks.array("w", w, tuple(RANGES), ("kn", "kh", "kw", "c/groups"))
        check_groups(x.shape[-1], w.shape[0], w.shape[-1], groups)
        if requant is not None and not isinstance(requant, Requant):
            raise ValueError(f"requant must be a Requant or None, not {type(requant).__name__}")
        self.requant, self.groups, self.taps = requant, groups, w.shape[1:3]
        self._kernels = len(w)
        zero_point = checks.whole("input_zero_point", input_zero_point, *RANGES[x.dtype.name])
        self.x, self.zero_point = _signed(x), zero_point - _offset(x)
        self._weight_zero_point = _zero_points(w, weight_zero_point)
        bias = (
            np.zeros(len(w), np.int32) if bias is None else checks.array("bias", bias, ("int32",), (len(w),))
        )
        self.has_helper = bool(self._weight_zero_point.any())
        self.w = self._with_helper(_signed(w), 1)
        self.bias = self._with_helper(bias, 0)
        if requant is not None:
            requant.channels(len(w))

    def _with_helper(self, kernels, value):
        """`kernels` [kn, ...] with one of `value`s behind each group's, where weights have a zero point."""
        if not self.has_helper:
            return np.ascontiguousarray(kernels)
        grouped = kernels.reshape(self.groups, -1, *kernels.shape[1:])
        ones = np.full_like(grouped[:, :1], value)
        return np.concatenate([grouped, ones], axis=1).reshape(-1, *kernels.shape[1:])

    def layer(self, y, x, config):
        """The Layer along these axes; its jobs give raw accumulators also where the host has to requantise."""
        n, c, raw = self.x.shape[0], self.x.shape[-1], self.finish(config) is None
        return Layer(y, x, c, len(self.w), n, self.groups, raw, self.has_helper)

    def finish(self, config):
        """The Finish for the device, or None where the host has to requantise."""
        if self.requant is None or self.has_helper:
            return None
        return Finish.of(self.requant, self._kernels, config)

    @property
    def is_depthwise(self):
        """Whether each of several groups has a single channel."""
        return 1 < self.groups == self.x.shape[-1]

    @property
    def out_type(self):
        """The dtype of the output, by name."""
        return "int32" if self.requant is None else self.requant.dtype

    @property
    def out_channels(self):
        """Channels of the output: the helpers are none."""
        return self._kernels

    def complete(self, out):
        """The output of what a device gave: bytes, or int32 accumulators [n, y, x, k], finished here."""
        if out.dtype == np.int8:
            return out if self.requant.dtype == "int8" else _flip(out).view(np.uint8)
        if self.has_helper:
            out = self._without_helper(out)
        return out if self.requant is None else golden.requantise(out, self.requant)

    def _without_helper(self, sums):
        grouped = sums.reshape(*sums.shape[:3], self.groups, -1)
        zero_points = self._weight_zero_point.reshape(self.groups, -1)
        exact = grouped[..., :-1] - grouped[..., -1:].astype(np.int64) * zero_points
        return exact.astype(np.int32).reshape(*sums.shape[:3], self._kernels)


def _offset(array):
    return UNSIGNED if array.dtype == np.uint8 else 0


def _flip(array):
    """The array with the highest bit of each byte inverted: minus or plus 128."""
    return array ^ array.dtype.type(-UNSIGNED if array.dtype == np.int8 else UNSIGNED)


def _signed(array):
    return np.ascontiguousarray(array if array.dtype == np.int8 else _flip(array).view(np.int8))


def _zero_points(w, value):
    """The zero points of the int8 weights, int64 [kn]."""
    least, most = RANGES[w.dtype.name]
    if np.ndim(value) == 0:
        value = checks.whole(
            "weight_zero_point", value[()] if isinstance(value, np.ndarray) else value, least, most
        )
        return np.full(len(w), value - _offset(w), np.int64)
    values = checks.array(
        "weight_zero_point", np.asarray(value), ("int8", "uint8", "int32", "int64"), (len(w),)
    )
    if values.min() < least or values.max() > most:
        raise ValueError(f"weight_zero_point must be from {least} to {most}, not {values.tolist()}")
    return values.astype(np.int64) - _offset(w)
