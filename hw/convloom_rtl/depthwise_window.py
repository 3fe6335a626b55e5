"""The window of a depthwise job: four columns of four rows, for each of cout_lanes channels."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec.config import ROW_BANKS

from convloom_rtl.kit.pipeline import copies, delay
from convloom_rtl.payloads import WindowStep

COLUMNS = 4
TAPS = COLUMNS * ROW_BANKS


def column(config):
    """cout_lanes bytes of each of four rows."""
    return data.ArrayLayout(8 * config.cout_lanes, ROW_BANKS)


class DepthwiseWindow(wiring.Component):
    """Shifts columns in: one a cycle, or two where one was staged. One cycle from a column to the window.

    No column is staged where a word of weights covers all taps.

    Members
    -------
    i_column : cout_lanes bytes for each of four rows, told by their difference (XOR) from the pad value
    i_step : what to do with the column, a cycle ahead
    o_columns : the columns, the newest first, told likewise: what stands before a group's first column is 0
    """

    LATENCY = 1

    def __init__(self, config):
        self.config = config
        shape = column(config)
        super().__init__(
            {"i_column": In(shape), "i_step": In(WindowStep), "o_columns": Out(shape).array(COLUMNS)}
        )

    def elaborate(self, platform):
        m = Module()
        newest = self.i_column.as_value()
        columns = [Signal(len(newest), name=f"column_{age}", reset_less=True) for age in range(COLUMNS)]
        # A column may have to wait while more words of an output's taps are multiplied.
        waits = self.config.cin_lanes < TAPS
        staged, has_staged = self._stage(m, newest) if waits else (newest, Const(0))
        # Of each age its own, in registers: they have many ends.
        enters_next = self.i_step.read & ~(self.i_step.stage & waits)
        enters = copies(m, enters_next, COLUMNS, "enters")
        begins = copies(m, enters_next & self.i_step.begin, COLUMNS, "begins")
        # One signal for each age, each set whole: simulation leaves alone those of a window that stands still.
        for age, register in enumerate(columns):
            by_one, by_two = ([newest, *columns][age], [newest, staged, *columns][age])
            with m.If(enters[age]):
                m.d.sync += register.eq(Mux(has_staged, by_two, by_one))
            # Outside of the branch above, so that it is the registers' reset.
            if age:
                with m.If(begins[age] & (~has_staged if age == 1 else 1)):
                    m.d.sync += register.eq(0)
            m.d.comb += self.o_columns[age].eq(register)
        return m

    def _stage(self, m, newest):
        """The column that enters with the next one, and whether there is one."""
        step = delay(m, self.i_step, 1, "step")
        staged, has_staged = Signal.like(newest, reset_less=True), Signal()
        with m.If(step.read):
            m.d.sync += has_staged.eq(step.stage)
        with m.If(step.read & step.stage):
            m.d.sync += staged.eq(newest)
        return staged, has_staged
