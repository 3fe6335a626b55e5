"""The demo's digits: what is shown of them, and that a wrong byte is seen."""

import convloom
import numpy as np
import pytest
from convloom.demo import digits
from convloom.demo.handwriting import SIZE, seven
from convloom.digits import network, pictures


@pytest.fixture(scope="module")
def expected():
    """The HeldOut of a few pictures, each digit among them."""
    shown, labels = (array[:60] for array in pictures.split()[1])
    model = convloom.load("digits")
    with convloom.open("golden") as device:
        answers = {mode: digits.answer(model, device, shown, mode) for mode in digits.MODES}
    return digits.HeldOut(shown, labels, network.classify(network.load(), shown), answers)


def test_a_wrong_byte_is_seen(expected):
    with convloom.open("golden") as device:
        assert not any(digits.mismatches(device, expected).values())
        expected.answers["single"][digits.BATCH - 1, 3] ^= 1
        assert digits.mismatches(device, expected) == dict.fromkeys(digits.MODES, 0) | {"single": 1}
        assert expected.unlike("single") >= 1
        expected.answers["single"][digits.BATCH - 1, 3] ^= 1


def test_shares(expected):
    shares = expected.right()
    assert list(shares) == ["float", *digits.MODES] and min(shares.values()) > 0.9
    wrong = expected.answers["double"].argmax(1) != expected.labels
    assert shares["double"] == 1 - np.mean(wrong)


def test_readings(expected, tmp_path):
    with convloom.open("golden") as device:
        first, *others = digits.read(device, expected, tmp_path / "seven.png")
    assert (tmp_path / "seven.png").exists() and first.picture.shape == (SIZE, SIZE, 3)
    assert first.digit == first.label == 7 and digits.said(first).endswith("% a seven")
    assert [each.label for each in others[:4]] == list(digits.SHOWN)
    least = expected.answers["double"].max(1).min()
    assert others[4].chances.max() == (int(least) + 128) / 256 < 1 - 2 / 256
    assert all(np.isclose(each.chances.sum(), 1, atol=0.05) for each in others)


def test_an_eight_has_another_article():
    chances = np.eye(10)[8] * 0.95
    assert digits.said(digits.Reading(None, None, {}, chances, 8)) == "95% an eight"


def test_the_seven_is_always_the_same():
    assert seven().tobytes() == seven().tobytes()
