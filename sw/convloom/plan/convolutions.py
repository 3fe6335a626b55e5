"""The convolutions that networks use, as layers: their padding, and transposed ones as phases."""

from dataclasses import dataclass, field
from math import gcd

from convloom.plan.layer import Axis


def pads_of(padding, size, reach, stride):
    """(before, behind) of one axis. "same" is TFLite's: an output for each stride, the odd pad behind."""
    if padding == "valid":
        return 0, 0
    if padding == "same":
        total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        return total // 2, total - total // 2
    return padding


def convolution(size, taps, stride, dilation, padding):
    """The Axis of a convolution; padding is "same", "valid" or (before, behind), negative for a crop.

    Raises ValueError where the kernel does not fit the padded input.
    """
    reach = (taps - 1) * dilation + 1
    before, behind = pads_of(padding, size, reach, stride)
    padded = size + before + behind
    if padded < reach:
        raise ValueError(f"the kernel's reach must be at most the padded input's {padded}, not {reach}")
    return Axis(size, taps, (padded - reach) // stride + 1, stride, dilation, before)


@dataclass(frozen=True)
class Phase:
    """Outputs of an axis that are a convolution of their own.

    Members
    -------
    outputs, taps : slices of the output, and of the kernel in the order in which it is used
    axis : None where no tap meets these outputs
    inputs : slice of the input
    """

    outputs: slice
    taps: slice
    axis: Axis | None
    inputs: slice = field(default_factory=lambda: slice(None))

    @classmethod
    def whole(cls, axis):
        """All of an axis."""
        return cls(slice(None), slice(None), axis)


def interleaved(axis):
    """A dilated axis as Phases without dilation: every `dilation`th input is a picture of its own."""
    shared = gcd(axis.stride, axis.dilation)
    step, phases = axis.dilation // shared, []
    for first in range(min(step, axis.out)):
        before, start = divmod(first * axis.stride - axis.pad, axis.dilation)
        size, out = len(range(start, axis.size, axis.dilation)), len(range(first, axis.out, step))
        sub = Axis(size, axis.taps, out, axis.stride // shared, 1, -before)
        phases.append(Phase(slice(first, None, step), slice(None), sub, slice(start, None, axis.dilation)))
    return phases


def transposed(size, taps, stride, dilation, padding, output_padding):
    """The length of a transposed convolution's output, and its Phases.

    It is out[y * stride + i * dilation - pad] += x[y] * w[i].
    Outputs whose numbers leave the same remainder by the stride meet every stride / gcd(stride, dilation)th
    tap; seen from there, it is a convolution of stride 1. Raises ValueError for an empty output.
    """
    reach = (taps - 1) * dilation + 1
    if padding == "same":
        out, pad = size * stride, max(reach - stride, 0) // 2
    else:
        before, behind = (0, 0) if padding == "valid" else padding
        out, pad = (size - 1) * stride + reach - before - behind, before
    out += output_padding
    if out < 1:
        raise ValueError(f"pads must leave an output, not {out} of it")
    return out, [_phase(size, taps, stride, dilation, pad, out, first) for first in range(min(stride, out))]


def _phase(size, taps, stride, dilation, pad, out, first):
    outputs = slice(first, None, stride)
    step = stride // gcd(stride, dilation)
    lowest = next((i for i in range(min(step, taps)) if (first + pad - i * dilation) % stride == 0), None)
    if lowest is None:
        return Phase(outputs, slice(0), None)
    count = (taps - 1 - lowest) // step + 1
    highest = lowest + (count - 1) * step
    stop = lowest - 1 if lowest else None
    # Output first + stride * q meets input q + (first + pad - i * dilation) / stride by tap i.
    before = -((first + pad - highest * dilation) // stride)
    axis = Axis(size, count, len(range(first, out, stride)), 1, dilation * step // stride, before)
    return Phase(outputs, slice(highest, stop, -step), axis)
