"""`convloom bitstream`: what it calls the tools with, what it writes, and when it refuses, without the tools."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from convloom.cli import main
from convloom.fpga import netlist, tools

ROOT = Path(__file__).resolve().parents[2]
PACKED = b"a bitstream"
CELLS = {
    "LUT4": 5000,
    "CCU2C": 1300,
    "TRELLIS_DPR16X4": 100,
    "TRELLIS_FF": 7000,
    "DP16KD": 35,
    "MULT18X18D": 8,
    "ALU54B": 4,
}
WIRE = "(INTERCONNECT sum/R0 next/M (1:2:3000) (1:2:3000))\n"


class Tools:
    """Stands in for the tools: keeps their arguments and writes what they would."""

    def __init__(self):
        self.calls, self.megahertz, self.cells = {}, 30.0, dict(CELLS)

    def run(self, package, arguments, folder, log, heard=None, tool=None):
        name = tool or package.removeprefix("yowasp_")
        self.calls[name] = list(map(str, arguments))
        getattr(self, name)(folder)

    def yosys(self, folder):
        area = {"modules": {"\\self_test": {"num_cells_by_type": self.cells}}}
        (folder / "area.json").write_text(json.dumps(area))
        self.script = (folder / "synthesis.ys").read_text()

    def nextpnr_ecp5(self, folder):
        used = {name: {"used": self.cells[name]} for name in ("DP16KD", "MULT18X18D", "ALU54B")}
        report = {"fmax": {"clk": {"achieved": self.megahertz}}, "utilization": used}
        (folder / "seed-3.json").write_text(json.dumps(report))
        (folder / "seed-3.sdf").write_text(WIRE)
        self.pins = (folder / "ulx3s.lpf").read_text()

    def ecppack(self, folder):
        (folder / "ulx3s.bit").write_bytes(PACKED)


@pytest.fixture
def stand_in(monkeypatch):
    made = Tools()
    monkeypatch.setattr(tools, "run", made.run)
    monkeypatch.setattr(netlist, "self_test", lambda config, board, megahertz: "")
    return made


def call(folder, *options):
    where = ("--constraints", str(ROOT / "constraints"), "--output", str(folder))
    return main(["bitstream", "--config", "tiny", "--seed", "3", *where, *options])


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_the_bitstream_and_what_is_told_of_it(stand_in, tmp_path, capsys):
    assert call(tmp_path) == 0
    assert (tmp_path / "ulx3s.bit").read_bytes() == PACKED
    data = json.loads((tmp_path / "ulx3s.json").read_text())
    told = {
        "board": "ulx3s",
        "chip": "LFE5U-85F-6BG381C",
        "config": "tiny",
        "seed": 3,
        "asked_mhz": 25,
        "reached_mhz": 30,
        "lut4": 5000,
        "mult18x18d": 8,
        "bytes": len(PACKED),
        "sha256": sha256(PACKED).hexdigest(),
    }
    assert told.items() <= data.items()
    assert "11 bytes, 30.0 MHz reached, 25 MHz asked" in capsys.readouterr().out


def test_the_tools_are_told_chip_pins_and_top(stand_in, tmp_path):
    assert call(tmp_path) == 0
    routed = " ".join(stand_in.calls["nextpnr_ecp5"])
    assert "--85k --package CABGA381 --speed 6 " in routed and "unconstrained" not in routed
    assert " --seed 3 " in routed and " --lpf ulx3s.lpf --textcfg placed.txt" in routed
    assert stand_in.pins == (ROOT / "constraints/ulx3s/ulx3s.lpf").read_text()
    assert stand_in.calls["ecppack"] == ["--compress", "placed.txt", "ulx3s.bit"]
    # To map it for speed took twenty minutes, for a clock that it reaches by far without.
    assert "synth_ecp5 -top self_test\n" in stand_in.script and "abc9" not in stand_in.script
    assert "delete self_test.engine/t:$meminit_v2 self_test.engine.*/t:$meminit_v2\n" in stand_in.script


def test_a_clock_that_is_too_low(stand_in, tmp_path, capsys):
    assert call(tmp_path) == 0 and files(tmp_path) == ["ulx3s.bit", "ulx3s.json"]
    stand_in.megahertz = 24.99
    assert call(tmp_path) == 1
    assert "tiny on ulx3s must reach 25 MHz, its clock, not 24.99 MHz" in capsys.readouterr().err
    assert files(tmp_path) == []  # not those of the run before


def test_a_top_that_does_not_fit(stand_in, tmp_path, capsys):
    stand_in.cells["LUT4"] = 90_000
    assert call(tmp_path) == 1
    assert "tiny does not fit LFE5U-85F-6BG381C: it takes 93,200 of 83,640 luts" in capsys.readouterr().err
    assert "nextpnr_ecp5" not in stand_in.calls


@pytest.mark.parametrize(
    "options, told",
    [
        (["--board", "de10"], "board must be one of ulx3s, orangecrab, icebreaker, not 'de10'"),
        (["--config", "huge"], "config must be one of tiny, "),
        (["--constraints", "nowhere"], "nowhere/ulx3s/ulx3s.lpf"),
    ],
)
def test_a_wrong_call(options, told, stand_in, tmp_path, capsys):
    assert call(tmp_path, *options) == 1
    assert told in capsys.readouterr().err
    assert not stand_in.calls
