"""The engine as a netlist, and the pins around it."""

import re

import pytest
from convloom.fpga import netlist
from convloom.fpga.boards import board
from convloom.fpga.chips import chip
from convloom.spec import preset

INPUTS, OUTPUTS = {"aclk": 1, "aresetn": 1, "tdata": 8}, {"tready": 1, "result": 6}


def test_each_pin_has_a_register_of_its_own():
    text = netlist.wrapper("engine", INPUTS, OUTPUTS)
    assert ".aclk(clk), .aresetn(driven[0 +: 1]), .tdata(driven[1 +: 8])" in text
    assert "reg [8:0] shifted;" in text and "driven <= shifted;" in text
    assert "shifted <= {shifted, serial};" in text
    assert ".tready(made[0 +: 1]), .result(made[1 +: 6])" in text and "parity_0 <= made;" in text


def test_few_registers_drive_all_inputs():
    text = netlist.wrapper("engine", INPUTS, OUTPUTS, drivers=4)
    assert "reg [3:0] shifted;" in text and "wire [8:0] driven = {3{shifted}};" in text


@pytest.mark.parametrize("bits", [1, 4, 5, 17, 64, 143])
def test_every_output_reaches_the_one_pin(bits):
    text = netlist.wrapper("engine", INPUTS, {"result": bits})
    levels = re.findall(r"parity_(\d+) <= \{(.*)\};", text)
    left = bits
    for number, (level, sums) in enumerate(levels, 1):
        parts = re.findall(r"\^parity_(\d+)\[(\d+):(\d+)\]", sums)
        assert int(level) == number and {int(source) for source, _, _ in parts} == {number - 1}
        covered = [bit for _, high, low in parts for bit in range(int(low), int(high) + 1)]
        assert sorted(covered) == list(range(left))
        left = len(parts)
    assert left == 1 and f"assign parity = parity_{len(levels)};" in text


def test_cells_tell_their_source_and_pins_their_width():
    config = preset("tiny-up5k")
    text, inputs, outputs = netlist.core(config, chip("up5k"))
    assert f"module \\{config.module_name}\n" in text and "hw/convloom_rtl/mac_array.py:" in text
    assert inputs["aclk"] == 1 and inputs["s_axis_act_tdata"] == 32 and outputs["m_axis_out_tdata"] == 8
    assert not set(inputs) & set(outputs) and len(inputs) + len(outputs) == 37


@pytest.mark.parametrize(
    ("name", "device", "fours", "threes", "memories"),
    [("medium", "ecp5-85k", 4, 4, 96), ("small-45k", "ecp5-45k", 2, 0, 64)],
)
def test_each_place_is_given_once(name, device, fours, threes, memories):
    """All multipliers have one, also the chip's last one, and the memories of weights and rows.

    Of the requantiser's products as many take four of them as there are, the others three.
    """
    config = preset(name)
    text, _, _ = netlist.core(config, chip(device))
    places = re.findall(r'attribute \\BEL "(\S+)"', text)
    kinds = [place.split("/")[2][:3] for place in places]
    assert len(set(places)) == len(places)
    assert (
        kinds.count("MUL") == chip(device).room["mult18x18d"] == config.multipliers + 4 * fours + 3 * threes
    )
    assert kinds.count("EBR") == memories and kinds.count("ALU") == config.multipliers // 2 + fours


@pytest.mark.parametrize(
    ("on", "first"),
    [
        (chip("ecp5-85k"), "X4/Y10/MULT18_0"),
        (chip("ecp5-45k"), "X4/Y22/MULT18_0"),
        (board("ulx3s").chip, "X4/Y10/MULT18_0"),
        (board("orangecrab").chip, "X4/Y10/MULT18_0"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_places_are_those_of_the_die(on, first):
    """In whatever package, and of whatever grade."""
    assert netlist.platform(preset("small"), on).place(0, 0) == first
