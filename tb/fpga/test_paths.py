"""The estimate of the longest paths, on small netlists whose delays add up by hand."""

import io

from convloom.fpga import paths, tables
from convloom.fpga.chips import ECP5
from rich.console import Console

PINS = {
    "TRELLIS_FF": ({"DI": "input", "CE": "input", "LSR": "input", "CLK": "input", "Q": "output"}),
    "LUT4": ({"A": "input", "B": "input", "Z": "output"}),
    "CCU2C": ({"A0": "input", "CIN": "input", "S0": "output", "COUT": "output"}),
}
REGISTER, LUT, SUM, CARRY = 0.52, 0.24, 0.44, 0.07
WIRE, DOUBLING = 0.55, 0.16


def cell(kind, **bits):
    return {
        "type": kind,
        "port_directions": PINS[kind],
        "connections": {pin: [bits[pin]] for pin in PINS[kind] if pin in bits},
    }


def longest(**cells):
    """As paths.longest, for cells that are named after a signal each; bit 1 is the clock, which no cell drives."""
    module = {"attributes": {"top": "1"}, "cells": {f"core.{name}": one for name, one in cells.items()}}
    return paths.longest({"modules": {"pins": module}}, ECP5.delays)


def register(driven, **bits):
    return cell("TRELLIS_FF", CLK=1, Q=driven, **bits)


def test_a_lut_beside_its_register():
    found = longest(a=register(2), lut=cell("LUT4", A=2, Z=3), b=register(4, DI=3))
    assert found[0] == (round(REGISTER + WIRE + LUT, 2), "b", 1, ["a", "lut"])


def test_a_register_behind_a_register_has_a_wire():
    assert longest(a=register(2), b=register(3, DI=2))[0][:2] == (round(REGISTER + WIRE, 2), "b")


def test_an_enable_with_many_ends():
    """The wire of eight enables; all registers of a signal are one end."""
    enabled = {f"b_TRELLIS_FF_Q_{n}": register(10 + n, CE=3) for n in range(8)}
    found = longest(a=register(2), lut=cell("LUT4", A=2, Z=3), **enabled)
    assert found[0] == (
        round(REGISTER + WIRE + LUT + WIRE + 3 * DOUBLING, 2),
        "b",
        8,
        ["a", "lut"],
    )


def test_the_later_input_counts():
    found = longest(
        a=register(2),
        near=cell("LUT4", A=2, Z=3),
        far=cell("LUT4", A=3, B=2, Z=4),
        b=register(5, DI=4),
    )
    ns = REGISTER + (WIRE + DOUBLING) + LUT + WIRE + LUT  # a's wire has two ends
    assert found[0] == (round(ns, 2), "b", 1, ["a", "near", "far"])


def test_a_carry_has_no_wire():
    found = longest(
        a=register(2),
        low=cell("CCU2C", A0=2, COUT=3),
        high=cell("CCU2C", CIN=3, S0=4),
        b=register(5, DI=4),
    )
    assert found[0][0] == round(REGISTER + WIRE + SUM + CARRY, 2)


def test_what_is_written_to_a_lut_memory_leads_on_nowhere():
    pins = {"DI": "input", "RAD": "input", "DO": "output"}
    memory = {
        "type": "TRELLIS_DPR16X4",
        "port_directions": pins,
        "connections": {"DI": [3], "RAD": [2], "DO": [4]},
    }
    found = longest(a=register(2), slow=cell("LUT4", A=2, Z=3), memory=memory, b=register(5, DI=4))
    assert found[0][3] == ["a", "memory"]


def test_paths_that_end_at_several_signals_share_a_row():
    found = [
        (7.5, "b", 8, ["a", "lut"]),
        (7.5, "c", 2, ["a", "lut"]),
        (7.5, "d", 1, ["e"]),
        (3.0, "f", 1, ["a"]),
    ]
    page = io.StringIO()
    Console(file=page, width=120).print(tables.paths(found, most=2))
    rows = [line.strip("│\n").split("│") for line in page.getvalue().splitlines() if line.startswith("│")]
    assert [[part.strip() for part in row] for row in rows] == [
        ["7.50", "10", "a > lut", "b and 1 more"],
        ["7.50", "1", "e", "d"],
    ]


def test_registers_that_nothing_reaches():
    assert longest(a=register(2)) == [(0, "a", 0, [])]
