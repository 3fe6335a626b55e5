"""Zeiler and Fergus' deconvolutional network over the small network's operators: float64, one product at a time."""

import numpy as np
from convloom.plan.convolutions import pads_of


def deconvnet(traced, layer, channel, guided):
    """float64 of the input's shape: the strongest activation of that channel of operator `layer`, projected back."""
    nodes, start = traced.model.nodes, traced.model.nodes[layer].outputs[0]
    values = traced.real(start)[..., channel]
    signal = np.zeros(start.shape)
    place = np.unravel_index(values.argmax(), values.shape)
    signal[(*place, channel)] = values[place]
    signals = {start.number: signal}
    for node in reversed(nodes[: layer + 1]):
        out = node.outputs[0]
        if out.number not in signals:
            continue
        signal = signals[out.number]
        if node.options.get("activation", "NONE") != "NONE":
            signal = np.where(signal > 0, signal, 0)
            if guided:
                signal = np.where(traced.real(out) > 0, signal, 0)
        for tensor, part in WAYS[node.operator](node, signal, traced):
            signals[tensor.number] = signals.get(tensor.number, 0) + part
    return signals[traced.model.inputs[0].number]


def _taps(node, out, window):
    """(output pixel, tap, input pixel) of all taps inside the picture."""
    size, options = node.inputs[0].shape[1:3], node.options
    pads = [
        pads_of(options["padding"], *each)[0] for each in zip(size, window, options["stride"], strict=True)
    ]
    for pixel in np.ndindex(*out.shape[1:3]):
        for tap in np.ndindex(*window):
            place = tuple(
                p * s + t - b for p, s, t, b in zip(pixel, options["stride"], tap, pads, strict=True)
            )
            if all(0 <= at < room for at, room in zip(place, size, strict=True)):
                yield pixel, tap, place


def _conv(node, signal, traced):
    x, w = node.inputs[:2]
    back, real = np.zeros(x.shape), w.data * w.scales.astype(float).reshape(-1, 1, 1, 1)
    for (oy, ox), (i, j), (y, x_) in _taps(node, signal, w.shape[1:3]):
        back[0, y, x_] += signal[0, oy, ox] @ real[:, i, j]
    return [(x, back)]


def _depthwise(node, signal, traced):
    x, w = node.inputs[:2]
    back, real = np.zeros(x.shape), w.data[0] * w.scales.astype(float)
    for (oy, ox), (i, j), (y, x_) in _taps(node, signal, w.shape[1:3]):
        back[0, y, x_] += signal[0, oy, ox] * real[i, j]
    return [(x, back)]


def _max_pool(node, signal, traced):
    x = node.inputs[0]
    back, best = np.zeros(x.shape), {}
    for out, _, place in _taps(node, signal, node.options["filter"]):
        for c in range(x.shape[3]):
            value = traced.values[x.number][(0, *place, c)]
            if (out, c) not in best or value > best[out, c][0]:
                best[out, c] = value, place
    for (out, c), (_, place) in best.items():
        back[(0, *place, c)] += signal[(0, *out, c)]
    return [(x, back)]


def _add(node, signal, traced):
    return [(tensor, signal) for tensor in node.inputs]


def _mean(node, signal, traced):
    x = node.inputs[0]
    return [(x, np.ones(x.shape) * signal[:, None, None] / (x.shape[1] * x.shape[2]))]


def _fully_connected(node, signal, traced):
    x, w = node.inputs[:2]
    return [(x, signal @ (w.data * w.scales.astype(float)[:, None]))]


WAYS = {
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "MAX_POOL_2D": _max_pool,
    "ADD": _add,
    "MEAN": _mean,
    "FULLY_CONNECTED": _fully_connected,
}
