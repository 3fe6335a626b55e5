"""Opens devices by name."""

from convloom.device.device import Device
from convloom.device.golden import GoldenTransport
from convloom.spec import Config, preset

DEFAULT = "small"


def _simulated(config):
    from convloom.device.sim import SimTransport  # imports the simulated device's extras

    return SimTransport(config)


KINDS = {"golden": GoldenTransport, "sim": _simulated}


def open(name="sim", config=None, **options):
    """The Device of that name, ready to run.

    Parameters
    ----------
    name : "golden", the golden model behind the device's interface, or "sim", the Verilated RTL; with ":" and
        the name of a preset that one, as in "sim:large", else "small"
    config : a Config, rather than a preset
    options : of Device

    Raises ValueError for a name that there is not, DeviceError where the device cannot be had.
    """
    kind, _, named = str(name).partition(":")
    if kind not in KINDS:
        raise ValueError(f"device must be one of {', '.join(KINDS)}, not {name!r}")
    if config is not None and (named or not isinstance(config, Config)):
        raise ValueError(
            f"config must be a Config, and the name without a preset, not {config!r} with {name!r}"
        )
    config = config or preset(named or DEFAULT)
    return Device(KINDS[kind](config), config, **options)
