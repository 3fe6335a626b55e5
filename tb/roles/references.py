"""The runtimes, and the golden model, as references of any layer: which ones each can express, and its answer."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from roles import layers, onnx_layer, runtimes
from roles.any_layer import CLASSES

# A runtime has one mode of its own and clamps by activations: see golden/test_runtimes.py.
OF_REQUANT = {*runtimes.MODES, "clamp that touches"}
TRANSPOSED = {"transposed", "transposed, 6x6 and more"}
ONE_CONVOLUTION = {"crop", "weight zero point", "sums that wrap", "raw"} | OF_REQUANT


@dataclass(frozen=True)
class Reference:
    """A runtime.

    Members
    -------
    takes : takes(AnyLayer) -> whether it can express the layer
    compare : compare(AnyLayer) -> how many outputs were compared; raises AssertionError where one differs
    beyond : CLASSES of which it cannot express any, or which say nothing about it
    """

    name: str
    takes: Callable
    compare: Callable
    beyond: set


def described(layer):
    """The AnyLayer as a roles.layers.Layer: its bytes of x's type, without a clamp."""
    named = layer.options.get("padding", "valid")
    input_scale, weight_scales, output_scale = layer.scales or (np.float32(1),) * 3
    pads, more = layer.pads(), layer.options.get("output_padding", (0, 0))
    short = [min(behind, 0) for _, behind in pads] if layer.kind == "conv_transpose2d" else (0, 0)
    bias = layer.options["bias"]
    return layers.Layer(
        _kind(layer),
        layer.pixels,
        layer.weights,
        np.zeros(len(layer.kernels), np.int32) if bias is None else bias,
        layer.geometry("stride"),
        layer.geometry("dilation"),
        layer.groups,
        named if isinstance(named, str) else "explicit",
        tuple((before, behind - less) for (before, behind), less in zip(pads, short, strict=True)),
        layer.options["input_zero_point"],
        _zero_point(layer),
        input_scale=input_scale,
        weight_scales=np.broadcast_to(weight_scales, len(layer.kernels)),
        output_scale=output_scale,
        output_padding=tuple(extra - less for extra, less in zip(more, short, strict=True)),
    )


def _kind(layer):
    if layer.kind == "conv2d":
        return "depthwise" if layer.is_depthwise else "grouped" if layer.groups > 1 else "dense"
    return {"depthwise_conv2d": "depthwise", "conv_transpose2d": "transposed"}.get(layer.kind, layer.kind)


def _zero_point(layer):
    """The output's zero point in the range of x's type."""
    if layer.requant is None:
        return 0
    own, wanted = (np.iinfo(dtype).min for dtype in (layer.requant.dtype, layer.x.dtype))
    return int(layer.requant.output_zero_point - own + wanted)


def _has_pads(layer):
    """Whether nothing is cropped."""
    return min(map(min, described(layer).pads)) >= 0


def _is_plain(layer):
    """Nothing is cropped, and weights are symmetric."""
    return (
        _has_pads(layer)
        and layer.w.dtype == np.int8
        and not np.any(layer.options.get("weight_zero_point", 0))
    )


def _is_requantised(layer, dtype):
    """Inputs are of that type, and sums within int32, also where a scale above 1 shifts them to the left first."""
    if layer.requant is None or layer.x.dtype != dtype:
        return False
    shifted = layer.sums[0] << np.maximum(-np.asarray(layer.requant.shift), 0)
    return bool(np.abs(shifted).max() < 1 << 31)


def _litert_takes(layer):
    if layer.kind == "conv_transpose2d" and not _is_tflite_transposed(layer):
        return False
    return _is_plain(layer) and _is_requantised(layer, np.int8)


def _is_tflite_transposed(layer):
    """TRANSPOSE_CONV: one group, no dilation; SAME gives h * stride, VALID as much where the kernel is shorter."""
    padding, more = layer.options["padding"], layer.options["output_padding"]
    short = tuple(
        max(step - span, 0) for step, span in zip(layer.geometry("stride"), layer.reach(), strict=True)
    )
    wanted = {"same": (0, 0), "valid": short}.get(padding if isinstance(padding, str) else None)
    return layer.groups == 1 and layer.geometry("dilation") == (1, 1) and more == wanted


def _xnnpack_takes(layer):
    """It leaves SAME with a kernel shorter than the stride to ruy."""
    is_short = np.less(layer.reach(), layer.geometry("stride")).any()
    is_left = layer.kind == "conv_transpose2d" and layer.options["padding"] == "same" and is_short
    return not is_left and _litert_takes(layer)


def _requantising(runtime, takes, beyond):
    def compare(layer):
        given = described(layer)
        _, expected = runtime.expected(given)
        return _same(runtime.name, runtime.run(given, expected.shape), expected)

    return Reference(runtime.name, takes, compare, beyond)


def _same(name, out, expected):
    """Raises AssertionError unless both arrays are the same; how many numbers they have."""
    assert out.dtype == expected.dtype and out.shape == expected.shape, name
    wrong = (out != expected).sum()
    assert not wrong, f"{name}: {wrong} of {out.size} outputs differ"
    return out.size


def _golden(layer):
    return _same("golden model", described(layer).accumulators(), layer.sums[0].astype(np.int32))


def _without_bias(runtime, run):
    """A Reference's `compare` for the accumulators of a layer whose bias is left out; run(described layer)."""

    def compare(layer):
        given = described(layer)
        expected = (layer.sums[0] - given.bias).astype(np.int32)
        return _same(runtime, run(replace(given, bias=np.zeros_like(given.bias)), layer), expected)

    return compare


def _conv_integer(given, layer):
    zero_point = layer.options.get("weight_zero_point")
    return onnx_layer.conv_integer(given, None if zero_point is None else layer.w.dtype.type(zero_point))


def _is_conv_integer(layer):
    """All weights have the same zero point."""
    zero_point = layer.options.get("weight_zero_point", 0)
    return layer.kind != "conv_transpose2d" and _has_pads(layer) and np.ndim(zero_point) == 0


def _is_conv_transpose(layer):
    """Output padding is below the stride, and every sum of products below 2**24, which float32 holds."""
    if layer.kind != "conv_transpose2d" or not _is_plain(layer):
        return False
    given, most = described(layer), np.abs(layer.kernels).sum(axis=(1, 2, 3)).max() * 255
    return bool(np.all(np.less(given.output_padding, given.stride))) and most < 1 << 24


WRAP = {"sums that wrap"}
NOT_TRANSPOSED = {name for name in CLASSES if name not in TRANSPOSED}

GOLDEN = Reference("golden model", _is_plain, _golden, {"crop", "weight zero point"})
LITERT = tuple(
    _requantising(
        runtime,
        _xnnpack_takes if runtime is runtimes.XNNPACK else _litert_takes,
        ONE_CONVOLUTION | {"uint8"},
    )
    for runtime in runtimes.LITERT
)
ONNX = tuple(
    _requantising(
        runtime,
        lambda layer, dtype=runtime.dtype: (
            layer.kind != "conv_transpose2d" and _is_plain(layer) and _is_requantised(layer, dtype)
        ),
        ONE_CONVOLUTION | TRANSPOSED | ({"uint8"} if runtime.dtype == "int8" else set()),
    )
    for runtime in (runtimes.ONNX_INT8, runtimes.ONNX_UINT8)
)
SUMS = (
    Reference(
        "ConvInteger",
        _is_conv_integer,
        _without_bias("ConvInteger", _conv_integer),
        TRANSPOSED | {"crop"} | WRAP | OF_REQUANT,
    ),
    Reference(
        "ConvTranspose",
        _is_conv_transpose,
        _without_bias("ConvTranspose", lambda given, _: onnx_layer.conv_transpose(given)),
        NOT_TRANSPOSED - {"strided", "dilated", "uneven pads", "batch", "uint8", "1xN and Nx1, N from 6"},
    ),
)
ALL = (GOLDEN, *LITERT, *ONNX, *SUMS)
