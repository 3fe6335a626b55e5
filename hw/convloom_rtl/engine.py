"""The engine: its stages, connected in the order in which data flows."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convloom_rtl.act_loader import ActLoader
from convloom_rtl.counters import Counters
from convloom_rtl.issue_gate import IssueGate
from convloom_rtl.job_reader import JobReader
from convloom_rtl.kit.pipeline import delay
from convloom_rtl.kit.stream import Queue
from convloom_rtl.line_buffer import LineBuffer
from convloom_rtl.mac_array import MacArray
from convloom_rtl.output_writer import OutputWriter
from convloom_rtl.payloads import CountJob, LoadJob, QuantiseJob, ReportJob, WalkJob, beat
from convloom_rtl.reporter import Reporter
from convloom_rtl.requantiser import Requantiser
from convloom_rtl.weight_ring import WeightRing
from convloom_rtl.window_walker import WindowWalker

ENDING_JOBS = 8  # that have issued their last and are not yet answered: at least the pipeline's length by JOB_CYCLES
