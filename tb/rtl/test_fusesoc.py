"""The files for FuseSoC, run by FuseSoC itself: lint and the simulation, which must be able to fail."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from convloom.cli import main
from convloom.fusesoc.core import WAIVED
from rtl import runner
from rtl.test_lint import GENERATED, SIGNALS

CONFIG = "tiny"
NEEDS_ICARUS = pytest.mark.skipif(
    shutil.which("iverilog") is None, reason="Icarus Verilog is not installed: sudo apt-get install iverilog"
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The files of `convloom verilog`."""
    made = tmp_path_factory.mktemp("verilog")
    assert main(["verilog", "--config", CONFIG, "--output", str(made)]) == 0
    return made


@pytest.fixture
def folder(written, tmp_path, monkeypatch):
    """A copy of them; FuseSoC does not see the user's settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    return shutil.copytree(written, tmp_path / "core")


def fusesoc(folder, target):
    """(exit code, all that it said) of that target of the core."""
    tools = [str(Path(sys.executable).parent), runner._path()]
    environment = {**os.environ, "PATH": os.pathsep.join(tools)}
    command = ["fusesoc", "--cores-root", ".", "run", f"--target={target}", f"convloom:engine:{CONFIG}"]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.returncode, done.stdout


def edit(path, old, new):
    """Replaces a text that must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_lint_waives_what_the_lint_test_gives_reasons_for():
    assert sorted(WAIVED) == sorted(GENERATED.keys() | {rule for rule, *_ in SIGNALS})


def test_lint_passes_and_can_fail(folder):
    runner.require("verilator")
    code, said = fusesoc(folder, "lint")
    assert code == 0 and "%Warning" not in said, said
    latch = "module latch (input a, input b, output reg c);\n  always_comb if (a) c = b;\nendmodule\n"
    top = folder / f"convloom_{CONFIG}.sv"
    edit(top, "endmodule", "  latch l (.a(aclk), .b(aclk), .c());\nendmodule")
    top.write_text(top.read_text() + latch)
    code, said = fusesoc(folder, "lint")
    assert code != 0 and "%Warning-LATCH" in said, said


@NEEDS_ICARUS
def test_the_simulation_passes(folder):
    code, said = fusesoc(folder, "sim")
    assert code == 0 and "PASS: " in said, said


@NEEDS_ICARUS
@pytest.mark.parametrize(
    "old, new, told",
    (
        ("`define CONVLOOM_ANSWER_BYTES ", "`define CONVLOOM_ANSWER_BYTES 1+", "TLAST is 1 at byte"),
        ("8'h00, 32'h4d4f4f4c", "8'h00, 32'h4d4f4f4d", "register 00 must be 4d4f4f4d, not 4d4f4f4c"),
        (".s_axis_act_tvalid(act_tvalid)", ".s_axis_act_tvalid(1'b0)", "0 of 147 bytes came in"),
        ("`define CONVLOOM_ACT ", "`define CONVLOOM_ACT ~", "must be"),
    ),
)
def test_the_simulation_fails(folder, old, new, told):
    edit(folder / f"convloom_{CONFIG}_tb.v", old, new)
    code, said = fusesoc(folder, "sim")
    assert code != 0 and told in said and "PASS" not in said, said
