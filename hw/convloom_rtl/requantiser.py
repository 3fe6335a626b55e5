"""Turns accumulators into output bytes: bias, scale, rounding, zero point, clamp; or bias alone."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out, connect, flipped

from convloom_rtl.chips import chip_of, idle_without
from convloom_rtl.kit.pipeline import delay
from convloom_rtl.parameter_ring import ParameterRing
from convloom_rtl.payloads import QuantiseJob, RecordLayout, piece, tile
from convloom_rtl.primitives.chosen_sum import ChosenSum
from convloom_rtl.primitives.memory import DelayLine
from convloom_rtl.rescaler import Rescaler
from convloom_rtl.tile_passes import RAW_PIECES, TilePasses


class Requantiser(wiring.Component):
    """requant_lanes accumulators per cycle: a tile in `passes` cycles, four times as many where it stays raw.

    A tile's first piece comes `latency` cycles after the tile, raw or not, the others in the cycles behind.
    There is no back-pressure: tiles come at least as far apart as one takes, and only when a slot is free.
    Bias and accumulator add modulo 2^32.

    Where no chip is meant, what lies behind the passes stands still while there is nothing in it; not in the least
    engine.

    Members
    -------
    i_jobs : one per job, in order, there before the job's first tile
    i_records : the parameters of k_tiles * cout_lanes channels of each job that is not discarded
    o_records_room : in the next cycle there is room for one
    i_tile, i_valid : a tile; its job's parameters have all been taken, the last two cycles before at the latest. A
        discarded job has a single one
    i_load : i_valid once more, for the accumulators' many registers
    o_piece, o_valid : requant_lanes bytes: int8, or little-endian int32, lane by lane
    """

    def __init__(self, config):
        self.config = config
        self.passes = TilePasses(config)
        self.rescaler = Rescaler(config.requant_lanes, config.roundings, steady=config.is_least)
        self.bias_cycles = config.relay
        self.latency = self.passes.latency + self.bias_cycles + self.rescaler.latency + 2
        super().__init__(
            {
                "i_jobs": In(stream.Signature(QuantiseJob)),
                "i_records": In(stream.Signature(RecordLayout, always_ready=True)),
                "o_records_room": Out(1),
                "i_tile": In(tile(config)),
                "i_valid": In(1),
                "i_load": In(1),
                "o_piece": Out(piece(config)),
                "o_valid": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.passes = passes = self.passes
        m.submodules.ring = ring = ParameterRing(self.config)
        # A register for the way from the parameters' memory.
        parameters = delay(m, ring.o, passes.wait // 2, "parameters")
        connect(m, flipped(self.i_jobs), passes.i_jobs)
        connect(m, flipped(self.i_records), ring.i)
        m.d.comb += [
            passes.i_tile.eq(self.i_tile),
            passes.i_valid.eq(self.i_valid),
            passes.i_load.eq(self.i_load),
            ring.i_step.eq(passes.o_step),
            self.o_records_room.eq(ring.o_room),
        ]
        # The least engine's stages have a memory on the way, which is only written where it runs on.
        if self.config.is_least or chip_of(platform):
            self._add_stages(m, passes, parameters)
        else:
            stages = Module()
            self._add_stages(stages, passes, parameters)
            m.submodules.stages = idle_without(self._runs(m, passes), stages, platform)
        return m

    def _runs(self, m, passes):
        """Whether there is anything between `passes` and o_valid, or there was in the cycle before.

        Like the stages themselves it is not reset: what is on its way leaves during a reset.
        """
        cycles = self.latency - self.passes.latency + 1
        passed, runs = Signal(cycles - 1, reset_less=True), Signal(reset_less=True)
        m.d.sync += [passed.eq(Cat(passes.o_active, passed)), runs.eq(passes.o_active | passed.any())]
        return runs

    def _add_stages(self, m, passes, parameters):
        """What comes behind the passes; no state but what is on its way."""
        m.submodules.rescaler = self.rescaler
        control = delay(m, passes.o_control, self.bias_cycles, "biased_control")

        def treatment(control):
            return passes.o_treatment if self.config.is_least else control.treatment

        m.d.comb += [
            self.rescaler.i_rounding.eq(treatment(passes.o_control).rounding),  # a cycle ahead of the sums
            self.rescaler.i_zero_point.eq(treatment(passes.o_control).output_zero_point),
        ]
        sums = self._add_bias(m, passes, parameters)
        raw = self._raw_bytes(m, sums, control)
        if self.config.is_least:
            raw, control = self._keep(m, raw, control)
        else:
            raw = delay(m, raw, self.rescaler.latency - 1, "raw_bytes")
            control = delay(m, control, self.rescaler.latency, "rescaled_control")
        self._finish(m, control, treatment, raw)

    def _add_bias(self, m, passes, parameters):
        """A register for the sums, and for the scales beside them, `bias_cycles` of it: all for the rescaler."""
        rescaler, registers = self.rescaler, m.d.sync if self.bias_cycles else m.d.comb
        sums, multipliers, shifts = (
            Signal(port.shape(), name=name, reset_less=True)
            for name, port in (
                ("sums", rescaler.i_accumulators),
                ("multipliers", rescaler.i_multipliers),
                ("shifts", rescaler.i_shifts),
            )
        )
        for n, channel in enumerate(parameters):
            m.submodules[f"sum_{n}"] = chosen = ChosenSum(32)
            m.d.comb += [
                chosen.i_first.eq(passes.o_accumulators[0][n]),
                chosen.i_second.eq(passes.o_accumulators[-1][n]),
                chosen.i_choice.eq(passes.o_second),
                chosen.i_addend.eq(channel.bias),
            ]
            registers += sums[n].eq(chosen.o)
        registers += [
            *(multipliers[n].eq(channel.multiplier) for n, channel in enumerate(parameters)),
            *(shifts[n].eq(channel.shift) for n, channel in enumerate(parameters)),
        ]
        m.d.comb += [
            rescaler.i_accumulators.eq(sums),
            rescaler.i_multipliers.eq(multipliers),
            rescaler.i_shifts.eq(shifts),
        ]
        return sums

    def _raw_bytes(self, m, sums, control):
        """The piece's bytes of the sums as they are, a cycle later."""
        width = 8 * self.config.requant_lanes
        chosen = Signal(width, reset_less=True)
        with m.Switch(
            control.quarter
        ):  # one choice among whole words simulates faster than one for each byte
            for quarter in range(RAW_PIECES):
                with m.Case(quarter):
                    m.d.sync += chosen.eq(sums.as_value().word_select(quarter, width))
        return chosen

    def _keep(self, m, raw, control):
        """Raw bytes, a cycle behind their control, and that until the others are results; in a block memory."""
        control = delay(m, control, 1, "rescaled_control")
        m.submodules.beside = beside = DelayLine(
            len(raw) + len(Value.cast(control)), self.rescaler.latency - 1
        )
        m.d.comb += beside.i.eq(Cat(raw, control))
        return beside.o[: len(raw)], View(control.shape(), beside.o[len(raw) :])

    def _finish(self, m, control, treatment, raw):
        """Comparisons, from which raw bytes are exempt; clamp."""
        clamped_control = delay(m, control, 1, "clamped_control")
        compared, clamped = treatment(control), treatment(clamped_control)
        low, high = clamped.clamp_low, clamped.clamp_high
        made = Signal(self.o_piece.data.shape(), reset_less=True)
        for lane, result in enumerate(self.rescaler.o):
            inside = Signal(8, name=f"inside_{lane}", reset_less=True)
            is_low, is_high = (
                Signal(name=f"{name}_{lane}", reset_less=True) for name in ("is_low", "is_high")
            )
            m.d.sync += [
                inside.eq(Mux(compared.raw, raw.word_select(lane, 8), result[:8])),
                # Signs of differences: synthesis needs more for a comparison.
                is_low.eq(~compared.raw & (result - compared.clamp_low)[-1]),
                is_high.eq(~compared.raw & (compared.clamp_high - result)[-1]),
                made[lane].eq(Mux(is_low, low, Mux(is_high, high, inside))),
            ]
        m.d.comb += self.o_piece.data.eq(made)
        m.d.sync += [
            *(
                self.o_piece[name].eq(clamped_control[name])
                for name in ("slot_end", "count", "last", "job_end")
            ),
            self.o_valid.eq(clamped_control.valid),
        ]
