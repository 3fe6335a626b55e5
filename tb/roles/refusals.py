"""Every refusal of the host: the call, and the page for users that shows its message.

`python tb/roles/refusals.py` renews docs/refusals.md.
"""

from pathlib import Path

import convloom
import numpy as np
from convloom import Config, Requant, golden
from convloom.spec import REGISTERS, preset

PAGE = Path(__file__).parents[2] / "docs/refusals.md"
X, W = np.zeros((1, 5, 6, 3), np.int8), np.zeros((4, 3, 3, 3), np.int8)
HEAD = """\
# What is refused

Made by `python tb/roles/refusals.py` from the calls of `tb/roles/refusals.py`; do not edit.

No convolution is refused that the arithmetic allows: kernels, strides, dilations, pads, groups, channels and sizes
of any number are cut into jobs that fit the device. What follows is all that `import convloom` refuses, each with
the message of an example; there `x` is `int8 [1, 5, 6, 3]`, `w` `int8 [4, 3, 3, 3]`. Errors of model files name
the operator; they are `ModelError`.
"""


class Registers:
    """A transport with some registers of one configuration and some of another."""

    def __init__(self, config, **words):
        self.golden, self.words = convloom.open("golden", config=config).transport, words

    def read(self, address):
        """The word of a register."""
        named = {REGISTERS[name].address: word for name, word in self.words.items()}
        return named.get(address, self.golden.read(address))


def _layer(name="conv2d", **wrong):
    """A call of a layer on the golden device."""
    return lambda: getattr(convloom.open("golden"), name)(**{"x": X, "w": W} | wrong)


def _requant(**wrong):
    return lambda: Requant(**{"multiplier": 1 << 30, "shift": 5} | wrong)


def _scales(*scales):
    return lambda: Requant.from_scales(*scales)


def _config(**wrong):
    return lambda: Config(**wrong)


def _opened(*given):
    return lambda: convloom.open(*given)


def _found(asked=None, **words):
    """A device whose registers say something else."""
    return lambda: convloom.Device(Registers(preset("tiny" if asked else "small"), **words), asked)


def _golden(name, *given, **options):
    return lambda: getattr(golden, name)(*given, **options)


SUMS = np.zeros((2, 4), np.int32)
CHANNELS = {"x": X[..., 0, :2].reshape(5, 2), "w": W[..., 0, 0]}
ALL = {
    "Layers": {
        "`x` that is no array": _layer(x=[[[[1]]]]),
        "`x` of another type": _layer(x=X.astype(np.int32)),
        "`x` of another shape": _layer(x=X[0]),
        "`x` with nothing in it": _layer(x=X[:, :0]),
        "`w` of another type": _layer(w=W.astype(np.float32)),
        "`w` for other channels": _layer(w=W[..., :2]),
        "`groups` that do not divide the channels or the kernels": _layer(groups=2),
        "`groups` out of range": _layer(groups=0),
        "`bias` of another type": _layer(bias=np.zeros(4)),
        "`bias` of another length": _layer(bias=np.zeros(3, np.int32)),
        "`stride` or `dilation` below 1": _layer(stride=0),
        "`stride` or `dilation` that is not whole": _layer(dilation=(1, 1.5)),
        "`stride` or `dilation` that is no pair": _layer(stride=(1, 1, 1)),
        "`padding` of another name": _layer(padding="full"),
        "`padding` of another form": _layer(padding=(1, 1)),
        "a pad that is not whole": _layer(padding=((1, 1), (1, 0.5))),
        "a kernel that does not fit": _layer(padding="valid", dilation=3),
        "a crop of all of the input": _layer(padding=((-3, 0), (0, 0))),
        "`input_zero_point` that `x` cannot hold": _layer(input_zero_point=128),
        "`weight_zero_point` that `w` cannot hold": _layer(weight_zero_point=-129),
        "`weight_zero_point` of each kernel, likewise": _layer(weight_zero_point=np.full(4, 200)),
        "`weight_zero_point` of another length": _layer(weight_zero_point=np.zeros(3, np.int8)),
        "`requant` of another type": _layer(requant=(1, 2)),
        "`requant` for other channels": _layer(requant=Requant(np.full(3, 1 << 30), 5)),
        "`depthwise_conv2d`: `w` of another shape": _layer("depthwise_conv2d", w=W[0]),
        "`depthwise_conv2d`: `w` for other channels": _layer("depthwise_conv2d", w=W[..., :2, :1]),
        "`fully_connected`: `x` of another shape": _layer("fully_connected"),
        "`fully_connected`: `w` of another shape": _layer("fully_connected", x=X[0, 0]),
        "`fully_connected`: `w` for other channels": _layer("fully_connected", **CHANNELS),
        "`conv_transpose2d`: `output_padding` that is no pair": _layer("conv_transpose2d", output_padding=1),
        "`conv_transpose2d`: pads that leave nothing": _layer("conv_transpose2d", padding=((4, 4), (0, 0))),
    },
    "Requant": {
        "`dtype` of another name": _requant(dtype="int16"),
        "`rounding` of another name": _requant(rounding="nearest"),
        "`multiplier` out of range": _requant(multiplier=1 << 31),
        "`multiplier` of a channel out of range": _requant(multiplier=np.array([0, -1])),
        "`multiplier` or `shift` that are not whole": _requant(shift=np.array([0.5])),
        "`multiplier` and `shift` of different lengths": _requant(
            multiplier=np.ones(2, int), shift=np.ones(3, int)
        ),
        "`multiplier` that is no mantissa << 7": _requant(multiplier=3, rounding="float32"),
        "`shift` out of range": _requant(shift=32),
        "`output_zero_point` out of range": _requant(output_zero_point=128),
        "`clamp` that is no pair": _requant(clamp=7),
        "`clamp` out of range": _requant(clamp=(0, 200)),
        "`clamp` the wrong way round": _requant(clamp=(6, 0)),
        "a scale that is not positive": _scales(0.1, -0.1, 0.1),
        "an input or output scale for each channel": _scales([0.1, 0.2], 0.1, 0.1),
        "a scale of 2**31 and more": _scales(1e9, 1e9, 0.1),
    },
    "Devices": {
        "a kind of device that there is not": _opened("fpga"),
        "a configuration that there is not": _opened("golden:huge"),
        "a `config` of another type, or beside a name": _opened("golden:tiny", preset("tiny")),
        "something that is no Convloom": _found(IDENTITY=7),
        "another version of the registers": _found(VERSION=2),
        "registers that no engine has": _found(LINE_BYTES=5),
        "registers that contradict their hash": _found(WEIGHT_WORDS=2048),
        "another configuration than the one asked for": _found(preset("small")),
    },
    "Config": {
        "a number that is none": _config(cin_lanes=0),
        "`cin_lanes`": _config(cin_lanes=7),
        "`cout_lanes`": _config(cout_lanes=17),
        "`requant_lanes`": _config(requant_lanes=3),
        "a buffer that is no power of two": _config(weight_words=1000),
        "`line_bytes`": _config(line_bytes=64),
        "`output_words`": _config(output_words=4),
        "`weight_words`": _config(weight_words=1 << 20),
        "`jobs_in_flight`": _config(jobs_in_flight=9),
        "`roundings`": _config(roundings=()),
        "`depthwise`": _config(cout_lanes=6, requant_lanes=2, depthwise=True),
    },
    "Golden functions": {
        "pads that are no pairs": _golden("accumulate", X, W, pads=1),
        "a negative pad": _golden("accumulate", X, W, pads=((-1, 0), (0, 0))),
        "a kernel that does not fit": _golden("accumulate", X[:, :2], W),
        "pads that leave nothing": _golden("conv_transpose2d", X, W, pads=((4, 4), (0, 0))),
        "accumulators of another type": _golden("rescale", SUMS.astype(np.int64), 1 << 30, 5, "double"),
        "accumulators that are no array": _golden("requantise", 7, Requant(1 << 30, 5)),
        "window sums of groups that do not divide the kernels": _golden(
            "subtract_weight_zero_points", SUMS, SUMS[:, :3], 0
        ),
    },
}


def refused(call):
    """What the call raises; AssertionError where it raises nothing."""
    try:
        call()
    except (ValueError, convloom.DeviceError) as error:
        return error
    raise AssertionError("it was not refused")


def page():
    """The text of docs/refusals.md."""
    parts = [HEAD]
    for title, calls in ALL.items():
        errors = {what: refused(call) for what, call in calls.items()}
        kinds = " and ".join(sorted({f"`{type(error).__name__}`" for error in errors.values()}))
        lines = (f"| {what} | `{error}` |" for what, error in errors.items())
        parts.append(
            "\n".join((f"## {title}\n", f"{kinds}:\n", "| what | the message |", "| --- | --- |", *lines, ""))
        )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
