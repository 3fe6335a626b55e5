"""The pins of the exported module, from its text: names, directions, widths, interfaces, and nothing else."""

import re

import pytest
from convloom.spec import preset
from convloom.spec.registers import ADDRESS_BITS
from convloom_rtl.export import verilog_2005

AXI = {"s_axil": "aximm", **dict.fromkeys(("s_axis_job", "s_axis_act", "m_axis_out"), "axis")}
SINGLE = {
    "aclk": "clock:1.0 aclk CLK",
    "aresetn": "reset:1.0 aresetn RST",
    "irq": "interrupt:1.0 irq INTERRUPT",
}
PARAMETERS = {
    "aclk": "ASSOCIATED_BUSIF s_axis_job:s_axis_act:m_axis_out:s_axil, ASSOCIATED_RESET aresetn",
    "aresetn": "POLARITY ACTIVE_LOW",
    "irq": "SENSITIVITY LEVEL_HIGH",
    "s_axil_awaddr": "PROTOCOL AXI4LITE",
}


def expected(config):
    """{pin: (direction, bits)}"""
    pins = {"aclk": ("input", 1), "aresetn": ("input", 1), "irq": ("output", 1)}
    for stream, lanes, is_input in (
        ("s_axis_job", config.cin_lanes, True),
        ("s_axis_act", config.cin_lanes, True),
        ("m_axis_out", config.cout_lanes, False),
    ):
        forward, back = ("input", "output") if is_input else ("output", "input")
        for pin, bits in (("tdata", 8 * lanes), ("tkeep", lanes), ("tlast", 1), ("tvalid", 1)):
            pins[f"{stream}_{pin}"] = forward, bits
        pins[f"{stream}_tready"] = back, 1
    for channel, payload, is_input in (
        ("aw", {"addr": ADDRESS_BITS, "prot": 3}, True),
        ("w", {"data": 32, "strb": 4}, True),
        ("b", {"resp": 2}, False),
        ("ar", {"addr": ADDRESS_BITS, "prot": 3}, True),
        ("r", {"data": 32, "resp": 2}, False),
    ):
        forward, back = ("input", "output") if is_input else ("output", "input")
        for pin, bits in {**payload, "valid": 1}.items():
            pins[f"s_axil_{channel}{pin}"] = forward, bits
        pins[f"s_axil_{channel}ready"] = back, 1
    return pins


def declared(text, top):
    """{pin: (direction, bits)} of the module `top`; the names in its header must be the same."""
    header, body = re.search(rf"^module {top}\((.*?)\);\n(.*?)^endmodule", text, re.S | re.M).groups()
    pins = {}
    for direction, high, name in re.findall(
        r"^  (input|output|inout) (?:\[(\d+):0\] )?(\S+?) ?;", body, re.M
    ):
        pins[name] = direction, int(high or 0) + 1
    assert sorted(pins) == sorted(re.split(r"[\s,]+", header.strip())), header
    return pins


def expected_attributes(pin):
    """{attribute: value} by which Vivado puts a pin into its interface."""
    if pin in SINGLE:
        attributes = {"X_INTERFACE_INFO": f"xilinx.com:signal:{SINGLE[pin]}"}
    else:
        bus, _, role = pin.rpartition("_")
        attributes = {"X_INTERFACE_INFO": f"xilinx.com:interface:{AXI[bus]}:1.0 {bus} {role.upper()}"}
    if pin in PARAMETERS:
        interface = pin.removesuffix("_awaddr")
        attributes["X_INTERFACE_PARAMETER"] = f"XIL_INTERFACENAME {interface}, {PARAMETERS[pin]}"
    return attributes


def declared_attributes(text, top):
    """{pin: {attribute: value}} of the module `top`."""
    body = re.search(rf"^module {top}\(.*?^endmodule", text, re.S | re.M)[0]
    declarations = re.findall(
        r"^((?:  \(\* .* \*\)\n)*)  (?:input|output) (?:\[\d+:0\] )?(\S+?) ?;", body, re.M
    )
    return {
        pin: dict(re.findall(r'^  \(\* (\w+) = "(.*)" \*\)$', lines, re.M)) for lines, pin in declarations
    }


@pytest.mark.parametrize("name", ("tiny", "small", "odd-8x6"))
def test_pins(designs, name):
    config, design = preset(name), designs(name)
    pins = declared(design.text, design.top)
    assert pins == expected(config), set(pins.items()) ^ set(expected(config).items())
    assert declared(verilog_2005(config), design.top) == pins


def test_vivado_can_tell_every_pin_s_interface(designs):
    config, design = preset("tiny"), designs("tiny")
    attributes = {pin: expected_attributes(pin) for pin in expected(config)}
    for text in (design.text, verilog_2005(config)):
        assert declared_attributes(text, design.top) == attributes
