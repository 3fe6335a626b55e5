"""The packet that is sent over and over."""

import pytest
from convloom_rtl.boards.packet_player import PacketPlayer
from roles.unit import simulate


@pytest.mark.parametrize("length", (1, 4, 7, 16))
def test_the_packet_again_and_again(length):
    """Beats with bytes, TKEEP and TLAST; held while nobody takes them, then one in each cycle."""
    packet = bytes(range(1, length + 1))
    dut, taken = PacketPlayer(packet, 4), []

    async def testbench(ctx):
        await ctx.tick().repeat(5)
        ctx.set(dut.tready, 1)
        for _ in range(4 * len(dut.words)):
            *_, valid, data, keep, last = await ctx.tick().sample(dut.tvalid, dut.tdata, dut.tkeep, dut.tlast)
            assert valid
            count = keep.bit_length()
            assert keep == (1 << count) - 1
            taken.append((data.to_bytes(4, "little")[:count], last))

    simulate(dut, testbench)
    beats = [(packet[n : n + 4], int(n + 4 >= length)) for n in range(0, length, 4)]
    assert taken == 4 * beats
