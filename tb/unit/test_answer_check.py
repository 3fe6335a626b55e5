"""Checksums of answers, and the LEDs that tell of them."""

from zlib import crc32

import pytest
from convloom_rtl.boards.answer_check import AnswerCheck
from roles.unit import beats_of, simulate

RIGHT = bytes(range(3, 16))  # ends within a beat
PATIENCE, BLINK = 40, 10


def verdicts(packets, idle=1):
    """(pass, fail, beat) after each packet, and after so many idle cycles more."""
    dut = AnswerCheck(4, crc32(RIGHT + bytes(3)), PATIENCE, BLINK)
    seen = []

    async def told(ctx, cycles):
        ctx.set(dut.tvalid, 0)
        await ctx.tick().repeat(cycles)
        seen.append(tuple(ctx.get(led) for led in (dut.o_pass, dut.o_fail, dut.o_beat)))

    async def testbench(ctx):
        ctx.set(dut.tvalid, 0)
        for packet in packets:
            for beat in beats_of(packet, 4):
                ctx.set(dut.tvalid, 1)
                ctx.set(dut.tdata, int.from_bytes(bytes(beat["data"]), "little"))
                ctx.set(dut.tkeep, (1 << beat["count"]) - 1)
                ctx.set(dut.tlast, beat["last"])
                await ctx.tick()
            await told(ctx, 2)
        await told(ctx, idle)

    simulate(dut, testbench)
    return seen


def test_right_answers_pass_and_the_heartbeat_alternates():
    seen = verdicts([RIGHT] * 8)
    assert [led[:2] for led in seen] == [(1, 0)] * 9
    beats = [led[2] for led in seen]
    assert 0 < sum(beats) < len(beats)


WRONG = {
    "a bit": bytes([RIGHT[0] ^ 1, *RIGHT[1:]]),
    "short": RIGHT[:-1],
    "long": RIGHT + b"\1",
    "a beat more": RIGHT + bytes(4),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_answer_fails_for_ever(kind):
    seen = verdicts([RIGHT, WRONG[kind], RIGHT])
    assert [led[:2] for led in seen[:3]] == [(1, 0), (0, 1), (0, 1)]


@pytest.mark.parametrize("packets", ([], [RIGHT]))
def test_no_answer_is_a_failure(packets):
    assert verdicts(packets, PATIENCE - 5)[-1][1] == 0
    assert verdicts(packets, PATIENCE + 5)[-1][:2] == (0, 1)
