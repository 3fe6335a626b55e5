"""The register bank, laid out from the spec."""

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import REGISTERS, ErrorCode
from convloom.spec.registers import ADDRESS_BITS, REPORT_STRIDE, Access, Cause, configuration_words

from convloom_rtl.kit.axi_lite import AxiLitePort, axi_lite_pins
from convloom_rtl.kit.pipeline import delay
from convloom_rtl.payloads import BEATS, JobDone, ReportAccess, Totals

AXI_LITE = axi_lite_pins(ADDRESS_BITS)
BLOCK_BITS = (REPORT_STRIDE - 1).bit_length()  # registers lie in blocks, each of the size of a report
REPORT_BLOCK = REGISTERS["REPORT_JOB"].address // 4 >> BLOCK_BITS  # the last
WIDE = ("cycles", "busy", "macs")
WRITABLE = (Access.WRITE_ONE_CLEARS, Access.READ_WRITE, Access.ACTION)


def number_of(name):
    """The word number of the register of that name."""
    return REGISTERS[name].address // 4


def register_layout(name):
    """The parts of the register of that name."""
    return data.StructLayout({part.name: part.bits for part in REGISTERS[name].parts})


class Registers(wiring.Component):
    """All that convloom.spec.registers declares, on AXI4-Lite; latency and throughput are AxiLitePort's.

    What is not there, and a write to what can only be read, is answered with SLVERR. A soft reset leaves the
    registers alone: errors and interrupts stay until they are cleared, the counts of jobs go on.

    Members
    -------
    the pins of AXI_LITE
    i_totals : the counters. Reading a low half holds the high half still
    i_done : a job is done
    i_busy : a job is on chip
    reports : the oldest report
    o_soft_reset : pulse
    o_irq : an interrupt is pending and let through
    """

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                **AXI_LITE,
                "i_totals": In(Totals),
                "i_done": In(JobDone),
                "i_busy": In(1),
                "reports": Out(ReportAccess),
                "o_soft_reset": Out(1),
                "o_irq": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.port = port = AxiLitePort(ADDRESS_BITS)
        for name, member in AXI_LITE.items():
            source, target = (self, port) if member.flow == In else (port, self)
            m.d.comb += getattr(target, name).eq(getattr(source, name))
        words = {**configuration_words(self.config), **self._counters(m, port), **self._control(m, port)}
        self._read(m, port, {**words, **self._count_jobs(m)})
        writable = [number_of(name) for name, register in REGISTERS.items() if register.access in WRITABLE]
        m.d.comb += port.i_write_error.eq(~port.o_write_word.matches(*writable))
        return m

    def _read(self, m, port, words):
        """One word of each block, then one of the blocks: just when a report's word comes from its memory."""
        block, number = port.o_read_word[BLOCK_BITS:], port.o_read_word[:BLOCK_BITS]
        chosen = [Signal(32, name=f"block_{n}", reset_less=True) for n in range(REPORT_BLOCK)]
        with m.Switch(number):
            for n in range(1 << BLOCK_BITS):
                with m.Case(n):
                    for name in (name for name in words if number_of(name) % (1 << BLOCK_BITS) == n):
                        m.d.sync += chosen[number_of(name) >> BLOCK_BITS].eq(words[name])
        m.d.comb += [
            self.reports.index.eq(port.o_read_ahead),
            port.i_read.data.eq(Array([*chosen, self.reports.word])[delay(m, block, 1, "block")]),
        ]
        m.d.sync += port.i_read.error.eq(~port.o_read_word.matches(*map(number_of, REGISTERS)))

    def _counters(self, m, port):
        """Of a 64-bit counter the high half is kept a cycle after the low one was read: it is that late."""
        totals, words = self.i_totals, {}
        for name in WIDE:
            low, high = f"{name.upper()}_LOW", f"{name.upper()}_HIGH"
            held = Signal(32, name=f"{name}_held")
            with m.If(delay(m, port.o_read & (port.o_read_word == number_of(low)), 1, f"{name}_read")):
                m.d.sync += held.eq(totals[name].high)
            words |= {low: totals[name].low, high: held}
        words |= {f"LOST_{cause.name}": totals.lost[cause.name.lower()] for cause in Cause}
        return words | {f"BEATS_{name.upper()}": totals.beats[name] for name in BEATS}

    def _control(self, m, port):
        """What the host acts on, and what it is told of."""
        error, lost = self._keep_errors(m, self._ones(port, "ERROR").as_value().any())
        pending, mask = Signal(register_layout("INTERRUPT")), Signal(register_layout("INTERRUPT_MASK"))
        status, happened = Signal(register_layout("STATUS")), Signal.like(pending)
        cleared = self._ones(port, "INTERRUPT")
        done = self.i_done
        m.d.comb += [
            happened.job_done.eq(done.valid & done.irq),
            happened.error.eq(done.valid & (done.code != ErrorCode.NONE)),
            status.busy.eq(self.i_busy),
            status.error.eq(error.errors != 0),
            status.reports_lost.eq(lost),
            status.reports.eq(self.reports.waiting),
            self.reports.pop.eq(self._ones(port, "REPORT_POP").pop),
        ]
        for cause in pending.shape().members:
            m.d.sync += pending[cause].eq((pending[cause] & ~cleared[cause]) | happened[cause])
        m.d.sync += [
            self.o_irq.eq((pending.as_value() & mask.as_value()).any()),
            self.o_soft_reset.eq(self._ones(port, "CONTROL").soft_reset),
        ]
        with m.If(self._writes(port, "INTERRUPT_MASK")):
            m.d.sync += mask.eq((mask.as_value() & ~port.o_write_mask) | port.o_write_data)
        words = {"STATUS": status, "ERROR": error, "INTERRUPT": pending, "INTERRUPT_MASK": mask}
        return words | {"CONTROL": 0, "REPORT_POP": 0}

    def _keep_errors(self, m, cleared):
        """The first error since it was cleared, and whether a report was lost. News win over clearing."""
        error, lost, done = Signal(register_layout("ERROR")), Signal(), self.i_done
        with m.If(cleared):
            m.d.sync += [error.eq(0), lost.eq(0)]
        with m.If(done.valid & (done.code != ErrorCode.NONE)):
            with m.If(cleared | (error.errors == 0)):
                m.d.sync += [error.code.eq(done.code), error.job_id.eq(done.job_id), error.errors.eq(1)]
            with m.Elif(~error.errors.all()):
                m.d.sync += error.errors.eq(error.errors + 1)
        with m.If(self.reports.lost):
            m.d.sync += lost.eq(1)
        return error, lost

    def _count_jobs(self, m):
        done, failed = Signal(32), Signal(32)
        with m.If(self.i_done.valid):
            m.d.sync += [done.eq(done + 1), failed.eq(failed + (self.i_done.code != ErrorCode.NONE))]
        return {"JOBS_DONE": done, "JOBS_FAILED": failed}

    def _writes(self, port, name):
        return port.o_write & (port.o_write_word == number_of(name))

    def _ones(self, port, name):
        """The ones that are being written to the register of that name, by part."""
        layout = register_layout(name)
        return data.View(layout, Mux(self._writes(port, name), port.o_write_data[: layout.size], 0))
