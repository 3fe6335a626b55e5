"""A layer as a call of the host, with a reference of its own: each input scattered to the outputs that it meets."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from convloom import golden
from convloom.plan import Layer
from convloom.plan.convolutions import convolution

LARGE, SPECIFIED = 6, 15  # taps: a large kernel's, and the largest that the specification names
# Channels, kernels and bytes that one job of `small` cannot take.
LONG_SUM, MANY_KERNELS, WIDE_ROW = 8 << 10, 512, 16 << 10


@dataclass
class AnyLayer:
    """A call of a Device's method of the name `kind`.

    Members
    -------
    x, w, options : its arguments
    groups : as the reference needs them
    scales : (input, weight, output) that its Requant comes from, None for raw accumulators
    """

    kind: str
    x: np.ndarray
    w: np.ndarray
    options: dict
    groups: int = 1
    scales: tuple | None = None

    def _repr_pretty_(self, printer, _cycle):
        """What hypothesis prints of a failing layer: no arrays."""
        given = f"x {self.x.dtype} {self.x.shape}, w {self.w.dtype} {self.w.shape}"
        printer.text(f"{self.kind} of {given}, {self.options}")

    def run(self, device):
        """What the device gives."""
        return getattr(device, self.kind)(self.x, self.w, **self.options)

    @cached_property
    def weights(self):
        """w as [kn, kh, kw, c/groups]."""
        if self.kind == "depthwise_conv2d":
            kh, kw, c, m = self.w.shape
            return self.w.transpose(2, 3, 0, 1).reshape(c * m, kh, kw, 1)
        return self.w[:, None, None] if self.kind == "fully_connected" else self.w

    @cached_property
    def kernels(self):
        """The weights without their zero point, int64."""
        zero_point = np.asarray(self.options.get("weight_zero_point", 0))
        return self.weights.astype(np.int64) - zero_point.reshape(-1, 1, 1, 1)

    @cached_property
    def pixels(self):
        """x as [n, h, w, c]."""
        return self.x[:, None, None] if self.kind == "fully_connected" else self.x

    @cached_property
    def sums(self):
        """The accumulators in int64 [n, ho, wo, kn], before they wrap, and the MACs."""
        x, w = self.pixels.astype(np.int64) - self.options.get("input_zero_point", 0), self.kernels
        sums = np.zeros((len(x), *self.out_size(), len(w)), np.int64)
        macs = sum(self._tap(x, w, sums, i, j) for i in range(w.shape[1]) for j in range(w.shape[2]))
        return sums if self.options.get("bias") is None else sums + self.options["bias"], macs

    def expected(self, requant=None):
        """The output; with another Requant than its own, that one's bytes."""
        sums, requant = self.sums[0].astype(np.int32), requant or self.options.get("requant")
        out = sums if requant is None else golden.requantise(sums, requant)
        return out[:, 0, 0] if self.kind == "fully_connected" else out

    def _tap(self, x, w, sums, i, j):
        """Adds what a tap gives. Returns its MACs: those with padding count as well."""
        (o_y, i_y), (o_x, i_x) = (
            self._meet(axis, tap, x.shape[1 + axis], sums.shape[1 + axis]) for axis, tap in enumerate((i, j))
        )
        (in_y, in_x) = (
            (each >= 0) & (each < size) for each, size in zip((i_y, i_x), x.shape[1:3], strict=True)
        )
        taps = w[:, i, j].reshape(self.groups, -1, w.shape[-1])
        met = x[:, i_y[in_y, None], i_x[in_x]].reshape(-1, self.groups, w.shape[-1]).swapaxes(0, 1)
        given = np.matmul(met, taps.swapaxes(1, 2)).swapaxes(0, 1)
        sums[:, o_y[in_y, None], o_x[in_x]] += given.reshape(len(x), in_y.sum(), in_x.sum(), len(w))
        return len(o_y) * len(o_x) * len(x) * w[:, 0, 0].size

    def _meet(self, axis, tap, size, out):
        """Numbers of the outputs, and of the inputs that they meet by a tap."""
        stride, dilation, pad = (self.geometry(name)[axis] for name in ("stride", "dilation", "pad"))
        outputs = np.arange(out)
        if self.kind != "conv_transpose2d":
            return outputs, outputs * stride + tap * dilation - pad
        numbers = outputs + pad - tap * dilation
        met = numbers % stride == 0
        return outputs[met], numbers[met] // stride

    def geometry(self, name):
        """A pair (y, x): stride or dilation, or as "pad" the padding in front."""
        if name != "pad":
            return self.options.get(name, (1, 1))
        return tuple(before for before, _ in self.pads())

    def pads(self):
        """((top, bottom), (left, right)), the named paddings worked out."""
        padding = self.options.get("padding", "valid")
        if padding == "valid" or self.kind == "fully_connected":
            return (0, 0), (0, 0)
        if padding != "same":
            return padding
        return tuple(map(self._same, self.x.shape[1:3], self.reach(), self.geometry("stride")))

    def _same(self, size, reach, stride):
        if self.kind == "conv_transpose2d":
            before = max(reach - stride, 0) // 2
            return before, (size - 1) * stride + reach - before - size * stride
        total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        return total // 2, total - total // 2

    def reach(self):
        """(y, x) from the first tap to the last."""
        return tuple((n - 1) * step + 1 for n, step in zip(self.taps, self.geometry("dilation"), strict=True))

    def out_size(self):
        """(height, width) of the output."""
        if self.kind == "fully_connected":
            return 1, 1
        sizes, strides = self.x.shape[1:3], self.geometry("stride")
        sides = zip(sizes, strides, self.reach(), self.pads(), strict=True)
        if self.kind == "conv_transpose2d":
            more = self.options["output_padding"]
            return tuple(
                (size - 1) * stride + reach - sum(pads) + extra
                for (size, stride, reach, pads), extra in zip(sides, more, strict=True)
            )
        return tuple((size + sum(pads) - reach) // stride + 1 for size, stride, reach, pads in sides)

    def classes(self):
        """Names of the CLASSES that the layer belongs to."""
        return [name for name, holds in CLASSES.items() if holds(self)]

    @property
    def taps(self):
        """(rows, columns) of the kernel."""
        return self.kernels.shape[1:3]

    @property
    def requant(self):
        """Its Requant, or None."""
        return self.options.get("requant")

    @property
    def is_depthwise(self):
        """Whether each group has one channel."""
        return self.groups == self.x.shape[-1] > 1

    @property
    def is_dense(self):
        """Whether every kernel sees all channels, in more than one tap."""
        return self.kind == "conv2d" and self.groups == 1 and max(self.taps) > 1

    @property
    def overflows(self):
        """Whether an accumulator wraps."""
        return bool(np.any(self.sums[0] != self.sums[0].astype(np.int32)))

    def rounds(self, mode):
        """Whether its output is rounded in that mode."""
        return self.requant is not None and self.requant.rounding.name.lower() == mode

    @property
    def is_large(self):
        """Whether the kernel is large both ways."""
        return min(self.taps) >= LARGE


def _any(holds):
    """Whether it holds for one of the axes: of (taps, stride, dilation, pads)."""
    return lambda layer: any(
        holds(*axis)
        for axis in zip(layer.taps, *map(layer.geometry, ("stride", "dilation")), layer.pads(), strict=True)
    )


CLASSES = {
    "dense": lambda layer: layer.is_dense,
    "pointwise": lambda layer: layer.kind == "conv2d" and layer.taps == (1, 1),
    "grouped": lambda layer: layer.kind == "conv2d" and layer.groups > 1,
    "depthwise": lambda layer: layer.is_depthwise and layer.kind != "conv_transpose2d",
    "depthwise, multiplier": lambda layer: layer.is_depthwise and len(layer.kernels) > layer.groups,
    "transposed": lambda layer: layer.kind == "conv_transpose2d",
    "fully connected": lambda layer: layer.kind == "fully_connected",
    "one-dimensional": lambda layer: layer.kind == "conv2d" and layer.x.shape[1] == layer.taps[0] == 1,
    "dense, 6x6 and more": lambda layer: layer.is_dense and layer.is_large,
    "depthwise, 6x6 and more": lambda layer: layer.is_depthwise and layer.is_large,
    "transposed, 6x6 and more": lambda layer: layer.kind == "conv_transpose2d" and layer.is_large,
    "1xN and Nx1, N from 6": lambda layer: min(layer.taps) == 1 and max(layer.taps) >= LARGE,
    "kernel beyond 15": lambda layer: max(layer.taps) > SPECIFIED,
    "strided": _any(lambda taps, stride, dilation, pads: stride > 1),
    "stride beyond the kernel": _any(lambda taps, stride, dilation, pads: stride > (taps - 1) * dilation + 1),
    "dilated": _any(lambda taps, stride, dilation, pads: dilation > 1 < taps),
    "uneven pads": _any(lambda taps, stride, dilation, pads: pads[0] != pads[1]),
    "pads beyond the kernel": _any(lambda taps, stride, dilation, pads: max(pads) > (taps - 1) * dilation),
    "crop": lambda layer: layer.kind != "conv_transpose2d" and min(map(min, layer.pads())) < 0,
    "batch": lambda layer: len(layer.x) > 1,
    "one input pixel": lambda layer: layer.pixels.shape[1:3] == (1, 1) != layer.taps,
    "one output pixel": lambda layer: layer.out_size() == (1, 1) != layer.taps,
    "long sums": lambda layer: layer.kernels[0].size > LONG_SUM,
    "many kernels": lambda layer: len(layer.kernels) > MANY_KERNELS,
    "wide rows": lambda layer: layer.pixels[0, 0].size > WIDE_ROW,
    "uint8": lambda layer: layer.x.dtype == np.uint8,
    "weight zero point": lambda layer: np.any(layer.options.get("weight_zero_point", 0)),
    "edge zero point": lambda layer: layer.options["input_zero_point"] in (-128, 0, 127, 255),
    "sums that wrap": lambda layer: layer.overflows,
    "raw": lambda layer: layer.requant is None,
    "double": lambda layer: layer.rounds("double"),
    "double_up": lambda layer: layer.rounds("double_up"),
    "single": lambda layer: layer.rounds("single"),
    "float32": lambda layer: layer.rounds("float32"),
    "left shift": lambda layer: layer.requant is not None and np.min(layer.requant.shift) < 0,
    "multiplier 0": lambda layer: layer.requant is not None and np.min(layer.requant.multiplier) == 0,
    "clamp that touches": lambda layer: layer.requant is not None and len(set(layer.requant.clamp)) == 1,
}


def conv(size, kernels, stride=1, padding="same", dilation=1, n=1, groups=1, **options):
    """A Layer: size is (h, w, c), kernels is (k, kh, kw)."""
    (h, w, c), (k, kh, kw) = size, kernels
    y, x = (convolution(length, taps, stride, dilation, padding) for length, taps in ((h, kh), (w, kw)))
    return Layer(y, x, c, k, n, groups, **options)
