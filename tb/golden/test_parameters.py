"""Requant: what it takes, what it refuses, and what scales become."""

from fractions import Fraction

import numpy as np
import pytest
from convloom.requant import Requant
from convloom.spec import Rounding


def test_defaults():
    requant = Requant(1 << 30, 4)
    assert (requant.rounding, requant.dtype, requant.clamp) == (Rounding.DOUBLE, "int8", (-128, 127))
    assert Requant(1 << 30, 4, dtype="uint8").clamp == (0, 255)


def test_channels():
    multiplier, shift = Requant([1, 2, 3], 7).channels(3)
    assert multiplier.tolist() == [1, 2, 3] and shift.tolist() == [7, 7, 7]
    assert multiplier.dtype == shift.dtype == np.int64


def test_arrays_are_its_own():
    given = np.array([1, 2, 3])
    requant = Requant(given, 7)
    given[0] = 9
    assert requant.multiplier.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        requant.multiplier[0] = 9


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ({"multiplier": 1 << 31}, r"multiplier must be a whole number from 0 to 2147483647, not 2147483648"),
        ({"multiplier": -1}, "multiplier must be a whole number"),
        ({"multiplier": 0.5}, "multiplier must be a whole number"),
        ({"multiplier": True}, "multiplier must be a whole number"),
        ({"multiplier": [1, -1]}, "multiplier must be from 0 to 2147483647, not -1"),
        (
            {"multiplier": [1.0, 2.0]},
            r"multiplier must be a whole number or one for each channel, not float64 \[2\]",
        ),
        ({"multiplier": np.ones((2, 2), int)}, r"multiplier must be .*, not int64 \[2, 2\]"),
        ({"multiplier": []}, "multiplier must be"),
        ({"shift": 32}, "shift must be a whole number from -31 to 31, not 32"),
        ({"shift": [0, -32]}, "shift must be from -31 to 31, not -32"),
        ({"multiplier": [1, 2], "shift": [1, 2, 3]}, "one value for each channel, not 2 and 3"),
        ({"output_zero_point": 128}, "output_zero_point must be a whole number from -128 to 127, not 128"),
        (
            {"output_zero_point": -1, "dtype": "uint8"},
            "output_zero_point must be a whole number from 0 to 255",
        ),
        ({"clamp": (3, 2)}, r"clamp must be \(least, greatest\), not \(3, 2\)"),
        ({"clamp": (0, 128)}, "a clamp must be a whole number from -128 to 127, not 128"),
        ({"clamp": 5}, "clamp must be a pair"),
        ({"clamp": (1, 2, 3)}, "clamp must be a pair"),
        ({"rounding": "up"}, "rounding must be one of double, double_up, single, float32, not 'up'"),
        ({"multiplier": 0x4000_0001, "rounding": "float32"}, "24-bit mantissa << 7"),
        ({"dtype": "int16"}, "dtype must be 'int8' or 'uint8', not 'int16'"),
    ],
)
def test_refused(arguments, expected):
    with pytest.raises(ValueError, match=expected):
        Requant(**{"multiplier": 1 << 30, "shift": 4, **arguments})


@pytest.mark.parametrize(
    "scale, multiplier, shift",
    [
        (0.5, 1 << 30, 0),
        (1.0, 1 << 30, -1),
        (0.25, 1 << 30, 1),
        (2.0**-32, 1 << 30, 31),
        (2.0**-33, 0, 0),
        (0.75 * 2.0**31, 3 << 29, -31),
    ],
)
@pytest.mark.parametrize("rounding", ["double", "float32"])
def test_scale_of_a_power_of_two(scale, multiplier, shift, rounding):
    requant = Requant.from_scales(scale, 1.0, 1.0, rounding=rounding)
    assert (requant.multiplier, requant.shift) == (multiplier, shift)


def test_scale_that_rounds_up_to_the_next_power():
    """The product of these float32 scales is above 1 - 2**-32, so its 31 bits are all ones and round up."""
    above, below = np.float32(1 + 2**-23), np.float32(1 - 2**-23)
    requant = Requant.from_scales(below, above, 1.0)
    assert 1 - Fraction(float(above)) * Fraction(float(below)) < Fraction(1, 1 << 32)
    assert (requant.multiplier, requant.shift) == (1 << 30, -1)


def test_scales_are_nearest(seed=30):
    """To 31 bits of the scales' exact quotient; in float32 what two float32 operations leave of it."""
    rng = np.random.default_rng(seed)
    x, w, y = np.exp2(rng.uniform(-8, 2, (3, 200))).astype(np.float32)
    y *= 64
    for n in range(200):
        exact = Fraction(float(x[n])) * Fraction(float(w[n])) / Fraction(float(y[n]))
        requant = Requant.from_scales(x[n], w[n], y[n])
        error = abs(Fraction(requant.multiplier, 1 << (31 + requant.shift)) / exact - 1)
        assert error <= Fraction(1, 1 << 31) and 1 << 30 <= requant.multiplier < 1 << 31
        requant = Requant.from_scales(x[n], w[n], y[n], rounding="float32")
        assert requant.multiplier / 2 ** (31 + requant.shift) == float(x[n] * w[n] / y[n])


def test_scales_per_channel():
    requant = Requant.from_scales(0.5, [0.5, 0.25, 1e-20], 1.0, 3, (0, 5), "single", "uint8")
    assert requant.multiplier.tolist() == [1 << 30, 1 << 30, 0] and requant.shift.tolist() == [1, 2, 0]
    assert (requant.output_zero_point, requant.clamp, requant.dtype) == (3, (0, 5), "uint8")


@pytest.mark.parametrize(
    "scales, expected",
    [
        ((0.0, 1.0, 1.0), "input_scale must be positive"),
        ((1.0, [0.5, -1.0], 1.0), "weight_scales must be positive"),
        ((1.0, 1.0, float("inf")), "output_scale must be positive and finite"),
        (([1.0, 2.0], 1.0, 1.0), "input_scale and output_scale must be one number each"),
        ((1.0, 2.0**31, 1.0), r"must be below 2\*\*31"),
        ((1e38, 1e38, 1e-38), r"must be below 2\*\*31"),
    ],
)
@pytest.mark.parametrize("rounding", ["double", "float32"])
def test_scales_refused(scales, expected, rounding):
    with pytest.raises(ValueError, match=expected):
        Requant.from_scales(*scales, rounding=rounding)
