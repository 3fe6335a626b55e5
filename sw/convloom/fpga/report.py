"""What nextpnr's report says: the clock, its critical path in the names of the source, blocks used."""

import re

from convloom.errors import DeviceError

# Sources carry the path of the machine that they were read on; a package's own part of it is kept.
OUTSIDE = re.compile(r"^.*/(?=(?:convloom_rtl|amaranth)/)")
CORE = "core."  # the engine's instance behind the pins
CELL = re.compile(
    r"_(?:TRELLIS|SB|CCU2C|LUT4|PFUMX|L6MUX21|DP16KD|MULT18X18D)_?.*$"
)  # in a cell's name: its kind
SLOW = 0.8  # of the slowest path's delay: what is told beside it


def clock(report):
    """MHz that the only clock can have. Raises DeviceError where the report has none or several."""
    clocks = report["fmax"]
    if len(clocks) != 1:
        raise DeviceError(f"nextpnr's report must have one clock, not {', '.join(clocks) or 'none'}")
    return next(iter(clocks.values()))["achieved"]


def used(report, family):
    """{figure: blocks} that the placed design has of those whose count is checked."""
    return {figure: report["utilization"][bel]["used"] for figure, bel in family.bels.items()}


def critical_path(report):
    """The steps from register to register of the path that limits the clock.

    Each is {"step": clk-to-q, routing, logic or setup, "ns": its delay, "name": the cell, or the net where it is
    routing, "sources": file and line of what the net is in the source, "to": where routing ends, [column, row]}.
    """
    name = f"posedge {next(iter(report['fmax']))}"
    for path in report["critical_paths"]:
        if path["from"] == path["to"] == name:
            return [_step(part) for part in path["path"]]
    raise DeviceError(f"nextpnr's report must have a path within {name}")


def slow_ends(report):
    """Where paths end that take more than SLOW of the longest one's time: [(signal, ns, how many)], slowest first."""
    ends = {}
    for net in report["detailed_net_timings"]:
        for end in net["endpoints"]:
            place = end["cell"], end["port"]
            ends[place] = max(ends.get(place, 0), end["delay"][1])
    signals = {}
    for (cell, _), ns in ends.items():
        signals.setdefault(CELL.sub("", cell.removeprefix(CORE)), []).append(ns)
    least = SLOW * max(ends.values(), default=0)
    slow = [(name, round(max(all_), 2), sum(ns > least for ns in all_)) for name, all_ in signals.items()]
    return sorted((end for end in slow if end[2]), key=lambda end: -end[1])


def _step(part):
    step = {"step": part["type"], "ns": round(part["delay"], 2)}
    if part["type"] != "routing":
        return {**step, "name": part["from"]["cell"].removeprefix(CORE)}
    sources = [OUTSIDE.sub("", source) for source in part["sources"]]
    return {**step, "name": part["net"].removeprefix(CORE), "sources": sources, "to": part["to"]["loc"]}
