"""The device's interface: what it refuses, what it finishes on the host, what it counts."""

import convloom
import numpy as np
import pytest
from convloom import Config, DeviceError, Requant, golden
from convloom.spec import PRESETS, preset

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


REFUSED = (
    ({"x": [[[[1]]]]}, r"x must be a numpy array of int8 or uint8 \[n, h, w, c\], not list"),
    ({"x": picture().astype(np.int32)}, r"x must be .*, not int32 \[1, 5, 6, 3\]"),
    ({"x": picture((5, 6, 3))}, r"x must be .*, not int8 \[5, 6, 3\]"),
    ({"x": picture((1, 0, 6, 3))}, r"x must be .*, not int8 \[1, 0, 6, 3\]"),
    ({"w": kernels().astype(np.float32)}, "w must be a numpy array of int8 or uint8"),
    ({"w": kernels((4, 3, 3, 2))}, "w must have 3 / 1 = 3 channels, not 2"),
    ({"groups": 2}, "groups must divide the 3 channels of x and the 4 kernels, not be 2"),
    ({"groups": 0}, "groups must be a whole number from 1 to 3, not 0"),
    ({"bias": np.zeros(4)}, "bias must be a numpy array of int32"),
    ({"bias": np.zeros(3, np.int32)}, r"bias must be .*\[4\], not int32 \[3\]"),
    ({"stride": 0}, "stride must be a whole number from 1 to"),
    ({"stride": (1, 1.5)}, "stride x must be a whole number from 1 to"),
    ({"stride": (1, 1, 1)}, r"stride must be a pair \(y, x\), not \(1, 1, 1\)"),
    ({"dilation": -1}, "dilation must be a whole number from 1 to"),
    ({"padding": "full"}, "padding must be 'same', 'valid' or .*, not 'full'"),
    ({"padding": (1, 1)}, "padding must be 'same', 'valid' or"),
    ({"padding": ((1, 1), (1, 0.5))}, "a pad must be a whole number"),
    ({"padding": ((-3, 0), (0, 0))}, "the kernel's reach must be at most the padded input's 2, not 3"),
    ({"padding": "valid", "dilation": 3}, "the kernel's reach must be at most the padded input's 5, not 7"),
    ({"input_zero_point": 128}, "input_zero_point must be a whole number from -128 to 127, not 128"),
    ({"weight_zero_point": -129}, "weight_zero_point must be a whole number from -128 to 127, not -129"),
    ({"weight_zero_point": np.full(4, 200)}, "weight_zero_point must be from -128 to 127"),
    ({"weight_zero_point": np.zeros(3, np.int8)}, r"weight_zero_point must be .*\[4\]"),
    ({"requant": (1, 2)}, "requant must be a Requant or None, not tuple"),
    (
        {"requant": Requant(np.full(3, 1 << 30), 5)},
        "multiplier must have one value for each of 4 channels, not 3",
    ),
)


@pytest.mark.parametrize(("wrong", "message"), REFUSED)
def test_wrong_arguments(device, wrong, message):
    with pytest.raises(ValueError, match=message):
        device.conv2d(**{"x": picture(), "w": kernels()} | wrong)


def test_wrong_arguments_of_the_other_layers(device):
    with pytest.raises(ValueError, match=r"w must be .* \[kh, kw, c, m\]"):
        device.depthwise_conv2d(picture(), kernels((3, 3, 3)))
    with pytest.raises(ValueError, match="w must have 3 / 3 = 1 channels|groups must divide"):
        device.depthwise_conv2d(picture(), kernels((3, 3, 2, 1)))
    with pytest.raises(ValueError, match=r"x must be .* \[n, c\]"):
        device.fully_connected(picture(), kernels((4, 3)))
    with pytest.raises(ValueError, match="w must have 3 / 1 = 3 channels, not 5"):
        device.fully_connected(picture((2, 3)), kernels((4, 5)))
    with pytest.raises(ValueError, match="output_padding must be a pair"):
        device.conv_transpose2d(picture(), kernels(), output_padding=1)
    with pytest.raises(ValueError, match="pads must leave an output, not -1"):
        device.conv_transpose2d(picture(), kernels(), padding=((4, 4), (0, 0)))


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
    for wrong in (("fpga",), ("golden:huge",), ("golden:tiny", own), ("golden", "tiny")):
        with pytest.raises(ValueError, match="must be"):
            convloom.open(*wrong)


class Registers:
    """A transport with some registers of one configuration and some of another."""

    def __init__(self, config, **words):
        self.golden, self.words = convloom.open("golden", config=config).transport, words

    def read(self, address):
        from convloom.spec import REGISTERS

        named = {REGISTERS[name].address: word for name, word in self.words.items()}
        return named.get(address, self.golden.read(address))


@pytest.mark.parametrize(
    ("words", "message"),
    (
        ({"IDENTITY": 7}, "IDENTITY must be 0x4D4F4F4C .*, not 0x00000007"),
        ({"VERSION": 2}, "VERSION must be"),
        ({"LINE_BYTES": 5}, "configuration registers make no sense: line_bytes must be"),
        ({"WEIGHT_WORDS": 2048}, "CONFIG_HASH must be"),
    ),
)
def test_something_that_is_no_such_device(words, message):
    with pytest.raises(DeviceError, match=message):
        convloom.Device(Registers(preset("small"), **words))


def test_a_configuration_other_than_the_one_asked_for():
    with pytest.raises(DeviceError, match="the device must be .*small.*, not .*cin_lanes=4"):
        convloom.Device(Registers(preset("tiny")), preset("small"))


def test_the_configuration_is_read_from_the_device():
    for config in PRESETS.values():
        assert convloom.Device(Registers(config)).info.hash == config.hash
    assert convloom.Device(Registers(preset("tiny"))).info.name == "tiny"
