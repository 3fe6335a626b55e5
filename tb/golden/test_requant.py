"""The four modes against arithmetic in big integers, written apart from the golden model's."""

from fractions import Fraction

import numpy as np
import pytest
from convloom import golden
from convloom.requant import Requant
from convloom.spec import Rounding

MODES = tuple(mode.name.lower() for mode in Rounding)
INT32_EDGES = (-(1 << 31), 1 - (1 << 31), -1, 0, 1, (1 << 31) - 2, (1 << 31) - 1)


def double(acc, multiplier, shift):
    """The formula of arithmetic.md with a division that truncates; then half away from zero."""
    product = acc * multiplier
    nudged = product + ((1 << 30) if product >= 0 else 1 - (1 << 30))
    high = abs(nudged) // (1 << 31) * (1 if nudged >= 0 else -1)
    half_away = (2 * abs(high) + (1 << shift)) // (2 << shift)
    return half_away if high >= 0 else -half_away


def double_up(acc, multiplier, shift):
    """Half up, twice."""
    return half_up(Fraction(half_up(Fraction(acc * multiplier, 1 << 31)), 1 << shift))


def single(acc, multiplier, shift):
    """Half up, once."""
    return half_up(Fraction(acc * multiplier, 1 << (31 + shift)))


def float32(acc, multiplier, shift):
    """Without floating point: three roundings half to even, the first two to 24 significant bits."""
    rounded = to_24_bits(Fraction(acc))
    scale = Fraction(multiplier, 1 << (31 + shift))
    return round(to_24_bits(rounded * scale))  # Python rounds a Fraction half to even


def half_up(number):
    return (number + Fraction(1, 2)).__floor__()


def to_24_bits(number):
    """The nearest number of 24 significant bits, ties to even."""
    if not number:
        return number
    unit = Fraction(1)
    while abs(number) / unit >= 1 << 24:
        unit *= 2
    while abs(number) / unit < 1 << 23:
        unit /= 2
    return round(number / unit) * unit


BIG = {"double": double, "double_up": double_up, "single": single, "float32": float32}


def check(tally, mode, kind, acc, multiplier, shift):
    """Golden model against big integers; acc int32 [n], the others one or [n]."""
    acc, multiplier, shift = np.broadcast_arrays(acc, multiplier, shift)
    got = golden.rescale(acc.astype(np.int32), multiplier, shift, mode)
    columns = (acc.tolist(), multiplier.tolist(), shift.tolist())
    expected = [BIG[mode](*numbers) for numbers in zip(*columns, strict=True)]
    tally.compare(("big integers", mode, kind), got, np.array(expected, np.int64), f"{mode} {kind}")


def drawn(rng, count, mode):
    """Accumulators of all sizes, multipliers and shifts as scales give them."""
    acc = rng.integers(-(1 << 31), 1 << 31, count) >> rng.integers(0, 32, count)
    multiplier = rng.integers(1 << 30, 1 << 31, count)
    return acc, multiplier & ~0x7F if mode == "float32" else multiplier, rng.integers(0, 32, count)


@pytest.mark.parametrize("mode", MODES)
def test_random(tally, mode):
    rng = np.random.default_rng(20)
    check(tally, mode, "random", *drawn(rng, 20_000, mode))


@pytest.mark.parametrize("mode", MODES)
def test_ties(tally, mode):
    """Scales that are powers of two, accumulators around every multiple of a half."""
    shifts = np.repeat(np.arange(12), 64)
    acc = np.tile(np.arange(-32, 32), 12) << np.maximum(shifts - 1, 0)
    for nudge in (-1, 0, 1):
        check(tally, mode, "ties", acc + nudge, 1 << 30, shifts)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shift", [0, 1, 30, 31])
def test_int32_edges(tally, mode, shift):
    edges = [*INT32_EDGES, (1 << 30) + 128, -(1 << 30) - 128, (1 << 24) - 1, (1 << 24) + 1, -(1 << 24) - 3]
    for multiplier in (0, 1 << 7, 1 << 30, (1 << 31) - (1 << 7)):
        check(tally, mode, "int32 edges", np.array(edges), multiplier, shift)


def test_float32_around_24_bits(tally):
    """Here float32(acc) already rounds, ties included."""
    around = np.concatenate(
        [(sign << power) + np.arange(-40, 41) for power in (24, 25, 26) for sign in (1, -1)]
    )
    for shift in (0, 3, 20, 25):
        check(tally, "float32", "24 bits", around, 0x5A5A5A80, shift)


@pytest.mark.parametrize("mode", MODES)
def test_left_shift(tally, mode):
    """A scale of 1 or more: what the host finishes."""
    rng = np.random.default_rng(21)
    acc, multiplier, shift = drawn(rng, 5_000, mode)
    acc, shift = acc >> shift, -shift  # as large as TFLite can take it: acc << shift within int32
    got = golden.rescale(acc.astype(np.int32), multiplier, shift, mode)
    moved = BIG["double" if mode != "float32" else mode]
    columns = zip((acc << -shift).tolist(), multiplier.tolist(), strict=True)
    expected = np.array([moved(*numbers, 0) for numbers in columns], np.int64)
    tally.compare(("big integers", mode, "left shift"), got, expected, mode)


def test_modes_differ_on_powers_of_two():
    """Four modes, four arrays: whoever mixes them up fails."""
    acc = np.arange(-4096, 4096, dtype=np.int32)
    arrays = [golden.rescale(acc, 1 << 30, 4, mode) for mode in MODES]
    for n, one in enumerate(arrays):
        assert all((one != other).any() for other in arrays[:n])


def test_float32_reads_24_bits():
    acc = np.arange(1 << 23, (1 << 23) + 1000, dtype=np.int32)
    expected = golden.rescale(acc, 0x6543_2180, 3, "float32")
    np.testing.assert_array_equal(golden.rescale(acc, 0x6543_21FF, 3, "float32"), expected)


def test_requantise_per_channel():
    """A multiplier and shift for each channel; zero point; clamp in the output's own range."""
    acc = np.array([[100, 100, 100], [-100, -100, -100]], np.int32)
    requant = Requant([1 << 30, 1 << 30, 0], [0, 1, 0], 10, (-20, 50))
    out = golden.requantise(acc, requant)
    assert out.dtype == np.int8
    assert out.tolist() == [[50, 35, 10], [-20, -15, 10]]


def test_requantise_uint8():
    acc = np.array([[-1000, 0, 20, 1000]], np.int32)
    out = golden.requantise(acc, Requant(1 << 30, 0, 128, dtype="uint8"))
    assert out.dtype == np.uint8 and out.tolist() == [[0, 128, 138, 255]]


def test_clamp_that_touches():
    acc = np.arange(-500, 500, dtype=np.int32).reshape(-1, 1)
    assert (golden.requantise(acc, Requant(1 << 30, 0, 3, (7, 7))) == 7).all()


@pytest.mark.parametrize(
    "acc, expected",
    [
        (np.zeros((2, 3), np.int64), "acc must be a numpy array of int32, not int64"),
        ([[1, 2, 3]], "acc must be a numpy array"),
        (np.zeros((2, 4), np.int32), "multiplier must have one value for each of 4 channels, not 3"),
    ],
)
def test_wrong_accumulators(acc, expected):
    with pytest.raises(ValueError, match=expected):
        golden.requantise(acc, Requant([1 << 30] * 3, [0] * 3))


def test_wrong_rounding():
    with pytest.raises(ValueError, match="rounding must be one of double, .*, not 'up'"):
        golden.rescale(np.zeros(1, np.int32), 1 << 30, 0, "up")
