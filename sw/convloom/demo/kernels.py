"""Kernels written down by hand: colour, edge, line, texture and shape, as int8 `[kn, kh, kw, 3]`."""

import numpy as np

COLOURS = {
    "light": (1, 1, 1),
    "dark": (-1, -1, -1),
    "red": (1, -0.5, -0.5),
    "green": (-0.5, 1, -0.5),
    "blue": (-0.5, -0.5, 1),
    "yellow": (0.5, 0.5, -1),
    "cyan": (-1, 0.5, 0.5),
    "magenta": (0.5, -1, 0.5),
    "orange": (1, 0, -1),
    "azure": (-1, 0, 1),
}
LAWS = {
    "level": (1, 4, 6, 4, 1),
    "edge": (-1, -2, 0, 2, 1),
    "spot": (-1, 0, 2, 0, -1),
    "ripple": (1, -4, 6, -4, 1),
}


def grid(size):
    """Rows and columns of a kernel, counted from its middle."""
    return np.mgrid[-(size // 2) : size // 2 + 1, -(size // 2) : size // 2 + 1].astype(float)


def along(angle, size):
    """Distance along the direction `angle` (degrees, anticlockwise from the right) and across it."""
    rows, columns = grid(size)
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return columns * cosine - rows * sine, columns * sine + rows * cosine


def blur(size, sigma):
    """A Gaussian."""
    rows, columns = grid(size)
    return np.exp(-(rows**2 + columns**2) / (2 * sigma**2))


def zero_mean(spatial, window):
    """`spatial` under the window, less as much of the window as makes its sum 0: blind to even areas."""
    spatial = spatial * window
    return spatial - window * spatial.sum() / window.sum()


def scharr(angle):
    """3x3: brighter towards `angle`. Scharr's weights, steered."""
    right = np.array([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]])
    return np.cos(np.radians(angle)) * right + np.sin(np.radians(angle)) * -right.T


def edge(angle, size=5, sigma=1.1):
    """Brighter towards `angle`: the first derivative of a Gaussian."""
    return along(angle, size)[0] * blur(size, sigma)


def line(angle, size=5, sigma=0.8):
    """A bright line in the direction `angle`: the second derivative of a Gaussian across it."""
    _, across = along(angle, size)
    return zero_mean(1 - (across / sigma) ** 2, np.exp(-((across / sigma) ** 2) / 2) * blur(size, 2.0))


def line_end(angle, size=5):
    """A bright line that comes from `angle` and ends in the middle."""
    forward, _ = along(angle, size)
    return zero_mean(np.where(forward > -0.5, 1.0, -1.0) * line(angle, size), blur(size, 1.6))


def corner(angle, size=5):
    """Bright within 45 degrees of `angle` and dark elsewhere."""
    forward, across = along(angle, size)
    return zero_mean((forward > np.abs(across) - 0.3).astype(float), blur(size, 1.6))


def gabor(angle, wavelength, size=5):
    """Stripes across `angle`, bright in the middle."""
    forward, _ = along(angle, size)
    return zero_mean(np.cos(2 * np.pi * forward / wavelength), blur(size, 1.5))


def laws(down, across):
    """Laws' texture masks by the names of their two vectors."""
    return np.outer(LAWS[down], LAWS[across]).astype(float)


def spot(sigma, size=5):
    """A bright spot in dark surroundings: the difference of two Gaussians."""
    return zero_mean(blur(size, sigma), blur(size, 2.0))


def paint(spatial, colour):
    """`[kh, kw, 3]`: the same shape in the three colours, weighted by the colour's name."""
    return spatial[..., None] * np.array(COLOURS[colour], float)


def quantise(kernels):
    """int8 `[kn, kh, kw, c]`: each kernel stretched until its greatest weight is 127 or -127."""
    kernels = np.stack(kernels)
    greatest = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    return np.rint(kernels * (127 / greatest)).astype(np.int8)
