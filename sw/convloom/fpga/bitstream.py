"""A bitstream of a placed board's top, and what is told about it."""

from hashlib import sha256
from shutil import copyfile

from convloom.fpga import tools
from convloom.fpga.place import place


def place_board(board, constraints, folder, seed, heard=lambda line: None):
    """Places and routes netlist.json on a Board's pins. Returns nextpnr's report as data."""
    copyfile(constraints, folder / constraints.name)
    family = board.chip.family
    options = (family.pins, constraints.name, family.placed, "placed.txt")
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
