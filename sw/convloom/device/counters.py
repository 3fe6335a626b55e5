"""The counters of a device, and what a layer's run added to them."""

from dataclasses import dataclass
from math import ceil

from convloom.spec import REGISTERS
from convloom.spec.registers import Cause

WIDE = ("CYCLES", "BUSY", "MACS")
NARROW = (
    *(f"LOST_{cause.name}" for cause in Cause),
    *("BEATS_JOB", "BEATS_ACT", "BEATS_OUT", "JOBS_DONE", "JOBS_FAILED"),
)


def read_counters(transport):
    """All counters by name. Of a 64-bit one the low half is read first: it holds the high half still."""
    counters = {name: transport.read(REGISTERS[name].address) for name in NARROW}
    for name in WIDE:
        low = transport.read(REGISTERS[f"{name}_LOW"].address)
        counters[name] = low | transport.read(REGISTERS[f"{name}_HIGH"].address) << 32
    return counters


def difference(after, before):
    """What the counters went up by; those that wrapped meanwhile count right."""
    return {
        name: (count - before[name]) & ((1 << (64 if name in WIDE else 32)) - 1)
        for name, count in after.items()
    }


@dataclass(frozen=True)
class LayerReport:
    """What the device counted while a layer ran.

    Members
    -------
    macs : useful MACs, equal to the layer's own
    cycles : from the first beat in while there was anything to do
    busy : cycles in which the array multiplied
    lost : the other cycles, by the name of their spec.registers.Cause
    beats : of each stream: "job", "act", "out"
    multipliers : of the engine
    jobs : the Report of each job, in order
    """

    macs: int
    cycles: int
    busy: int
    lost: dict[str, int]
    beats: dict[str, int]
    multipliers: int
    jobs: tuple

    @classmethod
    def of(cls, counted, jobs, config):
        """The report of `counted`, what the counters went up by."""
        lost = {cause.name: counted[f"LOST_{cause.name}"] for cause in Cause}
        beats = {name: counted[f"BEATS_{name.upper()}"] for name in ("job", "act", "out")}
        macs, cycles, busy = counted["MACS"], counted["CYCLES"], counted["BUSY"]
        return cls(macs, cycles, busy, lost, beats, config.multipliers, tuple(jobs))

    @property
    def utilisation(self):
        """Useful MACs / (multipliers * cycles)."""
        return self.macs / (self.multipliers * self.cycles) if self.cycles else 0.0

    @property
    def bounds(self):
        """The least cycles that the multipliers and each stream need: "multipliers", "job", "act", "out"."""
        return {"multipliers": ceil(self.macs / self.multipliers), **self.beats}

    @property
    def bound(self):
        """The least cycles in which the layer can run: the largest of `bounds`."""
        return max(self.bounds.values())

    @property
    def bound_by(self):
        """Which of `bounds` that is."""
        return max(self.bounds, key=self.bounds.get)

    def __str__(self):
        lost = ", ".join(f"{name.lower()} {count}" for name, count in self.lost.items() if count)
        return (
            f"{self.macs} MACs in {self.cycles} cycles, {self.utilisation:.1%} of {self.multipliers} "
            f"multipliers ({self.bound} cycles at least: {self.bound_by}), {len(self.jobs)} jobs, "
            f"lost: {lost or 'none'}"
        )
