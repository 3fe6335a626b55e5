"""Shapes that a network computes of itself, as some exporters leave them: small constants, worked out here."""

import numpy as np

from convloom.models.onnx.arguments import described
from convloom.models.onnx.values import Real, Stream

MOST_VALUES = 1 << 10
FOLDED = ("Add", "Cast", "Concat", "Constant", "Div", "Gather", "Mul", "Slice", "Squeeze", "Sub", "Unsqueeze")


def is_constant(op, arguments):
    """Whether an operator computes with constants only."""
    return op.kind in FOLDED and all(each is None or isinstance(each, np.ndarray) for each in arguments)


def fold(op, arguments):
    """What it gives: by onnx's own reference. Raises ModelError for what is no shape."""
    small = all(each is None or each.size <= MOST_VALUES for each in arguments)
    op.require(small, f"its constants must have at most {MOST_VALUES} values", "more")
    try:
        (value, *_) = op.reference(arguments)
    except Exception as error:  # of any type: it checks little
        op.require(False, "it must be computable", error)
    op.require(isinstance(value, np.ndarray | np.generic), "it must give an array", type(value).__name__)
    return np.asarray(value)


def shape(network, op, value):
    """Shape."""
    value = value.bytes if isinstance(value, Real) else value
    op.require(isinstance(value, Stream), "input 0 must be quantised values", described(value))
    return np.array(value.shape, np.int64)


TRANSLATIONS = {"Shape": shape}
