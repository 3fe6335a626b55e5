"""Checks what a machine must have, and says the command that repairs what it has not."""

import importlib
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec

from convloom.device import sim_build, toolchain
from convloom.errors import DeviceError

TEST_EXTRA = f"{sys.executable} -m pip install 'convloom[test]'"


@dataclass(frozen=True)
class Finding:
    """What a check found. `problem` is None, or what is missing and the command that repairs it."""

    name: str
    needed_for: str
    found: str
    problem: str | None = None


def _gateware():
    return str(sim_build.gateware_folder())


def _numpy():
    return importlib.import_module("numpy").__version__


def _cache():
    folder = sim_build.cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError as error:
        raise DeviceError(
            f"the cache cannot be written ({error}): export XDG_CACHE_HOME=/a/folder/of/yours"
        ) from None


def _tool(find):
    def check():
        tool = find()
        return f"{tool.version} ({tool.path})"

    return check


def _program(name, debian):
    def check():
        path = shutil.which(name)
        if not path:
            raise DeviceError(f"{name} is missing: {toolchain.system_package(debian)}")
        return path

    return check


def _packages(*names):
    def check():
        missing = [name for name in names if find_spec(name) is None]
        if missing:
            raise DeviceError(f"{', '.join(missing)} missing: {TEST_EXTRA}")
        return ", ".join(names)

    return check


SIMULATION, TESTS = "simulated device", "tests"
CHECKS = (
    ("numpy", SIMULATION, _numpy),
    ("gateware", SIMULATION, _gateware),
    ("Amaranth", SIMULATION, toolchain.amaranth),
    ("Verilator", SIMULATION, _tool(toolchain.verilator)),
    ("C++ compiler", SIMULATION, _tool(toolchain.compiler)),
    ("make", SIMULATION, _tool(toolchain.make)),
    ("cache", SIMULATION, _cache),
    ("Icarus", TESTS, _program("iverilog", "iverilog")),
    ("perl", TESTS, _program("perl", "perl")),  # cocotb calls Verilator's script
    ("packages", TESTS, _packages("pytest", "cocotb", "cocotbext.axi", "hypothesis")),
)


def examine():
    """The Finding of each check."""
    findings = []
    for name, needed_for, check in CHECKS:
        try:
            findings.append(Finding(name, needed_for, check()))
        except DeviceError as error:
            findings.append(Finding(name, needed_for, "", str(error)))
    return findings
