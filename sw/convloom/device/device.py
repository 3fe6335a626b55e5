"""The device as a user sees it: layers in, arrays out."""

from itertools import product

import numpy as np

from convloom import checks
from convloom.device import arguments
from convloom.device.identity import read_configuration
from convloom.device.operands import Operands
from convloom.device.run import Run
from convloom.plan.convolutions import Phase, convolution, interleaved, transposed

TIMEOUT = 600.0  # seconds for one answer


class Device:
    """An engine behind a Transport. Layers of any shape are cut into jobs that fit it.

    Activations are NHWC, outputs have as many channels as there are kernels. Common parameters of all layers:

    x : int8 or uint8; input_zero_point is in its range
    w : int8 or uint8, with `weight_zero_point`, one or one for each kernel, in its range
    bias : int32 [kn], or None for zeros
    requant : a Requant; None gives the int32 accumulators, which wrap modulo 2**32
    stride, dilation : a whole number or (y, x)
    padding : "same" (TFLite's), "valid" or ((top, bottom), (left, right)); pads may be larger than the
        kernel, and negative, which crops the input
    groups : a divisor of c and kn

    What the engine cannot finish (a scale of 1 or more, a mode that is not built in, partial sums, weights
    with a zero point) the host requantises from raw accumulators, to the same bytes. All jobs of a layer are
    handed over before the first answer is waited for. Each layer raises ValueError for an argument of a wrong
    type, shape or range, and DeviceError where the device does not answer or a job fails.

    Parameters
    ----------
    transport : of the device
    config : the Config that it should have; None takes what it has
    timeout : seconds for which an answer is waited for

    Members
    -------
    info : its Config, read from the hardware
    last_report : the LayerReport of the last layer
    """

    def __init__(self, transport, config=None, timeout=TIMEOUT):
        self.transport, self.timeout = transport, timeout
        self.info = read_configuration(transport, config)
        self.last_report = None
        self._next_id = 0

    def conv2d(
        self,
        x,
        w,
        bias=None,
        stride=1,
        padding="same",
        dilation=1,
        groups=1,
        input_zero_point=0,
        requant=None,
        weight_zero_point=0,
    ):
        """x [n, h, w, c] with w [kn, kh, kw, c/groups]: [n, ho, wo, kn]."""
        operands = Operands(x, w, bias, groups, input_zero_point, weight_zero_point, requant)
        stride, dilation = arguments.steps("stride", stride), arguments.steps("dilation", dilation)
        padding = arguments.padding(padding)
        y, x = (
            convolution(*each)
            for each in zip(operands.x.shape[1:3], operands.taps, stride, dilation, padding, strict=True)
        )
        split = (
            interleaved if self.info.depthwise and operands.is_depthwise else lambda axis: [Phase.whole(axis)]
        )
        return self._run(operands, list(product(split(y), split(x))), (y.out, x.out))

    def depthwise_conv2d(self, x, w, bias=None, **options):
        """x [n, h, w, c] with w [kh, kw, c, m]: [n, ho, wo, c*m]; channel j gives j*m to j*m + m - 1.

        Options are those of conv2d but `groups`.
        """
        checks.array("x", x, ("int8", "uint8"), ("n", "h", "w", "c"))
        checks.array("w", w, ("int8", "uint8"), ("kh", "kw", x.shape[-1], "m"))
        kh, kw, c, m = w.shape
        kernels = np.ascontiguousarray(w.transpose(2, 3, 0, 1)).reshape(c * m, kh, kw, 1)
        return self.conv2d(x, kernels, bias, groups=c, **options)

    def conv_transpose2d(
        self,
        x,
        w,
        bias=None,
        stride=1,
        padding="same",
        dilation=1,
        groups=1,
        input_zero_point=0,
        requant=None,
        weight_zero_point=0,
        output_padding=(0, 0),
    ):
        """x [n, h, w, c] with w [kn, kh, kw, c/groups], not flipped: [n, ho, wo, kn].

        out[y*stride + i*dilation - pad] += x[y] * w[i].
        "same" gives h * stride, "valid" has no pads; output_padding (y, x) is added at the bottom and on the
        right.
        Zeros between the inputs are not multiplied: outputs a stride apart are a convolution of stride 1.
        """
        operands = Operands(x, w, bias, groups, input_zero_point, weight_zero_point, requant)
        stride, dilation = arguments.steps("stride", stride), arguments.steps("dilation", dilation)
        padding = arguments.padding(padding)
        output_padding = checks.pair("output_padding", output_padding, 0)
        (height, rows), (width, columns) = (
            transposed(*each)
            for each in zip(
                operands.x.shape[1:3], operands.taps, stride, dilation, padding, output_padding, strict=True
            )
        )
        return self._run(operands, list(product(rows, columns)), (height, width))

    def fully_connected(self, x, w, bias=None, input_zero_point=0, requant=None, weight_zero_point=0):
        """x [n, c] with w [kn, c]: [n, kn]."""
        checks.array("x", x, ("int8", "uint8"), ("n", "c"))
        checks.array("w", w, ("int8", "uint8"), ("kn", "c"))
        options = {"input_zero_point": input_zero_point, "weight_zero_point": weight_zero_point}
        out = self.conv2d(
            x[:, None, None], w[:, None, None], bias, padding="valid", requant=requant, **options
        )
        return out[:, 0, 0]

    def close(self):
        """Gives the device back."""
        self.transport.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _run(self, operands, phases, size):
        """Runs Phases of the two axes, pairs (y, x) that together give an output of `size`."""
        run = Run(self.transport, self.info, self._next_id, self.timeout)
        out = np.empty((len(operands.x), *size, operands.out_channels), operands.out_type)
        parts = [self._submit(run, operands, y, x, out) for y, x in phases]
        self._next_id = run.next_id
        self.last_report = run.wait()
        for (y, x), part in zip(phases, parts, strict=True):
            out[:, y.outputs, x.outputs] = operands.complete(part)
        return out

    def _submit(self, run, operands, y, x, out):
        """The array that the device fills with the outputs of a phase; the bias, where no tap meets them."""
        if not (y.axis and x.axis):
            shape = out[:, y.outputs, x.outputs].shape[:3]
            return np.broadcast_to(operands.bias, (*shape, len(operands.bias)))
        layer, w = operands.layer(y.axis, x.axis, self.info), operands.w[:, y.taps, x.taps]
        finish = operands.finish(self.info)
        return run.submit(
            layer, operands.x[:, y.inputs, x.inputs], w, operands.bias, finish, operands.zero_point
        )
