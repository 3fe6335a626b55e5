"""The register bank, laid out from the spec."""

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import REGISTERS, ErrorCode
from convloom.spec.registers import ADDRESS_BITS, COUNTERS, REPORT_STRIDE, Access, configuration_words

from convloom_rtl.kit.axi_lite import AxiLitePort, axi_lite_pins
from convloom_rtl.kit.pipeline import delay
from convloom_rtl.payloads import JobDone, ReportAccess, Total
from convloom_rtl.primitives.memory import BlockMemory

AXI_LITE = axi_lite_pins(ADDRESS_BITS)
BLOCK_BITS = (REPORT_STRIDE - 1).bit_length()  # registers lie in blocks, each of the size of a report
COUNTER_BLOCK, REPORT_BLOCK = (
    REGISTERS[first].address // 4 >> BLOCK_BITS for first in (COUNTERS[0].name, "REPORT_JOB")
)
HIGH_HALVES = [register.name for register in COUNTERS if register.name.endswith("_HIGH")]
WRITABLE = (Access.WRITE_ONE_CLEARS, Access.READ_WRITE, Access.ACTION)


def number_of(name):
    """The word number of the register of that name."""
    return REGISTERS[name].address // 4


def register_layout(name):
    """The parts of the register of that name."""
    return data.StructLayout({part.name: part.bits for part in REGISTERS[name].parts})


class Registers(wiring.Component):
    """All that convloom.spec.registers declares, on AXI4-Lite: a read takes five cycles, of a counter until its turn.

    A counter that is read is copied from the passing totals into a memory, a low half together with its high half: so
    the high half that is read belongs to the low half that was read before.

    What is not there, and a write to what can only be read, is answered with SLVERR. A soft reset leaves the
    registers alone: errors and interrupts stay until they are cleared, the counts of jobs go on.

    Members
    -------
    the pins of AXI_LITE
    i_total : the counters, one in each cycle. Reading a low half holds the high half still
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
                "i_total": In(Total),
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
        words = {**configuration_words(self.config), **self._control(m, port), **self._count_jobs(m)}
        self._read(m, port, words)
        writable = [number_of(name) for name, register in REGISTERS.items() if register.access in WRITABLE]
        m.d.comb += port.i_write_error.eq(~port.o_write_word.matches(*writable))
        return m

    def _read(self, m, port, words):
        """Answers with one of the words, a counter's copy, or a word of the oldest report."""
        block, number = port.o_read_word[BLOCK_BITS:], port.o_read_word[:BLOCK_BITS]
        copied, copy = self._copy(m, port.o_read & (block == COUNTER_BLOCK), number)
        word = self._choose(m, words, number)
        there = copied | (port.o_read & (block != COUNTER_BLOCK))
        m.d.comb += [
            self.reports.index.eq(number),
            port.i_read.valid.eq(delay(m, there, BlockMemory.LATENCY, "read", reset=True)),
            port.i_read.data.eq(Array([word, copy, self.reports.word])[block]),
            port.i_read.error.eq(~port.o_read_word.matches(*map(number_of, REGISTERS))),
        ]

    def _choose(self, m, words, number):
        """The word of that number, as late as a block memory's: chosen among four, and among those."""
        by_number = {number_of(name): value for name, value in words.items()}
        word = Signal(32, reset_less=True)
        if self.config.is_least:  # at once, which is early enough, and takes fewer registers
            m.d.sync += word.eq(Array(by_number.get(n, 0) for n in range(1 << len(number)))[number])
            return word
        fours = []
        for first in range(0, 1 << len(number), 4):
            fours.append(Signal(32, name=f"words_from_{first}", reset_less=True))
            of_four = [by_number.get(first + n, 0) for n in range(4)]
            m.d.sync += fours[-1].eq(Array(of_four)[number[:2]])
        assert BlockMemory.LATENCY == 2
        m.d.sync += word.eq(Array(fours)[number[2:]])
        return word

    def _copy(self, m, reads, number):
        """Copies the counter that is read, with an even number the one behind it too; high halves only so.

        Returns whether the copy can be read from this cycle on, and the copy, BlockMemory.LATENCY later.
        """
        m.submodules.copies = copies = BlockMemory(32, 1 << BLOCK_BITS)
        waiting, total = Signal(), self.i_total
        is_high = number.matches(*(number_of(name) % (1 << BLOCK_BITS) for name in HIGH_HALVES))
        comes, here, behind, copied = Signal(), Signal(), Signal(), Signal()
        m.d.comb += comes.eq(waiting & total.valid & (total.number == number))
        m.d.sync += [here.eq(comes), behind.eq(here & total.valid & ~number[0])]
        alone = here & ~total.valid & ~number[0]  # a job's end, or a reset, came in between
        m.d.comb += [
            copied.eq(Mux(number[0], delay(m, here, 1, "written", reset=True), behind)),
            copies.i_enable.eq(here | behind),
            copies.i_write_address.eq(number | behind),
            copies.i_data.eq(total.word),
            copies.i_read_address.eq(number),
        ]
        reads, is_high = (
            delay(m, value, 1, name, reset=True) for value, name in ((reads, "reads"), (is_high, "is_high"))
        )
        with m.If((reads & ~is_high) | alone):
            m.d.sync += waiting.eq(1)
        with m.Elif(comes):
            m.d.sync += waiting.eq(0)
        return copied | (reads & is_high), copies.o_data

    def _control(self, m, port):
        """What the host acts on, and what it is told of."""
        clears = delay(m, self._ones(port, "ERROR").as_value().any(), 1, "clears")
        error, lost = self._keep_errors(m, clears)
        pending, mask = Signal(register_layout("INTERRUPT")), Signal(register_layout("INTERRUPT_MASK"))
        status, happened = Signal(register_layout("STATUS")), Signal.like(pending)
        cleared = self._ones(port, "INTERRUPT")
        done = self.i_done
        m.d.comb += [
            happened.job_done.eq(done.valid & done.irq),
            happened.error.eq(done.valid & (done.code != ErrorCode.NONE)),
            status.busy.eq(delay(m, self.i_busy, 1, "busy", reset=True)),
            status.error.eq(error.errors != 0),
            status.reports_lost.eq(lost),
            status.reports.eq(self.reports.waiting),
        ]
        for cause in pending.shape().members:
            m.d.sync += pending[cause].eq((pending[cause] & ~cleared[cause]) | happened[cause])
        m.d.sync += [
            self.o_irq.eq((pending.as_value() & mask.as_value()).any()),
            self.o_soft_reset.eq(self._ones(port, "CONTROL").soft_reset),
            self.reports.pop.eq(self._ones(port, "REPORT_POP").pop),
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
            m.d.sync += done.eq(done + 1)
            with m.If(self.i_done.code != ErrorCode.NONE):
                m.d.sync += failed.eq(failed + 1)
        return {"JOBS_DONE": done, "JOBS_FAILED": failed}

    def _writes(self, port, name):
        return port.o_write & (port.o_write_word == number_of(name))

    def _ones(self, port, name):
        """The ones that are being written to the register of that name, by part."""
        layout = register_layout(name)
        return data.View(layout, Mux(self._writes(port, name), port.o_write_data[: layout.size], 0))
