"""The digits network in float: its layers as data, and what they compute."""

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from convloom.models.metadata import Metadata

POOL = 2  # of both sides, and the stride
METADATA = Metadata(
    mean=(0.5,),
    std=(0.5,),  # so a picture goes from -1, black, to 1, white
    labels=("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
)


@dataclass(frozen=True)
class Layer:
    """A convolution of stride 1 with as many pads as keep the size, ReLU, and a max pool where `pool` says so.

    Members
    -------
    weights : shape [kn, kh, kw, c], with c = 1 where it is depthwise
    flat : without pads and ReLU, over the whole of its input: fully connected
    """

    name: str
    weights: tuple[int, int, int, int]
    depthwise: bool = False
    pool: bool = False
    flat: bool = False


LAYERS = (
    Layer("strokes", (8, 3, 3, 1)),
    Layer("spread", (8, 3, 3, 1), depthwise=True),
    Layer("mix", (16, 1, 1, 8), pool=True),
    Layer("parts", (16, 3, 3, 16)),
    Layer("digit", (10, 4, 4, 16), flat=True),
)


def load(path=None):
    """The trained parameters as {name: array}, float32: "strokes", "strokes bias" and so on, and "greatest".

    "greatest" holds each layer's greatest output over the training pictures, before the pool.

    path : of a file that examples/digits/train.py wrote; None for the one that comes with Convloom
    """
    with open(path or files("convloom.digits").joinpath("weights.npz"), "rb") as file:
        return {name: array.astype(np.float32) for name, array in np.load(file).items()}


def normalise(pictures):
    """float32 [n, 8, 8, 1], -1 to 1, of uint8 pictures."""
    return ((pictures / 255 - METADATA.mean) / METADATA.std).astype(np.float32)


def windows(layer, x):
    """[n, ho, wo, kh * kw, c]: what each output of the layer looks at."""
    _, kh, kw, _ = layer.weights
    if not layer.flat:
        x = np.pad(x, ((0, 0), (kh // 2,) * 2, (kw // 2,) * 2, (0, 0)))
    seen = sliding_window_view(x, (kh, kw), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
    return seen.reshape(*seen.shape[:3], kh * kw, -1)


def convolve(layer, seen, w, bias):
    """[n, ho, wo, kn], after the ReLU, of the windows."""
    if layer.depthwise:
        out = np.einsum("nhwtc,tc->nhwc", seen, w.reshape(len(w), -1).T)
    else:
        out = seen.reshape(*seen.shape[:3], -1) @ w.reshape(len(w), -1).T
    out += bias
    return out if layer.flat else np.maximum(out, 0, out=out)


def pool(x):
    """[n, h/2, w/2, c]: the greatest of four."""
    n, h, w, c = x.shape
    return x.reshape(n, h // POOL, POOL, w // POOL, POOL, c).max((2, 4))


def forward(parameters, pictures):
    """[(windows, output before the pool)] of each layer for normalised pictures; the last output is the logits."""
    x, steps = pictures, []
    for layer in LAYERS:
        seen = windows(layer, x)
        out = convolve(layer, seen, parameters[layer.name], parameters[f"{layer.name} bias"])
        steps.append((seen, out))
        x = pool(out) if layer.pool else out
    return steps


def classify(parameters, pictures):
    """The digit in each uint8 picture [n, 8, 8, 1], by the float network."""
    return forward(parameters, normalise(pictures))[-1][1][:, 0, 0].argmax(axis=1)
