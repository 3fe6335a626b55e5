"""The pins of constraints/<board>, held against tables that others made of the same boards."""

import re
from pathlib import Path

import pytest
from amaranth_boards.arty_a7 import ArtyA7_35Platform
from amaranth_boards.icebreaker import ICEBreakerPlatform
from amaranth_boards.orangecrab_r0_2 import OrangeCrabR0_2_85FPlatform
from amaranth_boards.ulx3s import ULX3S_85F_Platform
from convloom.fpga import boards

FOLDER = Path(__file__).resolve().parents[2] / "constraints"
PLACES = {  # (port, site) in each format
    ".lpf": r'^LOCATE COMP "(\w+)" SITE "(\w+)";$',
    ".pcf": r"^set_io (\w+) (\w+)$",
    ".xdc": r"^set_property -dict \{PACKAGE_PIN (?P<site>\w+) IOSTANDARD LVCMOS33\} \[get_ports (?P<port>\w+)\]$",
}
STANDARDS = {
    ".lpf": r'^IOBUF PORT "(\w+)" IO_TYPE=(\w+)',
    ".xdc": r"^.* IOSTANDARD (?P<site>\w+)\} \[get_ports (?P<port>\w+)\]$",
}
CLOCKS = {  # its MHz, or its period in ns
    ".lpf": r'^FREQUENCY PORT "clk" (?P<mhz>\S+) MHZ;$',
    ".pcf": r"^set_frequency clk (?P<mhz>\S+)$",
    ".xdc": r"^create_clock -name clk -period (?P<ns>\S+) \[get_ports clk\]$",
}
UART = {"uart_rx": ("uart", 0, "rx"), "uart_tx": ("uart", 0, "tx")}
LEDS = {"led_pass": ("led", 0), "led_fail": ("led", 1), "led_beat": ("led", 2)}
BOARDS = {  # file: (platform, {port: (resource, number, part of it)})
    "ulx3s/ulx3s.lpf": (
        ULX3S_85F_Platform,
        {"clk": ("clk25", 0), "reset_n": ("button_pwr", 0), **LEDS, **UART},
    ),
    "orangecrab/orangecrab.lpf": (
        OrangeCrabR0_2_85FPlatform,
        {
            "clk": ("clk", 0),
            "reset_n": ("button", 0),
            "led_pass": ("rgb_led", 0, "g"),
            "led_fail": ("rgb_led", 0, "r"),
            "led_beat": ("rgb_led", 0, "b"),
        },
    ),
    "icebreaker/icebreaker.pcf": (
        ICEBreakerPlatform,
        {
            "clk": ("clk12", 0),
            "reset_n": ("button", 0),
            "led_pass": ("led_g", 0),
            "led_fail": ("led_r", 0),
            "led_beat": ("led_r", 1),
            **UART,
        },
    ),
    "arty_a7/arty_a7.xdc": (ArtyA7_35Platform, {"clk": ("clk100", 0), "reset_n": ("rst", 0), **LEDS, **UART}),
}
# "PYNQ-Z2 v1.0.xdc", TUL's master file (pynq.readthedocs.io, "Board Settings", links to it), by its names.
PYNQ_Z2 = {"sysclk": "H16", "btn[0]": "D19", "led[0]": "R14", "led[1]": "P14", "led[2]": "N16"}
PYNQ_Z2_MHZ = 125
PYNQ_Z2_PORTS = {"clk": "sysclk", "reset": "btn[0]"} | {
    port: f"led[{number}]" for port, (_, number) in LEDS.items()
}


def read(name, patterns):
    """{port: site} that a pattern finds in a file."""
    found = re.finditer(patterns[Path(name).suffix], (FOLDER / name).read_text(), re.M)
    pairs = [(match["port"], match["site"]) if match.groupdict() else match.groups() for match in found]
    assert len(pairs) == len(dict(pairs)), pairs
    return dict(pairs)


def megahertz(name):
    """The clock's frequency, as a file states it."""
    match = re.search(CLOCKS[Path(name).suffix], (FOLDER / name).read_text(), re.M).groupdict()
    return float(match["mhz"]) if "mhz" in match else 1000 / float(match["ns"])


def table(platform):
    """{(resource, number) or (resource, number, part): (Pins, I/O standard)} of a platform."""
    pins = {}
    resources = [*platform.resources.values(), *getattr(platform, "break_off_pmod", ())]
    for resource in resources:
        for io in resource.ios:
            part = (io.name,) if hasattr(io, "ios") else ()
            standard = next(
                (resource.attrs[key] for key in ("IO_TYPE", "IOSTANDARD") if key in resource.attrs), None
            )
            pins[resource.name, resource.number, *part] = (io.ios[0] if part else io), standard
    return pins


@pytest.mark.parametrize("name", BOARDS)
def test_pins_are_those_of_the_board(name):
    make, ports = BOARDS[name]
    platform = make()
    pins = table(platform)
    sites = {
        port: pins[key][0].map_names(platform._conn_pins, pins[key][0])[0] for port, key in ports.items()
    }
    assert read(name, PLACES) == sites
    if Path(name).suffix in STANDARDS:
        assert read(name, STANDARDS) == {port: pins[key][1] for port, key in ports.items()}
    assert pins[ports["reset_n"]][0].invert
    assert megahertz(name) * 1e6 == platform.resources[ports["clk"]].clock.frequency


@pytest.mark.parametrize("name", boards.BOARDS)
def test_a_bitstream_is_for_the_boards_chip_and_leds(name):
    board = boards.board(name)
    file = board.constraints(FOLDER)
    make, ports = BOARDS[file.relative_to(FOLDER).as_posix()]
    platform = make()
    speed = f"-{platform.speed}" if hasattr(platform, "speed") else "-"
    assert board.chip.name.startswith(f"{platform.device}{speed}{platform.package}")
    pins = table(platform)
    low = [port for port in LEDS if pins[ports[port]][0].invert]
    assert sorted(board.leds_low) == sorted(low)
    assert boards.clock(file) == megahertz(file.relative_to(FOLDER))


def test_pins_of_the_pynq_z2():
    name = "pynq_z2/pynq_z2.xdc"
    assert read(name, PLACES) == {port: PYNQ_Z2[pin] for port, pin in PYNQ_Z2_PORTS.items()}
    assert megahertz(name) == PYNQ_Z2_MHZ


def test_every_folder_is_tested():
    tested = {FOLDER / name for name in (*BOARDS, "pynq_z2/pynq_z2.xdc")}
    assert {path for path in FOLDER.glob("*/*") if path.is_file()} == tested
