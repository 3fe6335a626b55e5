"""`convloom bench-sim`: how fast the simulated device runs and is built on this machine."""

import json
from pathlib import Path

from convloom.spec import preset


def add_arguments(parser):
    parser.add_argument("--config", default="small,large", help="names, with commas (default: small,large)")
    parser.add_argument("--runs", type=int, default=5, help="simulations of each (default: 5)")
    parser.add_argument("--builds", type=int, default=5, help="builds of each; 0 uses the cache (default: 5)")
    parser.add_argument("--json", type=Path, default=Path("build/bench/simulation.json"), help="the file")


def run(arguments):
    names = arguments.config.split(",")
    for name in names:
        preset(name)  # a wrong name is told before minutes of building
    if arguments.runs < 1 or arguments.builds < 0:
        raise ValueError(
            f"runs must be 1 or more and builds 0 or more, not {arguments.runs}, {arguments.builds}"
        )
    from convloom.bench.simulation import BUILD_TARGETS, TARGETS, machine, measure

    told = {"machine": machine()}
    told["configs"] = [measure(name, arguments.runs, arguments.builds, print) for name in names]
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(told, indent=1) + "\n")
    for figures in told["configs"]:
        name, rate, seconds = (figures[part] for part in ("config", "cycles_per_second", "build_seconds"))
        built = (
            "" if seconds is None else f", built in {seconds:.0f} s (at most {BUILD_TARGETS.get(name, '-')})"
        )
        print(f"{name:8} {rate:>12,.0f} cycles/s (at least {TARGETS.get(name, 0):,}){built}")
    print(arguments.json)
