"""The engine: its stages, connected in the order in which data flows."""

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convloom_rtl.act_loader import ActLoader
from convloom_rtl.issue_gate import IssueGate
from convloom_rtl.job_reader import JobReader
from convloom_rtl.kit.pipeline import delay
from convloom_rtl.kit.stream import Queue
from convloom_rtl.line_buffer import LineBuffer
from convloom_rtl.mac_array import MacArray
from convloom_rtl.payloads import beat, tile
from convloom_rtl.weight_ring import WeightRing
from convloom_rtl.window_walker import WindowWalker


class FetchAndMultiply(wiring.Component):
    """Everything from the two input streams to the accumulators."""
