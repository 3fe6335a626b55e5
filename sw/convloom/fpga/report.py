"""What nextpnr's report says: the clock, its critical path in the names of the source, blocks used."""

import re

from convloom.errors import DeviceError

# Sources carry the path of the machine that they were read on; a package's own part of it is kept.
OUTSIDE = re.compile(r"^.*/(?=(?:convloom_rtl|amaranth)/)")
CORE = "core."  # the engine's instance behind the pins
# Yosys names a cell after a signal near it and all that lies between, each a kind of cell and a port.
KIND = re.compile(
    r"_(LUT4|CCU2C|PFUMX|L6MUX21|TRELLIS_FF|TRELLIS_DPR16X4|DP16KD|MULT18X18D|ALU54B"
    r"|SB_LUT4|SB_CARRY|SB_DFF[A-Z]*|SB_RAM40_4K[A-Z]*|SB_MAC16)(?=_|\$|$)"
)
SLOW = 0.8  # of the slowest path's delay: what is told beside it


def clock(report):
    """MHz that the only clock can have, also by the paths that nextpnr takes no notice of (see place).

    Raises DeviceError where the report has no clock or several.
    """
    clocks = report["fmax"]
    if len(clocks) != 1:
        raise DeviceError(f"nextpnr's report must have one clock, not {', '.join(clocks) or 'none'}")
    achieved, untimed = next(iter(clocks.values()))["achieved"], report.get("untimed_ns")
    return min(achieved, 1000 / untimed) if untimed else achieved


def used(report, family):
    """{figure: blocks} that the placed design has of those whose count is checked."""
    return {figure: report["utilization"][bel]["used"] for figure, bel in family.bels.items()}


def critical_path(report):
    """The steps from register to register of the path that limits the clock.

    Each is {"step": clk-to-q, routing, logic or setup, "ns": its delay, "name": a signal of the source in or near it}.
    A carry chain is one step. A cell also has its "kind", routing the "to" where it ends ([column, row]) and its
    "sources" (file and line).
    """
    name = f"posedge {next(iter(report['fmax']))}"
    for path in report["critical_paths"]:
        if path["from"] == path["to"] == name:
            return _joined(_step(part) for part in path["path"])
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
        signals.setdefault(signal_of(cell), []).append(ns)
    least = SLOW * max(ends.values(), default=0)
    slow = [(name, round(max(all_), 2), sum(ns > least for ns in all_)) for name, all_ in signals.items()]
    return sorted((end for end in slow if end[2]), key=lambda end: -end[1])


def _joined(steps):
    """Cells that follow each other without routing between them, as in a carry chain, become one step."""
    joined = []
    for step in steps:
        if step["step"] == "routing" and step["ns"] == 0:
            continue
        before = joined[-1] if joined else {}
        if step["step"] == before.get("step") and step["kind"] == before["kind"]:
            before["ns"] = round(before["ns"] + step["ns"], 2)
        else:
            joined.append(step)
    return joined


def _step(part):
    step = {"step": part["type"], "ns": round(part["delay"], 2)}
    if part["type"] != "routing":
        cell = part["from"]["cell"]
        return {**step, "name": signal_of(cell), "kind": (KIND.findall(cell) or [""])[-1]}
    sources = [OUTSIDE.sub("", source) for source in part["sources"] if ".py:" in source]
    return {**step, "name": signal_of(part["net"]), "sources": sources, "to": part["to"]["loc"]}


def signal_of(name):
    """The signal that a cell or net is named after."""
    return KIND.split(name.removeprefix(CORE), maxsplit=1)[0]
