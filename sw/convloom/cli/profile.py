"""`convloom profile`: where a network's time goes, as a table and as a page."""

import argparse
from pathlib import Path

import convloom
from convloom.cli import network

WIDEST = 240  # characters


def add_arguments(parser):
    """The command's arguments."""
    network.add_arguments(parser)
    parser.add_argument("--mhz", type=_clock, default=100.0, help="clock that times are for (default: 100)")
    parser.add_argument("--html", type=Path, help="writes a page that needs nothing but itself")
    parser.epilog = (
        "The golden device knows no time: it counts a cycle for each issue of the array, and none lost."
    )


def run(arguments):
    """Prints the table and the times; writes the page where one is asked for."""
    from rich.console import Console

    from convloom.report.pictures import shown
    from convloom.report.profile_page import page
    from convloom.report.profile_table import table

    model = network.load(arguments)
    x = network.read_input(arguments, model)
    console = Console()
    with console.status(f"running {arguments.model.name}"), convloom.open(arguments.device) as device:
        profile = model.profile(x, device, arguments.rounding)
    name = arguments.model.stem
    # The table is never cut: a narrow screen wraps it, a pager or a file keeps it.
    Console(width=max(console.width, WIDEST)).print(table(profile, f"{name} on {profile.config.name}"))
    for line in _times(profile, arguments.mhz):
        console.print(line, highlight=False, soft_wrap=True)
    if arguments.html:
        arguments.html.parent.mkdir(parents=True, exist_ok=True)
        picture = shown(x, model.inputs[0], network.metadata(arguments, model), arguments.layout)
        arguments.html.write_text(page(profile, name, arguments.mhz, picture), encoding="utf-8")
        console.print(f"{arguments.html} is written", highlight=False, soft_wrap=True)


def _times(profile, mhz):
    """Latency and frames per second, without and with the host's operators."""
    for host, name in ((False, "the engine alone"), (True, "with the host's operators")):
        seconds = profile.latency(mhz, host)
        yield f"{seconds * 1e3:10.3f} ms  {1 / seconds:10,.1f} frames per second at {mhz:g} MHz, {name}"


def _clock(text):
    mhz = float(text)
    if not 0 < mhz < float("inf"):
        raise argparse.ArgumentTypeError(f"it must be a number of MHz above 0, not {text}")
    return mhz
