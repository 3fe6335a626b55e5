"""The boards that a bitstream can be made for, each with an engine that tests itself."""

import re
from dataclasses import dataclass, replace

from convloom.fpga.chips import CHIPS, Chip

# The clock's MHz in a file of each format.
CLOCKS = {".lpf": r'^FREQUENCY PORT "clk" (\S+) MHZ;$', ".pcf": r"^set_frequency clk (\S+)$"}


@dataclass(frozen=True)
class Board:
    """A board, as `convloom bitstream --board` names it.

    Parameters
    ----------
    name : its name there, and of its folder in constraints/
    chip : its Chip in its package
    config : the engine's configuration where none is told
    leds_low : the names of the LEDs that are lit by a low pin
    packing : options of the packer
    """

    name: str
    chip: Chip
    config: str
    leds_low: tuple = ()
    packing: tuple = ()

    @property
    def pins(self):
        """The name of the file with its pins and its clock."""
        return f"{self.name}{self.chip.family.pins.replace('--', '.')}"

    def constraints(self, folder):
        """That file, below the folder of all boards' files."""
        return folder / self.name / self.pins


def _packed(device, name, *options):
    """One of the CHIPS in a package and speed grade."""
    return replace(CHIPS[device], name=name, options=options)


BOARDS = {
    board.name: board
    for board in (
        Board(
            "ulx3s",
            _packed("ecp5-85k", "LFE5U-85F-6BG381C", "--85k", "--package", "CABGA381", "--speed", "6"),
            config="small",
            packing=("--compress",),
        ),
        Board(
            "orangecrab",
            _packed("ecp5-85k", "LFE5U-85F-8MG285C", "--85k", "--package", "CSFBGA285", "--speed", "8"),
            config="small",
            leds_low=("led_pass", "led_fail", "led_beat"),
            packing=("--compress", "--freq", "38.8"),
        ),
        Board(
            "icebreaker",
            _packed("up5k", "iCE40UP5K-SG48", "--up5k", "--package", "sg48"),
            config="tiny-up5k",
            leds_low=("led_pass", "led_fail"),
        ),
    )
}


def board(name):
    """The Board of that name. Raises ValueError with the names that there are."""
    if name not in BOARDS:
        raise ValueError(f"board must be one of {', '.join(BOARDS)}, not {name!r}")
    return BOARDS[name]


def clock(constraints):
    """MHz of the oscillator, as a board's file states it. Raises ValueError where it does not."""
    stated = re.search(CLOCKS[constraints.suffix], constraints.read_text(), re.M)
    if stated is None:
        raise ValueError(f"{constraints} must state the clock's frequency")
    return float(stated[1])
