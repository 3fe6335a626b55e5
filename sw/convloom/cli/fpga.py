"""`convloom fpga`: an engine on a chip by Yosys and nextpnr, its area and clock as a table and JSON."""

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from convloom.fpga import expected, figures, paths, place, report, synthesis, tables, tools
from convloom.fpga.chips import CHIPS, chip
from convloom.fpga.stages import Stages
from convloom.spec import PRESETS, preset


def add_arguments(parser):
    """The command's options."""
    parser.epilog = (
        "Another tree's engine: PYTHONPATH=TREE/hw:TREE/sw in front; components get the chip as `platform`."
    )
    parser.add_argument(
        "--config", default="medium-q4", help=f"one of {', '.join(PRESETS)} (default: medium-q4)"
    )
    parser.add_argument("--device", default="ecp5-85k", help=f"one of {', '.join(CHIPS)} (default: ecp5-85k)")
    parser.add_argument("--seeds", type=int, default=5, help="place and route with seeds 1 to N (default: 5)")
    parser.add_argument("--jobs", type=int, default=2, help="seeds side by side (default: 2)")
    parser.add_argument("--area", action="store_true", help="only synthesise, and show the area")
    parser.add_argument(
        "--hierarchy", action="store_true", help="only synthesise, and show each module's area"
    )
    parser.add_argument(
        "--paths", action="store_true", help="only synthesise, and show an estimate of the longest paths"
    )
    parser.add_argument(
        "--output", type=Path, default=Path("build/fpga"), help="folder (default: build/fpga)"
    )


def run(arguments):
    """Writes <config>-<device>.json, and what the tools write into a folder of that name."""
    from rich.console import Console

    config, on = preset(arguments.config), chip(arguments.device)
    if arguments.seeds < 1 or arguments.jobs < 1:
        raise ValueError(f"seeds and jobs must be 1 or more, not {arguments.seeds} and {arguments.jobs}")
    folder, console = arguments.output / f"{config.name}-{on.name}", Console()
    if arguments.paths and not on.family.delays:
        raise ValueError(f"--paths must have an ecp5 chip, whose delays are known, not {on.name}")
    if arguments.hierarchy:
        with Stages(console) as stages, stages.stage("Yosys, module by module") as heard:
            modules = synthesis.hierarchy(config, on, folder, heard)
        console.print(tables.hierarchy(modules, config, on))
        return
    with Stages(console) as stages, stages.stage("Yosys") as heard:
        area = synthesis.synthesise(
            config, on, folder, pins=arguments.paths or not arguments.area, heard=heard
        )
    console.print(tables.area(area, f"{config.name}, the bare core,", on))
    expected.check_core(config, on, area)
    if arguments.paths:
        cells = json.loads((folder / "netlist.json").read_text())
        console.print(tables.paths(paths.longest(cells, on.family.delays)))
    elif not arguments.area:
        _measure(config, on, area, folder, arguments, console)


def _measure(config, on, area, folder, arguments, console):
    expected.check_room(config, on, area)
    reports = _place(on, folder, range(1, arguments.seeds + 1), arguments.jobs, console)
    for one in reports.values():
        expected.check_placed(on, area, report.used(one, on.family))
    clocks = {seed: round(report.clock(one), 2) for seed, one in reports.items()}
    middle = reports[figures.middle(clocks)]
    path = report.critical_path(middle)
    console.print(tables.path(path, clocks))
    console.print(tables.ends(report.slow_ends(middle)))
    with Stages(console) as stages, stages.stage("3x3 layer on the simulated RTL"):
        utilisation = figures.utilisation_3x3(config)
    versions = [tools.version(package) for package in (synthesis.YOSYS, on.family.router)]
    untimed = [one.get("untimed_ns", 0) for one in reports.values()]
    sha256 = _rtl_sha256(config)
    data = figures.as_data(config, on, clocks, untimed, path, sha256, area, utilisation, versions)
    written = arguments.output / f"{config.name}-{on.name}.json"
    written.write_text(json.dumps(data, indent=1) + "\n")
    console.print(tables.figures(data))
    console.print(written)


def _place(on, folder, seeds, jobs, console):
    """{seed: nextpnr's report}, so many at a time."""

    def one(seed):
        with stages.stage(f"nextpnr, seed {seed}") as heard:
            return place.place(on, folder, seed, heard)

    with Stages(console) as stages, ThreadPoolExecutor(jobs) as pool:
        return dict(zip(seeds, pool.map(one, seeds), strict=True))


def _rtl_sha256(config):
    """Of the SystemVerilog that `convloom verilog` writes."""
    from convloom_rtl.export import system_verilog

    return sha256(system_verilog(config).encode()).hexdigest()
