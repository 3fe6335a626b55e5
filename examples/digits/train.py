"""Trains the digits network, in plain numpy, on four fifths of scikit-learn's digits.

python examples/digits/train.py OUT.npz [EPOCHS]

The training pictures are moved, dimmed and made noisy, and half of them are turned into black on white, so that ink
on paper is read as well as the data set's white on black. Parameters are kept as float16: rounded like that they are
the float network, and half as large.
"""

import sys
import time

import numpy as np
from convloom.digits import network, pictures

SEED, EPOCHS, BATCH = 1, 100, 64
RATE, DECAY = 4e-3, 1e-3  # the rate falls as a cosine; how much of a weight goes in a step, of the rate
MEAN_KEPT, SQUARE_KEPT = 0.9, 0.99  # Adam's two moving averages


def begin(rng):
    """Random parameters: He's variance, no bias."""
    parameters = {}
    for layer in network.LAYERS:
        spread = np.sqrt(2 / np.prod(layer.weights[1:]))
        parameters[layer.name] = rng.normal(0, spread, layer.weights).astype(np.float32)
        parameters[f"{layer.name} bias"] = np.zeros(layer.weights[0], np.float32)
    return parameters


def vary(rng, x):
    """Pictures moved by a pixel at most, dimmed, noisy, and half of them inverted."""
    room = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moves = rng.integers(0, 3, (len(x), 2))
    moves[rng.random(len(x)) < 0.4] = 1
    moved = [each[a : a + 8, b : b + 8] for each, (a, b) in zip(room, moves, strict=True)]
    out = np.stack(moved) * rng.uniform(0.75, 1, (len(x), 1, 1, 1))
    out = np.clip(out + rng.normal(0, 10, out.shape), 0, 255)
    inverted = rng.random(len(x)) < 0.5
    out[inverted] = 255 - out[inverted]
    return network.normalise(out)


def unpool(layer, gradient, out):
    """Back through pool and ReLU: to the outputs above 0 that were the greatest."""
    if layer.pool:
        gradient = _wide(gradient) * (out == _wide(network.pool(out)))
    return gradient if layer.flat else gradient * (out > 0)


def _wide(array):
    return array.repeat(network.POOL, 1).repeat(network.POOL, 2)


def overlap(layer, taps):
    """Each input's share in the taps [n, ho, wo, kh * kw, c] that it was: the reverse of the windows."""
    _, kh, kw, _ = layer.weights
    n, ho, wo, _, c = taps.shape
    out = np.zeros((n, ho + kh - 1, wo + kw - 1, c), np.float32)
    for tap, (row, column) in enumerate(np.ndindex(kh, kw)):
        out[:, row : row + ho, column : column + wo] += taps[:, :, :, tap]
    top, left = (0, 0) if layer.flat else (kh // 2, kw // 2)
    return out[:, top : out.shape[1] - top, left : out.shape[2] - left]


def backward(parameters, steps, gradient):
    """The loss's gradient by each parameter, from its gradient by the logits [n, 1, 1, 10]."""
    gradients = {}
    for layer, (seen, out) in zip(reversed(network.LAYERS), reversed(steps), strict=True):
        w = parameters[layer.name].reshape(layer.weights[0], -1)
        gradient = unpool(layer, gradient, out)
        flat = gradient.reshape(-1, len(w))
        if layer.depthwise:
            by_w, taps = np.einsum("nhwtc,nhwc->ct", seen, gradient), gradient[..., None, :] * w.T
        else:
            by_w, taps = flat.T @ seen.reshape(len(flat), -1), (flat @ w).reshape(seen.shape)
        gradients[layer.name] = by_w.reshape(layer.weights)
        gradients[f"{layer.name} bias"] = flat.sum(0)
        gradient = overlap(layer, taps)
    return gradients


def loss_and_gradient(logits, labels):
    """Cross entropy, and its gradient by the logits [n, 1, 1, 10]."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    chances = powers / powers.sum(-1, keepdims=True)
    right = np.eye(logits.shape[-1], dtype=np.float32)[labels][:, None, None]
    return -np.log((chances * right).sum(-1)).mean(), (chances - right) / len(labels)


class Adam:
    """Adam with decoupled weight decay (Loshchilov and Hutter)."""

    def __init__(self, parameters, steps):
        self.parameters, self.steps, self.done = parameters, steps, 0
        self.means = {name: np.zeros_like(array) for name, array in parameters.items()}
        self.squares = {name: np.zeros_like(array) for name, array in parameters.items()}

    def step(self, gradients):
        """Moves the parameters."""
        self.done += 1
        rate = RATE * 0.5 * (1 + np.cos(np.pi * self.done / self.steps))
        for name, gradient in gradients.items():
            mean, square = self.means[name], self.squares[name]
            mean += (1 - MEAN_KEPT) * (gradient - mean)
            square += (1 - SQUARE_KEPT) * (gradient**2 - square)
            unbiased = np.sqrt(square / (1 - SQUARE_KEPT**self.done)) + 1e-8
            move = mean / (1 - MEAN_KEPT**self.done) / unbiased
            self.parameters[name] -= (rate * (move + DECAY * self.parameters[name])).astype(np.float32)


def train(x, labels, epochs, report):
    """Parameters after so many passes over the pictures; calls report(epoch, loss)."""
    rng = np.random.default_rng(SEED)
    parameters = begin(rng)
    adam = Adam(parameters, epochs * -(-len(x) // BATCH))
    for epoch in range(epochs):
        losses, order = [], rng.permutation(len(x))
        for first in range(0, len(x), BATCH):
            chosen = order[first : first + BATCH]
            steps = network.forward(parameters, vary(rng, x[chosen]))
            loss, gradient = loss_and_gradient(steps[-1][1], labels[chosen])
            adam.step(backward(parameters, steps, gradient))
            losses.append(loss)
        report(epoch, np.mean(losses))
    return parameters


def calibrated(parameters, x):
    """The parameters as float16, and each layer's greatest output over the pictures and their negatives."""
    rounded = {name: array.astype(np.float16) for name, array in parameters.items()}
    both = network.normalise(np.concatenate([x, 255 - x]))
    steps = network.forward({name: array.astype(np.float32) for name, array in rounded.items()}, both)
    return rounded | {"greatest": np.array([np.abs(out).max() for _, out in steps], np.float16)}


def main(path, epochs=EPOCHS):
    """Trains, tells how well, and writes the parameters."""
    (x, labels), (held_x, held_labels) = pictures.split()
    begun = time.monotonic()

    def report(epoch, loss):
        print(f"epoch {epoch + 1:3} of {epochs}: loss {loss:.4f}, {time.monotonic() - begun:.0f} s")

    parameters = calibrated(train(x, labels, int(epochs), report), x)
    for name, shown in (("white on black", held_x), ("black on white", 255 - held_x)):
        right = np.mean(network.classify(parameters, shown) == held_labels)
        print(f"held out, {name}: {right:.1%} right")
    np.savez(path, **parameters)


if __name__ == "__main__":
    main(*sys.argv[1:])
