"""Hands a tile to the requantiser's lanes, pass by pass, and says what is to become of each."""

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.kit.pipeline import delay
from convloom_rtl.parameter_ring import RingStep
from convloom_rtl.payloads import DESCRIPTOR_SHAPES, QuantiseJob, tile

RAW_PIECES = 4  # bytes of an accumulator: a pass of raw ones makes so many pieces
Treatment = data.StructLayout(
    {
        "raw": 1,
        **{
            name: DESCRIPTOR_SHAPES[name]
            for name in ("rounding", "output_zero_point", "clamp_low", "clamp_high")
        },
    }
)
# What happens in a cycle: is there a pass, which bytes of raw accumulators, does it end, is it the second of two, does
# the tile end with it.
Pass = data.StructLayout({"active": 1, "quarter": range(RAW_PIECES), "ends": 1, "second": 1, "tile_ends": 1})


def piece_control(config):
    """How to make a piece of a pass; slot_end, count and last as in payloads.piece.

    In the least engine the treatment is not handed on: it is the same for all pieces on their way.
    """
    return data.StructLayout(
        {
            **({} if config.is_least else {"treatment": Treatment}),
            "quarter": range(RAW_PIECES),  # which bytes of raw accumulators
            "slot_end": 1,
            "count": range(config.cout_lanes + 1),
            "last": 1,
            "job_end": 1,
            "valid": 1,
        }
    )


class TilePasses(wiring.Component):
    """Holds a tile for `passes` cycles, four times as long where it stays raw. `latency` cycles.

    Job and flags are taken with the tile, so that nothing rests on how soon the next job's tile comes. A
    discarded job's tile becomes one byte 0, by its clamps. The parameter ring's steps come from registers, and its
    words pass through one more: what is handed on waits two cycles for them; in the least engine none of it.

    Members
    -------
    i_jobs : one per job, there before the job's first tile
    i_tile, i_valid : a tile, when the one before is no longer held
    i_load : i_valid once more, for the accumulators' many registers
    o_step : for the parameter ring, two cycles ahead of the pass, or three
    o_accumulators, o_second : requant_lanes accumulators of a pass and, where there are several, of the next one;
        which of the two it is the turn of
    o_control : what to make of them in this cycle
    o_active : a cycle ahead, whether there is anything to make
    o_treatment : of the tile that has arrived last; in the least engine of all that are on their way
    """

    def __init__(self, config):
        self.config = config
        self.wait = 0 if config.is_least else 2
        self.latency = 2 + self.wait
        self.choices = min(2, config.passes)
        lanes = data.ArrayLayout(signed(32), config.requant_lanes)
        super().__init__(
            {
                "i_jobs": In(stream.Signature(QuantiseJob)),
                "i_tile": In(tile(config)),
                "i_valid": In(1),
                "i_load": In(1),
                "o_step": Out(RingStep),
                "o_accumulators": Out(data.ArrayLayout(lanes, self.choices)),
                "o_second": Out(1),
                "o_control": Out(piece_control(config)),
                "o_active": Out(1),
                "o_treatment": Out(Treatment),
            }
        )

    def elaborate(self, platform):
        m = Module()
        flags = data.StructLayout(dict.fromkeys(("advance", "rewind", "job_end"), 1))
        taken = data.StructLayout({"treatment": Treatment, "discard": 1, "flags": flags})
        now, held = Signal(taken), Signal(taken, reset_less=True)  # of the tile, from its arrival on
        m.d.comb += [now.eq(held), self.o_treatment.eq(held.treatment)]
        m.d.sync += held.eq(now)
        with m.If(self.i_valid):
            m.d.comb += [now.flags[name].eq(self.i_tile[name]) for name in flags.members]
            self._take(m, now)
        if self.config.is_least:  # the job stays until it is answered
            self._take(m, now)
            m.d.comb += self.o_treatment.eq(now.treatment)
        m.d.comb += self.i_jobs.ready.eq(self.i_valid & self.i_tile.job_end)

        coming, at = self._sequence(m, now)
        step, of = (coming, now) if self.config.is_least else (at, held)
        m.d.comb += [
            self.o_step.step.eq(step.ends & ~of.discard),
            self.o_step.tile_end.eq(step.tile_ends),
            *(self.o_step[name].eq(of.flags[name]) for name in ("advance", "rewind", "job_end")),
        ]
        self._pass_accumulators(m, at)
        self._control(m, held, at)
        return m

    def _take(self, m, now):
        """How to treat the tile that arrives."""
        job, treatment = self.i_jobs.p, now.treatment
        m.d.comb += [
            treatment.raw.eq(job.raw & ~job.discard),
            treatment.rounding.eq(job.rounding),
            treatment.output_zero_point.eq(job.output_zero_point),
            treatment.clamp_low.eq(Mux(job.discard, 0, job.clamp_low)),
            treatment.clamp_high.eq(Mux(job.discard, 0, job.clamp_high)),
            now.discard.eq(job.discard),
        ]

    def _sequence(self, m, now):
        """Counts passes and quarters: the Pass of this cycle, and in a register that of the one before."""
        coming, at = Signal(Pass), Signal(Pass)
        number, running = Signal(range(self.config.passes)), Signal()
        m.d.comb += [
            coming.active.eq(self.i_valid | running),
            coming.ends.eq(coming.active & (~now.treatment.raw | (coming.quarter == RAW_PIECES - 1))),
            coming.second.eq(number[:1]),
            coming.tile_ends.eq(coming.ends & (number == self.config.passes - 1)),
        ]
        quarter = Signal.like(coming.quarter)
        m.d.comb += coming.quarter.eq(quarter)
        m.d.sync += [running.eq(coming.active & ~coming.tile_ends), at.eq(coming)]
        with m.If(coming.active & now.treatment.raw):
            m.d.sync += quarter.eq(quarter + 1)
        with m.If(coming.ends):
            m.d.sync += number.eq(Mux(coming.tile_ends, 0, number + 1))
        return coming, at

    def _pass_accumulators(self, m, at):
        """The tile's accumulators move down by two passes at a time."""
        width = len(Value.cast(self.o_accumulators))
        accumulators = Signal(32 * self.config.cout_lanes, reset_less=True)
        if self.config.passes > self.choices:
            with m.If(at.ends & at.second):
                m.d.sync += accumulators.eq(accumulators[width:])
        with m.If(self.i_load):
            m.d.sync += accumulators.eq(self.i_tile.accumulators)
        m.d.comb += [
            Value.cast(self.o_accumulators).eq(delay(m, accumulators[:width], 1 + self.wait, "passing")),
            self.o_second.eq(delay(m, at.second, 1 + self.wait, "second")),
        ]

    def _control(self, m, held, at):
        """Slots of cout_lanes bytes, filled until no byte of the tile is left."""
        lanes, job, control = self.config.cout_lanes, self.i_jobs.p, Signal(piece_control(self.config))
        left = Signal(range(RAW_PIECES * lanes + 1))  # bytes of the tile that are not in a slot yet
        piece, slot_end = Signal(range(self.config.passes)), Signal()
        channels = Mux(job.discard, 1, Mux(self.i_tile.pixel_end, job.last_tile_lanes, lanes))
        m.d.comb += slot_end.eq(at.active & (piece == self.config.passes - 1))
        with m.If(at.active):
            m.d.sync += piece.eq(Mux(slot_end, 0, piece + 1))
        with m.If(self.i_valid):
            m.d.sync += left.eq(Mux(job.raw & ~job.discard, RAW_PIECES * channels, channels))
        with m.Elif(slot_end):
            m.d.sync += left.eq(Mux(left > lanes, left - lanes, 0))
        if not self.config.is_least:
            m.d.sync += control.treatment.eq(held.treatment)
        m.d.sync += [
            control.quarter.eq(at.quarter),
            control.slot_end.eq(slot_end),
            control.count.eq(Mux(left > lanes, lanes, left)),
            control.last.eq(held.flags.job_end & (left != 0) & (left <= lanes)),
            control.job_end.eq(held.flags.job_end & at.tile_ends),
            control.valid.eq(at.active),
        ]
        m.d.comb += [
            self.o_control.eq(delay(m, control, self.wait, "control", reset=True)),
            self.o_active.eq(delay(m, at.active, self.wait, "active", reset=True)),
        ]
