"""TFLite's metadata: a flatbuffer inside the model, in the buffer "TFLITE_METADATA", and labels zipped to its end.

Its schema is tensorflow/tflite-support's metadata_schema.fbs; here are the tables of it that say what a picture has
to become and what the classes are called.
"""

import io
import zipfile

import flatbuffers
import numpy as np
import tflite
from flatbuffers import number_types
from flatbuffers.table import Table

from convloom.models.metadata import Metadata

NAME, IDENTIFIER, PARSER = "TFLITE_METADATA", b"M001", "1.0.0"
LABELS, MOST_BYTES = "labels.txt", 1 << 20  # of labels
AXIS_LABELS = 2  # AssociatedFileType: a line for each place along the axis
COLOURS = {1: 2, 3: 1}  # ColorSpaceType by channels: grey, RGB
# Each table's fields in the schema's order: a table's name, [a table's name] for many, {type: table's name} for a
# union, whose type is the field before; None for what is left alone.
SCHEMA = {
    "ModelMetadata": {
        "name": "text",
        "description": "text",
        "version": "text",
        "subgraph_metadata": ["SubGraphMetadata"],
        "author": "text",
        "license": "text",
        "associated_files": None,
        "min_parser_version": "text",
    },
    "SubGraphMetadata": {
        "name": "text",
        "description": "text",
        "input_tensor_metadata": ["TensorMetadata"],
        "output_tensor_metadata": ["TensorMetadata"],
    },
    "TensorMetadata": {
        "name": "text",
        "description": "text",
        "dimension_names": None,
        "content": "Content",
        "process_units": ["ProcessUnit"],
        "stats": None,
        "associated_files": ["AssociatedFile"],
    },
    "Content": {"content_properties_type": "byte", "content_properties": {2: "ImageProperties"}},
    "ImageProperties": {"color_space": "byte"},
    "ProcessUnit": {"options_type": "byte", "options": {1: "NormalizationOptions"}},
    "NormalizationOptions": {"mean": "floats", "std": "floats"},
    "AssociatedFile": {"name": "text", "description": "text", "type": "byte"},
}


def read(content):
    """The Metadata in the bytes of a .tflite file. Raises what a damaged flatbuffer or archive raises."""
    model = tflite.Model.GetRootAs(content, 0)
    for number in range(model.MetadataLength()):
        entry = model.Metadata(number)
        if entry.Name() == NAME.encode():
            data = model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
            return _metadata(_Reader.root("ModelMetadata", data), content)
    return Metadata()


def _metadata(root, content):
    found = {}
    for graph in root["subgraph_metadata"][:1]:
        for unit in (
            unit for tensor in graph["input_tensor_metadata"][:1] for unit in tensor["process_units"]
        ):
            if unit["options"] is not None:
                # Here they are those of x, not of x/255.
                found |= {name: tuple((unit["options"][name] / 255).tolist()) for name in ("mean", "std")}
        for file in (
            file for tensor in graph["output_tensor_metadata"][:1] for file in tensor["associated_files"]
        ):
            if file["type"] == AXIS_LABELS:
                found.setdefault("labels", _labels(content, file["name"]))
    return Metadata(**found)


def _labels(content, name):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.getinfo(name).file_size > MOST_BYTES:
                raise ValueError(f"{name} must have {MOST_BYTES} bytes at most")
            return tuple(archive.read(name).decode().splitlines())
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from error


def pack(metadata, name, channels=1):
    """The flatbuffer's bytes for a Metadata, for `finish` of a Writer; the labels' names are for `append_labels`.

    name : of the model
    channels : of its picture, 1 or 3
    """
    pixels = {name: np.float32(255) * np.float32(getattr(metadata, name)) for name in ("mean", "std")}
    picture = {
        "name": "picture",
        "content": {"content_properties_type": 2, "content_properties": {"color_space": COLOURS[channels]}},
        "process_units": [{"options_type": 1, "options": pixels}],
    }
    labels = {"name": LABELS, "description": "the classes", "type": AXIS_LABELS}
    classes = {"name": "probabilities", "associated_files": [labels]}
    graph = {"input_tensor_metadata": [picture], "output_tensor_metadata": [classes]}
    root = {"name": name, "subgraph_metadata": [graph], "min_parser_version": PARSER}
    builder = flatbuffers.Builder(1024)
    builder.Finish(_packed(builder, "ModelMetadata", root), IDENTIFIER)
    return bytes(builder.Output())


def append_labels(content, labels):
    """The model's bytes with the classes' names zipped to its end, a line for each."""
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:  # which writes behind what is there
        archive.writestr(zipfile.ZipInfo(LABELS), "".join(f"{label}\n" for label in labels))
    return file.getvalue()


def _packed(builder, table, values):
    """Where the table is, whose fields are `values` by name."""
    fields = list(SCHEMA[table].items())
    places = {}
    for number, (field, kind) in enumerate(fields):
        if field in values and kind != "byte":
            kind = kind[values[fields[number - 1][0]]] if isinstance(kind, dict) else kind
            places[number] = _value(builder, kind, values[field])
    builder.StartObject(len(fields))
    for number, (field, kind) in enumerate(fields):
        if kind == "byte" and field in values:
            builder.PrependUint8Slot(number, values[field], 0)
        elif number in places:
            builder.PrependUOffsetTRelativeSlot(number, places[number], 0)
    return builder.EndObject()


def _value(builder, kind, value):
    if kind == "text":
        return builder.CreateString(value)
    if kind == "floats":
        return builder.CreateNumpyVector(np.asarray(value, np.float32))
    if isinstance(kind, str):
        return _packed(builder, kind, value)
    places = [_packed(builder, kind[0], each) for each in value]
    builder.StartVector(4, len(places), 4)
    for place in reversed(places):
        builder.PrependUOffsetTRelative(place)
    return builder.EndVector()


class _Reader:
    """A table of the flatbuffer; its fields by their names in the schema, None for an absent one, [] for no tables."""

    def __init__(self, kind, data, place):
        self.kind, self.data, self.place = kind, data, place
        self.table = Table(data, place)

    @classmethod
    def root(cls, kind, data):
        """The table at the root."""
        return cls(kind, data, Table(data, 0).Indirect(0))

    def __getitem__(self, field):
        number, kind = list(SCHEMA[self.kind]).index(field), SCHEMA[self.kind][field]
        offset = self.table.Offset(4 + 2 * number)
        if not offset:
            return [] if isinstance(kind, list) else None
        if kind == "byte":
            return self.table.Get(number_types.Uint8Flags, self.place + offset)
        if kind == "text":
            return self.table.String(self.place + offset).decode()
        if kind == "floats":
            return self.table.GetVectorAsNumpy(number_types.Float32Flags, offset).astype(np.float64)
        if isinstance(kind, list):
            first = self.table.Vector(offset)
            return [self._at(kind[0], first + 4 * n) for n in range(self.table.VectorLen(offset))]
        union = kind.get(self[f"{field}_type"]) if isinstance(kind, dict) else kind
        return union and self._at(union, self.place + offset)

    def _at(self, kind, place):
        return _Reader(kind, self.data, self.table.Indirect(place))
