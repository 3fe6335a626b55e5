"""What each operator computes, and what it must look like.

Every operator has `shape(node)`, the shape of its output, which raises ModelError for a node that is not
supported, and `compute(node, arrays, target)`, the output of the inputs' arrays.
"""

from typing import NamedTuple

import numpy as np

from convloom.errors import ModelError
from convloom.models.operators import arithmetic, layers, litert, movement, onnxruntime, pools, softmax
from convloom.requant import RANGES

BYTES = tuple(RANGES)
VALUES = (*BYTES, "float32")


class Operator(NamedTuple):
    """An operator's functions.

    Members
    -------
    shape, compute : as above
    inputs : (least, greatest) number
    data : positions of the inputs that flow through the network, by default all
    takes, gives : dtypes of these, and of the output
    """

    shape: object
    compute: object
    inputs: tuple[int, int]
    data: tuple[int, ...] | None = None
    takes: tuple[str, ...] = BYTES
    gives: tuple[str, ...] = BYTES


def _any_values(shape, compute, inputs):
    """The Operator of what takes and gives values of any kind: its first input."""
    return Operator(shape, compute, inputs, (0,), VALUES, VALUES)


OPERATORS = {
    "CONV_2D": Operator(layers.conv_shape, layers.conv, (2, 3), (0,)),
    "DEPTHWISE_CONV_2D": Operator(layers.depthwise_shape, layers.depthwise, (2, 3), (0,)),
    "FULLY_CONNECTED": Operator(
        layers.fully_connected_shape, layers.fully_connected, (2, 3), (0,), gives=VALUES
    ),
    "TRANSPOSE_CONV": Operator(layers.transpose_conv_shape, layers.transpose_conv, (3, 4), (2,)),
    "ADD": Operator(arithmetic.binary_shape, arithmetic.add, (2, 2)),
    "SUB": Operator(arithmetic.binary_shape, arithmetic.subtract, (2, 2)),
    "MUL": Operator(arithmetic.binary_shape, arithmetic.multiply, (2, 2)),
    "QUANTIZE": Operator(arithmetic.same_shape, arithmetic.quantise, (1, 1), takes=VALUES),
    "DEQUANTIZE": Operator(arithmetic.same_shape, arithmetic.dequantise, (1, 1), gives=("float32",)),
    "RELU": Operator(arithmetic.same_shape, arithmetic.rectify, (1, 1)),
    "RELU6": Operator(arithmetic.same_shape, arithmetic.rectify, (1, 1)),
    "AVERAGE_POOL_2D": Operator(pools.pool_shape, pools.average, (1, 1)),
    "MAX_POOL_2D": Operator(pools.pool_shape, pools.maximum, (1, 1)),
    "MEAN": Operator(pools.mean_shape, pools.mean, (2, 2), (0,)),
    "PAD": Operator(movement.pad_shape, movement.pad, (2, 2), (0,)),
    "RESHAPE": _any_values(movement.reshape_shape, movement.reshape, (1, 2)),
    "TRANSPOSE": _any_values(movement.transpose_shape, movement.transpose, (2, 2)),
    "STRIDED_SLICE": _any_values(movement.slice_shape, movement.cut_out, (4, 4)),
    "CONCATENATION": Operator(movement.concatenation_shape, movement.concatenate, (1, 1 << 10)),
    "SOFTMAX": _any_values(softmax.softmax_shape, softmax.softmax, (1, 1)),
    "LOGISTIC": Operator(arithmetic.same_shape, softmax.logistic, (1, 1)),
}

# Where a runtime computes an operator otherwise than TFLite's reference kernels.
KERNELS = {"ruy": litert.RUY, "xnnpack": litert.XNNPACK, "onnxruntime": onnxruntime.KERNELS}


def output_shape(node):
    """The shape of a Node's output. Raises ModelError, with the operator's place and what is supported."""
    node.require(
        node.operator in OPERATORS, f"an operator must be one of {', '.join(OPERATORS)}", node.operator
    )
    operator = OPERATORS[node.operator]
    least, most = operator.inputs
    count = len(node.inputs)
    node.require(least <= count <= most, f"it must have {least} to {most} inputs", count)
    node.require(len(node.outputs) == 1, "it must have one output", len(node.outputs))
    positions = range(count) if operator.data is None else operator.data
    for index in positions:
        _require_data(node, f"input {index}", node.inputs[index], operator.takes)
    _require_data(node, "the output", node.outputs[0], operator.gives)
    return tuple(operator.shape(node))


def check(node):
    """Raises ModelError, with the operator's place and what is supported, for a Node that cannot run."""
    shape = output_shape(node)
    node.require(
        shape == node.outputs[0].shape, f"its output must be {list(shape)}", list(node.outputs[0].shape)
    )


def compute(node, arrays, target):
    """The output of a checked Node; `target` tells where and how layers run.

    Raises ModelError for numbers that cannot be computed with: scales too far apart.
    """
    try:
        own = KERNELS.get(target.kernels, {}).get(node.operator)
        with np.errstate(
            over="ignore", invalid="ignore", divide="ignore"
        ):  # as floats of the runtimes overflow
            return (own or OPERATORS[node.operator].compute)(node, arrays, target)
    except ValueError as error:
        raise ModelError(f"{node.place}: {error}") from error


def _require_data(node, what, tensor, dtypes):
    node.require(tensor is not None, f"{what} must be there", "absent")
    hint = "" if "float32" in dtypes else " (a quantised network)"
    node.require(tensor.dtype in dtypes, f"{what} must be {' or '.join(dtypes)}{hint}", tensor.dtype)
    if tensor.is_quantised:
        usable = len(tensor.scales) == 1 and np.isfinite(tensor.scale) and tensor.scale > 0
        node.require(usable, f"{what} must have one positive scale", tensor.scales.tolist())
        least, most = RANGES[tensor.dtype]
        inside = least <= tensor.zero_point <= most
        node.require(inside, f"{what}'s zero point must be from {least} to {most}", tensor.zero_point)
