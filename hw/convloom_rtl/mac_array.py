"""The multiply-accumulate array: cout_lanes dot products of cin_lanes int8 products each."""

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.depthwise_window import COLUMNS, TAPS, column
from convloom_rtl.kit.pipeline import copies, delay, registered_sum, tree_levels
from convloom_rtl.payloads import Tag, WindowStep, tile
from convloom_rtl.primitives.accumulator import Accumulator
from convloom_rtl.primitives.products import SummedProducts

TILE_FLAGS = ("pixel_end", "job_end", "advance", "rewind")  # of a tile, as in its Tag


class DotProduct(wiring.Component):
    """The sum of `lanes` int8 products, one per cycle, `latency(lanes)` cycles later.

    Multipliers lie in a few columns of a chip, memories elsewhere: a register takes the way there, unless they are
    `near`. `number` tells the array's dot products apart where each gets its place.
    """

    @staticmethod
    def latency(lanes, near=False):
        """Cycles from the operands to their sum."""
        return SummedProducts.LATENCY + (0 if near else 1) + tree_levels(lanes // SummedProducts.SUMMED)

    def __init__(self, lanes, number=0, near=False):
        self.lanes, self.number, self.way = lanes, number, 0 if near else 1
        vector = data.ArrayLayout(signed(8), lanes)
        width = 16 + tree_levels(lanes)
        super().__init__({"i_activations": In(vector), "i_weights": In(vector), "o": Out(signed(width))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.products = products = SummedProducts(self.lanes, self.number)
        m.d.comb += [
            products.i_a.eq(delay(m, self.i_activations, self.way, "activations")),
            products.i_b.eq(delay(m, self.i_weights, self.way, "weights")),
        ]
        m.d.comb += self.o.eq(registered_sum(m, list(products.o), "sum"))
        return m


class MacArray(wiring.Component):
    """Accumulates dot products of one activation vector with cout_lanes weight vectors.

    One issue per cycle, no back-pressure: a tile's accumulators stand at `o_tile` for the one cycle in which
    `o_valid` is high, `latency` cycles after the tile's last issue. Sums wrap modulo 2^32. On a chip the array is
    wide: a register takes half of the activations' way to each dot product; not in the least engine, which is near.

    Members
    -------
    i_activations : cin_lanes int8, for all dot products, told by their difference (XOR) from the pad value
    i_pad_value : the pad value, a cycle ahead
    i_columns : where there is depthwise: the window, whose bytes of a channel are its dot product's taps, told likewise
    i_window : ... and, a cycle ahead, which word of the taps to use, if any
    i_weights : cout_lanes vectors of cin_lanes int8, `weights_behind` cycles behind the activations
    i_tag : Tag of the issue or bubble that the two belong to, with the activations
    o_tile, o_valid : cout_lanes int32 accumulators, without bias
    o_load : o_valid once more, from a register of its own, for whoever takes the many accumulators
    o_tag : the tag, in the cycle in which its tile, if any, stands at o_tile
    """

    def __init__(self, config):
        self.config = config
        self.weights_behind = config.relay
        self.latency = self.weights_behind + DotProduct.latency(config.cin_lanes, config.is_least) + 1
        vector = data.ArrayLayout(signed(8), config.cin_lanes)
        super().__init__(
            {
                "i_activations": In(data.ArrayLayout(8, config.cin_lanes)),
                "i_pad_value": In(signed(8)),
                "i_weights": In(data.ArrayLayout(vector, config.cout_lanes)),
                "i_tag": In(Tag),
                "o_tile": Out(tile(config)),
                "o_valid": Out(1),
                "o_load": Out(1),
                "o_tag": Out(Tag),
                **self._depthwise_members(),
            }
        )

    def _depthwise_members(self):
        if not self.config.depthwise:
            return {}
        return {"i_columns": In(column(self.config)).array(COLUMNS), "i_window": In(WindowStep)}

    def elaborate(self, platform):
        m = Module()
        lanes = self.config.cout_lanes
        earlier = delay(m, self.i_tag, self.latency - 2, "tag")
        tag = delay(m, earlier, 1, "tag_of_sum")
        m.d.sync += self.o_tag.eq(tag)
        # Registers of their own: who takes the tile lies elsewhere than who counts, and so do the many accumulators.
        ends = {name: copies(m, tag[name], 1, f"tile_{name}")[0] for name in TILE_FLAGS}
        valid, load = copies(m, tag.tile_end, 2, "valid")
        adds, starts = (copies(m, earlier[name], lanes, name) for name in ("issue", "first"))
        operands = self._operands(m)
        for lane in range(lanes):
            m.submodules[f"dot_{lane}"] = dot = DotProduct(self.config.cin_lanes, lane, self.config.is_least)
            m.d.comb += [
                dot.i_activations.eq(delay(m, operands[lane], self.weights_behind, f"operands_{lane}")),
                dot.i_weights.eq(self.i_weights[lane]),
            ]
            m.submodules[f"accumulator_{lane}"] = accumulator = Accumulator(len(dot.o))
            m.d.comb += [
                accumulator.i_value.eq(dot.o),
                accumulator.i_adds.eq(adds[lane]),
                accumulator.i_starts.eq(starts[lane]),
                self.o_tile.accumulators[lane].eq(accumulator.o),
            ]
        m.d.comb += [
            self.o_valid.eq(valid),
            self.o_load.eq(load),
            *(self.o_tile[name].eq(flag) for name, flag in ends.items()),
        ]
        return m

    def _operands(self, m):
        """What each dot product multiplies: what all do, or a word of its channel's taps."""
        lanes, cin = self.config.cout_lanes, self.config.cin_lanes
        width = 8 * cin
        if not self.config.depthwise:
            (pad,) = copies(m, self.i_pad_value, 1, "pad_value")
            return [self.i_activations.as_value() ^ pad.replicate(cin)] * lanes
        words, window = max(8 * TAPS // width, 1), self.i_window
        uses = copies(m, Cat(window.taps & (window.word == n) for n in range(words)), lanes, "uses_taps")
        pads = copies(m, self.i_pad_value, lanes, "pad_value")
        chosen = []
        for lane in range(lanes):
            operands, taps = Signal(width, name=f"operands_{lane}"), self._taps(lane)
            m.d.comb += operands.eq(self.i_activations)
            for n in range(words):
                with m.If(uses[lane][n]):
                    m.d.comb += operands.eq(taps[n * width :][:width])
            chosen.append(operands ^ pads[lane].replicate(cin))
        return chosen

    def _taps(self, lane):
        """A channel's taps, 4 * age + row: so a larger window, whose columns come one at a time, finds its rows first.

        Put together where they are used: so no time goes into them in simulation where they are not.
        """
        return Cat(row.word_select(lane, 8) for each in self.i_columns for row in each)
