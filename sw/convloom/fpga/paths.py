"""Which paths will be the longest, estimated from the synthesised cells: seconds instead of a place and route.

A cell takes what the chip's data tells, a wire what wires with so many ends take where engines are placed. Paths whose
wires happen to be led far are not foreseen.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from math import log2

from convloom.fpga.report import signal_of


@dataclass(frozen=True)
class Delays:
    """What an estimate of a family's paths is made of, in ns.

    Parameters
    ----------
    registers : {cell type: from the clock to an output}; paths begin and end there
    logic : {cell type: from an input to an output}
    beside : {cell type: inputs} to which no wire leads where the cell in front is of `logic`
    written : {cell type: inputs} that do not lead to the outputs
    chained : {cell type: (input, from there to an output)}
    wire, doubling : of a wire with one end, and more for each doubling of its ends
    """

    registers: dict
    logic: dict
    beside: dict
    written: dict
    chained: dict
    wire: float
    doubling: float


def longest(netlist, delays):
    """The longest path to the registers of each signal: [(ns, signal, registers, signals on the way)], longest first.

    netlist : Yosys' JSON as data, flattened
    """
    module = next(one for one in netlist["modules"].values() if one.get("attributes", {}).get("top"))
    return _Netlist(module["cells"], delays).longest()


class _Netlist:
    def __init__(self, cells, delays):
        self._cells, self._delays = cells, delays
        self._driver, self._ends = (
            {},
            defaultdict(int),
        )  # bit: cell that drives it; bit: inputs that it leads to
        for name, cell in cells.items():
            for pin, bits in cell["connections"].items():
                for bit in bits:
                    if cell["port_directions"][pin] == "output":
                        self._driver[bit] = name
                    else:
                        self._ends[bit] += 1
        self._arrivals = {}  # bit: (ns, the bit before it on its longest path)

    def longest(self):
        ends = defaultdict(list)
        for name, cell in self._cells.items():
            if cell["type"] in self._delays.registers:
                ends[_signal(name)] += [self._step(cell["type"], pin, bit) for pin, bit in self._inputs(cell)]
        paths = []
        for signal, reached in ends.items():
            ns, bit = max(reached, default=(0, None))
            paths.append((round(ns, 2), signal, len(reached), self._way(bit)))
        return sorted(paths, key=lambda path: -path[0])

    def _inputs(self, cell):
        """(pin, bit) of the inputs that something drives and that lead on, or end a path."""
        written = self._delays.written.get(cell["type"], ())
        for pin, bits in cell["connections"].items():
            if cell["port_directions"][pin] == "input" and pin not in written:
                yield from ((pin, bit) for bit in bits if bit in self._driver)

    def _step(self, kind, pin, bit):
        """(when the bit is at that pin of a cell of this kind, the bit)"""
        self._arrive(bit)
        in_front = self._cells[self._driver[bit]]["type"]
        is_beside = pin in self._delays.beside.get(kind, ()) and in_front in self._delays.logic
        wire = 0 if is_beside else self._delays.wire + self._delays.doubling * log2(self._ends[bit])
        return self._arrivals[bit][0] + wire, bit

    def _arrive(self, bit):
        """Works out when the bit, and before it all that it depends on, leaves its cell."""
        waiting = [bit]
        while waiting:
            cell = self._cells[self._driver[waiting[-1]]]
            if waiting[-1] in self._arrivals:
                waiting.pop()
            elif cell["type"] in self._delays.registers:
                self._arrivals[waiting.pop()] = (self._delays.registers[cell["type"]], None)
            elif missing := [before for _, before in self._inputs(cell) if before not in self._arrivals]:
                waiting += missing
            else:
                through = (self._through(cell["type"], *each) for each in self._inputs(cell))
                self._arrivals[waiting.pop()] = max(through, default=(0, None))

    def _through(self, kind, pin, bit):
        """(when what comes by that pin leaves the cell, the bit)"""
        chain, ns = self._delays.chained.get(kind, (None, 0))
        return self._step(kind, pin, bit)[0] + (ns if pin == chain else self._delays.logic[kind]), bit

    def _way(self, bit):
        """The signals in whose cells a path to this bit begins and goes on, cells of one signal as one."""
        way = []
        while bit is not None:
            name = _signal(self._driver[bit])
            if not way or way[-1] != name:
                way.append(name)
            bit = self._arrivals[bit][1]
        return way[::-1]


_signal = cache(signal_of)
