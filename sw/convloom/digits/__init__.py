"""A small network of the project's own: handwritten digits, 8x8, as .tflite and .onnx, and in float.

examples/digits trains it and writes its files. Importing this needs nothing but numpy.
"""

from importlib.resources import files
from pathlib import Path

FILES = {
    name.rpartition(".")[0]: name for name in ("digits.tflite", "digits_qlinear.onnx", "digits_qdq.onnx")
}


def path(name):
    """Where the network's file of that name is: one of FILES. Raises KeyError for another name."""
    return Path(str(files("convloom.digits").joinpath(FILES[name])))
