"""Layers from the whole space that the host accepts: drawn by hypothesis, with a reference of their own."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from convloom import Requant, golden
from convloom.plan import Layer
from convloom.plan.convolutions import convolution
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

CLASSES = (
    *("dense", "pointwise", "grouped", "depthwise", "transposed", "fully_connected", "one_dimensional"),
    *("strided", "dilated", "wide_pads", "crop", "batch", "uint8", "weight_zero_point", "raw", "left_shift"),
)
# How many of each; apart, because how often hypothesis draws one depends on what else is imported.
SHARES = {"conv2d": 3, "depthwise_conv2d": 1, "conv_transpose2d": 1, "fully_connected": 1}
MODES = ("double", "double_up", "single", "float32")


@dataclass
class AnyLayer:
    """A call of a Device's method of the name `kind`.

    Members
    -------
    x, w, options : its arguments
    groups : as `plain` needs them
    """

    kind: str
    x: np.ndarray
    w: np.ndarray
    options: dict
    groups: int = 1

    def run(self, device):
        """What the device gives."""
        return getattr(device, self.kind)(self.x, self.w, **self.options)

    def kernels(self):
        """w as [kn, kh, kw, c/groups], whole numbers, without its zero point."""
        w = self.w
        if self.kind == "depthwise_conv2d":
            kh, kw, c, m = w.shape
            w = w.transpose(2, 3, 0, 1).reshape(c * m, kh, kw, 1)
        elif self.kind == "fully_connected":
            w = w[:, None, None]
        zero_point = np.asarray(self.options.get("weight_zero_point", 0))
        return w.astype(np.int64) - zero_point.reshape(-1, 1, 1, 1)

    def expected(self):
        """The output and the MACs, by scattering each input to the outputs that it meets, in int64."""
        x = self.x[:, None, None] if self.kind == "fully_connected" else self.x
        x, w = x.astype(np.int64) - self.options.get("input_zero_point", 0), self.kernels()
        sums = np.zeros((len(x), *self.out_size(), len(w)), np.int64)
        macs = 0
        for i in range(w.shape[1]):
            for j in range(w.shape[2]):
                macs += self._tap(x, w, sums, i, j)
        if self.options.get("bias") is not None:
            sums += self.options["bias"]
        sums = sums.astype(np.int32)
        requant = self.options.get("requant")
        out = sums if requant is None else golden.requantise(sums, requant)
        return (out[:, 0, 0] if self.kind == "fully_connected" else out), macs

    def _tap(self, x, w, sums, i, j):
        """Adds what a tap gives. Returns its MACs: those with padding count as well."""
        rows, columns = (
            self._meet(0, i, x.shape[1], sums.shape[1]),
            self._meet(1, j, x.shape[2], sums.shape[2]),
        )
        taps = np.moveaxis(w[:, i, j].reshape(self.groups, -1, w.shape[-1]), 1, 2)
        grouped = x.reshape(*x.shape[:3], self.groups, -1)
        for o_y, i_y in rows:
            for o_x, i_x in columns:
                if 0 <= i_y < x.shape[1] and 0 <= i_x < x.shape[2]:
                    sums[:, o_y, o_x] += np.einsum("ngc,gck->ngk", grouped[:, i_y, i_x], taps).reshape(
                        len(x), -1
                    )
        return len(rows) * len(columns) * len(x) * w[:, 0, 0].size

    def _meet(self, axis, tap, size, out):
        """Pairs (output, input) that meet by a tap."""
        stride, dilation, pad = (self.geometry(name)[axis] for name in ("stride", "dilation", "pad"))
        if self.kind != "conv_transpose2d":
            return [(o, o * stride + tap * dilation - pad) for o in range(out)]
        numbers = [(o, o + pad - tap * dilation) for o in range(out)]
        return [(o, number // stride) for o, number in numbers if number % stride == 0]

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
        taps = self.kernels().shape[1:3]
        return tuple((n - 1) * step + 1 for n, step in zip(taps, self.geometry("dilation"), strict=True))

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
        """Those of CLASSES that the layer belongs to."""
        options, (_, kh, kw, _) = self.options, self.kernels().shape
        channels = self.x.shape[-1]
        reach, pads = self.reach(), self.pads()
        requant = options.get("requant")
        found = {
            "dense": self.kind == "conv2d" and self.groups == 1 and kh * kw > 1,
            "pointwise": self.kind == "conv2d" and kh * kw == 1,
            "grouped": self.kind == "conv2d" and self.groups > 1,
            "depthwise": self.groups == channels > 1,
            "transposed": self.kind == "conv_transpose2d",
            "fully_connected": self.kind == "fully_connected",
            "one_dimensional": self.kind == "conv2d" and self.x.shape[1] == kh == 1,
            "strided": max(self.geometry("stride")) > 1,
            "dilated": max(self.geometry("dilation")) > 1 and kh * kw > 1,
            "wide_pads": any(max(pad) >= span for pad, span in zip(pads, reach, strict=True)),
            "crop": self.kind != "conv_transpose2d" and min(map(min, pads)) < 0,
            "batch": len(self.x) > 1,
            "uint8": self.x.dtype == np.uint8,
            "weight_zero_point": np.any(options.get("weight_zero_point", 0)),
            "raw": requant is None,
            "left_shift": requant is not None and np.min(requant.shift) < 0,
        }
        return [name for name, holds in found.items() if holds]


def conv(size, kernels, stride=1, padding="same", dilation=1, n=1, groups=1, **options):
    """A Layer: size is (h, w, c), kernels is (k, kh, kw)."""
    (h, w, c), (k, kh, kw) = size, kernels
    y, x = (convolution(length, taps, stride, dilation, padding) for length, taps in ((h, kh), (w, kw)))
    return Layer(y, x, c, k, n, groups, **options)


@st.composite
def any_layers(draw, kind, most=8):
    """Layers of a kind, of up to about `most` rows and columns, and as many channels and kernels as fill some lanes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    small, kernel = st.integers(1, most), st.integers(1, draw(st.sampled_from((1, 3, 5))))
    n = draw(st.sampled_from((1, 1, 1, 2, 3)))
    if kind == "fully_connected":
        c, k = draw(st.integers(1, 60)), draw(st.integers(1, 20))
        x_shape, w_shape, groups, options = (draw(small), c), (k, c), 1, {}
    else:
        groups = draw(st.sampled_from((1, 1, 1, 2, 3)))
        c, k = groups * draw(st.integers(1, 20)), groups * draw(st.integers(1, 10))
        kh, kw = draw(kernel), draw(kernel)
        h = draw(st.sampled_from((1, draw(small))))
        x_shape, w_shape = (n, h, draw(small), c), (k, kh, kw, c // groups)
        options = draw(_geometries(kind, x_shape, (kh, kw)))
        if kind == "depthwise_conv2d":
            groups, w_shape = c, (kh, kw, c, draw(st.sampled_from((1, 1, 2, 3))))
            k = c * w_shape[3]
        else:
            options["groups"] = groups
    layer = AnyLayer(kind, *draw(_arrays(rng, x_shape, w_shape, k, options)), options, groups)
    options["requant"] = draw(_requants(layer, rng))
    return layer


@st.composite
def _geometries(draw, kind, x_shape, kernel):
    stride, dilation = (tuple(draw(st.sampled_from((1, 1, 1, 2, 3))) for _ in "yx") for _ in range(2))
    options = {
        "stride": stride,
        "dilation": dilation,
        "padding": draw(st.sampled_from(("same", "valid", None))),
    }
    reach = [(taps - 1) * step + 1 for taps, step in zip(kernel, dilation, strict=True)]
    if kind == "conv_transpose2d":
        options["output_padding"] = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
        most = [(size - 1) * s + r - 1 for size, s, r in zip(x_shape[1:3], stride, reach, strict=True)]
        if options["padding"] is None:
            options["padding"] = tuple((draw(st.integers(-1, length // 2)),) * 2 for length in most)
        return options
    if options["padding"] is None or any(r > size for r, size in zip(reach, x_shape[1:3], strict=True)):
        options["padding"] = tuple(draw(_pads(size, r)) for size, r in zip(x_shape[1:3], reach, strict=True))
    return options


@st.composite
def _pads(draw, size, reach):
    """(before, behind), some negative, some wider than the kernel; the kernel fits."""
    before = draw(st.integers(-min(size - 1, 2), reach + 2))
    least = max(reach - size - before, -min(size - 1, 2))
    return before, draw(st.integers(least, max(least, reach + 2)))


@st.composite
def _arrays(draw, rng, x_shape, w_shape, k, options):
    """x and w; bias and zero points are put into `options`."""
    x_type, w_type = draw(st.sampled_from(("int8", "int8", "uint8"))), "int8"
    low, high = np.iinfo(x_type).min, np.iinfo(x_type).max
    options["input_zero_point"] = draw(st.one_of(st.sampled_from((low, high)), st.integers(low, high)))
    options["bias"] = draw(st.sampled_from((None, rng.integers(-5000, 5000, k).astype(np.int32))))
    if draw(st.integers(0, 5)) == 0:
        w_type = draw(st.sampled_from(("int8", "uint8")))
        limits = np.iinfo(w_type)
        options["weight_zero_point"] = draw(
            st.sampled_from((int(limits.max), rng.integers(limits.min, limits.max + 1, k)))
        )
    arrays = []
    for shape, dtype in ((x_shape, x_type), (w_shape, w_type)):
        arrays.append(rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, shape).astype(dtype))
    return arrays


@st.composite
def _requants(draw, layer, rng):
    """None, or a scale that comes from the accumulators; now and then one of 1 and more."""
    way = draw(st.sampled_from(("raw", "scaled", "scaled", "scaled", "left")))
    if way == "raw":
        return None
    sums = layer.expected()[0]
    k = sums.shape[-1]
    spread = float(np.abs(sums.astype(np.float64)).mean()) or 1.0
    scales = rng.uniform(0.5, 2, k) * (60 / spread if way == "scaled" else 1.5)
    dtype = draw(st.sampled_from(("int8", "uint8")))
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    clamp = draw(st.sampled_from((None, None, (low + 20, high - 5), (7, 7))))
    zero_point = draw(st.integers(low, high))
    scales = scales if draw(st.booleans()) else scales[0]
    return Requant.from_scales(1.0, scales, 1.0, zero_point, clamp, draw(st.sampled_from(MODES)), dtype)


def compare_any_layers(device, count, of_seed):
    """Runs `count` layers. Raises AssertionError where one's bytes, MACs or cycles differ, or a class has none."""
    drawn = Counter()
    for kind, share in SHARES.items():
        _compare(device, kind, count * share // sum(SHARES.values()), of_seed, drawn)
    print(f"{device.info.name}, seed {of_seed}: {dict(drawn)}")
    assert not set(CLASSES) - set(drawn), f"no layer of {set(CLASSES) - set(drawn)}"


def _compare(device, kind, count, of_seed, drawn):
    """Runs `count` layers of a kind, and counts their classes in `drawn`."""

    @seed(of_seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=False,  # hypothesis sets it where CI is, and forgets the seed
        suppress_health_check=list(HealthCheck),
    )
    @given(any_layers(kind))
    def compare(layer):
        expected, macs = layer.expected()
        out, report = layer.run(device), device.last_report
        drawn.update(["layers", *layer.classes()], outputs=out.size)
        assert out.dtype == expected.dtype and out.shape == expected.shape
        assert np.array_equal(out, expected), f"{(out != expected).sum()} of {out.size} outputs differ"
        assert report.macs == macs == sum(job.macs for job in report.jobs)
        assert report.cycles == report.busy + sum(report.lost.values())

    compare()
