"""What the host needs of a device: queues of packets, registers, and the reports of its jobs."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from convloom.spec import REGISTERS, ErrorCode
from convloom.spec.registers import REPORT_WORDS, Cause

_WORD_NAMES = tuple(name for name, _ in REPORT_WORDS)


@dataclass(frozen=True)
class Report:
    """What the device counted for one job.

    Members
    -------
    job_id : number of the job
    code : its ErrorCode
    cycles : from the end of issue of the job before to its own
    busy : cycles in which the array multiplied
    macs : useful MACs
    lost : cycles lost, by the name of the Cause; with `busy` they add up to `cycles`
    """

    job_id: int
    code: ErrorCode
    cycles: int
    busy: int
    macs: int
    lost: dict[str, int]

    @classmethod
    def from_words(cls, words):
        """The report in its words, in the order of spec.registers.REPORT_WORDS."""
        named = dict(zip(_WORD_NAMES, words, strict=True))
        return cls(
            named["job"] & 0xFFFF,
            ErrorCode(named["job"] >> 16 & 0xFF),
            named["cycles"],
            named["busy"],
            named["macs_high"] << 32 | named["macs_low"],
            {cause.name: named[f"lost_{cause.name.lower()}"] for cause in Cause},
        )

    def words(self):
        """Its words, in the order of spec.registers.REPORT_WORDS."""
        job, low = self.job_id | int(self.code) << 16, self.macs & 0xFFFFFFFF
        lost = (self.lost[cause.name] for cause in Cause)
        return (job, self.cycles, self.busy, low, self.macs >> 32, *lost)


class Transport(Protocol):
    """One device: jobs go in, answers come out in the same order, registers are read and written meanwhile.

    Members
    -------
    clock : cycles so far, where the device knows them, else None
    reports : the reports drained so far, in the order of the jobs
    """

    clock: int | None
    reports: list[Report]

    def submit(self, job, act, out_bytes) -> int:
        """Queues a job's two packets (bytes-like) and room for its answer. Never waits. Returns a ticket."""

    def wait(self, ticket, timeout=None) -> np.ndarray:
        """The output packet, uint8. Raises DeviceError, which names the stream that stalled and the counters,
        after `timeout` seconds."""

    def read(self, address) -> int:
        """The word of a register."""

    def write(self, address, word) -> None:
        """Writes a register."""

    def close(self) -> None:
        """Gives the device back."""


def drain_reports(registers):
    """Takes all reports that wait in the device, oldest first; a list of Report.

    registers : has read(address) and write(address, word), both blocking
    """
    status = REGISTERS["STATUS"]
    return [_take_report(registers) for _ in range(status.unpack(registers.read(status.address))["reports"])]


def _take_report(registers):
    words = [registers.read(REGISTERS[f"REPORT_{name.upper()}"].address) for name in _WORD_NAMES]
    pop = REGISTERS["REPORT_POP"]
    registers.write(pop.address, pop.pack(pop=1))
    return Report.from_words(words)
