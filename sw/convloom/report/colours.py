"""Colour scales: numbers from 0 to 1 become RGB. Written out, so that no plotting library is needed."""

import numpy as np

# Anchors at equal distances, sRGB. `fire` and `sea` grow lighter all the way; `balance` is dark at 0.5.
SCALES = {
    "fire": ("000004", "280b54", "65156e", "9f2a63", "d44842", "f57d15", "fac127", "fcffa4"),
    "sea": ("00040a", "0b2545", "134a6e", "1b7a8c", "36a897", "86d19a", "d9f5b0", "ffffe6"),
    "grey": ("000000", "ffffff"),
    "balance": ("a8f0ff", "3fa7d6", "1b4965", "0b0f19", "6b2737", "e08e45", "fff3b0"),
}
# What a cycle was spent on, by the names in convloom.models.profile.USES.
USES = {
    "useful": "#2a6f97",
    "lanes": "#d9d9d9",
    "descriptor": "#6c757d",
    "weights": "#bc4749",
    "activations": "#f2a541",
    "output": "#8e7dbe",
    "drain": "#a3b18a",
    "issue": "#2a9d8f",
}


def rgb(code):
    """Three numbers from 0 to 255 of a code such as "ff8000"."""
    return tuple(bytes.fromhex(code))


def scale(values, name):
    """uint8 [..., 3] of values from 0 to 1, by the scale of that name."""
    anchors = np.array([rgb(code) for code in SCALES[name]], float)
    table = np.stack(
        [np.interp(np.linspace(0, 1, 256), np.linspace(0, 1, len(anchors)), c) for c in anchors.T], -1
    )
    return np.rint(table).astype(np.uint8)[np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)]


def tint(values, colour):
    """uint8 [..., 3]: black, by way of a colour (a code) at 0.6, to nearly white."""
    levels = np.array([(0, 0, 0), rgb(colour), (255, 250, 240)], float)
    return np.stack([np.interp(values, (0, 0.6, 1), level) for level in levels.T], -1).astype(np.uint8)


def wheel(angle, strength):
    """uint8 [..., 3]: the hue is the angle (radians), the brightness the strength from 0 to 1."""
    phases = np.array([0, 2, 4]) * np.pi / 3
    hue = 0.5 + 0.5 * np.cos(angle[..., None] - phases)
    light = np.clip(strength, 0, 1)[..., None]
    return np.rint(255 * light * (0.25 * light + (1 - 0.25 * light) * hue)).astype(np.uint8)
