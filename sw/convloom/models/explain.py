"""What a channel of a network responds to: its strongest activation projected back to the input.

It is the deconvolutional network of Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks"
(ECCV 2014): from one activation down to the input, layer by layer, unpooling by the positions of the maxima, rectified
where the network rectifies, through transposed convolutions with the network's own kernels, on the device.
"""

from dataclasses import dataclass

import numpy as np

from convloom.errors import ModelError
from convloom.models.explain_rules import RULES


@dataclass(frozen=True)
class Trace:
    """A Model's run with all that it computed on the way.

    Members
    -------
    model : the Model
    values : arrays by their tensors' numbers, the inputs' and constants' too
    """

    model: object
    values: dict[int, np.ndarray]

    def real(self, tensor):
        """float64: a tensor's values by its scale and zero point."""
        values = self.values[tensor.number].astype(np.float64)
        return (values - tensor.zero_point) * np.float64(tensor.scale) if tensor.is_quantised else values

    def node(self, number):
        """The operator of that number. Raises ModelError where there is none."""
        nodes = self.model.nodes
        if not 0 <= number < len(nodes):
            raise ModelError(f"layer must be the number of an operator, 0 to {len(nodes) - 1}, not {number}")
        return nodes[number]

    def strongest(self, node, count):
        """The channels (last dimension) of a node's output with the largest activations, the largest first.

        Of those that are equal, as where they are clamped, the one that is active in fewer places comes first.
        """
        values = self.real(node.outputs[0]).reshape(-1, node.outputs[0].shape[-1])
        return np.lexsort((np.abs(values).sum(0), -values.max(0)))[:count].tolist()


def trace(model, x, device, rounding=None):
    """The Trace of a run; arguments and errors are those of Model.run, ModelError where it has not one input."""
    if len(model.inputs) != 1:
        raise ModelError(f"a network to be explained must have one input, not {len(model.inputs)}")
    values = {model.inputs[0].number: x}
    for node in model.nodes:
        values |= {t.number: t.data for t in node.inputs if t is not None and t.data is not None}
    model.run(x, device, rounding, lambda node, out: values.update({node.outputs[0].number: out}))
    return Trace(model, values)


def project(traced, node, channel, device, guided=None):
    """float64 of the input's shape: what the strongest activation of a node's channel came from.

    Activations on the way back are int8 with a scale of each step's own. The same bytes go through every device, so
    each gives the same answer.

    Parameters
    ----------
    traced : the Trace of the input to be explained
    node : whose output is looked at
    channel : an index of its last dimension
    guided : lets the signal pass a rectifier only where the input's own activation did (Springenberg et al.,
        "Striving for Simplicity", ICLR 2015 workshop). None: where the network has no maxima to unpool by. Without
        either nothing tells where in a window the signal came from, and the projection is a blur

    Raises ModelError for a channel that is not there and for an operator without a way back, and DeviceError.
    """
    nodes, start = traced.model.nodes[: node.number + 1], node.outputs[0]
    if not 0 <= channel < start.shape[-1]:
        raise ModelError(f"{node.place}: channel must be from 0 to {start.shape[-1] - 1}, not {channel}")
    if guided is None:
        guided = all(each.operator != "MAX_POOL_2D" for each in nodes)
    signals = {start.number: _peak(traced.real(start), channel)}
    for below in reversed(nodes):
        signal = signals.pop(below.outputs[0].number, None)
        if signal is not None:
            signal = _rectified(traced, below, signal, guided)
            for tensor, part in _back(traced, below, signal, device):
                signals[tensor.number] = signals.get(tensor.number, 0) + part
    (given,) = traced.model.inputs
    return signals.get(given.number, np.zeros(given.shape))


def _peak(values, channel):
    """Zeros but for the channel's largest value."""
    alone = np.full(values.shape, -np.inf)
    alone[..., channel] = values[..., channel]
    place = np.unravel_index(alone.argmax(), alone.shape)
    signal = np.zeros(values.shape)
    signal[place] = values[place]
    return signal


def _rectified(traced, node, signal, guided):
    """The signal without what is negative, where the operator's own output cannot be negative."""
    out = node.outputs[0]
    if not out.is_quantised or node.clamp[0] < out.zero_point:
        return signal
    return np.maximum(signal, 0) * (traced.real(out) > 0 if guided else 1)


def _back(traced, node, signal, device):
    """(tensor, its part of the signal) for each input that depends on the network's."""
    node.require(node.operator in RULES, f"its way back must be known, as {', '.join(RULES)}", node.operator)
    parts = zip(node.inputs, RULES[node.operator](node, signal, traced, device), strict=False)
    return [(tensor, part) for tensor, part in parts if part is not None and tensor.data is None]
