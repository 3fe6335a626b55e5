"""Whether a descriptor is one that this engine can run."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import DESCRIPTOR, ErrorCode, Op, Rounding
from convloom.spec.config import ROW_BANKS
from convloom.spec.job import DESCRIPTOR_BYTES, FORMAT_VERSION, MAGIC, OFFSETS

from convloom_rtl.kit.pipeline import delay
from convloom_rtl.payloads import DescriptorLayout

RAW_STEPS = 2  # raw tiles take four words
STEPS = 12 + RAW_STEPS  # of the products: as many as bits of four times k_tiles
ORDER = ("FORMAT", "NOT_BUILT_IN", "RANGE", "WEIGHTS", "CHANNELS", "ROWS", "REORDER", "LANES")


def exceeds(value, limit):
    """value > limit. Where the limit is a power of two, as most are, this takes no carry chain."""
    zeros = (limit & -limit).bit_length() - 1
    above, below = value[zeros:], value[:zeros]
    return (above >= (limit >> zeros) + 1) | ((above == limit >> zeros) & below.any())


class DescriptorCheck(wiring.Component):
    """Checks the descriptor that is held at `i_descriptor`; answers `LATENCY` cycles after `i_start`.

    The products that it needs, the words of a depthwise output row, the rows of a window and the words of those rows,
    are added up bit by bit: a descriptor comes long before its job begins. Each is as wide as what it may be, and
    remembers that it was more. The liveness of the line buffer and of the output ring rests on these alone.

    Members
    -------
    i_descriptor : held from i_start on
    i_sum : sum modulo 2^16 of all 32 16-bit words; good when it is twice the last word
    i_beat, i_number, i_taken : in the least engine, before i_start: the descriptor's beats, each with its number
    o_code : 0 or the first that holds of ORDER
    o_row_words : with o_done: words of the output ring that an output row of all channels takes, modulo 2^16
    o_done : pulse with the answer
    """

    LATENCY = STEPS + 3

    def __init__(self, config):
        self.config = config
        width = 8 * config.cin_lanes
        beats = {"i_beat": In(width), "i_number": In(range(8 * DESCRIPTOR_BYTES // width)), "i_taken": In(1)}
        super().__init__(
            {
                **(beats if config.is_least else {}),
                "i_descriptor": In(DescriptorLayout),
                "i_sum": In(16),
                "i_start": In(1),
                "o_code": Out(range(len(ErrorCode))),
                "o_row_words": Out(16),
                "o_done": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        job, config = self.i_descriptor, self.config
        stepping, left = Signal(), Signal(range(STEPS))
        last = stepping & (left == 0)
        m.d.sync += left.eq(left - 1)
        with m.If(self.i_start):
            m.d.sync += [stepping.eq(1), left.eq(STEPS - 1)]
        with m.Elif(last):
            m.d.sync += stepping.eq(0)
        m.d.comb += self.o_done.eq(delay(m, last, self.LATENCY - STEPS, "done", reset=True))

        rows, rows_per_bank = Signal(8), Signal(7)
        is_low = ~job.in_h[8:].any() & (job.in_h[:8] < job.live_rows)
        m.d.sync += rows.eq(Mux(is_low, job.in_h, job.live_rows))
        m.d.sync += rows_per_bank.eq((rows + ROW_BANKS - 1)[(ROW_BANKS - 1).bit_length() :])
        # Raw tiles take four words: the two steps more are made for them alone.
        step = delay(m, Cat(stepping, stepping & (job.raw | (left >= RAW_STEPS))), 1, "step")
        row_words, row_over = self._product(
            m, Cat(Const(0, RAW_STEPS), job.k_tiles).bit_select(left, 1), job.out_w, step[1], 16, "row_words"
        )
        words, words_over = self._product(
            m, rows_per_bank.bit_select(left, 1), job.slot, step[0], config.bank_words.bit_length(), "words"
        )
        last_row, last_live_row = (
            delay(m, (number - 1)[:8], 1, name)
            for number, name in ((job.kh, "last_row"), (job.live_rows, "last_live_row"))
        )
        window_rows, window_over = self._product(
            m, last_row.bit_select(left, 1), job.dilation_y, step[0], 8, "window_rows"
        )
        depthwise = self._is_depthwise(job)
        m.d.comb += self.o_row_words.eq(row_words)

        wrong = Signal(len(ErrorCode))
        is_foreign, is_out_of_range = (
            self._check_beats(m, job) if config.is_least else self._check_fields(m, job)
        )
        m.d.sync += [
            wrong[ErrorCode.FORMAT].eq(is_foreign | (self.i_sum != (job.sum << 1)[:16])),
            wrong[ErrorCode.NOT_BUILT_IN].eq(self._is_not_built_in(job)),
            wrong[ErrorCode.RANGE].eq(is_out_of_range | window_over | (window_rows != last_live_row)),
            wrong[ErrorCode.WEIGHTS].eq(exceeds(job.words_in_all, config.weight_words)),
            wrong[ErrorCode.CHANNELS].eq(exceeds(job.k_tiles, config.parameter_words // config.passes)),
            wrong[ErrorCode.ROWS].eq(words_over | exceeds(words, config.bank_words)),
            # Half, so that the next row can be computed while this one leaves.
            wrong[ErrorCode.REORDER].eq(
                depthwise & (row_over | exceeds(row_words, config.output_words // 2))
            ),
            wrong[ErrorCode.LANES].eq(depthwise & (job.in_c & (config.cout_lanes - 1)).bool()),
        ]
        for name in reversed(ORDER):
            with m.If(wrong[ErrorCode[name]]):
                m.d.comb += self.o_code.eq(ErrorCode[name])
        return m

    def _product(self, m, bit, number, step, bits, name):
        """bit by bit * number modulo 2^bits, and whether it is more; `bit` comes from the highest on, before `step`."""
        product, over = Signal(bits, name=name), Signal(name=f"{name}_over")
        counts = Signal(name=f"{name}_counts")
        m.d.sync += counts.eq(bit)
        whole = (product << 1) + Mux(counts, number, 0)
        with m.If(self.i_start):
            m.d.sync += [product.eq(0), over.eq(0)]
        with m.Elif(step):
            m.d.sync += [product.eq(whole), over.eq(over | whole[bits:].any())]
        return product, over

    def _is_not_built_in(self, job):
        modes = [mode for mode in Rounding if mode not in self.config.roundings]
        missing = Cat(job.rounding == mode for mode in modes).any() & ~job.raw if modes else 0
        operation = (job.op == Op.DENSE) | ((job.op == Op.DEPTHWISE) & self.config.depthwise)
        return (job.op != Op.NONE) & (~operation | missing)

    def _is_depthwise(self, job):
        """In the least engine without depthwise such a job is none that it has built in, whatever else is wrong."""
        if self.config.is_least and not self.config.depthwise:
            return Const(0)
        return job.op == Op.DEPTHWISE

    def _check_fields(self, m, job):
        """Whether the format is another, and whether a field is out of its range; this a cycle later: so many."""
        wrong = [job.clamp_low > job.clamp_high, job.last_tile_lanes > self.config.cout_lanes]
        wrong += self._depthwise_zeros(job)
        for field in DESCRIPTOR:
            if field.least == 1:
                wrong.append(job[field.name] == 0)
            if field.most == 0:
                wrong.append(job[field.name] != 0)
        is_foreign = (job.magic != MAGIC) | (job.version != FORMAT_VERSION)
        return is_foreign, delay(m, Cat(wrong), 1, "out_of_range").any()

    def _depthwise_zeros(self, job):
        return [self._is_depthwise(job) & (job[name] == 0) for name in ("kw", "passes", "stride_x")]

    def _check_beats(self, m, job):
        """Likewise, of each beat when it is there: what nobody else wants of a descriptor has no register then."""
        self._some = Signal(len(self.i_beat) // 4)  # of each four bits
        m.d.comb += self._some.eq(Cat(self.i_beat.word_select(n, 4).any() for n in range(len(self._some))))
        is_foreign, found, wrong = Signal(), Signal(), Signal()
        begun, begins = Signal(), Signal()  # a field that goes on in the next beat is not zero so far
        with m.Switch(self.i_number):
            for n in range(8 * DESCRIPTOR_BYTES // len(self.i_beat)):
                with m.Case(n):
                    self._check_beat(m, n, found, begun, begins)
        head = self.i_beat[: OFFSETS["op"]]
        with m.If(self.i_taken):
            m.d.sync += [begun.eq(begins), wrong.eq(found | ((self.i_number != 0) & wrong))]
            with m.If(self.i_number == 0):
                m.d.sync += is_foreign.eq(head != MAGIC | FORMAT_VERSION << OFFSETS["version"])
        others = [job.clamp_low > job.clamp_high, job.last_tile_lanes > self.config.cout_lanes]
        return is_foreign, Cat(wrong, others, self._depthwise_zeros(job)).any()

    def _check_beat(self, m, number, found, begun, begins):
        """Whether a field that ends in this beat is zero and must not be, or the other way round."""
        first, wrong = number * len(self.i_beat), []
        for field in DESCRIPTOR:
            low = OFFSETS[field.name] - first
            high = low + field.bits
            if (field.least != 1 and field.most != 0) or high <= 0 or low >= len(self.i_beat):
                continue
            some = self._holds_some(max(low, 0), min(high, len(self.i_beat)))
            some |= begun if low < 0 else 0
            if field.most == 0:
                wrong.append(some)
            elif high > len(self.i_beat):
                m.d.comb += begins.eq(some)
            else:
                wrong.append(~some)
        m.d.comb += found.eq(Cat(wrong).any())

    def _holds_some(self, low, high):
        """Whether any of those bits of the beat is 1. Most fields are made of whole fours, which share a LUT each."""
        if low % 4 or high % 4:
            return self.i_beat[low:high].any()
        return self._some[low // 4 : high // 4].any()
