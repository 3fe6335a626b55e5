"""Place and route."""

import json

from convloom.fpga import tools


def place(chip, folder, seed, heard=lambda line: None):
    """Places and routes netlist.json. Returns nextpnr's report as data: the same for the same seed."""
    report = f"seed-{seed}.json"
    files = ("--json", "netlist.json", "--report", report, "--detailed-timing-report")
    options = (*chip.options, *files, "--seed", seed, "--timing-allow-fail")
    tools.run(chip.family.router, options, folder, f"seed-{seed}.log", heard)
    return json.loads((folder / report).read_text())
