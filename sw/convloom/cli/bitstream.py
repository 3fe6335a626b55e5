"""`convloom bitstream`: an engine that tests itself on a board, from its configuration to the packed file."""

import json
from pathlib import Path

from convloom.fpga import bitstream, boards, expected, report, synthesis, tables, tools
from convloom.fpga.stages import Stages
from convloom.spec import PRESETS, preset


def add_arguments(parser):
    """The command's options."""
    parser.epilog = "It runs one job over and over; LEDs show pass, fail and a heartbeat, a button resets it."
    parser.add_argument(
        "--board", default="ulx3s", help=f"one of {', '.join(boards.BOARDS)} (default: ulx3s)"
    )
    parser.add_argument("--config", help=f"one of {', '.join(PRESETS)} (default: the board's own)")
    parser.add_argument("--seed", type=int, default=1, help="of place and route (default: 1)")
    parser.add_argument(
        "--constraints", type=Path, default=Path("constraints"), help="boards' pins (default: constraints)"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("build/bitstream"), help="folder (default: build/bitstream)"
    )


def run(arguments):
    """Writes <board>.bit or .bin, <board>.json, and what the tools write into a folder of the board's name."""
    from rich.console import Console

    on = boards.board(arguments.board)
    config = preset(arguments.config or on.config)
    folder, console = arguments.output / on.name, Console()
    written = [folder.with_suffix(suffix) for suffix in (on.chip.family.suffix, ".json")]
    for path in written:
        path.unlink(missing_ok=True)  # none of an earlier run, where this one fails
    asked = bitstream.constrain(on, arguments.constraints, folder)
    area, reached, packed = _build(config, on, asked, folder, arguments.seed, console)
    versions = [tools.version(package) for package in (synthesis.YOSYS, on.chip.family.router)]
    data = bitstream.as_data(config, on, arguments.seed, asked, reached, area, packed, versions)
    written[0].write_bytes(packed)
    written[1].write_text(json.dumps(data, indent=1) + "\n")
    console.print(f"{on.name}: {len(packed):,} bytes, {reached:.1f} MHz reached, {asked:g} MHz asked")
    console.print(*written, sep="\n")


def _build(config, on, asked, folder, seed, console):
    """The area of the board's top, the MHz that it reaches, and its bitstream."""
    with Stages(console) as stages:
        with stages.stage("Yosys") as heard:
            area = synthesis.synthesise_board(config, on, asked, folder, heard)
        console.print(tables.area(area, f"{config.name} with its test", on.chip))
        expected.check_core(config, on.chip, area)
        expected.check_room(config, on.chip, area)
        with stages.stage(f"nextpnr, seed {seed}") as heard:
            placed = bitstream.place_board(on, folder, seed, heard)
        reached = report.clock(placed)
        expected.check_placed(on.chip, area, report.used(placed, on.chip.family))
        expected.check_clock(config, on, asked, reached)
        with stages.stage(on.chip.family.packer) as heard:
            return area, reached, bitstream.pack(on, folder, heard)
