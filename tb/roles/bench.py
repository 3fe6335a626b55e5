"""A testbench: everything that stands around an engine, so that a test says only what it sends."""

import random

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from roles.axil import AxilMaster
from roles.axil_monitor import AxilMonitor
from roles.host import SETTLE, Host
from roles.packet_sink import PacketSink
from roles.packet_source import PacketSource
from roles.scoreboard import Scoreboard
from roles.stalls import Stalls
from roles.stream_monitor import StreamMonitor
from roles.vectors import Layers

CLOCK_NS = 10
STUCK = 5_000  # cycles without a beat on any stream after which nothing will come any more


class Bench:
    """Clock, reset, bus models, monitors, host and scoreboard around `dut`, an engine's top module.

    One task calls every role's `step()` after each rising edge, monitors first.

    Parameters
    ----------
    config : the engine's Config
    stalls : name of the pattern, one of `roles.stalls.NAMES`
    seed : of the stalls, and of `rng` and `layers`, from which a test draws what it sends
    answer : answer(job, act, config) -> (packet, error code), the reference
    """

    def __init__(self, dut, config, stalls, seed, answer):
        self.dut, self.config, self.stalls = dut, config, Stalls(stalls, seed)
        self.rng = random.Random(f"{seed} vectors")
        self.layers = Layers(config, np.random.default_rng(self.rng.getrandbits(64)))
        self.scoreboard = Scoreboard(config, answer)
        cin, cout = config.cin_lanes, config.cout_lanes
        job_monitor = StreamMonitor(dut, "s_axis_job", cin, any_keep=True)
        act_monitor = StreamMonitor(dut, "s_axis_act", cin, any_keep=True)
        self.stream_monitors = [job_monitor, act_monitor, StreamMonitor(dut, "m_axis_out", cout)]
        self.job = PacketSource(dut, "s_axis_job", cin, self.stalls.job, job_monitor.reset)
        self.act = PacketSource(dut, "s_axis_act", cin, self.stalls.act, act_monitor.reset)
        self.out = PacketSink(dut, "m_axis_out", cout, self.stalls.out, self.scoreboard.take)
        self.axil = AxilMaster(dut, "s_axil", random.Random(f"{seed} axil"))
        self.host = Host(self.axil, dut.aclk)
        self.axil_monitor = AxilMonitor(dut, "s_axil")
        self.roles = [*self.stream_monitors, self.axil_monitor, self.job, self.act, self.out, self.axil]
        self.sent, self.cycle = [], 0
        self.edge = RisingEdge(dut.aclk)

    async def start(self):
        """Starts the clock and resets the engine. The inputs are driven already: no register takes an X."""
        self.dut.aresetn.value = 0
        Clock(self.dut.aclk, CLOCK_NS, unit="ns", impl="gpi").start(start_high=False)
        self.running = None
        await self.reset()
        return self

    async def reset(self, cycles=3):
        """Holds aresetn for some cycles; everything that is under way is forgotten on both sides."""
        if self.running:
            self.running.cancel()
        self.dut.aresetn.value = 0
        for role in self.roles:
            role.reset()
        self.forget()
        await ClockCycles(self.dut.aclk, cycles)
        for pin in ("m_axis_out_tvalid", "s_axil_bvalid", "s_axil_rvalid"):
            assert int(getattr(self.dut, pin).value) == 0, f"{pin} is up in reset"
        self.dut.aresetn.value = 1
        await self.edge
        self.running = cocotb.start_soon(self._run(), name="roles")

    def forget(self):
        """Nothing that was sent so far will be answered."""
        self.scoreboard.forget()
        self.sent.clear()
        self.host.forget()
        self._beats_before = self._beats()

    async def _run(self):
        steps = [role.step for role in self.roles]
        while True:
            await self.edge
            self.cycle += 1
            for step in steps:
                step()

    def send(self, vectors):
        """Tells the scoreboard of jobs and queues them, and their activations, on both streams at once."""
        self.expect(vectors)
        for vector in vectors:
            self.job.send(vector.job, keep=vector.job_keep)
            self.act.send(vector.act, keep=vector.act_keep)

    def expect(self, vectors):
        """Tells the scoreboard of jobs, and nobody else."""
        for vector in vectors:
            self.scoreboard.expect(vector)
            self.sent.append(vector)

    async def run(self, vectors):
        """Sends jobs and waits for their answers, while the host drains reports."""
        self.send(vectors)
        await self.answered()

    async def answered(self):
        """Waits for the answers to all jobs that were sent, while the host drains reports."""
        draining = cocotb.start_soon(self.host.drain_while(self.unfinished), name="host")
        await self.until(lambda: not self.unfinished(), "all answers")
        await draining

    async def exchange(self, vectors, stuck=STUCK):
        """Sends jobs and waits for their answers, without a host."""
        self.send(vectors)
        await self.until(lambda: not self.unfinished(), "all answers", stuck)

    def _beats(self):
        return {"BEATS_JOB": self.job.beats, "BEATS_ACT": self.act.beats, "BEATS_OUT": self.out.beats}

    @property
    def beats(self):
        """Beats transferred since aresetn or the soft reset, by register."""
        return {name: count - self._beats_before[name] for name, count in self._beats().items()}

    async def soft_reset(self):
        """Drops all jobs as a host does: ends the packets that have begun, waits for the output's end."""
        # What comes now may be answers still, and one packet that is cut short.
        self.scoreboard.closing = True
        self.job.stop_sending()
        self.act.stop_sending()
        await self.host.write("CONTROL", soft_reset=1)
        await self.until(
            lambda: not (self.job.busy or self.act.busy or self.out.inside), "the soft reset's end"
        )
        await self.cycles(SETTLE)
        await self.restart_counting()

    async def restart_counting(self):
        """What was sent so far is over: reports and errors are taken away, counters read as they stand."""
        assert not self.out.inside, "an output packet is open"
        self.forget()
        await self.host.start_anew()

    def unfinished(self):
        """Whether answers are missing, or input packets still to be taken."""
        return bool(self.scoreboard.waiting or self.job.busy or self.act.busy)

    async def cycles(self, number):
        """Lets the clock run."""
        await ClockCycles(self.dut.aclk, number)

    async def until(self, condition, what, stuck=STUCK):
        """Waits cycle by cycle. Raises AssertionError when all streams have long stood still."""
        moved, before = self.cycle, None
        while not condition():
            await self.edge
            beats = self.job.beats, self.act.beats, self.out.beats
            if beats != before:
                moved, before = self.cycle, beats
            assert self.cycle - moved < stuck, f"stuck before {what}: {self._streams()}"

    def _streams(self):
        states = []
        for name, role in (("s_axis_job", self.job), ("s_axis_act", self.act), ("m_axis_out", self.out)):
            valid, ready = (getattr(self.dut, f"{name}_{pin}").value for pin in ("tvalid", "tready"))
            states.append(f"{name} {role.beats} beats, valid {valid}, ready {ready}")
        return "; ".join([*states, f"{self.scoreboard.waiting} answers missing"])

    async def finish(self):
        """What holds at the end of every test."""
        self.scoreboard.finish()
        await self.host.check(self)
        assert not self.out.inside, "an output packet was begun for no job"
        self.axil_monitor.finish()
        self.stalls.check()
        self.stop()

    def stop(self):
        """Stops the roles: what comes now is watched by nobody."""
        self.running.cancel()
