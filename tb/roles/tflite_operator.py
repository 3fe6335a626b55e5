"""Seeded one-operator .tflite models of what runs on the host, and LiteRT's reference kernels to run them."""

from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from convloom.models.tflite_writer import Writer
from roles.tflite_layer import ACTIVATIONS, PADDINGS

VERSIONS = {"RESHAPE": 1, "SOFTMAX": 2, "MEAN": 2, "RELU": 2, "RELU6": 2, "DEQUANTIZE": 2}


@dataclass(frozen=True)
class Spot:
    """A tensor: its shape, scale, zero point and type."""

    shape: tuple[int, ...]
    scale: float = 0.05
    zero_point: int = 0
    dtype: str = "int8"

    def draw(self, rng):
        """Random values, the extremes among them."""
        if self.dtype == "float32":
            return (rng.normal(size=self.shape) * 60 * self.scale).astype(np.float32)
        limits = np.iinfo(self.dtype)
        return rng.integers(limits.min, limits.max + 1, self.shape, self.dtype)


def file(code, inputs, output, options=None, *constants):
    """The bytes of a model: an operator from Spots to a Spot; `constants`: whole numbers of more inputs, or None."""
    writer = Writer()
    given = [_tensor(writer, f"x{index}", spot) for index, spot in enumerate(inputs)]
    y = _tensor(writer, "y", output)
    arrays = [np.array(each, np.int32) for each in constants if each is not None]
    extra = [writer.tensor("constant", "int32", array.shape, data=array) for array in arrays]
    table, fields = options or ("", {})
    writer.operator(code, VERSIONS.get(code, 2), given + extra, [y], table, **fields)
    return writer.finish(given, [y])


def _tensor(writer, name, spot):
    scales = None if spot.dtype == "float32" else [spot.scale]
    return writer.tensor(name, spot.dtype, spot.shape, scales, spot.zero_point)


def run(content, arrays, resolver):
    """What LiteRT's kernels give: REFERENCE, RUY or XNNPACK of roles.tflite_layer."""
    interpreter = invoked(content, arrays, resolver)
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def invoked(content, arrays, resolver, keep=False):
    """The Interpreter behind a run; with `keep` every tensor on the way can be read."""
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=resolver,
        experimental_preserve_all_tensors=keep,
        num_threads=1,
    )
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), arrays, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return interpreter


def options(kind, activation=None, **fields):
    """The name of an options table of the schema, and these fields."""
    if activation is not None:
        fields["FusedActivationFunction"] = ACTIVATIONS[activation]
    return f"{kind}Options", fields


def pool(filters, stride, padding, activation):
    """Options of a pool."""
    (height, width), (down, right) = filters, stride
    sides = {"FilterHeight": height, "FilterWidth": width, "StrideH": down, "StrideW": right}
    return options("Pool2D", activation, Padding=PADDINGS[padding], **sides)
