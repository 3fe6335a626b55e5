"""The top module: AXI pins by their flat names, the clock and the resets. All else is in the engine."""

from amaranth.hdl import ClockDomain, DomainRenamer, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from convloom_rtl.engine import REGIONS, Engine
from convloom_rtl.packet_ports import InputPort, OutputPort
from convloom_rtl.registers import Registers
from convloom_rtl.reset_control import ResetControl

STREAM_PINS = ("tdata", "tkeep", "tlast", "tvalid", "tready")
AXI_LITE_PINS = (
    *(
        "awaddr",
        "awprot",
        "awvalid",
        "awready",
        "wdata",
        "wstrb",
        "wvalid",
        "wready",
        "bresp",
        "bvalid",
        "bready",
    ),
    *("araddr", "arprot", "arvalid", "arready", "rdata", "rresp", "rvalid", "rready"),
)
# Vivado's names of the interfaces, by the first words of their pins.
BUSES = {
    **dict.fromkeys(("s_axis_job", "s_axis_act", "m_axis_out"), "xilinx.com:interface:axis:1.0"),
    "s_axil": "xilinx.com:interface:aximm:1.0",
}
# A pin that is an interface of its own: its kind, what Vivado calls the pin in it, and what it has to know.
SINGLE_PINS = {
    "aclk": ("clock", "CLK", f"ASSOCIATED_BUSIF {':'.join(BUSES)}, ASSOCIATED_RESET aresetn"),
    "aresetn": ("reset", "RST", "POLARITY ACTIVE_LOW"),
    "irq": ("interrupt", "INTERRUPT", "SENSITIVITY LEVEL_HIGH"),
}


class Top(wiring.Component):
    """An engine behind AXI pins. `aresetn` is synchronous to `aclk`, low for a cycle or more.

    After a reset of either kind the input streams are not ready for 64 cycles. What each stream and register
    carries is told in docs/registers.md. Pins are those of the ports below, with the stream's name in front. Each has
    attributes by which Vivado's block design knows its interface (UG994, "List of Supported X_ Attributes").
    """

    def __init__(self, config):
        self.engine, self.registers = Engine(config), Registers(config)
        self.job, self.act = (InputPort(config.cin_lanes, direct=config.is_least) for _ in range(2))
        self.out = OutputPort(config.cout_lanes, direct=config.is_least)
        self._pins = {  # top's pin: (component, its member)
            f"{prefix}_{pin}": (port, pin)
            for prefix, port, pins in (
                ("s_axis_job", self.job, STREAM_PINS),
                ("s_axis_act", self.act, STREAM_PINS),
                ("m_axis_out", self.out, STREAM_PINS),
                ("s_axil", self.registers, AXI_LITE_PINS),
            )
            for pin in pins
        }
        members = {name: port.signature.members[pin] for name, (port, pin) in self._pins.items()}
        super().__init__({"aclk": In(1), "aresetn": In(1), "irq": Out(1), **members})
        self._name_interfaces()

    def _name_interfaces(self):
        for name, (_, pin) in self._pins.items():
            bus = name.removesuffix(f"_{pin}")
            getattr(self, name).attrs["X_INTERFACE_INFO"] = f"{BUSES[bus]} {bus} {pin.upper()}"
        self.s_axil_awaddr.attrs["X_INTERFACE_PARAMETER"] = "XIL_INTERFACENAME s_axil, PROTOCOL AXI4LITE"
        for name, (kind, role, parameters) in SINGLE_PINS.items():
            attributes = getattr(self, name).attrs
            attributes["X_INTERFACE_INFO"] = f"xilinx.com:signal:{kind}:1.0 {name} {role}"
            attributes["X_INTERFACE_PARAMETER"] = f"XIL_INTERFACENAME {name}, {parameters}"

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = sync = ClockDomain()
        m.submodules.reset_control = reset = ResetControl()
        self._reset_engine(m, reset.o_reset)
        at_ports = self._nearby(m, reset.o_reset, "ports")
        m.submodules.registers = self.registers
        m.submodules.job_port, m.submodules.act_port, m.submodules.out_port = self.job, self.act, self.out
        m.submodules.engine = DomainRenamer("engine")(self.engine)
        m.d.comb += [
            sync.clk.eq(self.aclk),
            sync.rst.eq(~self.aresetn),
            reset.i_request.eq(self.registers.o_soft_reset),
            self.irq.eq(self.registers.o_irq),
        ]
        for name, (port, pin) in self._pins.items():
            inner, outer = getattr(port, pin), getattr(self, name)
            m.d.comb += inner.eq(outer) if port.signature.members[pin].flow == In else outer.eq(inner)
        for port in (self.job, self.act, self.out):
            m.d.comb += port.i_reset.eq(at_ports)
        connect(m, self.job.o, self.engine.i_job)
        connect(m, self.act.o, self.engine.i_act)
        connect(m, self.engine.o, self.out.i)
        m.d.comb += [
            self.job.i_room.eq(self.engine.o_job_room),
            self.act.i_room.eq(self.engine.o_act_room),
            self.engine.i_room.eq(self.out.o_room),
        ]
        connect(m, self.engine.reports, self.registers.reports)
        m.d.comb += [
            self.registers.i_total.eq(self.engine.o_total),
            self.registers.i_done.eq(self.engine.o_done),
            self.registers.i_busy.eq(
                self.engine.o_busy
                | self.job.o_inside
                | self.act.o_inside
                | self.out.o_inside
                | reset.o_reset
                | at_ports
            ),
        ]
        return m

    def _reset_engine(self, m, reset):
        """The engine's clock domains, all on the same clock and reset together."""
        for name in ("engine", *REGIONS):
            domain = ClockDomain(name)
            m.domains += domain
            m.d.comb += [domain.clk.eq(self.aclk), domain.rst.eq(self._nearby(m, reset, name))]

    def _nearby(self, m, reset, name):
        """The reset a cycle later, from a register of its own: what all is reset by one would be placed to be near it.

        In the least engine, which is small, it is the one register.
        """
        if self.engine.config.is_least:
            return reset
        near = Signal(name=f"reset_of_{name}", init=1, attrs={"keep": 1})
        m.d.sync += near.eq(reset)
        return near
