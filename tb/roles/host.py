"""The host's side of the registers: the driver that ships drains the reports; all counters are checked."""

from cocotb.task import bridge
from cocotb.triggers import ClockCycles
from convloom.spec import REGISTERS, ErrorCode, Op
from convloom.spec.registers import Cause
from roles.axil import HostRegisters

CYCLES_BETWEEN_DRAINS = 60
SETTLE = 80  # cycles from the last beat to idle registers
WIDE = ("CYCLES", "BUSY", "MACS")
LOST = tuple(f"LOST_{cause.name}" for cause in Cause)
NARROW = ("JOBS_DONE", "JOBS_FAILED", "BEATS_JOB", "BEATS_ACT", "BEATS_OUT", *LOST)


class Host:
    """Reads registers by name, and drains reports with the host library's own function.

    Members
    -------
    reports : what was drained since `forget`
    """

    def __init__(self, master, clock):
        self.master, self._clock = master, clock
        self.reports, self._before = [], {}

    def forget(self):
        """After aresetn: no reports, and all counters start at 0."""
        self.reports, self._before = [], {}

    async def read(self, name):
        """The word of the register of that name."""
        return await self.master.read(REGISTERS[name].address)

    async def parts(self, name):
        """The parts by name of the register of that name."""
        return REGISTERS[name].unpack(await self.read(name))

    async def write(self, name, **parts):
        """Writes the parts of the register of that name, the others with 0."""
        await self.master.write(REGISTERS[name].address, REGISTERS[name].pack(**parts))

    async def clear_error(self):
        """Writes ones to ERROR and INTERRUPT."""
        for name in ("ERROR", "INTERRUPT"):
            await self.master.write(REGISTERS[name].address, 0xFFFFFFFF)

    async def drain(self):
        """Drains the reports that are there now."""
        from convloom.device.transport import drain_reports

        self.reports += await bridge(drain_reports)(HostRegisters(self.master))

    async def drain_while(self, unfinished):
        """Drains reports from time to time, and once more when nothing is left to do."""
        while unfinished():
            await ClockCycles(self._clock, CYCLES_BETWEEN_DRAINS)
            await self.drain()
        await ClockCycles(self._clock, SETTLE)
        await self.drain()

    async def totals(self):
        """All counters, since `start_anew` or aresetn."""
        counted = {name: await self.read(name) for name in NARROW}
        for name in WIDE:
            low = await self.read(f"{name}_LOW")  # in this order: the low half holds the high half still
            counted[name] = low | await self.read(f"{name}_HIGH") << 32
        return {name: value - self._before.get(name, 0) for name, value in counted.items()}

    async def start_anew(self):
        """Forgets reports, errors and what was counted so far: after a soft reset."""
        await self.drain()
        await self.clear_error()
        self.forget()
        self._before = await self.totals()

    async def check(self, bench):
        """That counters, error and reports say what the scoreboard expected. Raises AssertionError."""
        codes = bench.scoreboard.codes
        totals = await self.totals()
        failed = [(job_id, code) for job_id, code in codes if code]
        expected = {
            "JOBS_DONE": len(codes),
            "JOBS_FAILED": len(failed),
            "MACS": sum(macs_of(vector, code) for vector, (_, code) in zip(bench.sent, codes, strict=True)),
            "CYCLES": totals["BUSY"] + sum(totals[name] for name in LOST),
            **bench.beats,
        }
        assert {name: totals[name] for name in expected} == expected, f"counted {totals}, expected {expected}"
        await self._check_error(failed)
        await self._check_status()
        self._check_reports(bench.sent, codes)

    async def _check_error(self, failed):
        job_id, code = failed[0] if failed else (0, 0)
        error = await self.parts("ERROR")
        expected = {"code": code, "errors": min(len(failed), 255), "job_id": job_id}
        assert error == expected, f"ERROR {error}, expected {expected}"

    async def _check_status(self):
        status = await self.parts("STATUS")
        assert not (status["busy"] or status["reports"] or status["reports_lost"]), (
            f"STATUS {status} when all is done"
        )

    def _check_reports(self, sent, codes):
        reported = [(v, code) for v, (_, code) in zip(sent, codes, strict=True) if v.fields["report"]]
        assert [(r.job_id, r.code) for r in self.reports] == [(v.job_id, code) for v, code in reported], (
            self.reports
        )
        for report, (vector, code) in zip(self.reports, reported, strict=True):
            assert report.cycles == report.busy + sum(report.lost.values()), (
                f"{vector}: causes do not add up: {report}"
            )
            assert report.macs == macs_of(vector, code), (
                f"{vector}: {report.macs} MACs, not {macs_of(vector, code)}"
            )


def macs_of(vector, code):
    """Useful MACs of a job that ended with `code`: none where it was discarded."""
    fields = vector.fields
    if not fields or ErrorCode(code).discards or fields["op"] == Op.NONE:
        return 0
    return fields["macs_per_pixel"] * fields["out_h"] * fields["out_w"]
