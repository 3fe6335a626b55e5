"""The demo's end: handwritten digits from picture to probability, and how often the answer is right."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

import convloom
from convloom.cli.run import probabilities
from convloom.demo.handwriting import seven
from convloom.digits import network, pictures
from convloom.models.pictures import normalise, read_picture
from convloom.spec import Rounding

MODES = tuple(mode.name.lower() for mode in Rounding)
BATCH = 16  # pictures that the demo's device computes in each mode
SHOWN = (0, 3, 5, 8)  # the first held-out picture of each of these digits


@dataclass(frozen=True)
class HeldOut:
    """The network over the held-out pictures.

    Members
    -------
    pictures, labels : uint8 [n, 8, 8, 1], and the digits that they are
    real : the digits that the float network takes them for
    answers : the golden device's by mode, int8 [n, 10]
    """

    pictures: np.ndarray
    labels: np.ndarray
    real: np.ndarray
    answers: dict

    def right(self):
        """Share of right answers, of the float network and in each mode."""
        found = {"float": self.real} | {mode: answer.argmax(1) for mode, answer in self.answers.items()}
        return {name: float(np.mean(digits == self.labels)) for name, digits in found.items()}

    def unlike(self, mode):
        """Outputs that are not those of `double`."""
        return int(np.count_nonzero(self.answers[mode] != self.answers["double"]))

    def shown(self):
        """Numbers of pictures worth a look: some digits, and that of which the network is least sure."""
        least = self.answers["double"].max(1).argmin()
        return *(int(np.flatnonzero(self.labels == digit)[0]) for digit in SHOWN), int(least)


@dataclass(frozen=True)
class Reading:
    """A picture as the network read it.

    Members
    -------
    picture : uint8 [h, w] or [h, w, 3]
    x : int8 [8, 8], what the network takes
    maps : each operator's output by its name, int8 [1, h, w, c]
    chances : of each digit, float [10]
    label : the digit that it is
    """

    picture: np.ndarray
    x: np.ndarray
    maps: dict
    chances: np.ndarray
    label: int

    @property
    def digit(self):
        """What the network takes it for."""
        return int(self.chances.argmax())


def said(reading):
    """What a Reading comes to, as one would say it."""
    name = network.METADATA.labels[reading.digit]
    return f"{reading.chances.max():.0%} {'an' if reading.digit == 8 else 'a'} {name}"


def held_out():
    """The HeldOut pictures, in all modes on the golden device."""
    shown, labels = pictures.split()[1]
    model = convloom.load("digits")
    with convloom.open("golden") as device:
        answers = {mode: answer(model, device, shown, mode) for mode in MODES}
    return HeldOut(shown, labels, network.classify(network.load(), shown), answers)


def answer(model, device, shown, mode):
    """int8 [n, 10], of pictures uint8 [n, 8, 8, 1]."""
    inputs = (normalise(pixels, model.inputs[0], model.metadata) for pixels in shown)
    return np.concatenate([model.run(x, device, mode) for x in inputs])


def mismatches(device, expected):
    """By mode, bytes of the device's answers to one batch that are not those of the HeldOut `expected`."""
    model = convloom.load("digits")
    found = {mode: answer(model, device, expected.pictures[:BATCH], mode) for mode in MODES}
    return {
        mode: int(np.count_nonzero(told != expected.answers[mode][:BATCH])) for mode, told in found.items()
    }


def read(device, expected, path):
    """Readings of a seven by hand, which is written to `path`, and of some pictures of the HeldOut `expected`."""
    model = convloom.load("digits")
    seven().save(path)
    with Image.open(path) as file:
        pictures_ = [(np.asarray(file), read_picture(path, model.inputs[0], model.metadata), 7)]
    for number in expected.shown():
        pixels = expected.pictures[number]
        x = normalise(pixels, model.inputs[0], model.metadata)
        pictures_.append((pixels[..., 0], x, int(expected.labels[number])))
    return [_reading(model, device, *each) for each in pictures_]


def _reading(model, device, picture, x, label):
    maps = {}
    out = model.run(x, device, observe=lambda node, out: maps.update({node.outputs[0].name: out}))
    return Reading(picture, x[0, ..., 0], maps, probabilities(out[0], model), label)
