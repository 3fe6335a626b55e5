"""The table that shows where the area goes."""

import io

from convloom.fpga import tables
from convloom.fpga.chips import chip
from convloom.spec import preset
from rich.console import Console

NONE = dict.fromkeys(chip("ecp5-85k").family.cells, 0)
TOP = "\\convloom_medium_q4"
MODULES = {
    TOP: (
        {**NONE, "lut4": 5},
        {f"{TOP}.lane_0": 1, f"{TOP}.lane_1": 1, f"{TOP}.lane_2": 1, f"{TOP}.queue": 1},
    ),
    f"{TOP}.lane_0": ({**NONE, "lut4": 10}, {f"{TOP}.lane_0.block": 2}),
    f"{TOP}.lane_0.block": ({**NONE, "mult18x18d": 1}, {}),
    f"{TOP}.lane_1": ({**NONE, "lut4": 10, "mult18x18d": 2}, {}),
    f"{TOP}.lane_2": ({**NONE, "lut4": 11, "mult18x18d": 2}, {}),
    f"{TOP}.queue": (NONE, {f"{TOP}.queue.fifo": 1}),
    f"{TOP}.queue.fifo": ({**NONE, "dpr16x4": 1}, {}),
}


def test_a_module_counts_what_is_below_it():
    assert tables.total(MODULES, f"{TOP}.lane_0") == {**NONE, "lut4": 10, "mult18x18d": 2}
    assert tables.total(MODULES, TOP) == {**NONE, "lut4": 36, "dpr16x4": 1, "mult18x18d": 6}


def test_modules_that_are_alike_share_a_row():
    page = io.StringIO()
    Console(file=page, width=120).print(tables.hierarchy(MODULES, preset("medium-q4"), chip("ecp5-85k")))
    rows = [line.strip("│\n").split("│") for line in page.getvalue().splitlines() if line.startswith("│")]
    shown = [(row[0].strip(), int(row[1]), int(row[-2])) for row in rows]
    assert shown == [
        ("convloom_medium_q4", 42, 6),
        ("lane_* x 2", 20, 4),
        ("block x 4", 0, 4),
        ("lane_*", 11, 2),
        ("queue", 6, 0),  # its fifo is all there is in it
    ]
