"""Who a device is: its configuration, read from its registers and compared with what is expected."""

from convloom.errors import DeviceError
from convloom.spec import PRESETS, REGISTERS, Config
from convloom.spec.registers import CONFIGURATION, configuration_from_words, configuration_words


def read_configuration(transport, expected=None):
    """The Config of the device. It has the name of `expected`, or that of the preset that it is.

    Raises DeviceError for something that is no Convloom, speaks another version, or is not as expected.
    """
    words = {register.name: transport.read(register.address) for register in CONFIGURATION}
    _check_version(words)
    try:
        config = Config("custom", **configuration_from_words(words))
    except ValueError as error:
        raise DeviceError(f"the device's configuration registers make no sense: {error}") from None
    if config.hash != words["CONFIG_HASH"]:
        raise DeviceError(
            f"CONFIG_HASH must be 0x{config.hash:08X} for {config}, not 0x{words['CONFIG_HASH']:08X}"
        )
    if expected is None:
        named = (preset for preset in PRESETS.values() if preset.hash == config.hash)
        return next(named, config)
    if config != expected.named("custom"):
        raise DeviceError(f"the device must be {expected}, not {config}")
    return expected


def _check_version(words):
    own = configuration_words(next(iter(PRESETS.values())))  # these two are the same in all of them
    for name in ("IDENTITY", "VERSION"):
        if words[name] != own[name]:
            what = REGISTERS[name].unpack(own[name])
            raise DeviceError(f"{name} must be 0x{own[name]:08X} ({what}), not 0x{words[name]:08X}")
