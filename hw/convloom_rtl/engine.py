"""The engine: its stages, connected in the order in which data flows."""

from amaranth.hdl import DomainRenamer, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from convloom_rtl.act_loader import ActLoader
from convloom_rtl.counters import Counters
from convloom_rtl.depthwise_window import DepthwiseWindow
from convloom_rtl.issue_gate import IssueGate
from convloom_rtl.job_reader import JobReader
from convloom_rtl.kit.pipeline import delay
from convloom_rtl.kit.stream import BlockQueue, Queue, SkidBuffer
from convloom_rtl.line_buffer import LineBuffer
from convloom_rtl.mac_array import MacArray
from convloom_rtl.output_ring import OutputRing
from convloom_rtl.output_writer import OutputWriter
from convloom_rtl.payloads import JobDone, ReportAccess, Total, beat, input_beat, slot
from convloom_rtl.reporter import Reporter
from convloom_rtl.requantiser import Requantiser
from convloom_rtl.weight_ring import WeightRing
from convloom_rtl.window_walker import WindowWalker

# Parts that lie apart on a chip: clock domains of one clock, each with a reset from a register of its own. All are
# reset together. What is in none of them belongs to the engine's own domain.
REGIONS = {
    "jobs": ("job_reader", "weight_ring"),
    "rows": ("act_loader", "line_buffer"),
    "walk": ("window_walker", "walk_queue", "issue_gate"),
    "sums": ("mac_array", "depthwise_window"),
    "answer": ("requantiser", "output_ring", "slot_buffer", "output_writer"),
    "told": ("counters", "reporter"),
}
# Jobs that have issued their last and are not yet answered; with fewer, short jobs would wait for each other.
ENDING_JOBS = 8


class Engine(wiring.Component):
    """Jobs and activations in, outputs out, one packet per job on each stream, in the same order.

    Up to jobs_in_flight jobs are on chip; behind the issue gate nothing waits. Its clock domains are `sync` and those
    of REGIONS.

    Members
    -------
    i_job, i_act : beats of cin_lanes bytes
    o_job_room, o_act_room : the ready of each in the next cycle
    o : beats of cout_lanes bytes
    i_room : o.ready of the next cycle; the least engine does not ask
    o_total, o_done : for the registers: a counter, all in turn, and the job that is done
    o_busy : a job is on chip, or not yet reported
    reports : for the registers: the oldest report
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i_job": In(stream.Signature(input_beat(config.cin_lanes))),
                "i_act": In(stream.Signature(input_beat(config.cin_lanes))),
                "o_job_room": Out(1),
                "o_act_room": Out(1),
                "o": Out(stream.Signature(beat(config.cout_lanes))),
                "i_room": In(1),
                "o_total": Out(Total),
                "o_done": Out(JobDone),
                "o_busy": Out(1),
                "reports": In(ReportAccess),
            }
        )

    def elaborate(self, platform):
        m, config = Module(), self.config
        reader = self._add(m, "job_reader", JobReader(config))
        loader = self._add(m, "act_loader", ActLoader(config))
        weights = self._add(m, "weight_ring", WeightRing(config))
        lines = self._add(m, "line_buffer", LineBuffer(config))
        walker = self._add(m, "window_walker", WindowWalker(config))
        array = self._add(m, "mac_array", MacArray(config))
        delays = {"row_delay": lines.last_read, "weight_delay": lines.latency + array.weights_behind}
        gate = self._add(m, "issue_gate", IssueGate(config, **delays))
        requantiser = self._add(m, "requantiser", Requantiser(config))
        ring = self._add(m, "output_ring", OutputRing(config))
        writer = self._add(m, "output_writer", OutputWriter(config))
        counters = self._add(m, "counters", Counters(config))
        reporter = self._add(m, "reporter", Reporter(config))

        # What each stage has to know of a job waits until it has ended there. Those that lie far behind the
        # descriptor have it from block memory.
        waiting = config.jobs_in_flight if config.jobs_in_flight > 1 else 0
        ending = waiting + ENDING_JOBS if waiting else 0
        connect(m, flipped(self.i_job), reader.i)
        connect(m, flipped(self.i_act), loader.i)
        m.d.comb += [
            self.o_job_room.eq(reader.o_room),
            self.o_act_room.eq(loader.o_room),
            writer.i_room.eq(self.i_room),
        ]
        self._queue(m, "load", reader.o_load, loader.i_jobs, waiting)
        self._queue(m, "walk", reader.o_walk, walker.i_jobs, waiting, BlockQueue)
        self._queue(m, "quantise", reader.o_quantise, requantiser.i_jobs, ending, BlockQueue)
        self._queue(m, "ring", reader.o_ring, ring.i_jobs, ending, BlockQueue)
        self._queue(m, "count", reader.o_count, counters.i_jobs, ending, BlockQueue)
        self._queue(m, "report", reader.o_reports, reporter.i_jobs, ending)
        self._queue(m, "code", loader.o_codes, reporter.i_codes, ending)
        connect(m, reader.o_records, requantiser.i_records)
        connect(m, reader.o_weights, weights.i)
        connect(m, walker.o, gate.i)
        if waiting:  # cuts the ring's memory from the writer's sums, and from the output's ready
            slots = self._add(m, "slot_buffer", SkidBuffer(slot(config)))
            connect(m, ring.o, slots.i)
            connect(m, slots.o, writer.i)
        else:
            connect(m, ring.o, writer.i)
        connect(m, writer.o, flipped(self.o))
        connect(m, counters.o_counts, reporter.i_counts)
        connect(m, flipped(self.reports), reporter.reports)
        self._load(m, reader, loader, weights, requantiser, lines, walker, gate)
        self._compute(m, walker.i_jobs.p, gate, weights, lines, array, requantiser, ring)
        self._count(m, gate, array, counters, reporter)
        return m

    def _add(self, m, name, stage):
        """Adds a stage in the clock domain of its region, and returns it."""
        region = next((region for region, names in REGIONS.items() if name in names), "sync")
        m.submodules[name] = DomainRenamer(region)(stage)
        return stage

    def _queue(self, m, name, source, target, depth, kind=Queue):
        if not depth:  # the source holds it until the target takes it
            connect(m, source, target)
            return
        queue = self._add(m, f"{name}_queue", kind(source.p.shape(), depth))
        connect(m, source, queue.i)
        connect(m, queue.o, target)

    def _load(self, m, reader, loader, weights, requantiser, lines, walker, gate):
        """Rows into the line buffer, and who is told of them and of the weights."""
        m.d.comb += [
            lines.i_write.eq(loader.o_write),
            lines.i_writes.eq(loader.o_writes),
            lines.i_start.eq(loader.o_start),
            lines.i_started.eq(loader.o_started),
            # A register for the way from the loader to the gate, where it is compared.
            gate.i_progress.eq(delay(m, loader.o_progress, self.config.relay, "progress", reset=True)),
            loader.i_free_to.eq(gate.o_free_to),
            walker.i_rows_done.eq(loader.o_progress.rows),
            reader.i_records_room.eq(requantiser.o_records_room),
            reader.i_weights_room.eq(weights.o_room),
            weights.i_last.eq(reader.o_loaded),
            walker.i_loaded.eq(weights.o_loaded),
            walker.i_expecting.eq(
                delay(m, reader.o_inside | self.i_job.valid, self.config.relay, "expecting", reset=True)
            ),
            gate.i_cause.eq(walker.o_cause),
        ]

    def _compute(self, m, job, gate, weights, lines, array, requantiser, ring):
        """From the issue to the output ring: delays alone, nothing waits."""
        m.d.comb += [
            lines.i_issue.eq(gate.o_issue),
            weights.i_address.eq(
                delay(
                    m,
                    gate.o_issue.weight,
                    lines.latency + array.weights_behind - WeightRing.LATENCY,
                    "weight_address",
                )
            ),
            weights.i_free.eq(gate.o_free),
            weights.i_freed.eq(gate.o_freed),
            array.i_activations.eq(lines.o_activations),
            array.i_weights.eq(weights.o_weights),
            array.i_pad_value.eq(delay(m, gate.o_issue.pad_value, lines.latency - 1, "array_pad")),
            array.i_tag.eq(delay(m, gate.o_tag, lines.latency, "tag")),
            requantiser.i_tile.eq(array.o_tile),
            requantiser.i_valid.eq(array.o_valid),
            requantiser.i_load.eq(array.o_load),
            ring.i_piece.eq(requantiser.o_piece),
            ring.i_valid.eq(requantiser.o_valid),
            gate.i_released.eq(delay(m, ring.o_released, 1, "released", reset=True)),
        ]
        if self.config.depthwise:
            self._slide(m, gate, lines, array)
        else:  # a tile's last pixel is what there is to know
            m.d.comb += [
                requantiser.i_tile.advance.eq(~array.o_tile.pixel_end),
                requantiser.i_tile.rewind.eq(array.o_tile.pixel_end),
            ]
        if self.config.is_least:  # what stays the same for a job does not travel with its steps
            m.d.comb += [array.i_pad_value.eq(job.pad_value), weights.i_freed.eq(job.words_in_all)]

    def _slide(self, m, gate, lines, array):
        """The columns of a depthwise job into its window, and the window into the array."""
        window = self._add(m, "depthwise_window", DepthwiseWindow(self.config))
        at_window = lines.latency - DepthwiseWindow.LATENCY
        m.d.comb += [
            window.i_column.eq(lines.o_column),
            window.i_step.eq(delay(m, gate.o_window, at_window - 1, "window_step")),
            *(array.i_columns[age].eq(each) for age, each in enumerate(window.o_columns)),
            array.i_window.eq(delay(m, gate.o_window, lines.latency - 1, "array_window")),
        ]
        assert at_window == lines.column_latency

    def _count(self, m, gate, array, counters, reporter):
        """Counters and reports; a cycle counts from a job packet's first beat to its answer's last."""
        begins, answered, inside = Signal(), Signal(), Signal()
        on_chip = Signal(range(64))
        ports = {"job": self.i_job, "act": self.i_act, "out": self.o}
        taken = {name: Signal(name=f"{name}_taken") for name in ports}
        for name, port in ports.items():  # a register behind the handshakes, whose paths are long
            m.d.sync += taken[name].eq(port.valid & port.ready)
        last = {name: delay(m, ports[name].p.last, 1, f"{name}_last") for name in ("job", "out")}
        with m.If(taken["job"]):
            m.d.sync += inside.eq(~last["job"])
        m.d.sync += on_chip.eq(on_chip + begins - answered)
        m.d.comb += [
            begins.eq(taken["job"] & ~inside),
            answered.eq(taken["out"] & last["out"]),
            gate.i_active.eq(begins | (on_chip != 0)),
            self.o_busy.eq(gate.i_active | reporter.o_busy),
            # The least engine counts at the gate: what is counted of a tag then goes no further.
            counters.i_tag.eq(gate.o_tag if self.config.is_least else array.o_tag),
            *(counters.i_beats[name].eq(transfers) for name, transfers in taken.items()),
            reporter.i_answered.eq(answered),
            self.o_total.eq(counters.o_total),
            self.o_done.eq(reporter.o_done),
        ]
