"""`convloom demo`: a kernel step by step, a photograph through six layers, handwritten digits; every byte checked."""

import json
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

CLOCK = 100e6  # Hz, for the time a chip would take


def add_arguments(parser):
    """The command's options."""
    parser.add_argument("--device", default="sim", help="what to run on: sim (default), sim:CONFIG or golden")
    parser.add_argument(
        "--out", type=Path, default=Path("build/demo"), help="folder for pictures and demo.json"
    )


def run(arguments):
    """0 when every byte and every count is right, else 1."""
    from rich.console import Console

    from convloom.demo import digits

    console, started = Console(), time.monotonic()
    arguments.out.mkdir(parents=True, exist_ok=True)
    # On another core: the golden device's answers to all held-out digits, and then the drawing.
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        held_out = pool.submit(digits.held_out)
        device = opened(arguments.device, console)
        try:
            wrong, figures = run_all(device, console, pool, held_out, arguments.out)
        finally:
            device.close()
    (arguments.out / "demo.json").write_text(json.dumps(figures, indent=1) + "\n")
    console.print(f"{time.monotonic() - started:.1f} s in all")
    if wrong:
        console.print(f"[bold red]{wrong} mismatches with the golden model")
    return 1 if wrong else 0


def opened(name, console):
    """The device of that name."""
    import convloom

    started = time.monotonic()
    with console.status(f"opening {name}: the first time it is built, which takes a minute"):
        device = convloom.open(name)
    console.print(f"{name} is open after {time.monotonic() - started:.1f} s")
    return device


def run_all(device, console, pool, held_out, folder):
    """Kernel, photograph and digits, in order. Returns how much is wrong, and the figures of demo.json."""
    from convloom.demo import eyes, pictures, steps

    wrong = steps.run(device, console)
    photo, results = run_layers(device, console)
    wrong += show(console, results)
    found = eyes.find(results[-1].channel("eye"))
    drawing = pool.submit(pictures.draw, photo, results, found, folder)
    expected, readings, unlike = read_digits(device, console, held_out, folder)
    show_eyes(console, found, drawing)
    figures = show_digits(console, expected, readings, unlike, folder)
    told = {"layers": [result.row() for result in results], "eyes": found, "digits": figures}
    return wrong + sum(unlike.values()), told


def run_layers(device, console):
    """The photograph, uint8 [h, w, 3], and the Result of each layer, in order; shows how far it is."""
    import numpy as np
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from skimage.data import chelsea

    from convloom.demo import layers

    photo = chelsea()
    inputs = {layers.PHOTO: (photo.astype(np.int16) - 128).astype(np.int8)}
    results, todo = [], layers.all_layers()
    columns = (SpinnerColumn(), TextColumn("{task.description:22}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=sum(layer.bank.weights.size for layer in todo))
        for layer in todo:
            progress.update(bar, description=layer.name)
            result = layers.run(layer, inputs[layer.source], device)
            inputs[layer.name] = result.output
            results.append(result)
            progress.advance(bar, layer.bank.weights.size)
    return photo, results


def show(console, results):
    """Prints the table. Returns how many bytes and counts of MACs are wrong."""
    from rich.table import Table

    table = Table(
        title=f"A photograph through {len(results)} layers", box=None, collapse_padding=True, pad_edge=False
    )
    heads = ("outputs", "silent", "cycles", "utilisation", "at 100 MHz", "mismatches")
    table.add_column("layer")
    for head in heads:
        table.add_column(head, justify="right")
    for result in results:
        table.add_row(
            result.layer.name,
            f"{result.outputs:,}",
            "" if result.silent is None else f"{result.silent:.1%}",
            f"{result.cycles:,}",
            f"{result.utilisation:.1%}",
            f"{1e3 * result.cycles / CLOCK:.2f} ms",
            str(result.mismatches),
        )
    outputs, cycles = (sum(getattr(result, name) for result in results) for name in ("outputs", "cycles"))
    wrong = sum(result.mismatches for result in results)
    table.add_section()
    table.add_row("all", f"{outputs:,}", "", f"{cycles:,}", "", f"{1e3 * cycles / CLOCK:.2f} ms", str(wrong))
    console.print(table)
    return wrong + sum(result.macs != result.layer.macs(result.outputs) for result in results)


def show_eyes(console, found, drawing):
    """Prints where the eyes are, and the pictures that `drawing` has written."""
    where = " and ".join(f"row {row}, column {column}" for row, column in found)
    console.print(f"\nthe second layer sees {len(found)} eyes: {where}")
    for path in drawing.result():
        console.print(f"wrote {path}")


def read_digits(device, console, held_out, folder):
    """Handwritten digits: the HeldOut, Readings, a seven by hand first, and the device's mismatches in each mode."""
    from convloom.demo import digits

    with console.status(
        "handwritten digits: in four rounding modes, all on the golden device, a batch on this one"
    ):
        expected = held_out.result()
        readings = digits.read(device, expected, folder / "seven.png")
        return expected, readings, digits.mismatches(device, expected)


def show_digits(console, expected, readings, wrong, folder):
    """Prints and draws what the network took the digits for. Returns the figures of demo.json."""
    from convloom.demo import digit_page, digits

    digit_page.draw(readings, expected, folder / "digits.png")
    console.print("\n", digits_table(expected, wrong), "\n", sep="")
    console.print(f"wrote {folder / 'seven.png'}\nwrote {folder / 'digits.png'}")
    console.print(f"the seven, written by hand: [bold green]{digits.said(readings[0])}")
    return {
        "held_out": len(expected.labels),
        "right": expected.right(),
        "batch": {"pictures": digits.BATCH, "mismatches": sum(wrong.values())},
        "seven": readings[0].chances.tolist(),
    }


def digits_table(expected, wrong):
    """The rounding modes, and float."""
    from rich.table import Table

    from convloom.demo.digits import BATCH

    table = Table(title=f"{len(expected.labels)} handwritten digits that no training has seen", box=None)
    for head in ("arithmetic", "read right", f"mismatches in {BATCH} of them"):
        table.add_column(head, justify="left" if head == "arithmetic" else "right")
    for name, share in expected.right().items():
        table.add_row(name, f"{share:.1%}", str(wrong.get(name, "")))
    return table
