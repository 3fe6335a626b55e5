"""Synthesis of the smallest engine. Yosys' first call on a machine compiles it, which takes a minute of its own."""

import json

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Cat, Module, Signal
from convloom.fpga import expected, synthesis, tools
from convloom.fpga.chips import chip
from convloom.spec import preset
from convloom_rtl.kit.pipeline import copies

CONFIG, ON = preset("tiny-up5k"), chip("up5k")


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fpga")
    return folder, synthesis.synthesise(CONFIG, ON, folder)


def test_the_core_has_its_multipliers_and_memories(synthesised):
    _, area = synthesised
    expected.check_core(CONFIG, ON, area)
    assert min(area["lut4"], area["carry"], area["ff"], area["ebr"]) > 0


def test_nothing_of_the_core_is_gone_behind_the_pins(synthesised):
    folder, area = synthesised
    modules = json.loads((folder / "netlist.json").read_text())["modules"]
    types = {}
    for name, cell in modules["pins"]["cells"].items():
        if name.startswith("core."):
            types[cell["type"]] = types.get(cell["type"], 0) + 1
    assert synthesis.count(types, ON.family) == area


def test_multipliers_keep_their_registers(synthesised):
    folder, _ = synthesised
    cells = json.loads((folder / "netlist.json").read_text())["modules"]["pins"]["cells"].values()
    registers = [int(cell["parameters"]["A_REG"], 2) for cell in cells if cell["type"] == "SB_MAC16"]
    assert registers and all(registers)


def test_cells_are_counted_by_figure():
    types = {"SB_DFF": 3, "SB_DFFESR": 4, "SB_LUT4": 5, "SB_RAM40_4KNR": 1, "SB_CARRY": 2, "$scopeinfo": 9}
    counted = {"lut4": 5, "carry": 2, "ff": 7, "ebr": 1, "spram": 0, "mac16": 0}
    assert synthesis.count(types, ON.family) == counted


@pytest.mark.parametrize(("line", "registers"), ((synthesis.COPIES, 3), ("", 1)))
def test_copies_stay_apart_where_they_are_told_to(line, registers, tmp_path):
    m, value, users = Module(), Signal(), Signal(3)
    m.d.comb += users.eq(Cat(copies(m, value, 3, "copy")))
    text = rtlil.convert(m, name="made", ports=[value, users])
    (tmp_path / "core.il").write_text(text)
    script = synthesis.PREPARE.format(module="made", copies=line) + "write_json prepared.json\n"
    (tmp_path / "prepare.ys").write_text(script)
    tools.run(synthesis.YOSYS, ["-q", "prepare.ys"], tmp_path, "prepare.log")
    cells = json.loads((tmp_path / "prepared.json").read_text())["modules"]["made"]["cells"].values()
    assert sum("dff" in cell["type"] for cell in cells) == registers
