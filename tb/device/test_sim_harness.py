"""The C++ harness on the stand-in engine: packets pass whole, stalls are told, limits hold."""

from pathlib import Path

import numpy as np
import pytest
from convloom.device import sim_build
from convloom.device.sim import SimTransport
from convloom.device.toolchain import Toolchain
from convloom.errors import DeviceError
from convloom.spec import Config

STAND_IN = Path(__file__).parents[1] / "rtl" / "stand_in.sv"
CONFIG = Config("stand-in", 4, 4, 4)
JOB = bytes(64)
SEED = 20


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    text = STAND_IN.read_text().replace("module stand_in", f"module {CONFIG.module_name}")
    return sim_build.compile_library(text, CONFIG, tmp_path_factory.mktemp("stand_in"), Toolchain())


@pytest.fixture
def device(library):
    device = SimTransport(CONFIG, library=library, stall_cycles=500)
    yield device
    device.close()


def packets(*lengths):
    print(f"seed {SEED}")
    rng = np.random.default_rng(SEED)
    return [rng.integers(0, 256, length, dtype=np.uint8) for length in lengths]


def test_packets_come_out_as_they_went_in_and_in_any_order_of_waiting(device):
    acts = packets(1, 3, 4, 5, 8, 4096, 10001)
    tickets = [device.submit(JOB, act, act.size) for act in acts]
    for n in (3, 0, 6, 1, 2, 5, 4):
        assert np.array_equal(device.wait(tickets[n]), acts[n])


def test_one_beat_moves_in_every_cycle(device):
    (act,) = packets(4000)
    ticket = device.submit(JOB, act, act.size)
    device.wait(ticket)
    first, last = device.spans[ticket]
    assert last - first + 1 == 1000
    assert device.span == 1001  # the stand-in's register takes one


def test_devices_of_one_library_know_nothing_of_each_other(library):
    one, two = (SimTransport(CONFIG, library=library) for _ in range(2))
    one.write(0, 1)
    two.write(0, 2)
    two.advance(100)
    assert (one.read(0), two.read(0)) == (1, 2)
    assert two.clock > one.clock + 90
    one.close(), two.close()


def test_streams_move_while_a_register_is_read(device):
    (act,) = packets(400)
    device.submit(JOB, act, act.size)
    device.write(0, 0xDEADBEEF)
    assert device.read(0) == 0xDEADBEEF
    assert device.beats["s_axis_act"] >= 4


def test_refused_registers_are_errors(device):
    with pytest.raises(DeviceError, match="reading 0x04: s_axil answers SLVERR"):
        device.read(4)
    with pytest.raises(DeviceError, match="writing 0x08: s_axil answers SLVERR"):
        device.write(8, 1)


def test_a_stall_names_the_stream_and_what_it_waits_for(library):
    device = SimTransport(CONFIG, library=library, stall_cycles=500)
    device.limit("s_axis_act", latency=10_000)
    ticket = device.submit(JOB, bytes(100), 100)
    with pytest.raises(DeviceError) as caught:
        device.wait(ticket)
    lines = str(caught.value).splitlines()
    assert lines[0] == "no stream moved for 500 cycles while job 0 was waited for"
    assert lines[1].strip() == "s_axis_job: nothing left to move, 16 beats taken"
    assert "s_axis_act: held back, 0 beats taken, 1 packets left, the first at byte 0 of 100" in lines[2]
    assert (
        "m_axis_out: waiting for valid, 0 beats taken, 1 packets left, the first at byte 0 of 100" in lines[3]
    )
    assert "SLVERR" in lines[4]  # the stand-in has no counters


def test_a_timeout_is_told(library):
    device = SimTransport(CONFIG, library=library)
    device.limit("s_axis_act", 0.001)
    ticket = device.submit(JOB, bytes(4000), 4000)
    with pytest.raises(DeviceError, match="no answer within 0 s while job 0 was waited for"):
        device.wait(ticket, timeout=0)


@pytest.mark.parametrize(
    ("stream", "rate", "expected"),
    [
        ("s_axis_act", 2.5, 2.5),
        ("m_axis_out", 3, 3),
        ("memory", 4, 2),
        ("s_axis_act", 0, 4),
        ("memory", 100, 4),
    ],
)
def test_the_bandwidth_is_what_the_limit_says(device, stream, rate, expected):
    device.limit(stream, rate)
    act = bytes(80_000)
    device.wait(device.submit(JOB, act, len(act)))
    assert len(act) / device.span == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("stream", ["s_axis_act", "m_axis_out"])
def test_latency_is_waited_at_each_packet(device, stream):
    acts = packets(4, 4, 4, 4)
    device.limit(stream, latency=50)
    tickets = [device.submit(JOB, act, act.size) for act in acts]
    for ticket, act in zip(tickets, acts, strict=True):
        assert np.array_equal(device.wait(ticket), act)
    assert 150 <= device.clock <= 220


def test_a_job_that_depends_waits_for_all_before_it_and_the_pause(device):
    acts = packets(40, 40, 40, 40)
    tickets = []
    for n, act in enumerate(acts):
        if n == 2:
            device.depend(100)
        tickets.append(device.submit(JOB, act, act.size))
    for ticket, act in zip(tickets, acts, strict=True):
        assert np.array_equal(device.wait(ticket), act)
    (_, second), (third, last), (fourth, _) = (device.spans[ticket] for ticket in tickets[1:])
    assert 100 < third - second <= 103
    assert fourth == last + 1


def test_wrong_calls_are_told(device):
    with pytest.raises(ValueError, match="the act packet must have a byte at least"):
        device.submit(JOB, b"", 4)
    with pytest.raises(ValueError, match="ticket must be one of a job that was not waited for yet, not 0"):
        device.wait(0)
    with pytest.raises(ValueError, match="stream must be one of .*, not 'act'"):
        device.limit("act", 1)
    with pytest.raises(ValueError, match="bytes_per_cycle and latency must be 0 or more, not -1, 0"):
        device.limit("memory", -1)
    device.close()
    device.close()
    with pytest.raises(DeviceError, match="the device is closed"):
        device.read(0)
