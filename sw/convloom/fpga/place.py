"""Place and route."""

import json

from convloom.fpga import tools


def place(chip, folder, seed, heard=lambda line: None, options=()):
    """Places and routes netlist.json. Returns nextpnr's report as data: the same for the same seed.

    options : of nextpnr, beside those that choose the chip
    """
    report = f"seed-{seed}.json"
    files = ("--json", "netlist.json", "--report", report, "--detailed-timing-report")
    arguments = (*chip.options, *files, "--seed", seed, "--timing-allow-fail", *options)
    tools.run(chip.family.router, arguments, folder, f"seed-{seed}.log", heard)
    return json.loads((folder / report).read_text())
