"""Place and route."""

import json
import re

from convloom.errors import DeviceError
from convloom.fpga import tools

WIRE = re.compile(
    r"\(INTERCONNECT \S+/R\d+ \S+ \(\d+:\d+:(\d+)\)"
)  # of an ALU54B's output, in an SDF; ps at most
CELLS = re.compile(r"^Info:\s+(\w+):\s*(\d+)/\s*(\d+)\s+\d+%$", re.M)  # of a kind, and how many there are


def place(chip, folder, seed, heard=lambda line: None, options=()):
    """Places and routes netlist.json. Returns nextpnr's report as data: the same for the same seed.

    Under "untimed_ns" it has the longest path, from register to register, of those that nextpnr takes no notice of.

    options : of nextpnr, beside those that choose the chip

    Raises DeviceError where nextpnr fails: with the cells that are too many, or else with what it said last.
    """
    router, log = chip.family.router, folder / f"seed-{seed}.log"
    report, wires = f"seed-{seed}.json", f"seed-{seed}.sdf"
    files = ("--json", "netlist.json", "--report", report, "--detailed-timing-report")
    if chip.family.untimed:
        files += ("--sdf", wires)
    how = ("--placer", chip.family.placer, "--seed", seed, "--timing-allow-fail")
    arguments = (*chip.options, *files, *how, *options)
    log.unlink(missing_ok=True)
    try:
        tools.run(router, arguments, folder, log.name, heard)
    except DeviceError as failed:
        over = too_many(log.read_text(encoding="utf-8")) if log.exists() else ""
        if over:
            raise DeviceError(f"{chip.name} is too small: it has {over} ({log})") from failed
        raise
    said = json.loads((folder / report).read_text())
    return (
        {**said, "untimed_ns": _untimed(folder / wires, chip.family.untimed)} if chip.family.untimed else said
    )


def _untimed(sdf, ns):
    """The longest path from an ALU54B to the register behind it: `ns` and the wire, from nextpnr's delays of all."""
    with open(sdf, encoding="utf-8") as lines:
        wires = [int(wire[1]) for wire in map(WIRE.search, lines) if wire]
    sdf.unlink()  # tens of megabytes
    return round(ns + max(wires) / 1000, 2) if wires else 0.0


def too_many(log):
    """The cells, of which a design takes more than there are, as nextpnr's log counts them."""
    counted = ((kind, int(used), int(there)) for kind, used, there in CELLS.findall(log))
    return ", ".join(f"{there:,} {kind}, not {used:,}" for kind, used, there in counted if used > there)
