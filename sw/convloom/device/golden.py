"""The golden device: answers the same packets with the same bytes and keeps the same registers."""

from collections import deque

import numpy as np

from convloom.device.golden_engine import answer
from convloom.device.transport import Report, drain_reports
from convloom.errors import DeviceError
from convloom.spec import DESCRIPTOR, REGISTERS
from convloom.spec.job import DESCRIPTOR_BYTES, Op, unpack
from convloom.spec.registers import REPORT_WORDS, Access, Cause, configuration_words

BY_ADDRESS = {register.address: name for name, register in REGISTERS.items()}
NOTHING_LOST = {cause.name: 0 for cause in Cause}


class GoldenTransport:
    """A Transport whose engine is the golden model. Jobs are computed when an answer is waited for.

    It knows no time: it counts a cycle for each issue of the array, and none lost. It has no interrupts.

    Parameters
    ----------
    config : the Config of the engine that it stands for
    """

    clock = None

    def __init__(self, config):
        self.config, self.reports = config, []
        self._words = {name: 0 for name in REGISTERS} | configuration_words(config)
        self._jobs, self._waiting, self._answers = deque(), deque(), {}
        self._tickets = 0

    def submit(self, job, act, out_bytes):
        """Queues a job's packets. Returns the ticket to wait for."""
        self._jobs.append((self._tickets, bytes(job), bytes(act)))
        self._tickets += 1
        return self._tickets - 1

    def wait(self, ticket, timeout=None):
        """The answer, uint8 [bytes]. It always comes, so that `timeout` is not needed."""
        while self._jobs and self._jobs[0][0] <= ticket:
            self._run(*self._jobs.popleft())
            self.reports += drain_reports(self)
        if ticket not in self._answers:
            raise ValueError(f"ticket must be one of a job that was not waited for yet, not {ticket}")
        return self._answers.pop(ticket)

    def read(self, address):
        """The word of a register. Raises DeviceError where there is none."""
        return self._words[self._name(address)]

    def write(self, address, word):
        """Writes a register. Raises DeviceError where there is none, or one that cannot be written."""
        name = self._name(address)
        access = REGISTERS[name].access
        if access in (Access.CONSTANT, Access.READ):
            raise DeviceError(f"{name} at 0x{address:02X} cannot be written")
        if access is Access.READ_WRITE:
            self._words[name] = word
        elif access is Access.WRITE_ONE_CLEARS:
            self._words[name] &= ~word
        elif name == "REPORT_POP" and word & 1 and self._waiting:
            self._waiting.popleft()
            self._show_report()

    def close(self):
        """Nothing is held."""

    def _name(self, address):
        if address not in BY_ADDRESS:
            raise DeviceError(f"there is no register at 0x{address:02X}")
        return BY_ADDRESS[address]

    def _run(self, ticket, job, act):
        packet, code = answer(job, act, self.config)
        self._answers[ticket] = np.frombuffer(packet, np.uint8)
        whole = len(job) >= DESCRIPTOR_BYTES
        fields = unpack(DESCRIPTOR, job[:DESCRIPTOR_BYTES].ljust(DESCRIPTOR_BYTES, b"\0"))
        runs = whole and not code.discards and fields["op"] != Op.NONE
        pixels = fields["out_h"] * fields["out_w"] if runs else 0
        issues = pixels * fields["words_in_all"]
        report = Report(
            fields["job_id"], code, issues, issues, pixels * fields["macs_per_pixel"], NOTHING_LOST
        )
        self._count(report, len(job), len(act), len(packet))
        if fields["report"]:
            self._waiting.append(report)
            self._show_report()

    def _count(self, report, job_bytes, act_bytes, out_bytes):
        cin, cout = self.config.cin_lanes, self.config.cout_lanes
        for name, more in (("CYCLES", report.cycles), ("BUSY", report.busy), ("MACS", report.macs)):
            total = (self._words[f"{name}_LOW"] | self._words[f"{name}_HIGH"] << 32) + more
            self._words[f"{name}_LOW"], self._words[f"{name}_HIGH"] = total & 0xFFFFFFFF, total >> 32
        beats = (("JOB", job_bytes, cin), ("ACT", act_bytes, cin), ("OUT", out_bytes, cout))
        for stream, length, lanes in beats:
            self._words[f"BEATS_{stream}"] += -(-length // lanes)
        self._words["JOBS_DONE"] += 1
        self._words["JOBS_FAILED"] += bool(report.code)
        if report.code:
            self._hold_error(report)

    def _hold_error(self, report):
        """The first error stays until it is cleared, with the number of errors since."""
        register = REGISTERS["ERROR"]
        held = register.unpack(self._words["ERROR"])
        if not held["code"]:
            held = {"code": report.code, "errors": 0, "job_id": report.job_id}
        held["errors"] = min(held["errors"] + 1, 255)
        self._words["ERROR"] = register.pack(**held)

    def _show_report(self):
        """STATUS and the registers of the oldest report."""
        error = bool(self._words["ERROR"])
        self._words["STATUS"] = REGISTERS["STATUS"].pack(reports=len(self._waiting), error=error)
        words = self._waiting[0].words() if self._waiting else (0,) * len(REPORT_WORDS)
        for (name, _), word in zip(REPORT_WORDS, words, strict=True):
            self._words[f"REPORT_{name.upper()}"] = word
