"""What must be there after synthesis, after placing, and what a chip has room for."""

import pytest
from convloom.errors import DeviceError
from convloom.fpga import expected
from convloom.fpga.chips import CHIPS, chip
from convloom.spec import preset

AREA = {
    "lut4": 9000,
    "ccu2c": 1500,
    "dpr16x4": 200,
    "ff": 9000,
    "dp16kd": 118,
    "mult18x18d": 140,
    "alu54b": 64,
}


def test_multiplier_blocks_of_each_form():
    assert expected.multiplier_blocks(preset("medium-q4"), chip("ecp5-85k").family) == range(140, 145)
    assert expected.multiplier_blocks(preset("tiny-up5k"), chip("up5k").family) == range(6, 7)


@pytest.mark.parametrize("blocks", [139, 145])
def test_multipliers_that_are_missing_or_too_many(blocks):
    with pytest.raises(DeviceError, match=f"of medium-q4 must be 140 to 144, not {blocks}"):
        expected.check_core(preset("medium-q4"), chip("ecp5-85k"), {**AREA, "mult18x18d": blocks})


def test_memories_that_are_missing():
    config, on = preset("medium-q4"), chip("ecp5-85k")
    bits = 8 * (65536 + 1024 * 128 + 2048 * 8)  # lines, weights, outputs
    expected.check_core(config, on, AREA)
    with pytest.raises(DeviceError, match=f"must hold {bits} bits or more, not {18432 * 80}"):
        expected.check_core(config, on, {**AREA, "dp16kd": 80})


def test_what_does_not_fit_is_told_with_its_size():
    area = {**AREA, "mult18x18d": 160, "lut4": 90_000}
    with pytest.raises(DeviceError) as told:
        expected.check_room(preset("medium"), chip("ecp5-85k"), area)
    taken = "94,200 of 83,640 luts, 160 of 156 mult18x18d"
    assert sorted(str(told.value).partition("takes ")[2].split(", ")) == sorted(taken.split(", "))


def test_blocks_that_are_gone_behind_the_pins():
    expected.check_placed(chip("ecp5-85k"), AREA, {"dp16kd": 118, "mult18x18d": 140, "alu54b": 64})
    with pytest.raises(DeviceError, match="dp16kd placed on ecp5-85k must be 118, not 110"):
        expected.check_placed(chip("ecp5-85k"), AREA, {"dp16kd": 110, "mult18x18d": 140})


def test_an_unknown_chip():
    with pytest.raises(ValueError, match=f"must be one of {', '.join(CHIPS)}, not 'xc7'"):
        chip("xc7")


@pytest.mark.parametrize("name", CHIPS)
def test_every_figure_of_a_chip_has_its_cells(name):
    family = chip(name).family
    named = {family.multiplier, *family.luts, *family.memories, *family.bels, *chip(name).room} - {"luts"}
    assert named <= set(family.cells)
