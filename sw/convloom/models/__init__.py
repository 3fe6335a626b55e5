"""Whole networks, from the file that a user has."""

from pathlib import Path

from convloom.errors import ModelError


def load(path):
    """The Model in an int8 .tflite file; `model.run(x, device)` gives the network's answer.

    Raises ModelError, which names the operator and its place, for a file that is no model, is damaged or
    holds what is not supported, and OSError for one that cannot be read.
    """
    try:
        from convloom.models.tflite import read
    except ModuleNotFoundError as error:
        if error.name not in ("tflite", "flatbuffers"):
            raise
        raise ModelError("a .tflite file needs the package tflite: pip install 'convloom[models]'") from error
    from convloom.models.run import Model

    return Model(read(Path(path).read_bytes(), str(path)))
