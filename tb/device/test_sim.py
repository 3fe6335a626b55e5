"""The simulated device: the engine's RTL behind the harness, in `tiny` and the odd 8x6."""

import subprocess
import sys

import numpy as np
import pytest
from convloom.device.golden_engine import answer
from convloom.device.sim import SimTransport
from convloom.errors import DeviceError
from convloom.plan.packets import tile_packets
from convloom.spec import REGISTERS, ErrorCode, preset

SEED = 8
NAMES = ("tiny", "odd-8x6")


@pytest.fixture(params=NAMES)
def device(request):
    device = SimTransport(preset(request.param), stall_cycles=50_000)
    yield device
    device.close()


def jobs(config, count, size=4, report=True):
    """Packets of `count` small jobs, each with its answer."""
    print(f"seed {SEED}")
    rng = np.random.default_rng(SEED)
    packets = []
    for number in range(count):
        x = rng.integers(-128, 128, (size, size, 3), dtype=np.int8)
        w = rng.integers(-128, 128, (2, 3, 3, 3), dtype=np.int8)
        scales = {"multiplier": np.full(2, 1 << 30), "shift": np.full(2, 8)}
        bias = rng.integers(-999, 999, 2, dtype=np.int32)
        packets.append(
            tile_packets(
                config, x=x, w=w, bias=bias, pads=(1, 1, 1, 1), job_id=number, report=report, **scales
            )
        )
    return [(job, act, answer(job, act, config)[0]) for job, act in packets]


def parts(device, name):
    return REGISTERS[name].unpack(device.read(REGISTERS[name].address))


def test_the_rtl_gives_the_golden_bytes(device):
    sent = jobs(device.config, 5, size=9)
    tickets = [device.submit(job, act, len(expected)) for job, act, expected in sent]
    for ticket, (_, _, expected) in zip(tickets, sent, strict=True):
        assert bytes(device.wait(ticket)) == expected


def test_no_report_is_lost_however_many_jobs_are_queued(device):
    count = 3 * device.config.report_depth + 1
    tickets = [device.submit(job, act, len(expected)) for job, act, expected in jobs(device.config, count)]
    device.wait(tickets[-1])
    assert [report.job_id for report in device.reports] == list(range(count))
    assert not parts(device, "STATUS")["reports_lost"]
    assert sum(report.cycles for report in device.reports) <= device.span


def test_without_a_host_that_drains_no_job_begins_beyond_the_room_for_reports(device):
    depth = device.config.report_depth
    for job, act, expected in jobs(device.config, 2 * depth):
        device.submit(job, act, len(expected))
    device.advance(depth * 5000)
    assert parts(device, "STATUS")["reports"] == depth == device.read(REGISTERS["JOBS_DONE"].address)


def test_jobs_without_reports_flow_by(device):
    sent = jobs(device.config, 3 * device.config.report_depth, report=False)
    tickets = [device.submit(job, act, len(expected)) for job, act, expected in sent]
    assert bytes(device.wait(tickets[-1])) == sent[-1][2]
    assert device.reports == []


def test_a_descriptor_that_is_cut_short_is_answered_and_the_next_job_runs(device):
    (job, act, expected), *_ = jobs(device.config, 1)
    short, good = device.submit(job[:32], act, 1), device.submit(job, act, len(expected))
    assert bytes(device.wait(short)) == b"\0"
    assert bytes(device.wait(good)) == expected
    assert parts(device, "ERROR")["code"] == ErrorCode.JOB_SHORT


def test_the_counter_of_cycles_agrees_with_the_harness(device):
    sent = jobs(device.config, 6, size=12)
    tickets = [device.submit(job, act, len(expected)) for job, act, expected in sent]
    device.wait(tickets[-1])
    counted = device.read(REGISTERS["CYCLES_LOW"].address)
    assert abs(counted - device.span) <= 8
    assert device.read(REGISTERS["BEATS_OUT"].address) == device.beats["m_axis_out"]


def test_a_stall_shows_the_stream_and_the_counters(device):
    (job, act, expected), *_ = jobs(device.config, 1)
    device.limit("s_axis_act", latency=1 << 30)
    with pytest.raises(DeviceError) as caught:
        device.wait(device.submit(job, act, len(expected)))
    told = str(caught.value)
    assert "no stream moved for 50000 cycles while job 0 was waited for" in told
    assert "s_axis_act: held back, 0 beats taken, 1 packets left" in told
    assert "m_axis_out: waiting for valid" in told
    assert "LOST_ACTIVATIONS 5" in told or "LOST_ACTIVATIONS 4" in told


@pytest.mark.parametrize("rate", [2, 8])
def test_bytes_do_not_depend_on_the_bandwidth(device, rate):
    device.limit("memory", rate)
    device.limit("m_axis_out", latency=40)
    sent = jobs(device.config, 4)
    tickets = [device.submit(job, act, len(expected)) for job, act, expected in sent]
    assert [bytes(device.wait(ticket)) for ticket in tickets] == [expected for _, _, expected in sent]
    moved = sum(len(packet) for each in sent for packet in each)
    assert device.span >= moved / rate


def test_two_configurations_run_side_by_side_in_one_process():
    devices = [SimTransport(preset(name)) for name in NAMES]
    for device in devices:
        for job, act, expected in jobs(device.config, 1):
            assert bytes(device.wait(device.submit(job, act, len(expected)))) == expected
    assert [device.read(REGISTERS["CONFIG_HASH"].address) for device in devices] == [
        preset(name).hash for name in NAMES
    ]


def test_a_second_opening_neither_elaborates_nor_converts():
    SimTransport(preset("tiny")).close()
    code = (
        "import sys; from convloom.spec import preset; from convloom.device.sim import SimTransport; "
        "SimTransport(preset('tiny')).close(); print({'amaranth', 'convloom_rtl'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n" and run.stderr == ""
