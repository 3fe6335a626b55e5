"""A board's top from its netlist to its bitstream, and what is told about it."""

from hashlib import sha256
from shutil import copyfile

from convloom.fpga import boards, tools
from convloom.fpga.place import place


def constrain(board, constraints, folder):
    """Copies a Board's pins and clock from below the folder `constraints` to where the tools work. Returns its MHz."""
    folder.mkdir(parents=True, exist_ok=True)
    return boards.clock(copyfile(board.constraints(constraints), folder / board.pins))


def place_board(board, folder, seed, heard=lambda line: None):
    """Places and routes netlist.json on a Board's pins. Returns nextpnr's report as data."""
    family = board.chip.family
    options = (family.pins, board.pins, family.placed, "placed.txt")
    return place(board.chip, folder, seed, heard, options)


def pack(board, folder, heard=lambda line: None):
    """The bitstream of what was placed there, bytes."""
    family = board.chip.family
    name = f"{board.name}{family.suffix}"
    arguments = (*board.packing, "placed.txt", name)
    tools.run(family.router, arguments, folder, "packing.log", heard, tool=family.packer)
    return (folder / name).read_bytes()


def as_data(config, board, seed, asked, reached, area, bitstream, versions):
    """What build/bitstream/<board>.json holds; the clocks `asked` and `reached` in MHz."""
    return {
        "board": board.name,
        "chip": board.chip.name,
        "config": config.name,
        "seed": seed,
        "asked_mhz": asked,
        "reached_mhz": round(reached, 2),
        **area,
        "bytes": len(bitstream),
        "sha256": sha256(bitstream).hexdigest(),
        "tools": versions,
    }
