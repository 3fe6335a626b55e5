"""Whole networks, from the file that a user has."""

from functools import partial
from pathlib import Path

from convloom import digits
from convloom.errors import ModelError
from convloom.models import metadata
from convloom.models.run import Model

TFLITE, ONNX = ".tflite", ".onnx"


def load(path):
    """The Model in a quantised .tflite or .onnx file; `model.run(x, device)` gives the network's answer.

    path : of the file, or the name of a network that comes with Convloom: "digits", "digits_qlinear", "digits_qdq"

    Raises ModelError, which names the operator and its place, for a file that is no model, is damaged or
    holds what is not supported, and OSError for one that cannot be read.
    """
    path = Path(path)
    if str(path) in digits.FILES and not path.exists():
        path = digits.path(str(path))
    content = path.read_bytes()
    try:
        read = _reader(path, content)
    except ModuleNotFoundError as error:
        if error.name not in ("tflite", "flatbuffers", "onnx", "google"):
            raise
        raise ModelError(f"{path} needs the package {error.name}: pip install 'convloom[models]'") from error
    return Model(read(content, str(path)), partial(metadata.read, content, str(path)))


def _reader(path, content):
    """The function that reads such a file: by its name; a flatbuffer also by its bytes."""
    suffix = path.suffix.lower()
    if suffix == ONNX:
        from convloom.models.onnx import read
    elif suffix == TFLITE or content[4:8] == b"TFL3":
        from convloom.models.tflite import read
    else:
        raise ModelError(f"{path} must be a .tflite or .onnx file, not {suffix or 'one without a suffix'}")
    return read
