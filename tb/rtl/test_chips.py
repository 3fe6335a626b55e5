"""The primitives' forms for each chip, as Verilog with models of its cells, beside their portable forms."""

import random

import pytest
from amaranth.hdl import signed
from convloom_rtl.chips import Ecp5, Ice40
from convloom_rtl.chips.ecp5_places import FLOORPLANS
from convloom_rtl.export import system_verilog
from convloom_rtl.primitives.accumulator import Accumulator
from convloom_rtl.primitives.choice import Choice, Splice
from convloom_rtl.primitives.chosen_sum import ChosenSum
from convloom_rtl.primitives.memory import BlockMemory
from convloom_rtl.primitives.products import SummedProducts
from convloom_rtl.primitives.wide_product import WideProduct
from roles.matrix import CONFIGS
from roles.netlist import CELLS, outputs
from roles.unit import seed_of
from rtl import runner

SNAKE = FLOORPLANS["LFE5-85"].snake(8)
CHIPS = {
    "ecp5": Ecp5(),
    "ecp5-placed": Ecp5(place=SNAKE, place_wide=lambda number, part: SNAKE(number, part)),
    "ecp5-3": Ecp5(wide_multipliers=lambda number: 3),
    "ice40": Ice40(),
}


@pytest.fixture(params=["ecp5", "ice40"])
def both(request, tmp_path):
    """A function that gives the outputs of both forms of a primitive, for the same inputs."""

    name = request.param

    def both(stimuli, primitive, *parameters):
        chip = outputs(primitive(*parameters), stimuli, tmp_path / "chip", CHIPS[name], name.split("-")[0])
        portable = outputs(primitive(*parameters), stimuli, tmp_path / "portable")
        assert len(chip) == len(portable) == len(stimuli)
        assert "x" not in "".join(portable[primitive.LATENCY :])
        return chip[primitive.LATENCY :], portable[primitive.LATENCY :]

    return both


@pytest.mark.parametrize("both", ("ecp5", "ecp5-placed", "ice40"), indirect=True)
def test_all_int8_products(both):
    """Each of the 65,536 pairs, among the even lanes and among the odd ones, whose products meet in a sum."""
    lanes, sides = 8, 4
    pairs = [divmod(n, 256) for n in range(65536)]
    stimuli = []
    for n in range(0, 65536, sides):
        even, odd = pairs[n : n + sides], [pairs[(m * 257 + 1) % 65536] for m in range(n, n + sides)]
        row = [pair for both_sides in zip(even, odd, strict=True) for pair in both_sides]
        a, b = (int.from_bytes(bytes(numbers), "little") for numbers in zip(*row, strict=True))
        stimuli.append({"i_a": a, "i_b": b})
    chip, portable = both(stimuli, SummedProducts, lanes)
    assert chip == portable


@pytest.mark.parametrize("bits", [32, 33])
@pytest.mark.parametrize("both", CHIPS, indirect=True)
def test_wide_products(both, request, bits):
    """The ends of both ranges, numbers near powers of two and their halves, and random ones."""
    rng, least, most = random.Random(seed_of(request.node.name)), -(2**31), 2**31 - (bits == 32)
    near = [(1 << n) + step for n in (0, 15, 16, 17, 30, 31) for step in (-1, 0, 1)]
    firsts = [number for number in (*near, *(-n for n in near)) if least <= number <= most]
    seconds = [number for number in near if 0 <= number < 2**31]
    pairs = [(a, b) for a in firsts for b in seconds]
    pairs += [(rng.randint(least, most), rng.randrange(2**31)) for _ in range(2000)]
    chip, portable = both([{"i_a": a, "i_b": b} for a, b in pairs], WideProduct, signed(bits))
    assert chip == portable


@pytest.mark.parametrize("width", [1, 2, 7, 32])
def test_chosen_sums(both, request, width):
    """Random numbers and long carries, both choices."""
    rng = random.Random(seed_of(request.node.name))
    ends = (0, 1, (1 << width) - 1, 1 << (width - 1))

    def number():
        return rng.choice((rng.getrandbits(width), rng.choice(ends)))

    names = ("i_first", "i_second", "i_addend")
    stimuli = [{name: number() for name in names} | {"i_choice": rng.randrange(2)} for _ in range(500)]
    chip, portable = both(stimuli, ChosenSum, width)
    assert chip == portable


# Each mode of both chips' block RAMs, alone and side by side, one behind the other, and with words left over.
SHAPES = [
    (12, 64),
    (10, 256),
    (68, 512),
    (64, 1024),
    (20, 2048),
    (8, 4096),
    (4, 8192),
    (2, 16384),
    (2, 20000),
]


@pytest.mark.parametrize("bits, depth", SHAPES)
@pytest.mark.parametrize("stands_still", [False, True])
def test_memories(both, request, bits, depth, stands_still):
    """Random words at few addresses, among them the ends and both sides of each power of two."""
    rng = random.Random(seed_of(request.node.name))
    ends = {(1 << n) + step for n in range(depth.bit_length() + 1) for step in (-1, 0)}
    places = [place for place in ends if place < depth] + [depth - 1]
    places += [rng.randrange(depth) for _ in range(20)]
    stimuli, read = [], None
    for _ in range(1000):
        read_before, write, read = read, rng.choice(places), rng.choice(places)
        stimuli.append(
            {
                "i_enable": write not in (read, read_before) and rng.random() < 0.5,
                "i_write_address": write,
                "i_read": len(stimuli) < BlockMemory.LATENCY or not stands_still or rng.random() < 0.8,
                "i_read_address": read,
                "i_data": rng.getrandbits(bits),
            }
        )
    chip, portable = both(stimuli, BlockMemory, bits, depth, stands_still)
    assert chip == portable


@pytest.mark.parametrize("bits", (18, 22, 32))
def test_accumulators(both, request, bits):
    """Sums that wrap in both directions, of the ends of the range and of random numbers; bubbles among them."""
    rng = random.Random(seed_of(request.node.name))
    ends = (-(1 << bits - 1), (1 << bits - 1) - 1, -1, 0, 1)
    stimuli = [{"i_value": 0, "i_adds": 1, "i_starts": 1}]
    for n in range(3000):
        value = rng.choice(ends if n % 100 < 50 else (*ends, rng.randrange(ends[0], ends[1])))
        stimuli.append({"i_value": value, "i_adds": rng.random() < 0.8, "i_starts": rng.random() < 0.02})
    chip, portable = both(stimuli, Accumulator, bits)
    total, sums = 0, []
    for each in stimuli[:-1]:
        if each["i_adds"]:
            total = each["i_value"] + (0 if each["i_starts"] else total)
        sums.append(total % (1 << 32))
    assert chip == portable and [int(word, 16) for word in portable] == sums


def ahead(words, choices):
    """Stimuli of a Choice or a Splice: words, and what is chosen of them told a cycle ahead."""
    return [{"i_words": word, **choice} for word, choice in zip([0, *words], [*choices, {}], strict=True)]


@pytest.mark.parametrize("count", (2, 4, 8, 16))
def test_choices(both, request, count):
    """Each word many times, of random bits."""
    rng, width = random.Random(seed_of(request.node.name)), 37
    words = [rng.getrandbits(width * count) for _ in range(20 * count)]
    choices = [n % count for n in range(len(words))]
    chip, portable = both(ahead(words, [{"i_choice": choice} for choice in choices]), Choice, width, count)
    chosen = [(word >> n * width) % (1 << width) for word, n in zip(words, choices, strict=True)]
    assert chip == portable and [int(word, 16) for word in portable] == chosen


@pytest.mark.parametrize("pairs", (2, 4))
def test_splices(both, request, pairs):
    """Every pair with every single lane, with none and all, and with random ones."""
    rng, lanes = random.Random(seed_of(request.node.name)), 12
    masks = [0, 2**lanes - 1, *(1 << n for n in range(lanes)), *(rng.getrandbits(lanes) for _ in range(50))]
    choices = [
        {"i_pair": pair, "i_odd": sum(255 << 8 * n for n in range(lanes) if mask >> n & 1)}
        for pair in range(pairs)
        for mask in masks
    ]
    words = [rng.getrandbits(8 * lanes * 2 * pairs) for _ in choices]
    chip, portable = both(ahead(words, choices), Splice, lanes, pairs)
    spliced = []
    for word, choice in zip(words, choices, strict=True):
        even, odd = (word >> (2 * choice["i_pair"] + n) * 8 * lanes for n in (0, 1))
        spliced.append((even ^ (even ^ odd) & choice["i_odd"]) % (1 << 8 * lanes))
    assert chip == portable and [int(word, 16) for word in portable] == spliced


@pytest.mark.parametrize("name", ["ecp5-3", "ice40"])
def test_engines(name):
    """A whole engine of a chip's cells: also that it minds no word that is read while it is written."""
    config, family = CONFIGS["tiny"], name.split("-")[0]
    text = system_verilog(config, CHIPS[name]) + (CELLS / f"{family}.v").read_text()
    design = runner.Design(f"tiny-{name}", config.module_name, text)
    only = r"\.(random_layers|dense_and_depthwise_in_turn)/"
    runner.run(design, "icarus", ["rtl.cocotb_depthwise"], {"CONVLOOM_CONFIG": "tiny"}, only)
