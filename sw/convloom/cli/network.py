"""What commands that run a network have in common: the model, its input, the device, the rounding mode."""

from dataclasses import replace
from pathlib import Path

import numpy as np

import convloom
from convloom.errors import ModelError
from convloom.models.pictures import read_picture
from convloom.spec import Rounding


def add_arguments(parser):
    """The arguments that `load` and `read_input` take."""
    parser.add_argument(
        "model", type=Path, help="a quantised .tflite or .onnx file, or digits, which comes with Convloom"
    )
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--image", type=Path, help="a picture, cropped and resized as the model wants")
    given.add_argument("--input", type=Path, help="a .npy file with the model's input, ready made")
    parser.add_argument("--device", default="sim", help="golden, sim or sim:large (default: sim)")
    modes = [mode.name.lower() for mode in Rounding]
    parser.add_argument("--rounding", choices=modes, help="default: that of the file's own runtime")
    parser.add_argument(
        "--mean", type=_numbers, help="taken from x/255: one, or R,G,B (default: as the file says, else 0)"
    )
    parser.add_argument(
        "--std", type=_numbers, help="then divided by: one, or R,G,B (default: as the file says, else 1)"
    )
    parser.add_argument("--layout", choices=["nhwc", "nchw"], help="of the input (default: by its shape)")


def load(arguments):
    """The Model. Raises ModelError where it has not one input and one output."""
    model = convloom.load(arguments.model)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"the model must have one input and one output, not {len(model.inputs)} and {len(model.outputs)}"
        )
    return model


def read_input(arguments, model):
    """The model's input as an array, from a picture or ready made."""
    if arguments.image:
        return read_picture(arguments.image, model.inputs[0], metadata(arguments, model), arguments.layout)
    return np.load(arguments.input, allow_pickle=False)


def metadata(arguments, model):
    """The model's Metadata, with the mean and std that were told."""
    told = {name: getattr(arguments, name) for name in ("mean", "std") if getattr(arguments, name)}
    return replace(model.metadata, **told)


def _numbers(text):
    return tuple(float(number) for number in text.split(","))
