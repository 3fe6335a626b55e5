"""A board's top: an engine that runs one job over and over and shows on LEDs whether its answers are right."""

from amaranth.hdl import ClockDomain, DomainRenamer, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from convloom_rtl.boards.answer_check import AnswerCheck
from convloom_rtl.boards.packet_player import PacketPlayer
from convloom_rtl.packet_ports import axi_stream
from convloom_rtl.top import Top


class SelfTest(wiring.Component):
    """The engine between players of the two packets and a check of its answers.

    Parameters
    ----------
    config : of the engine
    packets : the job's, `job` and `act`, bytes, and the `checksum` of its answer (see convloom.fpga.self_test)
    patience, blink : as in AnswerCheck
    leds_low : names of the LEDs that are lit by a low pin

    Members
    -------
    clk : the board's oscillator
    reset_n : a button, low while it is pressed: all begins anew
    led_pass, led_fail, led_beat : answers came and all were right; one was wrong or none came; answers come
    """

    def __init__(self, config, packets, *, patience, blink, leds_low=()):
        self.leds_low = leds_low
        self.engine = Top(config)
        self.job, self.act = (PacketPlayer(sent, config.cin_lanes) for sent in (packets.job, packets.act))
        self.check = AnswerCheck(config.cout_lanes, packets.checksum, patience, blink)
        leds = {name: Out(1) for name in ("led_pass", "led_fail", "led_beat")}
        super().__init__({"clk": In(1), "reset_n": In(1), **leds})

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = sync = ClockDomain()
        m.domains.unreset = unreset = ClockDomain(reset_less=True)
        runs = Signal()  # low for two cycles after the chip is configured, too
        m.submodules.button = FFSynchronizer(self.reset_n, runs, o_domain="unreset")
        m.d.comb += [unreset.clk.eq(self.clk), sync.clk.eq(self.clk), sync.rst.eq(~runs)]
        m.submodules.engine = DomainRenamer({"sync": "aclk"})(self.engine)  # it makes its own
        m.d.comb += [self.engine.aclk.eq(self.clk), self.engine.aresetn.eq(runs)]
        m.submodules.check = self.check
        m.submodules.job, m.submodules.act = self.job, self.act
        self._connect(m, self.job, "s_axis_job", drives_engine=True)
        self._connect(m, self.act, "s_axis_act", drives_engine=True)
        self._connect(m, self.check, "m_axis_out", drives_engine=False)
        for name in ("pass", "fail", "beat"):
            lit, is_low = getattr(self.check, f"o_{name}"), f"led_{name}" in self.leds_low
            m.d.comb += getattr(self, f"led_{name}").eq(~lit if is_low else lit)
        return m

    def _connect(self, m, port, prefix, drives_engine):
        """The pins of a player, or of the check, with the engine's of that prefix."""
        for name in (*axi_stream(port.lanes), "tready"):
            outer, inner = getattr(port, name), getattr(self.engine, f"{prefix}_{name}")
            towards = drives_engine != (name == "tready")
            m.d.comb += inner.eq(outer) if towards else outer.eq(inner)
