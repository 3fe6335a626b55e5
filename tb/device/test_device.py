"""The device's interface: what it finishes on the host, what it counts."""

import convloom
import numpy as np
import pytest
from convloom import Config, DeviceError, Requant, golden
from convloom.spec import PRESETS, preset
from roles.refusals import Registers

SCALE = Requant(1 << 30, 6)


def picture(shape=(1, 5, 6, 3), seed=1, dtype=np.int8):
    limits = np.iinfo(dtype)
    return np.random.default_rng(seed).integers(limits.min, limits.max + 1, shape).astype(dtype)


def kernels(shape=(4, 3, 3, 3)):
    return picture(shape, seed=2)


@pytest.fixture
def device():
    with convloom.open("golden") as opened:
        yield opened


def test_the_readme_example(device):
    x, w, bias = picture(), kernels(), np.arange(4, dtype=np.int32)
    out = device.conv2d(x, w, bias, stride=2, padding="same", input_zero_point=3, requant=SCALE)
    pads = ((1, 1), (0, 1))
    sums = golden.accumulate(x, w, bias, stride=(2, 2), pads=pads, input_zero_point=3)
    assert out.dtype == np.int8 and np.array_equal(out, golden.requantise(sums, SCALE))


@pytest.mark.parametrize(
    ("name", "requant"),
    (
        ("small", Requant(1 << 30, -3)),
        ("small", Requant(np.full(4, 1 << 30), np.array([0, 6, -1, 31]))),
        ("odd-8x6", Requant(1 << 30, 6, rounding="float32")),
        ("small", Requant(1 << 30, 6, output_zero_point=200, dtype="uint8", clamp=(190, 250))),
    ),
)
def test_what_the_device_cannot_finish_has_the_same_bytes(name, requant):
    device = convloom.open(f"golden:{name}")
    out = device.conv2d(picture(), kernels(), padding="valid", requant=requant)
    assert out.dtype.name == requant.dtype
    assert np.array_equal(out, golden.requantise(golden.accumulate(picture(), kernels()), requant))


def test_a_depthwise_row_that_the_host_finishes_has_room():
    """Its accumulators take four times the room of its bytes, in an output ring that holds one row of each."""
    x, w, requant = picture((1, 4, 58, 30)), kernels((4, 5, 30, 1)), Requant(1 << 30, -1)
    with convloom.open("golden:tiny") as device:
        out = device.depthwise_conv2d(x, w, padding="valid", requant=requant)
    sums = golden.accumulate(x, w.transpose(2, 0, 1, 3), groups=30)
    assert np.array_equal(out, golden.requantise(sums, requant))


def test_weights_with_a_zero_point_in_uint8(device):
    w = picture((4, 3, 3, 3), dtype=np.uint8)
    zero_points = np.array([0, 255, 128, 7])
    out = device.conv2d(picture(), w, padding="valid", weight_zero_point=zero_points)
    wide = np.lib.stride_tricks.sliding_window_view(picture().astype(np.int64), (3, 3), axis=(1, 2))
    shifted = w.astype(np.int64) - zero_points[:, None, None, None]
    assert np.array_equal(out, np.einsum("nyxcij,kijc->nyxk", wide, shifted))
    assert device.last_report.macs == 3 * 4 * 4 * 27


def test_arrays_that_are_not_contiguous(device):
    x = picture((1, 6, 5, 3)).transpose(0, 2, 1, 3)
    w = kernels((4, 3, 3, 6))[..., ::2]
    assert np.array_equal(device.conv2d(x, w, padding="valid"), golden.accumulate(x.copy(), w.copy()))


def test_last_report(device):
    assert device.last_report is None
    device.conv2d(picture((2, 8, 8, 8)), kernels((8, 1, 1, 8)), requant=SCALE)
    report = device.last_report
    assert (report.macs, report.busy, report.multipliers) == (2 * 64 * 64, 128, 64)
    assert report.cycles == report.busy + sum(report.lost.values()) and report.utilisation == 1.0
    assert report.bounds == {"multipliers": 128, "job": 8 + 16 + 8, "act": 128, "out": 128}
    assert (report.bound, report.bound_by) == (128, "multipliers")
    assert [job.macs for job in report.jobs] == [8192] and report.jobs[0].lost.keys() == report.lost.keys()
    device.fully_connected(picture((1, 64)), kernels((8, 64)))
    assert device.last_report.macs == 512 and device.last_report.bound_by == "job"
    assert "512 MACs in 8 cycles, 100.0% of 64" in str(device.last_report)
    assert [job.job_id for job in device.last_report.jobs] == [1]


def test_jobs_are_all_handed_over_before_the_first_answer(device, monkeypatch):
    order, transport = [], device.transport
    for name in ("submit", "wait"):
        call = getattr(transport, name)
        monkeypatch.setattr(
            transport, name, lambda *given, call=call, name=name: order.append(name) or call(*given)
        )
    device.conv_transpose2d(picture((2, 5, 6, 3)), kernels(), stride=2)
    assert order == ["submit"] * 7 + ["wait"] * 7  # four phases; that of one tap is one job for both pictures


def test_a_failed_job_is_told(device, monkeypatch):
    submit = device.transport.submit
    monkeypatch.setattr(device.transport, "submit", lambda job, act, length: submit(job, act[:-9], length))
    with pytest.raises(DeviceError, match="1 jobs failed: job 0: ACT_SHORT"):
        device.conv2d(picture(), kernels())
    monkeypatch.setattr(
        device.transport,
        "submit",
        lambda job, act, length: submit(np.append(job[:1] ^ 1, job[1:]), act, length),
    )
    with pytest.raises(DeviceError, match="an answer must have 480 bytes, not 1: job 1: FORMAT"):
        device.conv2d(picture(), kernels())


def test_opening():
    assert convloom.open("golden").info == preset("small")
    assert convloom.open("golden:odd-8x6").info == preset("odd-8x6")
    own = Config("own", 4, 3, 1, line_bytes=1024, weight_words=64)
    assert convloom.open("golden", config=own).info == own


def test_the_configuration_is_read_from_the_device():
    for config in PRESETS.values():
        assert convloom.Device(Registers(config)).info.hash == config.hash
    assert convloom.Device(Registers(preset("tiny"))).info.name == "tiny"
