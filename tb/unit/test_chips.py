"""Which chip a platform stands for, how memories are cut into block RAMs, and multipliers with a place."""

from itertools import product
from math import ceil
from types import SimpleNamespace

import pytest
from amaranth.back import rtlil
from convloom_rtl.chips import Ecp5, Ice40, chip_of, ecp5, ice40
from convloom_rtl.chips.block_memory import best_shape
from convloom_rtl.chips.ecp5_blocks import place_of_sum
from convloom_rtl.chips.ecp5_places import FLOORPLANS
from convloom_rtl.primitives.memory import BlockMemory
from convloom_rtl.primitives.products import SummedProducts
from convloom_rtl.primitives.wide_product import WideProduct

BIG = FLOORPLANS["LFE5-85"]


@pytest.mark.parametrize(
    "platform, chip",
    [
        (None, None),
        (SimpleNamespace(), None),
        (SimpleNamespace(family="ecp5"), Ecp5),
        (SimpleNamespace(family="nexus"), None),
        (SimpleNamespace(family=SimpleNamespace(name="ecp5")), Ecp5),
        (SimpleNamespace(family=SimpleNamespace(name="ice40")), Ice40),
        (SimpleNamespace(family="iCE40", device="iCE40UP5K"), Ice40),
        (SimpleNamespace(family="iCE40", device="iCE40HX8K"), None),
        (Ice40(), Ice40),
    ],
)
def test_chip_of_a_platform(platform, chip):
    """Boards' platforms tell by the name of their family, as do objects that have a family with a name."""
    assert type(chip_of(platform)) is (chip or type(None))


def test_a_chip_stands_for_itself():
    chip = Ecp5(wide_multipliers=lambda number: 3)
    assert chip_of(chip) is chip


def test_wide_multipliers_are_three_or_four():
    with pytest.raises(ValueError, match="wide_multipliers must be 3 or 4, not 2"):
        rtlil.convert(WideProduct(), platform=Ecp5(wide_multipliers=lambda number: 2))


@pytest.mark.parametrize(
    "width, depth, shape, blocks",
    [
        (128, 512, (512, 36), 4),
        (128, 1024, (1024, 18), 8),  # eight of 512 x 36 would do too, with a choice behind them
        (69, 2048, (2048, 9), 8),
        (32, 4096, (4096, 4), 8),
        (32, 16, (512, 36), 1),
        (3, 16384, (16384, 1), 3),
    ],
)
def test_fewest_blocks(width, depth, shape, blocks):
    words, bits = best_shape(ecp5.MEMORY_SHAPES, width, depth)
    assert (words, bits) == shape
    assert ceil(width / bits) * ceil(depth / words) == blocks


def test_fewest_blocks_of_the_ice40():
    assert best_shape(ice40.MEMORY_SHAPES, 32, 1024) == (1024, 4)
    assert best_shape(ice40.MEMORY_SHAPES, 10, 256) == (256, 16)


def test_multipliers_have_their_places():
    """Rows and lanes are told apart; a sum and its register lie beside its two; elsewhere there is no attribute."""
    names = ("X0/Y10/MULT18_0", "X1/Y10/MULT18_1", "X4/Y10/MULT18_4", "X5/Y10/MULT18_5")
    places = {(3, lane): name for lane, name in enumerate(names)}
    chip = Ecp5(place=lambda row, lane: places.get((row, lane)))
    assert _places(rtlil.convert(SummedProducts(4, number=2), platform=chip)) == []
    text = rtlil.convert(SummedProducts(4, number=3), platform=chip)
    beside = [f"X{5 + n // 8}/Y9/SLICE{'ABCD'[n % 8 // 2]}.FF{n % 2}" for n in range(18)]
    assert _places(text) == [*names[:2], "X3/Y10/ALU54_3", *names[2:], "X7/Y10/ALU54_7", *beside]


@pytest.mark.parametrize(
    "places",
    [
        ("X4/Y10/MULT18_0", "X4/Y10/MULT18_0"),
        ("X4/Y10/MULT18_0", "X8/Y10/MULT18_4"),
        ("X5/Y10/MULT18_1", "X6/Y10/MULT18_2"),
        ("X4/Y10/MULT18_0", "X5/Y34/MULT18_1"),
    ],
)
def test_pairs_lie_in_half_a_block(places):
    with pytest.raises(ValueError, match="must lie beside each other in half a block, not at"):
        place_of_sum(list(places))


@pytest.mark.parametrize("blocks, beside", [(3, []), (4, ["X7/Y5/ALU54_7"])])
def test_wide_multipliers_have_their_places(blocks, beside):
    """The product's number and the part of it are told, for as many parts as there are multipliers."""
    parts = [f"X{offset}/Y5/MULT18_{offset}" for offset in (0, 1, 4, 5)]
    chip = Ecp5(
        place_wide=lambda number, part: parts[part].replace("Y5", f"Y{number}"),
        wide_multipliers={5: blocks}.get,
    )
    told = _places(rtlil.convert(WideProduct(number=5), platform=chip))
    assert [place for place in told if "FF" not in place] == [*parts[:blocks], *beside]


@pytest.mark.parametrize(
    ("depth", "lanes"),
    ((1024, (0, 2)), (512, (0,)), (2048, (0, 1, 2, 3)), (32768, ())),
)
def test_memories_have_their_places(depth, lanes):
    """Each block RAM by what its memory is near and its first bit; where there are several to a bit none has one."""
    chip = Ecp5(place_memory=lambda near, bit, bits: f"X{near}/Y{bit // 8}/EBR0")
    for near, places in ((7, [f"X7/Y{lane}/EBR0" for lane in lanes]), (None, [])):
        text = rtlil.convert(BlockMemory(32, depth, near=near), platform=chip)
        assert _places(text) == places


@pytest.mark.parametrize("bits", (16, 32))
def test_memories_beside_the_snake(bits):
    """Operands in their multipliers' blocks of columns, the line buffer's between them; each place once."""
    multiplier, memory, taken = BIG.snake(16), BIG.memories(16), []
    for row, bit in product(range(8), range(0, 128, bits)):
        (x, y), (at_x, at_y) = (
            [int(part[1:]) for part in place.split("/")[:2]]
            for place in (multiplier(row, bit // 8), memory(("products", row), bit, bits))
        )
        assert at_y == y + 12 and abs(at_x - x) <= 2
        taken.append((at_x, at_y))
    assert memory(("products", 0), 0, bits) == "X4/Y22/EBR0" and memory(("products", 10), 0, bits) is None
    for number, bit in product(range(8), range(0, 128, bits)):
        place = memory(("lines", number), bit, bits)
        if bits == 32:
            assert 24 < int(place.split("/")[0][1:]) < 100
        taken += [place] if place else []
    assert len(set(taken)) == len(taken) == {16: 64 + 52, 32: 32 + 32}[bits]  # 52: all that there are between


@pytest.mark.parametrize("bits", (1, 4, 8))
def test_memories_that_hold_less_than_two_operands(bits):
    """Where there are several to a place the first one gets it: those of `tiny` hold four bits."""
    memory = BIG.memories(4)
    placed = {
        (row, bit): place
        for row, bit in product(range(2), range(0, 32, bits))
        if (place := memory(("products", row), bit, bits))
    }
    assert list(placed) == list(product(range(2), (0, 16))) and len(set(placed.values())) == 4


def test_snake_over_the_chip():
    """Each place once; a row of sixteen within four neighbouring blocks; nothing beyond the last."""
    place = BIG.snake(16)
    places = [place(*divmod(n, 16)) for n in range(BIG.multipliers)]
    assert len(set(places)) == BIG.multipliers == 156 and place(9, 12) is None
    assert places[:5] == [f"X{x}/Y10/MULT18_{n}" for x, n in ((4, 0), (5, 1), (8, 4), (9, 5), (13, 0))]
    assert places[51:53] == ["X119/Y10/MULT18_5", "X114/Y34/MULT18_0"]


def test_a_smaller_chip_has_a_snake_of_its_own():
    """Eight rows of eight, and two products of four behind them, take all multipliers of an LFE5-45."""
    plan = FLOORPLANS["LFE5-45"]
    place, memory = plan.snake(8), plan.memories(8)
    places = [place(*divmod(n, 8)) for n in range(plan.multipliers)]
    assert len(set(places)) == plan.multipliers == 72 and place(9, 0) is None
    assert places[35:37] == ["X83/Y22/MULT18_5", "X78/Y46/MULT18_0"]
    columns = [int(place[1:].split("/")[0]) for place in places[:36:4]]  # further apart around the middle
    assert columns == [4, 13, 22, 31, 42, 51, 60, 69, 78]
    assert (
        memory(("products", 0), 0, 16) == "X4/Y34/EBR0" and memory(("products", 5), 0, 16) == "X69/Y58/EBR0"
    )


def _places(text):
    """The places in a chip's cells, as RTLIL has them."""
    return [line.split('"')[1] for line in text.splitlines() if "\\BEL" in line]
