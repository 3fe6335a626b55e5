"""`convloom run`: a network's answer to a picture, or to an array."""

from pathlib import Path

import numpy as np

import convloom
from convloom.cli import network


def add_arguments(parser):
    """The command's arguments."""
    network.add_arguments(parser)
    parser.add_argument("--labels", type=Path, help="a text file with a class's name on each line")
    parser.add_argument("--top", type=int, default=5, help="classes to show (default: 5)")
    parser.add_argument("--output", type=Path, help="writes the output's array as .npy")


def run(arguments):
    """Prints the best classes, most probable first."""
    model = network.load(arguments)
    labels = arguments.labels.read_text().splitlines() if arguments.labels else ()
    x = network.read_input(arguments, model)
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
