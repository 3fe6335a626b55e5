"""What the host library raises beyond ValueError."""


class DeviceError(Exception):
    """A device that is missing, does not answer, or does not match."""
