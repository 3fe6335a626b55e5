"""The arithmetic of the figures."""

import numpy as np
import pytest
from convloom.errors import DeviceError
from convloom.fpga import figures
from convloom.fpga.chips import chip
from convloom.spec import preset

AREA = {
    "lut4": 9000,
    "ccu2c": 1500,
    "dpr16x4": 200,
    "ff": 9000,
    "dp16kd": 118,
    "mult18x18d": 140,
    "alu54b": 64,
}


def test_luts_of_carry_chains_and_lut_memories_count():
    assert figures.kilo_luts(AREA, chip("ecp5-85k").family) == 13.2
    assert figures.kilo_luts({"lut4": 5000, "carry": 900, "ff": 1}, chip("up5k").family) == 5


def test_throughput_at_a_clock():
    told = figures.throughput(preset("medium-q4"), chip("ecp5-85k"), AREA, 150, 0.99)
    assert told == {"gmacs": 19.008, "gmacs_per_dsp": 0.1358, "gmacs_per_klut": 1.44}


@pytest.mark.parametrize(
    "clocks, seed, megahertz",
    [({1: 140.0}, 1, 140), ({1: 150.0, 2: 130.0, 3: 140.0}, 3, 140), ({1: 130.0, 2: 141.0}, 1, 135.5)],
)
def test_the_median_and_whose_path_is_shown(clocks, seed, megahertz):
    assert figures.middle(clocks) == seed
    data = figures.as_data(
        preset("medium-q4"), chip("ecp5-85k"), clocks, [], [], "5e", AREA, 0.9, ["yosys 1"]
    )
    assert data["median_mhz"] == megahertz and data["fmax_mhz"] == list(clocks.values())


def test_everything_that_the_file_holds():
    data = figures.as_data(preset("medium-q4"), chip("ecp5-85k"), {1: 150.0}, [3.4], [], "5e", AREA, 0.99, [])
    assert list(data) == [
        *("config", "device", "seeds", "fmax_mhz", "median_mhz", "untimed_ns", "critical_path"),
        "rtl_sha256",
        *("lut4", "ccu2c", "dpr16x4", "ff", "dp16kd", "mult18x18d", "alu54b", "utilisation_3x3"),
        *("gmacs", "gmacs_per_dsp", "gmacs_per_klut", "tools"),
    ]


def test_utilisation_is_measured_on_the_simulated_rtl():
    # 30 * 30 * 32 outputs of 288 products on four multipliers: 2,073,600 cycles at the least.
    assert 0.99 < figures.utilisation_3x3(preset("tiny")) < 1


def test_outputs_that_differ_are_no_measurement(monkeypatch):
    wrong = figures.convloom.Device.conv2d
    calls = []

    def differently(self, *operands, **options):
        calls.append(self)
        return wrong(self, *operands, **options) + np.int8(len(calls) == 2)

    monkeypatch.setattr(figures.convloom.Device, "conv2d", differently)
    with pytest.raises(DeviceError, match="outputs of tiny on the simulated RTL must be the golden model's"):
        figures.utilisation_3x3(preset("tiny"))
