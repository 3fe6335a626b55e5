"""The generated files are what the spec says now, and a stale one is told."""

import re
import subprocess

import pytest
from convloom.spec import DESCRIPTOR, REGISTERS, ErrorCode, render


def test_generated_files_are_fresh():
    assert render.stale() == [], f"run {render.SOURCE}"


def test_check_fails_when_stale(tmp_path, capsys):
    assert render.main(["--check", "--root", str(tmp_path)]) == 1
    assert render.main(["--root", str(tmp_path)]) == 0
    assert render.main(["--check", "--root", str(tmp_path)]) == 0
    page = tmp_path / "docs/registers.md"
    page.write_text(page.read_text().replace("0x24", "0x28"))
    capsys.readouterr()
    assert render.main(["--check", "--root", str(tmp_path)]) == 1
    assert "registers.md is stale" in capsys.readouterr().err


def test_page_names_everything():
    page = render.markdown()
    names = [*REGISTERS, *(field.name for field in DESCRIPTOR), *(code.name for code in ErrorCode)]
    assert [name for name in names if f"| {name} |" not in page] == []


def test_header_gives_every_register_its_address():
    found = dict(re.findall(r"#define CONVLOOM_(\w+) (0x[0-9A-F]+)u", render.header()))
    assert {name: int(found[name], 16) for name in REGISTERS} == {
        name: register.address for name, register in REGISTERS.items()
    }


@pytest.mark.parametrize("compiler", ["cc", "c++"])
def test_header_compiles(tmp_path, compiler):
    render.write(tmp_path)
    source = tmp_path / ("main.c" if compiler == "cc" else "main.cpp")
    source.write_text(
        '#include "convloom_regs.h"\n#include "convloom_regs.h"\n'
        "int main(void) {\n"
        "  return CONVLOOM_STATUS_REPORTS_MASK >> CONVLOOM_STATUS_REPORTS_SHIFT == 255u ? 0 : 1;\n}\n"
    )
    include = tmp_path / "sw/convloom/device/harness"
    program = tmp_path / "main"
    subprocess.run(
        [compiler, "-Wall", "-Werror", f"-I{include}", str(source), "-o", str(program)], check=True
    )
    subprocess.run([str(program)], check=True)
