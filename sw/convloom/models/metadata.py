"""What a model file says of itself: how a picture becomes its input, and what its classes are called."""

import ast
from dataclasses import dataclass

from convloom.errors import ModelError
from convloom.models.damage import DAMAGE

RGB, BGR = "rgb", "bgr"
# ONNX's own keys (MetadataProps.md), in lower case as they may be written in any; what pixels from 0 to 255 become,
# as the mean and std of x/255.
RANGES = {
    "nominalrange_0_255": (0.0, 1 / 255),
    "normalized_0_1": (0.0, 1.0),
    "normalized_1_1": (0.5, 0.5),
    "nominalrange_16_235": (-16 / 219, 1 / 219),
}
LABELS = ("names", "class_names", "labels")  # keys under which exporters write a list, or {0: "first", ...}


@dataclass(frozen=True)
class Metadata:
    """Of a model with a picture as its input and classes as its output.

    Members
    -------
    mean, std : of x/255, where x is a pixel from 0 to 255: one, or one for each channel. The input is
        (x/255 - mean) / std
    order : of the channels, "rgb" or "bgr"
    labels : the classes' names; none where the file has none
    """

    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    order: str = RGB
    labels: tuple[str, ...] = ()


DEFAULT = Metadata()


def read(content, name="the file"):
    """The Metadata in the bytes of a .tflite or .onnx file; what the file does not say has the default.

    Raises ModelError where the metadata is damaged.
    """
    try:
        if content[4:8] == b"TFL3":
            from convloom.models import tflite_metadata

            return tflite_metadata.read(content)
        return _onnx(content)
    except (*DAMAGE, SyntaxError, MemoryError) as error:
        raise ModelError(f"{name}: its metadata must be whole, not damaged") from error


def _onnx(content):
    import onnx

    told = {entry.key.lower(): entry.value for entry in onnx.load_model_from_string(content).metadata_props}
    span = RANGES.get(told.get("image.nominalpixelrange", "").lower(), (0.0, 1.0))
    mean, std = (
        _numbers(told[key]) if key in told else (default,)
        for key, default in zip(("mean", "std"), span, strict=True)
    )
    order = BGR if told.get("image.bitmappixelformat", "").lower().startswith("bgr") else RGB
    return Metadata(mean, std, order, next((_names(told[key]) for key in LABELS if key in told), ()))


def _numbers(text):
    """A number, or numbers with commas between, in brackets or not."""
    value = ast.literal_eval(text)
    return tuple(float(each) for each in (value if isinstance(value, list | tuple) else (value,)))


def _names(text):
    """A list or a dictionary as Python or JSON writes them, or names with commas between."""
    if not text.lstrip().startswith(("[", "{", "(")):
        return tuple(each.strip() for each in text.split(","))
    value = ast.literal_eval(text)
    if not isinstance(value, dict):
        return tuple(str(each) for each in value)
    named = {int(key): str(name) for key, name in value.items()}
    return tuple(named.get(number, f"class {number}") for number in range(max(named) + 1))
