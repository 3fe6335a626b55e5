"""The figures of an engine on a chip, as data for a JSON file."""

from statistics import median, median_low

import numpy as np

import convloom
from convloom.errors import DeviceError

# Of the layer that engines are compared by: outputs each way, kernel, channels in and out.
SIZE, TAPS, CHANNELS = 30, 3, 32


def utilisation_3x3(config, seed=1):
    """Useful MACs / (multipliers * cycles) of a 3x3 layer, 30x30x32 outputs of 32 channels, on the simulated RTL.

    Raises DeviceError where its outputs are not the golden model's.
    """
    random = np.random.default_rng(seed)
    x = random.integers(-128, 128, (1, SIZE + TAPS - 1, SIZE + TAPS - 1, CHANNELS), np.int8)
    w = random.integers(-128, 128, (CHANNELS, TAPS, TAPS, CHANNELS), np.int8)
    requant = convloom.Requant.from_scales(0.02, 0.005, 0.5, rounding=config.roundings[0].name.lower())
    with convloom.open("sim", config=config) as device, convloom.open("golden", config=config) as golden:
        y = device.conv2d(x, w, padding="valid", requant=requant)
        if not np.array_equal(y, golden.conv2d(x, w, padding="valid", requant=requant)):
            raise DeviceError(f"outputs of {config.name} on the simulated RTL must be the golden model's")
        return device.last_report.utilisation


def middle(clocks):
    """The seed whose clock is the median, or next below it; `clocks` is {seed: MHz}."""
    return next(seed for seed, megahertz in clocks.items() if megahertz == median_low(clocks.values()))


def kilo_luts(area, family):
    """Thousands of 4-input LUTs, or of their places."""
    return sum(area[figure] * luts for figure, luts in family.luts.items()) / 1000


def throughput(config, chip, area, megahertz, utilisation):
    """{name: figure} of GMAC/s on that layer at that clock, in all, per multiplier block and per thousand LUTs."""
    gmacs = config.multipliers * utilisation * megahertz / 1000
    return {
        "gmacs": round(gmacs, 3),
        "gmacs_per_dsp": round(gmacs / area[chip.family.multiplier], 4),
        "gmacs_per_klut": round(gmacs / kilo_luts(area, chip.family), 3),
    }


def as_data(config, chip, clocks, untimed, path, sha256, area, utilisation, versions):
    """What build/fpga/<config>-<device>.json holds; `clocks` is {seed: MHz}.

    untimed : ns, for each seed, of what nextpnr does not time; the clocks allow for it
    """
    megahertz = median(clocks.values())
    return {
        "config": config.name,
        "device": chip.name,
        "seeds": list(clocks),
        "fmax_mhz": list(clocks.values()),
        "median_mhz": round(megahertz, 2),
        "untimed_ns": untimed,
        "critical_path": path,
        "rtl_sha256": sha256,
        **area,
        "utilisation_3x3": round(utilisation, 5),
        **throughput(config, chip, area, megahertz, utilisation),
        "tools": versions,
    }
