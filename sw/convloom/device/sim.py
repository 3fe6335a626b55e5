"""The simulated device: the Verilated RTL behind the transport that every device has."""

import time
from ctypes import byref, c_uint32, c_uint64

import numpy as np

from convloom.device.sim_build import library as built_library
from convloom.device.sim_library import NEVER, NO_RESPONSE, Library, Stop, StreamState
from convloom.device.transport import drain_reports
from convloom.errors import DeviceError
from convloom.spec.job import DESCRIPTOR_BYTES, OFFSETS
from convloom.spec.registers import COUNTERS, REGISTERS

STREAMS = ("s_axis_job", "s_axis_act", "m_axis_out")
STALL_CYCLES = 1_000_000  # far more than an engine computes between two beats of an answer
CYCLES_PER_CALL = 1 << 18  # so that an interrupt or a timeout is seen in good time
REPORT_CYCLES = 1000  # from an answer's last beat until its report must be there
SHOWN = ("STATUS", "ERROR", "JOBS_DONE", "JOBS_FAILED", *(register.name for register in COUNTERS))
RESPONSES = {2: "SLVERR", 3: "DECERR"}


class SimTransport:
    """The Verilated RTL of a configuration; its C++ harness serves the streams in every clock cycle.

    The clock runs only while `wait`, `read`, `write` or `advance` is being called. One thread at a time.

    Parameters
    ----------
    config : its Config
    stall_cycles : after so many cycles without a beat on any stream, `wait` gives up
    library : path of a built device, rather than the one of the cache

    Members
    -------
    clock : cycles since reset
    reports : all reports so far, in the order of the jobs
    spans : by ticket, of the answers that were waited for: the cycles in which their first and last beat came

    Raises DeviceError where the device cannot be built.
    """

    def __init__(self, config, *, stall_cycles=STALL_CYCLES, library=None):
        self.config, self.reports, self.spans = config, [], {}
        self._library = Library(library or built_library(config))
        self._device = self._library.open(stall_cycles)
        self._stall_cycles = stall_cycles
        self._tickets = 0

    def submit(self, job, act, out_bytes):
        """Queues a job's packets (bytes-like), with room for an answer of out_bytes. Returns its ticket."""
        self._require_open()
        job, act = (np.frombuffer(packet, np.uint8) for packet in (job, act))
        for name, packet in (("job", job), ("act", act)):
            if not packet.size:
                raise ValueError(f"the {name} packet must have a byte at least")
        arguments = (job.ctypes.data, job.size, act.ctypes.data, act.size, out_bytes, _may_report(job))
        self._tickets += 1
        return self._library.submit(self._device, *arguments)

    def depend(self, cycles):
        """The next job's activations come when all jobs before it are answered, and so many cycles later.

        Its job packet goes ahead as ever.
        """
        self._require_open()
        self._library.depend(self._device, cycles)

    def wait(self, ticket, timeout=None):
        """The answer of a job, uint8 [bytes]. Its report, where it has one, is in `reports` by then.

        `timeout` is in seconds; a device that stands still is noticed without one. Raises DeviceError, which
        shows the stream that stalled, and the counters.
        """
        self._require_open()
        if not 0 <= ticket < self._tickets or ticket in self.spans:
            raise ValueError(f"ticket must be one of a job that was not waited for yet, not {ticket}")
        deadline = None if timeout is None else time.monotonic() + timeout
        while (stop := self._library.run(self._device, ticket, CYCLES_PER_CALL)) != Stop.ANSWERED:
            if stop == Stop.REPORTS:
                self._drain()
            elif stop == Stop.STALLED:
                raise DeviceError(self._state(f"no stream moved for {self._stall_cycles} cycles", ticket))
            elif deadline is not None and time.monotonic() > deadline:
                raise DeviceError(self._state(f"no answer within {timeout} s", ticket))
        self._drain_the_last()
        return self._take(ticket)

    def read(self, address):
        """The word at a register's address. Raises DeviceError where it is refused or not answered."""
        self._require_open()
        word = c_uint32()
        response = self._library.read(self._device, address, byref(word))
        self._check_response(response, f"reading 0x{address:02X}")
        return word.value

    def write(self, address, word):
        """Writes a register. Raises DeviceError where it is refused or not answered."""
        self._require_open()
        self._check_response(self._library.write(self._device, address, word), f"writing 0x{address:02X}")

    def advance(self, cycles):
        """Lets the clock run."""
        self._require_open()
        self._library.advance(self._device, cycles)

    def limit(self, stream, bytes_per_cycle=0, latency=0):
        """What the memory behind a stream allows.

        stream : "s_axis_job", "s_axis_act", "m_axis_out", or "memory": all three together
        bytes_per_cycle : in the long run; 0 is no limit
        latency : cycles that each packet waits before its first beat; not for "memory"
        """
        self._require_open()
        names = (*STREAMS, "memory")
        if stream not in names:
            raise ValueError(f"stream must be one of {', '.join(names)}, not {stream!r}")
        if bytes_per_cycle < 0 or latency < 0:
            raise ValueError(
                f"bytes_per_cycle and latency must be 0 or more, not {bytes_per_cycle}, {latency}"
            )
        self._library.limit(self._device, names.index(stream), bytes_per_cycle, latency)

    def close(self):
        """Frees the device; nothing but `close` may be called any more."""
        if self._device:
            self._library.close(self._device)
            self._device = None

    def __del__(self):
        if getattr(self, "_device", None):
            self.close()

    @property
    def clock(self):
        """Cycles since reset."""
        return self._clocks()[0]

    @property
    def span(self):
        """Cycles from the first beat taken to the last beat given, both counted; 0 before there is one."""
        _, first, last = self._clocks()
        return 0 if last == NEVER else last - first + 1

    @property
    def beats(self):
        """Beats that passed, by stream."""
        return {name: state.beats for name, state in self._streams().items()}

    def _streams(self):
        self._require_open()
        states = {name: StreamState() for name in STREAMS}
        for number, state in enumerate(states.values()):
            self._library.stream(self._device, number, byref(state))
        return states

    def _clocks(self):
        self._require_open()
        clocks = (c_uint64 * 3)()
        self._library.clock(self._device, clocks)
        return tuple(clocks)

    def _require_open(self):
        if not self._device:
            raise DeviceError("the device is closed")

    def _take(self, ticket):
        answer = np.empty(self._library.answer_bytes(self._device, ticket), np.uint8)
        span = (c_uint64 * 2)()
        self._library.take(self._device, ticket, answer.ctypes.data, span)
        self.spans[ticket] = tuple(span)
        return answer

    def _drain(self):
        """Drains the reports that are there now. Returns how many."""
        drained = drain_reports(self)
        self.reports += drained
        self._library.drained(self._device, len(drained))
        return len(drained)

    def _drain_the_last(self):
        """Drains until every job that is answered has reported."""
        latest = None
        while waiting := self._library.reports_waiting(self._device):
            if self._drain():
                latest = None
                continue
            latest = latest or self.clock + REPORT_CYCLES
            # A descriptor that was cut short may or may not have asked for a report.
            if self.clock > latest:
                self._library.drained(self._device, waiting)

    def _check_response(self, response, what):
        if response == NO_RESPONSE:
            raise DeviceError(f"{what}: s_axil does not answer")
        if response:
            raise DeviceError(f"{what}: s_axil answers {RESPONSES.get(response, response)}")

    def _state(self, reason, ticket):
        """A message for an error: how each stream stands, and the registers."""
        lines = [f"{reason} while job {ticket} was waited for"]
        lines += [f"{name}: {_standing(name, state)}" for name, state in self._streams().items()]
        try:
            lines += [f"{name} {self.read(REGISTERS[name].address)}" for name in SHOWN]
        except DeviceError as error:
            lines.append(str(error))
        return "\n  ".join(lines)


def _standing(name, state):
    """How a stream stands, for a message."""
    taken = f"{state.beats} beats taken"
    if not state.packets:
        return f"nothing left to move, {taken}"
    if state.valid:
        standing = "moving" if state.ready else "waiting for ready"
    else:
        standing = "waiting for valid" if state.ready and name == "m_axis_out" else "held back"
    place = f"the first at byte {state.place} of {state.packet_bytes}"
    return f"{standing}, {taken}, {state.packets} packets left, {place}"


def _may_report(job):
    """Whether a job packet (uint8) asks for a report; one that is cut short in the descriptor may do so."""
    place = OFFSETS["report"]
    return job.size < DESCRIPTOR_BYTES or bool(job[place // 8] >> place % 8 & 1)
