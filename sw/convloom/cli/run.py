"""`convloom run`: a network's answer to a picture, or to an array."""

from pathlib import Path

import numpy as np

import convloom
from convloom.cli import network

MOVES = ("QUANTIZE", "DEQUANTIZE", "RESHAPE")  # may stand between a network's last operator and its output


def add_arguments(parser):
    """The command's arguments."""
    network.add_arguments(parser)
    parser.add_argument(
        "--labels", type=Path, help="a text file with a class's name on each line (default: the model's)"
    )
    parser.add_argument("--top", type=int, default=5, help="classes to show (default: 5)")
    parser.add_argument("--output", type=Path, help="writes the output's array as .npy")


def run(arguments):
    """Prints the best classes, most probable first."""
    model = network.load(arguments)
    labels = arguments.labels.read_text().splitlines() if arguments.labels else model.metadata.labels
    x = network.read_input(arguments, model)
    with convloom.open(arguments.device) as device:
        answer = model.run(x, device, arguments.rounding)
    if arguments.output:
        np.save(arguments.output, answer)
    chances = probabilities(answer.ravel(), model)
    for number in np.argsort(-chances, kind="stable")[: max(arguments.top, 1)]:
        name = labels[number] if number < len(labels) else f"class {number}"
        print(f"{chances[number]:7.1%}  {name}")


def probabilities(values, model):
    """float64, of the output's values: themselves where they come from a softmax or sigmoid, else their softmax."""
    tensor, real = model.outputs[0], values.astype(np.float64)
    if tensor.is_quantised:
        real = (real - tensor.zero_point) * np.float64(tensor.scale)
    last = next((node.operator for node in reversed(model.nodes) if node.operator not in MOVES), "")
    if last in ("SOFTMAX", "LOGISTIC"):
        return real
    powers = np.exp(real - real.max())
    return powers / powers.sum()
