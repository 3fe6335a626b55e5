"""`convloom bench`: networks on the simulated RTL, their utilisation as tables, JSON and pictures."""

import json
import re
import time
from argparse import ArgumentTypeError
from dataclasses import replace
from pathlib import Path

from convloom.spec import PRESETS, preset

STREAM_LIMITS = {"job": "s_axis_job", "act": "s_axis_act", "out": "m_axis_out", "memory": "memory"}


def add_arguments(parser):
    """The command's options."""
    parser.add_argument(
        "--config",
        default="small",
        help=f"configurations, by commas: {', '.join(PRESETS)}, or lanes as 32x16 (default: small)",
    )
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
        streams = "all streams together" if name == "memory" else f"the {name} stream"
        parser.add_argument(
            f"--{name}-bytes", type=float, default=0, help=f"bytes per cycle of {streams} (0: no limit)"
        )
    parser.add_argument("--latency", type=int, default=0, help="cycles that each packet of any stream waits")
    parser.add_argument(
        "--bandwidth",
        type=_rates,
        nargs="?",
        const=(8, 16, 32),
        default=(),
        help="measure again with so many bytes per cycle for all streams together, and draw it (8,16,32)",
    )


def run(arguments):
    """0 when every output is right, else 1."""
    from rich.console import Console

    from convloom.bench import tables
    from convloom.bench.networks import networks

    names = tuple(arguments.network or networks())
    unknown = set(names) - set(networks())
    if unknown:
        raise ValueError(f"network must be one of {', '.join(networks())}, not {', '.join(sorted(unknown))}")
    configs = tuple(_config(name) for name in arguments.config.split(","))
    console = Console(soft_wrap=True)
    if arguments.predict:
        console.print(tables.prediction_table(names, configs))
        return 0
    entries = _measure(names, configs, arguments, console)
    _tell(entries, configs, console)
    console.print(f"{arguments.json} and the pictures beside it are written")
    return int(any(_mismatches(entry) for entry in entries))


def _measure(names, configs, arguments, console):
    """All entries. The file and the pictures are renewed with each of them."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from convloom.bench import plots
    from convloom.bench.campaign import Campaign

    campaign = Campaign(names, configs, _limits(arguments), arguments.bandwidth, arguments.seed)
    folder, entries, began = arguments.json.parent, [], time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    columns = TextColumn("{task.description:34}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, speed_estimate_period=120) as bar:
        task = bar.add_task("", total=campaign.work)

        def progress(name, config, work):
            bar.update(task, completed=work, description=f"{name} on {config.name}")

        for entry in campaign.run(progress):
            entries.append(entry)
            arguments.json.write_text(json.dumps({"networks": entries}, indent=1) + "\n")
            plots.draw(entries, folder)
            told = f"{entry['network']} on {entry['config']}: {entry['utilisation']:.2%}"
            console.print(f"{told}, {time.monotonic() - began:,.0f} s")
    return entries


def _tell(entries, configs, console):
    from convloom.bench import tables

    for entry in entries:
        console.print(tables.layer_table(entry))
    for config in configs:
        console.print(tables.worst_table(entries, config.name))
    if "bandwidth" in entries[0]:
        console.print(tables.bandwidth_table(entries))
    console.print(tables.network_table(entries))
    if "limits" not in entries[0]:
        console.print(tables.predictor_line(entries))
    console.print(tables.outputs_line(entries))


def _mismatches(entry):
    return entry["mismatches"] + sum(point["mismatches"] for point in entry.get("bandwidth", ()))


def _limits(arguments):
    """What SimTransport.limit is to be told."""
    _require_none_negative(arguments)
    limits = []
    for name, stream in STREAM_LIMITS.items():
        latency = 0 if name == "memory" else arguments.latency
        rate = getattr(arguments, f"{name}_bytes")
        if rate or latency:
            limits.append((stream, rate, latency))
    return tuple(limits)


def _require_none_negative(arguments):
    for name in ("seed", "latency", *(f"{stream}-bytes" for stream in STREAM_LIMITS)):
        number = getattr(arguments, name.replace("-", "_"))
        if number < 0:
            raise ValueError(f"{name} must be 0 or more, not {number}")


def _rates(text):
    try:
        rates = tuple(map(float, text.split(",")))
    except ValueError:
        rates = ()
    if min(rates, default=0) <= 0:
        raise ArgumentTypeError(f"must be bytes per cycle above 0, by commas, not {text!r}")
    return rates


def _config(name):
    """A preset, or for lanes as "32x16" an engine with as many bytes of buffers as `large`."""
    lanes = re.fullmatch(r"(\d+)x(\d+)", name)
    if not lanes:
        return preset(name)
    cin, cout = map(int, lanes.groups())
    large = preset("large")
    words = large.output_words * large.cout_lanes // max(cout, 1)
    return replace(
        large,
        name=name,
        cin_lanes=cin,
        cout_lanes=cout,
        requant_lanes=cout,
        output_words=1 << words.bit_length() - 1,
        depthwise=0 in (cin % max(cout, 1), cout % max(cin, 1)),
    )
