"""Records cut from beats of every width."""

import random

import pytest
from convloom.spec import RECORD
from convloom.spec.job import RECORD_BYTES, unpack
from convloom_rtl.record_unpacker import RecordUnpacker
from roles.unit import plain, sender, simulate


@pytest.mark.parametrize("lanes", (4, 8, 16, 32, 64))
def test_sections_of_any_length(lanes, stalls, seed):
    """What fills the last beat behind a section's last record is no record. Beats are taken as it was told."""
    rng, beats, records, finals = random.Random(seed), [], [], set()
    for _ in range(25):
        section = rng.randbytes(RECORD_BYTES * rng.randint(1, 7))
        records += [
            unpack(RECORD, section[n : n + RECORD_BYTES]) for n in range(0, len(section), RECORD_BYTES)
        ]
        finals.add(len(records) - 1)
        section += rng.randbytes(-len(section) % lanes)
        beats += [int.from_bytes(section[n : n + lanes], "little") for n in range(0, len(section), lanes)]
    dut, taken = RecordUnpacker(lanes), []

    async def watch(ctx):
        empties = False
        while True:
            ctx.set(dut.i_final, is_final := len(taken) in finals)
            ports = (dut.i.valid, dut.i.ready, dut.o.valid, dut.o.p, dut.o_empties)
            _, _, comes, ready, valid, record, will_empty = await ctx.tick().sample(*ports)
            assert ready >= (comes & empties), f"record {len(taken)}"
            taken.extend([plain(record)] if valid else [])
            empties = will_empty and not (valid and is_final)

    simulate(dut, sender(dut.i, beats, stalls.input()), watchers=[watch])
    assert taken == records
