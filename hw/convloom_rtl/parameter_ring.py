"""The parameters of the jobs in flight: bias, multiplier and shift of each output channel."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.kit.ring import count_spare, has_room_at_times
from convloom_rtl.payloads import RecordLayout
from convloom_rtl.primitives.memory import BlockMemory

Parameters = data.StructLayout({"bias": signed(32), "multiplier": 31, "shift": 5})

# Where the ring goes from the word that it reads. `step`: to the next one. With it, `tile_end`: that was the
# tile's last; then `job_end`, `rewind` or `advance`: to the next job's first word, this job's first, the next
# tile's first, and without any of them to this tile's first again.
RingStep = data.StructLayout({name: 1 for name in ("step", "tile_end", "advance", "rewind", "job_end")})


class ParameterRing(wiring.Component):
    """Takes a record per cycle, gives a word of requant_lanes channels per cycle.

    Words lie one behind the other through all jobs, `passes` to a tile. A job's are given up together at its
    end. Of its multiplier and shift the lower 31 and 5 bits are kept.
    What is taken is counted at once and written a cycle later, from registers; in the least engine at once.

    Members
    -------
    i : a record per channel, in order
    o_room : in the next cycle there is room for one; it must not come otherwise. With two words or less left it is told
        every third cycle at most
    i_step : in the cycle that reads a word for the last time
    o : the word that was the current one LATENCY cycles before
    """

    LATENCY = BlockMemory.LATENCY

    def __init__(self, config):
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(RecordLayout, always_ready=True)),
                "o_room": Out(1),
                "i_step": In(RingStep),
                "o": Out(data.ArrayLayout(Parameters, config.requant_lanes)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        lanes, words = self.config.requant_lanes, self.config.parameter_words
        place, freed = self._walk(m)
        lane, word = Signal(lanes, init=1), Signal(range(words))  # lane: one-hot
        # A word's last record takes its room: what is not complete is free.
        completed = self.i.valid & lane[-1]
        if self.config.is_least:
            _, left = count_spare(m, words, freed, completed)
            m.d.comb += self.o_room.eq(left >= 0)
        else:
            m.d.comb += self.o_room.eq(has_room_at_times(m, words, freed, completed))
        with m.If(self.i.valid):
            m.d.sync += lane.eq(lane.rotate_left(1))
        # With a reset: without one it equals the weights' register, and synthesis would make one of the two, which
        # could not lie by the memories of both.
        enables, record = Signal(lanes), Signal(Parameters)
        registers = m.d.comb if self.config.is_least else m.d.sync
        registers += [
            enables.eq(Mux(self.i.valid, lane, 0)),
            *(record[name].eq(self.i.p[name]) for name in Parameters.members),
        ]
        with m.If(enables[-1]):
            m.d.sync += word.eq(word + 1)
        for n in range(lanes):
            m.submodules[f"lane_{n}"] = store = BlockMemory(Parameters, words)
            m.d.comb += [
                store.i_enable.eq(enables[n]),
                store.i_write_address.eq(word),
                store.i_data.eq(record),
                store.i_read_address.eq(place),
                self.o[n].eq(store.o_data),
            ]
        return m

    def _walk(self, m):
        """The word to read, and how many words, less one, were given up two cycles before.

        Places count modulo twice the ring, so that the words of a job that fills it are told from none.
        """
        turns = range(2 * self.config.parameter_words)
        # This one, the tile's first, and the job's, which is brought up to date a cycle after the job before ended.
        place, tile, job = (Signal(turns, name=name) for name in ("place", "tile", "job"))
        behind, begins = Signal(turns), Signal()
        # Where a tile is more than one step, its end comes late enough for the job's first word to be there.
        first = job if self.config.passes > 1 else Mux(begins, place, job)
        freed = Signal(range(-1, self.config.parameter_words), init=-1)
        step = self.i_step
        m.d.comb += behind.eq(place + 1)
        m.d.sync += [begins.eq(step.step & step.tile_end & step.job_end), freed.eq(-1)]
        with m.If(begins):
            m.d.sync += [job.eq(place), freed.eq(place + ~job)]
        with m.If(step.step):
            m.d.sync += place.eq(behind)
            with m.If(step.tile_end):
                with m.If(~step.job_end & step.rewind):
                    m.d.sync += [tile.eq(first), place.eq(first)]
                with m.Elif(step.job_end | step.advance):
                    m.d.sync += tile.eq(behind)
                with m.Else():
                    m.d.sync += place.eq(tile)
        return place, freed
