"""Reads the job packets: the descriptor, and by way of the section reader the channels' parameters and the weights."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from convloom.spec import ErrorCode, Op
from convloom.spec.config import ROW_BANKS
from convloom.spec.job import DESCRIPTOR_BYTES

from convloom_rtl.chips import idle_without
from convloom_rtl.descriptor_check import DescriptorCheck
from convloom_rtl.kit.pipeline import copies, delay, registered_sum, tree_levels
from convloom_rtl.payloads import (
    LEVELS,
    RAW_SLOTS,
    CountJob,
    DescriptorLayout,
    LoadJob,
    QuantiseJob,
    RecordLayout,
    ReportJob,
    RingJob,
    WalkJob,
    input_beat,
)
from convloom_rtl.section_reader import SectionReader


class JobReader(wiring.Component):
    """One beat per cycle; between descriptor and parameters DescriptorCheck.LATENCY and a few cycles.

    Each stage is told what it has to know of a job as soon as its descriptor is good; the parameters and weights
    follow as there is room. The descriptor is held until all have taken it, so that a stage may use it where it is
    and take it when the job has ended there.

    A packet that ends within the descriptor, and one with a bad descriptor, discards the job; the stages are told
    of it all the same, because every job is answered, in order. The beats that a descriptor lacks count as zeros,
    so that job number and flags are right where they came.

    Members
    -------
    i : beats of the job packets
    o_room : i.ready of the next cycle
    o_load, o_walk, o_quantise, o_ring, o_count : what the stages have to know, one per job, in order
    i_records_room, i_weights_room : in the next cycle one more can be taken
    o_records : parameters, k_tiles * cout_lanes per job that is not discarded
    o_weights : weight words, lane by lane
    o_loaded : pulse: a job's last weights are being taken
    o_reports : per job, in order, as soon as its packet's error code is known
    o_inside : a packet has begun and has not been read to its end
    """

    def __init__(self, config):
        self.config = config
        self.descriptor_beats = DESCRIPTOR_BYTES // config.cin_lanes
        super().__init__(
            {
                "i": In(stream.Signature(input_beat(config.cin_lanes))),
                "o_room": Out(1),
                "o_load": Out(stream.Signature(LoadJob)),
                "o_walk": Out(stream.Signature(WalkJob)),
                "o_quantise": Out(stream.Signature(QuantiseJob)),
                "o_ring": Out(stream.Signature(RingJob)),
                "o_count": Out(stream.Signature(CountJob)),
                "i_records_room": In(1),
                "i_weights_room": In(1),
                "o_records": Out(stream.Signature(RecordLayout, always_ready=True)),
                "o_weights": Out(stream.Signature(8 * config.cin_lanes, always_ready=True)),
                "o_loaded": Out(1),
                "o_reports": Out(stream.Signature(ReportJob)),
                "o_inside": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        check, checks = DescriptorCheck(self.config), Signal()
        m.submodules.check = idle_without(checks, check, platform)
        m.submodules.sections = sections = SectionReader(self.config)
        taken, filling, cut_short = Signal(), Signal(), Signal()
        # `number` of the descriptor's beat: as many as a power of two, so it wraps to 0 by itself.
        code, number = Signal(range(len(ErrorCode))), Signal(range(self.descriptor_beats))
        descriptor = self._descriptor(m, sections.o_weights.p, taken, filling, number)
        total, sum_cycles = self._sum(m, taken, number)
        discard, row_words = Signal(), Signal(16, reset_less=True)
        starts_telling, telling = self._tell(m, descriptor, self._more(descriptor, discard, row_words))
        is_last = number == self.descriptor_beats - 1
        is_whole = is_last & self.i.p.keep[-1]
        self._connect_sections(m, sections, descriptor)
        m.d.comb += [
            cut_short.eq(taken & self.i.p.last & ~is_whole),
            check.i_descriptor.eq(descriptor),
            check.i_sum.eq(total),
            check.i_start.eq(delay(m, taken & is_last & ~cut_short, sum_cycles, "started")),
            *self._show_beats(check, number, taken),
            # Reading ahead rests where no section follows: then each beat is taken, up to the packet's last.
            self.i.ready.eq(sections.i.ready),
            self.o_reports.p.code.eq(code),
            *(self.o_reports.p[name].eq(descriptor[name]) for name in ("job_id", "irq", "report")),
        ]
        ended, will_have_ended = self._packet_end(m, sections)
        # A state keeps the job's code, and whether it is discarded, in each of its cycles: its last one counts.
        with m.FSM() as fsm:
            m.d.comb += checks.eq(taken | fsm.ongoing("CHECK"))
            begun = (number != 0) | ~fsm.ongoing("DESCRIPTOR")
            m.d.comb += self.o_inside.eq(begun & ~(ended & fsm.ongoing("REPORT")))
            with m.State("DESCRIPTOR"):
                m.d.comb += taken.eq(self.i.valid)
                m.d.sync += [code.eq(ErrorCode.JOB_SHORT), discard.eq(1)]  # unless it is checked
                with m.If(taken):
                    m.d.sync += number.eq(number + 1)
                    with m.If(is_last):
                        m.next = "CHECK"
                    with m.If(cut_short):
                        m.next = "FILL"
                        with m.If(is_last):
                            m.next = "TELL"
            with m.State("FILL"):
                m.d.comb += filling.eq(1)
                m.d.sync += number.eq(number + 1)
                with m.If(is_last):
                    m.next = "TELL"
            with m.State("CHECK"):
                m.d.comb += sections.i_reads.eq(1)
                m.d.sync += [code.eq(check.o_code), row_words.eq(check.o_row_words)]
                m.d.sync += discard.eq(check.o_code.bool() | (descriptor.op == Op.NONE))
                with m.If(check.o_done):
                    m.next = "TELL"
            with m.State("TELL"):
                m.d.comb += [starts_telling.eq(1), sections.i_reads.eq(1), sections.i_start.eq(~discard)]
                m.next = "SECTIONS"
                with m.If(discard):
                    m.next = "REPORT"
            with m.State("SECTIONS"):
                m.d.comb += sections.i_reads.eq(1)
                m.d.sync += code.eq(sections.o_code)
                with m.If(sections.o_done):
                    m.next = "REPORT"
            with m.State("REPORT"):
                m.d.comb += self.o_reports.valid.eq(1)
                with m.If(self.o_reports.ready):
                    m.next = "DROP"
            with m.State("DROP"):
                with m.If(~telling & ended):
                    m.d.comb += will_have_ended.eq(0)
                    m.next = "DESCRIPTOR"
        return m

    def _packet_end(self, m, sections):
        """Whether the packet whose job this is has been taken to its end; a cycle ahead, which the next one clears."""
        ended, will_have_ended = Signal(), Signal()
        m.d.comb += will_have_ended.eq(ended | (self.i.valid & self.i.ready & self.i.p.last))
        m.d.comb += self.o_room.eq(sections.o_takes & ~will_have_ended)
        m.d.sync += ended.eq(will_have_ended)
        if self.config.is_least:
            m.d.comb += sections.i_open.eq(~ended)
        else:  # a register of its own for what stands before a beat's every byte
            m.d.comb += sections.i_open.eq(~copies(m, will_have_ended, 1, "ended_there")[0])
        return ended, will_have_ended

    def _connect_sections(self, m, sections, descriptor):
        connect(m, sections.o_records, flipped(self.o_records))
        connect(m, sections.o_weights, flipped(self.o_weights))
        m.d.comb += [
            sections.i.p.eq(self.i.p),
            sections.i.valid.eq(self.i.valid),
            sections.i_k_tiles.eq(descriptor.k_tiles),
            sections.i_words.eq(descriptor.words_in_all),
            sections.i_records_room.eq(self.i_records_room),
            sections.i_weights_room.eq(self.i_weights_room),
            self.o_loaded.eq(sections.o_done),
        ]

    def _more(self, descriptor, discard, row_words):
        """What the stages are told besides the descriptor's own fields."""
        last_group = (descriptor.k_tiles - 1)[: len(descriptor.k_tiles)]
        is_depthwise = (descriptor.op == Op.DEPTHWISE) & ~discard
        numbers = {level: descriptor[level] for level in LEVELS}
        numbers["runs"] = Mux(is_depthwise, descriptor.passes, descriptor.runs)
        return {
            "discard": discard,
            "depthwise": is_depthwise,
            "single": Cat(number == 1 for number in numbers.values()),
            "slides": is_depthwise & (descriptor.kh <= ROW_BANKS) & (descriptor.kw <= ROW_BANKS),
            "row_words": row_words,
            "last_column": descriptor.out_w - 1,
            "last_group": last_group,
            # A raw tile's slots are taken one by one.
            "hop": Mux(descriptor.raw, RAW_SLOTS * last_group + 1, descriptor.k_tiles),
        }

    def _show_beats(self, check, number, taken):
        if not self.config.is_least:
            return []
        beat = Cat(self.i.p.data)
        return [check.i_beat.eq(beat), check.i_number.eq(number), check.i_taken.eq(taken)]

    def _descriptor(self, m, beat, taken, filling, number):
        """The descriptor as it arrives, a cycle behind `beat`, which is a cycle behind the input; zeros to fill it.

        In the least engine it arrives from the input itself.
        """
        bits = Signal(8 * DESCRIPTOR_BYTES, reset_less=True)
        if self.config.is_least:  # each beat in its place, so that there is no register for what nobody reads
            with m.Switch(number):
                for n in range(self.descriptor_beats):
                    with m.Case(n):
                        self._keep(m, bits.word_select(n, 8 * self.config.cin_lanes), taken, filling)
        else:  # as one shift register, enabled by a register: it is wide
            with m.If(delay(m, taken | filling, 1, "arrives", reset=True)):
                m.d.sync += bits.eq(Cat(bits, beat)[8 * self.config.cin_lanes :])
        return data.View(DescriptorLayout, bits)

    def _sum(self, m, taken, number):
        """The sum of the descriptor's words, and the cycles from its last beat to it."""
        words = [Cat(self.i.p.data[n : n + 2]) for n in range(0, self.config.cin_lanes, 2)]
        of_beat = registered_sum(m, words, "word_sum")
        levels = tree_levels(len(words))
        arriving, is_first = delay(m, taken, levels, "sum_taken"), delay(m, number == 0, levels, "sum_first")
        total = Signal(16, reset_less=True)
        with m.If(arriving):
            m.d.sync += total.eq(Mux(is_first, 0, total) + of_beat)
        return total, levels + 1

    def _keep(self, m, place, taken, filling):
        with m.If(taken):
            m.d.sync += place.eq(Cat(self.i.p.data))
        with m.Elif(filling):
            m.d.sync += place.eq(0)

    def _tell(self, m, descriptor, more):
        """Tells every stage once of the job, which is held meanwhile: returns the pulse that begins it, and whether
        a stage has not taken it yet."""
        starts, telling = Signal(), Signal()
        outputs = (self.o_load, self.o_walk, self.o_quantise, self.o_ring, self.o_count)
        done = Signal(len(outputs))
        for n, output in enumerate(outputs):
            m.d.comb += output.valid.eq(telling & ~done[n])
            for name in output.p.shape().members:
                m.d.comb += output.p[name].eq(more[name] if name in more else descriptor[name])
            with m.If(output.valid & output.ready):
                m.d.sync += done[n].eq(1)
        with m.If(done.all()):
            m.d.sync += [telling.eq(0), done.eq(0)]
        with m.If(starts):
            m.d.sync += telling.eq(1)
        return starts, telling
