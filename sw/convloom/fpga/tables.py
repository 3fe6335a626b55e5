"""Tables of an engine's area and clock for the terminal."""

import re

from rich.table import Table

from convloom.fpga.figures import kilo_luts


def area(cells, name, chip):
    """The cells of what has that name, and how many there are on the chip."""
    table = Table(title=f"{name} on {chip.name}")
    for name in ("cells", "used", "of", ""):
        table.add_column(name, justify="left" if name == "cells" else "right")
    rows = {**cells, "luts": round(1000 * kilo_luts(cells, chip.family))}
    for name, number in rows.items():
        most = chip.room.get(name)
        share = (f"{most:,}", f"{number / most:.0%}") if most else ("", "")
        table.add_row(name, f"{number:,}", *share)
    return table


def hierarchy(modules, config, chip):
    """Each module's cells with those below it; optimised module by module, so a little more than in one."""
    figures = list(chip.family.cells)
    table = Table(title=f"{config.name} on {chip.name}, module by module")
    table.add_column("module")
    for name in ("luts", *figures):
        table.add_column(name, justify="right")
    for depth, label, copies, cells in _rows(modules, "\\" + config.module_name, config.module_name):
        luts = round(1000 * kilo_luts(cells, chip.family))
        name = "  " * depth + label + (f" x {copies}" if copies > 1 else "")
        table.add_row(name, *(f"{copies * number:,}" for number in (luts, *cells.values())))
    return table


def total(modules, name):
    """{figure: cells} of a module and all below it."""
    own, below = modules[name]
    cells = dict(own)
    for part, copies in below.items():
        for figure, number in total(modules, part).items():
            cells[figure] += copies * number
    return cells


def _rows(modules, name, label, depth=0, copies=1):
    """(depth, label, how many, cells of each) of a module and those below it. Those that are alike share a row."""
    cells = total(modules, name)
    yield depth, label, copies, cells
    alike = {}
    for part in modules[name][1]:
        below = total(modules, part)
        if below != cells:  # else it is all that is in the module
            label = re.sub(r"\d+$", "*", part.rsplit(".", 1)[-1])
            alike.setdefault((label, *below.values()), []).append(part)
    for (label, *_), parts in alike.items():
        number = sum(modules[name][1][part] for part in parts)
        yield from _rows(modules, parts[0], label, depth + 1, copies * number)


def path(steps, clocks):
    """The critical path of the seed in the middle, with what it adds up to."""
    told = ", ".join(f"{megahertz:.1f}" for megahertz in clocks.values())
    table = Table(title=f"{told} MHz; critical path of the middle one")
    for name in ("ns", "sum", "step", "name", "source"):
        table.add_column(name, justify="right" if name in ("ns", "sum") else "left", overflow="fold")
    passed = 0
    for step in steps:
        passed += step["ns"]
        place = f"to {step['to'][0]},{step['to'][1]}" if "to" in step else step["kind"]
        sources = "\n".join(step.get("sources", ()))
        table.add_row(f"{step['ns']:.2f}", f"{passed:.2f}", f"{step['step']} {place}", step["name"], sources)
    return table


def paths(longest, most=25):
    """Paths as paths.longest tells them. Those that differ in the register where they end share a row."""
    alike = {}
    for ns, signal, registers, way in longest:
        alike.setdefault((ns, *way), []).append((signal, registers))
    table = Table(title="longest paths, estimated before they are placed")
    for name in ("ns", "registers", "way", "ends at"):
        table.add_column(name, justify="right" if name in ("ns", "registers") else "left", overflow="fold")
    for (ns, *way), ends in list(alike.items())[:most]:
        others = f" and {len(ends) - 1} more" if len(ends) > 1 else ""
        registers = sum(number for _, number in ends)
        table.add_row(f"{ns:.2f}", f"{registers:,}", " > ".join(way), ends[0][0] + others)
    return table


def ends(slow, most=25):
    """The signals at which long paths end, the first so many of them."""
    table = Table(title="registers and blocks at the end of the longest paths")
    for name in ("ns", "MHz", "bits", "signal"):
        table.add_column(name, justify="left" if name == "signal" else "right", overflow="fold")
    for signal, ns, bits in slow[:most]:
        table.add_row(f"{ns:.2f}", f"{1000 / ns:.0f}", str(bits), signal)
    return table


def figures(data):
    """What is compared between engines."""
    table = Table(title=f"{data['config']} on {data['device']}")
    names = ("median_mhz", "utilisation_3x3", "gmacs", "gmacs_per_dsp", "gmacs_per_klut")
    for name in names:
        table.add_column(name, justify="right")
    table.add_row(*(str(data[name]) for name in names))
    return table
