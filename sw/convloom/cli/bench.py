"""`convloom bench`: networks on the simulated RTL, their utilisation as a table, JSON and pictures."""

import json
from pathlib import Path

from convloom.spec import preset

STREAM_LIMITS = {"job": "s_axis_job", "act": "s_axis_act", "out": "m_axis_out", "memory": "memory"}


def add_arguments(parser):
    """The command's options."""
    parser.add_argument("--config", default="small", help="configurations, by commas (default: small)")
    parser.add_argument(
        "--network", action="append", help="a network's name; may be given again (default: all)"
    )
    parser.add_argument(
        "--json", type=Path, default=Path("build/bench/utilisation.json"), help="file to write"
    )
    parser.add_argument(
        "--predict", action="store_true", help="ask the planner's cycle model, simulate nothing"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the data (default: 1)")
    for name in STREAM_LIMITS:
        parser.add_argument(
            f"--{name}-bytes", type=float, default=0, help=f"bytes per cycle of {name}: 0, no limit"
        )
    parser.add_argument("--latency", type=int, default=0, help="cycles that each packet of any stream waits")
    parser.add_argument(
        "--bandwidth",
        action="store_true",
        help="measure again with 8, 16 and 32 bytes per cycle for all streams",
    )


def run(arguments):
    """0 when every output is right, else 1."""
    from rich.console import Console

    from convloom.bench import record
    from convloom.bench.networks import networks

    names = arguments.network or list(networks())
    unknown = set(names) - set(networks())
    if unknown:
        raise ValueError(f"network must be one of {', '.join(networks())}, not {', '.join(sorted(unknown))}")
    configs = [preset(name) for name in arguments.config.split(",")]
    console, folder = Console(), arguments.json.parent
    if arguments.predict:
        from convloom.bench.predicted import prediction_table

        console.print(prediction_table(names, configs))
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    entries, limits = [], _limits(arguments)
    for config in configs:
        for name in names:
            entries.append(_measure(name, config, arguments, limits, console))
            _draw(entries[-1], config, folder)
            arguments.json.write_text(json.dumps({"networks": entries}, indent=1) + "\n")
    if arguments.bandwidth:
        _bandwidth(names, configs, arguments, folder, console)
    for entry in entries:
        console.print(record.layer_table(entry))
    console.print(record.network_table(entries))
    console.print(f"{arguments.json} and the pictures beside it are written")
    return int(any(entry["mismatches"] for entry in entries))


def _limits(arguments):
    """What SimTransport.limit is to be told."""
    limits = []
    for name, stream in STREAM_LIMITS.items():
        latency = 0 if name == "memory" else arguments.latency
        rate = getattr(arguments, f"{name}_bytes")
        if rate or latency:
            limits.append((stream, rate, latency))
    return limits


def _measure(name, config, arguments, limits, console, dependent=True):
    """A network's entry, with progress and an estimate of the time left."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from convloom.bench.measure import measure
    from convloom.bench.record import as_data

    columns = (TextColumn("{task.description:34}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(f"{name} on {config.name}")
        figures = measure(
            name,
            config,
            seed=arguments.seed,
            dependent=dependent,
            limits=limits,
            progress=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    return as_data(figures)


def _draw(entry, config, folder):
    from convloom.bench import plots

    name = f"{entry['network']}-{config.name}"
    plots.bars(entry, folder / f"{name}-layers.png")
    plots.roofline(entry, folder / f"{name}-roofline.png", config.cin_lanes)


def _bandwidth(names, configs, arguments, folder, console):
    """A picture for each configuration: utilisation over bandwidth."""
    from convloom.bench import plots

    for config in configs:
        most = 2 * config.cin_lanes + config.cout_lanes
        rates = sorted({rate for rate in (8, 16, 32) if rate < most} | {most})
        curves = {}
        for name in names:
            for rate in rates:
                limits = [("memory", rate, 0)]
                entry = _measure(name, config, arguments, limits, console, dependent=False)
                curves.setdefault(name, []).append((rate, entry["utilisation"]))
        plots.bandwidth(curves, folder / f"{config.name}-bandwidth.png")
