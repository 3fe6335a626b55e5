"""Seeded int8 layers as model files describe them: with scales, zero points and an activation."""

from dataclasses import dataclass, replace

import numpy as np
from convloom import golden
from convloom.requant import Requant

KINDS = ("dense", "pointwise", "strided", "dilated", "grouped", "depthwise", "fully_connected")
ACTIVATIONS = ("none", "none", "relu", "relu6")
OUTPUT_SPREAD = 100  # of 256: where the nine-tenths quantile of |output - zero point| comes to lie


@dataclass(frozen=True)
class Layer:
    """A convolution. Arrays as in `golden.accumulate`; scales are float32, weight_scales one per kernel.

    padding is "same", "valid" or "explicit"; pads holds what it comes to.
    """

    kind: str
    x: np.ndarray
    w: np.ndarray
    bias: np.ndarray
    stride: tuple
    dilation: tuple
    groups: int
    padding: str
    pads: tuple
    input_zero_point: int
    output_zero_point: int = 0
    activation: str = "none"
    input_scale: np.float32 = np.float32(1)
    weight_scales: np.ndarray = None
    output_scale: np.float32 = np.float32(1)
    output_padding: tuple = (0, 0)  # of a transposed convolution

    @property
    def kernels(self):
        """How many kernels, and so output channels."""
        return len(self.w)

    def accumulators(self):
        """int32 [n, ho, wo, kn] from the golden model."""
        geometry = {
            "stride": self.stride,
            "pads": self.pads,
            "dilation": self.dilation,
            "groups": self.groups,
        }
        convolve = golden.accumulate
        if self.kind == "transposed":
            convolve, geometry = golden.conv_transpose2d, {**geometry, "output_padding": self.output_padding}
        return convolve(self.x, self.w, self.bias, input_zero_point=self.input_zero_point, **geometry)

    def requant(self, rounding):
        """The Requant of that mode, its clamp from the activation."""
        least, most = np.iinfo(self.x.dtype).min, np.iinfo(self.x.dtype).max
        if self.activation != "none":
            least = max(least, self.output_zero_point)
        if self.activation == "relu6":
            most = min(most, self.output_zero_point + round(6 / float(self.output_scale)))
        return Requant.from_scales(
            self.input_scale,
            self.weight_scales,
            self.output_scale,
            self.output_zero_point,
            (least, most),
            rounding,
            self.x.dtype.name,
        )

    def outputs(self, rounding):
        """The bytes [n, ho, wo, kn] that the golden model gives in that mode."""
        return golden.requantise(self.accumulators(), self.requant(rounding))

    def __str__(self):
        return (
            f"{self.kind} x {self.x.dtype} {self.x.shape} w {self.w.shape} stride {self.stride} dilation "
            f"{self.dilation} groups {self.groups} {self.padding} {self.pads} zero points "
            f"{self.input_zero_point} {self.output_zero_point} {self.activation}"
        )


def draw(rng, kind, *, padding=None, activation=None, dtype="int8", powers=False):
    """A layer of that kind (one of KINDS, or "transposed") that fills its output range, little of it clamped.

    Parameters
    ----------
    padding, activation : drawn where they are None
    powers : all scales are powers of two near 1/4, so that many outputs lie halfway between two numbers
    """
    kernel, stride, dilation = _geometry(rng, kind, padding)
    spans = [(taps - 1) * step + 1 for taps, step in zip(kernel, dilation, strict=True)]
    h, w = (1, 1) if kind == "fully_connected" else (int(span + rng.integers(0, 9)) for span in spans)
    padding = padding or ("valid" if kind == "fully_connected" else str(rng.choice(["same", "valid"])))
    groups, group_c, group_k = _channels(rng, kind, padding)
    n = int(rng.integers(1, 33 if kind == "fully_connected" else 4))
    zero_point = int(rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max + 1))
    layer = Layer(
        kind,
        _numbers(rng, (n, h, w, groups * group_c), dtype, zero_point, 8 if powers else 255),
        _numbers(rng, (groups * group_k, *kernel, group_c), "int8", 0, 2 if powers else 127),
        np.zeros(groups * group_k, np.int32),
        stride,
        dilation,
        groups,
        padding,
        *(_pads(rng, padding, (h, w), spans, stride), zero_point),
        activation=activation or str(rng.choice(ACTIVATIONS)),
    )
    if kind == "transposed":
        layer = replace(layer, activation="none", **_transposed_pads(rng, padding, (h, w), spans, stride))
    return _with_scales(rng, layer, powers)


def _numbers(rng, shape, dtype, centre, reach):
    least, most = max(np.iinfo(dtype).min, centre - reach), min(np.iinfo(dtype).max, centre + reach)
    return rng.integers(least, most + 1, shape).astype(dtype)


def _geometry(rng, kind, padding):
    """(kernel, stride, dilation), each (y, x)."""
    kernel = rng.integers(1, 6, 2)
    stride = rng.integers(1, 4, 2) if kind in ("strided", "depthwise", "grouped", "transposed") else (1, 1)
    explicit = kind == "transposed" and padding == "explicit"
    dilation = rng.integers(1, 4, 2) if kind == "dilated" or explicit else (1, 1)
    if kind in ("pointwise", "fully_connected"):
        kernel = 1, 1
    if kind == "depthwise":
        stride = stride[0], stride[0]  # TFLite's fast kernels want them equal
    return tuple(tuple(int(number) for number in each) for each in (kernel, stride, dilation))


def _channels(rng, kind, padding):
    """(groups, channels of a group, kernels of a group)."""
    if kind == "transposed" and padding == "explicit" and rng.integers(2):
        kind = "grouped"
    if kind == "depthwise":
        return int(rng.integers(2, 41)), 1, int(rng.integers(1, 4))
    if kind == "grouped":
        return int(rng.integers(2, 5)), int(rng.integers(2, 9)), int(rng.integers(1, 9))
    most = 300 if kind == "fully_connected" else 40
    return 1, int(rng.integers(1, most)), int(rng.integers(1, 41))


def _pads(rng, padding, size, spans, stride):
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "explicit":
        return tuple(tuple(int(pad) for pad in rng.integers(0, span + 3, 2)) for span in spans)
    total = (
        max((-(-length // step) - 1) * step + span - length, 0)
        for length, span, step in zip(size, spans, stride, strict=True)
    )
    return tuple((pad // 2, pad - pad // 2) for pad in total)


def _transposed_pads(rng, padding, size, spans, stride):
    """Pads and output padding: TFLite's SAME gives size * stride, its VALID at least that."""
    if padding == "explicit":
        pads = tuple(tuple(int(pad) for pad in rng.integers(0, (span + 1) // 2, 2)) for span in spans)
        return {"pads": pads, "output_padding": tuple(int(rng.integers(step)) for step in stride)}
    excess = [span - step for span, step in zip(spans, stride, strict=True)]
    total = [max(0, pad) if padding == "same" else 0 for pad in excess]
    pads = tuple((pad // 2, pad - pad // 2) for pad in total)
    return {"pads": pads, "output_padding": tuple(max(0, -pad) for pad in excess)}


def _with_scales(rng, layer, powers):
    """Bias, scales and output zero point that come from the layer's own sums."""
    sums = layer.accumulators().reshape(-1, layer.kernels)
    spread = max(1, int(np.abs(sums).mean()))
    # An activation cuts what is below zero: shift most of it above.
    bias = rng.integers(-spread, spread + 1, layer.kernels) + 3 * spread * (layer.activation != "none")
    weight_scales = rng.uniform(0.5, 2, layer.kernels).astype(np.float32) / 128
    if powers:
        weight_scales = np.exp2(np.round(np.log2(weight_scales)))
    reach = float(np.quantile(np.abs((sums + bias) * weight_scales), 0.9)) or 1.0
    output_scale = np.float32(5.5 / (min(OUTPUT_SPREAD, 32 * reach) if powers else OUTPUT_SPREAD))
    input_scale = np.float32(5.5 / reach)
    if powers:
        input_scale, output_scale = (
            np.exp2(np.round(np.log2(scale))) for scale in (input_scale, output_scale)
        )
    least = np.iinfo(layer.x.dtype).min
    zero_point = int(rng.integers(118, 138) if layer.activation == "none" else rng.integers(0, 20)) + least
    return replace(
        layer,
        bias=bias.astype(np.int32),
        weight_scales=weight_scales,
        input_scale=input_scale,
        output_scale=output_scale,
        output_zero_point=zero_point,
    )
