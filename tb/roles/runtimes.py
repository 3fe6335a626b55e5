"""The runtimes whose bytes the golden model must give, each with the mode that it computes."""

import platform
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from convloom.spec import Rounding
from roles import onnx_layer, tflite_layer

MODES = tuple(mode.name.lower() for mode in Rounding)


@dataclass(frozen=True)
class Runtime:
    """A runtime.

    Members
    -------
    run : run(layer, output shape) -> its output for a roles.layers.Layer
    expected : expected(layer) -> (name of the mode, the golden model's output in that mode)
    padding, activation : what `layers.draw` has to be told; None is free
    """

    name: str
    run: Callable
    expected: Callable
    padding: str | None = None
    activation: str | None = None
    dtype: str = "int8"

    def compare(self, tally, layer):
        """Compares one layer, and counts it as `layer.kind`."""
        mode, golden = self.expected(layer)
        others = [layer.outputs(other) for other in MODES if other != mode]
        tally.compare(
            (self.name, mode, layer.kind),
            golden,
            self.run(layer, golden.shape),
            layer,
            telling=int(np.any([golden != other for other in others], axis=0).sum()),
            clamped=int(np.isin(golden, layer.requant("double").clamp).sum()),
        )


def _reference(layer):
    """BUILTIN_REF is `double`; fully connected it multiplies in float64 and rounds half away from zero."""
    if layer.kind != "fully_connected":
        return "double", layer.outputs("double")
    scales = np.float64(layer.input_scale) * layer.weight_scales.astype(np.float64) / layer.output_scale
    scaled = layer.accumulators() * scales
    rounded = np.trunc(scaled + np.copysign(0.5, scaled)) + layer.output_zero_point
    return "float64", np.clip(rounded, *layer.requant("double").clamp).astype(np.int8)


def _ruy(layer):
    """On x86 `double_up`; grouped `double`; depthwise, transposed `double` in the last K mod 8 channels."""
    if layer.kind == "grouped":
        return "double", layer.outputs("double")
    if layer.kind not in ("depthwise", "transposed"):
        return "double_up", layer.outputs("double_up")
    eights = layer.kernels // 8 * 8
    parts = layer.outputs("double_up")[..., :eights], layer.outputs("double")[..., eights:]
    return "by eights", np.concatenate(parts, axis=-1)


def _float32(layer):
    return "float32", layer.outputs("float32")


def _litert(resolver):
    return lambda layer, shape: tflite_layer.run(layer, shape, resolver)


def _qlinear_conv(layer, _shape):
    return onnx_layer.qlinear_conv(layer)


REFERENCE = Runtime("litert reference", _litert(tflite_layer.REFERENCE), _reference)
RUY = Runtime("litert ruy", _litert(tflite_layer.RUY), _ruy)
XNNPACK = Runtime("litert xnnpack", _litert(tflite_layer.XNNPACK), _float32)
ONNX_INT8 = Runtime("onnxruntime int8", _qlinear_conv, _float32, "explicit", "none")
ONNX_UINT8 = Runtime("onnxruntime uint8", _qlinear_conv, _float32, "explicit", "none", "uint8")

# On other processors ruy rounds in other ways.
LITERT = (REFERENCE, RUY, XNNPACK) if platform.machine() in ("x86_64", "AMD64") else (REFERENCE, XNNPACK)
ALL = (*LITERT, ONNX_INT8, ONNX_UINT8)
