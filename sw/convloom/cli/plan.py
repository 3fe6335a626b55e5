"""`convloom plan`: how a layer is cut into jobs, what they take of the buffers, and why."""

from itertools import product

from convloom.plan import Layer, plan
from convloom.plan.convolutions import Phase, convolution, interleaved, transposed
from convloom.plan.explain import explain
from convloom.spec import preset


def add_arguments(parser):
    """The command's arguments."""
    parser.add_argument("input", type=_sizes(3), help="HxWxC of the input, as 224x224x3")
    parser.add_argument(
        "kernels", type=_sizes(3), help="KxKHxKW, as 64x7x7: number of kernels and their size"
    )
    parser.add_argument("--config", default="small", help="name of a configuration (default: small)")
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--dilation", type=int, default=1)
    parser.add_argument(
        "--padding", default="same", help="same, valid, or pixels on each side (default: same)"
    )
    parser.add_argument("--groups", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1, help="pictures (default: 1)")
    parser.add_argument("--transposed", action="store_true", help="a transposed convolution")
    parser.add_argument("--raw", action="store_true", help="give the int32 accumulators")


def run(arguments):
    """Prints a plan for each phase of the layer."""
    config = preset(arguments.config)
    for name, layer in layers(arguments, config):
        print(f"{name}{layer.macs} MACs on {config.name}")
        for line in explain(plan(layer, config)):
            print(f"  {line}")


def layers(arguments, config):
    """(what it is, Layer) of each phase that the layer runs in.

    Raises ValueError for numbers that make no layer.
    """
    (h, w, c), (k, kh, kw) = arguments.input, arguments.kernels
    _require_groups(c, k, arguments.groups)
    sizes = ((h, kh), (w, kw))
    rows, columns = (_phases(arguments, config, c, *size) for size in sizes)
    phases = [(y.axis, x.axis) for y, x in product(rows, columns) if y.axis and x.axis]
    for number, (y, x) in enumerate(phases, 1):
        name = f"phase {number} of {len(phases)}: " if len(phases) > 1 else ""
        yield name, Layer(y, x, c, k, arguments.batch, arguments.groups, arguments.raw)


def _phases(arguments, config, c, size, taps):
    steps = size, taps, arguments.stride, arguments.dilation, _padding(arguments.padding)
    if min(size, taps, arguments.stride, arguments.dilation, arguments.batch) < 1:
        raise ValueError("sizes, stride, dilation and batch must be 1 or more")
    if arguments.transposed:
        return transposed(*steps, 0)[1]
    axis = convolution(*steps)
    is_depthwise = config.depthwise and 1 < arguments.groups == c
    return interleaved(axis) if is_depthwise else [Phase.whole(axis)]


def _require_groups(c, k, groups):
    if groups < 1 or c % groups or k % groups:
        raise ValueError(f"groups must divide {c} channels and {k} kernels, not be {groups}")


def _padding(text):
    if text in ("same", "valid"):
        return text
    if not text.isdecimal():
        raise ValueError(f"padding must be same, valid or a whole number, not {text!r}")
    return int(text), int(text)


def _sizes(count):
    def sizes(text):
        numbers = text.lower().split("x")
        if len(numbers) != count or not all(number.isdecimal() for number in numbers):
            raise ValueError(text)
        return tuple(map(int, numbers))

    return sizes
