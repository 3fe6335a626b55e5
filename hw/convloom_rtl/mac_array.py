"""The multiply-accumulate array: cout_lanes dot products of cin_lanes int8 products each."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.depthwise_window import TAPS
from convloom_rtl.kit.pipeline import copies, delay, registered_sum, tree_levels
from convloom_rtl.payloads import Tag, WindowStep, tile
from convloom_rtl.primitives.products import Products


class DotProduct(wiring.Component):
    """The sum of `lanes` int8 products, one per cycle, `latency(lanes)` cycles later."""

    @staticmethod
    def latency(lanes):
        """Cycles from the operands to their sum."""
        return Products.LATENCY + tree_levels(lanes)

    def __init__(self, lanes):
        self.lanes = lanes
        vector = data.ArrayLayout(signed(8), lanes)
        width = 16 + tree_levels(lanes)
        super().__init__({"i_activations": In(vector), "i_weights": In(vector), "o": Out(signed(width))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.products = products = Products(self.lanes)
        m.d.comb += [products.i_a.eq(self.i_activations), products.i_b.eq(self.i_weights)]
        m.d.comb += self.o.eq(registered_sum(m, list(products.o), "sum"))
        return m


class MacArray(wiring.Component):
    """Accumulates dot products of one activation vector with cout_lanes weight vectors.

    One issue per cycle, no back-pressure: a tile's accumulators stand at `o_tile` for the one cycle in which
    `o_valid` is high, `latency` cycles after the tile's last issue. Sums wrap modulo 2^32.

    Members
    -------
    i_activations : cin_lanes int8, for all dot products
    i_taps, i_window : where there is depthwise: each dot product's own taps, and which of them to use, if any
    i_weights : cout_lanes vectors of cin_lanes int8
    i_tag : Tag of the issue or bubble that the two belong to
    o_tile, o_valid : cout_lanes int32 accumulators, without bias
    o_tag : the tag, in the cycle in which its tile, if any, stands at o_tile
    """

    def __init__(self, config):
        self.config = config
        self.latency = DotProduct.latency(config.cin_lanes) + 1
        vector = data.ArrayLayout(signed(8), config.cin_lanes)
        super().__init__(
            {
                "i_activations": In(vector),
                "i_weights": In(data.ArrayLayout(vector, config.cout_lanes)),
                "i_tag": In(Tag),
                "o_tile": Out(tile(config)),
                "o_valid": Out(1),
                "o_tag": Out(Tag),
                **self._depthwise_members(),
            }
        )

    def _depthwise_members(self):
        if not self.config.depthwise:
            return {}
        taps = data.ArrayLayout(data.ArrayLayout(signed(8), TAPS), self.config.cout_lanes)
        return {"i_taps": In(taps), "i_window": In(WindowStep)}

    def elaborate(self, platform):
        m = Module()
        lanes = self.config.cout_lanes
        earlier = delay(m, self.i_tag, self.latency - 2, "tag")
        tag = delay(m, earlier, 1, "tag_of_sum")
        m.d.sync += self.o_tag.eq(tag)
        adds, starts = (copies(m, earlier[name], lanes, name) for name in ("issue", "first"))
        for lane in range(lanes):
            m.submodules[f"dot_{lane}"] = dot = DotProduct(self.config.cin_lanes)
            m.d.comb += [
                dot.i_activations.eq(self._operands(m, lane)),
                dot.i_weights.eq(self.i_weights[lane]),
            ]
            accumulator = Signal(signed(32), name=f"accumulator_{lane}", reset_less=True)
            with m.If(adds[lane]):
                with m.If(starts[lane]):
                    m.d.sync += accumulator.eq(dot.o)
                with m.Else():
                    m.d.sync += accumulator.eq(accumulator + dot.o)
            m.d.comb += self.o_tile.accumulators[lane].eq(accumulator)
        m.d.comb += [
            self.o_valid.eq(self.o_tag.tile_end),
            *(
                self.o_tile[name].eq(self.o_tag[name])
                for name in ("pixel_end", "job_end", "advance", "rewind")
            ),
        ]
        return m

    def _operands(self, m, lane):
        """What a dot product multiplies: what all do, or its channel's taps."""
        if not self.config.depthwise:
            return self.i_activations
        width = 8 * self.config.cin_lanes
        taps = self.i_taps[lane].as_value()
        words = [taps[n : n + width] for n in range(0, len(taps), width)]
        operands = Signal(width, name=f"operands_{lane}")
        m.d.comb += operands.eq(self.i_activations)
        with m.If(self.i_window.taps):
            with m.Switch(self.i_window.word):
                for n, word in enumerate(words):
                    with m.Case(n):
                        m.d.comb += operands.eq(word)
        return operands
