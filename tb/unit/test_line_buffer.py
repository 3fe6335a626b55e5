"""Act loader and line buffer together: what is asked for of the rows that are there comes, byte for byte.

Bytes are told by their difference (XOR) from the pad value.
"""

import random
from collections import deque

import pytest
from amaranth.hdl import Module
from convloom.spec import Config
from convloom_rtl.act_loader import ActLoader
from convloom_rtl.line_buffer import LineBuffer
from roles.geometry import ROWS
from roles.pictures import Picture, act_beats, load_jobs, random_picture
from roles.stalls import Pauses
from roles.unit import Collector, StreamStalls, plain, sender, simulate

CONFIGS = {
    "4 lanes": Config(cin_lanes=4, cout_lanes=1, requant_lanes=1, line_bytes=16 * 4 * 4),  # banks of 16 words
    "16 lanes": Config(cin_lanes=16, cout_lanes=1, requant_lanes=1, line_bytes=8 * 4 * 16),
    "32 lanes": Config(cin_lanes=32, cout_lanes=1, requant_lanes=1, line_bytes=4 * 4 * 32),
    "depthwise": Config(cin_lanes=8, cout_lanes=2, requant_lanes=2, line_bytes=8 * 4 * 8, depthwise=True),
}


class Lines:
    """Both stages, and a reader that keeps as many rows live as can be."""

    def __init__(self, config, pictures, rng, most_reads):
        self.config, self.pictures, self.rng, self.most_reads = config, pictures, rng, most_reads
        self.top = Module()
        self.top.submodules.loader = self.loader = ActLoader(config)
        self.top.submodules.lines = self.lines = LineBuffer(config)
        for name in ("start", "started", "write", "writes"):
            self.top.d.comb += getattr(self.lines, f"i_{name}").eq(getattr(self.loader, f"o_{name}"))
        self._expected, self._free_to = deque([None] * self.lines.latency), deque([0] * self.lines.last_read)
        self._rows, self._bytes, self.reads = 0, 0, 0

    async def read(self, ctx):
        """Reads each picture's rows while they come, and gives them up."""
        base = 0
        for picture in self.pictures:
            rows = picture.stored() if picture.slot_given is None else []
            slot = picture.slot(self.config.cin_lanes)
            most = min(len(rows), 4 * (self.config.bank_words // slot), 255)
            live, number = self.rng.choice((1, most, most)) if rows else 0, 0
            while number < len(rows):
                oldest = max(number - live + 1, 0)
                for _ in range(self.rng.randint(1, self.most_reads)):
                    chosen = number if self.rng.random() < 0.5 else self.rng.randint(oldest, number)
                    await self._read(ctx, base, rows, chosen, base + oldest, picture.pad_value)
                number += self.rng.choice((1, 1, 1, 1, 2, 7))  # rows that no window needs
            base += len(picture.stored())
            await self._cycle(ctx, base)
        for _ in range(self.lines.latency):
            await self._cycle(ctx, base)

    async def _read(self, ctx, base, rows, number, free_to, pad_value):
        lanes, row = self.config.cin_lanes, rows[number]
        offset = self.rng.randint(-lanes, len(row) + 1)
        needs = max(min(offset + lanes, len(row)), 0)
        while (base + number - self._rows, needs - self._bytes) > (0, 0) and needs:
            await self._cycle(ctx, free_to)
        issue = {
            "row": (base + number) % 256,
            "offset": offset % (self.config.bank_words * lanes),
            "pad_low": min(max(-offset, 0), lanes),
            "pad_high": min(max(len(row) - offset, 0), lanes),
        }
        inside = [0 <= at < len(row) for at in range(offset, offset + lanes)]
        expected = [(row[offset + n] ^ pad_value) & 255 if inside[n] else 0 for n in range(lanes)]
        self.reads += 1
        await self._cycle(ctx, free_to, issue, expected)

    async def _cycle(self, ctx, free_to, issue=None, expected=None):
        """A cycle with or without an issue; what comes out of the ones before is compared."""
        if issue:
            ctx.set(self.lines.i_issue, issue)
        self._free_to.append(free_to % ROWS)
        ctx.set(self.loader.i_free_to, self._free_to.popleft())
        outputs = (self.lines.o_activations, self.loader.o_progress)
        _, _, activations, progress = await ctx.tick().sample(*outputs)
        self._rows, self._bytes = progress.rows, progress.bytes
        self._expected.append(expected)
        wanted = self._expected.popleft()
        assert wanted is None or plain(activations) == wanted, f"{plain(activations)} came, not {wanted}"


def check(config, pictures, stalls, rng, most_reads=3):
    """Loads the pictures while reading them: no byte may differ, and the codes must come."""
    lines, lanes = Lines(config, pictures, rng, most_reads), config.cin_lanes
    loader = lines.loader
    codes = Collector(loader.o_codes, len(pictures), stalls.output())
    simulate(
        lines.top,
        sender(loader.i_jobs, load_jobs(pictures, lanes), stalls.input()),
        sender(loader.i, act_beats(pictures, lanes), stalls.input()),
        codes.run,
        lines.read,
    )
    assert codes.taken == [picture.code(lanes) for picture in pictures]
    assert lines.reads >= len(pictures) // 2


@pytest.mark.parametrize("name", CONFIGS)
def test_random_pictures(name, stalls, seed):
    rng, config = random.Random(seed), CONFIGS[name]
    most = 40 * config.cin_lanes
    check(config, [random_picture(rng, config, most_bytes=most) for _ in range(25)], stalls, rng)


def test_live_rows_fill_the_banks_exactly(stalls, seed):
    """Case 4: and the ring wraps in mid-row; each row's slot is half a bank, or all of it."""
    rng, config = random.Random(seed), CONFIGS["4 lanes"]
    pictures = []
    for row_bytes in (32, 29, 25, 64, 57, 53):
        data = rng.randbytes(13 * row_bytes)
        pictures.append(Picture(13, row_bytes, data, data, -7))
    check(config, pictures, stalls, rng)


def test_as_many_live_rows_as_the_table_holds(seed):
    """And a picture of more rows than it has entries."""
    rng, data = random.Random(seed), random.Random(seed).randbytes(600)
    config = Config(cin_lanes=4, cout_lanes=1, requant_lanes=1, line_bytes=512 * 4 * 4)
    pictures = [Picture(300, 2, data, data, 5), Picture(300, 1, data[:300], data[:300], 5)]
    check(config, pictures, StreamStalls("none", seed), rng, most_reads=8)


def test_a_slot_too_small_spoils_no_other_job(stalls, seed):
    """Its own rows are not looked at. They come while the rows before, of 13 words of 16, are still read."""
    rng, config = random.Random(seed), CONFIGS["4 lanes"]
    data, lied = rng.randbytes(4 * 52), rng.randbytes(6 * 39)
    pictures = [Picture(4, 52, data, data, 0), Picture(6, 39, lied, lied, 1, slot_given=3)] * 2
    check(config, [*pictures, random_picture(rng, config)], stalls, rng, most_reads=60)


@pytest.mark.parametrize(("cin", "cout"), ((8, 2), (8, 8), (4, 8), (16, 1)))
def test_columns_of_four_rows(cin, cout, seed):
    """Depthwise: the same bytes of four rows, in the rows' order whatever their banks; pads by row."""
    config = Config(
        cin_lanes=cin, cout_lanes=cout, requant_lanes=cout, line_bytes=64 * 4 * cin, depthwise=True
    )
    rng = random.Random(seed)
    row_bytes, rows = cout * rng.randint(3, 7), 11
    data = rng.randbytes(rows * row_bytes)
    lines = Lines(config, [Picture(rows, row_bytes, data, data, -9)], rng, 1)
    expected, seen = [], []

    async def read(ctx):
        while ctx.get(lines.loader.o_progress.rows) < rows:
            await ctx.tick()
        for _ in range(60):
            row, column, pads = rng.randint(-3, rows - 1), rng.randrange(row_bytes // cout), rng.randrange(16)
            pads |= sum(1 << n for n in range(4) if not 0 <= row + n < rows)
            at = [(row + n) * row_bytes + column * cout for n in range(4)]
            vectors = [b"\xf7" * cout if pads >> n & 1 else data[at[n] :][:cout] for n in range(4)]
            expected.append(
                [int.from_bytes((byte ^ 0xF7 for byte in vector), "little") for vector in vectors]
            )
            issue = {"row": row % 256, "offset": column * cout, "pad_rows": pads}
            ctx.set(lines.lines.i_issue, issue)
            seen.append(plain((await ctx.tick().sample(lines.lines.o_column))[-1]))
        for _ in range(lines.lines.column_latency):
            seen.append(plain((await ctx.tick().sample(lines.lines.o_column))[-1]))

    loader, pictures = lines.loader, lines.pictures
    jobs, beats = load_jobs(pictures, cin), act_beats(pictures, cin)
    simulate(lines.top, sender(loader.i_jobs, jobs, Pauses()), sender(loader.i, beats, Pauses()), read)
    assert seen[lines.lines.column_latency :] == expected
