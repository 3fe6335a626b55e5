"""Whether a descriptor is one that this engine can run."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import DESCRIPTOR, ErrorCode, Op, Rounding
from convloom.spec.config import ROW_BANKS
from convloom.spec.job import FORMAT_VERSION, MAGIC

from convloom_rtl.payloads import DescriptorLayout

BITS = 12  # of the numbers that are multiplied bit by bit
ORDER = ("FORMAT", "NOT_BUILT_IN", "RANGE", "WEIGHTS", "CHANNELS", "ROWS", "REORDER", "LANES")


class DescriptorCheck(wiring.Component):
    """Checks the descriptor that is held at `i_descriptor`; answers `LATENCY` cycles after `i_start`.

    The products that it needs, the rows of a window, the words of those rows, and the words of a depthwise output
    row, are added up bit by bit: a descriptor comes long before its job begins. The liveness of the line buffer and
    of the output ring rests on these alone.

    Members
    -------
    i_descriptor : held from i_start on
    i_sum : sum modulo 2^16 of all 32 16-bit words; good when it is twice the last word
    o_code : 0 or the first that holds of ORDER
    o_row_words : with o_done: words of the output ring that a depthwise output row takes
    o_done : pulse with the answer
    """

    LATENCY = BITS + 5

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
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
        cycle = Signal(range(self.LATENCY + 1))
        with m.If(self.i_start):
            m.d.sync += cycle.eq(1)
        with m.Elif(cycle == self.LATENCY):
            m.d.sync += cycle.eq(0)
        with m.Elif(cycle != 0):
            m.d.sync += cycle.eq(cycle + 1)
        m.d.comb += self.o_done.eq(cycle == self.LATENCY)

        window_rows = self._product(m, cycle == 3, job.kh - 1, job.dilation_y, "window_rows")
        rows, rows_per_bank = Signal(BITS), Signal(BITS)
        m.d.sync += rows.eq(Mux(job.live_rows < job.in_h, job.live_rows, job.in_h[:BITS]))
        row_tiles = self._product(m, cycle == 3, job.k_tiles, job.out_w, "row_tiles")
        row_words, depthwise = Mux(job.raw, row_tiles << 2, row_tiles), job.op == Op.DEPTHWISE
        m.d.sync += self.o_row_words.eq(row_words)
        m.d.sync += rows_per_bank.eq((rows + ROW_BANKS - 1)[(ROW_BANKS - 1).bit_length() :])
        words = self._product(m, cycle == 3, rows_per_bank, job.slot, "words")

        wrong = Signal(len(ErrorCode))
        m.d.sync += [
            wrong[ErrorCode.FORMAT].eq(
                (job.magic != MAGIC) | (job.version != FORMAT_VERSION) | (self.i_sum != (job.sum << 1)[:16])
            ),
            wrong[ErrorCode.NOT_BUILT_IN].eq(self._is_not_built_in(job)),
            wrong[ErrorCode.RANGE].eq(self._is_out_of_range(job) | (window_rows + 1 != job.live_rows)),
            wrong[ErrorCode.WEIGHTS].eq(job.words_in_all > config.weight_words),
            wrong[ErrorCode.CHANNELS].eq(job.k_tiles > config.parameter_words // config.passes),
            wrong[ErrorCode.ROWS].eq(words > config.bank_words),
            # Half, so that the next row can be computed while this one leaves.
            wrong[ErrorCode.REORDER].eq(depthwise & (row_words > config.output_words // 2)),
            wrong[ErrorCode.LANES].eq(depthwise & (job.in_c & (config.cout_lanes - 1)).bool()),
        ]
        with m.If(wrong.any()):
            for name in reversed(ORDER):
                with m.If(wrong[ErrorCode[name]]):
                    m.d.comb += self.o_code.eq(ErrorCode[name])
        return m

    def _product(self, m, start, by_bits, number, name):
        """by_bits * number, BITS cycles after `start`; both are unsigned, by_bits below 2^BITS."""
        product = Signal(BITS + len(number), name=name)
        bits = Signal(BITS, name=f"{name}_bits")
        with m.If(start):
            m.d.sync += [bits.eq(by_bits), product.eq(0)]
        with m.Else():
            m.d.sync += [bits.eq(Cat(0, bits[:-1])), product.eq((product << 1) + Mux(bits[-1], number, 0))]
        return product

    def _is_not_built_in(self, job):
        modes = [mode for mode in Rounding if mode not in self.config.roundings]
        missing = Cat(job.rounding == mode for mode in modes).any() & ~job.raw if modes else 0
        operation = (job.op == Op.DENSE) | ((job.op == Op.DEPTHWISE) & self.config.depthwise)
        return (job.op != Op.NONE) & (~operation | missing)

    def _is_out_of_range(self, job):
        wrong = [job.clamp_low > job.clamp_high, job.last_tile_lanes > self.config.cout_lanes]
        depthwise = job.op == Op.DEPTHWISE
        wrong += [depthwise & (job[name] == 0) for name in ("kw", "passes", "stride_x")]
        for field in DESCRIPTOR:
            if field.least == 1:
                wrong.append(job[field.name] == 0)
            if field.most == 0:
                wrong.append(job[field.name] != 0)
        return Cat(wrong).any()
