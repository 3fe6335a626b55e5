"""What the host library raises beyond ValueError."""


class DeviceError(Exception):
    """A device that is missing, does not answer, or does not match."""


class ModelError(ValueError):
    """A model file that is damaged, or holds what is not supported."""
