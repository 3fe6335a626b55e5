"""`convloom run`: a network's answer to a picture, or to an array."""

from pathlib import Path

import numpy as np

import convloom
from convloom.errors import ModelError
from convloom.models.pictures import read_picture
from convloom.spec import Rounding


def add_arguments(parser):
    """The command's arguments."""
    parser.add_argument("model", type=Path, help="an int8 .tflite file")
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--image", type=Path, help="a picture, cropped and resized as the model wants")
    given.add_argument("--input", type=Path, help="a .npy file with the model's input, ready made")
    parser.add_argument("--device", default="sim", help="golden, sim or sim:large (default: sim)")
    modes = [mode.name.lower() for mode in Rounding]
    parser.add_argument("--rounding", default="double", choices=modes, help="default: double")
    parser.add_argument(
        "--mean", type=_numbers, default=(0.0,), help="taken from x/255: one, or R,G,B (default: 0)"
    )
    parser.add_argument(
        "--std", type=_numbers, default=(1.0,), help="then divided by: one, or R,G,B (default: 1)"
    )
    parser.add_argument("--layout", choices=["nhwc", "nchw"], help="of the input (default: by its shape)")
    parser.add_argument("--labels", type=Path, help="a text file with a class's name on each line")
    parser.add_argument("--top", type=int, default=5, help="classes to show (default: 5)")
    parser.add_argument("--output", type=Path, help="writes the output's array as .npy")


def run(arguments):
    """Prints the best classes, most probable first."""
    model = convloom.load(arguments.model)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"the model must have one input and one output, not {len(model.inputs)} and {len(model.outputs)}"
        )
    labels = arguments.labels.read_text().splitlines() if arguments.labels else ()
    x = _input(arguments, model.inputs[0])
    with convloom.open(arguments.device) as device:
        answer = model.run(x, device, arguments.rounding)
    if arguments.output:
        np.save(arguments.output, answer)
    chances = probabilities(answer.ravel(), model.outputs[0])
    for number in np.argsort(-chances, kind="stable")[: max(arguments.top, 1)]:
        name = labels[number] if number < len(labels) else f"class {number}"
        print(f"{chances[number]:7.1%}  {name}")


def probabilities(values, tensor):
    """float64, of the output's values: themselves where they come from a softmax, else their softmax."""
    real = values.astype(np.float64)
    if tensor.dtype == "int8":
        real = (real - tensor.zero_point) * np.float64(tensor.scale)
        if tensor.scale == np.float32(1 / 256) and tensor.zero_point == -128:
            return real
    powers = np.exp(real - real.max())
    return powers / powers.sum()


def _input(arguments, tensor):
    if arguments.image:
        return read_picture(arguments.image, tensor, arguments.mean, arguments.std, arguments.layout)
    return np.load(arguments.input, allow_pickle=False)


def _numbers(text):
    return tuple(float(number) for number in text.split(","))
