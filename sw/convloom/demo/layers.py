"""The demo's layers: which kernels run over what, how their sums become bytes, and one run of one of them."""

from dataclasses import dataclass

import numpy as np

from convloom import golden
from convloom.demo import arrangements, banks
from convloom.requant import Requant

PHOTO = "photo"  # where a layer's input comes from, if not from another layer
SILENT = -128  # output of a neuron that does not fire, and the zero point of what fires
BRIGHTEST = 0.998  # of a channel's responses fit the 8 bits, the rest is clamped


@dataclass(frozen=True)
class Layer:
    """A convolution of the demo. Weights and names are the bank's; a ReLU is a clamp at the zero point."""

    name: str
    bank: banks.Bank
    stride: int
    pad: int
    rounding: str
    relu: bool = True
    dilation: int = 1
    bias: np.ndarray | None = None
    source: str = PHOTO

    @property
    def zero_point(self):
        """Of the input: the photograph has its zero at mid grey, a layer's output at silence."""
        return 0 if self.source == PHOTO else SILENT

    @property
    def kind(self):
        """Of its features: the first word of the name."""
        return self.name.split()[0]

    def macs(self, outputs):
        """Multiplications of an activation by a weight for that many outputs; taps in the padding count."""
        return outputs * self.bank.weights[0].size


@dataclass(frozen=True)
class Result:
    """What a layer gave: its output [h, w, k], what it cost, how many bytes are not the golden model's."""

    layer: Layer
    output: np.ndarray
    cycles: int
    utilisation: float
    macs: int
    mismatches: int

    @property
    def outputs(self):
        """Neurons."""
        return self.output.size

    @property
    def silent(self):
        """Share of the neurons that do not fire; None without a ReLU."""
        return float(np.mean(self.output == SILENT)) if self.layer.relu else None

    def channel(self, name):
        """[h, w] of the channel of that name, 0 (silent, or as far down as it goes) to 1."""
        values = self.output[..., self.layer.bank.names.index(name)].astype(np.float32)
        return (values + 128) / 255

    def row(self):
        """The figures of demo.json."""
        return {
            "name": self.layer.name,
            "macs": self.macs,
            "outputs": self.outputs,
            "mismatches": self.mismatches,
            "cycles": self.cycles,
            "utilisation": self.utilisation,
            "silent": self.silent,
            "rounding": self.layer.rounding,
        }


def all_layers():
    """In the order in which they run: four looks at the photograph, a hundred features, the second layer."""
    hundred = banks.hundred()
    second, bias = arrangements.bank(hundred.names)
    return (
        Layer("colours 3x3", banks.colours(), 1, 1, "float32"),
        Layer("edges 3x3", banks.edges(), 1, 1, "double", relu=False),
        Layer("textures 5x5/2", banks.textures(), 2, 2, "double_up"),
        Layer("shapes 5x5/2", banks.shapes(), 2, 2, "single"),
        Layer("hundred 5x5/2", hundred, 2, 0, "double"),
        Layer(
            "arrangements 3x3/2",
            second,
            *(2, 0, "double"),
            dilation=arrangements.REACH,
            bias=bias,
            source="hundred 5x5/2",
        ),
    )


def geometry(layer):
    """Stride, pads and dilation as the golden model takes them."""
    pads = ((layer.pad, layer.pad),) * 2
    return {"stride": (layer.stride,) * 2, "pads": pads, "dilation": (layer.dilation,) * 2}


def calibrate(layer, accumulators):
    """A scale for each channel by which its strong responses just fit 8 bits, as converters choose it."""
    sums = accumulators if layer.relu else np.abs(accumulators)
    strong = np.quantile(sums.reshape(-1, sums.shape[-1])[::7], BRIGHTEST, axis=0)
    room = 255 if layer.relu else 127
    return Requant.from_scales(
        *(1.0, 1.0 / np.maximum(strong, 2 * room), 1.0 / room),
        output_zero_point=SILENT if layer.relu else 0,
        clamp=(SILENT, 127),
        rounding=layer.rounding,
    )


def run(layer, x, device):
    """Runs a layer over x, int8 [h, w, c], on the device and compares every byte with the golden model."""
    x, weights = x[None], layer.bank.weights
    options = {"input_zero_point": layer.zero_point, **geometry(layer)}
    sums = golden.accumulate(x, weights, layer.bias, **options)
    requant = calibrate(layer, sums)
    expected = golden.requantise(sums, requant)
    options["padding"] = options.pop("pads")
    output = device.conv2d(x, weights, layer.bias, requant=requant, **options)
    report = device.last_report
    return Result(
        layer,
        output[0],
        cycles=report.cycles,
        utilisation=report.utilisation,
        macs=report.macs,
        mismatches=int(np.count_nonzero(output != expected)),
    )
