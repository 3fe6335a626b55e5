"""Hands a tile to the requantiser's lanes, pass by pass, and says what is to become of each."""

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

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
    """Holds a tile for `passes` cycles, four times as long where it stays raw. Latency two cycles.

    Job and flags are taken with the tile, so that nothing rests on how soon the next job's tile comes. A
    discarded job's tile becomes one byte 0, by its clamps.

    Members
    -------
    i_jobs : one per job, there before the job's first tile
    i_tile, i_valid : a tile, when the one before is no longer held
    o_step : for the parameter ring, two cycles ahead of the pass
    o_accumulators, o_second : requant_lanes accumulators of a pass and, where there are several, of the next one;
        which of the two it is the turn of
    o_control : what to make of them in this cycle
    o_active : a cycle ahead, whether there is anything to make
    o_treatment : of the tile that has arrived last; in the least engine of all that are on their way
    """

    LATENCY = 2

    def __init__(self, config):
        self.config = config
        self.choices = min(2, config.passes)
        lanes = data.ArrayLayout(signed(32), config.requant_lanes)
        super().__init__(
            {
                "i_jobs": In(stream.Signature(QuantiseJob)),
                "i_tile": In(tile(config)),
                "i_valid": In(1),
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

        active, quarter, pass_end, second, tile_end = self._sequence(m, now)
        self._pass_accumulators(m, pass_end, second)
        self._control(m, held, active, quarter, tile_end)
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
        """Counts passes and quarters. A cycle later: active, quarter, ends of a pass, second of two, ends of a tile."""
        running, active, pass_end, tile_end = Signal(), Signal(), Signal(), Signal()
        number, quarter = Signal(range(self.config.passes)), Signal(range(RAW_PIECES))
        m.d.comb += [
            active.eq(self.i_valid | running),
            pass_end.eq(active & (~now.treatment.raw | (quarter == RAW_PIECES - 1))),
            tile_end.eq(pass_end & (number == self.config.passes - 1)),
            self.o_step.step.eq(pass_end & ~now.discard),
            self.o_step.tile_end.eq(tile_end),
            *(self.o_step[name].eq(now.flags[name]) for name in ("advance", "rewind", "job_end")),
        ]
        m.d.sync += running.eq(active & ~tile_end)
        with m.If(active & now.treatment.raw):
            m.d.sync += quarter.eq(quarter + 1)
        with m.If(pass_end):
            m.d.sync += number.eq(Mux(tile_end, 0, number + 1))
        active_now, quarter_now, pass_ends, tile_ends = Signal(), Signal.like(quarter), Signal(), Signal()
        second = Signal()
        m.d.sync += [
            active_now.eq(active),
            quarter_now.eq(quarter),
            pass_ends.eq(pass_end),
            second.eq(number[:1]),
            tile_ends.eq(tile_end),
        ]
        return active_now, quarter_now, pass_ends, second, tile_ends

    def _pass_accumulators(self, m, pass_ends, second):
        """The tile's accumulators move down by two passes at a time."""
        width = len(Value.cast(self.o_accumulators))
        accumulators = Signal(32 * self.config.cout_lanes, reset_less=True)
        if self.config.passes > self.choices:
            with m.If(pass_ends & second):
                m.d.sync += accumulators.eq(accumulators[width:])
        with m.If(self.i_valid):
            m.d.sync += accumulators.eq(self.i_tile.accumulators)
        m.d.sync += [
            Value.cast(self.o_accumulators).eq(accumulators[:width]),
            self.o_second.eq(second),
        ]

    def _control(self, m, held, active, quarter, tile_ends):
        """Slots of cout_lanes bytes, filled until no byte of the tile is left."""
        lanes, job, control = self.config.cout_lanes, self.i_jobs.p, self.o_control
        left = Signal(range(RAW_PIECES * lanes + 1))  # bytes of the tile that are not in a slot yet
        piece, slot_end = Signal(range(self.config.passes)), Signal()
        channels = Mux(job.discard, 1, Mux(self.i_tile.pixel_end, job.last_tile_lanes, lanes))
        m.d.comb += slot_end.eq(piece == self.config.passes - 1)
        with m.If(active):
            m.d.sync += piece.eq(Mux(slot_end, 0, piece + 1))
        with m.If(self.i_valid):
            m.d.sync += left.eq(Mux(job.raw & ~job.discard, RAW_PIECES * channels, channels))
        with m.Elif(active & slot_end):
            m.d.sync += left.eq(Mux(left > lanes, left - lanes, 0))
        if not self.config.is_least:
            m.d.sync += control.treatment.eq(held.treatment)
        m.d.sync += [
            control.quarter.eq(quarter),
            control.slot_end.eq(slot_end),
            control.count.eq(Mux(left > lanes, lanes, left)),
            control.last.eq(held.flags.job_end & (left != 0) & (left <= lanes)),
            control.job_end.eq(held.flags.job_end & tile_ends),
            control.valid.eq(active),
        ]
        m.d.comb += self.o_active.eq(active)
