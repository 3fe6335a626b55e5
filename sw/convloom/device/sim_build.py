"""Builds and keeps the simulated device: the exported RTL, Verilated with the C++ harness into a library.

The library's name holds a hash over all that it comes from, so that opening a device a second time neither
elaborates nor converts anything.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from convloom.device.toolchain import EXTRA, Toolchain
from convloom.errors import DeviceError

HARNESS = Path(__file__).parent / "harness"
SPEC = Path(__file__).parents[1] / "spec"
KEPT = 24  # libraries in the cache; those that were not used for longest go
PREFIX = "Vconvloom"  # of the generated classes
LOG_TAIL = 2000  # characters of a failed build's log that an error shows

# -O3 only where it counts: in -CFLAGS it would also optimise the code that runs once, where the minutes go.
OPTIMISATION = ("OPT_FAST=-O3", "OPT_SLOW=-O0", "OPT_GLOBAL=-O1")
VERILATOR_FLAGS = (
    *("--cc", "--exe", "-O3", "--no-timing", "--no-assert", "-Wno-lint", "-Wno-style"),
    *("--compiler-include", "sign_extension.h"),
)
COMPILER_FLAGS = ("-fPIC", "-fvisibility=hidden", "-std=c++17")


def cache_folder():
    """Where built devices are kept: convloom/sim under the user's cache folder."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "convloom" / "sim"


def library(config):
    """The path of the device's shared library; built where it is not in the cache.

    Raises DeviceError where a tool is missing, with the command that installs it, and where the build fails,
    with the end of its log.
    """
    tools, folder = Toolchain(), cache_folder()
    path = folder / f"{config.name}-{key(config, tools)}.so"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with _lock(path.with_suffix(".lock")):
            if not path.exists():  # another process may have built it meanwhile
                _build_into(path, config, tools)
                _prune(folder)
    os.utime(path)
    return path


def key(config, tools):
    """20 hexadecimal digits that change with anything that the library comes from."""
    digest = hashlib.sha256(f"{config!r}\n{tools.identity}\n{OPTIMISATION}{VERILATOR_FLAGS}".encode())
    for folder in (gateware_folder(), SPEC, HARNESS):
        for source in sorted(folder.rglob("*")):
            if source.suffix in (".py", ".h", ".cpp"):
                digest.update(f"\n{source.relative_to(folder)}\n".encode() + source.read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:20]


def gateware_folder():
    """Where the gateware lies; looking for it does not import it. Raises DeviceError where it is missing."""
    found = find_spec("convloom_rtl")
    if found is None:
        raise DeviceError(f"the gateware (convloom_rtl) is missing: {EXTRA}")
    return Path(next(iter(found.submodule_search_locations)))


@contextmanager
def _lock(path):
    """One process at a time. The file stays: without it two processes could lock two files of one name."""
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _tell("another process builds the simulated device: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _tell(message):
    print(f"convloom: {message}", file=sys.stderr, flush=True)


def _build_into(path, config, tools):
    """Elaborates, converts and compiles; the library appears under its name when it is whole."""
    seconds = round(10 + config.multipliers / 8, -1)
    _tell(f"building the simulated device {config.name} (about {seconds:.0f} s, once)")
    began = time.monotonic()
    from convloom_rtl.export import system_verilog

    with tempfile.TemporaryDirectory(prefix=f"{path.stem}-", dir=path.parent) as work:
        os.replace(compile_library(system_verilog(config), config, Path(work), tools), path)
    _tell(f"built in {time.monotonic() - began:.0f} s: {path}")


def compile_library(text, config, work, tools):
    """The shared library made in the folder `work` of SystemVerilog whose top is config.module_name.

    Raises DeviceError with the end of the log where Verilator or the compiler fails.
    """
    source, objects = work / f"{config.module_name}.sv", work / "objects"
    source.write_text(text)
    flags = (*COMPILER_FLAGS, *tools.machine_flags, f"-I{HARNESS}", *_definitions(config))
    _run(
        [
            tools.verilator.path, *VERILATOR_FLAGS, "--prefix", PREFIX, "--top-module", config.module_name,
            "--Mdir", str(objects), "-o", "device.so",
            str(source), str(HARNESS / "harness.cpp"),
        ],
        tools,
    )  # fmt: skip
    variables = (
        *OPTIMISATION,
        f"CXX={tools.compiler.path}",
        f"LINK={tools.compiler.path}",
        f"PYTHON3={sys.executable}",  # the makefile's own is `python`, which Debian has not
        "CFG_CXXFLAGS_PCH_I=-include",  # the wheel was configured without
        f"USER_CPPFLAGS={' '.join(flags)}",
        "USER_LDFLAGS=-shared",
        f"USER_LDLIBS={' '.join(tools.libraries)}",
    )
    _run([tools.make.path, "-C", str(objects), "-f", f"{PREFIX}.mk", "-j", str(_jobs()), *variables], tools)
    return objects / "device.so"


def _definitions(config):
    values = {
        "CIN_LANES": config.cin_lanes,
        "COUT_LANES": config.cout_lanes,
        "REPORT_DEPTH": config.report_depth,
    }
    return [f"-D{name}={value}" for name, value in values.items()]


def _jobs():
    return max(2, os.cpu_count() or 2)


def _run(command, tools):
    # What calls this may itself run under make, whose flags are not meant for this build.
    environment = {
        name: value for name, value in tools.environment.items() if name not in ("MAKEFLAGS", "MFLAGS")
    }
    run = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if run.returncode:
        what = f"the simulated device does not build: {Path(command[0]).name} gave {run.returncode}"
        raise DeviceError(f"{what}\n{run.stdout[-LOG_TAIL:]}")


def _prune(folder):
    """Removes the libraries that were not used for longest. One that is loaded somewhere goes on working."""
    libraries = sorted(folder.glob("*.so"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in libraries[KEPT:]:
        path.unlink(missing_ok=True)
