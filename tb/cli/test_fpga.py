"""`convloom fpga`: wrong calls, and the way from the tools' files to the table and the JSON, without the tools."""

import json
from hashlib import sha256

import pytest
from convloom.cli import main
from convloom.fpga import figures, place, synthesis
from convloom.spec import preset
from convloom_rtl.export import system_verilog

AREA = {"lut4": 9000, "ccu2c": 1500, "dpr16x4": 200, "ff": 9000, "dp16kd": 118, "mult18x18d": 8, "alu54b": 4}


def _report(megahertz, dp16kd=118):
    end = {"cell": "core.engine.sum_TRELLIS_FF_Q"}
    step = {"type": "clk-to-q", "delay": 0.5, "from": end}
    return {
        "fmax": {"clk": {"achieved": megahertz}},
        "utilization": {"DP16KD": {"used": dp16kd}, "MULT18X18D": {"used": 8}, "ALU54B": {"used": 4}},
        "critical_paths": [{"from": "posedge clk", "to": "posedge clk", "path": [step]}],
        "detailed_net_timings": [{"endpoints": [{**end, "port": "D", "delay": [0.1, 1000 / megahertz]}]}],
    }


@pytest.fixture
def tools(monkeypatch):
    """Results in place of what Yosys, nextpnr and the simulation would give: seeds 1, 2, 3 at 140, 150, 130 MHz."""
    reports = {1: _report(140.0), 2: _report(150.0), 3: _report(130.0)}
    monkeypatch.setattr(synthesis, "synthesise", lambda *arguments, **options: AREA)
    monkeypatch.setattr(place, "place", lambda chip, folder, seed, heard: reports[seed])
    monkeypatch.setattr(figures, "utilisation_3x3", lambda config: 0.99)
    return reports


@pytest.mark.parametrize(
    "call, told",
    [
        (["--device", "xc7"], "device must be one of ecp5-85k, ecp5-45k, up5k, not 'xc7'"),
        (["--config", "huge"], "config must be one of tiny, "),
        (["--seeds", "0"], "seeds and jobs must be 1 or more, not 0 and 2"),
        (["--paths", "--device", "up5k"], "--paths must have an ecp5 chip, whose delays are known, not up5k"),
    ],
)
def test_a_wrong_call(call, told, capsys):
    assert main(["fpga", *call]) == 1
    assert told in capsys.readouterr().err


def test_the_file_has_the_median_and_the_hash_of_the_exported_verilog(tools, tmp_path, capsys):
    assert main(["fpga", "--config", "tiny", "--seeds", "3", "--output", str(tmp_path)]) == 0
    data = json.loads((tmp_path / "tiny-ecp5-85k.json").read_text())
    assert (
        data["fmax_mhz"] == [140.0, 150.0, 130.0] and data["seeds"] == [1, 2, 3] and data["median_mhz"] == 140
    )
    assert data["rtl_sha256"] == sha256(system_verilog(preset("tiny")).encode()).hexdigest()
    assert data["gmacs"] == round(4 * 0.99 * 0.140, 3)
    assert data["critical_path"] == [
        {"step": "clk-to-q", "ns": 0.5, "name": "engine.sum", "kind": "TRELLIS_FF"}
    ]
    assert "engine.sum" in capsys.readouterr().out


def test_blocks_that_are_gone_behind_the_pins_fail(tools, tmp_path, capsys):
    tools[2] = _report(150.0, dp16kd=100)
    assert main(["fpga", "--config", "tiny", "--seeds", "3", "--output", str(tmp_path)]) == 1
    assert "dp16kd placed on ecp5-85k must be 118, not 100" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.json"))


def test_an_engine_that_does_not_fit_fails_before_it_is_placed(tools, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(synthesis, "synthesise", lambda *arguments, **options: {**AREA, "lut4": 90_000})
    monkeypatch.setattr(place, "place", None)
    assert main(["fpga", "--config", "tiny", "--output", str(tmp_path)]) == 1
    assert "tiny does not fit ecp5-85k: it takes 94,200 of 83,640 luts" in capsys.readouterr().err


def test_only_the_paths(tools, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(place, "place", None)
    folder = tmp_path / "tiny-ecp5-85k"
    folder.mkdir()
    register = {"type": "TRELLIS_FF", "port_directions": {"DI": "input", "Q": "output"}}
    cells = {
        "core.counted": {**register, "connections": {"DI": [3], "Q": [2]}},
        "core.shown": {**register, "connections": {"DI": [2], "Q": [3]}},
    }
    netlist = {"modules": {"pins": {"attributes": {"top": "1"}, "cells": cells}}}
    (folder / "netlist.json").write_text(json.dumps(netlist))
    assert main(["fpga", "--config", "tiny", "--paths", "--output", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "13,200" in out and "1.07" in out and "counted" in out and not list(tmp_path.glob("*.json"))


def test_only_the_area(tools, tmp_path, capsys):
    assert main(["fpga", "--config", "tiny", "--area", "--output", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "13,200" in out and "16%" in out
