"""What README.md, the examples and the documentation say: code runs, modules elaborate, links and targets exist."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from convloom.spec import preset

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PIN = r"^  (?:input|output) (?:\[(\d+:0)\] )?(\w+);"  # in the exported Verilog: its width and its name
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "constraints/README.md"]


def block(language):
    """The text of the README's only block of that language."""
    (text,) = re.findall(rf"```{language}\n(.*?)```", README, re.S)
    return text


def test_python_runs(capsys):
    """On the simulated device, as it stands there."""
    names = {}
    exec(compile(block("python"), "README.md", "exec"), names)
    assert names["y"].shape == (1, 12, 16, 16)
    assert names["report"].macs == 12 * 16 * 16 * 27
    assert "MACs" in capsys.readouterr().out


def test_verilog_elaborates(tmp_path):
    """Every pin but AXI4-Lite's by name, those by `.*`: nothing is left open, nothing is of the wrong width."""
    if not shutil.which("iverilog"):
        pytest.fail("iverilog must be installed: apt-get install iverilog")
    from convloom_rtl.export import system_verilog

    engine, text = system_verilog(preset("small")), block("systemverilog")
    (module,) = re.findall(r"^module convloom_small\(.*?^endmodule", engine, re.S | re.M)
    pins = {name: f"[{span or '0:0'}]" for span, name in re.findall(PIN, module, re.M)}
    outer = dict(re.findall(r"\.(\w+)\((\w+)\)", text))
    assert {name for name in pins if not name.startswith("s_axil")} == set(outer)
    wires = "".join(f"wire {span} {outer.get(name, name)};\n" for name, span in pins.items())
    (tmp_path / "engine.sv").write_text(engine)
    (tmp_path / "user.sv").write_text(f"module user;\n{wires}{text}endmodule\n")
    command = ["iverilog", "-g2012", "-Wall", "-s", "user", "-o", os.devnull, "user.sv", "engine.sv"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert not [line for line in told.stderr.splitlines() if line.startswith("user.sv")], told.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    assert [name for name in targets if "://" not in name and not (page.parent / name).exists()] == []


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"make ([a-z-]+)", README)) <= targets


def test_architecture_lists_every_file():
    page = (ROOT / "docs/architecture.md").read_text()
    files = {path.name for path in (ROOT / "hw/convloom_rtl").glob("*.py")} - {"__init__.py"}
    assert files == set(re.findall(r"^ *(\w+\.py) ", page, re.M))


@pytest.mark.parametrize(
    "arguments", [("rounding_modes.py", "golden"), ("emboss.py", "{out}")], ids=lambda a: a[0]
)
def test_examples_run(arguments, tmp_path):
    script, *options = (argument.format(out=tmp_path / "out.png") for argument in arguments)
    told = subprocess.run(
        [sys.executable, str(ROOT / "examples" / script), *options],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout
    assert json.dumps(options).count("png") == len(list(tmp_path.glob("*.png")))
