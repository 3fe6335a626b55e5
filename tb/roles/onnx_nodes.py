"""ONNX's own node tests for convolution in one and two dimensions, as the golden model takes them."""

from dataclasses import dataclass
from importlib import import_module

import numpy as np
from onnx import helper, numpy_helper
from roles.onnx_layer import channels_first, channels_last, session

OPERATORS = ("Conv", "ConvInteger", "ConvTranspose", "QLinearConv")


@dataclass(frozen=True)
class NodeTest:
    """One test: its operator and its arrays as ONNX has them, channels first."""

    name: str
    model: object
    inputs: list
    expected: np.ndarray

    @property
    def operator(self):
        """The type of its only node."""
        return self.model.graph.node[0].op_type

    def run(self, inputs):
        """ONNX Runtime's output for other inputs of the same shapes."""
        named = dict(zip((value.name for value in self.model.graph.input), inputs, strict=True))
        return session(self.model.SerializeToString(), named).run(None, named)[0]

    def geometry(self):
        """Keyword arguments of `golden.accumulate` or `golden.conv_transpose2d`, without the zero point."""
        node = self.model.graph.node[0]
        given = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        x, w = self.inputs[0].shape[2:], self.kernel.shape[2:]
        stride, dilation = given.get("strides", [1] * len(x)), given.get("dilations", [1] * len(x))
        spans = [(taps - 1) * step + 1 for taps, step in zip(w, dilation, strict=True)]
        before, after, more = _transposed_pads(given, x, spans, stride)
        if self.operator != "ConvTranspose":
            before, after = _pads(given, x, spans, stride)
        geometry = {
            "stride": two_dimensions(stride, 1),
            "dilation": two_dimensions(dilation, 1),
            "groups": given.get("group", 1),
            "pads": tuple(zip(two_dimensions(before, 0), two_dimensions(after, 0), strict=True)),
        }
        if self.operator == "ConvTranspose":
            geometry["output_padding"] = two_dimensions(more, 0)
        return geometry

    @property
    def kernel(self):
        """The weights."""
        return self.inputs[3 if self.operator == "QLinearConv" else 1]


def load():
    """All of those tests that ONNX has."""
    tests = []
    for case in _cases():
        nodes = case.model.graph.node
        if len(nodes) == 1 and nodes[0].op_type in OPERATORS:
            inputs, outputs = ([_array(each) for each in arrays] for arrays in case.data_sets[0])
            if inputs[0].ndim <= 4:
                tests.append(NodeTest(case.name, case.model, inputs, outputs[0]))
    return tests


def _cases():
    """What `onnx.backend.test.loader` gives, of the convolutions alone: all operators' cases take seconds."""
    package = "onnx.backend.test.case.node"
    for operator in OPERATORS:
        import_module(f"{package}.{operator.lower()}")
    return import_module(package)._NodeTestCases


def picture(array):
    """NHWC of NCHW; a row of NCW is a picture one high."""
    return channels_last(array if array.ndim == 4 else array[:, :, None])


def as_onnx(array, dimensions):
    """The reverse."""
    first = channels_first(array)
    return first if dimensions == 4 else first[:, :, 0]


def two_dimensions(numbers, above):
    """(y, x) of one or two numbers; `above` stands for a y that is not there."""
    return (above, *numbers) if len(numbers) == 1 else tuple(numbers)


def _array(value):
    return value if isinstance(value, np.ndarray | np.generic) else numpy_helper.to_array(value)


def _pads(given, size, spans, stride):
    """(before, after), each a number for each axis."""
    mode = given.get("auto_pad", b"NOTSET").decode()
    if mode in ("NOTSET", "VALID"):
        pads = given.get("pads", [0] * 2 * len(size))
        return pads[: len(size)], pads[len(size) :]
    columns = zip(size, spans, stride, strict=True)
    return _halves([max((-(-n // s) - 1) * s + span - n, 0) for n, span, s in columns], mode)


def _transposed_pads(given, size, spans, stride):
    """(before, after, output padding); an output that is larger than the natural one is padded at its end."""
    mode = given.get("auto_pad", b"NOTSET").decode()
    more = given.get("output_padding", [0] * len(size))
    columns = list(zip(size, spans, stride, more, strict=True))
    natural = [(n - 1) * s + span + extra for n, span, s, extra in columns]
    wanted = given.get("output_shape")
    if mode.startswith("SAME") and wanted is None:
        wanted = [n * s for n, _, s, _ in columns]
    if wanted is None:
        pads = given.get("pads", [0] * 2 * len(size))
        return pads[: len(size)], pads[len(size) :], more
    total = [length - out for length, out in zip(natural, wanted, strict=True)]
    before, after = _halves([max(pad, 0) for pad in total], mode)
    return before, after, [extra + max(-pad, 0) for extra, pad in zip(more, total, strict=True)]


def _halves(total, mode):
    """Of an odd pad SAME_UPPER puts the larger half behind, all others before."""
    smaller = [pad // 2 for pad in total]
    larger = [pad - half for pad, half in zip(total, smaller, strict=True)]
    return (smaller, larger) if mode == "SAME_UPPER" else (larger, smaller)
