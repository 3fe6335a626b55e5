"""The options that TFLite stores with an operator, under names of our own."""

import tflite

from convloom.errors import ModelError

MOST_STEP = 4096  # of strides, dilations and windows; a damaged file may claim any
PADDINGS = {tflite.Padding.SAME: "same", tflite.Padding.VALID: "valid"}
ACTIVATIONS = {
    tflite.ActivationFunctionType.NONE: "NONE",
    tflite.ActivationFunctionType.RELU: "RELU",
    tflite.ActivationFunctionType.RELU6: "RELU6",
}
# Our name, and the schema's: one field, or a pair (y, x).
ACTIVATION = {"activation": "FusedActivationFunction"}
WINDOW = {"padding": "Padding", "stride": ("StrideH", "StrideW")} | ACTIVATION
CONVOLUTION = WINDOW | {"dilation": ("DilationHFactor", "DilationWFactor")}
POOL = WINDOW | {"filter": ("FilterHeight", "FilterWidth")}
SCHEMA = {
    "CONV_2D": ("Conv2DOptions", CONVOLUTION),
    "DEPTHWISE_CONV_2D": ("DepthwiseConv2DOptions", CONVOLUTION),
    "TRANSPOSE_CONV": ("TransposeConvOptions", WINDOW),
    "FULLY_CONNECTED": (
        "FullyConnectedOptions",
        ACTIVATION | {"keep_dims": "KeepNumDims", "format": "WeightsFormat"},
    ),
    "ADD": ("AddOptions", ACTIVATION),
    "SUB": ("SubOptions", ACTIVATION),
    "MUL": ("MulOptions", ACTIVATION),
    "AVERAGE_POOL_2D": ("Pool2DOptions", POOL),
    "MAX_POOL_2D": ("Pool2DOptions", POOL),
    "MEAN": ("ReducerOptions", {"keep_dims": "KeepDims"}),
    "CONCATENATION": ("ConcatenationOptions", ACTIVATION | {"axis": "Axis"}),
    "SOFTMAX": ("SoftmaxOptions", {"beta": "Beta"}),
    "STRIDED_SLICE": (
        "StridedSliceOptions",
        {
            "open_begins": "BeginMask",
            "open_ends": "EndMask",
            "dropped": "ShrinkAxisMask",
            "ellipsis": "EllipsisMask",
            "new_axes": "NewAxisMask",
        },
    ),
}


def read_options(name, operator, number):
    """The options of an Operator of the flatbuffer: {} where it has none that matter.

    Raises ModelError for missing ones and for values that are not supported.
    """
    if name not in SCHEMA:
        return {}
    table_name, fields = SCHEMA[name]
    if operator.BuiltinOptionsType() != getattr(tflite.BuiltinOptions, table_name):
        raise ModelError(f"operator {number}, {name}: its options must be {table_name}")
    options, table = getattr(tflite, table_name)(), operator.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    found = {our: _value(options, field) for our, field in fields.items()}
    return {our: _named(our, value, f"operator {number}, {name}") for our, value in found.items()}


def _value(options, field):
    if isinstance(field, tuple):
        return tuple(getattr(options, each)() for each in field)
    return getattr(options, field)()


def _named(our, value, place):
    names = {"padding": PADDINGS, "activation": ACTIVATIONS}.get(our)
    if names is not None:
        if value not in names:
            raise ModelError(
                f"{place}: its {our} must be one of {', '.join(names.values())}, not number {value}"
            )
        return names[value]
    if isinstance(value, tuple) and not 1 <= min(value) <= max(value) <= MOST_STEP:
        raise ModelError(f"{place}: its {our} must be from 1 to {MOST_STEP}, not {value}")
    return value
