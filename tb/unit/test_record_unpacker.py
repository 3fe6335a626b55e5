"""Records cut from beats of every width."""

import random

import pytest
from convloom.spec import RECORD
from convloom.spec.job import RECORD_BYTES, unpack
from convloom_rtl.record_unpacker import RecordUnpacker
from roles.unit import Collector, sender, simulate


@pytest.mark.parametrize("lanes", (4, 8, 16, 32, 64))
def test_sections_of_any_length(lanes, stalls, seed):
    """What fills the last beat behind a section's last record is no record."""
    rng, beats, records, finals = random.Random(seed), [], [], set()
    for _ in range(25):
        section = rng.randbytes(RECORD_BYTES * rng.randint(1, 7))
        records += [
            unpack(RECORD, section[n : n + RECORD_BYTES]) for n in range(0, len(section), RECORD_BYTES)
        ]
        finals.add(len(records) - 1)
        section += rng.randbytes(-len(section) % lanes)
        beats += [int.from_bytes(section[n : n + lanes], "little") for n in range(0, len(section), lanes)]
    dut = RecordUnpacker(lanes)
    out = Collector(dut.o, len(records), stalls.output())

    async def mark_finals(ctx):
        count = 0
        while True:
            ctx.set(dut.i_final, count in finals)
            _, _, valid, ready = await ctx.tick().sample(dut.o.valid, dut.o.ready)
            count += valid & ready

    simulate(dut, sender(dut.i, beats, stalls.input()), out.run, watchers=[mark_finals])
    assert out.taken == records
