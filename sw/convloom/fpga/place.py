"""Place and route."""

import json
import re

from convloom.errors import DeviceError
from convloom.fpga import tools

CELLS = re.compile(r"^Info:\s+(\w+):\s*(\d+)/\s*(\d+)\s+\d+%$", re.M)  # of a kind, and how many there are


def place(chip, folder, seed, heard=lambda line: None, options=()):
    """Places and routes netlist.json. Returns nextpnr's report as data: the same for the same seed.

    options : of nextpnr, beside those that choose the chip

    Raises DeviceError where nextpnr fails: with the cells that are too many, or else with what it said last.
    """
    router, log, report = chip.family.router, folder / f"seed-{seed}.log", f"seed-{seed}.json"
    files = ("--json", "netlist.json", "--report", report, "--detailed-timing-report")
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
    return json.loads((folder / report).read_text())


def too_many(log):
    """The cells, of which a design takes more than there are, as nextpnr's log counts them."""
    counted = ((kind, int(used), int(there)) for kind, used, there in CELLS.findall(log))
    return ", ".join(f"{there:,} {kind}, not {used:,}" for kind, used, there in counted if used > there)
