"""Tensors and operators become the bytes of a .tflite file, by the flatbuffer schema of the package tflite."""

import flatbuffers
import numpy as np
import tflite

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
ALIGNMENT = 16  # bytes, of constants: runtimes use them in place


class Writer:
    """Collects tensors and operators, each known by its number, in the order in which they are told."""

    def __init__(self):
        self._builder = flatbuffers.Builder(1 << 16)
        self._tensors, self._operators, self._codes = [], [], []
        self._buffers = [self._table("Buffer")]  # buffer 0 is the empty one

    def tensor(self, name, dtype, shape, scales=None, zero_point=0, data=None, axis=0):
        """The number of a new tensor.

        Parameters
        ----------
        scales : of a quantised one: one, or one for each index of dimension `axis`
        data : array of a constant
        """
        fields = {}
        if scales is not None:
            fields["Quantization"] = self._table(
                "QuantizationParameters",
                Scale=self._numbers(scales, np.float32),
                ZeroPoint=self._numbers([zero_point] * len(scales), np.int64),
                QuantizedDimension=axis,
            )
        if data is not None:
            fields["Buffer"] = self._buffer(np.ascontiguousarray(data).tobytes())
        text, sizes = self._builder.CreateString(name), self._numbers(shape, np.int32)
        kind = getattr(tflite.TensorType, dtype.upper())
        self._tensors.append(self._table("Tensor", Name=text, Shape=sizes, Type=kind, **fields))
        return len(self._tensors) - 1

    def operator(self, code, version, inputs, outputs, options="", **fields):
        """An operator by the schema's name; `options` is its table's name and `fields` what stands in it: numbers, or
        lists of them.
        """
        kind = getattr(tflite.BuiltinOperator, code)
        if (kind, version) not in self._codes:
            self._codes.append((kind, version))
        told = {}
        if options:
            told["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, options)
            lists = {
                name: self._numbers(each, np.int32) for name, each in fields.items() if isinstance(each, list)
            }
            told["BuiltinOptions"] = self._table(options, **fields | lists)
        self._operators.append(
            self._table(
                "Operator",
                OpcodeIndex=self._codes.index((kind, version)),
                Inputs=self._numbers(inputs, np.int32),
                Outputs=self._numbers(outputs, np.int32),
                **told,
            )
        )

    def finish(self, inputs, outputs, description="", metadata=None):
        """The file's bytes: a network between the tensors of these numbers; `metadata` is {name: bytes}."""
        codes = [
            self._table(
                "OperatorCode", BuiltinCode=kind, DeprecatedBuiltinCode=min(kind, 127), Version=version
            )
            for kind, version in self._codes
        ]
        graph = self._table(
            "SubGraph",
            Tensors=self._tables(self._tensors),
            Inputs=self._numbers(inputs, np.int32),
            Outputs=self._numbers(outputs, np.int32),
            Operators=self._tables(self._operators),
        )
        entries = [
            self._table("Metadata", Name=self._builder.CreateString(name), Buffer=self._buffer(content))
            for name, content in (metadata or {}).items()
        ]
        model = self._table(
            "Model",
            Version=SCHEMA_VERSION,
            OperatorCodes=self._tables(codes),
            Subgraphs=self._tables([graph]),
            Description=self._builder.CreateString(description),
            Buffers=self._tables(self._buffers),
            Metadata=self._tables(entries),
        )
        self._builder.Finish(model, IDENTIFIER)
        return bytes(self._builder.Output())

    def _table(self, kind, **fields):
        getattr(tflite, f"{kind}Start")(self._builder)
        for name, value in fields.items():
            getattr(tflite, f"{kind}Add{name}")(self._builder, value)
        return getattr(tflite, f"{kind}End")(self._builder)

    def _numbers(self, values, dtype):
        return self._builder.CreateNumpyVector(np.asarray(values, dtype))

    def _tables(self, places):
        self._builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            self._builder.PrependUOffsetTRelative(place)
        return self._builder.EndVector()

    def _buffer(self, content):
        """The number of a new buffer."""
        self._builder.StartVector(1, len(content), ALIGNMENT)
        for byte in reversed(content):
            self._builder.PrependByte(byte)
        data = self._builder.EndVector()
        self._buffers.append(self._table("Buffer", Data=data))
        return len(self._buffers) - 1
