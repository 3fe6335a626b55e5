"""Yosys and nextpnr as the package index has them."""

import os
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec

from convloom.errors import DeviceError

LAST_LINES = 12  # of what a tool that failed has said
START = "import sys, {0}; sys.exit({0}.run_{1}(sys.argv[1:]))"


def version(package):
    """A tool's name and version. Raises DeviceError where it is not installed."""
    if not find_spec(package):
        raise DeviceError(f"{package} is missing: {sys.executable} -m pip install 'convloom[fpga]'")
    return f"{package} {metadata.version(package)}"


def run(package, arguments, folder, log, heard=lambda line: None, tool=None):
    """Runs a package's `tool`, by default the one that it is named after, in `folder`.

    `heard` is called with each line that it says, which also goes to the file `log` there; one that has `log` among its
    arguments writes it by itself. Give paths relative to the folder: the tools see a private temporary folder in place
    of the system's. Raises DeviceError with the last lines where the tool fails or is missing.
    """
    version(package)
    tool = tool or package.removeprefix("yowasp_")
    start = START.format(package, tool)
    command = [sys.executable, "-c", start, *map(str, arguments)]
    kept = os.devnull if log in arguments else folder / log
    with (
        open(kept, "w", encoding="utf-8") as written,
        subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as running,
    ):
        for line in running.stdout:
            written.write(line)
            heard(line.rstrip())
    if running.returncode:
        last = (folder / log).read_text(encoding="utf-8").splitlines()[-LAST_LINES:]
        told = f"{tool} failed with exit code {running.returncode} ({folder / log}):"
        raise DeviceError("\n".join((told, *last)))
